/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames that are held until their time is known come in their order, whole, and before the end or the damage. */
#include "dp_file_ahead.h"
#include "dp_file_case.h"

#define SEC ((uint64_t)1000000000)

enum {
	FAR = 2000000000, /* seconds; the others are the first ones after 1000 */
};

static struct dp_file_ahead ahead;

static void begin(void)
{
	clear(false);
	begin_pcap(0xa1b23c4d, 4, 0, 1);
}

static void open_ahead(void)
{
	assert_int_equal(open_capture(), 0);
	assert_int_equal(dp_file_ahead_init(&ahead, &reader), 0);
}

static void want(uint64_t time_ns, uint8_t tag, uint32_t captured)
{
	struct dp_file_frame frame;

	assert_int_equal(dp_file_ahead_next(&ahead, &frame), DP_FILE_FRAME);
	assert_int_equal(frame.time_ns, time_ns);
	assert_int_equal(frame.captured, captured);
	assert_int_equal(frame.wire, captured + 1);
	for (uint32_t i = 0; i < captured; i++)
		assert_int_equal(frame.data[i], tag);
}

static void want_end(enum dp_file_status status)
{
	struct dp_file_frame frame;

	assert_int_equal(dp_file_ahead_next(&ahead, &frame), status);
	assert_int_equal(dp_file_ahead_next(&ahead, &frame), status);
	dp_file_ahead_fini(&ahead);
}

static void put_frame(uint32_t sec, uint8_t tag, uint32_t captured)
{
	record(sec, 0, tag, captured, captured + 1);
}

static void one_outlier_anywhere(void **state)
{
	(void)state;
	for (unsigned odd = 0; odd < 40; odd++) {
		begin();
		for (unsigned i = 0; i < 40; i++)
			put_frame(i == odd ? FAR : 1000 + i, (uint8_t)i, 20 + i);
		open_ahead();
		for (unsigned i = 0; i < 40; i++) {
			uint64_t half = (1000 + i) * SEC;

			if (i == 0 || i == 39)
				half = i ? 1038 * SEC : 1001 * SEC; /* the one neighbour's */
			want(i == odd ? half : (1000 + i) * SEC, (uint8_t)i, 20 + i);
		}
		assert_int_equal(ahead.clock.counters.time_outliers, 1);
		assert_int_equal(ahead.clock.counters.time_back, 0);
		want_end(DP_FILE_END);
	}
}

static void rows_of_outliers(void **state)
{
	(void)state;
	for (unsigned row = 1; row <= 20; row++) {
		bool is_row = row <= DP_FILE_LOOK_AHEAD;

		begin();
		for (unsigned i = 0; i < 60; i++)
			put_frame(i >= 10 && i < 10 + row ? FAR : 1000, (uint8_t)i, 60 - i);
		open_ahead();
		for (unsigned i = 0; i < 60; i++)
			want((i >= 10 && i < 10 + row && !is_row ? FAR : 1000) * SEC, (uint8_t)i,
				60 - i);
		assert_int_equal(ahead.clock.counters.time_outliers, is_row ? row : 0);
		assert_int_equal(ahead.clock.counters.time_back, is_row ? 0 : 60 - 10 - row);
		want_end(DP_FILE_END);
	}
}

static void a_gap_stays(void **state)
{
	(void)state;
	for (unsigned after = 1; after < 20; after++) {
		begin();
		for (unsigned i = 0; i < 20; i++)
			put_frame(1000, 0x11, 5);
		for (unsigned i = 0; i < after; i++)
			put_frame(1000 + 86400, 0x22, 30000);
		open_ahead();
		for (unsigned i = 0; i < 20; i++)
			want(1000 * SEC, 0x11, 5);
		for (unsigned i = 0; i < after; i++)
			want((1000 + 86400) * SEC, 0x22, 30000);
		assert_int_equal(ahead.clock.counters.time_outliers, 0);
		want_end(DP_FILE_END);
	}
}

static void short_files(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 4; n++) {
		begin();
		for (unsigned i = 0; i < n; i++)
			put_frame(1000, 0x11, 5);
		open_ahead();
		for (unsigned i = 0; i < n; i++)
			want(1000 * SEC, 0x11, 5);
		want_end(DP_FILE_END);
	}
}

static void damage_comes_after_what_is_held(void **state)
{
	(void)state;
	begin();
	put_frame(1000, 0x11, 5);
	put_frame(1000, 0x22, 5);
	put_frame(1000, 0x33, 5);
	put_frame(1000 + 86400, 0x44, 5);
	put_frame(1000 + 86400, 0x55, 5);
	capture.n -= 2;
	open_ahead();
	want(1000 * SEC, 0x11, 5);
	want(1000 * SEC, 0x22, 5);
	want(1000 * SEC, 0x33, 5);
	want((1000 + 86400) * SEC, 0x44, 5);
	want_end(DP_FILE_DAMAGED);
	assert_string_equal(reader.error, "truncated in a packet");
}

/* Of a pipe: the rest is not there yet. */
static void want_later(uint64_t now_ns)
{
	struct dp_file_frame frame;

	ahead.now_ns = now_ns;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(dp_file_ahead_next(&ahead, &frame), DP_FILE_LATER);
}

static void pause_after(size_t n)
{
	capture.n = n;
	capture.error = EAGAIN;
}

/* Four frames of a pipe were taken, so many seconds apart; one that leaps is held, and nothing is behind it yet. */
static void begin_leap(unsigned step_s)
{
	begin();
	for (unsigned i = 0; i < 4; i++)
		put_frame(1000 + i * step_s, (uint8_t)i, 20);
	put_frame(FAR, 0x44, 30);
	open_ahead();
	pause_after(capture.n);
	ahead.now_ns = SEC;
	for (unsigned i = 0; i < 4; i++)
		want((1000 + i * step_s) * SEC, (uint8_t)i, 20);
}

static void a_leap_waits_so_long_for_others_and_is_believed(void **state)
{
	(void)state;
	begin_leap(1);
	want_later(5 * SEC);
	want_later(5 * SEC + DP_FILE_HOLD_NS - 1);
	put_frame(FAR + 1, 0x55, 30);
	want_later(5 * SEC + DP_FILE_HOLD_NS - 1); /* another one that leaps */
	ahead.now_ns = 5 * SEC + DP_FILE_HOLD_NS;
	want(FAR * SEC, 0x44, 30);
	want((FAR + 1) * SEC, 0x55, 30);
	want_later(100 * SEC);
	assert_int_equal(ahead.clock.counters.time_outliers, 0);
	capture.error = 0;
	want_end(DP_FILE_END);
}

static void one_that_is_contradicted_in_time_is_an_outlier(void **state)
{
	(void)state;
	begin_leap(0);
	want_later(5 * SEC);
	put_frame(1001, 0x55, 30);
	ahead.now_ns = 1000 * SEC; /* what came is looked at first, however late it is */
	want(1000 * SEC + SEC / 2, 0x44, 30);
	want(1001 * SEC, 0x55, 30);
	assert_int_equal(ahead.clock.counters.time_outliers, 1);
	capture.error = 0;
	want_end(DP_FILE_END);
}

/* What was read long ago waits from when the pipe is found to have no more. */
static void it_waits_from_the_first_look_on(void **state)
{
	(void)state;
	begin_leap(0);
	want_later(100 * SEC);
	want_later(100 * SEC + DP_FILE_HOLD_NS - 1);
	ahead.now_ns = 100 * SEC + DP_FILE_HOLD_NS;
	want(FAR * SEC, 0x44, 30);
	dp_file_ahead_fini(&ahead);
}

static void the_first_frame_waits_for_two_others(void **state)
{
	(void)state;
	for (unsigned n = 1; n < 3; n++) {
		begin();
		for (unsigned i = 0; i < n; i++)
			put_frame(1000, (uint8_t)i, 20);
		open_ahead();
		pause_after(capture.n);
		want_later(SEC);
		want_later(SEC + DP_FILE_HOLD_NS - 1);
		ahead.now_ns = SEC + DP_FILE_HOLD_NS;
		for (unsigned i = 0; i < n; i++)
			want(1000 * SEC, (uint8_t)i, 20);
		want_later(SEC + DP_FILE_HOLD_NS);
		dp_file_ahead_fini(&ahead);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_outlier_anywhere),
		cmocka_unit_test(rows_of_outliers),
		cmocka_unit_test(a_gap_stays),
		cmocka_unit_test(short_files),
		cmocka_unit_test(damage_comes_after_what_is_held),
		cmocka_unit_test(a_leap_waits_so_long_for_others_and_is_believed),
		cmocka_unit_test(one_that_is_contradicted_in_time_is_an_outlier),
		cmocka_unit_test(it_waits_from_the_first_look_on),
		cmocka_unit_test(the_first_frame_waits_for_two_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
