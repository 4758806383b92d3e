/* SPDX-License-Identifier: BSD-3-Clause */
/* The probe's own receivers and workers on feeds instead of ports: made and ended by
 * bench_pipeline_rig.c, run by bench_pipeline_run.c, measured by bench_pipeline.c.
 * Owner: the program. Threads: main makes, starts and waits; in a run each lcore has its thread's parts. */
#ifndef BENCH_PIPELINE_H
#define BENCH_PIPELINE_H

#include <stdalign.h>
#include <stdatomic.h>

#include "bench_feed.h"
#include "bench_floor.h"
#include "cfg_options.h"

#define BENCH_START_NS ((uint64_t)1770000000 * 1000000000)

enum {
	BENCH_WORKERS_MAX = 4,
	BENCH_THREADS_MAX = BENCH_WORKERS_MAX + 1,
};

struct bench_pipeline;
struct probe;
struct probe_rx;
struct probe_worker;

/* One lcore: a receiver with its feed, a worker, or both. On lines of its own: it counts as it feeds. */
struct bench_thread {
	alignas(64) struct bench_pipeline *p;
	struct probe_rx *rx;
	struct probe_worker *worker;
	struct bench_feed feed;
	uint64_t left; /* packets to feed */
};

struct bench_pipeline {
	struct cfg_options options;
	struct probe *probe;
	struct rte_mempool *pool;
	struct bench_floor floor;
	struct bench_thread threads[BENCH_THREADS_MAX];
	unsigned thread_count;
	uint32_t streams;
	uint64_t packets; /* of one run, of each feed */
	uint64_t (*job)(struct bench_floor *f); /* of on_lcore; NULL: the pipeline itself */
	uint64_t ns;
	bool has_rss; /* of bench_pipeline_init: each fused worker's queue gets what is its own */
	atomic_bool stop;
	uint64_t discarded; /* HEP messages */
};

/* Once, with p->probe zeroed: lcores for all shapes, and what is made only once. False, and said, when
 * something is short. */
bool bench_pipeline_start(struct bench_pipeline *p);
/* Without workers: no calls any more. False without memory. */
bool bench_pipeline_forget_calls(struct bench_pipeline *p);
/* Receivers, workers and feeds of one shape, all streams open. False, and said, when memory is short;
 * to be ended then too. */
bool bench_pipeline_init(
	struct bench_pipeline *p, bool is_fused, unsigned workers, uint32_t streams);
/* What: streams find the calls that announced them, which else they look for as they begin. */
void bench_pipeline_attach(struct bench_pipeline *p);
void bench_pipeline_fini(struct bench_pipeline *p);
/* RTP packets, by all workers. */
uint64_t bench_pipeline_received(const struct bench_pipeline *p);

/* bench_code.run of a struct bench_pipeline: each returns the nanoseconds of one run. On one core: */
uint64_t bench_run_fused(void *arg);
/* What: takes the frames of next, until it returns 0, one by one and unmeasured: calls that are under way. */
void bench_run_signalling(
	struct bench_pipeline *p, unsigned (*next)(void *arg, uint8_t *frame), void *arg);
/* The same feed with 2 % SIP, 1 % RTCP and 2 % noise, and HEP made of all that gives some; its floor is
 * the same worker with media only. */
uint64_t bench_run_trunk(void *arg);
/* The floors of bench_floor.h. */
uint64_t bench_run_free(void *arg);
uint64_t bench_run_parse(void *arg);
uint64_t bench_run_touch(void *arg);
/* On the threads of its shape. */
uint64_t bench_run_threads(void *arg);
uint64_t bench_run_trunk_threads(void *arg);

#endif
