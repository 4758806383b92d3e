/* SPDX-License-Identifier: BSD-3-Clause */
/* Stands in for dp_rx_poll: mbufs from a pool with the next RTP packet of each stream in turn. It
 * writes headers only, so they are in the cache as a NIC with direct cache access leaves them.
 * Owner: the program. Threads: one lcore at a time. */
#ifndef BENCH_FEED_H
#define BENCH_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "dp_rx.h"

struct rte_mempool;

enum {
	BENCH_HEADER = 64, /* a line: Ethernet, IPv4, UDP and RTP headers are 54 octets */
};

struct bench_feed {
	struct rte_mempool *pool;
	uint8_t *headers; /* one of each stream, in random order */
	uint32_t count;
	uint32_t next;
	uint64_t now_ns; /* 20 ms on after all streams */
};

bool bench_feed_init(
	struct bench_feed *feed, struct rte_mempool *pool, uint32_t streams, uint64_t now_ns);
void bench_feed_fini(struct bench_feed *feed);

/* Always DP_BURST of them: the pool is large enough. Returns 0 when it was not. */
unsigned bench_feed_poll(struct bench_feed *feed, struct rte_mbuf **burst);

#endif
