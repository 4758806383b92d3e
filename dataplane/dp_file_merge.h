/* SPDX-License-Identifier: BSD-3-Clause */
/* Capture files in the order of time. Of many, as a ring of them, most are read one after the
 * other: a file sleeps, without memory of its own, until its first frame is the next one, and gives
 * all back at its end.
 * Owner: struct dp_file. Threads: that which reads. */
#ifndef DP_FILE_MERGE_H
#define DP_FILE_MERGE_H

#include "dp_file_source.h"

struct dp_file_merge {
	/* Of the caller's sources, those that are awake, as the caller has them, and */
	struct dp_file_source **awake;
	unsigned awake_count;
	/* those that sleep, the latest first. */
	struct dp_file_source **asleep;
	unsigned asleep_count;
};

/* 0 or -ENOMEM. sources: that have begun, or are done. */
int dp_file_merge_init(struct dp_file_merge *merge, struct dp_file_source *sources, unsigned count);
void dp_file_merge_fini(struct dp_file_merge *merge);

/* What: the source with the earliest frame, of equal ones the first file's, which is to be taken
 * before the next call. NULL at the end, or while a pipe has to be waited for. */
struct dp_file_source *dp_file_merge_next(struct dp_file_merge *merge);

static inline bool dp_file_merge_is_done(const struct dp_file_merge *merge)
{
	return !merge->awake_count && !merge->asleep_count;
}

/* Of a reading that was stopped: what pipes have brought is handed on, of files is enough. */
void dp_file_merge_end_files(struct dp_file_merge *merge);

#endif
