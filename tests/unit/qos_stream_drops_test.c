/* SPDX-License-Identifier: BSD-3-Clause */
/* Gaps of the probe's own making: no loss, counted apart, and only as many as it gave up. */
#include "qos_stream_drops_case.h"

static void a_gap_without_drops_is_loss(void **state)
{
	struct rig rig;

	(void)state;
	begin(&rig, 0);
	feed_voice(&rig, 12, 20);
	expect(&rig, 2, 0);
}

static void a_gap_of_own_making_is_no_loss(void **state)
{
	struct rig rig;

	(void)state;
	begin(&rig, 0);
	given_up = 2;
	feed_voice(&rig, 12, 20);
	expect(&rig, 0, 2);
}

/* Packet 12 is given up while 11 still waits in the queue. */
static void a_second_gap_given_up_before_the_first_was_seen_is_no_loss(void **state)
{
	struct rig rig;

	(void)state;
	begin(&rig, 0);
	given_up = 2;
	feed_voice(&rig, 11, 11);
	feed_voice(&rig, 13, 20);
	expect(&rig, 0, 2);
}

static void drops_explain_as_many_as_they_are(void **state)
{
	struct rig rig;

	(void)state;
	begin(&rig, 0);
	given_up = 2;
	feed_voice(&rig, 12, 20);
	feed_voice(&rig, 22, 30);
	expect(&rig, 1, 2);
}

static void old_drops_explain_nothing(void **state)
{
	struct rig rig;

	(void)state;
	begin(&rig, 0);
	given_up = 5;
	look(&rig);
	feed_voice(&rig, 10, 20);
	look(&rig);
	feed_voice(&rig, 22, 30);
	expect(&rig, 1, 0);
}

static void a_look_brings_no_drops_back(void **state)
{
	struct rig rig;

	(void)state;
	begin(&rig, 0);
	look(&rig);
	given_up = 3;
	feed_voice(&rig, 13, 20);
	look(&rig);
	feed_voice(&rig, 22, 30);
	expect(&rig, 1, 3);
}

/* While nothing of a stream comes its drops do not age, however many looks there are. */
static void drops_wait_for_the_end_of_the_gap(void **state)
{
	struct rig rig;

	(void)state;
	begin(&rig, 0);
	look(&rig);
	given_up = 490;
	for (unsigned i = 0; i < 10; i++)
		look(&rig);
	feed_voice(&rig, 500, 510);
	expect(&rig, 0, 490);
}

static void drops_before_the_stream_began_explain_nothing_after_a_look(void **state)
{
	struct rig rig;

	(void)state;
	begin(&rig, 1000);
	look(&rig);
	feed_voice(&rig, 11, 20);
	expect(&rig, 1, 0);
}

/* Packets 10 to 12 are given up by the probe, it seems; 13 came. */
static void begin_gap(struct rig *rig)
{
	begin(rig, 0);
	given_up = 3;
	feed_voice(rig, 13, 13);
}

static void a_late_packet_is_none_that_was_given_up(void **state)
{
	struct rig rig;

	(void)state;
	begin_gap(&rig);
	expect(&rig, 0, 3);
	feed(&rig, voice(11));
	expect(&rig, 0, 2);
	feed(&rig, voice(12));
	feed(&rig, voice(10));
	expect(&rig, 0, 0);
	assert_int_equal(rig.cold.reordered, 3);
	feed_voice(&rig, 14, 20);
	expect(&rig, 0, 0);
}

static void a_late_packet_and_its_copy_are_one(void **state)
{
	struct rig rig;

	(void)state;
	begin_gap(&rig);
	feed(&rig, voice(11));
	feed(&rig, voice(11));
	feed_voice(&rig, 14, 20);
	feed(&rig, voice(11));
	expect(&rig, 0, 2);
	assert_int_equal(rig.cold.duplicates, 2);
}

/* A gap of own making does not end the waiting for what the network delays. */
static void what_is_late_from_before_the_gap_is_no_loss(void **state)
{
	struct rig rig;

	(void)state;
	begin(&rig, 0);
	feed_voice(&rig, 12, 12);
	given_up = 2;
	feed_voice(&rig, 15, 15);
	expect(&rig, 2, 2);
	feed(&rig, voice(10));
	expect(&rig, 1, 2);
	feed(&rig, voice(11));
	expect(&rig, 0, 2);
	feed(&rig, voice(12));
	expect(&rig, 0, 2);
	assert_int_equal(rig.cold.duplicates, 1);
}

static void a_packet_older_than_the_first_is_one_more(void **state)
{
	struct rig rig;

	(void)state;
	given_up = 0;
	rig_init(&rig);
	rig.env.drops_fn = count_drops;
	feed_voice(&rig, 10, 10);
	given_up = 2;
	feed_voice(&rig, 13, 13);
	feed(&rig, voice(7));
	expect(&rig, 2, 2);
	feed(&rig, voice(12));
	feed(&rig, voice(8));
	expect(&rig, 1, 1);
}

static void what_is_late_in_a_gap_longer_than_the_window_counts_once(void **state)
{
	struct rig rig;

	(void)state;
	begin(&rig, 0);
	given_up = 490;
	feed_voice(&rig, 500, 500);
	feed(&rig, voice(450));
	expect(&rig, 0, 489);
	feed(&rig, voice(450));
	feed_voice(&rig, 501, 700);
	expect(&rig, 0, 489);
	assert_int_equal(rig.cold.duplicates, 1);
}

static void a_drop_told_of_after_the_gap_is_no_loss(void **state)
{
	struct rig rig;

	(void)state;
	begin_with_ports(&rig);
	feed_voice(&rig, 12, 20);
	expect(&rig, 2, 0);
	read_ports(1, 2);
	look(&rig);
	expect(&rig, 0, 2);
}

/* The first reading may have been under way when the gap was seen. */
static void the_second_reading_after_a_gap_judges_it(void **state)
{
	struct rig rig;

	(void)state;
	begin_with_ports(&rig);
	feed_voice(&rig, 12, 20);
	read_ports(1, 0);
	look(&rig);
	read_ports(1, 2);
	look(&rig);
	expect(&rig, 0, 2);
	feed_voice(&rig, 23, 30);
	read_ports(2, 0);
	look(&rig);
	read_ports(1, 2);
	look(&rig);
	expect(&rig, 2, 2);
}

static void drops_told_of_later_explain_as_many_as_they_are(void **state)
{
	struct rig rig;

	(void)state;
	begin_with_ports(&rig);
	feed_voice(&rig, 12, 20);
	feed_voice(&rig, 24, 30);
	read_ports(1, 3);
	look(&rig);
	expect(&rig, 2, 3);
	read_ports(1, 1);
	feed_voice(&rig, 32, 32);
	expect(&rig, 1, 5);
}

/* A receiver's drops are known at once: later ones explain no gap from before. */
static void what_is_shed_after_a_gap_does_not_explain_it(void **state)
{
	struct rig rig;

	(void)state;
	begin_with_ports(&rig);
	feed_voice(&rig, 12, 20);
	ports.all += 2;
	look(&rig);
	expect(&rig, 2, 0);
}

/* The marker has each packet moved by the window. */
static void feed_marked(struct rig *rig, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i <= to; i++) {
		struct rtp p = voice(i);

		p.has_marker = true;
		feed(rig, p);
	}
}

static void a_gap_beyond_the_window_waits_for_the_ports_too(void **state)
{
	struct rig rig;

	(void)state;
	for (uint32_t behind = 1; behind < 300; behind += 7) {
		begin_with_ports(&rig);
		feed_marked(&rig, 500, 499 + behind);
		expect(&rig, 490, 0);
		read_ports(2, 490);
		feed_marked(&rig, 500 + behind, 800);
		expect(&rig, 0, 490);
		assert_int_equal(rig.cold.bursts[0].bad, 0);
		assert_int_equal(rig.cold.sequence_errors, 0);
	}
}

/* Numbers that the last report expected and the next one does not are no loss of its interval, nor a gain. */
static void a_report_between_gap_and_drop_does_not_expect_less_of_the_next(void **state)
{
	struct qos_report r;
	struct rig rig;

	(void)state;
	for (uint32_t gap = 40; gap <= 240; gap += 200) {
		begin_with_ports(&rig);
		feed_voice(&rig, 10 + gap, 19 + gap);
		r = report_of(&rig, QOS_PERIODIC);
		assert_int_equal(r.scored, 20 + gap);
		feed_voice(&rig, 20 + gap, 69 + gap);
		read_ports(2, gap);
		look(&rig);
		r = report_of(&rig, QOS_PERIODIC);
		assert_int_equal(r.scored, 50);
		assert_int_equal(r.lost, 0);
		assert_int_equal(r.own_drops, gap);
	}
}

/* What waited before the port when it dropped comes after the drop was told of: in whatever time of its own. */
static void drops_age_only_when_what_waited_before_them_is_through(void **state)
{
	struct rig rig;

	(void)state;
	begin_with_ports(&rig);
	look(&rig);
	read_ports(1, 3);
	for (uint32_t i = 10; i < 310; i += 50) {
		feed_voice(&rig, i, i + 49);
		look(&rig);
	}
	feed_voice(&rig, 312, 320);
	expect(&rig, 0, 2);
	ports.past = ports.all;
	look(&rig);
	feed_voice(&rig, 321, 330);
	look(&rig);
	feed_voice(&rig, 332, 340);
	expect(&rig, 1, 2);
}

/* All of 300 packets but a few, of which the 12th comes late. Before and behind it gap numbers in all are missing, of
 * which is told so many packets later. */
static struct qos_report report_around(uint32_t gap, qos_drops_fn drops_fn, uint32_t later)
{
	static const uint16_t lost[] = {5, 7, 10, 25, 26, 60};
	uint32_t behind = gap < 20 ? gap : 20;
	struct rig rig;
	size_t next = 0;

	given_up = 0;
	ports = (struct qos_drops){0};
	rig_init(&rig);
	rig.env.drops_fn = drops_fn;
	for (uint32_t i = 0; i < 300; i++) {
		if (i == 13 + later)
			read_ports(1, gap);
		if (next < COUNT(lost) && i == lost[next]) {
			next++;
			continue;
		}
		if (i == 12)
			continue;
		given_up = i < 12 ? 0 : gap;
		ports.readings += i % 2;
		feed(&rig, voice(i < 12 ? i : i + gap));
		if (i == 13)
			feed(&rig, voice(12 + gap - behind));
	}
	return report_of(&rig, QOS_FINAL);
}

static void expect_same(
	const struct qos_report *with, const struct qos_report *without, uint32_t gap)
{
	assert_int_equal(with->own_drops, gap);
	assert_int_equal(with->expected, without->expected);
	assert_int_equal(with->packets, without->packets);
	assert_int_equal(with->reorder_extent, without->reorder_extent);
	assert_int_equal(with->bursts, without->bursts);
	assert_near(with->burst_ratio, without->burst_ratio, 0);
	assert_near(with->burst_density, without->burst_density, 0);
	assert_near(with->gap_density, without->gap_density, 0);
	assert_near(with->burst_ms, without->burst_ms, 0);
	assert_near(with->gap_ms, without->gap_ms, 0);
}

/* Losses around numbers that the probe gave up are as far apart as if there were no such numbers. */
static void bursts_are_of_what_was_expected(void **state)
{
	struct qos_report without = report_around(0, NULL, 0);

	(void)state;
	assert_int_equal(without.lost, 6);
	for (uint32_t gap = 1; gap <= 300; gap++) {
		struct qos_report with = report_around(gap, count_drops, 0);

		expect_same(&with, &without, gap);
	}
}

/* And so they are when it is known later, or never, which is as without. */
static void bursts_are_of_what_was_expected_in_the_end(void **state)
{
	struct qos_report without = report_around(0, NULL, 0);

	(void)state;
	for (uint32_t gap = 1; gap <= 300; gap++) {
		struct qos_report with, lost = report_around(gap, NULL, 0);

		for (uint32_t later = 1; later <= 3; later++) {
			with = report_around(gap, ask_ports, later);
			expect_same(&with, &without, gap);
		}
		with = report_around(gap, ask_ports, 400);
		assert_memory_equal(&with, &lost, sizeof(with));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_gap_without_drops_is_loss),
		cmocka_unit_test(a_gap_of_own_making_is_no_loss),
		cmocka_unit_test(a_second_gap_given_up_before_the_first_was_seen_is_no_loss),
		cmocka_unit_test(drops_explain_as_many_as_they_are),
		cmocka_unit_test(old_drops_explain_nothing),
		cmocka_unit_test(a_look_brings_no_drops_back),
		cmocka_unit_test(drops_wait_for_the_end_of_the_gap),
		cmocka_unit_test(drops_before_the_stream_began_explain_nothing_after_a_look),
		cmocka_unit_test(a_late_packet_is_none_that_was_given_up),
		cmocka_unit_test(a_late_packet_and_its_copy_are_one),
		cmocka_unit_test(what_is_late_from_before_the_gap_is_no_loss),
		cmocka_unit_test(a_packet_older_than_the_first_is_one_more),
		cmocka_unit_test(what_is_late_in_a_gap_longer_than_the_window_counts_once),
		cmocka_unit_test(a_drop_told_of_after_the_gap_is_no_loss),
		cmocka_unit_test(the_second_reading_after_a_gap_judges_it),
		cmocka_unit_test(drops_told_of_later_explain_as_many_as_they_are),
		cmocka_unit_test(what_is_shed_after_a_gap_does_not_explain_it),
		cmocka_unit_test(a_gap_beyond_the_window_waits_for_the_ports_too),
		cmocka_unit_test(a_report_between_gap_and_drop_does_not_expect_less_of_the_next),
		cmocka_unit_test(drops_age_only_when_what_waited_before_them_is_through),
		cmocka_unit_test(bursts_are_of_what_was_expected),
		cmocka_unit_test(bursts_are_of_what_was_expected_in_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
