/* SPDX-License-Identifier: BSD-3-Clause */
/* SIP from TCP segments: any cut, any order, copies, holes, bounds. */
#include "sip_frame.h"
#include "sip_tcp_case.h"

static void all_in_one_segment(void **state)
{
	struct rig *rig = *state;
	size_t n = rig->starts[MESSAGES];

	assert_int_equal(take(rig, 0, n), SIP_TCP_MESSAGE);
	expect_messages(rig, 0x3f);
	assert_int_equal(take(rig, 0, n), SIP_TCP_REPEATED);
	assert_int_equal(take(rig, rig->starts[3], n), SIP_TCP_REPEATED);
	expect_messages(rig, 0x3f);
	assert_int_equal(rig->tcp.waiting, 0);
}

static void in_segments_of_any_size(void **state)
{
	struct rig *rig = *state;
	size_t n = rig->starts[MESSAGES];

	for (size_t size = 1; size <= n; size++) {
		memset(rig->seen, 0, sizeof(rig->seen));
		for (size_t at = 0; at < n; at += size)
			take_of(rig, at, at + size < n ? at + size : n, at == 0);
		expect_messages(rig, 0x3f);
		assert_int_equal(rig->tcp.waiting, 0);
		rig->seq += 10 << 20; /* the next connection */
	}
	assert_int_equal(rig->tcp.counters.tcp_flows_opened, 1);
	assert_int_equal(rig->tcp.counters.tcp_skipped_bytes, 0);
}

/* Random cuts in random order, some twice, some across others. */
static void in_any_order(void **state)
{
	struct rig *rig = *state;
	size_t n = rig->starts[MESSAGES];

	srand(1);
	for (unsigned round = 0; round < 3000; round++) {
		size_t cut[10] = {0};
		unsigned order[10], count = 2 + (unsigned)rand() % 8;

		for (unsigned i = 0; i < count; i++) {
			cut[i] = i ? (size_t)rand() % n : 0;
			order[i] = i;
		}
		for (unsigned i = count - 1; i; i--) {
			unsigned k = (unsigned)rand() % (i + 1), swap = order[i];

			order[i] = order[k];
			order[k] = swap;
		}
		memset(rig->seen, 0, sizeof(rig->seen));
		take(rig, rig->starts[round % MESSAGES], rig->starts[round % MESSAGES] + 20);
		for (unsigned i = 0; i < count; i++) {
			size_t end = n;

			for (unsigned k = 0; k < count; k++)
				if (cut[k] > cut[order[i]] && cut[k] < end)
					end = cut[k];
			if (rand() % 4 == 0)
				end = end + 30 < n ? end + 30 : n;
			take(rig, cut[order[i]], end);
			if (rand() % 4 == 0)
				take(rig, cut[order[i]], end);
		}
		/* Nothing stands before the first range when it was not found by the first segment. */
		tick(rig, SIP_TCP_HOLE_NS, false);
		expect_messages(rig, 0x3f);
		assert_int_equal(rig->tcp.waiting, 0);
		rig->seq += 10 << 20;
	}
	assert_int_equal(rig->tcp.counters.tcp_skipped_bytes, 0);
}

static void a_hole_that_stays_costs_its_message_only(void **state)
{
	struct rig *rig = *state;
	size_t n = rig->starts[MESSAGES];

	assert_int_equal(take(rig, 0, rig->starts[1] + 40), SIP_TCP_MESSAGE);
	/* The end of message 1 is lost with the beginning of message 2. */
	assert_int_equal(take(rig, rig->starts[2] + 30, n), SIP_TCP_PART);
	expect_messages(rig, 0x01);
	tick(rig, SIP_TCP_HOLE_NS / 2, false);
	expect_messages(rig, 0x01);
	tick(rig, SIP_TCP_HOLE_NS, false);
	expect_messages(rig, 0x39);
	assert_int_equal(rig->tcp.counters.tcp_gaps, 1);
}

static void what_waits_at_the_end_is_looked_into(void **state)
{
	struct rig *rig = *state;

	take(rig, 0, rig->starts[1]);
	take(rig, rig->starts[1] + 30, rig->starts[MESSAGES]);
	tick(rig, 0, true);
	expect_messages(rig, 0x3d);
}

/* What begins like a message may be part of a body: whether it is shows when the hole is filled. */
static void a_message_waits_for_the_one_before(void **state)
{
	struct rig *rig = *state;

	take(rig, 0, rig->starts[1]);
	assert_int_equal(take(rig, rig->starts[2], rig->starts[3]), SIP_TCP_PART);
	expect_messages(rig, 0x01);
	assert_int_equal(take(rig, rig->starts[1], rig->starts[2]), SIP_TCP_MESSAGE);
	expect_messages(rig, 0x07);
}

/* Segments from before the one by which the connection was found. */
static void late_ones_from_before_the_first(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(take(rig, rig->starts[2], rig->starts[3]), SIP_TCP_MESSAGE);
	assert_int_equal(take(rig, rig->starts[1] + 9, rig->starts[2]), SIP_TCP_PART);
	assert_int_equal(take(rig, rig->starts[0], rig->starts[1] + 9), SIP_TCP_PART);
	expect_messages(rig, 0x04);
	tick(rig, SIP_TCP_HOLE_NS, false);
	expect_messages(rig, 0x07);
	assert_int_equal(rig->tcp.waiting, 0);
}

static void in_mid_stream_it_begins_with_a_message(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(take(rig, 10, rig->starts[2]), SIP_TCP_OTHER);
	rig->now_ns += 2 * SIP_TCP_HOLE_NS;
	assert_int_equal(take(rig, rig->starts[2], rig->starts[4]), SIP_TCP_MESSAGE);
	expect_messages(rig, 0x0c);
}

static void segments_may_overtake_the_first(void **state)
{
	struct rig *rig = *state;
	size_t n = rig->starts[MESSAGES];

	assert_int_equal(take(rig, 20, 50), SIP_TCP_OTHER);
	assert_int_equal(take(rig, 50, n), SIP_TCP_OTHER);
	assert_int_equal(take(rig, 0, 20), SIP_TCP_MESSAGE);
	expect_messages(rig, 0x3f);
}

static void octets_that_are_no_sip_are_passed_over(void **state)
{
	struct rig *rig = *state;
	size_t at = rig->starts[2];

	memcpy(rig->stream + at, "XXXXXX@sip", 10);
	take(rig, 0, rig->starts[MESSAGES]);
	expect_messages(rig, 0x3b);
	assert_int_equal(rig->tcp.counters.tcp_skipped_bytes, rig->starts[3] - at);
}

static void a_cut_message_comes_out_cut(void **state)
{
	struct rig *rig = *state;
	struct pkt_view view = {
		.flow = {.family = 4, .proto = PKT_TCP, .sport = 5060, .dport = 40000},
		.payload = bytes_of(rig->stream, rig->starts[1] + 60),
		.payload_wire = (uint32_t)rig->starts[2],
		.tcp_seq = rig->seq,
	};

	assert_int_equal(sip_tcp_take(&rig->tcp, &view, true, rig->now_ns, on_message, rig),
		SIP_TCP_MESSAGE);
	assert_int_equal(rig->seen[0], 1);
	assert_int_equal(rig->others, 1);
	assert_int_equal(take(rig, rig->starts[2], rig->starts[3]), SIP_TCP_MESSAGE);
	assert_int_equal(rig->seen[2], 1);
	assert_int_equal(rig->tcp.waiting, 0);
}

/* Segments of one octet with a hole after each: the ranges are bounded, and so is what they cost. */
static void holes_without_end(void **state)
{
	struct rig *rig = *state;

	take(rig, 0, 30);
	for (size_t at = 32; at < ROOM; at += 2)
		take_of(rig, at, at + 1, false);
	assert_true(rig->tcp.counters.tcp_gaps > 1000);
	/* And beyond the window. */
	for (unsigned i = 0; i < 100; i++) {
		rig->seq += 50000;
		take_of(rig, 100, 3000, false);
	}
	tick(rig, 2 * SIP_TCP_HOLE_NS, false);
	rig->seq += 10 << 20;
	memset(rig->seen, 0, sizeof(rig->seen));
	rig->others = 0;
	assert_int_equal(take(rig, 0, rig->starts[MESSAGES]), SIP_TCP_MESSAGE);
	expect_messages(rig, 0x3f);
}

static void more_than_the_window_is_no_message(void **state)
{
	static const char head[] = "INVITE sip:a SIP/2.0\r\nCall-ID: a\r\nCSeq: 1 INVITE\r\n"
				   "Content-Length: 4000000\r\n\r\n";
	struct rig *rig = *state;

	memcpy(rig->stream, head, sizeof(head) - 1);
	take_of(rig, 0, sizeof(head) - 1, true);
	rig->seq += sizeof(head) - 1;
	write_stream(rig);
	take(rig, 0, rig->starts[MESSAGES]);
	expect_messages(rig, 0x3f);
}

static void the_oldest_connection_makes_room(void **state)
{
	struct rig *rig = *state;

	for (unsigned i = 0; i < 3 * FLOWS; i++) {
		struct pkt_view view = {
			.flow = {.family = 4,
				.proto = PKT_TCP,
				.sport = 5060,
				.dport = (uint16_t)i},
			.payload = bytes_of(rig->stream, 60),
			.payload_wire = 60,
		};

		assert_int_equal(sip_tcp_take(&rig->tcp, &view, true, rig->now_ns, on_message, rig),
			SIP_TCP_PART);
	}
	assert_int_equal(rig->tcp.counters.tcp_flows_evicted, 2 * FLOWS);
	assert_int_equal(rig->tcp.waiting, FLOWS);
	expect_messages(rig, 0);
}

/* More than half the circle of sequence numbers: what was long ago is still before. */
static void gigabytes_go_by(void **state)
{
	struct rig *rig = *state;
	size_t n = rig->starts[MESSAGES];

	for (uint64_t sent = 0; sent < (uint64_t)5 << 30; sent += 900000) {
		memset(rig->seen, 0, sizeof(rig->seen));
		take(rig, 0, n);
		tick(rig, SIP_TCP_HOLE_NS, false);
		expect_messages(rig, 0x3f);
		assert_int_equal(take(rig, 0, n), SIP_TCP_REPEATED);
		rig->seq += 900000; /* the rest was lost */
	}
	assert_int_equal(rig->tcp.counters.tcp_flows_opened, 1);
}

static void finds_where_a_message_ends(void **state)
{
	static const struct {
		const char *text;
		enum sip_frame_kind kind;
		size_t skip, n;
	} cases[] = {
		{"", SIP_FRAME_MORE, 0, 0},
		{"\r\n\r\n", SIP_FRAME_MORE, 4, 0},
		{"INV", SIP_FRAME_MORE, 0, 0},
		{"\x16\x03\x01", SIP_FRAME_NONE, 0, 0},
		{"GET / HTTP/1.1\r\n\r\n", SIP_FRAME_NONE, 0, 0},
		{"OPTIONS / RTSP/1.0\r\n\r\n", SIP_FRAME_NONE, 0, 0},
		{"SIP/2.0 200 OK\r\n\r\n", SIP_FRAME_WHOLE, 0, 18},
		{"\r\nSIP/2.0 200 OK\r\n\r\nx", SIP_FRAME_WHOLE, 2, 18},
		{"SIP/2.0 200 OK\n\nx", SIP_FRAME_WHOLE, 0, 16},
		{"SIP/2.0 200 OK\r\nl: 2\r\n\r\nx", SIP_FRAME_MORE, 0, 26},
		{"SIP/2.0 200 OK\r\nl: 2\r\n\r\nxy", SIP_FRAME_WHOLE, 0, 26},
		{"SIP/2.0 200 OK\r\nl: 2\r\n", SIP_FRAME_MORE, 0, 0},
		{"MY-METHOD tel:1 sip/2.0\r\n\r\n", SIP_FRAME_WHOLE, 0, 27},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = strlen(cases[i].text);
		uint8_t *copy = guarded_copy(cases[i].text, n);
		struct sip_frame frame = {0};

		assert_int_equal(sip_frame_next(bytes_of(copy, n), &frame), cases[i].kind);
		assert_int_equal(frame.skip, cases[i].skip);
		assert_int_equal(frame.n, cases[i].n);
		guarded_free(copy, n);
	}
	assert_true(sip_frame_may_begin(BYTES_LIT("INV")));
	assert_true(sip_frame_may_begin(BYTES_LIT("BYE sip:a")));
	assert_false(sip_frame_may_begin(BYTES_LIT("IN")));
	assert_false(sip_frame_may_begin(BYTES_LIT("INK")));
	assert_int_equal(sip_frame_find(BYTES_LIT("SIP/2.0 1\n\nSIP/2.0 2\n")), 11);
	assert_int_equal(sip_frame_find(BYTES_LIT("v: SIP/2.0/UDP a\n}BYE sip:a SIP/2.0\n")), 18);
	assert_int_equal(sip_frame_find(BYTES_LIT("}SIP/2.0 200 OK\n")), 1);
	assert_int_equal(sip_frame_find(BYTES_LIT("nothing\nhere\n")), 13);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(all_in_one_segment),
		CASE(in_segments_of_any_size),
		CASE(in_any_order),
		CASE(a_hole_that_stays_costs_its_message_only),
		CASE(what_waits_at_the_end_is_looked_into),
		CASE(a_message_waits_for_the_one_before),
		CASE(late_ones_from_before_the_first),
		CASE(in_mid_stream_it_begins_with_a_message),
		CASE(segments_may_overtake_the_first),
		CASE(octets_that_are_no_sip_are_passed_over),
		CASE(a_cut_message_comes_out_cut),
		CASE(holes_without_end),
		CASE(more_than_the_window_is_no_message),
		CASE(the_oldest_connection_makes_room),
		CASE(gigabytes_go_by),
		cmocka_unit_test(finds_where_a_message_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
