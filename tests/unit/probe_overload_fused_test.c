/* SPDX-License-Identifier: BSD-3-Clause */
/* Overload in the fused shape: packets wait in the NIC's queue, of which nothing is known but what polls give. To
 * shed a packet costs a tenth of taking it. */
#include "probe_overload_case.h"

enum {
	TAKE_COST = 10,
	SHED_COST = 1,
	BURST_COST = DP_BURST * TAKE_COST + 1,
};

static struct {
	struct rte_mbuf *packets[QUEUE];
	unsigned first, count;
	uint64_t missed; /* it was full */
	int time; /* that the worker has left */
	uint64_t full; /* packets of polls that came back full in a row */
} nic;

static void offer(void)
{
	struct rte_mbuf *burst[DP_BURST];

	make_burst(burst);
	for (unsigned i = 0; i < DP_BURST; i++) {
		if (nic.count == QUEUE) {
			rte_pktmbuf_free(burst[i]);
			nic.missed++;
			continue;
		}
		nic.packets[(nic.first + nic.count++) % QUEUE] = burst[i];
	}
}

/* Polls once; returns what that cost. */
static unsigned poll_once(void)
{
	uint64_t shed = outcome(PROBE_media_shed);
	struct rte_mbuf *burst[DP_BURST];
	unsigned n = 0;

	for (; n < DP_BURST && nic.count; n++, nic.count--) {
		burst[n] = nic.packets[nic.first];
		nic.first = (nic.first + 1) % QUEUE;
	}
	if (n)
		probe_rx_burst(&rig.rx[0], burst, n);
	else
		probe_rx_flush(&rig.rx[0]);
	nic.full = n == DP_BURST ? nic.full + n : 0;
	probe_shed_poll(&rig.rx[0].lanes[0].shed, &(struct probe_shed_polls){n, nic.full, QUEUE},
		rig.rx[0].last_ns);
	if (level() > rig.highest_level)
		rig.highest_level = level();
	shed = outcome(PROBE_media_shed) - shed;
	return 1 + (n - (unsigned)shed) * TAKE_COST + (unsigned)shed * SHED_COST;
}

/* So many bursts come while the worker has time for work of this cost. */
static void turn(unsigned fed, int budget)
{
	for (unsigned i = 0; i < fed; i++)
		offer();
	nic.time += budget;
	while (nic.time > 0) {
		bool was_empty = !nic.count;

		nic.time -= (int)poll_once();
		if (was_empty)
			nic.time = nic.time < 0 ? nic.time : 0;
	}
	urcu_qsbr_quiescent_state();
}

static void turns_for(uint64_t ns, unsigned fed, int budget)
{
	uint64_t until = rig.now_ns + ns;

	while (rig.now_ns < until)
		turn(fed, budget);
}

static void drain(void)
{
	while (nic.count)
		poll_once();
	poll_once(); /* the packets of a burst go back with the next poll */
}

static void sheds_before_the_queue_is_full(void **state)
{
	uint64_t shed;

	(void)state;
	turns_for(4 * SECOND_NS, 2, BURST_COST);
	drain();
	shed = outcome(PROBE_media_shed);
	assert_int_equal(nic.missed, 0);
	/* Of 20 units a kept half costs 10 and a shed half 1: a little more than half is given up. */
	assert_in_range(shed, rig.fed * 2 / 5, rig.fed * 7 / 10);
	expect_all_signalling();
	expect_conservation();
}

static void keeps_streams_above_the_level_whole(void **state)
{
	(void)state;
	turns_for(4 * SECOND_NS, 2, BURST_COST);
	drain();
	assert_true(expect_kept_whole() * 5 >= STREAMS);
}

static void recovers_within_a_second_and_blames_nobody(void **state)
{
	uint64_t from_ns, shed;

	(void)state;
	turns_for(2 * SECOND_NS, 2, BURST_COST);
	from_ns = rig.now_ns;
	while (level()) {
		turn(1, 2 * BURST_COST);
		assert_true(rig.now_ns - from_ns <= SECOND_NS + SECOND_NS / 10);
	}
	drain();
	shed = outcome(PROBE_media_shed);
	assert_true(shed > 0);
	turns_for(SECOND_NS, 1, 2 * BURST_COST);
	drain();
	assert_int_equal(outcome(PROBE_media_shed), shed);
	expect_no_loss_but_own(NOBODY);
	expect_all_signalling();
	expect_conservation();
}

/* More than can be shed before the queue is full: what it loses is not counted, but all else is. */
static void loses_nothing_of_its_own_at_eight_times(void **state)
{
	uint64_t missed;

	(void)state;
	turns_for(2 * SECOND_NS, 8, BURST_COST);
	missed = nic.missed;
	assert_true(missed > 0);
	while (level())
		turn(1, 2 * BURST_COST);
	drain();
	assert_int_equal(nic.missed, missed);
	rig.fed -= missed;
	expect_conservation();
}

static void sheds_nothing_at_nine_tenths(void **state)
{
	(void)state;
	turns_for(4 * SECOND_NS, 1, BURST_COST * 10 / 9);
	drain();
	assert_int_equal(outcome(PROBE_media_shed), 0);
	assert_int_equal(nic.missed, 0);
	expect_no_loss_but_own(NOBODY);
	expect_conservation();
}

static int open_fused(void **state)
{
	(void)state;
	memset(&nic, 0, sizeof(nic));
	open_lane(true);
	return 0;
}

#define LANE_TEST(name) cmocka_unit_test_setup_teardown(name, open_fused, close_lane)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LANE_TEST(sheds_before_the_queue_is_full),
		LANE_TEST(keeps_streams_above_the_level_whole),
		LANE_TEST(recovers_within_a_second_and_blames_nobody),
		LANE_TEST(loses_nothing_of_its_own_at_eight_times),
		LANE_TEST(sheds_nothing_at_nine_tenths),
	};

	return cmocka_run_group_tests(tests, start_probe, stop_probe);
}
