/* SPDX-License-Identifier: BSD-3-Clause */
/* Up at once, down slowly: in a lasting overload the level stays where what is kept just fits, and only
 * the flows of a bucket or two come and go. */
#include "probe_shed.h"

#include <stdbool.h>

/* 256 of these are a second. */
#define DOWN_NS ((uint64_t)4000000)

static unsigned wanted_level(uint64_t used, uint64_t size)
{
	if (used <= size / 2)
		return 0;
	if (used >= size / 2 + size / 4)
		return PROBE_SHED_BUCKETS;
	return (unsigned)((used - size / 2) * PROBE_SHED_BUCKETS / (size / 4));
}

/* When time stepped back, it is counted anew from there. */
static bool is_due(struct probe_shed *shed, uint64_t now_ns)
{
	if (shed->next_down_ns > now_ns + DOWN_NS)
		shed->next_down_ns = now_ns + DOWN_NS;
	return now_ns >= shed->next_down_ns;
}

void probe_shed_fill(struct probe_shed *shed, uint64_t used, uint64_t size, uint64_t now_ns)
{
	unsigned level = probe_shed_level(shed);
	unsigned wanted = wanted_level(used, size);
	uint64_t steps;

	if (wanted > level) {
		atomic_store_explicit(&shed->level, wanted, memory_order_relaxed);
		shed->next_down_ns = now_ns + DOWN_NS;
	} else if (level && used > size / 8) {
		shed->next_down_ns = now_ns + DOWN_NS;
	} else if (level && is_due(shed, now_ns)) {
		steps = 1 + (now_ns - shed->next_down_ns) / DOWN_NS;
		atomic_store_explicit(&shed->level, steps < level ? level - (unsigned)steps : 0,
			memory_order_relaxed);
		shed->next_down_ns += steps * DOWN_NS;
	}
}
