/* SPDX-License-Identifier: BSD-3-Clause */
/* Stands in for dp_rx_poll: mbufs from a pool with the next RTP packet of each stream in turn, on a
 * trunk with signalling, RTCP and noise among them. SIP and RTCP are there whole, the rest as far as it is looked
 * at. All of it is made from few templates, so that the feed waits for no memory, and is in the cache as a NIC with
 * direct cache access leaves it.
 * Owner: the program. Threads: one lcore at a time. */
#ifndef BENCH_FEED_H
#define BENCH_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dp_meta.h"
#include "dp_rx.h"

struct rte_mempool;

enum {
	BENCH_HEADER = 64, /* a line: Ethernet, IPv4, UDP and RTP headers are 54 octets */
};

struct bench_mix; /* bench_trunk.h */
struct bench_trunk;

struct bench_feed {
	struct rte_mempool *pool;
	uint8_t *headers; /* one of each stream, in random order */
	uint32_t count;
	uint32_t next;
	uint64_t now_ns; /* 20 ms on after all streams */

	bool is_trunk;
	struct bench_trunk *trunk; /* NULL without */
	uint32_t gap; /* RTP packets before its next frame */
};

/* count streams, which stay the caller's; NULL: the first ones. */
bool bench_feed_init(struct bench_feed *feed, struct rte_mempool *pool, const uint32_t *streams,
	uint32_t count, uint64_t now_ns);
/* With is_trunk from now on with signalling and the rest. */
bool bench_feed_make_trunk(struct bench_feed *feed, const struct bench_mix *mix);
void bench_feed_fini(struct bench_feed *feed);

/* What: says of the frame in m how long it is, and when it arrived. */
static inline void bench_feed_note(
	const struct bench_feed *feed, struct rte_mbuf *m, unsigned bytes)
{
	m->data_len = (uint16_t)bytes;
	m->pkt_len = bytes;
	*dp_meta(m) = (struct dp_meta){
		.time_ns = feed->now_ns,
		.wire_bytes = bytes,
		.link = DP_LINK_ETHERNET,
	};
}

/* Always DP_BURST of them: the pool is large enough. Returns 0 when it was not. */
unsigned bench_feed_poll(struct bench_feed *feed, struct rte_mbuf **burst);

#endif
