/* SPDX-License-Identifier: BSD-3-Clause */
/* The clock: agrees with the system's, never goes back, follows steps forward. */
#include <stdbool.h>
#include <time.h>

#include <rte_cycles.h>

#include "dp_clock.h"
#include "dp_unit.h"
#include "unit.h"

#define MS 1000000ULL

static uint64_t system_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 * MS + (uint64_t)now.tv_nsec;
}

static void sleep_ms(unsigned ms)
{
	nanosleep(&(struct timespec){.tv_nsec = ms * (long)MS}, NULL);
}

/* Moves the anchor in use, as if the system clock had been set the other way. */
static void shift(struct dp_clock *clock, int64_t ns)
{
	clock->anchors.anchor[clock->anchors.current & 1].ns += (uint64_t)ns;
}

static void agrees_with_the_system_clock(void **state)
{
	struct dp_clock clock;
	bool is_near = false;

	(void)state;
	dp_clock_init(&clock);
	/* The rate is not measured yet, and DPDK's is rounded: 96 us of 50 ms on a TSC of 2.096 GHz. */
	sleep_ms(5);
	/* Between two readings, unless somebody sets the clock; some tries, since readings may be torn
	 * apart by the scheduler. */
	for (unsigned i = 0; i < 100 && !is_near; i++) {
		uint64_t before = system_ns(), now = dp_clock_now(&clock), after = system_ns();

		is_near = now + MS / 10 >= before && now <= after + MS / 10;
	}
	assert_true(is_near);
}

static void follows_a_step_forward_at_once(void **state)
{
	struct dp_clock clock;

	(void)state;
	dp_clock_init(&clock);
	shift(&clock, -(int64_t)(5000 * MS));
	assert_in_range(dp_clock_anchor(&clock), 4990 * MS, 5010 * MS);
	assert_in_range(system_ns() - dp_clock_now(&clock) + 10 * MS, 0, 20 * MS);
}

static void goes_back_at_once_when_the_clock_was_set_far_back(void **state)
{
	struct dp_clock clock;

	(void)state;
	dp_clock_init(&clock);
	shift(&clock, (int64_t)(3600000 * MS));
	assert_in_range(-dp_clock_anchor(&clock), 3599990 * MS, 3600010 * MS);
	assert_in_range(system_ns() - dp_clock_now(&clock) + 10 * MS, 0, 20 * MS);
}

static void never_goes_back_for_less_than_a_second(void **state)
{
	struct dp_clock clock;
	uint64_t last, far;
	int64_t off;

	(void)state;
	dp_clock_init(&clock);
	shift(&clock, (int64_t)(600 * MS)); /* we are ahead: the system clock was set back */
	last = dp_clock_now(&clock);
	for (unsigned i = 0; i < 20; i++) {
		uint64_t now;

		off = dp_clock_anchor(&clock);
		now = dp_clock_now(&clock);
		assert_true(now >= last);
		assert_in_range(-off, 590 * MS, 610 * MS);
		last = now;
		sleep_ms(1);
	}
	/* 500 ppm slower, not stopped: 300 ms take 299.85. */
	far = dp_clock_now(&clock) - system_ns();
	sleep_ms(300);
	far -= dp_clock_now(&clock) - system_ns();
	assert_in_range(far, MS / 10, MS);
}

/* As if the TSC had run at a rate of permille of what DPDK takes it for, for a second up to now. */
static uint64_t rate_after(unsigned permille)
{
	struct dp_clock clock;

	dp_clock_init(&clock);
	clock.measured_ns -= 1000 * MS;
	clock.measured_tsc -= rte_get_tsc_hz() / 1000 * permille;
	dp_clock_anchor(&clock);
	return clock.rate_q32;
}

static void measures_the_rate_that_dpdk_rounds(void **state)
{
	uint64_t nominal;
	struct dp_clock clock;

	(void)state;
	dp_clock_init(&clock);
	nominal = clock.rate_q32;
	assert_in_range(rate_after(996) * 996 / nominal, 999, 1001);
	assert_in_range(rate_after(1004) * 1004 / nominal, 999, 1001);
	/* Two per cent are no rounding but a clock that was set meanwhile. */
	assert_int_equal(rate_after(980), nominal);
	assert_int_equal(rate_after(1020), nominal);
}

static void one_writer_and_a_reader_agree_on_the_anchor(void **state)
{
	struct dp_clock clock;

	(void)state;
	dp_clock_init(&clock);
	for (unsigned i = 1; i <= 1000; i++) {
		dp_clock_anchor(&clock);
		assert_int_equal(clock.anchors.current, i);
		assert_true(dp_clock_now(&clock) >= clock.anchors.anchor[i & 1].ns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_system_clock),
		cmocka_unit_test(follows_a_step_forward_at_once),
		cmocka_unit_test(goes_back_at_once_when_the_clock_was_set_far_back),
		cmocka_unit_test(never_goes_back_for_less_than_a_second),
		cmocka_unit_test(measures_the_rate_that_dpdk_rounds),
		cmocka_unit_test(one_writer_and_a_reader_agree_on_the_anchor),
	};

	return cmocka_run_group_tests(tests, start_eal, stop_eal);
}
