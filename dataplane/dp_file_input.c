/* SPDX-License-Identifier: BSD-3-Clause */
/* What is left goes to the front of the buffer, then as much is read as comes. */
#include "dp_file_input.h"

#include <errno.h>
#include <string.h>

/* False at the end, when reading failed, or when nothing is there yet. */
static bool read_more(struct dp_file_input *in)
{
	ssize_t n;

	in->is_later = false;
	if (in->error)
		return false;
	do
		n = in->read(in->arg, in->buffer + in->end, DP_FILE_BUFFER - in->end);
	while (n < 0 && errno == EINTR);
	in->is_later = n < 0 && errno == EAGAIN;
	if (n < 0 && !in->is_later)
		in->error = errno;
	if (n <= 0)
		return false;
	in->end += (uint32_t)n;
	return true;
}

const uint8_t *dp_file_input_fill(struct dp_file_input *in, uint32_t n)
{
	memmove(in->buffer, in->buffer + in->at, in->end - in->at);
	in->end -= in->at;
	in->at = 0;
	while (in->end < n)
		if (!read_more(in))
			return NULL;
	return in->buffer;
}

bool dp_file_input_skip(struct dp_file_input *in, uint64_t *n)
{
	while (*n > in->end - in->at) {
		*n -= in->end - in->at;
		in->at = 0;
		in->end = 0;
		if (!read_more(in))
			return false;
	}
	in->at += (uint32_t)*n;
	*n = 0;
	return true;
}
