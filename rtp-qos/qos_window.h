/* SPDX-License-Identifier: BSD-3-Clause */
/* The last QOS_HOLES sequence numbers of a stream: which are missing so far, which a jitter buffer threw away.
 * What leaves the window is decided and goes to the bursts, in sequence order.
 * Owner: the stream. Threads: its worker. */
#ifndef QOS_WINDOW_H
#define QOS_WINDOW_H

#include "qos_stream.h"

/* Brings the window up to the highest number; what came in order since has no hole. */
void qos_window_align(const struct qos_stream_hot *hot, struct qos_stream_cold *cold);

/* The highest number moves on by step; the step - 1 numbers in between are missing so far. */
void qos_window_advance(struct qos_stream_hot *hot, struct qos_stream_cold *cold, uint32_t step);

/* The segment ends, and with it all waiting for late packets. */
void qos_window_flush(const struct qos_stream_hot *hot, struct qos_stream_cold *cold);

#endif
