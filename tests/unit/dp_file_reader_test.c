/* SPDX-License-Identifier: BSD-3-Clause */
/* Both capture formats, written octet by octet from their drafts, and the same frames as libpcap reads
 * of random files. */
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

#include "dp_file_reader.h"
#include "unit.h"

enum {
	FILE_MAX = 1 << 20,
	SECTION = 0x0a0d0d0a,
	INTERFACE = 1,
	OLD_PACKET = 2,
	SIMPLE_PACKET = 3,
	STATISTICS = 5,
	ENHANCED_PACKET = 6,
};

/* A file in memory that is written, then read in pieces. */
struct capture {
	bool is_big_endian;
	size_t n, at;
	size_t piece; /* at most so many octets a read, 0 for all */
	size_t block; /* where the block being written begins */
	int error; /* errno instead of the end */
	uint8_t b[FILE_MAX];
};

static struct capture capture;
static struct dp_file_reader reader;

static void put(struct capture *c, uint64_t value, unsigned octets)
{
	for (unsigned i = 0; i < octets; i++) {
		unsigned shift = 8 * (c->is_big_endian ? octets - 1 - i : i);

		assert_true(c->n < FILE_MAX);
		c->b[c->n++] = (uint8_t)(value >> shift);
	}
}

static void put_data(struct capture *c, uint8_t tag, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		put(c, tag, 1);
}

static void clear(bool is_big_endian)
{
	capture.is_big_endian = is_big_endian;
	capture.n = 0;
	capture.piece = 0;
	capture.error = 0;
}

static void begin_pcap(uint32_t magic, unsigned minor, uint32_t snaplen, uint32_t type)
{
	put(&capture, magic, 4);
	put(&capture, 2, 2);
	put(&capture, minor, 2);
	put(&capture, 0, 8);
	put(&capture, snaplen, 4);
	put(&capture, type, 4);
}

static void record(uint32_t sec, uint32_t fraction, uint8_t tag, uint32_t captured, uint32_t wire)
{
	put(&capture, sec, 4);
	put(&capture, fraction, 4);
	put(&capture, captured, 4);
	put(&capture, wire, 4);
	put_data(&capture, tag, captured);
}

static void begin_block(uint32_t type)
{
	capture.block = capture.n;
	put(&capture, type, 4);
	put(&capture, 0, 4);
}

/* Pads, and writes the length at both ends. */
static void end_block(void)
{
	uint32_t length;
	size_t end;

	while (capture.n % 4)
		put(&capture, 0, 1);
	length = (uint32_t)(capture.n - capture.block + 4);
	put(&capture, length, 4);
	end = capture.n;
	capture.n = capture.block + 4;
	put(&capture, length, 4);
	capture.n = end;
}

static void section(void)
{
	begin_block(SECTION);
	put(&capture, 0x1a2b3c4d, 4);
	put(&capture, 1, 2);
	put(&capture, 0, 2);
	put(&capture, UINT64_MAX, 8);
	end_block();
}

static void interface(uint16_t type, uint32_t snaplen, int resolution, int64_t offset_s)
{
	begin_block(INTERFACE);
	put(&capture, type, 2);
	put(&capture, 0, 2);
	put(&capture, snaplen, 4);
	put(&capture, 2, 2); /* if_name */
	put(&capture, 5, 2);
	put_data(&capture, 'x', 5);
	put_data(&capture, 0, 3);
	if (resolution >= 0) {
		put(&capture, 9, 2);
		put(&capture, 1, 2);
		put(&capture, (uint8_t)resolution, 1);
		put_data(&capture, 0, 3);
	}
	if (offset_s) {
		put(&capture, 14, 2);
		put(&capture, 8, 2);
		put(&capture, (uint64_t)offset_s, 8);
	}
	put(&capture, 0, 4);
	end_block();
}

static void packet(uint32_t id, uint64_t units, uint8_t tag, uint32_t captured, uint32_t wire)
{
	begin_block(ENHANCED_PACKET);
	put(&capture, id, 4);
	put(&capture, units >> 32, 4);
	put(&capture, (uint32_t)units, 4);
	put(&capture, captured, 4);
	put(&capture, wire, 4);
	put_data(&capture, tag, captured);
	end_block();
}

static ssize_t read_capture(void *arg, void *to, size_t n)
{
	struct capture *c = arg;

	if (n > c->n - c->at)
		n = c->n - c->at;
	if (c->piece && n > c->piece)
		n = c->piece;
	if (!n && c->error) {
		errno = c->error;
		return -1;
	}
	memcpy(to, c->b + c->at, n);
	c->at += n;
	return (ssize_t)n;
}

static int open_capture(void)
{
	capture.at = 0;
	memset(&reader, 0xa5, sizeof(reader));
	return dp_file_reader_open(&reader, read_capture, &capture);
}

static void expect_time(uint64_t time_ns)
{
	struct dp_file_frame frame;

	assert_int_equal(dp_file_reader_next(&reader, &frame), DP_FILE_FRAME);
	assert_int_equal(frame.time_ns, time_ns);
}

static void expect(uint64_t time_ns, uint8_t tag, uint32_t captured, uint32_t wire, uint32_t type)
{
	struct dp_file_frame frame;

	assert_int_equal(dp_file_reader_next(&reader, &frame), DP_FILE_FRAME);
	assert_int_equal(frame.time_ns, time_ns);
	assert_int_equal(frame.captured, captured);
	assert_int_equal(frame.wire, wire);
	assert_int_equal(frame.link_type, type);
	for (uint32_t i = 0; i < captured; i++)
		assert_int_equal(frame.data[i], tag);
}

static void expect_end(void)
{
	struct dp_file_frame frame;

	assert_int_equal(dp_file_reader_next(&reader, &frame), DP_FILE_END);
}

static void expect_damage(const char *text)
{
	struct dp_file_frame frame;

	assert_int_equal(dp_file_reader_next(&reader, &frame), DP_FILE_DAMAGED);
	assert_int_equal(dp_file_reader_next(&reader, &frame), DP_FILE_DAMAGED);
	assert_string_equal(reader.error, text);
}

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

static void reads_in_pieces_of_any_size(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 90; piece++) {
		clear(piece & 1);
		section();
		interface(1, 0, -1, 0);
		packet(0, 1, 0x11, 33, 33);
		packet(0, 2, 0x22, 0, 60);
		packet(0, 3, 0x33, 100001, 100001); /* more than is kept of a frame */
		packet(0, 4, 0x44, 1, 1);
		capture.piece = piece;
		assert_int_equal(open_capture(), 0);
		expect(1000, 0x11, 33, 33, 1);
		expect(2000, 0x22, 0, 60, 1);
		expect(3000, 0x33, 65535, 100001, 1);
		expect(4000, 0x44, 1, 1, 1);
		expect_end();
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

static void a_header_that_is_cut_is_damage(void **state)
{
	(void)state;
	clear(false);
	begin_pcap(0xa1b2c3d4, 4, 0, 1);
	for (size_t n = 0; n < 24; n++) {
		capture.n = n;
		assert_int_equal(open_capture(), 0);
		expect_damage("truncated in the file header");
	}
}

static void says_why_it_cannot_open(void **state)
{
	(void)state;
	clear(false);
	capture.error = EISDIR;
	assert_int_equal(open_capture(), -EISDIR);
	assert_string_equal(reader.error, "could not read the file header: Is a directory");

	clear(false);
	put(&capture, 0x00088b1f, 4);
	assert_int_equal(open_capture(), -EINVAL);
	assert_string_equal(reader.error, "it is compressed: unpack it first");

	clear(false);
	begin_pcap(0xa1b2c3d4, 5, 0, 1);
	assert_int_equal(open_capture(), -EINVAL);
	assert_string_equal(reader.error, "pcap version 2.5 is not supported");

	clear(false);
	begin_pcap(0xa1b2c3d4, 4, 0, 1);
	record(1, 0, 0x11, 20, 20);
	capture.error = EIO;
	assert_int_equal(open_capture(), 0);
	expect(1000000000, 0x11, 20, 20, 1);
	expect_damage("could not read a packet's header: Input/output error");
}

static uint32_t draw(uint32_t below)
{
	static uint64_t state = 0x9e3779b97f4a7c15;

	state = state * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)(state >> 33) % below;
}

/* What libpcap can read: one section, one link type and snapshot length, resolutions it knows. */
static void write_random(bool is_pcapng, bool is_big_endian)
{
	const int resolutions[] = {-1, 0, 3, 6, 9, 0x80 | 10, 0x80 | 20, 0x80 | 30};
	unsigned interfaces = 1 + draw(3), frames = draw(40);
	uint32_t snaplen = 100 + draw(2000);

	clear(is_big_endian);
	if (is_pcapng)
		section();
	else
		begin_pcap(draw(2) ? 0xa1b2c3d4 : 0xa1b23c4d, 4, snaplen, 1);
	for (unsigned i = 0; is_pcapng && i < interfaces; i++)
		interface(1, snaplen, resolutions[draw(8)], draw(2) ? draw(1000000) : 0);
	for (unsigned i = 0; i < frames; i++) {
		uint32_t captured = is_pcapng || draw(8) ? draw(snaplen) : draw(5000);
		uint32_t wire = captured + (draw(2) ? draw(1000) : 0);

		if (is_pcapng && !draw(5)) {
			begin_block(STATISTICS + 6 * draw(2));
			put_data(&capture, 0x99, draw(3000));
			end_block();
		}
		if (is_pcapng)
			packet(draw(interfaces), draw(2000000000), (uint8_t)draw(256), captured,
				wire);
		else
			record(draw(2000000000), draw(1000000), (uint8_t)draw(256), captured, wire);
	}
	if (!draw(4))
		capture.n -= draw(8);
}

static void agree_on_frames(pcap_t *pcap)
{
	enum dp_file_status status;
	struct dp_file_frame frame;

	while ((status = dp_file_reader_next(&reader, &frame)) == DP_FILE_FRAME) {
		struct pcap_pkthdr *header;
		const uint8_t *data;
		int got = pcap_next_ex(pcap, &header, &data);

		/* libpcap wants a whole block, the reader only the packet in it. */
		if (got == PCAP_ERROR && reader.is_pcapng) {
			assert_int_equal(dp_file_reader_next(&reader, &frame), DP_FILE_DAMAGED);
			return;
		}
		assert_int_equal(got, 1);
		assert_int_equal(frame.captured, header->caplen);
		assert_int_equal(frame.wire, header->len);
		assert_int_equal(frame.time_ns,
			(uint64_t)header->ts.tv_sec * 1000000000 + (uint64_t)header->ts.tv_usec);
		assert_memory_equal(frame.data, data, frame.captured);
	}
	assert_int_equal(
		pcap_next_ex(pcap, &(struct pcap_pkthdr *){NULL}, &(const uint8_t *){NULL}),
		status == DP_FILE_END ? PCAP_ERROR_BREAK : PCAP_ERROR);
}

static void agrees_with_libpcap(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		char error[PCAP_ERRBUF_SIZE] = "";
		FILE *stream;
		pcap_t *pcap;

		write_random(i & 1, i & 2);
		capture.piece = draw(2) ? 1 + draw(100) : 0;
		stream = fmemopen(capture.b, capture.n, "rb");
		assert_non_null(stream);
		pcap = pcap_fopen_offline_with_tstamp_precision(
			stream, PCAP_TSTAMP_PRECISION_NANO, error);
		if (!pcap) {
			struct dp_file_frame frame;

			fclose(stream); /* cut in its header, or in the first interface */
			assert_true(open_capture() < 0 ||
				    dp_file_reader_next(&reader, &frame) == DP_FILE_DAMAGED);
			continue;
		}
		assert_int_equal(open_capture(), 0);
		agree_on_frames(pcap);
		pcap_close(pcap);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_old_pcap),
		cmocka_unit_test(keeps_to_the_snapshot_length),
		cmocka_unit_test(reads_blocks_in_both_byte_orders),
		cmocka_unit_test(simple_packets_have_the_last_time),
		cmocka_unit_test(goes_on_with_other_link_types_and_sections),
		cmocka_unit_test(knows_all_resolutions),
		cmocka_unit_test(reads_in_pieces_of_any_size),
		cmocka_unit_test(survives_every_truncation),
		cmocka_unit_test(a_header_that_is_cut_is_damage),
		cmocka_unit_test(names_the_damage),
		cmocka_unit_test(names_damage_between_packets),
		cmocka_unit_test(says_why_it_cannot_open),
		cmocka_unit_test(agrees_with_libpcap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
