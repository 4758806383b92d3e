/* SPDX-License-Identifier: BSD-3-Clause */
/* A worker that gets all of it out of rings: what waits there for others, for how long, and what does not wait. */
#include "probe_burst_case.h"

static struct probe_worker *worker(void)
{
	return &rig.worker[0];
}

static unsigned take(void)
{
	unsigned n = probe_worker_take(worker());

	urcu_qsbr_quiescent_state();
	return n;
}

/* And nothing waits any more. */
static void drain_and_expect_conservation(void)
{
	while (take())
		;
	assert_int_equal(worker()->wholes.count, 0);
	expect_conservation();
}

static void signalling_waits_while_media_comes(void **state)
{
	(void)state;
	add_invite(NULL);
	give_full();
	assert_int_equal(take(), DP_BURST);
	assert_int_equal(outcome(PROBE_rtp), DP_BURST - 1);
	assert_int_equal(outcome(PROBE_sip), 0);
	assert_int_equal(take(), 0);
	assert_int_equal(outcome(PROBE_sip), 1);
	drain_and_expect_conservation();
}

static void it_waits_for_64_turns_at_most(void **state)
{
	(void)state;
	add_invite(NULL);
	for (unsigned i = 0; i < TURNS_MAX; i++) {
		assert_int_equal(outcome(PROBE_sip), 0);
		give_full();
		take();
	}
	assert_int_equal(outcome(PROBE_sip), 1);
	drain_and_expect_conservation();
}

/* Not even the first packet in a second of each stream, which comes whole. */
static void media_of_known_streams_makes_none_go_on(void **state)
{
	(void)state;
	add_invite(NULL);
	for (unsigned i = 0; i < 40; i++) {
		rig.now_ns += SECOND_NS;
		give_full();
		take();
	}
	assert_int_equal(outcome(PROBE_sip), 0);
	assert_int_equal(outcome(PROBE_rtp), 40 * DP_BURST - 1);
	drain_and_expect_conservation();
}

/* What is no media waits with the signalling, and is told as by itself. */
static void noise_waits_too(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		add_noise();
		add_invite(NULL);
		give_full();
		take();
	}
	assert_int_equal(worker()->wholes.count, 6);
	assert_int_equal(outcome(PROBE_unknown_udp), 0);
	assert_int_equal(outcome(PROBE_rtp), 3 * (DP_BURST - 2));
	drain_and_expect_conservation();
	assert_int_equal(outcome(PROBE_unknown_udp), 3);
	assert_int_equal(outcome(PROBE_sip), 3);
}

/* Of more than there is room for. */
static void the_next_one_makes_those_go_on_that_fill_the_room(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PROBE_WHOLES_MAX; i++) {
		add_noise();
		give_full();
		take();
	}
	assert_int_equal(outcome(PROBE_unknown_udp), 0);
	add_noise();
	give_full();
	take();
	assert_int_equal(outcome(PROBE_unknown_udp), PROBE_WHOLES_MAX);
	drain_and_expect_conservation();
}

/* All of a new stream is counted as one of its call: its packets, all of one time, would not confirm it. */
static void media_of_a_new_stream_makes_all_go_on(void **state)
{
	static const uint8_t address[] = {10, 9, 0, 1};
	struct stream s = rig.streams[0];
	char sdp[256];
	unsigned call;

	(void)state;
	memcpy(s.frame.b + 30, address, sizeof(address));
	s.frame.b[36] = 34000 >> 8;
	s.frame.b[37] = 34000 & 0xff;
	describe(sdp, sizeof(sdp), 34000, 8);
	call = add_invite(sdp);
	give_full();
	take();
	assert_int_equal(outcome(PROBE_sip), 0);
	for (unsigned i = 0; i < DP_BURST; i++) {
		number(&s);
		add(&s.frame);
	}
	give();
	take();
	assert_int_equal(outcome(PROBE_sip), 1);
	assert_int_equal(outcome(PROBE_rtp), DP_BURST - 1 + DP_BURST);
	assert_int_equal(call_of(call)->streams_open, 1);
	drain_and_expect_conservation();
}

/* RTP that no descriptor can tell the time of stays whole, behind what waits. */
static void a_packet_behind_its_arrival_keeps_its_order(void **state)
{
	struct stream *s = &rig.streams[0];

	(void)state;
	add_invite(NULL);
	for (unsigned i = 0; i < 8; i++) {
		number(s);
		s->frame.b[RTP_AT] = i % 2 ? 0x90 : 0x80; /* plain without an extension */
		add(&s->frame);
		dp_meta(burst.packets[burst.n - 1])->behind_ns = i % 2 * 1000;
	}
	give();
	take();
	assert_int_equal(outcome(PROBE_sip), 1);
	assert_int_equal(report_of(s).packets, 8);
	assert_int_equal(report_of(s).reordered, 0);
	drain_and_expect_conservation();
}

/* The worker stood still for a minute between two turns. */
static void time_does_not_go_back_for_those_that_waited(void **state)
{
	uint64_t later_ns = START_NS + 61 * SECOND_NS;
	struct rte_mbuf *m[DP_BURST];

	(void)state;
	add_invite(NULL);
	give_full();
	take();
	rig.round_ns = rig.now_ns = later_ns;
	assert_int_equal(rte_pktmbuf_alloc_bulk(rig.pool, m, DP_BURST), 0);
	for (unsigned i = 0; i < DP_BURST; i++, rig.fed++)
		fill_rtp(m[i]);
	probe_rx_burst(&rig.rx[0], m, DP_BURST);
	take();
	assert_int_equal(outcome(PROBE_sip), 1);
	take();
	assert_true(worker()->now_ns >= later_ns);
	drain_and_expect_conservation();
}

/* Of several receivers none waits until another has nothing to give. */
static void all_receivers_are_taken_in_one_turn(void **state)
{
	struct probe_worker_lane lanes[2] = {worker()->lanes[0]}, *own = worker()->lanes;
	struct rte_mbuf *m;
	struct pkt_media element;

	(void)state;
	assert_int_equal(dp_ring_create("more_media", sizeof(element), 64, -1, &lanes[1].media), 0);
	assert_int_equal(
		dp_ring_create("more_signalling", sizeof(m), 64, -1, &lanes[1].signalling), 0);
	worker()->lanes = lanes;
	worker()->lane_count = 2;
	assert_int_equal(rte_pktmbuf_alloc_bulk(rig.pool, &m, 1), 0);
	rig.fed++;
	fill_rtp(m);
	element = probe_packet_element(m);
	assert_int_equal(dp_ring_put(lanes[1].media, &element, 1), 1);
	give_full();
	assert_int_equal(take(), DP_BURST + 1);
	assert_int_equal(outcome(PROBE_rtp), DP_BURST + 1);
	drain_and_expect_conservation();
	worker()->lanes = own;
	worker()->lane_count = 1;
	dp_ring_destroy(lanes[1].media);
	dp_ring_destroy(lanes[1].signalling);
}

static int open_pipeline(void **state)
{
	(void)state;
	burst.n = 0;
	return open_lane(false);
}

#define LANE_TEST(name) cmocka_unit_test_setup_teardown(name, open_pipeline, close_lane)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LANE_TEST(signalling_waits_while_media_comes),
		LANE_TEST(it_waits_for_64_turns_at_most),
		LANE_TEST(media_of_known_streams_makes_none_go_on),
		LANE_TEST(noise_waits_too),
		LANE_TEST(the_next_one_makes_those_go_on_that_fill_the_room),
		LANE_TEST(media_of_a_new_stream_makes_all_go_on),
		LANE_TEST(a_packet_behind_its_arrival_keeps_its_order),
		LANE_TEST(time_does_not_go_back_for_those_that_waited),
		LANE_TEST(all_receivers_are_taken_in_one_turn),
	};

	return cmocka_run_group_tests(tests, start_probe, stop_probe);
}
