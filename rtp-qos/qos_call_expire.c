/* SPDX-License-Identifier: BSD-3-Clause */
/* How calls leave the table: each worker has a private queue of the calls it opened, by which it
 * alone expires them. A call is taken out of the table under its own lock, so that a message never
 * changes one that was reported already. */
#include <assert.h>

#include "pkt_count.h"
#include "qos_call_pvt.h"
#include "qos_calls_pvt.h"
#include "qos_mem.h"

enum {
	EVICT_LOOKS = 8, /* calls looked at for one that can make room */
	LOOKS_MOST = 8192, /* calls looked at a tick, so that media does not wait for long */
};

#define STREAMS_NS     4000000000ull /* between looks at a call that only its streams keep */
#define TRANSACTION_NS 32000000000ull /* 64*T1, Timers B and F of RFC 3261 section 17.1 */

static uint64_t min64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void qos_calls_set_limits(struct qos_calls *calls, const struct qos_options *options)
{
	calls->linger_ns = options->bye_linger_ns;
	if (calls->linger_ns < TRANSACTION_NS)
		calls->linger_ns = TRANSACTION_NS;
	calls->call_timeout_ns = options->call_timeout_ns;
	calls->setup_timeout_ns = options->setup_timeout_ns;
	calls->least_ns =
		min64(TRANSACTION_NS, min64(calls->call_timeout_ns, calls->setup_timeout_ns));
}

/* Nothing is lost with it but its end: over, or a request that got no response and has no media. */
static bool can_make_room(const struct qos_call *call)
{
	if (atomic_load_explicit(&call->streams_open, memory_order_acquire))
		return false;
	return atomic_load_explicit(&call->end_ns, memory_order_relaxed) ||
	       (call->state != QOS_CALL_ANSWERED && !call->code);
}

/* Neither a call that leaves nor its endpoints were touched for as long as it lasted. They come in steps, of which
 * each needs what the one before fetched, and each is a call's time long. */
static void fetch_call(const struct qos_call *call)
{
	__builtin_prefetch(call, 1);
	__builtin_prefetch(&call->state, 1);
	__builtin_prefetch(&call->media, 1);
	__builtin_prefetch(call->ahead);
}

static struct qos_media *_Atomic *chain_ahead(const struct qos_call *call, unsigned i)
{
	return atomic_load_explicit(&call->ahead[i], memory_order_relaxed);
}

static void fetch_chains(const struct qos_calls *calls, const struct qos_call *call)
{
	qos_call_prefetch_chain(calls, call->hash);
	for (unsigned i = 0; i < QOS_CALL_AHEAD && chain_ahead(call, i); i++)
		__builtin_prefetch((const void *)chain_ahead(call, i), 1);
}

/* What the heads lead to: of the call's own chain who came into it last. */
static void fetch_firsts(const struct qos_calls *calls, const struct qos_call *call)
{
	qos_calls_prefetch_first(calls, call->hash);
	for (unsigned i = 0; i < QOS_CALL_AHEAD && chain_ahead(call, i); i++) {
		const char *first = (const char *)atomic_load_explicit(
			chain_ahead(call, i), memory_order_relaxed);

		if (!first)
			continue;
		__builtin_prefetch(first, 1);
		__builtin_prefetch(first + QOS_LINE_BYTES);
	}
}

/* Those that have not ended stay, most of them. */
static void fetch(const struct qos_calls *calls, const struct qos_call_ahead *ahead)
{
	if (ahead->calls[2])
		fetch_call(ahead->calls[2]);
	if (ahead->calls[1] && !qos_call_lasts(ahead->calls[1]))
		fetch_chains(calls, ahead->calls[1]);
	if (ahead->calls[0] && !qos_call_lasts(ahead->calls[0]))
		fetch_firsts(calls, ahead->calls[0]);
}

void qos_calls_take_out(struct qos_calls *calls, struct qos_call *call)
{
	if (!qos_call_is_open(call))
		return;
	atomic_store_explicit(&call->is_open, false, memory_order_release);
	qos_calls_unlink(calls, call);
}

bool qos_calls_evict(struct qos_calls *calls, struct call_worker *w, uint64_t now_ns)
{
	struct qos_call_ahead ahead;
	struct qos_call *call;
	bool is_out = false;

	for (unsigned i = 0; i < EVICT_LOOKS && (call = qos_call_queue_next(&w->queue, &ahead));
		i++) {
		fetch(calls, &ahead);
		pthread_spin_lock(&call->lock);
		is_out = can_make_room(call);
		if (is_out) {
			qos_call_time_out(call);
			qos_calls_take_out(calls, call);
		}
		pthread_spin_unlock(&call->lock);
		if (is_out)
			break;
		qos_call_queue_add(&w->queue, call, now_ns + calls->least_ns);
	}
	if (!is_out)
		return false;
	cds_list_add_tail(&call->home_link, &w->evicted);
	w->evicted_count++;
	atomic_fetch_sub_explicit(&calls->count, 1, memory_order_relaxed);
	pkt_count(&w->counters.calls_evicted, 1);
	return true;
}

static uint64_t idle_limit(const struct qos_calls *calls, const struct qos_call *call)
{
	if (atomic_load_explicit(&call->end_ns, memory_order_relaxed))
		return calls->linger_ns;
	if (!qos_call_is_call(call->method))
		return TRANSACTION_NS;
	/* Of a call that may have been answered each session refresh is seen (RFC 4028), and no
	 * more. */
	return call->state == QOS_CALL_ANSWERED || call->state == QOS_CALL_UNKNOWN
		       ? calls->call_timeout_ns
		       : calls->setup_timeout_ns;
}

static bool is_idle(const struct qos_call *call, uint64_t now_ns, uint64_t limit_ns)
{
	uint64_t last = atomic_load_explicit(&call->last_ns, memory_order_relaxed);

	return now_ns > last && now_ns - last >= limit_ns;
}

/* Takes the call out of the table if its time has come; with drain in the state it is in. Else says
 * when to look again. That is at most least_ns away, for a message may change the limit, but none
 * ends the call's time before that. */
static bool close_call(struct qos_calls *calls, struct qos_call *call, uint64_t now_ns, bool drain,
	uint64_t *look_ns)
{
	uint64_t last = atomic_load_explicit(&call->last_ns, memory_order_relaxed), due;
	bool is_due = drain;

	*look_ns = min64(last, now_ns) + calls->least_ns;
	if (!drain && !is_idle(call, now_ns, calls->least_ns))
		return false;
	*look_ns = now_ns + min64(STREAMS_NS, calls->least_ns);
	if (!drain && atomic_load_explicit(&call->streams_open, memory_order_acquire))
		return false;
	pthread_spin_lock(&call->lock);
	due = atomic_load_explicit(&call->last_ns, memory_order_relaxed) + idle_limit(calls, call);
	*look_ns = min64(due, now_ns + calls->least_ns);
	if (!drain && due <= now_ns) {
		is_due = true;
		qos_call_time_out(call);
	}
	if (drain)
		qos_call_conclude(call);
	if (is_due)
		qos_calls_take_out(calls, call);
	pthread_spin_unlock(&call->lock);
	return is_due;
}

struct qos_call *qos_calls_take_evicted(struct qos_calls *calls, unsigned worker)
{
	struct call_worker *w = &calls->workers[worker];
	struct qos_call *call;

	if (cds_list_empty(&w->evicted))
		return NULL;
	call = cds_list_first_entry(&w->evicted, struct qos_call, home_link);
	cds_list_del(&call->home_link);
	w->evicted_count--;
	pkt_count(&w->counters.calls_closed, 1);
	return call;
}

struct qos_call *qos_calls_expire(
	struct qos_calls *calls, unsigned worker, uint64_t now_ns, bool drain)
{
	struct call_worker *w = &calls->workers[worker];
	struct qos_call_ahead ahead;
	struct qos_call *call;
	uint64_t look_ns;

	assert(worker < calls->worker_count);
	call = qos_calls_take_evicted(calls, worker);
	if (call)
		return call;
	if (drain && cds_list_empty(&w->queue.due))
		qos_call_queue_flush(&w->queue);
	if (!w->is_looking)
		w->looks_left = LOOKS_MOST;
	w->is_looking = true;
	while ((drain || w->looks_left) &&
		(call = qos_call_queue_take(&w->queue, now_ns, &ahead))) {
		fetch(calls, &ahead);
		w->looks_left -= w->looks_left > 0;
		if (!close_call(calls, call, now_ns, drain, &look_ns)) {
			qos_call_queue_add(&w->queue, call, look_ns);
			continue;
		}
		atomic_fetch_sub_explicit(&calls->count, 1, memory_order_relaxed);
		pkt_count(&w->counters.calls_closed, 1);
		return call;
	}
	w->is_looking = false;
	return NULL;
}
