/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of capture files share: a file in memory in either format, written octet by octet from
 * the drafts, and what is read of it.
 * Owner: the program has one file and one reader. Threads: one. */
#ifndef DP_FILE_CASE_H
#define DP_FILE_CASE_H

#include <errno.h>

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
	IFDROP = 5, /* options of statistics */
	OSDROP = 7,
};

/* A file in memory that is written, then read in pieces. */
struct capture {
	bool is_big_endian;
	size_t n, at;
	size_t piece; /* at most so many octets a read, 0 for all */
	size_t block; /* where the block being written begins */
	int error; /* errno instead of the end */
	bool has_pauses; /* every other read finds nothing yet */
	bool is_pause;
	uint8_t b[FILE_MAX];
};

static struct capture capture;
static struct dp_file_reader reader;

static inline void put(struct capture *c, uint64_t value, unsigned octets)
{
	for (unsigned i = 0; i < octets; i++) {
		unsigned shift = 8 * (c->is_big_endian ? octets - 1 - i : i);

		assert_true(c->n < FILE_MAX);
		c->b[c->n++] = (uint8_t)(value >> shift);
	}
}

static inline void put_data(struct capture *c, uint8_t tag, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		put(c, tag, 1);
}

static inline void clear(bool is_big_endian)
{
	capture.is_big_endian = is_big_endian;
	capture.n = 0;
	capture.piece = 0;
	capture.error = 0;
	capture.has_pauses = false;
}

static inline void begin_pcap(uint32_t magic, unsigned minor, uint32_t snaplen, uint32_t type)
{
	put(&capture, magic, 4);
	put(&capture, 2, 2);
	put(&capture, minor, 2);
	put(&capture, 0, 8);
	put(&capture, snaplen, 4);
	put(&capture, type, 4);
}

static inline void record(
	uint32_t sec, uint32_t fraction, uint8_t tag, uint32_t captured, uint32_t wire)
{
	put(&capture, sec, 4);
	put(&capture, fraction, 4);
	put(&capture, captured, 4);
	put(&capture, wire, 4);
	put_data(&capture, tag, captured);
}

static inline void begin_block(uint32_t type)
{
	capture.block = capture.n;
	put(&capture, type, 4);
	put(&capture, 0, 4);
}

/* Pads, and writes the length at both ends. */
static inline void end_block(void)
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

static inline void section(void)
{
	begin_block(SECTION);
	put(&capture, 0x1a2b3c4d, 4);
	put(&capture, 1, 2);
	put(&capture, 0, 2);
	put(&capture, UINT64_MAX, 8);
	end_block();
}

static inline void interface(uint16_t type, uint32_t snaplen, int resolution, int64_t offset_s)
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

static inline void packet(
	uint32_t id, uint64_t units, uint8_t tag, uint32_t captured, uint32_t wire)
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

static inline ssize_t read_capture(void *arg, void *to, size_t n)
{
	struct capture *c = arg;

	if (c->has_pauses && (c->is_pause = !c->is_pause)) {
		errno = EAGAIN;
		return -1;
	}
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

static inline int open_capture(void)
{
	int err;

	capture.at = 0;
	memset(&reader, 0xa5, sizeof(reader));
	dp_file_reader_init(&reader, read_capture, &capture);
	do
		err = dp_file_reader_open(&reader);
	while (err == -EAGAIN && capture.has_pauses);
	return err;
}

static inline enum dp_file_status next_of_reader(struct dp_file_frame *frame)
{
	enum dp_file_status status;

	do
		status = dp_file_reader_next(&reader, frame);
	while (status == DP_FILE_LATER && capture.has_pauses);
	return status;
}

static inline void expect(
	uint64_t time_ns, uint8_t tag, uint32_t captured, uint32_t wire, uint32_t type)
{
	struct dp_file_frame frame;

	assert_int_equal(next_of_reader(&frame), DP_FILE_FRAME);
	assert_int_equal(frame.time_ns, time_ns);
	assert_int_equal(frame.captured, captured);
	assert_int_equal(frame.wire, wire);
	assert_int_equal(frame.link_type, type);
	for (uint32_t i = 0; i < captured; i++)
		assert_int_equal(frame.data[i], tag);
}

static inline void expect_end(void)
{
	struct dp_file_frame frame;

	assert_int_equal(next_of_reader(&frame), DP_FILE_END);
}

static inline void expect_damage(const char *text)
{
	struct dp_file_frame frame;

	assert_int_equal(next_of_reader(&frame), DP_FILE_DAMAGED);
	assert_int_equal(next_of_reader(&frame), DP_FILE_DAMAGED);
	assert_string_equal(reader.error, text);
}

#endif
