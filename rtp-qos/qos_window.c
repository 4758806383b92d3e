/* SPDX-License-Identifier: BSD-3-Clause */
#include "qos_window.h"

static unsigned __int128 newer_than(unsigned behind)
{
	return ((unsigned __int128)1 << behind) - 1;
}

static unsigned count_of(unsigned __int128 bits)
{
	return (unsigned)(__builtin_popcountll((uint64_t)bits) +
			  __builtin_popcountll((uint64_t)(bits >> 64)));
}

/* base_ext is by all that the probe gave up, but of older numbers by what it had then. */
int32_t qos_window_place(const struct qos_stream_cold *cold, unsigned behind)
{
	uint32_t ext = cold->hole_ext - behind;

	return (int32_t)(ext - cold->base_ext + count_of(cold->given_up & newer_than(behind)));
}

uint32_t qos_window_extent(const struct qos_stream_cold *cold, unsigned behind)
{
	return behind - count_of((cold->holes | cold->given_up) & newer_than(behind));
}

/* The stream's packet number from 0, all segments counted on. */
static uint64_t position(const struct qos_stream_cold *cold, unsigned behind)
{
	return cold->expected_done + (uint32_t)qos_window_place(cold, behind);
}

static unsigned leading_zeros(unsigned __int128 v)
{
	uint64_t high = (uint64_t)(v >> 64), low = (uint64_t)v;

	if (high)
		return (unsigned)__builtin_clzll(high);
	return low ? 64 + (unsigned)__builtin_clzll(low) : 128;
}

static unsigned trailing_zeros(unsigned __int128 v)
{
	uint64_t low = (uint64_t)v, high = (uint64_t)(v >> 64);

	if (low)
		return (unsigned)__builtin_ctzll(low);
	return high ? 64 + (unsigned)__builtin_ctzll(high) : 128;
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

		qos_burst_add(burst, position(cold, from + top), run);
		bad &= run > top ? 0 : ((unsigned __int128)1 << (top + 1 - run)) - 1;
	}
}

/* Those in doubt that left the window are lost, for all buffers. */
static void file_held(struct qos_stream_cold *cold)
{
	for (unsigned i = 0; i < QOS_BUFFERS; i++)
		qos_burst_add(&cold->bursts[i], cold->doubt.held_from, cold->doubt.held);
	cold->doubt.held = 0;
}

/* So many in doubt from a position on, up to the number ext, leave the window. One row of them is held. */
static void hold(struct qos_stream_cold *cold, uint64_t position, uint32_t count, uint32_t ext)
{
	struct qos_doubt *doubt = &cold->doubt;

	if (doubt->held && position != doubt->held_from + doubt->held)
		file_held(cold);
	if (!doubt->held)
		doubt->held_from = position;
	doubt->held += count;
	doubt->held_ext = ext;
}

static unsigned __int128 run_of(unsigned from, unsigned count)
{
	unsigned __int128 ones = count < QOS_HOLES ? newer_than(count) : ~(unsigned __int128)0;

	return ones << from;
}

/* Holes in doubt at least from behind hole_ext are not filed yet. Where what is bad in a buffer is not just these, which
 * would then be filed before them, all is decided. */
static void hold_leaving(struct qos_stream_cold *cold, unsigned from)
{
	unsigned __int128 doubtful = (cold->holes & cold->doubt.bits) >> from << from;

	for (unsigned i = 0; i < QOS_BUFFERS; i++)
		if (bad_of(cold, &cold->buffers[i]) >> from << from != doubtful) {
			file_held(cold);
			return;
		}
	while (doubtful) {
		unsigned top = 127 - leading_zeros(doubtful);
		unsigned count = leading_zeros(~(doubtful << (127 - top)));
		unsigned __int128 run = run_of(top + 1 - count, count);

		hold(cold, position(cold, top), count, cold->hole_ext - (top + 1 - count));
		cold->holes &= ~run;
		doubtful &= ~run;
	}
}

/* The window moves on by shift numbers. What leaves it can no more be repaired: lost is lost. */
static void shift_window(struct qos_stream_cold *cold, uint32_t shift)
{
	unsigned from = shift < QOS_HOLES ? QOS_HOLES - shift : 0;

	if (cold->has_doubt) {
		hold_leaving(cold, from);
		cold->doubt.bits = shift < QOS_HOLES ? cold->doubt.bits << shift : 0;
	}
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
	cold->given_up = shift < QOS_HOLES ? cold->given_up << shift : 0;
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
	qos_window_end_doubt(cold);
	for (unsigned i = 0; i < QOS_BUFFERS; i++) {
		add_bad(cold, &cold->buffers[i], 0, &cold->bursts[i]);
		cold->buffers[i].discarded = 0;
	}
	cold->has_discards = false;
	cold->holes = cold->given_up = 0;
}

void qos_stream_bad(const struct qos_stream_hot *hot, const struct qos_stream_cold *cold,
	unsigned buffer, unsigned undecided, struct qos_burst *bad)
{
	uint32_t newer = hot->ext_seq - cold->hole_ext;

	*bad = cold->bursts[buffer];
	if (cold->has_doubt)
		qos_burst_add(bad, cold->doubt.held_from, cold->doubt.held);
	add_bad(cold, &cold->buffers[buffer], undecided > newer ? undecided - newer : 0, bad);
}

/* Of so many numbers behind the highest those that the window has. */
static unsigned __int128 behind_highest(uint32_t numbers)
{
	return newer_than(numbers < QOS_HOLES ? numbers : QOS_HOLES - 1) << 1;
}

/* More numbers than the window has: those before it. */
static void file_beyond(struct qos_stream_cold *cold, uint64_t from, uint32_t count)
{
	if (cold->has_doubt)
		file_held(cold);
	for (unsigned i = 0; i < QOS_BUFFERS; i++)
		qos_burst_add(&cold->bursts[i], from, count);
}

void qos_window_advance(
	struct qos_stream_hot *hot, struct qos_stream_cold *cold, uint32_t step, bool is_doubtful)
{
	uint32_t missing = step - 1;

	qos_window_align(hot, cold);
	hot->ext_seq += step;
	shift_window(cold, step);
	if (!missing)
		return;
	if (missing >= QOS_HOLES) {
		uint64_t from = cold->expected_done + (hot->ext_seq - missing - cold->base_ext);

		if (is_doubtful)
			hold(cold, from, missing - (QOS_HOLES - 1), hot->ext_seq - QOS_HOLES);
		else
			file_beyond(cold, from, missing - (QOS_HOLES - 1));
	}
	cold->holes |= behind_highest(missing);
	cold->doubt.bits |= is_doubtful ? behind_highest(missing) : 0;
	cold->doubt.gaps += is_doubtful;
	qos_count_capped(&cold->sequence_errors, 1);
}

/* Numbers from a position on are not expected any more. If the last report did expect them, the next one must not
 * expect as many less. */
static void take_out(struct qos_stream_cold *cold, uint64_t position, uint32_t count)
{
	if (position < cold->interval_expected)
		cold->interval_expected -= count;
	cold->base_ext += count;
	cold->own_drops += count;
}

/* A gap in doubt was given up. */
static void take_out_error(struct qos_stream_cold *cold)
{
	if (cold->doubt.gaps) {
		cold->doubt.gaps--;
		cold->sequence_errors--;
	}
	if (cold->doubt.old_gaps > cold->doubt.gaps)
		cold->doubt.old_gaps = cold->doubt.gaps;
}

uint32_t qos_window_give_up(struct qos_stream_cold *cold, uint64_t drops)
{
	struct qos_doubt *doubt = &cold->doubt;
	unsigned __int128 bits = cold->holes & doubt->bits;
	uint64_t begin = 0;
	uint32_t sum = 0;
	bool is_begin;

	while (bits && sum < drops) {
		unsigned from = trailing_zeros(bits), count = trailing_zeros(~(bits >> from));
		unsigned __int128 run = run_of(from, count);

		begin = position(cold, from + count - 1);
		take_out(cold, begin, count);
		take_out_error(cold);
		cold->holes &= ~run;
		cold->given_up |= run;
		bits &= ~run;
		sum += count;
	}
	/* What is held may be the beginning of the gap whose end the window has. */
	is_begin = begin == doubt->held_from + doubt->held;
	if (doubt->held && (sum < drops || is_begin)) {
		take_out(cold, doubt->held_from, doubt->held);
		if (!is_begin)
			take_out_error(cold);
		sum += doubt->held;
		doubt->held = 0;
	}
	return sum;
}

void qos_window_end_doubt(struct qos_stream_cold *cold)
{
	if (!cold->has_doubt)
		return;
	file_held(cold);
	cold->has_doubt = false;
	cold->doubt = (struct qos_doubt){0};
}

static bool is_old(const struct qos_doubt *doubt, uint32_t ext)
{
	return (int32_t)(ext - doubt->old_ext) <= 0;
}

void qos_window_age_doubt(struct qos_stream_cold *cold)
{
	struct qos_doubt *doubt = &cold->doubt;
	uint32_t young = cold->hole_ext - doubt->old_ext;

	if (is_old(doubt, doubt->held_ext))
		file_held(cold);
	if (young < QOS_HOLES)
		doubt->bits &= newer_than(young);
	doubt->gaps -= doubt->old_gaps;
	doubt->old_gaps = doubt->gaps;
	doubt->old_ext = cold->hole_ext;
	if (!doubt->bits && !doubt->held)
		qos_window_end_doubt(cold);
}

void qos_window_leave_out(struct qos_stream_hot *hot, struct qos_stream_cold *cold, uint32_t step)
{
	uint32_t missing = step - 1;

	qos_window_align(hot, cold);
	hot->ext_seq += step;
	shift_window(cold, step);
	cold->given_up |= behind_highest(missing);
	cold->base_ext += missing;
	cold->own_drops += missing;
}

bool qos_window_take_back(struct qos_stream_cold *cold, unsigned behind)
{
	unsigned __int128 bit = (unsigned __int128)1 << behind;

	if (!(cold->given_up & bit))
		return false;
	cold->given_up &= ~bit;
	cold->base_ext--;
	cold->own_drops--;
	return true;
}
