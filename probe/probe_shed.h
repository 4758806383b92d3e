/* SPDX-License-Identifier: BSD-3-Clause */
/* Which media a receiver gives up while a worker cannot keep up: whole flows, chosen by a hash of
 * addresses and ports, so that those kept lose nothing and are measured right. Both directions of a
 * conversation share a bucket; the lowest buckets go first.
 * Owner: the receiver. Threads: that one; counts may be read by others. */
#ifndef PROBE_SHED_H
#define PROBE_SHED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "pkt_hash.h"

enum {
	PROBE_SHED_BUCKETS = 256,
};

struct probe_shed {
	_Atomic unsigned level; /* buckets below are shed: 0 none, PROBE_SHED_BUCKETS all */
	uint64_t next_down_ns; /* packet time */
	uint64_t next_full; /* at so many packets of full polls in a row the level rises again */
	unsigned step; /* buckets by which the level rises */
	uint64_t calm_ns; /* since then polls took little */
};

/* Frames given up, by bucket: what a gap in a stream may be due to. */
struct probe_shed_counts {
	_Atomic uint64_t bucket[PROBE_SHED_BUCKETS];
};

static inline unsigned probe_shed_bucket(const struct pkt_flow *flow, const struct pkt_seed *seed)
{
	return pkt_hash_ends(flow, seed) % PROBE_SHED_BUCKETS;
}

static inline unsigned probe_shed_level(const struct probe_shed *shed)
{
	return atomic_load_explicit(&shed->level, memory_order_relaxed);
}

/* What: used of size places of the worker's queue are taken. From half full on more flows are given
 * up, at three quarters all of them; they come back one bucket after the other while the queue is
 * nearly empty, all within a second, however seldom this is called. Call it while anything is shed,
 * also when nothing was put into the queue: at the highest level nothing is. now_ns: packet
 * time. */
void probe_shed_fill(struct probe_shed *shed, uint64_t used, uint64_t size, uint64_t now_ns);

/* What is known of a queue by polling it. */
struct probe_shed_polls {
	unsigned taken; /* packets of the last one, of all queues */
	/* Packets of polls that came back full in a row; 0 when the last one did not. */
	uint64_t full;
	uint64_t size; /* the queue's */
};

/* The same where nothing is known of the queue but what polls took: at an offer of twice what is
 * taken, as much waits as was taken since one was not full. A quarter of size raises the level: in
 * large steps at first, up to three quarters, then in small ones with time to see what they did.
 * Polls that take next to nothing for a millisecond show that it was a moment's jam: then the level
 * comes down in small steps too, all of it within 20 ms. Call it after each poll; of several
 * queues, with the one that most waits in. */
void probe_shed_poll(
	struct probe_shed *shed, const struct probe_shed_polls *polls, uint64_t now_ns);

/* Whether the level rises with the next poll that is full: the time to see how much really
 * waits. */
static inline bool probe_shed_is_due(const struct probe_shed *shed, uint64_t full)
{
	return full && shed->next_full && full >= shed->next_full;
}

/* The level does not rise before so many packets of full polls in a row. */
static inline void probe_shed_wait(struct probe_shed *shed, uint64_t full)
{
	shed->next_full = full;
}

#endif
