/* SPDX-License-Identifier: BSD-3-Clause */
/* The least that anything doing the probe's work could cost: the same packets received and freed,
 * parsed, and one random cache line written for each.
 * Owner: the program. Threads: one lcore at a time. */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include "bench_feed.h"
#include "pkt_hash.h"

struct bench_floor {
	struct bench_feed feed;
	uint64_t packets; /* of one run */
	struct pkt_seed seed;
	uint64_t *lines; /* as many as streams */
	uint32_t line_count;
};

/* lines: one per stream. False when memory is short. */
bool bench_floor_init(struct bench_floor *f, struct rte_mempool *pool, uint32_t streams,
	uint64_t packets, uint64_t now_ns);
void bench_floor_fini(struct bench_floor *f);

/* Each returns the nanoseconds of one run. */
uint64_t bench_floor_free(struct bench_floor *f);
uint64_t bench_floor_parse(struct bench_floor *f);
uint64_t bench_floor_touch(struct bench_floor *f);

#endif
