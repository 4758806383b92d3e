/* SPDX-License-Identifier: BSD-3-Clause */
/* Overload in the pipeline shape: a receiver fills the ring of a worker that takes less. */
#include "probe_overload_case.h"

static void feed(void)
{
	struct rte_mbuf *burst[DP_BURST];

	make_burst(burst);
	probe_rx_burst(&rig.rx[0], burst, DP_BURST);
	if (level() > rig.highest_level)
		rig.highest_level = level();
}

/* So many bursts come, and the worker takes so many. */
static void turn(unsigned fed, unsigned taken)
{
	for (unsigned i = 0; i < fed; i++)
		feed();
	for (unsigned i = 0; i < taken; i++)
		probe_worker_take(&rig.worker[0]);
	urcu_qsbr_quiescent_state();
}

static void turns_for(uint64_t ns, unsigned fed, unsigned taken)
{
	uint64_t until = rig.now_ns + ns;

	while (rig.now_ns < until)
		turn(fed, taken);
}

static void drain(void)
{
	while (probe_worker_take(&rig.worker[0]))
		urcu_qsbr_quiescent_state();
}

/* Each turn two bursts come and the worker takes one: twice its capacity. */
static void overload_for(uint64_t ns)
{
	turns_for(ns, 2, 1);
}

/* Half the capacity from here on: nothing is shed any more about a second later, and then every
 * stream is received again. */
static void expect_recovery(void)
{
	uint64_t from_ns = rig.now_ns, shed;

	assert_true(level() > 0);
	while (level()) {
		turn(1, 2);
		assert_true(rig.now_ns - from_ns <= SECOND_NS + SECOND_NS / 10);
	}
	drain();
	note_streams();
	shed = outcome(PROBE_media_shed);
	turns_for(SECOND_NS / 2, 1, 2);
	drain();
	assert_int_equal(outcome(PROBE_media_shed), shed);
	for (unsigned i = 0; i < STREAMS; i++) {
		const struct stream *s = &rig.streams[i];

		assert_true(s->fed >= s->fed_before + 20);
		assert_int_equal(packets_of(s) - s->packets_before, s->fed - s->fed_before);
	}
}

static void both_directions_share_a_bucket(void **state)
{
	(void)state;
	for (unsigned i = 0; i < STREAMS; i += 2)
		assert_int_equal(rig.streams[i].bucket, rig.streams[i + 1].bucket);
}

static void processes_all_signalling_under_overload(void **state)
{
	(void)state;
	overload_for(4 * SECOND_NS);
	drain();
	expect_all_signalling();
}

static void counts_every_frame_once_under_overload(void **state)
{
	(void)state;
	overload_for(4 * SECOND_NS);
	drain();
	expect_conservation();
}

static void sheds_half_of_twice_the_capacity(void **state)
{
	uint64_t media, shed;

	(void)state;
	overload_for(4 * SECOND_NS);
	media = rig.fed - rig.fed_sip;
	shed = outcome(PROBE_media_shed);
	assert_in_range(shed, media * 2 / 5, media * 3 / 5);
	drain();
}

static void keeps_streams_above_the_level_whole(void **state)
{
	(void)state;
	overload_for(4 * SECOND_NS);
	drain();
	assert_true(expect_kept_whole() * 4 >= STREAMS);
}

static void reports_no_loss_of_its_own_making(void **state)
{
	(void)state;
	overload_for(4 * SECOND_NS);
	expect_recovery();
	assert_true(outcome(PROBE_media_shed) > 0);
	expect_no_loss_but_own(NOBODY);
}

static void reports_a_network_loss_of_a_kept_stream(void **state)
{
	unsigned lossy = safest_stream();

	(void)state;
	overload_for(2 * SECOND_NS);
	rig.skip = lossy;
	overload_for(2 * SECOND_NS);
	expect_recovery();
	assert_true(rig.streams[lossy].bucket >= rig.highest_level);
	expect_no_loss_but_own(lossy);
}

static void recovers_within_a_second(void **state)
{
	(void)state;
	overload_for(2 * SECOND_NS);
	expect_recovery();
	expect_all_signalling();
	drain();
	expect_conservation();
}

/* A worker that stands still: all media is shed, and with none left to hand over it must still end. */
static void recovers_after_the_worker_stood_still(void **state)
{
	(void)state;
	while (level() < PROBE_SHED_BUCKETS)
		turn(1, 0);
	turns_for(SECOND_NS / 10, 1, 0);
	assert_int_equal(level(), PROBE_SHED_BUCKETS);
	expect_recovery();
	expect_all_signalling();
	drain();
	expect_conservation();
	expect_no_loss_but_own(NOBODY);
}

/* The level goes up and down while packets wait, at all lengths of the pause. */
static void reports_no_loss_when_the_worker_stops_and_goes(void **state)
{
	(void)state;
	for (unsigned pause = 15; pause < 60; pause++) {
		for (unsigned i = 0; i < pause; i++)
			turn(1, 0);
		for (unsigned i = 0; i < pause; i++)
			turn(1, 2);
	}
	overload_for(SECOND_NS / 10);
	expect_recovery();
	assert_true(outcome(PROBE_media_shed) > 0);
	drain();
	expect_conservation();
	expect_no_loss_but_own(NOBODY);
}

static int open_pipeline(void **state)
{
	(void)state;
	return open_lane(false);
}

#define LANE_TEST(name) cmocka_unit_test_setup_teardown(name, open_pipeline, close_lane)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LANE_TEST(both_directions_share_a_bucket),
		LANE_TEST(processes_all_signalling_under_overload),
		LANE_TEST(counts_every_frame_once_under_overload),
		LANE_TEST(sheds_half_of_twice_the_capacity),
		LANE_TEST(keeps_streams_above_the_level_whole),
		LANE_TEST(reports_no_loss_of_its_own_making),
		LANE_TEST(reports_a_network_loss_of_a_kept_stream),
		LANE_TEST(recovers_within_a_second),
		LANE_TEST(recovers_after_the_worker_stood_still),
		LANE_TEST(reports_no_loss_when_the_worker_stops_and_goes),
	};

	return cmocka_run_group_tests(tests, start_probe, stop_probe);
}
