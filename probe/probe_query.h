/* SPDX-License-Identifier: BSD-3-Clause */
/* A question to a worker about its streams, answered by the worker between bursts, a slice of its
 * table at a time, so that telemetry never reads state that changes under it and media never waits.
 * Owner: the worker has one; telemetry asks under its own mutex. Threads: telemetry asks and waits,
 * the worker answers; state hands the rest over. Who does the worker's work for it holds it. */
#ifndef PROBE_QUERY_H
#define PROBE_QUERY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "qos_report.h"

struct probe_worker;

enum {
	PROBE_QUERY_MAX = 32,
	PROBE_QUERY_SLICE = 2048, /* streams looked at per turn of the loop */
};

enum probe_query_state {
	PROBE_QUERY_IDLE = 0,
	PROBE_QUERY_ASKED,
	PROBE_QUERY_ANSWERED,
};

enum probe_query_order {
	PROBE_QUERY_NEWEST = 0,
	PROBE_QUERY_WORST, /* least mean R first: MOS of two scales does not compare */
};

struct probe_query {
	_Atomic unsigned state; /* enum probe_query_state */
	atomic_flag is_busy; /* being answered, or held */
	enum probe_query_order order;
	unsigned wanted;
	unsigned count;
	uint32_t cursor;
	struct qos_report reports[PROBE_QUERY_MAX];
};

/* Whether a stands before b. */
bool probe_query_is_before(
	enum probe_query_order order, const struct qos_report *a, const struct qos_report *b);

/* The worker's side: goes on with a question, if there is one. */
void probe_query_answer(struct probe_worker *w);

/* What: until it is let go the worker answers nothing, for its streams change under it. Returns
 * once it does not. */
void probe_query_hold(struct probe_worker *w);
void probe_query_let_go(struct probe_worker *w);

/* Telemetry's side: up to wanted reports, in this order. Returns how many; -ETIMEDOUT when the
 * worker does not answer within a second, and -EBUSY until it has answered such a question after
 * all. */
int probe_query_ask(struct probe_worker *w, enum probe_query_order order, unsigned wanted);

#endif
