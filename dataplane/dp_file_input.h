/* SPDX-License-Identifier: BSD-3-Clause */
/* The octets of one capture file through a buffer: files, pipes and memory alike. Reading instead of
 * mapping, since a mapped file that somebody cuts short kills the process.
 * Owner: the reader it lies in. Threads: one. */
#ifndef DP_FILE_INPUT_H
#define DP_FILE_INPUT_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	/* Fits the second-level cache, and twice the largest frame. */
	DP_FILE_BUFFER = 128 * 1024,
};

/* As read(2): how many octets came, 0 at the end, -1 with errno. EAGAIN: nothing is there yet, and it may be asked
 * again. */
typedef ssize_t (*dp_file_read)(void *arg, void *to, size_t n);

struct dp_file_input {
	dp_file_read read;
	void *arg;
	uint32_t at, end; /* what of the buffer is still to be taken */
	int error; /* errno of a failed read */
	bool is_later; /* the last read found nothing yet */
	uint8_t buffer[DP_FILE_BUFFER];
};

static inline void dp_file_input_init(struct dp_file_input *in, dp_file_read read, void *arg)
{
	in->read = read;
	in->arg = arg;
	in->at = 0;
	in->end = 0;
	in->error = 0;
	in->is_later = false;
}

/* The slow half of dp_file_input_peek. */
const uint8_t *dp_file_input_fill(struct dp_file_input *in, uint32_t n);

/* What: the next n octets (at most DP_FILE_BUFFER), valid until the next call, or NULL when there are
 * not as many. Takes nothing. */
static inline const uint8_t *dp_file_input_peek(struct dp_file_input *in, uint32_t n)
{
	if (__builtin_expect(in->end - in->at >= n, true))
		return in->buffer + in->at;
	return dp_file_input_fill(in, n);
}

/* n: at most what was peeked at. */
static inline void dp_file_input_take(struct dp_file_input *in, uint32_t n)
{
	in->at += n;
}

/* Takes *n octets unseen; false when there were fewer, and then *n is how many lack. */
bool dp_file_input_skip(struct dp_file_input *in, uint64_t *n);

/* After a peek that failed: whether nothing at all is left nor will come, and no read failed. */
static inline bool dp_file_input_is_end(const struct dp_file_input *in)
{
	return in->at == in->end && !in->error && !in->is_later;
}

#endif
