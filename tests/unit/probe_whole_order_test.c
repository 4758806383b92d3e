/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets that wait for others, and the order and the time that others have meanwhile. */
#include "probe_overload_case.h"
#include "sig_kind.h"

static void burst_of(unsigned sip)
{
	struct rte_mbuf *burst[DP_BURST];

	assert_int_equal(rte_pktmbuf_alloc_bulk(rig.pool, burst, DP_BURST), 0);
	for (unsigned i = 0; i < DP_BURST; i++) {
		rig.fed++;
		if (i < sip)
			fill_sip(burst[i]);
		else
			fill_rtp(burst[i]);
	}
	probe_rx_burst(&rig.rx[0], burst, DP_BURST);
}

/* A full burst, then nothing is polled for a minute (the machine did not run), then more. */
static void time_does_not_go_back_for_those_that_waited(void **state)
{
	uint64_t queue_ns;

	(void)state;
	burst_of(1);
	assert_int_equal(rig.worker[0].wholes.count, 1);
	rig.round_ns += 61 * SECOND_NS;
	rig.now_ns = rig.round_ns;
	burst_of(0);
	burst_of(0); /* takes the one before */
	queue_ns = rig.worker[0].now_ns;
	assert_true(queue_ns >= START_NS + 61 * SECOND_NS);
	probe_rx_flush(&rig.rx[0]);
	assert_true(rig.worker[0].now_ns >= queue_ns);
	assert_true(rig.worker[0].next_tick_ns > queue_ns);
}

static void none_waits_for_more_than_10_ms(void **state)
{
	(void)state;
	burst_of(1);
	rig.now_ns = rig.round_ns = START_NS + PACKET_NS / 4;
	rig.next = 0;
	burst_of(0);
	assert_int_equal(outcome(PROBE_sip), 0);
	rig.now_ns = rig.round_ns = START_NS + PACKET_NS;
	rig.next = 0;
	burst_of(0);
	assert_int_equal(outcome(PROBE_sip), 1);
	probe_rx_flush(&rig.rx[0]);
	expect_conservation();
}

/* Rings of another receiver. */
static struct probe_worker_lane open_rings(void)
{
	struct probe_worker_lane lane;

	assert_int_equal(
		dp_ring_create("whole_media", sizeof(struct pkt_media), 64, -1, &lane.media), 0);
	assert_int_equal(
		dp_ring_create("whole_signalling", sizeof(void *), 64, -1, &lane.signalling), 0);
	*rig.worker[0].lanes = lane;
	rig.worker[0].lane_count = 1;
	rig.worker[0].rx = &rig.rx[0];
	return lane;
}

static void close_rings(const struct probe_worker_lane *lane)
{
	dp_ring_destroy(lane->media);
	dp_ring_destroy(lane->signalling);
}

/* No reason to go on with what may wait. */
static void an_empty_ring_of_another_receiver_makes_none_go_on(void **state)
{
	struct probe_worker_lane lane = open_rings();

	(void)state;
	burst_of(1);
	assert_int_equal(rig.worker[0].wholes.count, 1);
	probe_worker_take(&rig.worker[0]);
	close_rings(&lane);
	assert_int_equal(rig.worker[0].wholes.count, 1);
	assert_int_equal(outcome(PROBE_rtp), 0);
	probe_rx_flush(&rig.rx[0]);
	expect_conservation();
}

/* It waits behind what waits already, and the media that was there before goes on. */
static void a_message_of_another_receiver_overtakes_none(void **state)
{
	struct probe_worker_lane lane = open_rings();
	struct rte_mbuf *m;

	(void)state;
	burst_of(1);
	assert_int_equal(rte_pktmbuf_alloc_bulk(rig.pool, &m, 1), 0);
	rig.fed++;
	fill_sip(m);
	assert_int_equal(dp_ring_put(lane.signalling, &m, 1), 1);
	probe_worker_take(&rig.worker[0]);
	close_rings(&lane);
	assert_int_equal(outcome(PROBE_rtp), DP_BURST - 1);
	assert_int_equal(rig.worker[0].wholes.count, 2);
	assert_ptr_equal(rig.worker[0].wholes.list[1].packet, m);
	probe_rx_flush(&rig.rx[0]);
	assert_int_equal(outcome(PROBE_sip), 2);
	expect_conservation();
}

/* Nothing comes any more that would make it go on. */
static void a_message_after_the_own_receiver_ended_goes_on(void **state)
{
	struct probe_worker_lane lane = open_rings();
	struct rte_mbuf *m;

	(void)state;
	rig.rx[0].is_finished = true;
	assert_int_equal(rte_pktmbuf_alloc_bulk(rig.pool, &m, 1), 0);
	rig.fed++;
	fill_sip(m);
	assert_int_equal(dp_ring_put(lane.signalling, &m, 1), 1);
	assert_int_equal(probe_worker_take(&rig.worker[0]), 1);
	assert_int_equal(probe_worker_take(&rig.worker[0]), 0);
	close_rings(&lane);
	assert_int_equal(outcome(PROBE_sip), 1);
	expect_conservation();
}

/* A burst waits for its streams when the clock is set forward: what comes then does not go before it. */
static void a_message_after_a_clock_was_set_forward_ends_no_stream_early(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 25; i++)
		burst_of(0);
	rig.round_ns += 62 * SECOND_NS;
	rig.now_ns = rig.round_ns;
	burst_of(1);
	assert_int_equal(outcome(PROBE_rtp), 25 * DP_BURST);
	probe_rx_flush(&rig.rx[0]);
	expect_conservation();
}

/* One that there is no room for makes the others go on amid a burst, and the media before it. */
static void nothing_is_lost_where_a_burst_is_broken_off(void **state)
{
	struct rte_mbuf *burst[DP_BURST];

	(void)state;
	for (unsigned round = 0; round < 5; round++) {
		assert_int_equal(rte_pktmbuf_alloc_bulk(rig.pool, burst, DP_BURST), 0);
		for (unsigned i = 0; i < DP_BURST; i++) {
			rig.fed++;
			if (i % 3)
				fill_rtp(burst[i]);
			else
				fill_sip(burst[i]);
		}
		probe_rx_burst(&rig.rx[0], burst, DP_BURST);
	}
	probe_rx_flush(&rig.rx[0]);
	assert_int_equal(outcome(PROBE_sip), 5 * 11);
	assert_int_equal(outcome(PROBE_rtp), 5 * 21);
	expect_conservation();
}

/* At the port of DNS, also with capture.also: dns: packets with a header extension are no others than those without. */
static void rtp_at_the_port_of_dns_keeps_its_order(void **state)
{
	struct stream *s = &rig.streams[0];
	struct pkt_media first = {.seq = 1, .marker_pt = 8};
	struct qos_origin origin = {.ssrc = 0x5eed0000};
	struct rte_mbuf *burst[DP_BURST];
	struct pkt_view view;

	(void)state;
	s->frame.b[36] = 0;
	s->frame.b[37] = 53;
	assert_int_equal(decode(&s->frame, &view), PKT_OK);
	origin.flow = view.flow;
	first.key = pkt_media_key(&view.flow, origin.ssrc, &rig.probe.seed);
	s->index = qos_table_open(&rig.worker[0].table, &first, &origin, NULL, 0, START_NS);
	assert_int_equal(rte_pktmbuf_alloc_bulk(rig.pool, burst, DP_BURST), 0);
	for (unsigned i = 0; i < DP_BURST; i++) {
		rig.now_ns += PACKET_NS;
		number(s);
		s->frame.b[RTP_AT] = i % 4 ? 0x80 : 0x90;
		fill(burst[i], &s->frame);
	}
	probe_rx_burst(&rig.rx[0], burst, DP_BURST);
	probe_rx_flush(&rig.rx[0]);
	assert_int_equal(report_of(s).packets, DP_BURST);
	assert_int_equal(report_of(s).reordered, 0);
}

/* A question for the root at the port of DNS. */
static struct frame dns_frame(uint8_t id)
{
	struct frame frame = rig.streams[0].frame;

	frame.b[36] = 0;
	frame.b[37] = 53;
	memset(frame.b + RTP_AT, 0, frame.n - RTP_AT);
	frame.b[RTP_AT] = 0x81;
	frame.b[RTP_AT + 1] = id;
	frame.b[RTP_AT + 5] = 1; /* question */
	return frame;
}

/* With ids from first on. */
static void burst_of_dns(uint8_t first, uint8_t step)
{
	struct rte_mbuf *burst[DP_BURST];

	assert_int_equal(rte_pktmbuf_alloc_bulk(rig.pool, burst, DP_BURST), 0);
	rig.fed += DP_BURST;
	for (unsigned i = 0; i < DP_BURST; i++) {
		struct frame frame = dns_frame((uint8_t)(first + i * step));

		fill(burst[i], &frame);
	}
	probe_rx_burst(&rig.rx[0], burst, DP_BURST);
}

static void expect_dns(unsigned count)
{
	probe_rx_flush(&rig.rx[0]);
	assert_int_equal(outcome(PROBE_unknown_udp), count);
	assert_int_equal(rig.worker[0].table.counters.candidates_opened, 0);
	expect_conservation();
}

/* It tells nothing of media, nor becomes any. */
static void dns_that_looks_like_rtp_makes_none_go_on(void **state)
{
	(void)state;
	burst_of(1);
	burst_of_dns(1, 0);
	burst_of(0);
	assert_int_equal(outcome(PROBE_unknown_udp), DP_BURST);
	assert_int_equal(rig.worker[0].wholes.count, 1);
	expect_dns(DP_BURST);
}

/* Every second octet of its id: those that make RTCP of it wait for others. */
static void dns_that_looks_like_rtcp_is_dns(void **state)
{
	(void)state;
	for (unsigned id = 0; id < 256; id += DP_BURST)
		burst_of_dns((uint8_t)id, 1);
	expect_dns(256);
}

static int open_fused_dns(void **state)
{
	(void)state;
	rig.options.also = 1U << SIG_DNS;
	return open_lane(true);
}

static int open_fused(void **state)
{
	(void)state;
	rig.options.also = 0;
	return open_lane(true);
}

#define LANE_TEST(name) cmocka_unit_test_setup_teardown(name, open_fused, close_lane)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LANE_TEST(time_does_not_go_back_for_those_that_waited),
		cmocka_unit_test_setup_teardown(
			rtp_at_the_port_of_dns_keeps_its_order, open_fused_dns, close_lane),
		LANE_TEST(rtp_at_the_port_of_dns_keeps_its_order),
		LANE_TEST(dns_that_looks_like_rtp_makes_none_go_on),
		LANE_TEST(dns_that_looks_like_rtcp_is_dns),
		LANE_TEST(none_waits_for_more_than_10_ms),
		LANE_TEST(an_empty_ring_of_another_receiver_makes_none_go_on),
		LANE_TEST(a_message_of_another_receiver_overtakes_none),
		LANE_TEST(a_message_after_the_own_receiver_ended_goes_on),
		LANE_TEST(a_message_after_a_clock_was_set_forward_ends_no_stream_early),
		LANE_TEST(nothing_is_lost_where_a_burst_is_broken_off),
	};

	return cmocka_run_group_tests(tests, start_probe, stop_probe);
}
