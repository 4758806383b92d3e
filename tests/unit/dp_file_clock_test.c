/* SPDX-License-Identifier: BSD-3-Clause */
/* Which time stamps of a capture file are believed, and what is said about them. Seconds are those of a capture that
 * began at T0; leaps of less than 5 s are none. */
#include <stdio.h>

#include "dp_file_clock.h"
#include "unit.h"

#define SEC ((uint64_t)1000000000)
#define MS  (SEC / 1000)
#define DAY (86400 * SEC)
#define T0  (1700000000 * SEC)

struct said {
	unsigned count;
	char text[2][DP_FILE_WARNING_MAX];
};

static void note(void *arg, const char *warning)
{
	struct said *said = arg;

	assert_true(said->count < 2);
	snprintf(said->text[said->count++], DP_FILE_WARNING_MAX, "%s", warning);
}

static struct dp_file_clock clock_at(uint64_t now_ns)
{
	struct dp_file_clock c = {0};

	dp_file_clock_set(&c, &now_ns, 1);
	dp_file_clock_believe(&c, now_ns);
	return c;
}

/* The rest of the file is next. */
static void expect(const struct dp_file_clock *c, uint64_t time_ns, enum dp_file_verdict verdict,
	const uint64_t *next_ns, unsigned n)
{
	uint64_t between_ns;

	assert_int_equal(dp_file_clock_judge(c, time_ns, next_ns, n, true, &between_ns), verdict);
}

static void what_is_near_is_believed_at_once(void **state)
{
	struct dp_file_clock c = clock_at(T0);
	uint64_t between_ns;

	(void)state;
	assert_true(dp_file_clock_fits(&c, T0 + 5 * SEC));
	assert_true(dp_file_clock_fits(&c, T0 - 5 * SEC));
	assert_false(dp_file_clock_fits(&c, T0 + 5 * SEC + 1));
	assert_false(dp_file_clock_fits(&c, T0 - 5 * SEC - 1));
	assert_false(dp_file_clock_fits(&c, 0));
	assert_false(dp_file_clock_fits(&c, UINT64_MAX));
	assert_int_equal(dp_file_clock_judge(&c, T0 - 4 * SEC, NULL, 0, false, &between_ns),
		DP_FILE_BELIEVED);
}

static void a_frame_that_those_after_it_contradict_is_an_outlier(void **state)
{
	static const int64_t leaps[] = {3650 * (int64_t)DAY, -730 * (int64_t)DAY, 300 * SEC,
		-300 * (int64_t)SEC, -(int64_t)T0};
	struct dp_file_clock c = clock_at(T0);
	const uint64_t next_ns[] = {T0 + 20 * MS};

	(void)state;
	for (unsigned i = 0; i < sizeof(leaps) / sizeof(leaps[0]); i++) {
		uint64_t between_ns = 0;

		assert_int_equal(dp_file_clock_judge(&c, T0 + (uint64_t)leaps[i], next_ns, 1, false,
					 &between_ns),
			DP_FILE_OUTLIER);
		assert_int_equal(between_ns, T0 + 10 * MS);
	}
}

static void a_row_of_outliers_may_be_fifteen_long(void **state)
{
	struct dp_file_clock c = clock_at(T0);
	uint64_t next_ns[DP_FILE_LOOK_AHEAD], between_ns;

	(void)state;
	for (unsigned i = 0; i < DP_FILE_LOOK_AHEAD; i++) {
		assert_int_equal(dp_file_clock_judge(&c, 0, next_ns, i, false, &between_ns),
			DP_FILE_UNDECIDED);
		next_ns[i] = 0;
	}
	expect(&c, 0, DP_FILE_BELIEVED, next_ns, DP_FILE_LOOK_AHEAD);
	next_ns[DP_FILE_LOOK_AHEAD - 1] = T0 + MS;
	expect(&c, 0, DP_FILE_OUTLIER, next_ns, DP_FILE_LOOK_AHEAD);
}

static void a_gap_is_believed(void **state)
{
	struct dp_file_clock c = clock_at(T0);
	const uint64_t next_ns[] = {T0 + DAY + 1, T0 + DAY + 2, T0 + DAY + 3};

	(void)state;
	expect(&c, T0 + DAY, DP_FILE_BELIEVED, next_ns, 3);
	expect(&c, T0 + DAY, DP_FILE_BELIEVED, NULL, 0); /* the last frame */
	dp_file_clock_believe(&c, T0 + DAY);
	assert_true(dp_file_clock_fits(&c, T0 + DAY + 1));
}

/* The last frame of a file has nothing after it: 30 days. */
static void the_last_frame_is_judged_by_its_distance(void **state)
{
	struct dp_file_clock c = clock_at(T0);
	const uint64_t next_ns[] = {T0 + 3650 * DAY + 1};
	uint64_t between_ns = 0;

	(void)state;
	expect(&c, T0 + 3650 * DAY, DP_FILE_BELIEVED, NULL, 0); /* the last of two */
	dp_file_clock_believe(&c, T0);
	expect(&c, T0 + 30 * DAY, DP_FILE_BELIEVED, NULL, 0);
	expect(&c, T0 + 3650 * DAY, DP_FILE_BELIEVED, next_ns, 1);
	assert_int_equal(dp_file_clock_judge(&c, T0 + 3650 * DAY, NULL, 0, true, &between_ns),
		DP_FILE_OUTLIER);
	assert_int_equal(between_ns, T0);
}

static void frames_that_are_all_years_apart_are_believed(void **state)
{
	const uint64_t time_ns[] = {T0 - 9000 * DAY, T0 - 6700 * DAY, T0 - 6697 * DAY};
	struct dp_file_clock c = {0};

	(void)state;
	dp_file_clock_set(&c, time_ns, 3);
	assert_int_equal(c.now_ns, time_ns[0]);
	for (unsigned i = 0; i < 3; i++) {
		expect(&c, time_ns[i], DP_FILE_BELIEVED, time_ns + i + 1, 2 - i);
		dp_file_clock_believe(&c, time_ns[i]);
	}
	expect(&c, T0, DP_FILE_OUTLIER, NULL, 0); /* after 3 days 18 years */
	dp_file_clock_believe(&c, T0);
	expect(&c, T0 + 9000 * DAY, DP_FILE_BELIEVED, NULL, 0);
}

/* A call whose BYE came after a minute, and the next call, that began before. */
static void calls_one_after_another_are_no_outliers(void **state)
{
	struct dp_file_clock c = clock_at(T0 + 8 * SEC);
	const uint64_t next_ns[] = {T0 + 60 * SEC + MS, T0 + 9 * SEC, T0 + 9 * SEC + MS};

	(void)state;
	expect(&c, T0 + 60 * SEC, DP_FILE_BELIEVED, next_ns, 3);
}

static void time_goes_back_with_a_leap_only(void **state)
{
	struct dp_file_clock c = clock_at(T0);

	(void)state;
	dp_file_clock_believe(&c, T0 - 4 * SEC);
	assert_int_equal(c.now_ns, T0);
	dp_file_clock_believe(&c, T0 - 6 * SEC);
	assert_int_equal(c.now_ns, T0 - 6 * SEC);
}

static void a_first_frame_far_from_the_next_ones_is_an_outlier(void **state)
{
	const uint64_t gap_ns[] = {T0, T0 + DAY, T0 + DAY + 1};
	const uint64_t broken_ns[] = {0, T0 + 2, T0};
	struct dp_file_clock c = {0};

	(void)state;
	dp_file_clock_set(&c, gap_ns, 3);
	assert_true(c.is_set);
	assert_int_equal(c.now_ns, T0);
	dp_file_clock_set(&c, broken_ns, 3);
	assert_int_equal(c.now_ns, T0);
	expect(&c, broken_ns[0], DP_FILE_OUTLIER, broken_ns + 1, 2);
	dp_file_clock_set(&c, broken_ns, 2);
	assert_int_equal(c.now_ns, 0);
}

static void a_little_disorder_is_counted_and_not_told(void **state)
{
	struct dp_file_clock c = clock_at(T0);
	struct said said = {0};

	(void)state;
	dp_file_clock_believe(&c, T0 - 100 * MS);
	dp_file_clock_believe(&c, T0);
	dp_file_clock_believe(&c, T0 - 1);
	assert_int_equal(c.counters.time_back, 2);
	dp_file_clock_warn(&c, "x", note, &said);
	assert_int_equal(said.count, 0);
	dp_file_clock_believe(&c, T0 - 101 * MS);
	dp_file_clock_warn(&c, "x", note, &said);
	assert_int_equal(said.count, 1);
	assert_string_equal(said.text[0],
		"1 packet of \"x\" goes back in time by up to 0.1 s; \"reordercap\" (Wireshark) sorts a capture");
	dp_file_clock_believe(&c, T0 - 3200 * MS);
	dp_file_clock_believe(&c, T0 - 1);
	dp_file_clock_warn(&c, "x", note, &said);
	assert_string_equal(said.text[1],
		"2 packets of \"x\" go back in time by up to 3.2 s; \"reordercap\" (Wireshark) sorts a capture");
}

static void outliers_are_told(void **state)
{
	struct dp_file_clock c = clock_at(T0);
	struct said said = {0};

	(void)state;
	dp_file_clock_refuse(&c, T0 + 3650 * DAY);
	dp_file_clock_warn(&c, "x", note, &said);
	assert_string_equal(said.text[0],
		"1 packet of \"x\" has a time stamp 3650.0 days from its neighbours', and takes theirs");
	dp_file_clock_refuse(&c, T0 - 300 * SEC);
	assert_int_equal(c.counters.time_outliers, 2);
	dp_file_clock_warn(&c, "x", note, &said);
	assert_string_equal(said.text[1],
		"2 packets of \"x\" have time stamps up to 3650.0 days from their neighbours', and take theirs");
}

static void time_that_never_moves_is_told(void **state)
{
	struct dp_file_clock c = clock_at(T0);
	struct said said = {0};

	(void)state;
	for (unsigned i = 0; i < 98; i++)
		dp_file_clock_believe(&c, T0);
	dp_file_clock_warn(&c, "x", note, &said);
	assert_int_equal(said.count, 0);
	dp_file_clock_believe(&c, T0);
	dp_file_clock_warn(&c, "x", note, &said);
	assert_string_equal(said.text[0],
		"all packets of \"x\" have one time stamp: jitter, deltas and durations mean nothing");
	dp_file_clock_believe(&c, T0 + 1);
	dp_file_clock_warn(&c, "x", note, &said);
	assert_int_equal(said.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_near_is_believed_at_once),
		cmocka_unit_test(a_frame_that_those_after_it_contradict_is_an_outlier),
		cmocka_unit_test(a_row_of_outliers_may_be_fifteen_long),
		cmocka_unit_test(a_gap_is_believed),
		cmocka_unit_test(the_last_frame_is_judged_by_its_distance),
		cmocka_unit_test(frames_that_are_all_years_apart_are_believed),
		cmocka_unit_test(calls_one_after_another_are_no_outliers),
		cmocka_unit_test(time_goes_back_with_a_leap_only),
		cmocka_unit_test(a_first_frame_far_from_the_next_ones_is_an_outlier),
		cmocka_unit_test(a_little_disorder_is_counted_and_not_told),
		cmocka_unit_test(outliers_are_told),
		cmocka_unit_test(time_that_never_moves_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
