/* SPDX-License-Identifier: BSD-3-Clause */
/* Capture files as a packet source: pcap and pcapng by dp_file_reader.h; several files are merged by
 * time.
 * Owner: the rx thread that polls it. Threads: one. Blocking is allowed here: a file can wait, so
 * nothing is ever dropped for lack of a buffer. */
#ifndef DP_FILE_H
#define DP_FILE_H

#include <stdbool.h>
#include <stdint.h>

struct rte_mbuf;
struct dp_file;
struct dp_wake;
struct dp_file_clock_counters;

enum {
	DP_FILES_MAX = 4096,
};

/* What is asked of and told to who opens files, as long as pipes have to be waited for. Either may
 * be NULL. */
struct dp_file_caller {
	bool (*is_asked_to_end)(void);
	void (*say)(const char *text);
};

/* What: opens up to DP_FILES_MAX files ("-" is standard input) and reads up to their first frames.
 * 0, or negative errno with the reason (file name and what is wrong, in PostgreSQL wording) in
 * error: unreadable, no capture file, or all frames of a link type that is not one of enum dp_link.
 * 0 also when is_asked_to_end said so while a pipe brought no frame yet: dp_file_is_stopped, and
 * there is nothing to poll. A line is said, once, where pipes bring nothing at all for
 * DP_FILE_HOLD_NS. caller may be NULL. */
int dp_file_open(const char *const *paths, unsigned count, const struct dp_file_caller *caller,
	struct dp_file **file, char *error, unsigned error_size);
void dp_file_close(struct dp_file *file);

/* Ends the reading: what pipes have brought by then can be polled still. Any thread. */
void dp_file_stop(struct dp_file *file);

bool dp_file_is_stopped(const struct dp_file *file);

/* What: up to n next frames in time order, each in one mbuf with its dp_meta filled; fewer, or none, at the end of all
 * files, or while a pipe that has nothing at the moment has to be waited for. Frames over 65535 octets are cut to that.
 *
 * A frame waits for others while pipes are silent where its time stamp leaps (dp_file_ahead.h), at most DP_FILE_HOLD_NS;
 * and, of several files, for those of earlier ones: without end, but in captures that are being made only until what
 * comes is DP_FILE_HOLD_NS later. */
unsigned dp_file_poll(struct dp_file *file, struct rte_mbuf **burst, unsigned n);

/* Whether one is not a regular file, and may bring its frames as they are captured. */
bool dp_file_has_pipe(const struct dp_file *file);

/* Nothing more will be polled. */
bool dp_file_is_done(const struct dp_file *file);

/* What: pipes wake whoever polls: after a poll, those that it found nothing in. wake: of no other file, and as long as
 * this one. */
void dp_file_wake(struct dp_file *file, struct dp_wake *wake);

/* NULL, or what is wrong with damaged files: name and reason, also when frames of another link type
 * were left out. What is not damaged was read on. Valid until close. */
const char *dp_file_damage(const struct dp_file *file);

/* What: calls say for each line that who named the files should read about their time stamps, and of what was dropped
 * while they were made. Once nothing is polled any more. */
void dp_file_warn(
	const struct dp_file *file, void (*say)(void *arg, const char *warning), void *arg);

/* Sums of dp_file_clock_counters.def. Any thread. */
void dp_file_clock_totals(const struct dp_file *file, struct dp_file_clock_counters *totals);

/* Frames that were dropped while captures were made, as pcapng files say. Any thread. */
uint64_t dp_file_drops(const struct dp_file *file);

/* Octets read (into buffers) and in total, for a progress line; total is 0 when unknown. Any thread. */
void dp_file_progress(const struct dp_file *file, uint64_t *read, uint64_t *total);

#endif
