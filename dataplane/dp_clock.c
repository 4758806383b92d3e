/* SPDX-License-Identifier: BSD-3-Clause */
/* The anchor pairs one TSC reading with one reading of the system clock. The TSC's rate is measured
 * from one anchor to the next; time that would have to go back is slewed instead. */
#include "dp_clock.h"

#include <stdbool.h>
#include <time.h>

#include <rte_cycles.h>

__extension__ typedef unsigned __int128 uint128;

enum {
	ANCHOR_TRIES = 8,
	SLEW_PPM_MAX = 500,
	/* DPDK rounds the rate to 10 MHz. Refused for that, time would run late and jump once a second,
	 * by 1.5 ms on a TSC of 2.596 GHz. */
	RATE_ERROR_PPM_MAX = 10000,
	STEP_NS = 1000000000, /* a clock set back by more is followed at once */
	RATE_INTERVAL_NS = 200000000, /* shorter ones would measure the jitter of the readings */
};

/* The narrowest of some tries is the one that was not interrupted between the two TSC readings. */
static void read_both(uint64_t *tsc, uint64_t *ns)
{
	uint64_t narrowest = UINT64_MAX;

	for (unsigned i = 0; i < ANCHOR_TRIES; i++) {
		struct timespec now;
		uint64_t before = rte_rdtsc_precise(), after;

		clock_gettime(CLOCK_REALTIME, &now);
		after = rte_rdtsc_precise();
		if (after - before >= narrowest)
			continue;
		narrowest = after - before;
		*tsc = before + narrowest / 2;
		*ns = (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
	}
}

static uint64_t nominal_q32(void)
{
	return (uint64_t)(((uint128)NS_PER_S << 32) / rte_get_tsc_hz());
}

static uint64_t at_tsc(const struct dp_anchor *anchor, uint64_t tsc)
{
	/* Another CPU's TSC may be a few cycles behind the one that anchored. */
	if (tsc <= anchor->tick)
		return anchor->ns;
	return anchor->ns +
	       (uint64_t)(((uint128)(tsc - anchor->tick) * anchor->ns_per_tick_q32) >> 32);
}

/* Notes the TSC's rate since the last anchor, unless the system clock was set meanwhile. */
static void measure_rate(struct dp_clock *clock, uint64_t tsc, uint64_t ns)
{
	uint64_t nominal = nominal_q32(), limit = nominal / 1000000 * RATE_ERROR_PPM_MAX, q32;

	if (ns <= clock->measured_ns || tsc <= clock->measured_tsc ||
		ns - clock->measured_ns < RATE_INTERVAL_NS)
		return;
	q32 = (uint64_t)(((uint128)(ns - clock->measured_ns) << 32) / (tsc - clock->measured_tsc));
	if (q32 > nominal - limit && q32 < nominal + limit)
		clock->rate_q32 = q32;
}

void dp_clock_init(struct dp_clock *clock)
{
	struct dp_anchor anchor = {.ns_per_tick_q32 = nominal_q32()};

	read_both(&anchor.tick, &anchor.ns);
	*clock = (struct dp_clock){
		.anchors.anchor = {anchor, anchor},
		.rate_q32 = anchor.ns_per_tick_q32,
		.measured_tsc = anchor.tick,
		.measured_ns = anchor.ns,
	};
}

int64_t dp_clock_anchor(struct dp_clock *clock)
{
	struct dp_anchor next;
	uint64_t tsc = 0, ns = 0, old_ns;
	int64_t off;

	read_both(&tsc, &ns);
	old_ns = at_tsc(dp_anchors_last(&clock->anchors), tsc);
	off = (int64_t)(ns - old_ns);
	measure_rate(clock, tsc, ns);
	clock->measured_tsc = tsc;
	clock->measured_ns = ns;

	next.tick = tsc;
	next.ns = off < 0 && off > -STEP_NS ? old_ns : ns;
	next.ns_per_tick_q32 = clock->rate_q32;
	if (off < 0 && off > -STEP_NS) {
		/* To be level again in a second, but not so slow that it shows as jitter. */
		uint64_t ppm = ((uint64_t)-off + 999) / 1000;

		if (ppm > SLEW_PPM_MAX)
			ppm = SLEW_PPM_MAX;
		next.ns_per_tick_q32 -= clock->rate_q32 / 1000000 * ppm;
	}
	dp_anchors_publish(&clock->anchors, &next);
	return off;
}

uint64_t dp_clock_now(const struct dp_clock *clock)
{
	struct dp_anchor anchor;

	dp_anchors_get(&clock->anchors, &anchor);
	return at_tsc(&anchor, rte_rdtsc());
}
