/* SPDX-License-Identifier: BSD-3-Clause */
/* Sequence numbers: RFC 3550 A.1 and A.3, with duplicates that never make up for losses. */
#include "qos_count_case.h"

static void counts_packets_in_order(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 7, 106);
	assert_counts(&rig, (struct counts){.packets = 100});
}

static void expects_nothing_before_the_first_packet(void **state)
{
	const struct qos_origin origin = {.flow.family = 4};
	const struct pkt_media first = {.seq = 0};
	struct rig rig;

	(void)state;
	rig_init(&rig);
	qos_stream_init(&rig.hot, &rig.cold, &first, &origin, START_NS);
	assert_counts(&rig, (struct counts){0});
}

static void counts_across_the_sequence_wrap(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 65486, 65586);
	assert_counts(&rig, (struct counts){.packets = 101});
	feed_voice(&rig, 65587, 4 * 65536);
	assert_counts(&rig, (struct counts){.packets = 4 * 65536 - 65486 + 1});
}

static void counts_loss_across_the_sequence_wrap(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 65500, 65534);
	feed_voice(&rig, 65537, 65600);
	assert_counts(&rig, (struct counts){.packets = 99, .lost = 2, .errors = 1});
	/* Late, one from each side of the wrap. */
	feed(&rig, voice(65535));
	feed(&rig, voice(65536));
	assert_counts(&rig, (struct counts){.packets = 101, .reordered = 2, .errors = 3});
}

static void counts_a_gap_below_max_dropout_as_loss(void **state)
{
	static const uint32_t steps[] = {2, 3, 64, 100, 127, 128, 129, 130, 1000, 2998, 2999};
	struct rig rig;

	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		rig_init(&rig);
		feed_voice(&rig, 0, 9);
		feed_voice(&rig, 9 + steps[i], 18 + steps[i]);
		assert_counts(
			&rig, (struct counts){.packets = 20, .lost = steps[i] - 1, .errors = 1});
	}
}

static void repairs_the_hundred_numbers_behind_and_no_more(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 9);
	feed(&rig, voice(3008));
	for (uint32_t behind = 99; behind >= 1; behind--)
		feed(&rig, voice(3008 - behind));
	assert_counts(&rig,
		(struct counts){.packets = 110, .lost = 2998 - 99, .reordered = 99, .errors = 100});
	for (uint32_t behind = 1; behind <= 99; behind++)
		feed(&rig, voice(3008 - behind));
	assert_counts(&rig, (struct counts){.packets = 110,
				    .lost = 2998 - 99,
				    .duplicates = 99,
				    .reordered = 99,
				    .errors = 199});
	feed(&rig, voice(3008 - 100));
	assert_counts(&rig, (struct counts){.packets = 110,
				    .lost = 2998 - 99,
				    .duplicates = 99,
				    .reordered = 99,
				    .errors = 200,
				    .strays = 1});
}

static void a_packet_up_to_99_late_is_no_loss(void **state)
{
	struct rig rig;

	(void)state;
	for (uint32_t late = 1; late <= 99; late++) {
		rig_init(&rig);
		feed_voice(&rig, 65450, 65499);
		feed_voice(&rig, 65501, 65500 + late);
		feed(&rig, voice(65500));
		feed_voice(&rig, 65501 + late, 65650);
		assert_counts(&rig, (struct counts){.packets = 201, .reordered = 1, .errors = 2});
		assert_int_equal(report_of(&rig, QOS_FINAL).reorder_extent, late);
	}
}

/* RFC 4737 section 4.2.1: of those with higher numbers only the ones that came count. */
static void the_extent_is_of_packets_that_came(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 9);
	feed_voice(&rig, 14, 14);
	feed_voice(&rig, 16, 17);
	feed_voice(&rig, 12, 12);
	assert_int_equal(report_of(&rig, QOS_FINAL).reorder_extent, 3);
	feed_voice(&rig, 13, 13);
	feed_voice(&rig, 10, 10);
	assert_int_equal(report_of(&rig, QOS_FINAL).reorder_extent, 5);
	feed_voice(&rig, 15, 15);
	feed_voice(&rig, 15, 15);
	assert_int_equal(report_of(&rig, QOS_FINAL).reorder_extent, 5);
}

static void a_packet_100_late_is_lost(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 99);
	feed_voice(&rig, 101, 200);
	feed(&rig, voice(100));
	feed_voice(&rig, 201, 300);
	assert_counts(&rig, (struct counts){.packets = 300, .lost = 1, .errors = 2, .strays = 1});
}

static void a_packet_older_than_the_first_moves_the_beginning(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0x10002, 0x10003);
	feed(&rig, voice(0x10001));
	assert_counts(&rig, (struct counts){.packets = 3, .reordered = 1, .errors = 1});
	/* 65534 and the two after it are missing, until they come. */
	feed(&rig, voice(0xfffd));
	assert_counts(&rig, (struct counts){.packets = 4, .lost = 3, .reordered = 2, .errors = 2});
	feed(&rig, voice(0xfffd));
	assert_counts(&rig,
		(struct counts){
			.packets = 4, .lost = 3, .duplicates = 1, .reordered = 2, .errors = 3});
	feed_voice(&rig, 0xfffe, 0x10000);
	assert_counts(
		&rig, (struct counts){.packets = 7, .duplicates = 1, .reordered = 5, .errors = 6});
}

static void remembers_a_hole_while_packets_follow_in_order(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 9);
	feed_voice(&rig, 12, 100);
	feed(&rig, voice(11));
	feed(&rig, voice(11));
	feed(&rig, voice(12));
	assert_counts(&rig,
		(struct counts){
			.packets = 100, .lost = 1, .duplicates = 2, .reordered = 1, .errors = 4});
}

/* Everything that can happen, each packet up to twice. */
static struct qos_report eventful(bool is_doubled)
{
	static const struct {
		uint32_t from, to;
		uint8_t pt;
		bool has_marker;
	} runs[] = {
		{65400, 65499, PCMU, false},
		{65503, 65520, PCMU, false}, /* 65500-65502 are missing */
		{65501, 65501, PCMU, false}, /* and one of them is late */
		{65521, 65530, EVENT, false}, {65531, 65560, PCMU, true}, {65561, 65561, CN, false},
		{65562, 65600, PCMU, false}, {65601, 65700, OPUS, false},
		{65720, 65720, OPUS, true}, {65721, 65800, UNKNOWN, false},
		{90000, 90020, PCMU, false}, /* a restart */
	};
	struct rig rig;

	rig_init(&rig);
	for (size_t i = 0; i < COUNT(runs); i++) {
		for (uint32_t n = runs[i].from; n <= runs[i].to; n++) {
			struct rtp p = voice(n);

			p.ns += n * 7919 % 5000000;
			p.pt = runs[i].pt;
			p.has_marker = runs[i].has_marker;
			feed(&rig, p);
			p.ns += 100000;
			if (is_doubled)
				feed(&rig, p);
		}
	}
	return report_of(&rig, QOS_FINAL);
}

static void capture_duplicates_change_no_figure(void **state)
{
	struct qos_report once = eventful(false), twice = eventful(true);

	(void)state;
	assert_int_equal(once.duplicates, 0);
	assert_int_equal(once.lost, 21);
	assert_int_equal(once.restarts, 1);
	assert_int_equal(twice.duplicates, once.packets);
	assert_int_equal(twice.sequence_errors, once.sequence_errors + once.packets);
	twice.duplicates = once.duplicates;
	twice.sequence_errors = once.sequence_errors;
	assert_memory_equal(&once, &twice, sizeof(once));
}

/* 32 bits: at a thousand packets a second they last for seven weeks. */
static void counts_stay_at_the_most(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 9);
	rig.cold.duplicates = rig.cold.reordered = rig.cold.strays = UINT32_MAX - 1;
	rig.cold.sequence_errors = UINT32_MAX - 1;
	for (unsigned i = 0; i < 3; i++) {
		feed(&rig, voice(20000 + 10 * i));
		feed(&rig, voice(9));
		feed(&rig, voice(12 + 2 * i));
		feed(&rig, voice(11 + 2 * i));
	}
	assert_counts(&rig, (struct counts){.packets = 16,
				    .lost = 1,
				    .duplicates = UINT32_MAX,
				    .reordered = UINT32_MAX,
				    .errors = UINT32_MAX,
				    .strays = UINT32_MAX});
	qos_stream_note_repeated(&rig.cold, (uint64_t)1 << 33);
	assert_int_equal(report_of(&rig, QOS_FINAL).duplicates, UINT32_MAX);
	assert_int_equal(report_of(&rig, QOS_FINAL).sequence_errors, UINT32_MAX);
}

static void never_runs_out_of_numbers(void **state)
{
	uint64_t expected = 1;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed(&rig, (struct rtp){.seq = 5, .bytes = 160});
	/* Five times around 32 bits. */
	for (uint32_t i = 1; i <= 5 * (UINT32_MAX / 2999); i++) {
		feed(&rig, (struct rtp){.seq = (uint16_t)(5 + 2999 * i), .bytes = 160});
		expected += 2999;
		if (i % 1000000 == 0)
			assert_int_equal(qos_stream_expected(&rig.hot, &rig.cold), expected);
	}
	assert_int_equal(qos_stream_expected(&rig.hot, &rig.cold), expected);
	assert_int_equal(
		qos_stream_packets(&rig.hot, &rig.cold), 1 + 5 * (uint64_t)(UINT32_MAX / 2999));
	/* A late packet still finds its hole. */
	qos_stream_fold(&rig.hot, &rig.cold);
	feed(&rig, (struct rtp){.seq = (uint16_t)(rig.hot.ext_seq - 99), .bytes = 160});
	assert_int_equal(rig.cold.reordered, 1);
	assert_int_equal(qos_stream_expected(&rig.hot, &rig.cold), expected);
}

static void clock_index_is_bounded_and_shared(void **state)
{
	struct qos_clocks clocks = {0};

	(void)state;
	assert_int_equal(qos_clock_index(&clocks, 0), 0);
	assert_int_equal(qos_clock_index(&clocks, 999), 0);
	assert_int_equal(qos_clock_index(&clocks, 8000), 1);
	assert_int_equal(qos_clock_index(&clocks, 1000), 2);
	assert_int_equal(qos_clock_index(&clocks, 8000), 1);
	/* 125 microseconds and 1 millisecond, times 4096. */
	assert_int_equal(clocks.tick_ns_q12[1], 512000000);
	assert_int_equal(clocks.tick_ns_q12[2], 4096000000);
	for (uint32_t i = 3; i < 100; i++)
		assert_int_equal(qos_clock_index(&clocks, 10000 + i), i < QOS_CLOCKS_MAX ? i : 0);
	assert_int_equal(qos_clock_index(&clocks, 10031), 31);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_packets_in_order),
		cmocka_unit_test(expects_nothing_before_the_first_packet),
		cmocka_unit_test(counts_across_the_sequence_wrap),
		cmocka_unit_test(counts_loss_across_the_sequence_wrap),
		cmocka_unit_test(counts_a_gap_below_max_dropout_as_loss),
		cmocka_unit_test(repairs_the_hundred_numbers_behind_and_no_more),
		cmocka_unit_test(a_packet_up_to_99_late_is_no_loss),
		cmocka_unit_test(the_extent_is_of_packets_that_came),
		cmocka_unit_test(a_packet_100_late_is_lost),
		cmocka_unit_test(a_packet_older_than_the_first_moves_the_beginning),
		cmocka_unit_test(remembers_a_hole_while_packets_follow_in_order),
		cmocka_unit_test(capture_duplicates_change_no_figure),
		cmocka_unit_test(counts_stay_at_the_most),
		cmocka_unit_test(never_runs_out_of_numbers),
		cmocka_unit_test(clock_index_is_bounded_and_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
