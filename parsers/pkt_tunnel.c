/* SPDX-License-Identifier: BSD-3-Clause */
/* Which header announces which encapsulation. */
#include "pkt_tunnel.h"

enum {
	ETHERNET_BYTES = 14,
	IP4_BYTES = 20,
	IP6_BYTES = 40,
	PORTS = 16,
};

static const struct {
	uint16_t type;
	bool is_gre_only;
	pkt_tunnel_fn fn;
} ethertypes[] = {
	{0x8847, false, pkt_mpls},
	{0x8848, false, pkt_mpls},
	{0x8864, false, pkt_pppoe},
	{0x8926, false, pkt_vn_tag},
	{0x893f, false, pkt_e_tag},
	{0x6558, true, pkt_teb},
	{0x88be, true, pkt_erspan},
	{0x22eb, true, pkt_erspan3},
	{0x880b, true, pkt_ppp},
};

static const struct {
	uint8_t proto;
	pkt_tunnel_fn fn;
} protocols[] = {
	{4, pkt_ip_in_ip}, {41, pkt_ip_in_ip}, {47, pkt_gre}, {97, pkt_ether_ip},
	{115, pkt_l2tp3_ip}, {137, pkt_mpls}, /* RFC 4023 */
};

#define PORT_ROWS(X)                                                  \
	X(1701, pkt_l2tp_udp)                                         \
	X(2152, pkt_gtp_u)                                            \
	X(4754, pkt_gre_udp) /* RFC 8086 */                           \
	X(4789, pkt_vxlan)                                            \
	X(5247, pkt_capwap)                                           \
	X(6081, pkt_geneve)                                           \
	X(6635, pkt_mpls) /* RFC 7510 */                              \
	X(7932, pkt_hp_erm)                                           \
	X(8472, pkt_vxlan) /* Linux before the number was assigned */ \
	X(37008, pkt_tzsp)

pkt_tunnel_fn pkt_tunnel_of_ethertype(uint16_t type, bool is_gre)
{
	for (unsigned i = 0; i < sizeof(ethertypes) / sizeof(ethertypes[0]); i++)
		if (ethertypes[i].type == type && (is_gre || !ethertypes[i].is_gre_only))
			return ethertypes[i].fn;
	return NULL;
}

pkt_tunnel_fn pkt_tunnel_of_protocol(uint8_t proto)
{
	for (unsigned i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (protocols[i].proto == proto)
			return protocols[i].fn;
	return NULL;
}

static pkt_tunnel_fn of_port(uint16_t port)
{
	switch (port) {
#define X(number, fn) \
	case number:  \
		return fn;
		PORT_ROWS(X)
#undef X
	default:
		return NULL;
	}
}

/* Bit n: some row's port has these low bits. Most ports are none of these, which is known at once. */
static bool may_be_port(uint16_t port)
{
#define X(number, fn) | 1u << (number) % PORTS
	static const uint16_t low = 0 PORT_ROWS(X);
#undef X

	return low >> port % PORTS & 1;
}

pkt_tunnel_fn pkt_tunnel_of_ports(uint16_t sport, uint16_t dport)
{
	pkt_tunnel_fn fn = may_be_port(dport) ? of_port(dport) : NULL;

	return fn || !may_be_port(sport) ? fn : of_port(sport);
}

bool pkt_is_ip(struct bytes in)
{
	if (in.n >= IP4_BYTES && in.p[0] >> 4 == 4)
		return (in.p[0] & 0x0f) >= 5 && be16(in.p + 2) >= (in.p[0] & 0x0f) * 4;
	return in.n >= IP6_BYTES && in.p[0] >> 4 == 6;
}

bool pkt_is_ethernet(struct bytes in)
{
	uint16_t type;

	if (in.n < ETHERNET_BYTES)
		return false;
	type = be16(in.p + 12);
	if (type == 0x0800 || type == 0x86dd)
		return pkt_is_ip(bytes_of(in.p + ETHERNET_BYTES, in.n - ETHERNET_BYTES));
	if (pkt_is_length(type)) {
		struct pkt_layer layer = {
			.in = bytes_of(in.p + ETHERNET_BYTES, in.n - ETHERNET_BYTES)};

		return pkt_snap(&layer);
	}
	return type == 0x8100 || type == 0x88a8 || type == 0x9100 || type == 0x0806 ||
	       pkt_tunnel_of_ethertype(type, false);
}
