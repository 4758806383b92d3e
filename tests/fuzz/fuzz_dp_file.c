/* SPDX-License-Identifier: BSD-3-Clause */
/* Capture files: the same frames and the same end, whether the file comes at once or in pieces; so
 * nothing is taken from beyond what was read, and nothing is lost where the rest of a record is not there yet. After the
 * end comes the end. First octet: the piece's size. What is held until its time is known comes in the same order, and
 * each frame is believed or not, the same with and without such pauses. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dp_file_ahead.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct memory {
	const uint8_t *p;
	size_t n, piece;
	bool has_pauses; /* every other read finds nothing yet */
	bool is_pause;
};

static struct dp_file_reader whole, pieces, held, paused;

static void check(bool ok)
{
	if (!ok)
		abort();
}

static ssize_t read_memory(void *arg, void *to, size_t n)
{
	struct memory *m = arg;

	if (m->has_pauses && (m->is_pause = !m->is_pause)) {
		errno = EAGAIN;
		return -1;
	}
	if (n > m->n)
		n = m->n;
	if (n > m->piece)
		n = m->piece;
	if (n)
		memcpy(to, m->p, n);
	m->p += n;
	m->n -= n;
	return (ssize_t)n;
}

static int open_memory(struct dp_file_reader *reader, struct memory *m)
{
	int err;

	dp_file_reader_init(reader, read_memory, m);
	do
		err = dp_file_reader_open(reader);
	while (err == -EAGAIN);
	return err;
}

static enum dp_file_status next_of_pieces(struct dp_file_frame *frame)
{
	enum dp_file_status status;

	do
		status = dp_file_reader_next(&pieces, frame);
	while (status == DP_FILE_LATER);
	return status;
}

static enum dp_file_status next_of_paused(struct dp_file_ahead *ahead, struct dp_file_frame *frame)
{
	enum dp_file_status status;

	do
		status = dp_file_ahead_next(ahead, frame);
	while (status == DP_FILE_LATER);
	return status;
}

static void check_frame(const struct dp_file_frame *a, const struct dp_file_frame *b)
{
	check(a->captured <= DP_FILE_FRAME_MAX && a->captured <= a->wire);
	check(a->data >= whole.input.buffer);
	check(a->data + a->captured <= whole.input.buffer + whole.input.end);
	check(a->captured == b->captured && a->wire == b->wire);
	check(a->time_ns == b->time_ns && a->link_type == b->link_type);
	check(a->captured == 0 || memcmp(a->data, b->data, a->captured) == 0);
}

/* Both from their beginning. */
static void check_ahead(struct dp_file_ahead *ahead, struct dp_file_ahead *slow, size_t frames)
{
	uint64_t outliers = 0;

	for (size_t i = 0; i < frames; i++) {
		struct dp_file_frame x, y, z;

		check(dp_file_reader_next(&whole, &x) == DP_FILE_FRAME);
		check(dp_file_ahead_next(ahead, &y) == DP_FILE_FRAME);
		check(next_of_paused(slow, &z) == DP_FILE_FRAME);
		check(z.captured == y.captured && z.time_ns == y.time_ns);
		check(z.captured == 0 || memcmp(z.data, y.data, z.captured) == 0);
		check(x.captured == y.captured && x.wire == y.wire);
		check(x.captured == 0 || memcmp(x.data, y.data, x.captured) == 0);
		check(x.time_ns == y.time_ns ||
			ahead->clock.counters.time_outliers == outliers + 1);
		outliers = ahead->clock.counters.time_outliers;
	}
}

static void check_held(const uint8_t *data, size_t size, size_t frames, enum dp_file_status end)
{
	struct memory a = {.p = data, .n = size, .piece = SIZE_MAX}, b = a;
	struct memory c = {.p = data, .n = size, .piece = 100, .has_pauses = true};
	struct dp_file_ahead ahead, slow;
	struct dp_file_frame frame;

	check(open_memory(&whole, &a) == 0);
	check(open_memory(&held, &b) == 0);
	check(open_memory(&paused, &c) == 0);
	check(dp_file_ahead_init(&ahead, &held) == 0);
	check(dp_file_ahead_init(&slow, &paused) == 0);
	check_ahead(&ahead, &slow, frames);
	check(dp_file_ahead_next(&ahead, &frame) == end);
	check(dp_file_ahead_next(&ahead, &frame) == end);
	check(next_of_paused(&slow, &frame) == end);
	check(ahead.clock.counters.time_outliers == slow.clock.counters.time_outliers);
	dp_file_ahead_fini(&slow);
	dp_file_ahead_fini(&ahead);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum dp_file_status end = DP_FILE_END;
	struct memory a, b;
	size_t frames = 0;
	bool is_cut;
	int err;

	if (size < 1)
		return 0;
	a = (struct memory){.p = data + 1, .n = size - 1, .piece = SIZE_MAX};
	b = (struct memory){.p = data + 1, .n = size - 1, .piece = 1 + data[0]};
	memset(&whole.input.buffer, 0x5a, size < DP_FILE_BUFFER ? size : DP_FILE_BUFFER);
	b.has_pauses = true;
	err = open_memory(&whole, &a);
	check(open_memory(&pieces, &b) == err);
	is_cut = whole.error[0] != 0; /* in its header, when there is no err */
	check(!err || is_cut);
	while (!err) {
		struct dp_file_frame x, y;
		enum dp_file_status status = dp_file_reader_next(&whole, &x);

		check(next_of_pieces(&y) == status);
		check((status == DP_FILE_DAMAGED) == (whole.error[0] != 0));
		check(!is_cut || status == DP_FILE_DAMAGED);
		if (status != DP_FILE_FRAME) {
			check(dp_file_reader_next(&whole, &x) == status);
			end = status;
			break;
		}
		check_frame(&x, &y);
		check(++frames <= size / 16); /* the shortest record */
	}
	check(strcmp(whole.error, pieces.error) == 0);
	check(whole.first_link_type == pieces.first_link_type);
	if (!err)
		check_held(data + 1, size - 1, frames, end);
	return 0;
}
