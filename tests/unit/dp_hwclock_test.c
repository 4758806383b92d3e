/* SPDX-License-Identifier: BSD-3-Clause */
/* Time-stamps of NICs that there are none of: clocks of several rates and units, set, wrapped, wrong. */
#include "dp_hwclock.h"
#include "unit.h"

#define SECOND ((uint64_t)1000000000)
#define START  (1700000000 * SECOND)
#define FIRST  3 /* anchors until the rate is known */

/* A clock of so many ticks a second, which shows tick at ns. */
struct ticker {
	double hz;
	uint64_t tick, ns;
};

static struct dp_hwclock hwclock;

static int clear(void **state)
{
	(void)state;
	memset(&hwclock, 0, sizeof(hwclock));
	return 0;
}

static uint64_t tick_at(const struct ticker *t, uint64_t ns)
{
	return t->tick + (uint64_t)((int64_t)((double)(int64_t)(ns - t->ns) * t->hz / 1e9));
}

/* Once a second, the last one at ns. */
static void anchor(const struct ticker *t, unsigned times, uint64_t ns)
{
	for (unsigned i = times; i--;)
		dp_hwclock_anchor(&hwclock, tick_at(t, ns - i * SECOND), ns - i * SECOND);
}

static bool time_of(uint64_t stamp, uint64_t now_ns, uint64_t *ns)
{
	struct dp_anchor a;

	dp_anchors_get(&hwclock.anchors, &a);
	return dp_hwclock_time(&a, stamp, now_ns, ns);
}

static void expect_time(const struct ticker *t, uint64_t came_ns, uint64_t now_ns, uint64_t off_ns)
{
	uint64_t ns;

	assert_true(time_of(tick_at(t, came_ns), now_ns, &ns));
	assert_in_range(ns, came_ns - off_ns, came_ns + off_ns);
}

static void expect_none(uint64_t stamp, uint64_t now_ns)
{
	uint64_t ns;

	assert_false(time_of(stamp, now_ns, &ns));
}

static void counts_ticks_of_any_rate(void **state)
{
	static const double hz[] = {1e9, 156.25e6, 1e9 / 3, 1e6, 4e9, 999.9e6, 1000.1e6};

	(void)state;
	for (unsigned i = 0; i < sizeof(hz) / sizeof(hz[0]); i++) {
		struct ticker t = {hz[i], 12345678901, START};
		uint64_t off_ns = (uint64_t)(3e9 / hz[i]) + 5;

		clear(NULL);
		anchor(&t, FIRST - 1, START + 2 * SECOND);
		expect_none(tick_at(&t, START + 2 * SECOND), START + 2 * SECOND);
		anchor(&t, 1, START + 3 * SECOND);
		/* After the anchor, and what came before it. */
		expect_time(&t, START + 4 * SECOND - 7, START + 4 * SECOND, off_ns);
		expect_time(&t, START + 3 * SECOND - 999999, START + 3 * SECOND, off_ns);
		/* The edges, as far as a tick knows them. */
		expect_time(
			&t, START + 9 * SECOND / 2, START + 11 * SECOND / 2 - 2 * off_ns, off_ns);
		expect_none(
			tick_at(&t, START + 9 * SECOND / 2), START + 11 * SECOND / 2 + 2 * off_ns);
		expect_time(&t, START + 4 * SECOND + 990000, START + 4 * SECOND, off_ns);
		expect_none(tick_at(&t, START + 4 * SECOND + 1010000), START + 4 * SECOND);
	}
}

/* 100 ppm are 100 microseconds from one anchor to the next, if they were not measured. */
static void follows_a_clock_that_drifts(void **state)
{
	struct ticker t = {1e9, 5, START};

	(void)state;
	anchor(&t, FIRST, START + 3 * SECOND);
	for (unsigned i = 3; i < 600; i++) {
		uint64_t ns = START + i * SECOND;

		t = (struct ticker){1e9 * (1 + 100e-6 * (i % 100 < 50 ? i % 50 : 50 - i % 50) / 50),
			tick_at(&t, ns), ns};
		expect_time(&t, ns + SECOND - 100, ns + SECOND, 10000);
		anchor(&t, 1, ns + SECOND);
	}
}

static void passes_the_wrap(void **state)
{
	struct ticker t = {1e9, UINT64_MAX - 5 * SECOND, START};

	(void)state;
	anchor(&t, FIRST + 2, START + 5 * SECOND);
	expect_time(&t, START + 5 * SECOND + SECOND / 2, START + 5 * SECOND + SECOND / 2, 10);
	anchor(&t, 2, START + 7 * SECOND);
	expect_time(&t, START + 7 * SECOND - SECOND / 2, START + 7 * SECOND, 10);
}

static void is_right_again_after_the_next_anchor_when_a_clock_was_set(void **state)
{
	struct ticker t = {1e9, 1000, START};

	(void)state;
	anchor(&t, FIRST, START + 3 * SECOND);
	/* Ours, forward by an hour and back. */
	for (unsigned i = 0; i < 2; i++) {
		t.ns += i ? -3600 * SECOND : 3600 * SECOND;
		expect_none(tick_at(&t, t.ns + 4 * SECOND), t.ns + 4 * SECOND);
		anchor(&t, 1, t.ns + 4 * SECOND);
		expect_time(&t, t.ns + 4 * SECOND + 500, t.ns + 4 * SECOND + 600, 10);
		anchor(&t, 4, t.ns + 8 * SECOND);
		expect_time(&t, t.ns + 8 * SECOND + 500, t.ns + 8 * SECOND + 600, 10);
	}
	/* The NIC's, back to 0. */
	t = (struct ticker){1e9, 0, t.ns + 9 * SECOND};
	expect_none(tick_at(&t, t.ns + 500), t.ns + 600);
	anchor(&t, 1, t.ns);
	expect_time(&t, t.ns + 500, t.ns + 600, 10);
}

/* Once it was 1 GHz: two rates in a row have to say otherwise. */
static void follows_a_rate_that_changed(void **state)
{
	struct ticker t = {1e9, 1000, START};

	(void)state;
	anchor(&t, FIRST, START + 3 * SECOND);
	t = (struct ticker){5e8, 1000, START + 4 * SECOND};
	anchor(&t, 3, START + 7 * SECOND);
	expect_time(&t, START + 8 * SECOND - 100, START + 8 * SECOND, 10);
}

static void knows_times_since_the_epoch(void **state)
{
	uint64_t now_ns = START + 123456789, ns;

	(void)state;
	assert_true(time_of(now_ns - 42, now_ns, &ns));
	assert_int_equal(ns, now_ns - 42);
	assert_true(time_of((now_ns - SECOND / 2) / 1000, now_ns, &ns));
	assert_int_equal(ns, (now_ns - SECOND / 2) / 1000 * 1000);
	expect_none(now_ns - SECOND - 1, now_ns);
	expect_none(now_ns / 1000 - 1000001, now_ns);
	expect_none(now_ns + 1000001, now_ns);
	expect_none(now_ns / 1000 + 1001, now_ns);
	/* A clock that is not set: to TAI, or at 0. */
	expect_none(now_ns + 37 * SECOND, now_ns);
	/* Anchors of a clock that cannot be read say nothing. */
	for (unsigned i = 0; i < 5; i++)
		dp_hwclock_anchor(&hwclock, 0, 0);
	assert_true(time_of(now_ns - 42, now_ns, &ns));
	assert_int_equal(ns, now_ns - 42);
}

/* mlx5 in real-time mode: the clock that can be read is another. */
static void knows_them_beside_ticks(void **state)
{
	struct ticker t = {1e9, 1000, START};
	uint64_t now_ns = START + 4 * SECOND, ns;

	(void)state;
	anchor(&t, FIRST, START + 3 * SECOND);
	assert_true(time_of(now_ns - 42, now_ns, &ns));
	assert_int_equal(ns, now_ns - 42);
}

static void believes_no_other_stamp(void **state)
{
	static const uint64_t stamps[] = {0, 1, 1700000000, 1700000000000, UINT64_MAX,
		UINT64_MAX / 1000, UINT64_MAX / 1000 + 1, INT64_MAX};
	struct ticker t = {1e9, 77 * SECOND, START};

	(void)state;
	for (unsigned known = 0; known < 2; known++) {
		for (unsigned i = 0; i < sizeof(stamps) / sizeof(stamps[0]); i++) {
			expect_none(stamps[i], START + 3 * SECOND);
			expect_none(stamps[i], 5000 * SECOND);
		}
		anchor(&t, FIRST, START + 3 * SECOND);
	}
}

static void measures_no_rate_of_a_clock_that_stands(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 10; i++)
		dp_hwclock_anchor(&hwclock, 5, START + i * SECOND);
	expect_none(5, START + 9 * SECOND + 1);
	/* Nor from anchors that follow at once. */
	for (uint64_t i = 0; i < 10; i++)
		dp_hwclock_anchor(&hwclock, 1000 * i, START + 10 * SECOND + 1000 * i);
	expect_none(9000, START + 10 * SECOND + 9000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(counts_ticks_of_any_rate, clear),
		cmocka_unit_test_setup(follows_a_clock_that_drifts, clear),
		cmocka_unit_test_setup(passes_the_wrap, clear),
		cmocka_unit_test_setup(
			is_right_again_after_the_next_anchor_when_a_clock_was_set, clear),
		cmocka_unit_test_setup(follows_a_rate_that_changed, clear),
		cmocka_unit_test_setup(knows_times_since_the_epoch, clear),
		cmocka_unit_test_setup(knows_them_beside_ticks, clear),
		cmocka_unit_test_setup(believes_no_other_stamp, clear),
		cmocka_unit_test_setup(measures_no_rate_of_a_clock_that_stands, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
