/* SPDX-License-Identifier: BSD-3-Clause */
/* Timing where arrival times step back, were set, changed places on the way here, or make no sense. */
#include "qos_timing_case.h"

static void time_that_steps_back_is_never_a_negative_delta(void **state)
{
	static const int64_t at_ms[] = {0, 20, 40, 35, 80, 100};
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < COUNT(at_ms); i++) {
		struct rtp p = voice(i);

		p.ns = at_ms[i] * (int64_t)MS;
		feed(&rig, p);
	}
	/* D is 0, 0, -20, 20, 0: J is 1.25, 2.421875, 2.2705078. */
	assert_timing(&rig, (struct timing){.delta = 20,
				    .max_delta = 40,
				    .jitter = 2.2705,
				    .mean_jitter = (1.25 + 2.421875 + 2.2705078) / 5,
				    .max_jitter = 2.4219,
				    .max_skew = 20});
}

/* With the times of a switch, and what brings the mirror here swaps packets: D is that of the switch's order. */
static void a_swap_that_times_undo_is_no_jitter(void **state)
{
	struct rig ordered, swapped;

	(void)state;
	rig_init(&ordered);
	rig_init(&swapped);
	for (uint32_t i = 0; i < 400; i++) {
		/* 0, 2, 1, 3, then 4, 7, 5, 6. */
		static const uint32_t orders[2][4] = {{0, 2, 1, 3}, {0, 3, 1, 2}};
		uint32_t number = i / 4 * 4 + orders[i / 4 % 2][i % 4];

		feed(&ordered, voice(i));
		feed(&swapped, voice(number));
	}
	assert_timing(&ordered, (struct timing){.delta = 20, .max_delta = 20});
	/* Order and the longest delta are those of arrival: that has the gap that the swap made. */
	assert_timing(&swapped, (struct timing){.delta = 20, .max_delta = 60});
	assert_int_equal(report_of(&swapped, QOS_FINAL).reordered, 150);
	assert_int_equal(report_of(&swapped, QOS_FINAL).lost, 0);
	assert_int_equal(swapped.cold.swapped, 150);
	for (unsigned i = 0; i < QOS_BUFFERS; i++)
		assert_int_equal(swapped.cold.buffers[i].discards, 0);
}

/* Each a little early or late at the switch, too: the skew of the next packet is its own. */
static void a_swapped_packet_leaves_no_skew(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < 400; i++) {
		uint32_t number = i ^ (i / 2 % 2 && i > 1);
		struct rtp p = voice(number);

		p.ns += number % 4 == 2 ? (int64_t)(4 * MS) : 0;
		feed(&rig, p);
	}
	assert_near(report_of(&rig, QOS_FINAL).max_skew_ms, -4, 0.01);
	assert_true(fabs(report_of(&rig, QOS_FINAL).skew_ms) <= 4.01);
	assert_true(report_of(&rig, QOS_FINAL).max_jitter_ms < 4);
}

/* A capture whose clock was set back by an hour, or merged in the wrong order. */
static void time_that_was_set_back_begins_anew(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < 100; i++) {
		struct rtp p = voice(i);

		p.ns -= i < 50 ? 0 : (int64_t)(3600 * S);
		feed(&rig, p);
		if (i == 70)
			assert_near(report_of(&rig, QOS_PERIODIC).delta_ms, 20, DIGIT);
	}
	assert_near(report_of(&rig, QOS_PERIODIC).delta_ms, 20, DIGIT);
	assert_timing(&rig, (struct timing){.delta = 20, .max_delta = 20});
	assert_int_equal(rig.cold.ts_jumps, 1);
}

static void senseless_times_are_survived(void **state)
{
	static const uint64_t times[] = {
		0, UINT64_MAX, 1, (uint64_t)1 << 63, 0, INT64_MAX, UINT64_MAX, 0};
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < COUNT(times); i++) {
		struct rtp p = voice(i);

		p.ts = i % 2 ? 0x7fffffff : 0;
		p.ns = (int64_t)(times[i] - START_NS);
		feed(&rig, p);
	}
	assert_true(isfinite(report_of(&rig, QOS_FINAL).delta_ms));
	assert_true(report_of(&rig, QOS_FINAL).delta_ms >= 0);
	assert_int_equal(report_of(&rig, QOS_FINAL).packets, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_that_steps_back_is_never_a_negative_delta),
		cmocka_unit_test(a_swap_that_times_undo_is_no_jitter),
		cmocka_unit_test(a_swapped_packet_leaves_no_skew),
		cmocka_unit_test(time_that_was_set_back_begins_anew),
		cmocka_unit_test(senseless_times_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
