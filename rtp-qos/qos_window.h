/* SPDX-License-Identifier: BSD-3-Clause */
/* The last QOS_HOLES sequence numbers of a stream: which are missing so far, which a jitter buffer threw away.
 * What leaves the window is decided and goes to the bursts, in sequence order.
 * Owner: the stream. Threads: its worker. */
#ifndef QOS_WINDOW_H
#define QOS_WINDOW_H

#include "qos_stream.h"

/* Adds to a count of packets, for whose 64 bits the cold half has no room. It stays at the most:
 * one that began anew would be taken for few. */
static inline void qos_count_capped(uint32_t *count, uint64_t more)
{
	*count = more < UINT32_MAX - *count ? *count + (uint32_t)more : UINT32_MAX;
}

/* Brings the window up to the highest number; what came in order since has no hole. */
void qos_window_align(const struct qos_stream_hot *hot, struct qos_stream_cold *cold);

/* The highest number moves on by step; the step - 1 numbers in between are missing so far. is_doubtful: they may turn
 * out to be given up. */
void qos_window_advance(
	struct qos_stream_hot *hot, struct qos_stream_cold *cold, uint32_t step, bool is_doubtful);

/* The same, but the probe gave them up: they are not expected. */
void qos_window_leave_out(struct qos_stream_hot *hot, struct qos_stream_cold *cold, uint32_t step);

/* What: of the gaps in doubt, the last ones first, as many as begin before so many numbers were found are not missing
 * but given up. Returns how many numbers that are. */
uint32_t qos_window_give_up(struct qos_stream_cold *cold, uint64_t drops);

/* What: the old gaps are not in doubt any more, and the young ones are old. */
void qos_window_age_doubt(struct qos_stream_cold *cold);

/* What: no gap is in doubt any more: what is missing is lost. */
void qos_window_end_doubt(struct qos_stream_cold *cold);

/* A number so far behind hole_ext came. False: it is none that the probe gave up. */
bool qos_window_take_back(struct qos_stream_cold *cold, unsigned behind);

/* Where a number so far behind hole_ext stands among those of the segment that are expected; negative: before the
 * first. */
int32_t qos_window_place(const struct qos_stream_cold *cold, unsigned behind);

/* How many of the numbers after it came. */
uint32_t qos_window_extent(const struct qos_stream_cold *cold, unsigned behind);

/* The segment ends, and with it all waiting for late packets. */
void qos_window_flush(const struct qos_stream_hot *hot, struct qos_stream_cold *cold);

#endif
