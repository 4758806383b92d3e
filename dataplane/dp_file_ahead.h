/* SPDX-License-Identifier: BSD-3-Clause */
/* The frames of one capture file with times that are believed (dp_file_clock.h). A frame whose time stamp leaps is held
 * until those after it have told, or have not come in time; others pass without a copy.
 * Owner: the caller's memory. Threads: one. */
#ifndef DP_FILE_AHEAD_H
#define DP_FILE_AHEAD_H

#include "dp_file_clock.h"
#include "dp_file_reader.h"

/* How long a frame waits for others while a pipe has none. tcpdump hands over once a second what libpcap gathers. */
#define DP_FILE_HOLD_NS ((uint64_t)2 * 1000000000)

enum {
	DP_FILE_HELD = 1 + DP_FILE_LOOK_AHEAD,
};

struct dp_file_ahead {
	struct dp_file_reader *reader;
	struct dp_file_clock clock;
	enum dp_file_status status; /* of the reader's last frame */
	/* Of any clock, when the reader last looked for octets: for who reads to set. */
	uint64_t now_ns;
	unsigned first, count; /* of held */
	bool is_out; /* the first one was handed out and can go at the next call */
	struct dp_file_frame held[DP_FILE_HELD];
	/* When a held one first had to wait for what is not there; 0: not yet. */
	uint64_t dry_ns[DP_FILE_HELD];
	uint8_t *octets; /* DP_FILE_FRAME_MAX of each of held; pages are touched as they are used */
};

/* 0 or -ENOMEM. reader: the caller's, open or not yet. */
int dp_file_ahead_init(struct dp_file_ahead *a, struct dp_file_reader *reader);
/* The same with octets of one that is not used any more. */
void dp_file_ahead_init_with(struct dp_file_ahead *a, struct dp_file_reader *reader, void *octets);
void dp_file_ahead_fini(struct dp_file_ahead *a);

/* As dp_file_reader_next. */
enum dp_file_status dp_file_ahead_next(struct dp_file_ahead *a, struct dp_file_frame *frame);

#endif
