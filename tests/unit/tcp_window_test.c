/* SPDX-License-Identifier: BSD-3-Clause */
/* Ranges of sequence numbers: order, repeats, holes, bounds, the wrap. */
#include "tcp_window.h"
#include "unit.h"

static struct tcp_window w;

static const uint32_t first = UINT32_MAX - 5; /* wraps within every test */

static bool put(uint32_t at, const char *text)
{
	return tcp_window_put(&w, first + at, bytes_from_str(text), 7);
}

static void expect_due(const char *text)
{
	unsigned i = tcp_window_due(&w, 0);
	struct bytes data;

	assert_true(i < w.range_count);
	data = tcp_window_data(&w, i);
	assert_int_equal(data.n, strlen(text));
	assert_memory_equal(data.p, text, data.n);
}

static void expect_nothing_due(void)
{
	assert_int_equal(tcp_window_due(&w, 0), w.range_count);
}

static int setup(void **state)
{
	(void)state;
	memset(&w, 0, sizeof(w));
	tcp_window_begin(&w, first);
	return 0;
}

static void waits_for_what_is_missing(void **state)
{
	(void)state;
	assert_true(tcp_window_follows(&w, first));
	assert_true(put(8, "ij"));
	assert_true(put(4, "efg"));
	expect_nothing_due();
	assert_false(tcp_window_follows(&w, first));
	assert_true(put(0, "abcd"));
	expect_due("abcdefg");
	assert_true(put(5, "klm")); /* one octet of it is new */
	expect_due("abcdefgmij");
	assert_false(put(0, "0123456789"));
	tcp_window_finish(&w, tcp_window_due(&w, 0), 3);
	tcp_window_merge(&w);
	expect_due("defgmij");
	assert_int_equal(w.gaps + w.dropped, 0);
}

static void holes_are_given_up_in_time(void **state)
{
	(void)state;
	assert_true(put(4, "efg"));
	tcp_window_give_up(&w, 9, 3);
	expect_nothing_due();
	tcp_window_give_up(&w, 10, 3);
	expect_due("efg");
	assert_int_equal(w.gaps, 1);
	tcp_window_finish(&w, tcp_window_due(&w, 0), 3);
	tcp_window_merge(&w);
	assert_true(put(7, "h"));
	expect_due("h");
	assert_true(put(0, "ab")); /* late, and still known as new */
	assert_int_equal(w.dropped, 0);
}

static void the_first_holes_are_closed_when_there_are_too_many(void **state)
{
	(void)state;
	for (uint32_t i = 1; i < TCP_WINDOW_RANGES; i++)
		assert_true(put(i * 2, "x"));
	assert_int_equal(w.gaps, 0);
	assert_true(put(TCP_WINDOW_RANGES * 2, "y"));
	assert_int_equal(w.gaps, 1);
	assert_int_equal(w.dropped, 1);
	assert_false(put(0, "abc"));
	assert_true(w.range_count <= TCP_WINDOW_RANGES);
}

static void no_more_waits_than_there_is_room_for(void **state)
{
	static uint8_t data[TCP_WINDOW_BYTES];

	(void)state;
	assert_true(put(4, "efg"));
	assert_true(tcp_window_put(
		&w, first + 8, bytes_of(data, TCP_WINDOW_BYTES - 4), 7)); /* all fits */
	assert_int_equal(w.gaps, 0);
	assert_true(put(TCP_WINDOW_BYTES + 4, "z"));
	assert_int_equal(w.gaps, 1);
	assert_int_equal(w.dropped, 3);
	tcp_window_clear(&w);
	assert_int_equal(w.dropped, TCP_WINDOW_BYTES);
}

static void far_numbers_are_known(void **state)
{
	(void)state;
	assert_false(tcp_window_is_far(&w, first + TCP_WINDOW_FAR));
	assert_false(tcp_window_is_far(&w, first - TCP_WINDOW_FAR));
	assert_true(tcp_window_is_far(&w, first + TCP_WINDOW_FAR + 1));
	assert_true(tcp_window_is_far(&w, first - TCP_WINDOW_FAR - 1));
	for (uint32_t i = 0; i < 100; i++) /* what is done with does not grow without end */
		tcp_window_pass(&w, first + i * TCP_WINDOW_FAR, TCP_WINDOW_FAR);
	assert_int_equal(w.range_count, 1);
	assert_int_equal(w.ranges[0].end - w.ranges[0].start, 2 * TCP_WINDOW_FAR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(waits_for_what_is_missing, setup),
		cmocka_unit_test_setup(holes_are_given_up_in_time, setup),
		cmocka_unit_test_setup(the_first_holes_are_closed_when_there_are_too_many, setup),
		cmocka_unit_test_setup(no_more_waits_than_there_is_room_for, setup),
		cmocka_unit_test_setup(far_numbers_are_known, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
