/* SPDX-License-Identifier: BSD-3-Clause */
/* What is merged, in mbufs. */
#include "dp_file.h"

#include <sys/resource.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "dp_file_begin.h"
#include "dp_file_merge.h"
#include "dp_idle.h"
#include "dp_meta.h"
#include "dp_wake.h"

/* Touching and returning packet memory is most of what a short file costs, and a file can wait:
 * there are few buffers. */
enum {
	SMALL_FRAME = 2176,
	SMALL_MBUFS = 511,
	SMALL_CACHE = 32,
	SMALL_MBUFS_OF_LCORE = 64, /* more than its cache ever holds */
	SPARE_MBUFS = 32,
	OTHER_DESCRIPTORS = 256, /* than files' */
	LARGE_MBUFS = 63, /* more than a burst, which the caller may still hold */
};

struct dp_file {
	struct rte_mempool *small;
	struct rte_mempool *large;
	struct rte_mbuf *spare[SPARE_MBUFS]; /* small ones */
	unsigned spare_count;
	struct dp_wake *wake; /* NULL: nobody is woken */
	unsigned wake_first; /* of its descriptors, the first pipe's */
	unsigned source_count;
	struct dp_file_source *sources;
	struct dp_file_merge merge;
	struct dp_file_reading reading;
};

/* Small ones come many at a time. */
static struct rte_mbuf *alloc_small(struct dp_file *file)
{
	if (!file->spare_count &&
		rte_pktmbuf_alloc_bulk(file->small, file->spare, SPARE_MBUFS) == 0)
		file->spare_count = SPARE_MBUFS;
	if (file->spare_count)
		return file->spare[--file->spare_count];
	return rte_pktmbuf_alloc(file->small);
}

static struct rte_mbuf *alloc_for(struct dp_file *file, uint32_t size)
{
	struct rte_mbuf *m;

	if (size <= SMALL_FRAME)
		return alloc_small(file);
	m = rte_pktmbuf_alloc(file->large);
	/* A segment has at most 65535 octets, head room included. */
	if (m)
		m->data_off = 0;
	return m;
}

static void fill(struct rte_mbuf *m, const struct dp_file_source *source)
{
	const struct dp_file_frame *frame = &source->frame;
	struct dp_meta *meta = dp_meta(m);

	memcpy(rte_pktmbuf_mtod(m, void *), frame->data, frame->captured);
	m->data_len = (uint16_t)frame->captured;
	m->pkt_len = frame->captured;
	meta->time_ns = frame->time_ns;
	meta->wire_bytes = frame->wire;
	meta->link = (uint32_t)source->link;
	meta->network = 0;
	meta->behind_ns = 0;
}

/* A pipe that ended, or has what is not taken yet, would wake without end whoever waits for another
 * one. */
static void wake_by_silent(struct dp_file *file)
{
	unsigned at = file->wake_first;

	if (!file->wake)
		return;
	for (unsigned i = 0; i < file->source_count && at < file->wake->count; i++) {
		const struct dp_file_source *source = &file->sources[i];

		if (source->may_be_silent)
			file->wake->fds[at++].fd =
				dp_file_source_is_silent(source) ? source->fd : -1;
	}
}

unsigned dp_file_poll(struct dp_file *file, struct rte_mbuf **burst, unsigned n)
{
	struct dp_idle idle = {0};
	unsigned count = 0;

	if (unlikely(dp_file_is_stopped(file)))
		dp_file_merge_end_files(&file->merge);
	while (count < n) {
		struct dp_file_source *source = dp_file_merge_next(&file->merge);
		struct rte_mbuf *m;

		if (!source) {
			wake_by_silent(file);
			break;
		}
		m = alloc_for(file, source->frame.captured);
		if (!m) {
			/* The caller may be one of those who hold buffers: first let it work. */
			if (count)
				break;
			dp_idle_wait(&idle, false);
			continue;
		}
		fill(m, source);
		burst[count++] = m;
		source->has_frame = false;
	}
	return count;
}

bool dp_file_has_pipe(const struct dp_file *file)
{
	for (unsigned i = 0; i < file->source_count; i++)
		if (file->sources[i].may_be_silent)
			return true;
	return false;
}

bool dp_file_is_done(const struct dp_file *file)
{
	return dp_file_merge_is_done(&file->merge);
}

void dp_file_wake(struct dp_file *file, struct dp_wake *wake)
{
	file->wake = wake;
	file->wake_first = wake->count;
	for (unsigned i = 0; i < file->source_count; i++)
		if (file->sources[i].may_be_silent)
			dp_wake_add(wake, file->sources[i].fd);
}

/* Made once and left to EAL's end, as freeing packet memory writes all of it. */
static struct rte_mempool *pool(const char *name, unsigned mbufs, unsigned cache, uint16_t room)
{
	struct rte_mempool *found = rte_mempool_lookup(name);

	if (found)
		return found;
	return rte_pktmbuf_pool_create(name, mbufs, cache, 0, room, SOCKET_ID_ANY);
}

static int create_pools(struct dp_file *file, char *error, unsigned error_size)
{
	file->small = pool("file_small", SMALL_MBUFS + SMALL_MBUFS_OF_LCORE * rte_lcore_count(),
		SMALL_CACHE, SMALL_FRAME + RTE_PKTMBUF_HEADROOM);
	if (file->small)
		file->large = pool("file_large", LARGE_MBUFS, 0, DP_FILE_FRAME_MAX);
	if (file->large)
		return 0;
	snprintf(error, error_size, "could not create packet buffers: %s", rte_strerror(rte_errno));
	return -ENOMEM;
}

void dp_file_stop(struct dp_file *file)
{
	dp_file_reading_stop(&file->reading);
}

bool dp_file_is_stopped(const struct dp_file *file)
{
	return dp_file_reading_is_stopped(&file->reading);
}

static int refuse(const struct dp_file *file, char *error, unsigned error_size)
{
	int err = 0;

	for (unsigned i = 0; i < file->source_count && !err; i++)
		if (file->sources[i].is_done && !file->sources[i].has_begun)
			err = dp_file_source_refuse(&file->sources[i], error, error_size);
	return err;
}

/* There is nothing to poll. */
static void end_all(struct dp_file *file)
{
	for (unsigned i = 0; i < file->source_count; i++) {
		file->sources[i].is_done = true;
		file->sources[i].has_frame = file->sources[i].sleeps = false;
	}
}

/* Each file takes a descriptor as long as it is not read to its end, so that one that a ring of
 * captures overwrites by a new one meanwhile is still there. */
static void raise_descriptors(unsigned count)
{
	rlim_t wanted = (rlim_t)count + OTHER_DESCRIPTORS;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int open_all(struct dp_file *file, const char *const *paths, unsigned count, char *error,
	unsigned error_size)
{
	int err = 0;

	raise_descriptors(count);
	for (unsigned i = 0; i < count && !err; i++) {
		file->source_count++;
		err = dp_file_source_open(
			&file->sources[i], &file->reading, paths[i], error, error_size);
	}
	return err;
}

int dp_file_open(const char *const *paths, unsigned count, const struct dp_file_caller *caller,
	struct dp_file **file, char *error, unsigned error_size)
{
	struct dp_file *new = calloc(1, sizeof(*new));
	int err = 0;

	if (new)
		new->sources = calloc(count, sizeof(*new->sources));
	if (!new || !new->sources) {
		free(new);
		snprintf(error, error_size, "out of memory");
		return -ENOMEM;
	}
	err = open_all(new, paths, count, error, error_size);
	if (!err)
		err = dp_file_begin(new->sources, count, caller, error, error_size);
	if (dp_file_is_stopped(new))
		end_all(new);
	else if (!err)
		err = refuse(new, error, error_size);
	if (!err)
		err = create_pools(new, error, error_size);
	if (!err && dp_file_merge_init(&new->merge, new->sources, count)) {
		snprintf(error, error_size, "out of memory");
		err = -ENOMEM;
	}
	if (err) {
		dp_file_close(new);
		return err;
	}
	*file = new;
	return 0;
}

void dp_file_close(struct dp_file *file)
{
	if (!file)
		return;
	for (unsigned i = 0; i < file->source_count; i++)
		dp_file_source_close(&file->sources[i]);
	dp_file_merge_fini(&file->merge);
	dp_file_reading_fini(&file->reading);
	rte_pktmbuf_free_bulk(file->spare, file->spare_count);
	free(file->sources);
	free(file);
}

const char *dp_file_damage(const struct dp_file *file)
{
	return file->reading.damage[0] ? file->reading.damage : NULL;
}

static uint64_t drops_of(const struct dp_file_source *source)
{
	return atomic_load_explicit(&source->drops, memory_order_relaxed);
}

static void warn_of_drops(
	const struct dp_file_source *source, void (*say)(void *arg, const char *warning), void *arg)
{
	uint64_t drops = drops_of(source);
	char text[DP_FILE_WARNING_MAX];

	if (!drops)
		return;
	snprintf(text, sizeof(text),
		"%" PRIu64
		" %s dropped while \"%s\" was captured: what streams of it lost may have been there",
		drops, drops == 1 ? "packet was" : "packets were", source->path);
	say(arg, text);
}

void dp_file_warn(
	const struct dp_file *file, void (*say)(void *arg, const char *warning), void *arg)
{
	for (unsigned i = 0; i < file->source_count; i++) {
		const struct dp_file_source *source = &file->sources[i];

		dp_file_clock_warn(&source->ahead.clock, source->path, say, arg);
		warn_of_drops(source, say, arg);
	}
}

uint64_t dp_file_drops(const struct dp_file *file)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < file->source_count; i++)
		sum += drops_of(&file->sources[i]);
	return sum;
}

void dp_file_clock_totals(const struct dp_file *file, struct dp_file_clock_counters *totals)
{
	*totals = (struct dp_file_clock_counters){0};
	for (unsigned i = 0; i < file->source_count; i++) {
		const struct dp_file_clock_counters *c = &file->sources[i].ahead.clock.counters;

#define X(name, help) totals->name += atomic_load_explicit(&c->name, memory_order_relaxed);
#include "dp_file_clock_counters.def"
#undef X
	}
}

void dp_file_progress(const struct dp_file *file, uint64_t *read, uint64_t *total)
{
	*read = atomic_load_explicit(&file->reading.read, memory_order_relaxed);
	*total = file->reading.total;
}
