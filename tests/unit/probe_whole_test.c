/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets that wait for others and go through a worker together: how long they wait, and that each becomes what it
 * would have become alone. */
#include "probe_burst_case.h"

enum {
	SR_BYTES = 28,
	RTCP_BYTES = 28 + 16, /* SR without blocks, SDES with a name */
	STUN_BYTES = 20,
};

static void add_answer(unsigned call)
{
	add_message(&(struct message){"SIP/2.0 200 OK", "1 INVITE", call, true, NULL});
}

static void add_bye(unsigned call)
{
	add_message(
		&(struct message){"BYE sip:bob@198.51.100.2 SIP/2.0", "2 BYE", call, true, NULL});
}

static void expect_endpoint(uint16_t port, unsigned call, uint8_t pt)
{
	const struct qos_media *media = media_at(port);

	assert_non_null(media);
	assert_ptr_equal(media->call, call_of(call));
	assert_int_equal(media->payload_count, 1);
	assert_int_equal(media->payloads[0].pt, pt);
}

/* Media is taken when the next burst is staged, a message when there is no other. */
static void waits_after_a_full_burst(void **state)
{
	(void)state;
	add_invite(NULL);
	give_full();
	assert_int_equal(outcome(PROBE_sip), 0);
	assert_int_equal(outcome(PROBE_rtp), 0);
	give_full();
	assert_int_equal(outcome(PROBE_sip), 0);
	assert_int_equal(outcome(PROBE_rtp), DP_BURST - 1);
	flush_and_expect_conservation();
	assert_int_equal(outcome(PROBE_sip), 1);
}

static void waits_for_no_more_than_there_is_room(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PROBE_WHOLES_MAX; i += 2) {
		add_invite(NULL);
		add_invite(NULL);
		give_full();
		assert_int_equal(outcome(PROBE_sip), 0);
	}
	add_invite(NULL);
	give_full();
	assert_int_equal(outcome(PROBE_sip), PROBE_WHOLES_MAX);
	flush_and_expect_conservation();
	assert_int_equal(outcome(PROBE_sip), PROBE_WHOLES_MAX + 1);
}

/* As many as there is room for. */
static void takes_bursts_of_messages_alone(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PROBE_WHOLES_MAX + DP_BURST; i++) {
		add_invite(NULL);
		if (burst.n == DP_BURST)
			give();
	}
	assert_int_equal(outcome(PROBE_sip), PROBE_WHOLES_MAX);
	flush_and_expect_conservation();
	assert_int_equal(outcome(PROBE_sip), PROBE_WHOLES_MAX + DP_BURST);
}

static void waits_for_64_full_bursts_at_most(void **state)
{
	(void)state;
	/* Those without anything that waits do not count. */
	for (unsigned i = 0; i < TURNS_MAX / 2; i++)
		give_full();
	for (unsigned round = 0; round < 2; round++) {
		add_invite(NULL);
		for (unsigned i = 0; i < TURNS_MAX; i++) {
			assert_int_equal(outcome(PROBE_sip), round);
			give_full();
		}
		assert_int_equal(outcome(PROBE_sip), round + 1);
	}
	flush_and_expect_conservation();
}

static void does_not_wait_after_a_burst_that_is_not_full(void **state)
{
	(void)state;
	add_invite(NULL);
	give_full();
	add_invite(NULL);
	while (burst.n < DP_BURST - 1)
		fill_rtp(add_mbuf());
	give();
	assert_int_equal(outcome(PROBE_sip), 2);
	add_invite(NULL);
	assert_int_equal(give(), 1);
	assert_int_equal(outcome(PROBE_sip), 3);
	flush_and_expect_conservation();
}

static void keeps_the_order_of_a_dialogue(void **state)
{
	const struct qos_call *ended, *lasts;
	unsigned first, second;

	(void)state;
	first = add_invite(NULL);
	second = add_invite(NULL);
	add_answer(first);
	add_answer(second);
	add_bye(first);
	give();
	ended = call_of(first);
	lasts = call_of(second);
	assert_int_equal(outcome(PROBE_sip), 5);
	assert_int_equal(ended->state, QOS_CALL_COMPLETED);
	assert_int_equal(ended->method, SIP_INVITE);
	assert_int_not_equal(ended->answer_ns, 0);
	assert_false(qos_call_lasts(ended));
	assert_int_equal(ended->messages, 3);
	assert_int_equal(lasts->state, QOS_CALL_ANSWERED);
	assert_true(qos_call_lasts(lasts));
	flush_and_expect_conservation();
}

/* An endpoint comes and goes within a batch, and the next call has it. */
static void publishes_in_the_order_of_messages(void **state)
{
	unsigned first, second;
	char sdp[256];

	(void)state;
	describe(sdp, sizeof(sdp), 30000, 8);
	first = add_invite(sdp);
	add_answer(first);
	add_bye(first);
	second = add_invite(sdp);
	give();
	assert_false(qos_call_lasts(call_of(first)));
	expect_endpoint(30000, second, 8);
	assert_false(media_at(30000)->is_shared);
	flush_and_expect_conservation();
}

/* On the ports beside those of the first stream, from the one who sends it. */
static void add_beside(const void *payload, unsigned bytes)
{
	struct frame f = {.n = 0};

	put_ethernet(&f, 0x0800);
	put_ip4(&f, 17, 20 + 8 + bytes, 0, 0);
	put_u32(f.b + 26, 0x0a000000);
	put_u32(f.b + 30, 0x0a010000);
	put16(&f, 10001);
	put16(&f, 20001);
	put16(&f, 8 + bytes);
	put16(&f, 0);
	put(&f, payload, bytes);
	add(&f);
}

static void add_rtcp_bytes(unsigned bytes)
{
	static const uint8_t compound[RTCP_BYTES] = {0x80, 200, 0, 6, 0x5e, 0xed, 0,
		0, /* SR of the stream's SSRC */
		[SR_BYTES] = 0x81, 202, 0, 3, 0x5e, 0xed, 0, 0, 1, 4, 'a', '@', 'b', 'c', 0, 0};

	add_beside(compound, bytes);
}

static void add_rtcp(void)
{
	add_rtcp_bytes(RTCP_BYTES);
}

static const uint8_t stun_request[STUN_BYTES] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1};

static void add_stun(void)
{
	add_datagram(stun_request, STUN_BYTES);
}

static void add_segment(const char *payload, uint8_t connection)
{
	struct frame f = {.n = 0};

	put_ethernet(&f, 0x0800);
	put_ip4(&f, 6, 20 + 20 + (unsigned)strlen(payload), 0, 0);
	put_tcp(&f, 5);
	f.b[14 + 20] = connection; /* of its source port */
	put(&f, payload, strlen(payload));
	add(&f);
}

static void add_tcp(void)
{
	add_segment("middle of a page", 1);
}

static void tells_what_is_in_a_batch(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		add_noise();
		add_invite(NULL);
		add_stun();
	}
	add_rtcp();
	give_full();
	assert_int_equal(outcome(PROBE_sip), 0);
	flush_and_expect_conservation();
	assert_int_equal(outcome(PROBE_rtp), DP_BURST - 10);
	assert_int_equal(outcome(PROBE_sip), 3);
	assert_int_equal(outcome(PROBE_rtcp), 1);
	assert_int_equal(outcome(PROBE_stun), 3);
	assert_int_equal(outcome(PROBE_unknown_udp), 3);
	assert_int_equal(report_of(&rig.streams[0]).rtcp_packets, 1);
	assert_int_equal(report_of(&rig.streams[1]).rtcp_packets, 0);
}

/* Nothing stays of what was in their places. */
static void tells_what_is_in_the_next_batch(void **state)
{
	char sdp[256];

	(void)state;
	describe(sdp, sizeof(sdp), 33000, 8);
	for (unsigned i = 0; i < PROBE_WHOLES_MAX; i++) {
		add_invite(sdp);
		if (burst.n == DP_BURST)
			give();
	}
	probe_rx_flush(&rig.rx[0]);
	assert_int_equal(outcome(PROBE_sip), PROBE_WHOLES_MAX);
	assert_int_equal(rig.worker[0].counters.sdp_descriptions, PROBE_WHOLES_MAX);
	add_tcp();
	add_noise();
	add_stun();
	add_invite(NULL);
	give();
	assert_int_equal(outcome(PROBE_unknown_tcp), 1);
	assert_int_equal(outcome(PROBE_unknown_udp), 1);
	assert_int_equal(outcome(PROBE_stun), 1);
	assert_int_equal(outcome(PROBE_sip), PROBE_WHOLES_MAX + 1);
	assert_int_equal(rig.worker[0].counters.sdp_descriptions, PROBE_WHOLES_MAX);
	flush_and_expect_conservation();
}

/* Noted before anything is shed. */
static void connections_with_signalling_are_not_shed(void **state)
{
	(void)state;
	add_segment("INVITE sip:bob@198.51.100.2 SIP/2.0\r\nVia: ", 1);
	give();
	atomic_store(&rig.rx[0].lanes[0].shed.level, PROBE_SHED_BUCKETS);
	add_segment("192.0.2.1\r\n", 1);
	add_segment("192.0.2.1\r\n", 2);
	give();
	assert_int_equal(outcome(PROBE_sip_segment), 1);
	assert_int_equal(outcome(PROBE_sip_repeated), 1);
	assert_int_equal(outcome(PROBE_media_shed), 1);
	atomic_store(&rig.rx[0].lanes[0].shed.level, 0);
	flush_and_expect_conservation();
}

/* It speaks for RTCP without SDES. */
static void rtcp_comes_after_stun(void **state)
{
	(void)state;
	add_beside(stun_request, STUN_BYTES);
	add_rtcp_bytes(SR_BYTES);
	give();
	assert_int_equal(outcome(PROBE_stun), 1);
	assert_int_equal(outcome(PROBE_rtcp), 1);
	flush_and_expect_conservation();
}

static void srtcp_comes_after_dtls(void **state)
{
	static const uint8_t hello[16] = {0x16, 0xfe, 0xfd};
	static const uint8_t srtcp[40] = {0x80, 200, 0, 99, 0x5e, 0xed};

	(void)state;
	add_beside(hello, sizeof(hello));
	add_beside(srtcp, sizeof(srtcp));
	give();
	assert_int_equal(outcome(PROBE_dtls), 1);
	assert_int_equal(outcome(PROBE_srtcp), 1);
	flush_and_expect_conservation();
}

/* As through a proxy from one to the other. */
static void a_call_over_tcp_and_udp_keeps_its_order(void **state)
{
	static const unsigned call = 7777;

	(void)state;
	add_segment(
		"INVITE sip:bob@198.51.100.2 SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.9;branch=z9hG4bKt\r\n"
		"From: <sip:alice@192.0.2.1>;tag=a\r\nTo: <sip:bob@198.51.100.2>\r\n"
		"Call-ID: whole-7777\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n",
		1);
	add_message(&(struct message){invite, "1 INVITE", call, false, NULL});
	add_message(&(struct message){
		"CANCEL sip:bob@198.51.100.2 SIP/2.0", "1 CANCEL", call, false, NULL});
	add_message(
		&(struct message){"SIP/2.0 487 Request Terminated", "1 INVITE", call, true, NULL});
	give();
	assert_int_equal(outcome(PROBE_sip), 4);
	assert_int_equal(call_of(call)->state, QOS_CALL_CANCELLED);
	flush_and_expect_conservation();
}

/* Without SDES it is believed only where media is known. */
static void rtcp_comes_after_what_announces_its_media(void **state)
{
	(void)state;
	add_rtcp_bytes(SR_BYTES);
	add_noise();
	add_invite("v=0\r\no=- 1 1 IN IP4 10.1.0.0\r\ns=-\r\nc=IN IP4 10.1.0.0\r\nt=0 0\r\n"
		   "m=audio 20000 RTP/AVP 8\r\n");
	give();
	assert_int_equal(outcome(PROBE_sip), 1);
	assert_int_equal(outcome(PROBE_rtcp), 1);
	assert_int_equal(report_of(&rig.streams[0]).rtcp_packets, 1);
	flush_and_expect_conservation();
}

/* RFC 3261 sends it again after 500 ms only: this is the mirror. */
static void knows_a_copy_within_a_batch(void **state)
{
	unsigned call;

	(void)state;
	call = add_invite(NULL);
	add_message(&(struct message){invite, "1 INVITE", call, false, NULL});
	add_rtcp();
	add_invite(NULL);
	add_rtcp();
	give();
	assert_int_equal(outcome(PROBE_sip), 2);
	assert_int_equal(outcome(PROBE_rtcp), 1);
	assert_int_equal(outcome(PROBE_signalling_copy), 2);
	assert_int_equal(call_of(call)->messages, 1);
	assert_int_equal(report_of(&rig.streams[0]).rtcp_packets, 1);
	flush_and_expect_conservation();
}

static void keeps_descriptions_apart(void **state)
{
	static const uint8_t pts[] = {8, 0, 18, 9};
	unsigned calls[4];
	char sdp[256];

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		describe(sdp, sizeof(sdp), 31000 + 2 * i, pts[i]);
		calls[i] = add_invite(sdp);
		if (i % 2)
			add_invite(NULL);
		else
			add_invite("v=0\r\nthis is no description\r\n");
	}
	give();
	assert_int_equal(outcome(PROBE_sip), 8);
	for (unsigned i = 0; i < 4; i++)
		expect_endpoint((uint16_t)(31000 + 2 * i), calls[i], pts[i]);
	flush_and_expect_conservation();
}

/* All of a new stream is counted, as where the machine did not run for a while and everything arrives at once: its
 * packets have no plausible clock then, and only the description speaks for them. */
static void media_does_not_overtake_its_description(void **state)
{
	struct stream s = rig.streams[0];
	unsigned call;

	(void)state;
	call = announce(&s);
	while (burst.n < DP_BURST) {
		number(&s);
		add(&s.frame);
	}
	give();
	assert_int_equal(outcome(PROBE_sip), 0);
	give_full();
	assert_int_equal(outcome(PROBE_sip), 1);
	assert_int_equal(outcome(PROBE_rtp), DP_BURST - 1);
	assert_int_equal(call_of(call)->streams_open, 1);
	add_invite(NULL);
	number(&s);
	add(&s.frame);
	give_full();
	give_full();
	assert_int_equal(outcome(PROBE_sip), 1); /* waits: the stream is known */
	flush_and_expect_conservation();
}

/* One without CSeq method, and one that the sender broke off. */
static void takes_what_is_around_a_malformed_message(void **state)
{
	unsigned before, between, after;
	char first[256], bad[256], last[256];

	(void)state;
	describe(first, sizeof(first), 32000, 8);
	describe(bad, sizeof(bad), 32002, 0);
	describe(last, sizeof(last), 32004, 18);
	before = add_invite(first);
	add_message(&(struct message){invite, "x", 1000, false, bad});
	between = add_invite(NULL);
	add_datagram("INVITE sip:bob@198.51.100.2 SIP/2.0\r\nVia", 40);
	after = add_invite(last);
	give();
	assert_int_equal(outcome(PROBE_sip), 3);
	assert_int_equal(outcome(PROBE_sip_malformed), 2);
	expect_endpoint(32000, before, 8);
	assert_null(media_at(32002));
	expect_endpoint(32004, after, 18);
	assert_int_equal(call_of(between)->messages, 1);
	assert_null(qos_call_find(rig.probe.calls, BYTES_LIT("whole-1000")));
	flush_and_expect_conservation();
}

static int open_fused(void **state)
{
	(void)state;
	burst.n = 0;
	return open_lane(true);
}

#define LANE_TEST(name) cmocka_unit_test_setup_teardown(name, open_fused, close_lane)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LANE_TEST(waits_after_a_full_burst),
		LANE_TEST(waits_for_no_more_than_there_is_room),
		LANE_TEST(takes_bursts_of_messages_alone),
		LANE_TEST(waits_for_64_full_bursts_at_most),
		LANE_TEST(does_not_wait_after_a_burst_that_is_not_full),
		LANE_TEST(keeps_the_order_of_a_dialogue),
		LANE_TEST(publishes_in_the_order_of_messages),
		LANE_TEST(tells_what_is_in_a_batch),
		LANE_TEST(tells_what_is_in_the_next_batch),
		LANE_TEST(connections_with_signalling_are_not_shed),
		LANE_TEST(rtcp_comes_after_stun),
		LANE_TEST(srtcp_comes_after_dtls),
		LANE_TEST(a_call_over_tcp_and_udp_keeps_its_order),
		LANE_TEST(rtcp_comes_after_what_announces_its_media),
		LANE_TEST(knows_a_copy_within_a_batch),
		LANE_TEST(keeps_descriptions_apart),
		LANE_TEST(media_does_not_overtake_its_description),
		LANE_TEST(takes_what_is_around_a_malformed_message),
	};

	return cmocka_run_group_tests(tests, start_probe, stop_probe);
}
