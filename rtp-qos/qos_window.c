/* SPDX-License-Identifier: BSD-3-Clause */
#include "qos_window.h"

/* The stream's packet number from 0, all segments counted on. */
static uint64_t position(const struct qos_stream_cold *cold, uint32_t ext)
{
	return cold->expected_done + (ext - cold->base_ext);
}

static unsigned leading_zeros(unsigned __int128 v)
{
	uint64_t high = (uint64_t)(v >> 64), low = (uint64_t)v;

	if (high)
		return (unsigned)__builtin_clzll(high);
	return low ? 64 + (unsigned)__builtin_clzll(low) : 128;
}

/* How many packets on one may still be repaired: what comes later than the buffer is deep comes too late. */
static unsigned reach_of(const struct qos_stream_cold *cold, const struct qos_buffer *buffer)
{
	uint64_t hz = qos_stream_hz(cold);
	uint64_t frame_ns = hz ? cold->frame_ticks * (uint64_t)1000000000 / hz : 0;
	uint64_t deep = frame_ns && buffer->depth > 0 ? (uint64_t)buffer->depth / frame_ns : 0;

	return deep < cold->payload.redundancy ? (unsigned)deep : cold->payload.redundancy;
}

/* Bad in what is heard: not those that one of the packets right behind them carries once more (RFC 2198). */
static unsigned __int128 bad_of(const struct qos_stream_cold *cold, const struct qos_buffer *buffer)
{
	unsigned __int128 bad = cold->holes | buffer->discarded, good = ~bad;
	unsigned reach = cold->payload.redundancy ? reach_of(cold, buffer) : 0;

	for (unsigned i = 1; i <= reach; i++)
		bad &= ~(good << i);
	return bad;
}

/* Adds the bad packets at least from behind hole_ext, oldest first, a run at a time. */
static void add_bad(const struct qos_stream_cold *cold, const struct qos_buffer *buffer,
	unsigned from, struct qos_burst *burst)
{
	unsigned __int128 bad = from < QOS_HOLES ? bad_of(cold, buffer) >> from : 0;

	while (bad) {
		unsigned top = 127 - leading_zeros(bad);
		unsigned run = leading_zeros(~(bad << (127 - top)));

		qos_burst_add(burst, position(cold, cold->hole_ext - from - top), run);
		bad &= run > top ? 0 : ((unsigned __int128)1 << (top + 1 - run)) - 1;
	}
}

/* The window moves on by shift numbers. What leaves it can no more be repaired: lost is lost. */
static void shift_window(struct qos_stream_cold *cold, uint32_t shift)
{
	unsigned from = shift < QOS_HOLES ? QOS_HOLES - shift : 0;

	if (cold->holes || cold->has_discards) {
		cold->has_discards = false;
		for (unsigned i = 0; i < QOS_BUFFERS; i++) {
			struct qos_buffer *b = &cold->buffers[i];

			add_bad(cold, b, from, &cold->bursts[i]);
			b->discarded = shift < QOS_HOLES ? b->discarded << shift : 0;
			cold->has_discards |= b->discarded != 0;
		}
		cold->holes = shift < QOS_HOLES ? cold->holes << shift : 0;
	}
	cold->hole_ext += shift;
}

/* Brings the window up to the highest number; what came in order since has no hole. */
void qos_window_align(const struct qos_stream_hot *hot, struct qos_stream_cold *cold)
{
	if (hot->ext_seq != cold->hole_ext)
		shift_window(cold, hot->ext_seq - cold->hole_ext);
}

/* The segment ends, and with it all waiting for late packets. */
void qos_window_flush(const struct qos_stream_hot *hot, struct qos_stream_cold *cold)
{
	qos_window_align(hot, cold);
	for (unsigned i = 0; i < QOS_BUFFERS; i++) {
		add_bad(cold, &cold->buffers[i], 0, &cold->bursts[i]);
		cold->buffers[i].discarded = 0;
	}
	cold->has_discards = false;
	cold->holes = 0;
}

void qos_stream_bad(const struct qos_stream_hot *hot, const struct qos_stream_cold *cold,
	unsigned buffer, unsigned undecided, struct qos_burst *bad)
{
	uint32_t newer = hot->ext_seq - cold->hole_ext;

	*bad = cold->bursts[buffer];
	add_bad(cold, &cold->buffers[buffer], undecided > newer ? undecided - newer : 0, bad);
}

/* The highest number moves on by step; the step - 1 numbers in between are missing so far. */
void qos_window_advance(struct qos_stream_hot *hot, struct qos_stream_cold *cold, uint32_t step)
{
	uint32_t missing = step - 1;

	qos_window_align(hot, cold);
	hot->ext_seq += step;
	shift_window(cold, step);
	if (!missing)
		return;
	if (missing >= QOS_HOLES) {
		uint64_t from = position(cold, hot->ext_seq - missing);

		for (unsigned i = 0; i < QOS_BUFFERS; i++)
			qos_burst_add(&cold->bursts[i], from, missing - (QOS_HOLES - 1));
		missing = QOS_HOLES - 1;
	}
	cold->holes |= (((unsigned __int128)1 << missing) - 1) << 1;
	cold->sequence_errors++;
}
