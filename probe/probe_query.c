/* SPDX-License-Identifier: BSD-3-Clause */
/* A slice of the stream table per turn of the worker's loop, until all of it was looked at. */
#include "probe_query.h"

#include <errno.h>
#include <math.h>
#include <time.h>

#include "dp_idle.h"
#include "probe_worker.h"

/* A stream without a score comes last. */
static double score(const struct qos_report *r)
{
	return r->has_score ? r->mean_r : INFINITY;
}

bool probe_query_is_before(
	enum probe_query_order order, const struct qos_report *a, const struct qos_report *b)
{
	return order == PROBE_QUERY_NEWEST ? a->start_ns > b->start_ns : score(a) < score(b);
}

/* Keeps the best few, sorted. */
static void consider(struct probe_query *q, const struct qos_report *r)
{
	unsigned at = q->count;

	while (at > 0 && probe_query_is_before(q->order, r, &q->reports[at - 1]))
		at--;
	if (at >= q->wanted)
		return;
	if (q->count < q->wanted)
		q->count++;
	memmove(&q->reports[at + 1], &q->reports[at], (q->count - 1 - at) * sizeof(*r));
	q->reports[at] = *r;
}

static void answer_some(struct probe_worker *w)
{
	struct probe_query *q = &w->query;
	struct qos_table *t = &w->table;
	uint32_t end =
		q->cursor + PROBE_QUERY_SLICE < t->high ? q->cursor + PROBE_QUERY_SLICE : t->high;

	for (; q->cursor < end; q->cursor++) {
		struct qos_stream_cold cold = t->cold[q->cursor];
		struct qos_stream_hot hot = t->hot[cold.slot];
		struct qos_report r;

		if (!cold.is_open)
			continue;
		/* On copies: looking closes no interval. */
		qos_report_build(&hot, &cold, QOS_PERIODIC, QOS_END_NONE, w->now_ns,
			&w->probe->options->qos, &r);
		consider(q, &r);
	}
	if (q->cursor >= t->high)
		atomic_store_explicit(&q->state, PROBE_QUERY_ANSWERED, memory_order_release);
}

void probe_query_answer(struct probe_worker *w)
{
	struct probe_query *q = &w->query;

	if (atomic_load_explicit(&q->state, memory_order_acquire) != PROBE_QUERY_ASKED ||
		atomic_flag_test_and_set_explicit(&q->is_busy, memory_order_acquire))
		return;
	answer_some(w);
	atomic_flag_clear_explicit(&q->is_busy, memory_order_release);
}

void probe_query_hold(struct probe_worker *w)
{
	struct dp_idle idle = {0};

	while (atomic_flag_test_and_set_explicit(&w->query.is_busy, memory_order_acquire))
		dp_idle_wait(&idle, false);
}

void probe_query_let_go(struct probe_worker *w)
{
	atomic_flag_clear_explicit(&w->query.is_busy, memory_order_release);
}

int probe_query_ask(struct probe_worker *w, enum probe_query_order order, unsigned wanted)
{
	struct probe_query *q = &w->query;

	/* A question nobody answered in time is still with the worker. */
	if (atomic_load_explicit(&q->state, memory_order_acquire) == PROBE_QUERY_ASKED)
		return -EBUSY;
	q->order = order;
	q->wanted = wanted < PROBE_QUERY_MAX ? wanted : PROBE_QUERY_MAX;
	q->count = 0;
	q->cursor = 0;
	atomic_store_explicit(&q->state, PROBE_QUERY_ASKED, memory_order_release);
	for (unsigned i = 0; i < 1000; i++) {
		if (atomic_load_explicit(&q->state, memory_order_acquire) == PROBE_QUERY_ANSWERED)
			return (int)q->count;
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	return -ETIMEDOUT;
}
