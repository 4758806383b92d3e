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

/* Amid the media, of which none is lost, nor another order. */
static void noise_is_taken_out_of_the_media(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		fill_rtp(add_mbuf());
		add_noise();
		fill_rtp(add_mbuf());
	}
	give();
	assert_int_equal(take(), 24);
	assert_int_equal(worker()->wholes.count, 8);
	assert_int_equal(outcome(PROBE_rtp), 16);
	drain_and_expect_conservation();
	assert_int_equal(outcome(PROBE_unknown_udp), 8);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(packets_of(&rig.streams[i]), rig.streams[i].fed);
}

/* Of more than there is room for. */
static void the_next_one_makes_those_go_on_that_fill_the_room(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PROBE_WHOLES_MAX; i += 2) {
		add_noise();
		add_noise();
		give_full();
		take();
	}
	assert_int_equal(outcome(PROBE_unknown_udp), 0);
	add_noise();
	give_full();
	take();
	assert_int_equal(outcome(PROBE_unknown_udp), PROBE_WHOLES_MAX + 1); /* after them */
	drain_and_expect_conservation();
}

/* All of a new stream is counted as one of its call: its packets, all of one time, would not confirm it. */
static void media_of_a_new_stream_makes_all_go_on(void **state)
{
	struct stream s = rig.streams[0];
	unsigned call;

	(void)state;
	call = announce(&s);
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

/* RTP that no descriptor can tell the time of stays whole among the other media. */
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
	assert_int_equal(outcome(PROBE_sip), 0); /* waits: the stream is known */
	assert_int_equal(report_of(s).packets, 8);
	assert_int_equal(report_of(s).reordered, 0);
	drain_and_expect_conservation();
}

/* From here on media has these times. */
static void go_to(uint64_t ns)
{
	rig.round_ns = rig.now_ns = ns;
	rig.next = 0;
}

/* As it is, each of its own time. */
static void give_at_their_times(void)
{
	unsigned n = burst.n;

	burst.n = 0;
	probe_rx_burst(&rig.rx[0], burst.packets, n);
}

static void add_media(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		fill_rtp(add_mbuf());
}

/* Packet time, of which little passes in 64 turns where there is much. */
static void it_waits_for_10_ms_at_most(void **state)
{
	(void)state;
	add_invite(NULL);
	add_media(DP_BURST - 1);
	give_at_their_times();
	take();
	go_to(START_NS + PACKET_NS / 4);
	add_media(DP_BURST);
	give_at_their_times();
	take();
	assert_int_equal(outcome(PROBE_sip), 0);
	go_to(START_NS + PACKET_NS);
	add_media(DP_BURST);
	give_at_their_times();
	take();
	assert_int_equal(outcome(PROBE_sip), 1);
	drain_and_expect_conservation();
}

/* The worker stood still for a minute between two turns. */
static void time_does_not_go_back_for_those_that_waited(void **state)
{
	uint64_t later_ns = START_NS + 61 * SECOND_NS;

	(void)state;
	add_invite(NULL);
	give_full();
	take();
	go_to(later_ns);
	add_media(DP_BURST);
	give_at_their_times();
	take();
	assert_int_equal(outcome(PROBE_sip), 1);
	take();
	assert_true(worker()->now_ns >= later_ns);
	drain_and_expect_conservation();
}

static uint64_t final_reports(void)
{
	return probe_read(&worker()->counters.reports_final);
}

static uint64_t periodic_reports(void)
{
	return probe_read(&worker()->counters.reports_periodic);
}

/* The clock is set forward within a burst: what came before is of streams that have not ended yet. */
static void noise_after_a_clock_was_set_forward_ends_no_stream_early(void **state)
{
	(void)state;
	add_media(16);
	go_to(START_NS + 61 * SECOND_NS);
	add_noise();
	add_media(1);
	give_at_their_times();
	take();
	assert_true(final_reports() > 0);
	assert_true(outcome(PROBE_rtp) >= 16);
	drain_and_expect_conservation();
	assert_int_equal(outcome(PROBE_unknown_udp), 1);
}

/* Nor does time go back for what came just before. */
static void noise_before_a_clock_was_set_forward_moves_no_time(void **state)
{
	(void)state;
	add_media(8);
	add_noise();
	go_to(START_NS + 61 * SECOND_NS);
	add_media(8);
	give_at_their_times();
	take();
	assert_int_equal(take(), 0);
	assert_int_equal(outcome(PROBE_unknown_udp), 1);
	assert_true(worker()->now_ns >= START_NS + 61 * SECOND_NS);
	drain_and_expect_conservation();
}

/* Back: time goes back once, and through none of the ticks again. */
static void noise_after_a_clock_was_set_back_moves_no_time(void **state)
{
	(void)state;
	add_media(16);
	go_to(START_NS - 100 * SECOND_NS);
	add_noise();
	add_media(15);
	give_at_their_times();
	take();
	while (take())
		;
	assert_int_equal(periodic_reports(), 0);
	assert_true(worker()->now_ns < START_NS - 99 * SECOND_NS);
	drain_and_expect_conservation();
}

/* And does not go forth again for what waits. */
static void those_that_waited_do_not_undo_that_time_went_back(void **state)
{
	(void)state;
	add_invite(NULL);
	give_full();
	take();
	assert_int_equal(worker()->wholes.count, 1);
	go_to(START_NS - 100 * SECOND_NS);
	add_media(DP_BURST);
	give_at_their_times();
	take();
	assert_int_equal(outcome(PROBE_sip), 0);
	take();
	assert_int_equal(outcome(PROBE_sip), 1);
	assert_int_equal(periodic_reports(), 0);
	assert_true(worker()->now_ns < START_NS - 99 * SECOND_NS);
	drain_and_expect_conservation();
}

/* What a file brings goes through at once and in its order. */
static void of_a_file_nothing_waits(void **state)
{
	(void)state;
	rig.probe.is_offline = true;
	add_noise();
	add_media(2);
	add_invite(NULL);
	give();
	assert_int_equal(take(), 4);
	assert_int_equal(outcome(PROBE_sip), 1);
	assert_int_equal(outcome(PROBE_unknown_udp), 1);
	rig.probe.is_offline = false;
	drain_and_expect_conservation();
}

/* One whose packets have other tags than those of a stream between the same ends. */
static void a_packet_that_came_whole_keeps_its_tenant(void **state)
{
	static const uint8_t tag[] = {0x81, 0, 0, 5};
	struct stream s = rig.streams[0];

	(void)state;
	memmove(s.frame.b + 16, s.frame.b + 12, s.frame.n - 12);
	memcpy(s.frame.b + 12, tag, sizeof(tag));
	s.frame.n += sizeof(tag);
	for (unsigned i = 0; i < 4; i++)
		add(&s.frame);
	fill_rtp(add_mbuf());
	give();
	take();
	assert_int_equal(outcome(PROBE_rtp), 1);
	assert_int_equal(packets_of(&rig.streams[0]), 1);
	while (take())
		;
	expect_conservation();
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
	rig.options.tenants = PKT_TENANTS_NONE;
	return open_lane(false);
}

static int open_tenants(void **state)
{
	(void)state;
	burst.n = 0;
	rig.options.tenants = PKT_TENANTS_VLAN;
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
		LANE_TEST(noise_is_taken_out_of_the_media),
		LANE_TEST(the_next_one_makes_those_go_on_that_fill_the_room),
		LANE_TEST(media_of_a_new_stream_makes_all_go_on),
		LANE_TEST(a_packet_behind_its_arrival_keeps_its_order),
		LANE_TEST(it_waits_for_10_ms_at_most),
		LANE_TEST(time_does_not_go_back_for_those_that_waited),
		LANE_TEST(noise_after_a_clock_was_set_forward_ends_no_stream_early),
		LANE_TEST(noise_before_a_clock_was_set_forward_moves_no_time),
		LANE_TEST(noise_after_a_clock_was_set_back_moves_no_time),
		LANE_TEST(those_that_waited_do_not_undo_that_time_went_back),
		LANE_TEST(of_a_file_nothing_waits),
		cmocka_unit_test_setup_teardown(
			a_packet_that_came_whole_keeps_its_tenant, open_tenants, close_lane),
		LANE_TEST(all_receivers_are_taken_in_one_turn),
	};

	return cmocka_run_group_tests(tests, start_probe, stop_probe);
}
