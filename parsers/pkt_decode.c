/* SPDX-License-Identifier: BSD-3-Clause */
/* Frame decoding, one function per layer, each handed what the layer above left over. "in" is what
 * was captured, "wire" what the headers say there was; in.n <= wire below the IP header, so that
 * one comparison with in.n covers both the capture length and the IP length. */
#include "pkt_decode.h"

#include "pkt_tunnel.h"
#include "pkt_turn.h"

enum header_bytes {
	NULL_BYTES = 4,
	ETHERNET_BYTES = 14,
	SLL_BYTES = 16,
	SLL2_BYTES = 20,
	VLAN_TAG_BYTES = 4,
	IP4_BYTES = 20,
	IP6_BYTES = 40,
	IP6_EXTENSION_BYTES = 8, /* the least an extension header has */
	UDP_BYTES = 8,
	TCP_BYTES = 20,
	SCTP_BYTES = 12,
};

enum ethertype {
	ETHERTYPE_IP4 = 0x0800,
	ETHERTYPE_IP6 = 0x86dd,
	ETHERTYPE_VLAN = 0x8100, /* IEEE 802.1Q C-tag */
	ETHERTYPE_QINQ = 0x88a8, /* IEEE 802.1Q S-tag */
	ETHERTYPE_VLAN_9100 = 0x9100, /* S-tag before it was standardized */
};

/* Next Header values, RFC 8200 section 4 and the IANA registry of extension header types. */
enum ip6_extension {
	IP6_HOP_BY_HOP = 0,
	IP6_ROUTING = 43,
	IP6_FRAGMENT = 44,
	IP6_AUTHENTICATION = 51, /* RFC 4302 */
	IP6_DESTINATION = 60,
	IP6_MOBILITY = 135, /* RFC 6275 */
	IP6_HIP = 139, /* RFC 7401 */
	IP6_SHIM6 = 140, /* RFC 5533 */
};

enum {
	IP4_FRAGMENT_MASK = 0x3fff, /* more-fragments bit and offset in units of 8 octets */
	IP4_MORE_FRAGMENTS = 0x2000,
	IP6_FRAGMENT_MASK = 0xfff9, /* offset in octets and more-fragments bit */
	IP6_MORE_FRAGMENTS = 0x0001,
	VLAN_ID_MASK = 0x0fff,
	NETWORK_FACTOR = 0x2c1b3c6d,
	TENANT_FACTOR = 0x01000193, /* odd, so that the order of layers counts */
};

/* The caller knows that there are n octets; bytes_skip would check again. */
static inline struct bytes after(struct bytes in, size_t n)
{
	return (struct bytes){in.p + n, in.n - n};
}

static inline enum pkt_status store_payload(struct bytes in, uint32_t wire, struct pkt_view *view)
{
	if (wire == 0)
		return PKT_l4_empty;
	if (in.n == 0)
		return PKT_payload_cut;
	view->payload = bytes_head(in, wire);
	view->payload_wire = wire;
	return PKT_OK;
}

static enum pkt_status store_fragment(struct bytes in, uint32_t wire, uint8_t proto,
	struct pkt_fragment fragment, struct pkt_view *view)
{
	view->flow.proto = proto;
	view->fragment = fragment;
	view->payload = bytes_head(in, wire);
	view->payload_wire = wire;
	return PKT_ip_fragment;
}

/* Layers call each other, to a bounded depth. */
static enum pkt_status decode_inner(const struct pkt_layer *layer, struct pkt_view *view);

static enum pkt_status decode_tunnel(
	pkt_tunnel_fn unwrap, struct pkt_layer *layer, struct pkt_view *view)
{
	return unwrap(layer) ? decode_inner(layer, view) : PKT_tunnel_bad_header;
}

/* The last layer: what it carries has the same addresses. */
static enum pkt_status store_udp(struct bytes in, uint32_t wire, struct pkt_view *view)
{
	enum pkt_status status = store_payload(in, wire, view);

	if (status == PKT_OK && pkt_turn_may_be(view->payload) && view->depth < PKT_DEPTH_MAX &&
		pkt_turn_open(view))
		view->depth++;
	return status;
}

static inline enum pkt_status decode_udp(struct bytes in, uint32_t wire, struct pkt_view *view)
{
	pkt_tunnel_fn unwrap;
	uint32_t length;

	if (in.n < UDP_BYTES)
		return PKT_l4_short;
	view->flow.sport = be16(in.p);
	view->flow.dport = be16(in.p + 2);
	length = be16(in.p + 4);
	if (length < UDP_BYTES || length > wire)
		return PKT_udp_bad_length;
	in = after(in, UDP_BYTES);
	unwrap = pkt_tunnel_of_ports(view->flow.sport, view->flow.dport);
	if (unwrap) {
		struct pkt_layer layer = {.in = bytes_head(in, length - UDP_BYTES)};

		if (unwrap(&layer))
			return decode_inner(&layer, view);
	}
	return store_udp(in, length - UDP_BYTES, view);
}

static enum pkt_status decode_tcp(struct bytes in, uint32_t wire, struct pkt_view *view)
{
	uint32_t header;

	if (in.n < TCP_BYTES)
		return PKT_l4_short;
	view->flow.sport = be16(in.p);
	view->flow.dport = be16(in.p + 2);
	view->tcp_seq = be32(in.p + 4);
	view->tcp_flags = in.p[13];
	header = (in.p[12] >> 4) * 4u;
	if (header < TCP_BYTES || header > wire)
		return PKT_tcp_bad_header;
	if (header > in.n)
		return PKT_l4_short;
	return store_payload(after(in, header), wire - header, view);
}

/* RFC 9260 section 3: the payload are the chunks. */
static enum pkt_status decode_sctp(struct bytes in, uint32_t wire, struct pkt_view *view)
{
	if (in.n < SCTP_BYTES)
		return PKT_l4_short;
	view->flow.sport = be16(in.p);
	view->flow.dport = be16(in.p + 2);
	return store_payload(after(in, SCTP_BYTES), wire - SCTP_BYTES, view);
}

static inline enum pkt_status decode_l4(
	uint8_t proto, struct bytes in, uint32_t wire, struct pkt_view *view)
{
	pkt_tunnel_fn unwrap;

	view->flow.proto = proto;
	if (proto == PKT_UDP)
		return decode_udp(in, wire, view);
	if (proto == PKT_TCP)
		return decode_tcp(in, wire, view);
	if (proto == PKT_SCTP)
		return decode_sctp(in, wire, view);
	unwrap = pkt_tunnel_of_protocol(proto);
	return unwrap ? decode_tunnel(unwrap, &(struct pkt_layer){.in = in}, view)
		      : PKT_ip_other_protocol;
}

static enum pkt_status store_ip4_fragment(
	struct bytes in, uint32_t header, uint32_t total, struct pkt_view *view)
{
	uint16_t field = be16(in.p + 6);
	struct pkt_fragment fragment = {
		.id = be16(in.p + 4),
		.offset = (uint16_t)(field << 3),
		.more = field & IP4_MORE_FRAGMENTS,
	};

	return store_fragment(after(in, header), total - header, in.p[9], fragment, view);
}

static inline enum pkt_status decode_ip4(struct bytes in, struct pkt_view *view)
{
	uint32_t header, total;

	if (in.n < IP4_BYTES)
		return PKT_ip_short;
	header = (in.p[0] & 0x0f) * 4u;
	total = be16(in.p + 2);
	if (total == 0)
		total = (uint32_t)in.n;
	if (in.p[0] >> 4 != 4 || header < IP4_BYTES || header > total)
		return PKT_ip_bad_header;
	if (header > in.n)
		return PKT_ip_short;
	view->flow.family = 4;
	view->tos = in.p[1];
	view->ttl = in.p[8];
	view->ip_id = be16(in.p + 4);
	memcpy(view->flow.src.b, in.p + 12, 4);
	memcpy(view->flow.dst.b, in.p + 16, 4);
	if (be16(in.p + 6) & IP4_FRAGMENT_MASK)
		return store_ip4_fragment(in, header, total, view);
	return decode_l4(
		in.p[9], bytes_head(after(in, header), total - header), total - header, view);
}

/* 0 when next is no extension header. The fragment header's second octet is reserved, not a
 * length. */
static uint32_t ip6_extension_bytes(uint8_t next, const uint8_t *p)
{
	switch (next) {
	case IP6_HOP_BY_HOP:
	case IP6_ROUTING:
	case IP6_DESTINATION:
	case IP6_MOBILITY:
	case IP6_HIP:
	case IP6_SHIM6:
		return (p[1] + 1u) * 8;
	case IP6_AUTHENTICATION:
		return (p[1] + 2u) * 4;
	case IP6_FRAGMENT:
		return IP6_EXTENSION_BYTES;
	default:
		return 0;
	}
}

static bool is_ip6_extension(uint8_t next)
{
	static const uint8_t no_length[IP6_EXTENSION_BYTES];

	return ip6_extension_bytes(next, no_length) != 0;
}

static enum pkt_status store_ip6_fragment(struct bytes in, uint32_t wire, struct pkt_view *view)
{
	uint16_t field = be16(in.p + 2);
	struct pkt_fragment fragment = {
		.id = be32(in.p + 4),
		.offset = field & (uint16_t)~7u,
		.more = field & IP6_MORE_FRAGMENTS,
	};

	return store_fragment(after(in, IP6_EXTENSION_BYTES), wire - IP6_EXTENSION_BYTES, in.p[0],
		fragment, view);
}

/* Moves in, wire and next to the upper-layer header. A fragment header that splits nothing (atomic
 * fragment, RFC 6946) is passed like any other extension. */
static enum pkt_status skip_ip6_extensions(
	struct bytes *in, uint32_t *wire, uint8_t *next, struct pkt_view *view)
{
	for (unsigned i = 0; is_ip6_extension(*next); i++) {
		uint32_t size;

		if (i == PKT_IP6_EXTENSIONS_MAX || *wire < IP6_EXTENSION_BYTES)
			return PKT_ip6_bad_extension;
		if (in->n < IP6_EXTENSION_BYTES)
			return PKT_ip_short;
		if (*next == IP6_FRAGMENT && be16(in->p + 2) & IP6_FRAGMENT_MASK)
			return store_ip6_fragment(*in, *wire, view);
		size = ip6_extension_bytes(*next, in->p);
		if (size > *wire)
			return PKT_ip6_bad_extension;
		if (size > in->n)
			return PKT_ip_short;
		*next = in->p[0];
		*in = after(*in, size);
		*wire -= size;
	}
	return PKT_OK;
}

static inline enum pkt_status decode_ip6(struct bytes in, struct pkt_view *view)
{
	const uint8_t *p = in.p;
	uint32_t wire;
	uint8_t next;

	if (in.n < IP6_BYTES)
		return PKT_ip_short;
	if (p[0] >> 4 != 6)
		return PKT_ip_bad_header;
	next = p[6];
	wire = be16(p + 4);
	in = after(in, IP6_BYTES);
	/* Segmentation offload leaves 0 here, and so does a jumbogram (RFC 2675). */
	if (wire == 0)
		wire = (uint32_t)in.n;
	in = bytes_head(in, wire);
	view->flow.family = 6;
	view->tos = (uint8_t)(be16(p) >> 4);
	view->ttl = p[7];
	view->ip_id = 0;
	memcpy(view->flow.src.b, p + 8, 16);
	memcpy(view->flow.dst.b, p + 24, 16);
	if (next != PKT_UDP && next != PKT_TCP) {
		enum pkt_status status = skip_ip6_extensions(&in, &wire, &next, view);

		if (status != PKT_OK)
			return status;
	}
	return decode_l4(next, in, wire, view);
}

static bool is_vlan(uint16_t type)
{
	return type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ || type == ETHERTYPE_VLAN_9100;
}

/* Moves in and type past the tags. Id 0 is a priority tag and names no VLAN (IEEE 802.1Q). */
static enum pkt_status skip_vlan_tags(struct bytes *in, uint16_t *type, struct pkt_view *view)
{
	for (unsigned i = 0; is_vlan(*type); i++) {
		if (i == PKT_VLAN_MAX)
			return PKT_link_vlan_deep;
		if (in->n < VLAN_TAG_BYTES)
			return PKT_link_short;
		if (view->vlan == 0)
			view->vlan = be16(in->p) & VLAN_ID_MASK;
		*type = be16(in->p + 2);
		*in = after(*in, VLAN_TAG_BYTES);
	}
	return PKT_OK;
}

static enum pkt_status decode_other_type(
	uint16_t type, struct bytes in, const struct pkt_layer *outer, struct pkt_view *view)
{
	bool is_gre = outer && outer->is_gre;
	struct pkt_layer layer = {.in = in, .has_seq = outer && outer->has_seq};
	pkt_tunnel_fn unwrap = pkt_tunnel_of_ethertype(type, is_gre);

	if (pkt_is_length(type) && pkt_snap(&layer))
		return decode_inner(&layer, view);
	return unwrap ? decode_tunnel(unwrap, &layer, view) : PKT_not_ip;
}

/* outer: the encapsulation that said the type; NULL: a link layer did. */
static inline enum pkt_status decode_ethertype(
	uint16_t type, struct bytes in, const struct pkt_layer *outer, struct pkt_view *view)
{
	if (type != ETHERTYPE_IP4) {
		enum pkt_status status = skip_vlan_tags(&in, &type, view);

		if (status != PKT_OK)
			return status;
	}
	if (type == ETHERTYPE_IP4)
		return decode_ip4(in, view);
	if (type == ETHERTYPE_IP6)
		return decode_ip6(in, view);
	return decode_other_type(type, in, outer, view);
}

static inline enum pkt_status decode_ethernet(struct bytes in, struct pkt_view *view)
{
	if (in.n < ETHERNET_BYTES)
		return PKT_link_short;
	view->has_mac = true;
	memcpy(view->dst_mac, in.p, 6);
	memcpy(view->src_mac, in.p + 6, 6);
	return decode_ethertype(be16(in.p + 12), after(in, ETHERNET_BYTES), NULL, view);
}

static enum pkt_status decode_sll(struct bytes in, struct pkt_view *view)
{
	if (in.n < SLL_BYTES)
		return PKT_link_short;
	return decode_ethertype(be16(in.p + 14), after(in, SLL_BYTES), NULL, view);
}

static enum pkt_status decode_sll2(struct bytes in, struct pkt_view *view)
{
	if (in.n < SLL2_BYTES)
		return PKT_link_short;
	return decode_ethertype(be16(in.p), after(in, SLL2_BYTES), NULL, view);
}

static enum pkt_status decode_raw(struct bytes in, struct pkt_view *view)
{
	if (in.n == 0)
		return PKT_ip_short;
	if (in.p[0] >> 4 == 4)
		return decode_ip4(in, view);
	if (in.p[0] >> 4 == 6)
		return decode_ip6(in, view);
	return PKT_not_ip;
}

/* Addresses of an outer layer are nobody's who talks. */
static enum pkt_status decode_inner(const struct pkt_layer *layer, struct pkt_view *view)
{
	if (view->depth == PKT_DEPTH_MAX)
		return PKT_tunnel_deep;
	view->depth++;
	if (view->flow.family)
		view->outer = view->flow.src;
	if (layer->stamp.unit) {
		view->stamp = layer->stamp;
		view->stamp.source = view->outer;
	}
	view->flow = (struct pkt_flow){0};
	if (layer->tenant)
		view->tenant = view->tenant * TENANT_FACTOR + layer->tenant;
	if (layer->is_network)
		view->network += (layer->tenant + 1) * NETWORK_FACTOR;
	switch (layer->inner) {
	case PKT_INNER_ETHERNET:
		return decode_ethernet(layer->in, view);
	case PKT_INNER_ETHERTYPE:
		return decode_ethertype(layer->type, layer->in, layer, view);
	case PKT_INNER_IP:
		return decode_raw(layer->in, view);
	}
	return PKT_not_ip;
}

/* The address family is in the byte order of the machine that captured; no family needs more than
 * 16 bits, so that the order shows. AF_INET is 2 everywhere, AF_INET6 is not. */
static enum pkt_status decode_null(struct bytes in, struct pkt_view *view)
{
	uint32_t family;

	if (in.n < NULL_BYTES)
		return PKT_link_short;
	family = be32(in.p);
	if (family > UINT16_MAX)
		family = __builtin_bswap32(family);
	in = after(in, NULL_BYTES);
	switch (family) {
	case 2:
		return decode_ip4(in, view);
	case 10: /* Linux */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* macOS */
		return decode_ip6(in, view);
	default:
		return PKT_not_ip;
	}
}

static inline enum pkt_status decode_link(
	enum pkt_link link, struct bytes frame, struct pkt_view *view)
{
	switch (link) {
	case PKT_LINK_ETHERNET:
		return decode_ethernet(frame, view);
	case PKT_LINK_SLL:
		return decode_sll(frame, view);
	case PKT_LINK_SLL2:
		return decode_sll2(frame, view);
	case PKT_LINK_RAW:
		return decode_raw(frame, view);
	case PKT_LINK_NULL:
		return decode_null(frame, view);
	}
	return PKT_not_ip;
}

enum pkt_status pkt_decode(enum pkt_link link, struct bytes frame, struct pkt_view *view)
{
	enum pkt_status status;

	*view = (struct pkt_view){0};
	status = decode_link(link, frame, view);
	if (status != PKT_OK && status != PKT_ip_fragment)
		*view = (struct pkt_view){0};
	return status;
}
