/* SPDX-License-Identifier: BSD-3-Clause */
/* The journey of a packet through a worker: a burst to its streams, and what belongs to none of
 * them one by one to probe_whole.c. */
#include "probe_worker.h"

#include <errno.h>
#include <stdlib.h>

#include <rte_mbuf.h>
#include <urcu/urcu-qsbr.h>

#include "dp_idle.h"
#include "dp_meta.h"
#include "probe_decode.h"
#include "probe_rx.h"
#include "qos_mem.h"
#include "qos_update8.h"

/* Every time-out, and a round of looking at the calls. */
static uint64_t horizon(const struct qos_options *o)
{
	uint64_t longest = o->call_timeout_ns;

	if (o->setup_timeout_ns > longest)
		longest = o->setup_timeout_ns;
	if (o->stream_timeout_ns > longest)
		longest = o->stream_timeout_ns;
	return longest + (uint64_t)600 * 1000000000;
}

static int find_lanes(struct probe_worker *w)
{
	w->lanes = calloc(w->probe->rx_count, sizeof(*w->lanes));
	if (!w->lanes)
		return -ENOMEM;
	for (unsigned i = 0; i < w->probe->rx_count; i++) {
		const struct probe_lane *lane = &w->probe->rx[i].lanes[w->index];

		if (lane->is_own)
			w->rx = &w->probe->rx[i];
		else
			w->lanes[w->lane_count++] = (struct probe_worker_lane){
				.media = lane->media,
				.signalling = lane->signalling,
			};
	}
	return 0;
}

/* A qos_head_fn: of a packet that came whole, or that this thread received. */
static struct qos_head head_at_hand(void *arg, const struct pkt_media *m)
{
	const struct probe_worker *w = arg;
	const struct probe_batch *b = w->batch;
	struct pkt_view view;
	struct rte_mbuf *packet = NULL;
	struct rtp_hdr hdr;

	if (w->origin)
		return w->origin->head;
	if (b && b->packets && m >= b->media && m < b->media + b->n)
		packet = b->packets[m - b->media];
	if (packet && probe_decode(packet, &view) == PKT_OK &&
		rtp_hdr_parse(view.payload, view.payload_wire, &hdr) == RTP_OK)
		return probe_whole_head(&view, &hdr);
	return (struct qos_head){0};
}

int probe_worker_init(struct probe_worker *w, struct probe *probe, unsigned index)
{
	const struct qos_options *o = &probe->options->qos;
	int rc;

	w->probe = probe;
	w->index = index;
	rc = find_lanes(w);
	if (rc)
		return rc;
	rc = cls_scratch_create(probe->cls, &w->scratch);
	if (rc)
		return rc;
	w->table_memory = qos_mem_map(qos_table_memory(o->max_streams));
	if (!w->table_memory)
		return -ENOMEM;
	rc = qos_table_init(&w->table, o->max_streams, &probe->seed, w->table_memory);
	if (rc)
		return rc;
	qos_buffer_setup(&w->table.env.buffers, o);
	w->table.env.payload_fn = probe_media_payload;
	w->table.env.head_fn = head_at_hand;
	w->table.env.payload_arg = w;
	if (!probe->is_offline)
		w->table.env.drops_fn = probe_drops_of;
	rc = qos_probation_init(&w->probation, o->max_candidates, o->probation_packets,
		&probe->seed, &w->table.counters);
	if (rc)
		return rc;
	w->tcp_memory = qos_mem_map(sip_tcp_memory(probe->options->tcp_flows));
	if (!w->tcp_memory)
		return -ENOMEM;
	sip_tcp_init(&w->tcp, w->tcp_memory, probe->options->tcp_flows, &probe->seed);
	w->sctp_memory = qos_mem_map(sip_sctp_memory());
	if (!w->sctp_memory)
		return -ENOMEM;
	sip_sctp_init(&w->sctp, w->sctp_memory, &probe->seed);
	w->horizon_ns = horizon(o);
	w->call_counters = qos_calls_counters(probe->calls, index);
	if (probe->sender)
		rc = dp_mailbox_create(index, probe->options->dp.hep_messages,
			probe_socket(probe->lcores.worker[index]), &w->mailbox);
	return rc;
}

void probe_worker_fini(struct probe_worker *w)
{
	if (!w->probe)
		return;
	if (w->mailbox)
		dp_mailbox_destroy(w->mailbox);
	qos_probation_fini(&w->probation);
	if (w->table.hot)
		qos_table_fini(&w->table);
	qos_mem_unmap(w->table_memory, qos_table_memory(w->probe->options->qos.max_streams));
	qos_mem_unmap(w->sctp_memory, sip_sctp_memory());
	qos_mem_unmap(w->tcp_memory, sip_tcp_memory(w->probe->options->tcp_flows));
	if (w->scratch)
		cls_scratch_destroy(w->scratch);
	free(w->lanes);
}

static void tick(struct probe_worker *w, uint64_t now_ns)
{
	probe_media_tick(w, now_ns);
	if (atomic_load_explicit(&w->probation.pending, memory_order_relaxed))
		qos_probation_expire(&w->probation, now_ns, false);
	probe_signalling_tick(w, now_ns);
}

bool probe_worker_has_flows(const struct probe_worker *w)
{
	return qos_table_count(&w->table) || w->tcp.waiting ||
	       atomic_load_explicit(&w->probation.pending, memory_order_relaxed);
}

/* Nothing that a tick could change. */
static bool is_empty(const struct probe_worker *w)
{
	return !probe_worker_has_flows(w) && !qos_calls_own(w->probe->calls, w->index);
}

void probe_worker_advance(struct probe_worker *w, uint64_t now_ns)
{
	uint64_t end;

	if (now_ns + PROBE_TIME_BACK_NS < w->now_ns || !w->next_tick_ns) {
		w->now_ns = now_ns;
		w->next_tick_ns = (now_ns / QOS_TICK_NS + 1) * QOS_TICK_NS;
	} else if (now_ns > w->now_ns) {
		w->now_ns = now_ns;
	}
	end = w->next_tick_ns + w->horizon_ns;
	while (w->next_tick_ns <= now_ns) {
		if (is_empty(w) || w->next_tick_ns > end) {
			w->next_tick_ns = (now_ns / QOS_TICK_NS + 1) * QOS_TICK_NS;
			break;
		}
		tick(w, w->next_tick_ns);
		w->next_tick_ns += QOS_TICK_NS;
	}
}

uint64_t probe_worker_copy_hash(const struct probe_worker *w, const struct pkt_view *view)
{
	const struct cfg_options *o = w->probe->options;

	if (!o->copy_window_ns)
		return 0;
	return pkt_copies_hash(view, o->hops == CFG_HOPS_SEPARATE, &w->probe->seed);
}

bool probe_worker_is_copy(struct probe_worker *w, uint64_t copy_hash, uint64_t now_ns)
{
	return copy_hash &&
	       pkt_copies_has(&w->copies, copy_hash, now_ns, w->probe->options->copy_window_ns);
}

/* Not a descriptor of the stream in the slot that was located. Whether it is one of another
 * stream. */
static bool take_other(struct probe_worker *w, const struct probe_batch *b, unsigned i)
{
	const struct pkt_media *m = &b->media[i];
	uint64_t now_ns;
	uint32_t slot;

	if (m->time_ns == PKT_MEDIA_IS_TIME)
		return false;
	if (m->time_ns == PKT_MEDIA_IS_PACKET) {
		probe_whole_take(w, probe_packet_of(m));
		return false;
	}
	now_ns = atomic_load_explicit(&w->probe->time_base_ns, memory_order_relaxed) + m->time_ns;
	slot = qos_table_find_slot(&w->table, &m->key);
	if (slot != QOS_NONE) {
		qos_table_update(&w->table, slot, m, now_ns);
		return true;
	}
	if (b->packets && b->packets[i]) {
		probe_whole_take(w, b->packets[i]);
		return false;
	}
	/* A new stream: what waits may announce it. */
	if (w->wholes.count)
		probe_whole_flush(w);
	probe_media_packet(w, m, NULL, now_ns);
	return false;
}

/* Where the elements from at on end that belong before the next tick, after which streams may have
 * ended. Packet time is that of the latest of them. */
static unsigned run_end(struct probe_worker *w, const struct probe_batch *b, unsigned at)
{
	uint64_t base = atomic_load_explicit(&w->probe->time_base_ns, memory_order_relaxed);
	uint64_t from_ns = w->now_ns - PROBE_TIME_BACK_NS;
	uint64_t span_ns = w->next_tick_ns - from_ns;
	unsigned i = at + 1;

	if (b->is_one_time)
		return b->n;
	for (; i < b->n; i++) {
		uint64_t now_ns = probe_element_arrival(&b->media[i], base);

		if (now_ns - from_ns >= span_ns)
			break;
		if (now_ns > w->now_ns) {
			from_ns += now_ns - w->now_ns;
			span_ns -= now_ns - w->now_ns;
			w->now_ns = now_ns;
		}
	}
	return i;
}

/* A packet of the stream in the slot that was located, or another element. Whether it was a
 * stream's. */
static inline bool take_element(
	struct probe_worker *w, const struct probe_batch *b, unsigned i, uint64_t base)
{
	const struct pkt_media *m = &b->media[i];
	uint32_t slot = b->slot[i];

	if (unlikely(m->time_ns > PKT_MEDIA_TIME_MAX || !qos_table_is_of(&w->table, slot, &m->key)))
		return take_other(w, b, i);
	qos_table_update(&w->table, slot, m, base + m->time_ns);
	return true;
}

/* At most eight elements; returns how many were packets of streams. */
static inline unsigned take_few(
	struct probe_worker *w, const struct probe_batch *b, unsigned at, unsigned n, uint64_t base)
{
	unsigned hits = 0;

	if (likely(qos_table_update8(&w->table, b->slot + at, b->media + at, n, base)))
		return n;
	for (unsigned i = at; i < at + n; i++)
		hits += take_element(w, b, i, base);
	return hits;
}

static void take_run(struct probe_worker *w, const struct probe_batch *b, unsigned at, unsigned end)
{
	const uint64_t base = atomic_load_explicit(&w->probe->time_base_ns, memory_order_relaxed);
	unsigned hits = 0, i = at;

	for (; i + QOS_UPDATE8 <= end; i += QOS_UPDATE8)
		hits += take_few(w, b, i, QOS_UPDATE8, base);
	if (i < end)
		hits += take_few(w, b, i, end - i, base);
	pkt_count(&w->outcome[PROBE_rtp], hits);
}

void probe_worker_burst(struct probe_worker *w, const struct probe_batch *b)
{
	uint64_t base = atomic_load_explicit(&w->probe->time_base_ns, memory_order_relaxed);

	w->batch = b;
	for (unsigned i = 0, end; i < b->n; i = end) {
		probe_worker_advance(w, probe_element_arrival(&b->media[i], base));
		end = run_end(w, b, i);
		take_run(w, b, i, end);
	}
	w->batch = NULL;
}

/* The capture ended: what is still open is reported as it stands. */
static void finish(struct probe_worker *w)
{
	uint64_t last = atomic_load(&w->probe->last_ns);

	if (w->next_tick_ns)
		probe_worker_advance(w, last);
	probe_signalling_drain(w, last);
	/* Gaps that are in doubt nobody judges any more. */
	if (!w->probe->is_offline)
		probe_drops_ask(w->probe);
	probe_media_drain(w, last);
	qos_probation_expire(&w->probation, last, true);
	atomic_fetch_sub_explicit(&w->probe->workers_running, 1, memory_order_release);
}

int probe_worker_main(void *arg)
{
	struct probe_worker *w = arg;
	struct dp_idle idle = dp_idle_begin(probe_idle_mode(w->probe));

	if (w->rx)
		dp_idle_wake_by(&idle, &w->rx->wake, w->lane_count > 0);
	urcu_qsbr_register_thread();
	for (;;) {
		/* Read before the rings: what was put before the last receiver ended is seen. */
		bool is_last = !atomic_load_explicit(&w->probe->rx_running, memory_order_acquire);
		unsigned n = probe_worker_take(w);

		if (n)
			atomic_store_explicit(
				&w->done, probe_read(&w->done) + n, memory_order_release);
		if (w->rx)
			n += probe_rx_turn(w->rx);
		pkt_count(&w->loops, 1);
		urcu_qsbr_quiescent_state();
		if (n) {
			pkt_count(&w->loops_busy, 1);
		} else if (is_last) {
			break;
		} else {
			probe_idle_count(&w->idle);
			if (!w->probe->is_offline && w->next_tick_ns)
				probe_worker_advance(w, dp_clock_now(&w->probe->clock));
		}
		probe_query_answer(w);
		if (n) {
			dp_idle_wait(&idle, true);
			continue;
		}
		urcu_qsbr_thread_offline();
		dp_idle_wait(&idle, false);
		urcu_qsbr_thread_online();
	}
	finish(w);
	urcu_qsbr_unregister_thread();
	return 0;
}
