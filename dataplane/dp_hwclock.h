/* SPDX-License-Identifier: BSD-3-Clause */
/* A NIC's time-stamps to nanoseconds since the epoch. What they count differs by driver and is not said: ticks of a
 * clock that can be read beside ours (mlx5), nanoseconds (ice) or microseconds (net_pcap) since the epoch. So
 * that is taken which fits the time of the poll, and nothing if none does.
 * Owner: the port. Threads: control anchors; any thread reads. */
#ifndef DP_HWCLOCK_H
#define DP_HWCLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "dp_anchor.h"

/* What fits: a frame waited no longer for the poll, and came before it but for what anchors are off. */
#define DP_HWCLOCK_OLD_MAX_NS	 1000000000
#define DP_HWCLOCK_FUTURE_MAX_NS 1000000

/* All zero is a clock whose ticks are not known. */
struct dp_hwclock {
	struct dp_anchors anchors; /* a rate of 0: not known, or there are no ticks */
	/* Control only: the last pair measured, and the rates. */
	uint64_t measured_tick;
	uint64_t measured_ns;
	uint64_t measured_q32; /* between the last two pairs */
	uint64_t rate_q32; /* the last on which two in a row agreed */
};

/* What: from one reading of both clocks. Control only, about once a second; the third may know the
 * rate. */
void dp_hwclock_anchor(struct dp_hwclock *clock, uint64_t tick, uint64_t ns);

/* What: when a frame came that was polled at now_ns. False: the stamp fits in no way. */
bool dp_hwclock_time(const struct dp_anchor *anchor, uint64_t stamp, uint64_t now_ns, uint64_t *ns);

#endif
