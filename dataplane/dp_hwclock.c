/* SPDX-License-Identifier: BSD-3-Clause */
/* The rate of the ticks is measured from one anchor to the next. Either clock may be set in between, which spoils
 * one rate but not two in a row. */
#include "dp_hwclock.h"

__extension__ typedef unsigned __int128 uint128;
__extension__ typedef __int128 int128;

enum {
	RATES_DIFFER_PPM_MAX = 1000,
	RATE_INTERVAL_NS = 200000000, /* shorter ones would measure the jitter of the readings */
	US_NS = 1000,
};

/* 0: nothing to measure by. */
static uint64_t measure(const struct dp_hwclock *clock, uint64_t tick, uint64_t ns)
{
	uint64_t ticks = tick - clock->measured_tick;
	uint128 q32;

	if (!clock->measured_ns || ns <= clock->measured_ns || !ticks)
		return 0;
	q32 = ((uint128)(ns - clock->measured_ns) << 32) / ticks;
	return q32 > UINT64_MAX / 2 ? 0 : (uint64_t)q32;
}

static bool is_near(uint64_t a, uint64_t b)
{
	uint64_t off = a > b ? a - b : b - a;

	return off <= b / 1000000 * RATES_DIFFER_PPM_MAX;
}

void dp_hwclock_anchor(struct dp_hwclock *clock, uint64_t tick, uint64_t ns)
{
	uint64_t q32;

	if (ns - clock->measured_ns >= RATE_INTERVAL_NS) {
		q32 = measure(clock, tick, ns);
		if (q32 && is_near(q32, clock->measured_q32))
			clock->rate_q32 = q32;
		clock->measured_tick = tick;
		clock->measured_ns = ns;
		clock->measured_q32 = q32;
	}
	dp_anchors_publish(&clock->anchors, &(struct dp_anchor){tick, ns, clock->rate_q32});
}

static bool fits(uint64_t ns, uint64_t now_ns)
{
	return now_ns + DP_HWCLOCK_FUTURE_MAX_NS - ns <=
	       DP_HWCLOCK_OLD_MAX_NS + DP_HWCLOCK_FUTURE_MAX_NS;
}

bool dp_hwclock_time(const struct dp_anchor *anchor, uint64_t stamp, uint64_t now_ns, uint64_t *ns)
{
	/* What came before the anchor has fewer ticks. */
	int128 since = (int128)(int64_t)(stamp - anchor->tick) * (int128)anchor->ns_per_tick_q32;

	*ns = anchor->ns + (uint64_t)(since >> 32);
	if (anchor->ns_per_tick_q32 && fits(*ns, now_ns))
		return true;
	*ns = stamp;
	if (fits(*ns, now_ns))
		return true;
	*ns = stamp * US_NS;
	return stamp < UINT64_MAX / US_NS && fits(*ns, now_ns);
}
