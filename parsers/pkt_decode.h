/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes of a frame to a packet view: link layer, VLAN tags, IPv4 or IPv6, UDP, TCP or SCTP, also
 * inside of what parsers/pkt_tunnel.h knows.
 * Owner: the view points into the frame and lives no longer. Threads: any; no state, no
 * allocation. */
#ifndef PKT_DECODE_H
#define PKT_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "pkt_flow.h"

enum pkt_link {
	PKT_LINK_ETHERNET = 0,
	PKT_LINK_SLL, /* Linux cooked v1, LINKTYPE_LINUX_SLL */
	PKT_LINK_SLL2, /* Linux cooked v2, LINKTYPE_LINUX_SLL2 */
	PKT_LINK_RAW, /* starts with the IP header; the version nibble tells which */
	PKT_LINK_NULL, /* BSD loopback, 4-byte address family in either byte order (also LOOP) */
};

enum pkt_status {
	PKT_OK = 0,
#define X(name, help) PKT_##name,
#include "pkt_outcomes.def"
#undef X
	PKT_STATUS_COUNT
};

enum {
	PKT_VLAN_MAX = 8, /* VLAN tags looked through */
	PKT_IP6_EXTENSIONS_MAX = 8,
	PKT_DEPTH_MAX = 8, /* encapsulations looked through */
};

/* Where a fragment's data belongs in its datagram. */
struct pkt_fragment {
	uint32_t id; /* 16 bits in IPv4 */
	uint16_t offset; /* octets */
	bool more; /* fragments follow */
};

/* How TURN carries the payload (pkt_turn.h). */
enum pkt_relay {
	PKT_RELAY_NONE = 0,
	PKT_RELAY_CHANNEL, /* ChannelData, either way */
	PKT_RELAY_SEND, /* a Send indication: from the client */
	PKT_RELAY_DATA, /* a Data indication: to the client */
};

/* What a time-stamp of ERSPAN III counts. */
enum pkt_stamp_unit {
	PKT_STAMP_NONE = 0, /* there is none */
	PKT_STAMP_100US,
	PKT_STAMP_100NS,
	PKT_STAMP_1588, /* nanoseconds of the second */
	PKT_STAMP_OTHER, /* what was configured at the switch */
};

/* When a switch saw the frame that it mirrors, by its own clock, for parsers/pkt_switch_time.h. */
struct pkt_stamp {
	struct pkt_addr source; /* of the mirrored frames */
	uint32_t clock; /* session and hardware */
	uint32_t value;
	uint8_t unit; /* enum pkt_stamp_unit */
};

/* Of several layers of addresses and MACs the innermost. */
struct pkt_view {
	struct pkt_flow flow;
	/* Captured UDP or TCP payload, SCTP chunks: never Ethernet padding or FCS. */
	struct bytes payload;
	uint32_t payload_wire; /* its length on the wire by the IP and UDP lengths, >= payload.n */
	uint32_t tcp_seq; /* TCP only */
	struct pkt_fragment fragment; /* with PKT_ip_fragment only */
	uint32_t tenant; /* mixed from the networks that the encapsulations name; 0: none does */
	uint32_t network; /* sum of those of them that both directions have, mixed */
	struct pkt_stamp stamp; /* of the innermost ERSPAN III */
	struct pkt_addr outer; /* source of the innermost encapsulation with addresses */
	uint16_t vlan; /* VLAN id of the outermost tag that has one, 0 without */
	uint16_t ip_id; /* IPv4 identification, 0 in IPv6 */
	uint8_t tos; /* IPv4 TOS or IPv6 traffic class */
	uint8_t ttl;
	uint8_t tcp_flags;
	uint8_t depth; /* encapsulations, VLAN tags not counted */
	enum pkt_relay relay;
	bool has_mac;
	uint8_t src_mac[6];
	uint8_t dst_mac[6];
};

/* What a tenant is told by. */
enum pkt_tenants {
	PKT_TENANTS_NONE = 0,
	PKT_TENANTS_VLAN,
	PKT_TENANTS_NETWORK, /* VXLAN, Geneve, NVGRE */
	PKT_TENANTS_BOTH,
};

/* What: for pkt_flow.tenant, a fingerprint; 0 of a frame without either. */
static inline uint32_t pkt_tenant(uint32_t network, uint16_t vlan, enum pkt_tenants by)
{
	uint64_t both = (uint64_t)(by & PKT_TENANTS_NETWORK ? network : 0) << 16 |
			(by & PKT_TENANTS_VLAN ? vlan : 0);
	uint32_t mixed = (uint32_t)((both * 0x9e3779b97f4a7c15ull) >> 32);

	return both && !mixed ? 1 : mixed;
}

/* What: decodes one frame. frame is what was captured, which may be less than was on the wire; a
 * payload cut by the capture is returned as far as it goes (payload.n < payload_wire). Lengths come
 * from IPv4 total length (RFC 791), IPv6 payload length (RFC 8200) and UDP length (RFC 768); a zero
 * IPv4 total length (TCP segmentation offload) means "to the end of the frame".
 * Returns PKT_OK and a filled view, or the reason, and then the view holds nothing; with
 * PKT_ip_fragment it holds what was decoded, the payload being the fragment's data (perhaps none)
 * and the flow without ports, for parsers/pkt_frag.h. */
enum pkt_status pkt_decode(enum pkt_link link, struct bytes frame, struct pkt_view *view);

#endif
