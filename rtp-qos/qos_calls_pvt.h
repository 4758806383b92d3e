/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside of the call table, shared by the files that make it.
 * Owner: qos_calls_create's caller. Threads: as qos_call.h says; a worker's part is its own. */
#ifndef QOS_CALLS_PVT_H
#define QOS_CALLS_PVT_H

#include <stdalign.h>

#include "qos_call.h"
#include "qos_call_queue.h"
#include "qos_pool.h"

struct call_worker {
	alignas(64) struct qos_call_queue queue;
	struct cds_list_head evicted; /* out of the table, to be reported */
	uint32_t evicted_count;
	uint32_t looks_left; /* of this tick */
	bool is_looking; /* this tick was left to report a call */
	struct qos_call_counters counters;
};

struct qos_calls {
	struct cds_lfht *table;
	struct qos_pool pool;
	/* By hash, the number of the call opened last, plus one. What it says may be outdated; but unlike
	 * what the hash table holds it can be fetched before it is needed. */
	_Atomic uint32_t *hints;
	uint64_t hint_mask;
	struct pkt_seed seed;
	uint64_t linger_ns;
	uint64_t call_timeout_ns;
	uint64_t setup_timeout_ns;
	uint64_t least_ns; /* the shortest of all limits */
	uint32_t max;
	unsigned worker_count;
	bool may_wait;
	_Atomic uint32_t count;
	struct call_worker workers[];
};

/* What: how long calls are kept, by their state. */
void qos_calls_set_limits(struct qos_calls *calls, const struct qos_options *options);

/* What: takes a call of w's out that loses nothing but its end, to make room: over, or a request that got no
 * response. It waits in w->evicted to be reported. False: none of the few looked at can go. */
bool qos_calls_evict(struct qos_calls *calls, struct call_worker *w, uint64_t now_ns);

#endif
