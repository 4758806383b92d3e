/* SPDX-License-Identifier: BSD-3-Clause */
#include "dp_file_clock.h"

#include <inttypes.h>
#include <stdio.h>

#define NS_PER_SEC 1000000000ull
#define DAY_NS	   (86400 * NS_PER_SEC)

/* What follows an outlier is so much closer to what came before it. In a file of calls one after another, not sorted,
 * the next call may begin near the last but one message of this one: by chance, and hardly that near. */
#define CLOSER 1000

/* A single frame at either end of a file has only one side to be judged by: that must be close together, too. */
#define LONE_NS (30 * DAY_NS)

/* Interfaces and queues of one capture differ by less, and nothing but a stream's own order depends on it: ticks are as
 * far apart. */
#define ORDER_NS (NS_PER_SEC / 10)

/* So many frames of one time are no burst, but of a file without time: simple packet blocks, or
 * made from text. */
#define STILL_MIN 100

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* Not after what follows, where that is a little behind. */
static uint64_t between(uint64_t before_ns, uint64_t after_ns)
{
	return after_ns < before_ns ? after_ns : before_ns + (after_ns - before_ns) / 2;
}

static uint64_t median(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t low = a < b ? a : b, high = a < b ? b : a;

	if (c < low)
		return low;
	return c < high ? c : high;
}

/* step_ns: between its two neighbours on the side it has. */
static bool is_lone(uint64_t leap_ns, uint64_t step_ns)
{
	return leap_ns > LONE_NS && step_ns < leap_ns / CLOSER;
}

void dp_file_clock_set(struct dp_file_clock *c, const uint64_t *time_ns, unsigned n)
{
	uint64_t leap;

	c->is_set = true;
	c->step_ns = UINT64_MAX;
	c->now_ns = time_ns[0];
	if (n < DP_FILE_FIRST)
		return;
	leap = distance(median(time_ns[0], time_ns[1], time_ns[2]), time_ns[0]);
	/* The clock begins with the first frame, unless that is a lone one. */
	if (is_lone(leap, distance(time_ns[1], time_ns[2])))
		c->now_ns = median(time_ns[0], time_ns[1], time_ns[2]);
}

enum dp_file_verdict dp_file_clock_judge(const struct dp_file_clock *c, uint64_t time_ns,
	const uint64_t *next_ns, unsigned n, bool is_all, uint64_t *between_ns)
{
	uint64_t leap = distance(time_ns, c->now_ns);

	if (dp_file_clock_fits(c, time_ns))
		return DP_FILE_BELIEVED;
	for (unsigned i = 0; i < n && i < DP_FILE_LOOK_AHEAD; i++) {
		if (distance(next_ns[i], c->now_ns) >= leap / CLOSER)
			continue;
		*between_ns = between(c->now_ns, next_ns[i]);
		return DP_FILE_OUTLIER;
	}
	if (n < DP_FILE_LOOK_AHEAD && !is_all)
		return DP_FILE_UNDECIDED;
	if (n || !is_lone(leap, c->step_ns))
		return DP_FILE_BELIEVED;
	*between_ns = c->now_ns;
	return DP_FILE_OUTLIER;
}

static void count(_Atomic uint64_t *counter)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
		memory_order_relaxed);
}

static void note_back(struct dp_file_clock *c, uint64_t back_ns)
{
	count(&c->counters.time_back);
	c->out_of_order += back_ns > ORDER_NS;
	if (back_ns > c->back_max_ns)
		c->back_max_ns = back_ns;
}

void dp_file_clock_believe(struct dp_file_clock *c, uint64_t time_ns)
{
	if (c->latest_ns)
		c->step_ns = distance(time_ns, c->now_ns);
	c->has_moved |= c->still && time_ns != c->now_ns;
	c->still += !c->has_moved;
	if (time_ns > c->now_ns || !dp_file_clock_fits(c, time_ns))
		c->now_ns = time_ns;
	if (time_ns < c->latest_ns)
		note_back(c, c->latest_ns - time_ns);
	else
		c->latest_ns = time_ns;
}

void dp_file_clock_refuse(struct dp_file_clock *c, uint64_t time_ns)
{
	uint64_t off = distance(time_ns, c->now_ns);

	count(&c->counters.time_outliers);
	if (off > c->off_max_ns)
		c->off_max_ns = off;
}

enum {
	SPAN_MAX = 32,
};

static const char *span(char text[SPAN_MAX], uint64_t ns)
{
	if (ns < DAY_NS)
		snprintf(text, SPAN_MAX, "%.1f s", (double)ns / (double)NS_PER_SEC);
	else
		snprintf(text, SPAN_MAX, "%.1f days", (double)ns / (double)DAY_NS);
	return text;
}

void dp_file_clock_warn(const struct dp_file_clock *c, const char *path,
	void (*say)(void *arg, const char *warning), void *arg)
{
	uint64_t outliers = atomic_load_explicit(&c->counters.time_outliers, memory_order_relaxed);
	char text[DP_FILE_WARNING_MAX], far[SPAN_MAX];

	if (!c->has_moved && c->still >= STILL_MIN) {
		snprintf(text, sizeof(text),
			"all packets of \"%s\" have one time stamp: jitter, deltas and durations mean nothing",
			path);
		say(arg, text);
	}
	if (outliers) {
		bool is_one = outliers == 1;

		snprintf(text, sizeof(text),
			"%" PRIu64 " %s of \"%s\" %s %s from %s neighbours', and %s theirs",
			outliers, is_one ? "packet" : "packets", path,
			is_one ? "has a time stamp" : "have time stamps up to",
			span(far, c->off_max_ns), is_one ? "its" : "their",
			is_one ? "takes" : "take");
		say(arg, text);
	}
	if (c->out_of_order) {
		bool is_one = c->out_of_order == 1;

		snprintf(text, sizeof(text),
			"%" PRIu64
			" %s of \"%s\" %s back in time by up to %s; \"reordercap\" (Wireshark) sorts a capture",
			c->out_of_order, is_one ? "packet" : "packets", path,
			is_one ? "goes" : "go", span(far, c->back_max_ns));
		say(arg, text);
	}
}
