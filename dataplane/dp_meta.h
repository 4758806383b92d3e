/* SPDX-License-Identifier: BSD-3-Clause */
/* What dataplane notes about a frame, in a dynamic field of its mbuf: when it arrived, how long it
 * was on the wire, and what its first octet is.
 * Owner: the mbuf. Threads: whoever owns the mbuf. */
#ifndef DP_META_H
#define DP_META_H

#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

enum dp_link {
	DP_LINK_ETHERNET = 0,
	DP_LINK_SLL,
	DP_LINK_SLL2,
	DP_LINK_RAW,
	DP_LINK_NULL,
};

struct dp_meta {
	uint64_t time_ns; /* since the epoch */
	uint32_t wire_bytes;
	uint32_t link; /* enum dp_link */
	/* pkt_view's, of a frame put together from fragments, which lost its tunnels. */
	uint32_t network;
	uint32_t behind_ns; /* time_ns is a switch's, so much before the frame arrived */
};

/* Offset of the field, the same for the whole process: registered by dp_eal_start. */
extern int dp_meta_offset;

/* In a loop, with the offset kept. */
static inline struct dp_meta *dp_meta_at(struct rte_mbuf *m, int offset)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): what DPDK's macro does */
	return RTE_MBUF_DYNFIELD(m, offset, struct dp_meta *);
}

static inline struct dp_meta *dp_meta(struct rte_mbuf *m)
{
	return dp_meta_at(m, dp_meta_offset);
}

/* By which frames are in order, unlike by time_ns. */
static inline uint64_t dp_meta_arrival(const struct dp_meta *meta)
{
	return meta->time_ns + meta->behind_ns;
}

#endif
