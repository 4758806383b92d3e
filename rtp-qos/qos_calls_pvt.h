/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside of the call table, shared by the files that make it.
 * Owner: qos_calls_create's caller. Threads: as qos_call.h says; a worker's part is its own. */
#ifndef QOS_CALLS_PVT_H
#define QOS_CALLS_PVT_H

#include <stdalign.h>

#include "qos_call.h"
#include "qos_call_queue.h"
#include "qos_chain.h"
#include "qos_pool.h"

/* A power of two, no more than there are chains: two workers hardly ever meet. */
enum {
	QOS_CALL_CHAIN_LOCKS = QOS_CHAINS_MIN,
};

struct call_worker {
	alignas(64) struct qos_call_queue queue;
	struct cds_list_head evicted; /* out of the table, to be reported */
	uint32_t evicted_count;
	uint32_t looks_left; /* of this tick */
	bool is_looking; /* this tick was left to report a call */
	struct qos_call_counters counters;
};

/* Guards changes of the chains that it is for; nothing else is locked meanwhile. */
struct call_chain_lock {
	alignas(64) pthread_spinlock_t lock;
};

struct qos_calls {
	/* By hash, the newest call of each. Readers take no lock. */
	struct qos_call *_Atomic *chains;
	uint64_t chain_mask;
	bool are_chains_ready; /* populated; of who calls qos_calls_populate */
	struct call_chain_lock chain_locks[QOS_CALL_CHAIN_LOCKS];
	struct qos_pool pool;
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

/* What: takes a call out of its chain. */
void qos_calls_unlink(struct qos_calls *calls, const struct qos_call *call);

/* What: fetches what the head of a chain leads to; its head was (qos_call_prefetch_chain). */
void qos_calls_prefetch_first(const struct qos_calls *calls, uint64_t hash);

/* What: a call that may be out already leaves the table, in the state it is in or that a time-out leaves it in; its
 * home worker reports it when its time comes. Its lock is held. */
void qos_calls_take_out(struct qos_calls *calls, struct qos_call *call);

/* What: how long calls are kept, by their state. */
void qos_calls_set_limits(struct qos_calls *calls, const struct qos_options *options);

/* What: takes a call of w's out that loses nothing but its end, to make room: over, or a request that got no
 * response. It waits in w->evicted to be reported. False: none of the few looked at can go. */
bool qos_calls_evict(struct qos_calls *calls, struct call_worker *w, uint64_t now_ns);

#endif
