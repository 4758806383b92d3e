/* SPDX-License-Identifier: BSD-3-Clause */
/* When to look at a stream: once a second of packet time, each at the phase at which it began. A
 * stream stays in its slot until it closes; nothing is re-armed per packet or per look.
 * Owner: the worker's qos_table. Threads: that worker only. */
#ifndef QOS_WHEEL_H
#define QOS_WHEEL_H

#include <stdint.h>

enum {
	QOS_WHEEL_SLOTS = 10,
};

#define QOS_TICK_NS ((uint64_t)1000000000 / QOS_WHEEL_SLOTS)

struct qos_wheel {
	uint32_t *slot[QOS_WHEEL_SLOTS]; /* dense arrays of stream indices */
	uint32_t count[QOS_WHEEL_SLOTS];
};

/* max: streams. 0 or -ENOMEM. Memory is touched only as streams come. */
int qos_wheel_init(struct qos_wheel *wheel, uint32_t max);
void qos_wheel_fini(struct qos_wheel *wheel);

/* The slot of a point in time. */
static inline unsigned qos_wheel_phase(uint64_t now_ns)
{
	return (unsigned)(now_ns / QOS_TICK_NS % QOS_WHEEL_SLOTS);
}

/* Puts a stream into a slot; returns its position there. */
uint32_t qos_wheel_add(struct qos_wheel *wheel, unsigned phase, uint32_t stream);
/* Takes out what stands at position. Returns the stream that now stands there instead, which has to
 * learn its new position, or UINT32_MAX. Walk a slot downwards and removal is safe. */
uint32_t qos_wheel_remove(struct qos_wheel *wheel, unsigned phase, uint32_t position);

#endif
