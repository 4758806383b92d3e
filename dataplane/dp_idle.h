/* SPDX-License-Identifier: BSD-3-Clause */
/* How a polling loop waits when there is nothing to do: first spins, then pauses, then sleeps, so
 * that more threads than CPUs still make progress.
 * Owner: the loop. Threads: one. */
#ifndef DP_IDLE_H
#define DP_IDLE_H

#include <stdbool.h>
#include <time.h>

#include <rte_pause.h>

enum {
	DP_IDLE_SPINS = 64,
	DP_IDLE_PAUSES = 512,
	DP_IDLE_SLEEP_NS = 50000,
};

struct dp_idle {
	unsigned empty; /* loops in a row without work */
};

static inline void dp_idle_wait(struct dp_idle *idle, bool has_worked)
{
	if (has_worked) {
		idle->empty = 0;
		return;
	}
	idle->empty++;
	if (idle->empty < DP_IDLE_SPINS)
		return;
	if (idle->empty < DP_IDLE_PAUSES) {
		rte_pause();
		return;
	}
	idle->empty = DP_IDLE_PAUSES;
	nanosleep(&(struct timespec){.tv_nsec = DP_IDLE_SLEEP_NS}, NULL);
}

#endif
