/* SPDX-License-Identifier: BSD-3-Clause */
/* TSC to nanoseconds since the epoch, re-anchored to the system clock by control about once a second.
 * A system clock that was set forward is followed at once; one that was set back is approached at
 * 500 ppm, so that a reader never sees time go back and jitter figures stay right.
 * Owner: the probe. Threads: control anchors; any thread reads. */
#ifndef DP_CLOCK_H
#define DP_CLOCK_H

#include <stdint.h>

#include "dp_anchor.h"

struct dp_clock {
	struct dp_anchors anchors; /* ticks of the TSC */
	/* Control only: the last pair measured, and the TSC's rate. */
	uint64_t measured_tsc;
	uint64_t measured_ns;
	uint64_t rate_q32;
};

/* First anchor. After dp_eal_start. */
void dp_clock_init(struct dp_clock *clock);
/* What: measures TSC against CLOCK_REALTIME again. Control only. Returns how far the system clock
 * is ahead of ours, in nanoseconds: large values mean that it was set. */
int64_t dp_clock_anchor(struct dp_clock *clock);
uint64_t dp_clock_now(const struct dp_clock *clock);

#endif
