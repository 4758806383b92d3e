/* SPDX-License-Identifier: BSD-3-Clause */
/* One of the capture files that dp_file.c merges: opened, waited for, and read frame by frame.
 * Owner: struct dp_file. Threads: that which reads; read and is_stopped any. */
#ifndef DP_FILE_SOURCE_H
#define DP_FILE_SOURCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "dp_file_ahead.h"

enum {
	DP_FILE_DAMAGE_MAX = 1024,
	DP_FILE_SPARES = 8,
};

/* Of all files together. */
struct dp_file_reading {
	atomic_bool is_stopped;
	_Atomic uint64_t read; /* octets */
	uint64_t total; /* octets of regular files; of pipes it is not known how many come */
	char damage[DP_FILE_DAMAGE_MAX];
	/* What files gave back, for the next ones. */
	unsigned spare_count;
	struct {
		struct dp_file_reader *reader;
		uint8_t *octets;
	} spares[DP_FILE_SPARES];
};

struct dp_file_source {
	struct dp_file_reading *reading;
	const char *path;
	int fd;
	uint32_t link_type; /* the last frame's */
	int link; /* enum dp_link of link_type, -1: none of them */
	bool is_done;
	bool may_be_silent; /* a pipe, a FIFO or a terminal */
	bool has_header; /* of the file, which was read */
	bool is_cut_off; /* stopped while more might have come: what lacks then is no damage */
	bool has_begun; /* a frame came, though it may be held yet */
	bool has_frame;
	bool sleeps; /* it has a frame, of which only the time is known, and no reader */
	_Atomic uint64_t drops; /* the reader's */
	uint64_t octets; /* that were read */
	uint64_t left_out; /* frames whose link type is none of enum dp_link */
	uint32_t left_out_type; /* link type of the first of them */
	struct dp_file_frame frame; /* the next one, where it has one */
	uint64_t last_ns; /* time of the last that it had; 0 before */
	uint64_t read_ns; /* when octets last came, by the monotonic clock; of a pipe */
	struct dp_file_reader *reader;
	struct dp_file_ahead ahead;
};

/* What: opens path ("-" is standard input), also a FIFO that nobody writes yet. 0, or negative
 * errno with the reason in error. dp_file_source_close in either case. */
int dp_file_source_open(struct dp_file_source *source, struct dp_file_reading *reading,
	const char *path, char *error, unsigned error_size);
/* What: reads its header, before the first advance. 0, -EAGAIN while a pipe has not brought it, or
 * another negative errno with the reason in error. */
int dp_file_source_read_header(struct dp_file_source *source, char *error, unsigned error_size);
void dp_file_source_close(struct dp_file_source *source);

/* On to the next frame: has_frame, or is_done, or neither while a pipe has nothing. */
void dp_file_source_advance(struct dp_file_source *source);

/* Neither a frame nor the end has come. */
static inline bool dp_file_source_is_silent(const struct dp_file_source *source)
{
	return !source->has_frame && !source->is_done;
}

/* What: a file with a frame gives back all memory of its own until it is woken; others stay
 * awake. */
void dp_file_source_sleep(struct dp_file_source *source);
/* What: reads it from its beginning. It has its first frame again, or is done: it changed
 * meanwhile. */
void dp_file_source_wake(struct dp_file_source *source);

/* What: one that is done needs no memory, and a file no descriptor. Nothing but close may
 * follow. */
void dp_file_source_release(struct dp_file_source *source);

/* What: once a source is done without a frame: 0, or -ENOTSUP with the reason when it is a file all of a link type that
 * is none of enum dp_link. */
int dp_file_source_refuse(const struct dp_file_source *source, char *error, unsigned error_size);

/* What: whether the last frame that came was of that moment, give or take a minute: a capture that
 * is being made. */
bool dp_file_source_is_live(const struct dp_file_source *source);

/* What: whether the frame of next may go before what the other one brings, which has none. True
 * when that is a capture being made and has been silent for so long that what it brings is
 * later. */
bool dp_file_source_may_pass(
	const struct dp_file_source *next, const struct dp_file_source *silent);

/* By the monotonic clock. */
uint64_t dp_file_source_now(void);

void dp_file_reading_fini(struct dp_file_reading *reading);
void dp_file_reading_stop(struct dp_file_reading *reading);
bool dp_file_reading_is_stopped(const struct dp_file_reading *reading);

#endif
