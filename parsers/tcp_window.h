/* SPDX-License-Identifier: BSD-3-Clause */
/* One direction of a TCP connection as ranges of sequence numbers (RFC 9293 section 3.4), in order and apart:
 * of octets that are done with, and of octets that wait. Of octets that come twice the first stay.
 * Owner: the caller. Threads: one at a time. No allocation. */
#ifndef TCP_WINDOW_H
#define TCP_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"

enum {
	TCP_WINDOW_BYTES = 65536, /* may wait */
	TCP_WINDOW_RANGES = 16,
	TCP_WINDOW_FAR = 1 << 20, /* octets: sequence numbers so far off are another connection's */
};

struct tcp_range {
	uint32_t start, end; /* sequence numbers */
	bool is_done;
	bool is_after_hole; /* waits, and what is before it was given up */
	uint64_t since_ns; /* waits */
};

struct tcp_window {
	uint32_t base; /* sequence number of the first octet of data */
	unsigned range_count;
	unsigned waiting; /* ranges that wait */
	/* What was lost since the caller last looked and set these to 0. */
	uint32_t gaps; /* holes that were given up */
	uint32_t dropped; /* octets that had waited */
	struct tcp_range ranges[TCP_WINDOW_RANGES];
	uint8_t data[TCP_WINDOW_BYTES];
};

/* What: all before seq is done with, and nothing is known of what follows. */
void tcp_window_begin(struct tcp_window *w, uint32_t seq);

/* What: drops all that waits. */
void tcp_window_clear(struct tcp_window *w);

/* The sequence number behind the last octet that is known. */
static inline uint32_t tcp_window_end(const struct tcp_window *w)
{
	return w->ranges[w->range_count - 1].end;
}

/* Nothing waits, and seq follows what is done with. */
static inline bool tcp_window_follows(const struct tcp_window *w, uint32_t seq)
{
	return !w->waiting && tcp_window_end(w) == seq;
}

static inline bool tcp_window_is_far(const struct tcp_window *w, uint32_t seq)
{
	int32_t distance = (int32_t)(seq - tcp_window_end(w));

	return distance > TCP_WINDOW_FAR || distance < -TCP_WINDOW_FAR;
}

/* What: n octets from seq on, where tcp_window_follows, are done with. */
void tcp_window_pass(struct tcp_window *w, uint32_t seq, uint32_t n);

/* What: lets the octets of a segment wait that are new; false: none is. No more than TCP_WINDOW_BYTES. */
bool tcp_window_put(struct tcp_window *w, uint32_t seq, struct bytes data, uint64_t now_ns);

/* What: the next range, from number i on, that waits and follows what is done with or given up;
 * range_count: there is none. */
unsigned tcp_window_due(const struct tcp_window *w, unsigned i);

/* The octets of a range that waits; until the next call that changes the window. */
struct bytes tcp_window_data(const struct tcp_window *w, unsigned i);

/* What: the first n octets of range i, which waits, are done with. */
void tcp_window_finish(struct tcp_window *w, unsigned i, uint32_t n);

/* What: neighbours of a kind that touch become one range. After a round of tcp_window_finish. */
void tcp_window_merge(struct tcp_window *w);

/* What: ranges that have waited for a hole to be filled for hole_ns are due now. */
void tcp_window_give_up(struct tcp_window *w, uint64_t now_ns, uint64_t hole_ns);

#endif
