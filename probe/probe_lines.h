/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON lines on their way to a file. What is written is whole lines in a row, whatever the file
 * does meanwhile: what it did not take waits and is written first, and what finds no room then is
 * left out whole and counted.
 * Owner: probe_results. Threads: workers add under a mutex and never touch the file; control alone
 * writes, opens and closes. Bounded: two buffers, which workers fill and control writes in turn, so
 * that none is moved while they wait. */
#ifndef PROBE_LINES_H
#define PROBE_LINES_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PROBE_LINE_MAX = 4 << 20, /* an RTCP compound of 64 KiB as JSON */
	PROBE_LINES_ROOM = 32 << 20, /* of each buffer */
};

struct probe_lines {
	pthread_mutex_t lock;
	char *filling; /* workers add to it */
	size_t used;
	uint64_t lost; /* lines that found no room */
	int lost_error; /* errno of the writing that had failed when one of them was, the first such; 0: none had */
	bool can_wait; /* files: who adds a line may wait for control */
	atomic_bool is_ending; /* live too: nothing comes any more */
	atomic_bool is_stalled; /* at the end: nobody takes it, and the rest is left out */
	atomic_int error; /* errno of the last writing that failed, 0 after one that did not */
	/* Control only. */
	int fd;
	bool is_alone; /* no other thread adds any more: control makes room for itself */
	char *leaving; /* is being written */
	size_t size;
	size_t done; /* of size */
};

/* path: "-" is standard output. 0 or negative errno. */
int probe_lines_init(struct probe_lines *lines, const char *path, bool can_wait);
/* 0, or negative errno when it was not written whole: -ETIMEDOUT when nobody read it. Live, lines
 * that found no room while it ran are no error. */
int probe_lines_fini(struct probe_lines *lines);

/* What: room for a line of PROBE_LINE_MAX octets. NULL: there is none. The mutex is held in either
 * case until probe_lines_end, which has to follow. */
char *probe_lines_begin(struct probe_lines *lines);
/* n: octets of the line, with its line feed. 0: it did not fit, or there was no room; it counts as
 * lost. */
void probe_lines_end(struct probe_lines *lines, size_t n);

/* How many lines found no room. */
uint64_t probe_lines_lost(struct probe_lines *lines);

/* What: writes what there is; live, as much as can be written at once. */
void probe_lines_write(struct probe_lines *lines);

/* No frames come any more: who adds may wait, but not for one who does not read. */
void probe_lines_finish(struct probe_lines *lines);
/* The other threads have ended. */
void probe_lines_alone(struct probe_lines *lines);

#endif
