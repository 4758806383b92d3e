/* SPDX-License-Identifier: BSD-3-Clause */
/* What time it is in one capture file. A time stamp that leaps away from those before it is believed when those after
 * it do not come back: the capture had stopped, the clock was set, or the file is not sorted. When they come back it is
 * an outlier, as of a broken record, and its frame is taken as of between its neighbours. The order in the file, not
 * the leap's size, tells them apart.
 * Owner: the caller's memory, zeroed. Threads: one; counters may be read by others. */
#ifndef DP_FILE_CLOCK_H
#define DP_FILE_CLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From here on it is a leap, of which somebody must say whether it is true. Below every time-out of calls and streams
 * as they are by default. */
#define DP_FILE_LEAP_NS ((uint64_t)5 * 1000000000)

enum {
	DP_FILE_LOOK_AHEAD = 16, /* frames; a row of outliers may be as long */
	DP_FILE_FIRST = 3, /* frames that the first time is found of */
	DP_FILE_WARNING_MAX = 4096 + 256, /* a path among it */
};

struct dp_file_clock_counters {
#define X(name, help) _Atomic uint64_t name;
#include "dp_file_clock_counters.def"
#undef X
};

struct dp_file_clock {
	bool is_set;
	uint64_t now_ns; /* goes back with leaps only */
	uint64_t latest_ns; /* that was believed */
	uint64_t still; /* frames that had the first one's time, until one had another */
	bool has_moved;
	uint64_t step_ns; /* between the last two that were; as long as can be before */
	uint64_t out_of_order; /* of time_back those beyond what interfaces differ by */
	uint64_t back_max_ns; /* of time_back */
	uint64_t off_max_ns; /* of time_outliers */
	struct dp_file_clock_counters counters;
};

/* Needs no look ahead. Only of a clock that is set. */
static inline bool dp_file_clock_fits(const struct dp_file_clock *c, uint64_t time_ns)
{
	return time_ns + DP_FILE_LEAP_NS - c->now_ns <= 2 * DP_FILE_LEAP_NS;
}

/* What: the time before the first frame, whose n (1 to DP_FILE_FIRST) first time stamps are given. */
void dp_file_clock_set(struct dp_file_clock *c, const uint64_t *time_ns, unsigned n);

enum dp_file_verdict {
	DP_FILE_BELIEVED,
	DP_FILE_OUTLIER,
	DP_FILE_UNDECIDED, /* more of those after it are needed */
};

/* What: judges a time stamp by the n that follow it; is_all: no more will. A verdict comes with DP_FILE_LOOK_AHEAD of
 * them at the latest. *between_ns: the time of an outlier's frame. */
enum dp_file_verdict dp_file_clock_judge(const struct dp_file_clock *c, uint64_t time_ns,
	const uint64_t *next_ns, unsigned n, bool is_all, uint64_t *between_ns);

/* What: a time stamp was believed. */
void dp_file_clock_believe(struct dp_file_clock *c, uint64_t time_ns);

/* What: a time stamp was not. */
void dp_file_clock_refuse(struct dp_file_clock *c, uint64_t time_ns);

/* What: what the file's reader should know of its time stamps, as lines without their ends: calls say for each. */
void dp_file_clock_warn(const struct dp_file_clock *c, const char *path,
	void (*say)(void *arg, const char *warning), void *arg);

#endif
