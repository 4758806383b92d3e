/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames that ports and receivers gave up: how many are known of, and how many are past. A drop is past once all that
 * waited in queues and rings when it was known of went through the streams: what a stream misses from then on, it is not.
 * Owner: the probe. Threads: control follows; workers read, and ask the ports at their end. */
#ifndef PROBE_DROPS_H
#define PROBE_DROPS_H

#include <stdatomic.h>
#include <stdint.h>

#include "probe_shed.h"
#include "qos_stream.h"

struct probe;

enum probe_drops_stage {
	PROBE_DROPS_REST = 0, /* all that are known are past */
	PROBE_DROPS_QUEUED, /* what came before the next ones may wait in a queue */
	PROBE_DROPS_IN_RINGS, /* or in a ring only */
};

struct probe_drops {
	_Atomic uint64_t ports; /* of NICs and the kernel, as they said when they were asked last */
	_Atomic uint32_t readings; /* how often control asked them */
	_Atomic uint64_t past_ports;
	_Atomic uint64_t past_shed[PROBE_SHED_BUCKETS];
	/* Control only: those that are past next. */
	enum probe_drops_stage stage;
	uint64_t next_ports;
	uint64_t next_shed[PROBE_SHED_BUCKETS];
	uint64_t next_sum; /* of what was shed */
};

/* Turns in which a thread found nothing in any of its queues or rings. */
struct probe_idle {
	_Atomic uint64_t turns;
	uint64_t noted; /* by control */
};

/* Its thread: all that it had is through. */
static inline void probe_idle_count(struct probe_idle *idle)
{
	uint64_t turns = atomic_load_explicit(&idle->turns, memory_order_relaxed) + 1;

	atomic_store_explicit(&idle->turns, turns, memory_order_release);
}

/* What: asks the ports. Returns what they dropped so far. */
uint64_t probe_drops_ask(struct probe *probe);

/* What: asks the ports and finds out which drops are past. Returns what they dropped so far. Control, now and then. */
uint64_t probe_drops_follow(struct probe *probe);

/* A qos_drops_fn; arg is the stream's worker. */
struct qos_drops probe_drops_of(void *arg, const struct qos_stream_cold *cold);

#endif
