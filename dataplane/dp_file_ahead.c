/* SPDX-License-Identifier: BSD-3-Clause */
#include "dp_file_ahead.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int dp_file_ahead_init(struct dp_file_ahead *a, struct dp_file_reader *reader)
{
	*a = (struct dp_file_ahead){.reader = reader, .status = DP_FILE_FRAME};
	a->octets = malloc((size_t)DP_FILE_HELD * DP_FILE_FRAME_MAX);
	return a->octets ? 0 : -ENOMEM;
}

void dp_file_ahead_fini(struct dp_file_ahead *a)
{
	free(a->octets);
}

/* What the reader has is valid until its next call only. */
static void hold(struct dp_file_ahead *a, const struct dp_file_frame *frame)
{
	unsigned i = (a->first + a->count++) % DP_FILE_HELD;
	uint8_t *octets = a->octets + (size_t)i * DP_FILE_FRAME_MAX;

	memcpy(octets, frame->data, frame->captured);
	a->held[i] = *frame;
	a->held[i].data = octets;
}

/* False: no more come. */
static bool hold_next(struct dp_file_ahead *a)
{
	struct dp_file_frame frame;

	if (a->status == DP_FILE_FRAME)
		a->status = dp_file_reader_next(a->reader, &frame);
	if (a->status != DP_FILE_FRAME)
		return false;
	hold(a, &frame);
	return true;
}

/* Those of the held frames from the i-th on. Returns how many. */
static unsigned times(const struct dp_file_ahead *a, unsigned i, uint64_t *time_ns)
{
	unsigned n = 0;

	for (; i < a->count; i++)
		time_ns[n++] = a->held[(a->first + i) % DP_FILE_HELD].time_ns;
	return n;
}

static void set_clock(struct dp_file_ahead *a)
{
	uint64_t time_ns[DP_FILE_HELD];

	while (a->count < DP_FILE_FIRST && hold_next(a))
		;
	dp_file_clock_set(&a->clock, time_ns, times(a, 0, time_ns));
}

/* The first of the held. */
static void judge(struct dp_file_ahead *a, struct dp_file_frame *frame)
{
	uint64_t next_ns[DP_FILE_HELD], between_ns = 0;
	enum dp_file_verdict verdict;

	*frame = a->held[a->first];
	do {
		bool is_all = a->status != DP_FILE_FRAME;
		unsigned n = times(a, 1, next_ns);

		verdict = dp_file_clock_judge(
			&a->clock, frame->time_ns, next_ns, n, is_all, &between_ns);
		if (verdict == DP_FILE_UNDECIDED)
			hold_next(a);
	} while (verdict == DP_FILE_UNDECIDED);
	if (verdict == DP_FILE_BELIEVED) {
		dp_file_clock_believe(&a->clock, frame->time_ns);
		return;
	}
	dp_file_clock_refuse(&a->clock, frame->time_ns);
	frame->time_ns = between_ns;
}

static void let_go(struct dp_file_ahead *a)
{
	a->first = (a->first + 1) % DP_FILE_HELD;
	a->count--;
	a->is_out = false;
}

enum dp_file_status dp_file_ahead_next(struct dp_file_ahead *a, struct dp_file_frame *frame)
{
	if (a->is_out)
		let_go(a);
	if (!a->count) {
		if (a->status == DP_FILE_FRAME)
			a->status = dp_file_reader_next(a->reader, frame);
		if (a->status != DP_FILE_FRAME)
			return a->status;
		if (a->clock.is_set && dp_file_clock_fits(&a->clock, frame->time_ns)) {
			dp_file_clock_believe(&a->clock, frame->time_ns);
			return DP_FILE_FRAME;
		}
		hold(a, frame);
	}
	if (!a->clock.is_set)
		set_clock(a);
	judge(a, frame);
	a->is_out = true;
	return DP_FILE_FRAME;
}
