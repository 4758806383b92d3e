/* SPDX-License-Identifier: BSD-3-Clause */
/* Stands in for dp_rx_poll: mbufs from a pool with the next RTP packet of each stream in turn, on a
 * trunk with signalling, RTCP and noise among them. Everything is copied out of memory made before:
 * SIP and RTCP whole, the rest as far as it is looked at. So it is in the cache as a NIC with direct
 * cache access leaves it.
 * Owner: the program. Threads: one lcore at a time. */
#ifndef BENCH_FEED_H
#define BENCH_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench_dialogue.h"
#include "dp_rx.h"

struct rte_mempool;

enum {
	BENCH_HEADER = 64, /* a line: Ethernet, IPv4, UDP and RTP headers are 54 octets */
	/* Of 100 packets of a trunk. */
	BENCH_TRUNK_SIP = 2,
	BENCH_TRUNK_RTCP = 1,
	BENCH_TRUNK_NOISE = 2,
	BENCH_NOISE_FRAMES = 256,
};

/* Frames in memory, taken in turn. */
struct bench_frames {
	uint8_t *mem;
	size_t bytes;
	struct bench_frame *list;
	uint32_t count, next;
};

struct bench_feed {
	struct rte_mempool *pool;
	uint8_t *headers; /* one of each stream, in random order */
	uint32_t count;
	uint32_t next;
	uint64_t now_ns; /* 20 ms on after all streams */

	bool is_trunk;
	uint32_t slot; /* of 100 */
	uint32_t round; /* of the SIP frames */
	struct bench_frames sip, rtcp, noise;
};

/* Streams from first on, each step-th: parts of the same streams for several feeds. */
bool bench_feed_init(struct bench_feed *feed, struct rte_mempool *pool, uint32_t first,
	uint32_t step, uint32_t count, uint64_t now_ns);
/* From now on with signalling and the rest. */
bool bench_feed_make_trunk(struct bench_feed *feed);
void bench_feed_fini(struct bench_feed *feed);

/* Always DP_BURST of them: the pool is large enough. Returns 0 when it was not. */
unsigned bench_feed_poll(struct bench_feed *feed, struct rte_mbuf **burst);

#endif
