/* SPDX-License-Identifier: BSD-3-Clause */
/* Capture files written octet by octet here, then read: formats, times, merging and damage. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "dp_file_disk.h"
#include "dp_unit.h"

static void reads_micro_and_nanoseconds_in_both_byte_orders(void **state)
{
	const char *path = "dp_file_a.pcap";

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		bool is_nano = i & 1;
		struct writer w = begin(path, is_nano ? MAGIC_NS : MAGIC_US, TYPE_ETHERNET, i & 2);
		struct dp_file *file;

		frame(&w, 1700000000, 123456, 0x11, 60, 60);
		frame(&w, 1700000001, 999999, 0x22, 64, 1500);
		fclose(w.stream);
		file = open_files(&path, 1);
		expect(file, is_nano ? 1700000000000123456 : 1700000000123456000, 0x11, 60, 60,
			DP_LINK_ETHERNET);
		expect(file, is_nano ? 1700000001000999999 : 1700000001999999000, 0x22, 64, 1500,
			DP_LINK_ETHERNET);
		expect_end(file);
		assert_null(dp_file_damage(file));
		dp_file_close(file);
	}
	unlink(path);
}

static void knows_the_link_types(void **state)
{
	const struct {
		uint32_t type;
		enum dp_link link;
	} types[] = {
		{TYPE_ETHERNET, DP_LINK_ETHERNET},
		{TYPE_SLL, DP_LINK_SLL},
		{TYPE_SLL2, DP_LINK_SLL2},
		{TYPE_RAW, DP_LINK_RAW},
		{TYPE_IPV4, DP_LINK_RAW},
		{TYPE_IPV6, DP_LINK_RAW},
		{TYPE_NULL, DP_LINK_NULL},
		{TYPE_LOOP, DP_LINK_NULL},
	};
	const char *path = "dp_file_a.pcap";

	(void)state;
	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct writer w = begin(path, MAGIC_US, types[i].type, false);
		struct dp_file *file;

		frame(&w, 1, 0, 0x33, 40, 40);
		fclose(w.stream);
		file = open_files(&path, 1);
		expect(file, 1000000000, 0x33, 40, 40, types[i].link);
		dp_file_close(file);
	}
	unlink(path);
}

static void expect_refusal(const char *path, int err, const char *text)
{
	char error[256] = "";
	struct dp_file *file = NULL;

	assert_int_equal(dp_file_open(&path, 1, NULL, &file, error, sizeof(error)), err);
	if (!strstr(error, text))
		print_message("%s\n", error);
	assert_non_null(strstr(error, text));
	assert_non_null(strstr(error, path));
}

static void says_why_a_file_cannot_be_read(void **state)
{
	const char *path = "dp_file_a.pcap";
	struct writer w = begin(path, MAGIC_US, TYPE_IEEE802_11, false);

	(void)state;
	fclose(w.stream);
	expect_refusal(path, -ENOTSUP, "link type 105 (IEEE802_11) is not supported");
	w.stream = fopen(path, "wb");
	fputs("heptap: not a capture file at all", w.stream);
	fclose(w.stream);
	expect_refusal(path, -EINVAL, "unknown file format");
	unlink(path);
	expect_refusal(path, -ENOENT, "could not open \"dp_file_a.pcap\": No such file");
}

static void pcapng_packet(const struct writer *w, uint32_t interface, uint8_t tag)
{
	put(w, 6, 4);
	put(w, 52, 4);
	put(w, interface, 4);
	put(w, 0, 4);
	put(w, 1000000, 4);
	put(w, 20, 4);
	put(w, 20, 4);
	for (unsigned i = 0; i < 20; i++)
		put(w, tag, 1);
	put(w, 52, 4);
}

/* A section with two interfaces (draft-ietf-opsawg-pcapng, sections 4.1 and 4.2). */
static struct writer begin_pcapng(const char *path, uint32_t type0, uint32_t type1)
{
	const uint32_t types[] = {type0, type1};
	struct writer w = {.stream = fopen(path, "wb")};

	assert_non_null(w.stream);
	put(&w, 0x0a0d0d0a, 4);
	put(&w, 28, 4);
	put(&w, 0x1a2b3c4d, 4);
	put(&w, 1, 4);
	put(&w, UINT32_MAX, 4);
	put(&w, UINT32_MAX, 4);
	put(&w, 28, 4);
	for (unsigned i = 0; i < 2; i++) {
		put(&w, 1, 4);
		put(&w, 20, 4);
		put(&w, types[i], 4);
		put(&w, 0, 4);
		put(&w, 20, 4);
	}
	return w;
}

static void leaves_out_only_what_it_does_not_know(void **state)
{
	const char *path = "dp_file_a.pcapng";
	struct writer w = begin_pcapng(path, TYPE_IEEE802_11, TYPE_SLL);
	struct dp_file *file;

	(void)state;
	pcapng_packet(&w, 0, 0x11);
	pcapng_packet(&w, 1, 0x22);
	pcapng_packet(&w, 0, 0x33);
	pcapng_packet(&w, 1, 0x44);
	fclose(w.stream);
	file = open_files(&path, 1);
	expect(file, 1000000000, 0x22, 20, 20, DP_LINK_SLL);
	expect(file, 1000000000, 0x44, 20, 20, DP_LINK_SLL);
	expect_end(file);
	assert_string_equal(dp_file_damage(file),
		"\"dp_file_a.pcapng\": frames of link type 105 (IEEE802_11) or others not "
		"supported were left out: 2");
	dp_file_close(file);

	w = begin_pcapng(path, TYPE_ETHERNET, TYPE_IEEE802_11);
	pcapng_packet(&w, 1, 0x11);
	fclose(w.stream);
	expect_refusal(path, -ENOTSUP, "link type 105 (IEEE802_11) is not supported");
	unlink(path);
}

static void merges_by_time_and_keeps_file_order_for_equal_times(void **state)
{
	const char *paths[] = {"dp_file_a.pcap", "dp_file_b.pcap", "dp_file_c.pcap"};
	struct writer a = begin(paths[0], MAGIC_US, TYPE_ETHERNET, false);
	struct writer b = begin(paths[1], MAGIC_NS, TYPE_SLL, true);
	struct writer c = begin(paths[2], MAGIC_US, TYPE_RAW, false);
	struct dp_file *file;

	(void)state;
	frame(&a, 10, 0, 0xa1, 20, 20);
	frame(&a, 10, 5, 0xa2, 20, 20);
	frame(&b, 10, 1, 0xb1, 20, 20); /* one nanosecond after a1 */
	frame(&b, 10, 5000, 0xb2, 20, 20);
	frame(&c, 9, 0, 0xc1, 20, 20);
	frame(&c, 10, 5, 0xc2, 20, 20);
	fclose(a.stream);
	fclose(b.stream);
	fclose(c.stream);
	file = open_files(paths, 3);
	expect(file, 9000000000, 0xc1, 20, 20, DP_LINK_RAW);
	expect(file, 10000000000, 0xa1, 20, 20, DP_LINK_ETHERNET);
	expect(file, 10000000001, 0xb1, 20, 20, DP_LINK_SLL);
	expect(file, 10000005000, 0xa2, 20, 20, DP_LINK_ETHERNET);
	expect(file, 10000005000, 0xb2, 20, 20, DP_LINK_SLL);
	expect(file, 10000005000, 0xc2, 20, 20, DP_LINK_RAW);
	expect_end(file);
	dp_file_close(file);
	for (unsigned i = 0; i < 3; i++)
		unlink(paths[i]);
}

static void gives_the_frames_before_the_damage_and_names_it(void **state)
{
	const char *paths[] = {"dp_file_a.pcap", "dp_file_b.pcap"};
	struct writer a = begin(paths[0], MAGIC_US, TYPE_ETHERNET, false);
	struct writer b = begin(paths[1], MAGIC_US, TYPE_ETHERNET, false);
	struct dp_file *file;
	long size;

	(void)state;
	frame(&a, 1, 0, 0xa1, 60, 60);
	frame(&a, 2, 0, 0xa2, 60, 60);
	frame(&b, 3, 0, 0xb1, 60, 60);
	size = ftell(a.stream);
	fclose(a.stream);
	fclose(b.stream);
	assert_int_equal(truncate(paths[0], size - 7), 0);
	file = open_files(paths, 2);
	expect(file, 1000000000, 0xa1, 60, 60, DP_LINK_ETHERNET);
	expect(file, 3000000000, 0xb1, 60, 60, DP_LINK_ETHERNET);
	expect_end(file);
	assert_non_null(dp_file_damage(file));
	assert_ptr_equal(strstr(dp_file_damage(file), "\"dp_file_a.pcap\": truncated in a packet"),
		dp_file_damage(file));
	dp_file_close(file);
	unlink(paths[0]);
	unlink(paths[1]);
}

static void survives_every_truncation(void **state)
{
	const char *path = "dp_file_a.pcap";
	struct writer w = begin(path, MAGIC_US, TYPE_ETHERNET, false);
	long size;

	(void)state;
	frame(&w, 1, 0, 0xa1, 30, 30);
	frame(&w, 2, 0, 0xa2, 30, 30);
	size = ftell(w.stream);
	fclose(w.stream);
	/* 24 octets of file header, 16 of each record's. */
	while (--size >= 24) {
		struct dp_file *file;
		bool is_whole = size == 24 || size == 24 + 46;

		assert_int_equal(truncate(path, size), 0);
		file = open_files(&path, 1);
		if (size >= 24 + 46)
			expect(file, 1000000000, 0xa1, 30, 30, DP_LINK_ETHERNET);
		expect_end(file);
		assert_int_equal(dp_file_damage(file) == NULL, is_whole);
		dp_file_close(file);
	}
	unlink(path);
}

static void impossible_times_become_the_neighbours(void **state)
{
	const char *path = "dp_file_a.pcap";
	struct writer w = begin(path, MAGIC_US, TYPE_ETHERNET, false);
	struct dp_file *file;

	(void)state;
	frame(&w, 0x7fffffff, 0, 0x01, 20, 20);
	frame(&w, 5, 1000000, 0x02, 20, 20); /* a million microseconds */
	frame(&w, 0x7fffffff, 999999, 0x03, 20, 20); /* the last second of 31 bits is fine */
	fclose(w.stream);
	file = open_files(&path, 1);
	expect(file, 2147483647000000000, 0x01, 20, 20, DP_LINK_ETHERNET);
	expect(file, 2147483647499999500, 0x02, 20, 20, DP_LINK_ETHERNET);
	expect(file, 2147483647999999000, 0x03, 20, 20, DP_LINK_ETHERNET);
	expect_end(file);
	dp_file_close(file);
	unlink(path);
}

static void takes_frames_of_all_sizes(void **state)
{
	const uint32_t sizes[] = {0, 1, 2176, 2177, 9000, 65535};
	const char *path = "dp_file_a.pcap";
	struct writer w = begin(path, MAGIC_US, TYPE_ETHERNET, false);
	struct dp_file *file;

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		frame(&w, i, 0, (uint8_t)i, sizes[i], sizes[i]);
	frame(&w, 6, 0, 0x66, 100000, 100000);
	fclose(w.stream);
	file = open_files(&path, 1);
	for (unsigned i = 0; i < 6; i++)
		expect(file, i * 1000000000ULL, (uint8_t)i, sizes[i], sizes[i], DP_LINK_ETHERNET);
	expect(file, 6000000000, 0x66, 65535, 100000, DP_LINK_ETHERNET);
	expect_end(file);
	dp_file_close(file);
	unlink(path);
}

static void counts_its_progress(void **state)
{
	const char *path = "dp_file_a.pcap";
	struct writer w = begin(path, MAGIC_US, TYPE_ETHERNET, false);
	struct rte_mbuf *burst[32];
	uint64_t read, total;
	struct dp_file *file;
	unsigned n, sum = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		frame(&w, i, 0, 0x55, 84, 84);
	fclose(w.stream);
	file = open_files(&path, 1);
	while ((n = dp_file_poll(file, burst, 32))) {
		sum += n;
		rte_pktmbuf_free_bulk(burst, n);
	}
	dp_file_progress(file, &read, &total);
	assert_int_equal(sum, 1000);
	assert_int_equal(total, 24 + 1000 * 100);
	assert_int_equal(read, total);
	dp_file_close(file);
	unlink(path);
}

static void gives_what_it_has_when_buffers_run_out(void **state)
{
	enum {
		LARGE_MBUFS = 63
	};
	const char *path = "dp_file_a.pcap";
	struct writer w = begin(path, MAGIC_US, TYPE_ETHERNET, false);
	struct rte_mbuf *burst[100];
	struct dp_file *file;

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		frame(&w, i, 0, 0x77, 3000, 3000);
	fclose(w.stream);
	file = open_files(&path, 1);
	assert_int_equal(dp_file_poll(file, burst, 100), LARGE_MBUFS);
	rte_pktmbuf_free_bulk(burst, LARGE_MBUFS);
	assert_int_equal(dp_file_poll(file, burst, 100), 100 - LARGE_MBUFS);
	rte_pktmbuf_free_bulk(burst, 100 - LARGE_MBUFS);
	expect_end(file);
	dp_file_close(file);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_micro_and_nanoseconds_in_both_byte_orders),
		cmocka_unit_test(knows_the_link_types),
		cmocka_unit_test(says_why_a_file_cannot_be_read),
		cmocka_unit_test(leaves_out_only_what_it_does_not_know),
		cmocka_unit_test(merges_by_time_and_keeps_file_order_for_equal_times),
		cmocka_unit_test(gives_the_frames_before_the_damage_and_names_it),
		cmocka_unit_test(survives_every_truncation),
		cmocka_unit_test(impossible_times_become_the_neighbours),
		cmocka_unit_test(takes_frames_of_all_sizes),
		cmocka_unit_test(counts_its_progress),
		cmocka_unit_test(gives_what_it_has_when_buffers_run_out),
	};

	return cmocka_run_group_tests(tests, start_eal, stop_eal);
}
