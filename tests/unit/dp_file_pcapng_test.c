/* SPDX-License-Identifier: BSD-3-Clause */
/* Capture files of the format pcapng, block by block, and what is damage in them. */
#include "dp_file_case.h"

static void expect_time(uint64_t time_ns)
{
	struct dp_file_frame frame;

	assert_int_equal(dp_file_reader_next(&reader, &frame), DP_FILE_FRAME);
	assert_int_equal(frame.time_ns, time_ns);
}

static void reads_blocks_in_both_byte_orders(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		clear(i);
		section();
		interface(1, 0, -1, 0);
		packet(0, 1700000000123456, 0x11, 61, 1500);
		begin_block(STATISTICS);
		put_data(&capture, 0xff, 12);
		end_block();
		begin_block(0x80000001); /* somebody's own */
		put_data(&capture, 0xee, 300000);
		end_block();
		begin_block(OLD_PACKET);
		put(&capture, 0, 2);
		put(&capture, 9, 2); /* drops */
		put(&capture, 1, 4);
		put(&capture, 2, 4);
		put(&capture, 7, 4);
		put(&capture, 8, 4);
		put_data(&capture, 0x22, 7);
		end_block();
		assert_int_equal(open_capture(), 0);
		expect(1700000000123456000, 0x11, 61, 1500, 1);
		expect(4294967298000, 0x22, 7, 8, 1);
		expect_end();
	}
}

static void simple_packets_have_the_last_time(void **state)
{
	(void)state;
	clear(false);
	section();
	interface(1, 5, -1, 0);
	packet(0, 77, 0x11, 5, 5);
	begin_block(SIMPLE_PACKET);
	put(&capture, 60, 4);
	put_data(&capture, 0x22, 5);
	end_block();
	assert_int_equal(open_capture(), 0);
	expect(77000, 0x11, 5, 5, 1);
	expect(77000, 0x22, 5, 60, 1);
	expect_end();
}

static void goes_on_with_other_link_types_and_sections(void **state)
{
	(void)state;
	clear(false);
	section();
	interface(1, 0, 9, 0);
	packet(0, 1, 0x11, 20, 20);
	interface(113, 8, 3, 0);
	packet(1, 2, 0x22, 20, 20);
	packet(0, 3, 0x33, 20, 20);
	capture.is_big_endian = true;
	section();
	interface(101, 0, 0, 0);
	packet(0, 4, 0x44, 20, 20);
	packet(1, 5, 0x55, 20, 20); /* the other section's interface is gone */
	assert_int_equal(open_capture(), 0);
	assert_int_equal(reader.first_link_type, -1);
	expect(1, 0x11, 20, 20, 1);
	expect(2000000, 0x22, 8, 20, 113);
	expect(3, 0x33, 20, 20, 1);
	expect(4000000000, 0x44, 20, 20, 101);
	assert_int_equal(reader.first_link_type, 1);
	expect_damage("a packet of interface 1, which is not described");
}

static void knows_all_resolutions(void **state)
{
	const struct {
		int resolution;
		uint64_t units;
		int64_t offset_s;
		uint64_t time_ns;
	} cases[] = {
		{0, 18446744073, 0, 18446744073000000000U}, /* the last second of 64 bits */
		{0, 18446744074, 0, 0},
		{1, 15, 0, 1500000000},
		{6, 1, 0, 1000},
		{9, UINT64_MAX, 0, UINT64_MAX},
		{12, 1999, 0, 1},
		{19, UINT64_MAX, 0, 1844674407},
		{28, 10000000000000000000U, 0, 1},
		{29, UINT64_MAX, 0, 0},
		{127, UINT64_MAX, 0, 0},
		{0x80, 3, 0, 3000000000},
		{0x81, 3, 0, 1500000000},
		{0x80 | 32, 0x180000000, 0, 1500000000},
		{0x80 | 64, 1ULL << 63, 0, 500000000},
		{0xff, UINT64_MAX, 0, 0},
		{6, 1, 1700000000, 1700000000000001000},
		{6, 5000000, -2, 3000000000},
		{6, 5000000, -6, 0},
		{6, 0, INT64_MAX, 0},
		{0, UINT64_MAX, INT64_MIN, 0},
		{0, UINT64_MAX, INT64_MAX, 0},
	};

	(void)state;
	for (unsigned big = 0; big < 2; big++)
		for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			clear(big);
			section();
			interface(1, 0, cases[i].resolution, cases[i].offset_s);
			packet(0, cases[i].units, 0, 1, 1);
			assert_int_equal(open_capture(), 0);
			expect_time(cases[i].time_ns);
		}
}

/* Where each block ends there is a clean end, everywhere else damage. */
static void survives_every_truncation(void **state)
{
	size_t ends[5], n;
	unsigned clean = 0;

	(void)state;
	clear(false);
	section();
	ends[0] = capture.n;
	interface(1, 0, 9, 5);
	ends[1] = capture.n;
	packet(0, 1, 0x11, 33, 33);
	ends[2] = capture.n;
	begin_block(SIMPLE_PACKET);
	put(&capture, 6, 4);
	put_data(&capture, 0x22, 6);
	end_block();
	ends[3] = capture.n;
	packet(0, 3, 0x33, 4, 4);
	ends[4] = capture.n;
	for (n = capture.n; n >= 4; n--) {
		enum dp_file_status status;
		struct dp_file_frame frame;
		bool is_clean = false;

		capture.n = n;
		for (unsigned i = 0; i < 5; i++)
			is_clean |= n == ends[i];
		assert_int_equal(open_capture(), 0);
		while ((status = dp_file_reader_next(&reader, &frame)) == DP_FILE_FRAME)
			;
		assert_int_equal(status, is_clean ? DP_FILE_END : DP_FILE_DAMAGED);
		clean += is_clean;
		if (!is_clean)
			assert_memory_equal(reader.error, "truncated in a", 14);
	}
	assert_int_equal(clean, 5);
}

static void names_the_damage(void **state)
{
	const struct {
		size_t at; /* in the packet's block */
		uint32_t value;
		const char *text;
	} cases[] = {
		{4, 8, "a block's length of 8 octets is impossible"},
		{4, 66, "a block's length of 66 octets is impossible"},
		{4, 28, "a block of 28 octets is too short"},
		{4, 0xfffffffc, "truncated in a block"},
		{8, 1, "a packet of interface 1, which is not described"},
		{20, 37, "a packet's length of 37 octets is impossible"},
		{20, UINT32_MAX, "a packet's length of 4294967295 octets is impossible"},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t end;

		clear(i & 1);
		section();
		interface(1, 0, -1, 0);
		packet(0, 1, 0x11, 33, 33);
		end = capture.n;
		capture.n = capture.block + cases[i].at;
		put(&capture, cases[i].value, 4);
		capture.n = end;
		assert_int_equal(open_capture(), 0);
		if (cases[i].value == 0xfffffffc)
			expect(1000, 0x11, 33, 33, 1);
		expect_damage(cases[i].text);
	}
}

static void names_damage_between_packets(void **state)
{
	(void)state;
	clear(false);
	section();
	interface(1, 0, -1, 0);
	packet(0, 1, 0x11, 33, 33);
	capture.n -= 4;
	put(&capture, 64, 4);
	assert_int_equal(open_capture(), 0);
	expect(1000, 0x11, 33, 33, 1);
	expect_damage("a block's two lengths differ");

	clear(false);
	section();
	for (unsigned i = 0; i < DP_FILE_INTERFACES_MAX; i++)
		interface(1, 0, -1, 0);
	packet(DP_FILE_INTERFACES_MAX - 1, 1, 0x11, 1, 1);
	interface(1, 0, -1, 0);
	assert_int_equal(open_capture(), 0);
	expect(1000, 0x11, 1, 1, 1);
	expect_damage("more than 1024 interfaces");

	clear(false);
	section();
	capture.b[8] = 0;
	assert_int_equal(open_capture(), 0);
	expect_damage("a section header has no byte order");

	clear(false);
	section();
	capture.b[12] = 2;
	assert_int_equal(open_capture(), 0);
	expect_damage("pcapng version 2.0 is not supported");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_blocks_in_both_byte_orders),
		cmocka_unit_test(simple_packets_have_the_last_time),
		cmocka_unit_test(goes_on_with_other_link_types_and_sections),
		cmocka_unit_test(knows_all_resolutions),
		cmocka_unit_test(survives_every_truncation),
		cmocka_unit_test(names_the_damage),
		cmocka_unit_test(names_damage_between_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
