/* SPDX-License-Identifier: BSD-3-Clause */
/* What both capture formats have in common: reads of any size, files that cannot be opened, and the same
 * frames as libpcap reads of random files. */
#include <pcap/pcap.h>
#include <stdio.h>

#include "dp_file_case.h"

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
		for (unsigned pauses = 0; pauses < 2; pauses++) {
			capture.has_pauses = pauses;
			assert_int_equal(open_capture(), 0);
			expect(1000, 0x11, 33, 33, 1);
			expect(2000, 0x22, 0, 60, 1);
			expect(3000, 0x33, 65535, 100001, 1);
			expect(4000, 0x44, 1, 1, 1);
			expect_end();
		}
	}
}

/* Big-endian, two frames of the times 7 s and 1 ns later. */
static void write_two(bool is_pcapng)
{
	clear(true);
	if (is_pcapng) {
		section();
		interface(1, 0, 9, 7);
		packet(0, 0, 0, 30, 31);
		packet(0, 1, 1, 30, 31);
	} else {
		begin_pcap(0xa1b23c4d, 4, 0, 1);
		record(7, 0, 0, 30, 31);
		record(7, 1, 1, 30, 31);
	}
}

/* What is behind these octets comes once the reader has asked for it a few times. header: what it needs to be open. */
static void read_two(size_t there, size_t header)
{
	size_t n = capture.n;
	struct dp_file_frame frame;
	unsigned got = 0;
	bool is_open;

	capture.n = there;
	capture.error = EAGAIN;
	is_open = !open_capture();
	assert_int_equal(is_open, there >= header);
	while (is_open && dp_file_reader_next(&reader, &frame) == DP_FILE_FRAME)
		got++;
	for (unsigned i = 0; i < 3; i++)
		if (is_open)
			assert_int_equal(dp_file_reader_next(&reader, &frame), DP_FILE_LATER);
		else
			assert_int_equal(dp_file_reader_open(&reader), -EAGAIN);
	assert_string_equal(reader.error, "");
	capture.n = n;
	capture.error = 0;
	if (!is_open)
		assert_int_equal(dp_file_reader_open(&reader), 0);
	for (; got < 2; got++)
		expect(7000000000 + got, (uint8_t)got, 30, 31, 1);
	expect_end();
}

/* Whatever lacks is asked for again, and no frame comes twice. */
static void goes_on_where_the_rest_was_not_there_yet(void **state)
{
	(void)state;
	write_two(false);
	for (size_t there = 0; there < capture.n; there++)
		read_two(there, 24);
	write_two(true);
	for (size_t there = 0; there < capture.n; there++)
		read_two(there, 4);
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

	while ((status = next_of_reader(&frame)) == DP_FILE_FRAME) {
		struct pcap_pkthdr *header;
		const uint8_t *data;
		int got = pcap_next_ex(pcap, &header, &data);

		/* libpcap wants a whole block, the reader only the packet in it. */
		if (got == PCAP_ERROR && reader.is_pcapng) {
			assert_int_equal(next_of_reader(&frame), DP_FILE_DAMAGED);
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
		capture.has_pauses = draw(2);
		stream = fmemopen(capture.b, capture.n, "rb");
		assert_non_null(stream);
		pcap = pcap_fopen_offline_with_tstamp_precision(
			stream, PCAP_TSTAMP_PRECISION_NANO, error);
		if (!pcap) {
			struct dp_file_frame frame;

			fclose(stream); /* cut in its header, or in the first interface */
			assert_true(
				open_capture() < 0 || next_of_reader(&frame) == DP_FILE_DAMAGED);
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
		cmocka_unit_test(reads_in_pieces_of_any_size),
		cmocka_unit_test(goes_on_where_the_rest_was_not_there_yet),
		cmocka_unit_test(says_why_it_cannot_open),
		cmocka_unit_test(agrees_with_libpcap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
