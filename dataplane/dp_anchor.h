/* SPDX-License-Identifier: BSD-3-Clause */
/* A straight line from a counter to nanoseconds since the epoch, and how one thread hands it to
 * others: two of them and a count, so that a reader never sees half of one.
 * Owner: the clock. Threads: one publishes, about once a second; any thread reads. */
#ifndef DP_ANCHOR_H
#define DP_ANCHOR_H

#include <stdatomic.h>
#include <stdint.h>

struct dp_anchor {
	uint64_t tick;
	uint64_t ns; /* at that tick */
	uint64_t ns_per_tick_q32;
};

struct dp_anchors {
	struct dp_anchor anchor[2];
	/* How many were published; its lowest bit says which one is valid. */
	_Atomic uint32_t current;
};

/* The valid one, for the thread that publishes. */
static inline const struct dp_anchor *dp_anchors_last(const struct dp_anchors *anchors)
{
	return &anchors->anchor[atomic_load_explicit(&anchors->current, memory_order_relaxed) & 1];
}

static inline void dp_anchors_publish(struct dp_anchors *anchors, const struct dp_anchor *anchor)
{
	uint32_t current = atomic_load_explicit(&anchors->current, memory_order_relaxed);

	/* Who reads the one written over has to see that another was published. */
	atomic_thread_fence(memory_order_release);
	anchors->anchor[(current + 1) & 1] = *anchor;
	atomic_store_explicit(&anchors->current, current + 1, memory_order_release);
}

/* Returns how many were published. */
static inline uint32_t dp_anchors_get(const struct dp_anchors *anchors, struct dp_anchor *anchor)
{
	uint32_t current = atomic_load_explicit(&anchors->current, memory_order_acquire);

	for (;;) {
		uint32_t seen;

		*anchor = anchors->anchor[current & 1];
		/* An anchor is written over only after the next one was published. */
		atomic_thread_fence(memory_order_acquire);
		seen = atomic_load_explicit(&anchors->current, memory_order_relaxed);
		if (seen == current)
			return current;
		current = seen;
		atomic_thread_fence(memory_order_acquire);
	}
}

#endif
