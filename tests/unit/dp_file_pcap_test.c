/* SPDX-License-Identifier: BSD-3-Clause */
/* Capture files of the format pcap, and what is damage in them. */
#include "dp_file_case.h"

static void reads_old_pcap(void **state)
{
	(void)state;
	clear(true);
	begin_pcap(0xa1b2cd34, 4, 65535, 1); /* Kuznetzov's: eight more octets */
	for (unsigned i = 0; i < 2; i++) {
		put(&capture, 5 + i, 4);
		put(&capture, 7, 4);
		put(&capture, 3, 4);
		put(&capture, 60, 4);
		put(&capture, UINT64_MAX, 8);
		put_data(&capture, 0x11, 3);
	}
	assert_int_equal(open_capture(), 0);
	expect(5000007000, 0x11, 3, 60, 1);
	expect(6000007000, 0x11, 3, 60, 1);
	expect_end();

	clear(false);
	begin_pcap(
		0xa1b2c3d4, 3, 0, 1); /* some writers of 2.3 have the lengths the other way round */
	put(&capture, 1, 4);
	put(&capture, 0, 4);
	put(&capture, 60, 4);
	put(&capture, 4, 4);
	put_data(&capture, 0x22, 4);
	record(2, 0, 0x33, 4, 60);
	assert_int_equal(open_capture(), 0);
	expect(1000000000, 0x22, 4, 60, 1);
	expect(2000000000, 0x33, 4, 60, 1);
	expect_end();
}

static void keeps_to_the_snapshot_length(void **state)
{
	(void)state;
	clear(false);
	begin_pcap(0xa1b2c3d4, 4, 10, 1);
	record(1, 0, 0x11, 20, 30);
	record(2, 0, 0x22, 5, 30);
	assert_int_equal(open_capture(), 0);
	expect(1000000000, 0x11, 10, 30, 1);
	expect(2000000000, 0x22, 5, 30, 1);
	expect_end();
}

static void impossible_times_become_zero(void **state)
{
	(void)state;
	clear(false);
	begin_pcap(0xa1b2c3d4, 4, 0, 1);
	record(0xffffffff, 0, 0x11, 20, 20); /* the last second of 32 bits, in 2106 */
	record(5, 1000000, 0x22, 20, 20); /* a million microseconds */
	record(0x7fffffff, 999999, 0x33, 20, 20); /* the last second of 31 bits is fine */
	assert_int_equal(open_capture(), 0);
	expect(4294967295000000000, 0x11, 20, 20, 1);
	expect(0, 0x22, 20, 20, 1);
	expect(2147483647999999000, 0x33, 20, 20, 1);
	expect_end();
}

static void a_header_that_is_cut_is_damage(void **state)
{
	(void)state;
	clear(false);
	begin_pcap(0xa1b2c3d4, 4, 0, 1);
	for (size_t n = 0; n < 24; n++) {
		capture.n = n;
		assert_int_equal(open_capture(), 0);
		expect_damage(n ? "truncated in the file header" : "it is empty");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_old_pcap),
		cmocka_unit_test(keeps_to_the_snapshot_length),
		cmocka_unit_test(impossible_times_become_zero),
		cmocka_unit_test(a_header_that_is_cut_is_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
