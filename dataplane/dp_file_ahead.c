/* SPDX-License-Identifier: BSD-3-Clause */
#include "dp_file_ahead.h"

#include <sys/mman.h>

#include <errno.h>
#include <string.h>

#define OCTETS ((size_t)DP_FILE_HELD * DP_FILE_FRAME_MAX)

void dp_file_ahead_init_with(struct dp_file_ahead *a, struct dp_file_reader *reader, void *octets)
{
	*a = (struct dp_file_ahead){.reader = reader, .status = DP_FILE_FRAME, .octets = octets};
}

int dp_file_ahead_init(struct dp_file_ahead *a, struct dp_file_reader *reader)
{
	void *octets = mmap(NULL, OCTETS, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	/* Of a huge page most would never be used. */
	if (octets != MAP_FAILED)
		madvise(octets, OCTETS, MADV_NOHUGEPAGE);
	dp_file_ahead_init_with(a, reader, octets != MAP_FAILED ? octets : NULL);
	return a->octets ? 0 : -ENOMEM;
}

void dp_file_ahead_fini(struct dp_file_ahead *a)
{
	if (a->octets)
		munmap(a->octets, OCTETS);
	a->octets = NULL;
}

/* What the reader has is valid until its next call only. */
static void hold(struct dp_file_ahead *a, const struct dp_file_frame *frame)
{
	unsigned i = (a->first + a->count++) % DP_FILE_HELD;
	uint8_t *octets = a->octets + (size_t)i * DP_FILE_FRAME_MAX;

	memcpy(octets, frame->data, frame->captured);
	a->held[i] = *frame;
	a->held[i].data = octets;
	a->dry_ns[i] = 0;
}

static bool may_come(const struct dp_file_ahead *a)
{
	return a->status == DP_FILE_FRAME || a->status == DP_FILE_LATER;
}

/* Nothing is there: from now on the held wait for it. */
static void note_dry(struct dp_file_ahead *a)
{
	for (unsigned i = 0; i < a->count; i++) {
		uint64_t *dry_ns = &a->dry_ns[(a->first + i) % DP_FILE_HELD];

		if (!*dry_ns)
			*dry_ns = a->now_ns;
	}
}

/* The first of the held has waited long enough. */
static bool is_overdue(const struct dp_file_ahead *a)
{
	uint64_t dry_ns = a->dry_ns[a->first];

	return dry_ns && a->now_ns - dry_ns >= DP_FILE_HOLD_NS;
}

/* False: no more come, or none are there yet. */
static bool hold_next(struct dp_file_ahead *a)
{
	struct dp_file_frame frame;

	if (may_come(a))
		a->status = dp_file_reader_next(a->reader, &frame);
	if (a->status == DP_FILE_LATER)
		note_dry(a);
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

/* False: it waits. */
static bool set_clock(struct dp_file_ahead *a)
{
	uint64_t time_ns[DP_FILE_HELD];

	while (a->count < DP_FILE_FIRST && hold_next(a))
		;
	if (a->count < DP_FILE_FIRST && may_come(a) && !is_overdue(a))
		return false;
	dp_file_clock_set(&a->clock, time_ns, times(a, 0, time_ns));
	return true;
}

/* Of the first of the held; undecided: it waits. One that nothing has contradicted in time is believed, so that a clock
 * that was set is not refused for ever. */
static enum dp_file_verdict judge(struct dp_file_ahead *a, uint64_t *between_ns)
{
	uint64_t next_ns[DP_FILE_HELD];

	for (;;) {
		unsigned n = times(a, 1, next_ns);
		enum dp_file_verdict verdict = dp_file_clock_judge(
			&a->clock, a->held[a->first].time_ns, next_ns, n, !may_come(a), between_ns);

		if (verdict != DP_FILE_UNDECIDED)
			return verdict;
		if (!hold_next(a) && may_come(a))
			return is_overdue(a) ? DP_FILE_BELIEVED : DP_FILE_UNDECIDED;
	}
}

/* The first of the held. False: it waits. */
static bool hand_out(struct dp_file_ahead *a, struct dp_file_frame *frame)
{
	uint64_t between_ns = 0;

	if (!a->clock.is_set && !set_clock(a))
		return false;
	switch (judge(a, &between_ns)) {
	case DP_FILE_UNDECIDED:
		return false;
	case DP_FILE_BELIEVED:
		*frame = a->held[a->first];
		dp_file_clock_believe(&a->clock, frame->time_ns);
		break;
	case DP_FILE_OUTLIER:
		*frame = a->held[a->first];
		dp_file_clock_refuse(&a->clock, frame->time_ns);
		frame->time_ns = between_ns;
		break;
	}
	a->is_out = true;
	return true;
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
		if (may_come(a))
			a->status = dp_file_reader_next(a->reader, frame);
		if (a->status != DP_FILE_FRAME)
			return a->status;
		if (a->clock.is_set && dp_file_clock_fits(&a->clock, frame->time_ns)) {
			dp_file_clock_believe(&a->clock, frame->time_ns);
			return DP_FILE_FRAME;
		}
		hold(a, frame);
	}
	return hand_out(a, frame) ? DP_FILE_FRAME : DP_FILE_LATER;
}
