/* SPDX-License-Identifier: BSD-3-Clause */
/* Jumps in the sequence: restarts, strays, and outages that all clocks saw. */
#include "qos_count_case.h"

static void takes_a_gap_of_max_dropout_for_a_restart(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 9);
	feed_jump(&rig, 3009, 3009, 10);
	assert_counts(&rig, (struct counts){.packets = 10, .errors = 1, .strays = 1});
	feed_jump(&rig, 3010, 3018, 11);
	assert_counts(&rig, (struct counts){.packets = 20, .errors = 2, .restarts = 1});
}

/* A minute without packets, and timestamps and the wall say a minute too: the tap or the network lost it. */
static void a_minute_that_all_clocks_saw_is_lost(void **state)
{
	struct qos_report r;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 9);
	feed(&rig, voice(3009));
	assert_counts(&rig, (struct counts){.packets = 10, .errors = 1, .strays = 1});
	feed_voice(&rig, 3010, 3018);
	assert_counts(&rig, (struct counts){.packets = 20, .lost = 2999, .errors = 3});
	r = report_of(&rig, QOS_FINAL);
	assert_int_equal(r.bursts, 1);
	assert_near(r.burst_ms, 2999 * 20, 1e-9);
	assert_near(r.skew_ms, 0, 1e-6);
}

/* The sequence, the timestamps and the wall each by itself; 20 % are agreement. */
static void a_minute_that_one_clock_did_not_see_is_a_restart(void **state)
{
	static const struct {
		uint32_t seq, ts, ms;
		bool is_outage;
	} rows[] = {
		{4000, 4000, 80000, true},
		{4000, 4000, 90000, true},
		{4000, 3300, 80000, true},
		{4000, 3000, 80000, false},
		{4000, 4000, 60000, false},
		{4000, 4000, 20, false},
		{5500, 4000, 80000, false},
		{3100, 4000, 80000, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct qos_report r;
		struct rig rig;

		rig_init(&rig);
		feed_voice(&rig, 0, 9);
		for (uint32_t k = 0; k < 10; k++)
			feed(&rig, (struct rtp){.seq = (uint16_t)(9 + rows[i].seq + k),
					   .ts = 160 * (9 + rows[i].ts + k),
					   .ns = (int64_t)((180 + rows[i].ms + 20 * k) * MS),
					   .bytes = 160});
		r = report_of(&rig, QOS_FINAL);
		assert_int_equal(r.packets, 20);
		assert_int_equal(r.restarts, !rows[i].is_outage);
		assert_int_equal(r.lost, rows[i].is_outage ? rows[i].seq - 1 : 0);
	}
}

/* A thousand numbers in 20 ms: nobody sent them. In 20 s they are lost. */
static void a_jump_that_took_no_time_is_a_restart(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 9);
	feed_jump(&rig, 1009, 1018, 10);
	assert_counts(&rig, (struct counts){.packets = 20, .errors = 2, .restarts = 1});
}

static void a_restart_credits_both_packets_and_no_loss(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 9);
	feed_jump(&rig, 30000, 30001, 10);
	assert_counts(&rig, (struct counts){.packets = 12, .errors = 2, .restarts = 1});
	feed_jump(&rig, 30002, 30009, 12);
	assert_counts(&rig, (struct counts){.packets = 20, .errors = 2, .restarts = 1});
}

static void keeps_the_losses_of_every_segment(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 9);
	feed_voice(&rig, 12, 19);
	feed_jump(&rig, 40000, 40009, 20);
	feed_jump(&rig, 40013, 40019, 33);
	/* Back to a lower number, where it ends just behind the wrap. */
	feed_jump(&rig, 65535, 65537, 40);
	assert_counts(&rig, (struct counts){.packets = 38, .lost = 5, .errors = 6, .restarts = 2});
	/* A packet older than the first of the segment belongs to it. */
	feed(&rig, voice(65533));
	assert_counts(&rig,
		(struct counts){
			.packets = 39, .lost = 6, .reordered = 1, .errors = 7, .restarts = 2});
}

static void a_restart_may_begin_at_65535(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 20000, 20009);
	feed_jump(&rig, 65535, 65540, 20010);
	assert_counts(&rig, (struct counts){.packets = 16, .errors = 2, .restarts = 1});
}

static void a_single_stray_packet_changes_nothing(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 9);
	feed(&rig, voice(30000));
	feed_voice(&rig, 10, 19);
	assert_counts(&rig, (struct counts){.packets = 20, .errors = 1, .strays = 1});
}

static void a_jump_and_return_is_no_restart(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 9);
	feed(&rig, voice(30000));
	feed(&rig, voice(10));
	feed(&rig, voice(30001));
	feed(&rig, voice(11));
	assert_counts(&rig, (struct counts){.packets = 12, .errors = 2, .strays = 2});
}

static void only_consecutive_numbers_restart(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 9);
	feed(&rig, voice(30000));
	feed(&rig, voice(40000));
	feed(&rig, voice(30001));
	feed_jump(&rig, 40000, 40000, 40000);
	assert_counts(&rig, (struct counts){.packets = 10, .errors = 4, .strays = 4});
	feed_jump(&rig, 40001, 40001, 10);
	assert_counts(
		&rig, (struct counts){.packets = 12, .errors = 5, .restarts = 1, .strays = 3});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_a_gap_of_max_dropout_for_a_restart),
		cmocka_unit_test(a_minute_that_all_clocks_saw_is_lost),
		cmocka_unit_test(a_minute_that_one_clock_did_not_see_is_a_restart),
		cmocka_unit_test(a_jump_that_took_no_time_is_a_restart),
		cmocka_unit_test(a_restart_credits_both_packets_and_no_loss),
		cmocka_unit_test(keeps_the_losses_of_every_segment),
		cmocka_unit_test(a_restart_may_begin_at_65535),
		cmocka_unit_test(a_single_stray_packet_changes_nothing),
		cmocka_unit_test(a_jump_and_return_is_no_restart),
		cmocka_unit_test(only_consecutive_numbers_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
