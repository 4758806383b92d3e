/* SPDX-License-Identifier: BSD-3-Clause */
/* What pcapng files say was dropped while they were captured, in statistics and with packets. */
#include "dp_file_case.h"

enum {
	FLAGS = 2, /* options of packets */
	DROPCOUNT = 4,
	LONG = 100001, /* more than is kept of a frame */
};

/* An Interface Statistics Block, received and what option tells; length: of the latter's value, as it says of itself. */
static void statistics(uint32_t id, unsigned option, unsigned length, uint64_t value)
{
	begin_block(STATISTICS);
	put(&capture, id, 4);
	put(&capture, 0, 8);
	put(&capture, 4, 2); /* isb_ifrecv */
	put(&capture, 8, 2);
	put(&capture, 1000000, 8);
	put(&capture, option, 2);
	put(&capture, length, 2);
	put(&capture, value, 8);
	end_block();
}

static uint64_t drops_of_file(void)
{
	struct dp_file_frame frame;
	enum dp_file_status status;

	assert_int_equal(open_capture(), 0);
	while ((status = next_of_reader(&frame)) == DP_FILE_FRAME)
		;
	assert_int_equal(status, DP_FILE_END);
	return reader.drops;
}

/* The last of each interface counts, of every section. */
static void sums_what_the_capture_dropped(void **state)
{
	(void)state;
	clear(false);
	section();
	interface(1, 0, -1, 0);
	interface(1, 0, -1, 0);
	statistics(0, IFDROP, 8, 3);
	statistics(0, OSDROP, 8, 4);
	packet(0, 1000000, 0x11, 20, 20);
	statistics(0, IFDROP, 8, 10);
	statistics(1, IFDROP, 8, 5);
	statistics(9, IFDROP, 8, 100); /* of no interface */
	statistics(1, IFDROP, 4, 100);
	statistics(1, IFDROP, 9, 100);
	statistics(1, IFDROP, 400, 100);
	begin_block(STATISTICS);
	put(&capture, 0, 8); /* too short */
	end_block();
	section();
	interface(1, 0, -1, 0);
	statistics(0, IFDROP, 8, 2);
	packet(0, 1000000, 0x22, 20, 20);
	for (size_t piece = 0; piece < 40; piece++)
		for (unsigned pauses = 0; pauses < 2; pauses++) {
			capture.piece = piece;
			capture.has_pauses = pauses;
			assert_int_equal(drops_of_file(), 10 + 4 + 5 + 2);
		}
	statistics(0, OSDROP, 8, UINT64_MAX);
	assert_int_equal(drops_of_file(), UINT64_MAX);
}

/* length: of the value that counts drops, as it says of itself. */
static void packet_after(uint32_t id, uint32_t captured, unsigned length, uint64_t drops)
{
	begin_block(ENHANCED_PACKET);
	put(&capture, id, 4);
	put(&capture, 0, 4);
	put(&capture, 7, 4);
	put(&capture, captured, 4);
	put(&capture, captured, 4);
	put_data(&capture, 0x11, captured);
	put_data(&capture, 0, -captured & 3);
	put(&capture, FLAGS, 2);
	put(&capture, 4, 2);
	put(&capture, 0, 4);
	put(&capture, DROPCOUNT, 2);
	put(&capture, length, 2);
	put(&capture, drops, 8);
	end_block();
}

static void begin_two_interfaces(bool is_big_endian)
{
	clear(is_big_endian);
	section();
	interface(1, 0, -1, 0);
	interface(1, 0, -1, 0);
}

/* Whichever part of a block is there first. */
static void expect_drops(uint64_t drops)
{
	for (size_t piece = 0; piece < 40; piece++)
		for (unsigned pauses = 0; pauses < 2; pauses++) {
			capture.piece = piece;
			capture.has_pauses = pauses;
			assert_int_equal(drops_of_file(), drops);
		}
}

static void sums_what_was_dropped_before_packets(void **state)
{
	(void)state;
	for (unsigned big = 0; big < 2; big++) {
		begin_two_interfaces(big);
		packet_after(0, 33, 8, 3);
		packet_after(0, 0, 8, 4);
		packet(0, 1, 0x11, 33, 33);
		packet_after(1, LONG, 8, 5);
		packet_after(1, 60, 8, 0);
		expect_drops(3 + 4 + 5);
	}
}

/* Nor are they a reason to read no further. */
static void options_of_packets_that_are_not_right_count_nothing(void **state)
{
	(void)state;
	begin_two_interfaces(false);
	packet_after(0, 33, 4, 100);
	packet_after(0, 33, 9, 100);
	packet_after(0, 33, 400, 100);
	packet_after(0, 33, 65535, 100);
	packet_after(0, 33, 8, 1);
	begin_block(ENHANCED_PACKET);
	put_data(&capture, 0, 12);
	put(&capture, 1, 4);
	put(&capture, 1, 4);
	put(&capture, 0x11, 4);
	put(&capture, DROPCOUNT, 2); /* and no more */
	end_block();
	expect_drops(1);
}

static void packets_are_the_same_with_options(void **state)
{
	(void)state;
	begin_two_interfaces(true);
	packet_after(0, 33, 8, 3);
	packet_after(1, LONG, 8, 4);
	packet_after(0, 5, 8, 5);
	for (size_t piece = 0; piece < 40; piece++) {
		capture.piece = piece;
		capture.has_pauses = piece & 1;
		assert_int_equal(open_capture(), 0);
		expect(7000, 0x11, 33, 33, 1);
		expect(7000, 0x11, DP_FILE_FRAME_MAX, LONG, 1);
		expect(7000, 0x11, 5, 5, 1);
		expect_end();
	}
}

/* Statistics count from the beginning, so they have what packets said by then. */
static void what_packets_and_statistics_say_counts_once(void **state)
{
	(void)state;
	begin_two_interfaces(false);
	packet_after(0, 33, 8, 3);
	packet_after(0, 33, 8, 4);
	statistics(0, IFDROP, 8, 5);
	statistics(0, OSDROP, 8, 2);
	assert_int_equal(drops_of_file(), 7);
	packet_after(0, 33, 8, 1);
	assert_int_equal(drops_of_file(), 8);
	statistics(0, IFDROP, 8, 12); /* no packet came after these to tell */
	assert_int_equal(drops_of_file(), 14);
	packet_after(0, 33, 8, 6);
	assert_int_equal(drops_of_file(), 14);
	packet_after(1, 33, 8, 9); /* of an interface without statistics */
	assert_int_equal(drops_of_file(), 14 + 9);
	statistics(1, IFDROP, 8, 2);
	expect_drops(14 + 9);
}

static void counts_no_more_than_fits(void **state)
{
	(void)state;
	begin_two_interfaces(false);
	packet_after(0, 33, 8, UINT64_MAX);
	packet_after(0, 33, 8, 5);
	packet_after(1, 33, 8, 5);
	assert_int_equal(drops_of_file(), UINT64_MAX);
}

static void old_packet(unsigned drops)
{
	begin_block(OLD_PACKET);
	put(&capture, 0, 2);
	put(&capture, drops, 2);
	put(&capture, 0, 8);
	put(&capture, 20, 4);
	put(&capture, 20, 4);
	put_data(&capture, 0x11, 20);
	end_block();
}

/* In 16 bits, of which the highest number is for who does not know. */
static void old_packets_say_it_too(void **state)
{
	(void)state;
	begin_two_interfaces(true);
	old_packet(9);
	old_packet(0xffff);
	old_packet(0xfffe);
	expect_drops(9 + 0xfffe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_what_the_capture_dropped),
		cmocka_unit_test(sums_what_was_dropped_before_packets),
		cmocka_unit_test(options_of_packets_that_are_not_right_count_nothing),
		cmocka_unit_test(packets_are_the_same_with_options),
		cmocka_unit_test(what_packets_and_statistics_say_counts_once),
		cmocka_unit_test(counts_no_more_than_fits),
		cmocka_unit_test(old_packets_say_it_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
