/* SPDX-License-Identifier: BSD-3-Clause */
/* How a polling loop waits when there is nothing to do: first spins, then pauses, then sleeps, each
 * time longer, so that more threads than CPUs still make progress. At last it waits for the kernel to
 * wake it, where all that it polls are sockets of the kernel and NICs with interrupts, or else for the clock.
 * Owner: the loop. Threads: one. */
#ifndef DP_IDLE_H
#define DP_IDLE_H

#include <sys/prctl.h>

#include <poll.h>
#include <stdbool.h>
#include <time.h>

#include <rte_pause.h>

#include "dp_options.h"
#include "dp_wake.h"

enum {
	DP_IDLE_SPINS = 64,
	DP_IDLE_PAUSES = 512,
	DP_IDLE_STEPS = 5, /* sleeps, each twice as long as the one before */
	DP_IDLE_ADAPTIVE_NS = 2500, /* before the first step: up to 80 us */
	DP_IDLE_SLEEP_NS = 31250, /* up to 1 ms */
	DP_IDLE_SLACK_NS = 1000,
	/* A sleep and what follows it take some 8 us of CPU, in a virtual machine: at 80 us that is a
	 * tenth of a core. Silence of 10 ms pays for twice the sleep with 40 us more before the first
	 * packet after it, on average. */
	DP_IDLE_QUIET_STEPS = 128,
	DP_IDLE_QUIET_NS = 150000,
	/* Whatever the kernel does not wake for, such as ticks and questions of telemetry. */
	DP_IDLE_WAKE_NS = 1000000,
	/* So many times in a row more came after a wait that nothing ended: interrupts do not come. */
	DP_IDLE_MISSED_MAX = 8,
};

/* All zero is adaptive: for waits within a burst, which leave the thread's timer slack as it is. */
struct dp_idle {
	unsigned empty; /* loops in a row without work; 0 starts anew */
	uint32_t mode; /* enum dp_idle_mode */
	struct dp_wake *wake; /* NULL: nobody wakes it */
	bool is_woken; /* since the last work */
	bool has_rings; /* and it polls what other threads fill, who wake nobody */
	bool is_armed; /* interrupts are on */
	bool is_overslept; /* the last wait ended by the clock */
	unsigned missed;
};

/* For the main loop of a thread. The kernel adds 50 us to each sleep unless a thread asks for less; a
 * refusal leaves it at that. */
static inline struct dp_idle dp_idle_begin(uint32_t mode)
{
	prctl(PR_SET_TIMERSLACK, (unsigned long)DP_IDLE_SLACK_NS, 0UL, 0UL, 0UL);
	return (struct dp_idle){.mode = mode};
}

/* For a loop whose work comes from these, and perhaps from rings too. */
static inline void dp_idle_wake_by(struct dp_idle *idle, struct dp_wake *wake, bool has_rings)
{
	idle->wake = wake->count && !wake->is_partial ? wake : NULL;
	idle->has_rings = has_rings;
}

static inline void dp_idle_disarm(struct dp_idle *idle)
{
	if (idle->is_armed)
		dp_wake_interrupts_off(idle->wake);
	idle->is_armed = false;
}

/* A socket may go on being readable when the driver has nothing, out of buffers. Then every other wait is a sleep. What
 * came before interrupts were on is polled first. */
static inline void dp_idle_quiet(struct dp_idle *idle)
{
	bool is_bounded = !idle->wake || idle->has_rings || idle->is_woken;
	struct timespec most = {.tv_nsec = is_bounded ? DP_IDLE_QUIET_NS : DP_IDLE_WAKE_NS};

	if (!idle->wake || idle->is_woken) {
		idle->is_woken = false;
		nanosleep(&most, NULL);
	} else if (idle->wake->interrupt_count && !idle->is_armed) {
		dp_wake_interrupts_on(idle->wake);
		idle->is_armed = true;
	} else {
		idle->is_woken = ppoll(idle->wake->fds, idle->wake->count, &most, NULL) != 0;
		if (idle->is_woken)
			dp_wake_take_errors(idle->wake);
		idle->is_overslept = !idle->is_woken && idle->is_armed && !idle->has_rings;
		idle->missed = idle->is_woken ? 0 : idle->missed;
		dp_idle_disarm(idle);
	}
}

/* Work after a wait that should have ended earlier; again and again, and nothing is left to it. */
static inline void dp_idle_note_work(struct dp_idle *idle)
{
	dp_idle_disarm(idle);
	if (idle->is_overslept && ++idle->missed >= DP_IDLE_MISSED_MAX)
		idle->wake = NULL;
	idle->empty = 0;
	idle->is_woken = false;
	idle->is_overslept = false;
}

static inline void dp_idle_sleep(struct dp_idle *idle)
{
	bool is_adaptive = idle->mode == DP_IDLE_ADAPTIVE;
	long first = is_adaptive ? DP_IDLE_ADAPTIVE_NS : DP_IDLE_SLEEP_NS;
	unsigned step = idle->empty - DP_IDLE_PAUSES + 1;
	unsigned steps = DP_IDLE_STEPS;

	if (is_adaptive && (!idle->wake || idle->has_rings))
		steps += DP_IDLE_QUIET_STEPS;
	if (step <= steps)
		idle->empty++;
	if (is_adaptive && step > steps)
		dp_idle_quiet(idle);
	else
		nanosleep(
			&(struct timespec){
				.tv_nsec = first << (step < DP_IDLE_STEPS ? step : DP_IDLE_STEPS)},
			NULL);
}

static inline void dp_idle_wait(struct dp_idle *idle, bool has_worked)
{
	if (has_worked) {
		dp_idle_note_work(idle);
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
