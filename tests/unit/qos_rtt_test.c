/* SPDX-License-Identifier: BSD-3-Clause */
/* Round trips by LSR and DLSR: the example of RFC 3550, wrap, and every answer that is none. */
#include "qos_rtt.h"
#include "unit.h"

#define S  1000000000ull
#define MS 1000000ull
#define T0 (1700000000 * S)

static uint32_t answer(
	struct qos_rtt_marks *marks, uint32_t middle, uint32_t delay, uint64_t now_ns)
{
	uint32_t us = UINT32_MAX;

	assert_int_equal(qos_rtt_answer(marks, middle, delay, now_ns, &us), QOS_RTT_OK);
	return us;
}

static void assert_no_answer(struct qos_rtt_marks *marks, uint32_t middle, uint32_t delay,
	uint64_t now_ns, enum qos_rtt_status want)
{
	uint32_t us;

	assert_int_equal(qos_rtt_answer(marks, middle, delay, now_ns, &us), want);
}

/* Figure 2 of RFC 3550: SR at 0xb44db705:20000000, A = 0xb710:8000, DLSR = 5.25 s: 6.125 s. The SR left at
 * 46853.125 s and the answer came at 46864.5 s. */
static void gives_the_round_trip_of_rfc_3550(void **state)
{
	struct qos_rtt_marks marks = {0};

	(void)state;
	qos_rtt_pass(&marks, 0xb7052000, T0);
	assert_int_equal(answer(&marks, 0xb7052000, 0x00054000, T0 + 11375 * MS), 6125000);
}

/* 65536 s after: the middle 32 bits are the same again, and the arithmetic is on the probe's clock alone. */
static void survives_the_wrap_of_the_middle_bits(void **state)
{
	struct qos_rtt_marks marks = {0};

	(void)state;
	qos_rtt_pass(&marks, 0xffffffff, T0);
	qos_rtt_pass(&marks, 1, T0 + S / 1000);
	assert_int_equal(answer(&marks, 1, 65536, T0 + S / 1000 + S + 30 * MS), 30000);
	assert_int_equal(answer(&marks, 0xffffffff, 65536, T0 + S + 40 * MS), 40000);
}

static void refuses_what_is_no_answer(void **state)
{
	struct qos_rtt_marks marks = {0};

	(void)state;
	qos_rtt_pass(&marks, 0, T0);
	assert_no_answer(&marks, 0, 65536, T0 + 2 * S, QOS_RTT_NOTHING);
	qos_rtt_pass(&marks, 100, T0);
	assert_no_answer(&marks, 100, 0, T0 + 2 * S, QOS_RTT_NOTHING);
	assert_no_answer(&marks, 101, 65536, T0 + 2 * S, QOS_RTT_UNKNOWN);
	assert_no_answer(&marks, 100, 65536, T0 + 11 * S + MS, QOS_RTT_RANGE);
	/* 65537 is more than 65536: not the same answer again. */
	assert_int_equal(answer(&marks, 100, 65537, T0 + S + 50 * MS), 49985);
	/* A copy, and a report that no new SR came between: DLSR goes on. */
	assert_no_answer(&marks, 100, 65537, T0 + S + 51 * MS, QOS_RTT_REPEATED);
	assert_no_answer(&marks, 100, 65000, T0 + 6 * S, QOS_RTT_REPEATED);
	assert_int_equal(answer(&marks, 100, 6 * 65536, T0 + 6 * S + 50 * MS), 50000);
}

/* Next to an end the round trip is less than its clock is exact: 200 ppm of 5 s are 1 ms. */
static void takes_a_little_less_than_zero_for_zero(void **state)
{
	struct qos_rtt_marks marks = {0};

	(void)state;
	qos_rtt_pass(&marks, 100, T0);
	assert_int_equal(answer(&marks, 100, 5 * 65536, T0 + 5 * S - 900000), 0);
	qos_rtt_pass(&marks, 200, T0);
	assert_no_answer(&marks, 200, 5 * 65536, T0 + 5 * S - 1100000, QOS_RTT_RANGE);
}

/* A mirrored copy of an SR comes within a moment; an SR whose timestamp stands still comes seconds later,
 * and whom it is answered to is not known. */
static void a_timestamp_that_stands_still_is_of_no_use(void **state)
{
	struct qos_rtt_marks marks = {0};

	(void)state;
	qos_rtt_pass(&marks, 100, T0);
	qos_rtt_pass(&marks, 100, T0 + MS);
	assert_int_equal(answer(&marks, 100, 65536, T0 + S + 20 * MS), 20000);
	qos_rtt_pass(&marks, 100, T0 + 5 * S);
	assert_no_answer(&marks, 100, 65537, T0 + 6 * S, QOS_RTT_UNKNOWN);
}

static void keeps_the_last_eight_timestamps(void **state)
{
	struct qos_rtt_marks marks = {0};

	(void)state;
	for (unsigned i = 1; i <= 9; i++)
		qos_rtt_pass(&marks, i, T0 + i * S);
	assert_no_answer(&marks, 1, 65536, T0 + 3 * S, QOS_RTT_UNKNOWN);
	assert_int_equal(answer(&marks, 2, 8 * 65536, T0 + 10 * S + 7 * MS), 7000);
	assert_int_equal(answer(&marks, 9, 65536, T0 + 10 * S + 8 * MS), 8000);
}

static void the_least_of_the_last_five_counts(void **state)
{
	static const uint32_t us[] = {50000, 10000, 60000, 70000, 80000, 90000, 55000};
	static const double want[] = {50, 10, 10, 10, 10, 10, 55};
	struct qos_rtt rtt = {0};
	double ms;

	(void)state;
	assert_false(qos_rtt_ms(&rtt, &ms));
	for (unsigned i = 0; i < 7; i++) {
		qos_rtt_add(&rtt, us[i]);
		assert_true(qos_rtt_ms(&rtt, &ms));
		assert_true(ms == want[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_round_trip_of_rfc_3550),
		cmocka_unit_test(survives_the_wrap_of_the_middle_bits),
		cmocka_unit_test(refuses_what_is_no_answer),
		cmocka_unit_test(takes_a_little_less_than_zero_for_zero),
		cmocka_unit_test(a_timestamp_that_stands_still_is_of_no_use),
		cmocka_unit_test(keeps_the_last_eight_timestamps),
		cmocka_unit_test(the_least_of_the_last_five_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
