/* SPDX-License-Identifier: BSD-3-Clause */
/* How a polling loop waits when there is nothing to do: first spins, then pauses, then sleeps, each
 * time longer, so that more threads than CPUs still make progress.
 * Owner: the loop. Threads: one. */
#ifndef DP_IDLE_H
#define DP_IDLE_H

#include <sys/prctl.h>

#include <stdbool.h>
#include <time.h>

#include <rte_pause.h>

#include "dp_options.h"

enum {
	DP_IDLE_SPINS = 64,
	DP_IDLE_PAUSES = 512,
	DP_IDLE_STEPS = 5, /* sleeps, each twice as long as the one before */
	DP_IDLE_ADAPTIVE_NS = 2500, /* before the first step: up to 80 us */
	DP_IDLE_SLEEP_NS = 31250, /* up to 1 ms */
	DP_IDLE_SLACK_NS = 1000,
};

/* All zero is adaptive: for waits within a burst, which leave the thread's timer slack as it is. */
struct dp_idle {
	unsigned empty; /* loops in a row without work; 0 starts anew */
	uint32_t mode; /* enum dp_idle_mode */
};

/* For the main loop of a thread. The kernel adds 50 us to each sleep unless a thread asks for less; a
 * refusal leaves it at that. */
static inline struct dp_idle dp_idle_begin(uint32_t mode)
{
	prctl(PR_SET_TIMERSLACK, (unsigned long)DP_IDLE_SLACK_NS, 0UL, 0UL, 0UL);
	return (struct dp_idle){.mode = mode};
}

static inline void dp_idle_sleep(struct dp_idle *idle)
{
	long first = idle->mode == DP_IDLE_SLEEP ? DP_IDLE_SLEEP_NS : DP_IDLE_ADAPTIVE_NS;
	unsigned step = idle->empty - DP_IDLE_PAUSES + 1;

	if (step < DP_IDLE_STEPS)
		idle->empty++;
	nanosleep(&(struct timespec){.tv_nsec = first << step}, NULL);
}

static inline void dp_idle_wait(struct dp_idle *idle, bool has_worked)
{
	if (has_worked) {
		idle->empty = 0;
	} else if (idle->mode == DP_IDLE_SPIN) {
		rte_pause();
	} else if (idle->empty < DP_IDLE_PAUSES) {
		if (++idle->empty > DP_IDLE_SPINS)
			rte_pause();
	} else {
		dp_idle_sleep(idle);
	}
}

#endif
