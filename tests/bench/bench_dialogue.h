/* SPDX-License-Identifier: BSD-3-Clause */
/* SIP dialogues without end, as frames in memory: INVITE, 100, 180, 200, ACK, BYE, 200 of each, with
 * session descriptions both ways. Many dialogues are under way at a time.
 * Owner: the program. Threads: one. */
#ifndef BENCH_DIALOGUE_H
#define BENCH_DIALOGUE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	BENCH_DIALOGUE_MESSAGES = 7,
	BENCH_DIALOGUE_FRAME_MAX = 1536,
	BENCH_DIALOGUE_BLANKS_MAX = 24,
};

/* Where those of one kind are, in their order. */
struct bench_blanks {
	unsigned count;
	uint16_t at[BENCH_DIALOGUE_BLANKS_MAX];
};

/* One of the seven messages, with the places where dialogues differ. */
struct bench_template {
	uint8_t frame[BENCH_DIALOGUE_FRAME_MAX];
	unsigned bytes;
	struct bench_blanks numbers, addresses, ports, kinds;
	bool is_answer; /* with a description */
	uint64_t ago; /* dialogues that began since its own did */
};

struct bench_dialogues {
	struct bench_template templates[BENCH_DIALOGUE_MESSAGES];
	uint64_t rate; /* that begin in a second of packet time */
	uint64_t start_ns;
	uint64_t next; /* the one that begins next */
	unsigned left; /* messages, of the moment at which the one before began */
};

struct bench_frame {
	uint64_t time_ns;
	uint32_t at; /* in the memory given */
	uint32_t bytes;
};

/* False when a message does not fit its frame. */
bool bench_dialogues_init(struct bench_dialogues *d, uint64_t rate, uint64_t start_ns);

/* How many others begin while one lasts. */
uint64_t bench_dialogues_span(const struct bench_dialogues *d);

/* What: makes the next frame, of any dialogue under way; those of each come in their order. Room for
 * BENCH_DIALOGUE_FRAME_MAX octets; returns how many. */
unsigned bench_dialogues_next(struct bench_dialogues *d, uint8_t *frame);

/* What: the frames of the moment at which one more dialogue begins, in the order of their times: its
 * INVITE, and of each other message that of the dialogue whose turn it is; none of those that began
 * before the start. Returns how many. mem has room for BENCH_DIALOGUE_MESSAGES frames from at on. */
unsigned bench_dialogues_step(
	struct bench_dialogues *d, uint8_t *mem, uint32_t at, struct bench_frame *frames);

#endif
