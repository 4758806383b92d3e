/* SPDX-License-Identifier: BSD-3-Clause */
/* Encapsulations: from the header of one to what it carries. Each is a function in a file of its
 * family and a row in a table of pkt_tunnel.c, which says where it stands: an EtherType, an IP
 * protocol or a UDP port.
 * Owner: what comes out points into the frame. Threads: any; no state, no allocation. */
#ifndef PKT_TUNNEL_H
#define PKT_TUNNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "pkt_decode.h"

/* How what is inside begins. */
enum pkt_inner {
	PKT_INNER_ETHERNET = 0,
	PKT_INNER_ETHERTYPE, /* with what its type says */
	PKT_INNER_IP, /* with the IP header: the version nibble tells which */
};

/* One layer: before, the octets behind the header that announced it; afterwards what it carries. */
struct pkt_layer {
	struct bytes in; /* as far as captured */
	enum pkt_inner inner;
	uint16_t type; /* EtherType, also GRE's protocol type */
	bool is_gre; /* type stood in a GRE or Geneve header, where there are types of their own */
	bool has_seq; /* and GRE had a sequence number, by which ERSPAN II is told from I */
	/* VNI, VSID, TEID, label or session: whose addresses those inside are; 0: none. */
	uint32_t tenant;
	struct pkt_stamp stamp; /* without its source */
	bool is_network; /* the tenant is the same in both directions: VNI, VSID */
};

/* True: layer is what is inside. False: its octets are no such header, or cut short. */
typedef bool (*pkt_tunnel_fn)(struct pkt_layer *layer);

/* The encapsulation that an EtherType, an IP protocol, a pair of UDP ports announces; NULL: none.
 * What stands on a UDP port is told by its header alone, since any port may carry media. */
pkt_tunnel_fn pkt_tunnel_of_ethertype(uint16_t type, bool is_gre);
pkt_tunnel_fn pkt_tunnel_of_protocol(uint8_t proto);
pkt_tunnel_fn pkt_tunnel_of_ports(uint16_t sport, uint16_t dport);

/* pkt_tag.c: tags and point-to-point headers. */
bool pkt_vn_tag(struct pkt_layer *layer); /* Cisco VN-Tag, EtherType 8926 */
bool pkt_e_tag(struct pkt_layer *layer); /* IEEE 802.1BR, EtherType 893f */
bool pkt_pppoe(struct pkt_layer *layer); /* RFC 2516 section 4, session stage */
bool pkt_snap(struct pkt_layer *layer); /* IEEE 802.2 LLC and SNAP of Ethernet's types, RFC 1042 */
bool pkt_ppp(struct pkt_layer *layer); /* RFC 1661 section 2, with or without address and control */

/* pkt_mpls.c: RFC 3032; pseudowires with control word (RFC 4385, 4448) and without. */
bool pkt_mpls(struct pkt_layer *layer);

/* pkt_gre.c: RFC 2784, 2890, 7637 (NVGRE), 2637 (PPTP). */
bool pkt_gre(struct pkt_layer *layer);
bool pkt_gre_udp(struct pkt_layer *layer); /* RFC 8086 */
bool pkt_teb(struct pkt_layer *layer); /* transparent Ethernet bridging, type 6558 */
bool pkt_erspan(struct pkt_layer *layer); /* types I and II, draft-foschiano-erspan */
bool pkt_erspan3(struct pkt_layer *layer);

/* pkt_ip_tunnel.c: protocols of IP. */
bool pkt_ip_in_ip(struct pkt_layer *layer); /* RFC 2003, 4213, 2473 */
bool pkt_ether_ip(struct pkt_layer *layer); /* RFC 3378 */
bool pkt_l2tp3_ip(struct pkt_layer *layer); /* RFC 3931 section 4.1.1 */
bool pkt_l2tp_udp(struct pkt_layer *layer); /* RFC 3931 section 4.1.2, RFC 2661 section 3.1 */

/* pkt_udp_tunnel.c: what stands on a UDP port. */
bool pkt_vxlan(struct pkt_layer *layer); /* RFC 7348 section 5 */
bool pkt_geneve(struct pkt_layer *layer); /* RFC 8926 section 3.4 */
bool pkt_gtp_u(struct pkt_layer *layer); /* 3GPP TS 29.281 section 5 */
bool pkt_tzsp(struct pkt_layer *layer); /* TaZmen Sniffer Protocol */
bool pkt_capwap(struct pkt_layer *layer); /* RFC 5415 section 4.3, data channel */
bool pkt_hp_erm(struct pkt_layer *layer); /* HP encapsulated remote mirroring */

/* IEEE 802.3 section 3.2.6: no type but the length of an LLC frame. Cooked captures have 4 there,
 * the length is left alone: IP says its own. */
static inline bool pkt_is_length(uint16_t type)
{
	return type <= 1500;
}

/* Drops n octets; false when there are fewer. */
static inline bool pkt_layer_skip(struct pkt_layer *layer, size_t n)
{
	if (layer->in.n < n)
		return false;
	layer->in = (struct bytes){layer->in.p + n, layer->in.n - n};
	return true;
}

/* Whether octets may be an IP packet, or an Ethernet frame that carries what is looked into: for
 * headers that do not say what follows. */
bool pkt_is_ip(struct bytes in);
bool pkt_is_ethernet(struct bytes in);

#endif
