/* SPDX-License-Identifier: BSD-3-Clause */
#include "dp_file_merge.h"

#include <errno.h>
#include <stdlib.h>

/* Equal frames are the first file's. */
static bool is_earlier(const struct dp_file_source *a, const struct dp_file_source *b)
{
	return a->frame.time_ns != b->frame.time_ns ? a->frame.time_ns < b->frame.time_ns : a < b;
}

static int latest_first(const void *a, const void *b)
{
	return is_earlier(*(struct dp_file_source *const *)a, *(struct dp_file_source *const *)b)
		       ? 1
		       : -1;
}

int dp_file_merge_init(struct dp_file_merge *merge, struct dp_file_source *sources, unsigned count)
{
	*merge = (struct dp_file_merge){
		.awake = calloc(count, sizeof(struct dp_file_source *)),
		.asleep = calloc(count, sizeof(struct dp_file_source *)),
	};
	if (!merge->awake || !merge->asleep)
		return -ENOMEM;
	for (unsigned i = 0; i < count; i++)
		if (sources[i].sleeps)
			merge->asleep[merge->asleep_count++] = &sources[i];
		else if (sources[i].has_frame || !sources[i].is_done)
			merge->awake[merge->awake_count++] = &sources[i];
	qsort(merge->asleep, merge->asleep_count, sizeof(struct dp_file_source *), latest_first);
	return 0;
}

void dp_file_merge_fini(struct dp_file_merge *merge)
{
	free(merge->awake);
	free(merge->asleep);
}

/* No pipe without a frame may have an earlier one. */
static bool may_go(const struct dp_file_merge *merge, const struct dp_file_source *next)
{
	for (unsigned i = 0; i < merge->awake_count; i++) {
		const struct dp_file_source *source = merge->awake[i];

		if (dp_file_source_is_silent(source) && !dp_file_source_may_pass(next, source))
			return false;
	}
	return true;
}

/* Those that lack a frame go on, those that are done leave. True: a pipe has none. */
static bool advance_all(struct dp_file_merge *merge)
{
	bool has_silent = false;
	unsigned kept = 0;

	for (unsigned i = 0; i < merge->awake_count; i++) {
		struct dp_file_source *source = merge->awake[i];

		if (dp_file_source_is_silent(source))
			dp_file_source_advance(source);
		if (!source->has_frame && source->is_done) {
			dp_file_source_release(source);
			continue;
		}
		has_silent |= !source->has_frame;
		merge->awake[kept++] = source;
	}
	merge->awake_count = kept;
	return has_silent;
}

static struct dp_file_source *earliest_awake(const struct dp_file_merge *merge)
{
	struct dp_file_source *best = NULL;

	for (unsigned i = 0; i < merge->awake_count; i++) {
		struct dp_file_source *source = merge->awake[i];

		if (source->has_frame && (!best || is_earlier(source, best)))
			best = source;
	}
	return best;
}

/* Most often there is one, and no other to compare it with. */
static struct dp_file_source *next_of_one(struct dp_file_merge *merge)
{
	struct dp_file_source *only = merge->awake[0];

	if (!only->has_frame)
		advance_all(merge);
	return only->has_frame ? only : NULL;
}

struct dp_file_source *dp_file_merge_next(struct dp_file_merge *merge)
{
	if (merge->awake_count == 1 && !merge->asleep_count)
		return next_of_one(merge);
	for (;;) {
		bool has_silent = advance_all(merge);
		struct dp_file_source *best = earliest_awake(merge), *other = NULL;

		if (merge->asleep_count)
			other = merge->asleep[merge->asleep_count - 1];
		if (other && (!best || is_earlier(other, best)))
			best = other;
		if (has_silent && best && !may_go(merge, best))
			return NULL;
		if (!best || best != other)
			return best;
		/* What it has now may be something else: files change. */
		dp_file_source_wake(other);
		merge->asleep_count--;
		merge->awake[merge->awake_count++] = other;
	}
}

static void end_file(struct dp_file_source *source)
{
	source->is_done = true;
	source->has_frame = false;
}

void dp_file_merge_end_files(struct dp_file_merge *merge)
{
	while (merge->asleep_count)
		end_file(merge->asleep[--merge->asleep_count]);
	for (unsigned i = 0; i < merge->awake_count; i++)
		if (!merge->awake[i]->may_be_silent)
			end_file(merge->awake[i]);
}
