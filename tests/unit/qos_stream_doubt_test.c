/* SPDX-License-Identifier: BSD-3-Clause */
/* Gaps that drops of a port may explain which it has not told of yet: those that it tells of in time explain them, and
 * as long as it tells of none all is as if nobody had asked. */
#include "qos_stream_drops_case.h"

/* And the stream is looked at. */
static void tell(struct rig *rig, unsigned times, uint64_t more)
{
	read_ports(times, more);
	look(rig);
}

/* 10, 12, 14 and 16 are missing. */
static void feed_gaps(struct rig *rig)
{
	for (uint32_t i = 11; i <= 17; i += 2)
		feed_voice(rig, i, i);
}

static void what_a_port_told_of_once_explains_once(void **state)
{
	struct rig rig;

	(void)state;
	begin_with_ports(&rig);
	feed_gaps(&rig);
	tell(&rig, 1, 2);
	expect(&rig, 2, 2);
	ports.all += 2; /* shed since */
	tell(&rig, 0, 0);
	expect(&rig, 2, 2);
	tell(&rig, 0, 1);
	expect(&rig, 1, 3);
}

static void a_gap_waits_for_two_readings_of_its_own(void **state)
{
	struct rig rig;

	(void)state;
	begin_with_ports(&rig);
	feed_voice(&rig, 11, 15);
	tell(&rig, 1, 0);
	feed_voice(&rig, 17, 20);
	tell(&rig, 1, 0);
	expect(&rig, 2, 0);
	tell(&rig, 1, 1);
	expect(&rig, 1, 1);
	assert_int_equal(rig.cold.given_up, 1u << ((uint16_t)rig.cold.hole_ext - 16));
}

/* As of a stream that keeps losing: 10, 12 and so on up to 30 are missing, one a reading. */
static void a_later_gap_keeps_none_in_doubt(void **state)
{
	struct rig rig;

	(void)state;
	begin_with_ports(&rig);
	for (uint32_t i = 11; i <= 31; i += 2) {
		feed_voice(&rig, i, i);
		tell(&rig, 1, 0);
	}
	tell(&rig, 1, 100);
	expect(&rig, 10, 1);
	assert_int_equal(rig.cold.sequence_errors, 10);
	tell(&rig, 1, 100);
	expect(&rig, 10, 1);
	assert_false(rig.cold.has_doubt);
}

/* Its beginning has left the window, and is decided with the rest. */
static void a_later_gap_keeps_no_long_one_in_doubt(void **state)
{
	struct rig rig;

	(void)state;
	begin_with_ports(&rig);
	feed_voice(&rig, 500, 500);
	tell(&rig, 1, 0);
	feed_voice(&rig, 502, 502);
	assert_int_equal(rig.cold.bursts[0].bad, 0);
	tell(&rig, 1, 0);
	assert_int_equal(rig.cold.bursts[0].bad, 490 - (QOS_HOLES - 1) + 2);
	tell(&rig, 1, 1000);
	expect(&rig, 490, 1);
	/* The long one is the later one. */
	begin_with_ports(&rig);
	feed_voice(&rig, 11, 11);
	tell(&rig, 1, 0);
	feed_voice(&rig, 500, 500);
	tell(&rig, 1, 0);
	tell(&rig, 1, 1000);
	expect(&rig, 1, 488);
}

/* Of gaps of all ages those in doubt are the ones that the ports were asked at most once after. */
static void each_gap_waits_for_two_readings(void **state)
{
	(void)state;
	for (uint64_t s = 1; s <= 500; s++) {
		uint64_t seed = s * 0x9e3779b97f4a7c15ull, young = 0, old = 0, lost = 0;
		uint32_t next = 10;
		struct rig rig;

		begin_with_ports(&rig);
		for (unsigned n = 0; n < 40; n++) {
			uint32_t missing = draw(&seed, 3), came = draw(&seed, 3) + 1;

			feed_voice(&rig, next + missing, next + missing + came - 1);
			next += missing + came;
			young += missing;
			if (draw(&seed, 4) == 0) {
				tell(&rig, 1, 0);
				lost += old;
				old = young;
				young = 0;
			}
		}
		tell(&rig, 1, 1000000);
		expect(&rig, lost, old + young);
	}
}

/* However few drops are told of, and whatever of the gap is no longer in the window. */
static void a_gap_is_explained_as_a_whole(void **state)
{
	(void)state;
	for (uint32_t last = 100; last < 400; last += 10) {
		struct rig rig;

		begin_with_ports(&rig);
		feed_voice(&rig, last, last + 10);
		tell(&rig, 1, 5);
		expect(&rig, 0, last - 10);
		assert_int_equal(rig.cold.sequence_errors, 0);
	}
}

/* Of two the later one, whose beginning left the window when its end had not. */
static void the_lost_one_of_two_long_gaps_is_an_error(void **state)
{
	struct rig rig;

	(void)state;
	begin_with_ports(&rig);
	feed_voice(&rig, 300, 310);
	feed_voice(&rig, 600, 610);
	assert_int_equal(rig.cold.sequence_errors, 2);
	tell(&rig, 1, 5);
	expect(&rig, 290, 289);
	assert_int_equal(rig.cold.sequence_errors, 1);
}

/* Another gap before it is not. */
static void what_left_the_window_is_another_gap(void **state)
{
	struct rig rig;

	(void)state;
	begin_with_ports(&rig);
	feed_voice(&rig, 15, 140);
	feed_voice(&rig, 145, 150);
	tell(&rig, 1, 3);
	expect(&rig, 5, 4);
	tell(&rig, 0, 1);
	expect(&rig, 0, 9);
}

/* Numbers in doubt are those of no report yet. */
static void the_first_report_scores_what_is_left(void **state)
{
	struct rig rig;

	(void)state;
	begin_with_ports(&rig);
	feed_voice(&rig, 12, 21);
	tell(&rig, 1, 2);
	assert_int_equal(report_of(&rig, QOS_FINAL).scored, 20);
}

static uint32_t ticks_of(struct rtp p)
{
	return p.pt == RED ? 960 : 160;
}

/* With gaps of all lengths around that of the window, and outages. */
static struct rtp next_packet(uint64_t *seed, struct rtp last)
{
	static const uint32_t steps[] = {2, 3, 30, 127, 128, 129, 300, 3500};
	uint32_t step = draw(seed, 4) ? 1 : steps[draw(seed, COUNT(steps))];

	return (struct rtp){
		.seq = (uint16_t)(last.seq + step),
		.ts = last.ts + ticks_of(last) * step,
		.ns = last.ns + (int64_t)(20 * MS) * step,
		.pt = last.pt,
		.bytes = 160,
		.has_marker = draw(seed, 30) == 0,
	};
}

/* Late, discarded by buffers, a stray, or as it is. */
static struct rtp disturb(uint64_t *seed, struct rtp p)
{
	uint32_t back = draw(seed, 100), kind = draw(seed, 16);

	if (kind == 0) {
		p.seq = (uint16_t)(p.seq - back);
		p.ts -= ticks_of(p) * back;
	} else if (kind == 1) {
		p.ns += draw(seed, 300 * MS);
	} else if (kind == 2) {
		p.seq = (uint16_t)draw(seed, 65536);
	}
	return p;
}

static void expect_same(struct rig *with, struct rig *without)
{
	struct qos_report a = report_of(with, QOS_PERIODIC), b = report_of(without, QOS_PERIODIC);

	assert_memory_equal(&a, &b, sizeof(a));
}

static void doubt_that_comes_to_nothing_changes_nothing(void **state)
{
	(void)state;
	for (uint64_t s = 1; s <= 200; s++) {
		uint64_t seed = s * 0x9e3779b97f4a7c15ull;
		struct rtp p = {.pt = s % 3 ? PCMU : RED};
		struct rig with, without;

		ports = (struct qos_drops){0};
		rig_init(&with);
		rig_init(&without);
		with.env.drops_fn = ask_ports;
		for (unsigned n = 0; n < 1000; n++) {
			struct rtp q = disturb(&seed, p);

			feed(&with, q);
			feed(&without, q);
			if (draw(&seed, 6) == 0)
				tell(&with, 1, 0);
			if (draw(&seed, 40) == 0)
				expect_same(&with, &without);
			p = next_packet(&seed, p);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_port_told_of_once_explains_once),
		cmocka_unit_test(a_gap_waits_for_two_readings_of_its_own),
		cmocka_unit_test(a_later_gap_keeps_none_in_doubt),
		cmocka_unit_test(a_later_gap_keeps_no_long_one_in_doubt),
		cmocka_unit_test(each_gap_waits_for_two_readings),
		cmocka_unit_test(a_gap_is_explained_as_a_whole),
		cmocka_unit_test(the_lost_one_of_two_long_gaps_is_an_error),
		cmocka_unit_test(what_left_the_window_is_another_gap),
		cmocka_unit_test(the_first_report_scores_what_is_left),
		cmocka_unit_test(doubt_that_comes_to_nothing_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
