/* SPDX-License-Identifier: BSD-3-Clause */
/* Outcomes of frames and counters of workers, from the .def tables.
 * Owner: each set has one writing thread. Threads: anyone may read with relaxed loads. */
#ifndef PROBE_COUNTERS_H
#define PROBE_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#include "pkt_count.h"
#include "pkt_decode.h"

enum probe_outcome {
#define X(name, help) PROBE_##name,
#include "probe_outcomes.def"
#undef X
	PROBE_OUTCOME_COUNT
};

struct probe_counters {
#define X(name, help) _Atomic uint64_t name;
#include "probe_counters.def"
#undef X
};

static inline uint64_t probe_read(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

#endif
