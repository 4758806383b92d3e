/* SPDX-License-Identifier: BSD-3-Clause */
/* When to look at which call next: slots of a tenth of a second, gone round in some 51 seconds. A
 * call may come up too early, after packet time was set back or has leapt, but never too late:
 * whoever takes one judges it and puts it back.
 * Owner: one worker's part of the call table. Threads: that worker only. */
#ifndef QOS_CALL_QUEUE_H
#define QOS_CALL_QUEUE_H

#include <stdint.h>

#include "qos_call.h"

enum {
	QOS_CALL_QUEUE_SLOTS = 512,
	QOS_CALL_QUEUE_AHEAD = 3,
};

/* Those that come up after one that is taken, in their order; behind the end of its list NULL. */
struct qos_call_ahead {
	struct qos_call *calls[QOS_CALL_QUEUE_AHEAD];
};

struct qos_call_queue {
	/* Number of the slot to look at next, counted from the epoch; 0: at the start. */
	uint64_t next;
	uint32_t length;
	uint64_t filled[QOS_CALL_QUEUE_SLOTS / 64]; /* a bit for each slot that has calls */
	struct cds_list_head due; /* slots that have come up */
	struct cds_list_head slots[QOS_CALL_QUEUE_SLOTS];
};

void qos_call_queue_init(struct qos_call_queue *queue);
/* Puts the call where it comes up at look_ns, or as soon after as can be. */
void qos_call_queue_add(struct qos_call_queue *queue, struct qos_call *call, uint64_t look_ns);
/* Takes the next call out that has come up at now_ns; NULL when there is none. */
struct qos_call *qos_call_queue_take(
	struct qos_call_queue *queue, uint64_t now_ns, struct qos_call_ahead *ahead);
/* Takes the call out that would come up next, though its time has not come; NULL when there is
 * none. */
struct qos_call *qos_call_queue_next(struct qos_call_queue *queue, struct qos_call_ahead *ahead);
/* Makes all calls come up. */
void qos_call_queue_flush(struct qos_call_queue *queue);

#endif
