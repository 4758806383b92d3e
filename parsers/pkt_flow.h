/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses and ports of one packet, as they stood on the wire.
 * Owner: value type. Threads: any. */
#ifndef PKT_FLOW_H
#define PKT_FLOW_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum pkt_proto {
	PKT_TCP = 6,
	PKT_UDP = 17,
	PKT_SCTP = 132,
};

/* An IPv4 address stands in the first four bytes, the rest is zero, so that two addresses of one
 * family compare with memcmp. */
struct pkt_addr {
	uint8_t b[16];
};

struct pkt_flow {
	uint8_t family; /* 4 or 6 */
	uint8_t proto; /* enum pkt_proto */
	uint16_t sport; /* host byte order */
	uint16_t dport;
	uint32_t tenant; /* whose addresses they are (pkt_tenant); 0: all networks are one */
	struct pkt_addr src;
	struct pkt_addr dst;
};

static inline unsigned pkt_addr_len(uint8_t family)
{
	return family == 4 ? 4 : 16;
}

static inline bool pkt_addr_eq(const struct pkt_addr *a, const struct pkt_addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static inline bool pkt_flow_eq(const struct pkt_flow *a, const struct pkt_flow *b)
{
	return a->family == b->family && a->proto == b->proto && a->sport == b->sport &&
	       a->dport == b->dport && a->tenant == b->tenant && pkt_addr_eq(&a->src, &b->src) &&
	       pkt_addr_eq(&a->dst, &b->dst);
}

/* The way back. */
static inline struct pkt_flow pkt_flow_turned(const struct pkt_flow *flow)
{
	struct pkt_flow back = *flow;

	back.src = flow->dst;
	back.dst = flow->src;
	back.sport = flow->dport;
	back.dport = flow->sport;
	return back;
}

#endif
