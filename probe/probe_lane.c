/* SPDX-License-Identifier: BSD-3-Clause */
/* Staging, handing over, and the two ways to meet a ring that is full: a file waits, live traffic is
 * shed and counted. */
#include "probe_lane.h"

#include <stdio.h>

#include <rte_mbuf.h>
#include <urcu/urcu-qsbr.h>

#include "dp_idle.h"
#include "dp_mbuf.h"
#include "dp_meta.h"
#include "probe_decode.h"
#include "probe_rx.h"
#include "probe_worker.h"
#include "sig_dns.h"
#include "sig_kind.h"

static int make_ring(const char *kind, unsigned receiver, unsigned worker, uint32_t element,
	uint32_t size, int socket, struct dp_ring **ring)
{
	char name[32];

	snprintf(name, sizeof(name), "%s_%u_%u", kind, receiver, worker);
	return dp_ring_create(name, element, size, socket, ring);
}

int probe_lane_init(struct probe_lane *lane, struct probe_rx *rx, unsigned worker)
{
	const struct dp_options *o = &rx->probe->options->dp;
	int socket = probe_socket(rx->probe->lcores.worker[worker]);
	int rc;

	lane->worker = &rx->probe->workers[worker];
	lane->is_own = lane->worker == rx->own;
	lane->next = &lane->stage[0];
	lane->waiting = &lane->stage[1];
	lane->seed = &rx->probe->seed;
	lane->seen = &rx->seen;
	if (lane->is_own)
		return 0;
	rc = make_ring("media", rx->index, worker, sizeof(struct pkt_media), o->media_ring, socket,
		&lane->media);
	if (!rc)
		rc = make_ring("signalling", rx->index, worker, sizeof(struct rte_mbuf *),
			o->signalling_ring, socket, &lane->signalling);
	return rc;
}

void probe_lane_fini(struct probe_lane *lane)
{
	if (lane->media)
		dp_ring_destroy(lane->media);
	if (lane->signalling)
		dp_ring_destroy(lane->signalling);
}

/* The packet itself is not needed any more once this burst is through. */
static void spend(struct probe_rx *rx, struct rte_mbuf *m)
{
	rx->spent[rx->spent_count++] = m;
}

/* A worker that waits must not hold up the grace periods of those it waits for. */
static void wait_begin(const struct probe_rx *rx)
{
	if (rx->own)
		urcu_qsbr_thread_offline();
}

static void wait_end(const struct probe_rx *rx)
{
	if (rx->own)
		urcu_qsbr_thread_online();
}

/* Puts the rest when there is room. */
static unsigned put_waiting(struct probe_rx *rx, struct probe_lane *lane, unsigned put)
{
	const struct probe_stage *stage = lane->next;
	struct dp_idle idle = {0};

	wait_begin(rx);
	while (put < stage->n) {
		unsigned more = dp_ring_put(lane->media, stage->media + put, stage->n - put);

		put += more;
		dp_idle_wait(&idle, more > 0);
	}
	wait_end(rx);
	return put;
}

/* The first packet of a flow in each second travels whole, its next ones as descriptors. */
static void choose_whole(struct probe_rx *rx, struct probe_stage *stage)
{
	uint64_t base = atomic_load_explicit(&rx->probe->time_base_ns, memory_order_relaxed);

	for (unsigned i = 0; i < stage->n; i++) {
		struct pkt_media *m = &stage->media[i];

		if (m->time_ns > PKT_MEDIA_TIME_MAX)
			continue;
		if (probe_seen_note(&rx->seen, stage->hash[i], base + m->time_ns))
			spend(rx, stage->packets[i]);
		else
			*m = probe_packet_element(stage->packets[i]);
	}
}

/* What waits on an own lane. */
static void take(struct probe_lane *lane)
{
	struct probe_stage *stage = lane->waiting;
	const struct probe_batch batch = {
		.media = stage->media,
		.packets = stage->packets,
		.slot = stage->slot,
		.n = stage->n,
		.is_one_time = stage->is_one_time,
	};

	probe_worker_burst(lane->worker, &batch);
	dp_mbuf_free_burst(stage->packets, stage->n);
	stage->n = 0;
	stage->is_one_time = false;
}

/* The lines of the streams come while the elements before are taken. */
static void turn_own(struct probe_lane *lane)
{
	const struct qos_table *table = &lane->worker->table;
	struct probe_stage *stage = lane->next;

	for (unsigned i = 0; i < stage->n; i++)
		stage->slot[i] = qos_table_locate(table, stage->hash[i]);
	qos_table_prefetch(table, stage->slot, stage->n);
	if (lane->waiting->n)
		take(lane);
	lane->next = lane->waiting;
	lane->waiting = stage;
}

static void flush_own(struct probe_lane *lane)
{
	turn_own(lane);
	if (lane->waiting->n)
		take(lane);
}

void probe_lane_count_shed(struct probe_rx *rx, const struct pkt_flow *flow)
{
	pkt_count(&rx->shed.bucket[probe_shed_bucket(flow, &rx->probe->seed)], 1);
	pkt_count(&rx->outcome[PROBE_media_shed], 1);
}

/* The ring was full. The packet of a descriptor is spent, but not freed yet. */
static void shed_staged(struct probe_rx *rx, const struct probe_stage *stage, unsigned i)
{
	struct pkt_view view = {0};

	probe_decode(stage->packets[i], &view);
	probe_lane_count_shed(rx, &view.flow);
}

/* A count of questions and few records stand where RTP has its time-stamp and SSRC. */
static inline bool may_be_dns(const struct pkt_media *m)
{
	unsigned questions = m->rtp_ts >> 16;

	return questions - 1 < SIG_DNS_QUESTIONS_MAX;
}

/* Mostly none: this is all that media is asked. */
static bool may_have_dns(const struct probe_stage *stage)
{
	unsigned n = 0;

	for (unsigned i = 0; i < stage->n; i++)
		n += may_be_dns(&stage->media[i]);
	return n;
}

/* What pkt_plain_media took for RTP, at the port of DNS, travels whole. */
static __attribute__((noinline)) void keep_dns(struct probe_stage *stage)
{
	struct pkt_view view;

	for (unsigned i = 0; i < stage->n; i++) {
		struct pkt_media *m = &stage->media[i];
		struct rte_mbuf *packet = stage->packets[i];

		if (m->time_ns <= PKT_MEDIA_TIME_MAX && may_be_dns(m) &&
			probe_decode(packet, &view) == PKT_OK &&
			sig_is_port(SIG_DNS, view.flow.sport, view.flow.dport))
			*m = probe_packet_element(packet);
	}
}

static void flush_media(struct probe_rx *rx, struct probe_lane *lane)
{
	struct probe_stage *stage = lane->next;
	unsigned size = dp_ring_size(lane->media);
	unsigned put, room = 0;

	if (unlikely(may_have_dns(stage)))
		keep_dns(stage);
	choose_whole(rx, stage);
	put = dp_ring_put_room(lane->media, stage->media, stage->n, &room);
	if (rx->probe->is_offline)
		put = put_waiting(rx, lane, put);
	else
		probe_shed_fill(&lane->shed, size - room, size, rx->last_ns);
	lane->sent += put;
	for (unsigned i = put; i < stage->n; i++) {
		shed_staged(rx, stage, i);
		if (stage->media[i].time_ns == PKT_MEDIA_IS_PACKET)
			rte_pktmbuf_free(probe_packet_of(&stage->media[i]));
	}
	stage->n = 0;
}

void probe_lane_flush(struct probe_rx *rx, struct probe_lane *lane)
{
	if (lane->is_own)
		flush_own(lane);
	else
		flush_media(rx, lane);
}

static void flush_signalling(struct probe_rx *rx, struct probe_lane *lane)
{
	unsigned put =
		dp_ring_put(lane->signalling, lane->signalling_stage, lane->signalling_staged);

	lane->sent += put;
	for (unsigned i = put; i < lane->signalling_staged; i++) {
		rte_pktmbuf_free(lane->signalling_stage[i]);
		pkt_count(&rx->outcome[PROBE_signalling_shed], 1);
	}
	lane->signalling_staged = 0;
}

void probe_lane_put_packet(struct probe_rx *rx, struct probe_lane *lane, struct rte_mbuf *m)
{
	*probe_lane_next(rx, lane) = probe_packet_element(m);
	probe_lane_put_media(lane, m);
}

void probe_lane_put_signalling(struct probe_rx *rx, struct probe_lane *lane, struct rte_mbuf *m)
{
	lane->signalling_stage[lane->signalling_staged++] = m;
	if (lane->signalling_staged == DP_BURST)
		flush_signalling(rx, lane);
}

/* Nothing to put, perhaps because all of it was shed: the level must come down all the same. */
static void look_at_queue(struct probe_rx *rx, struct probe_lane *lane)
{
	unsigned size = dp_ring_size(lane->media);

	probe_shed_fill(&lane->shed, size - dp_ring_room(lane->media), size, rx->last_ns);
}

static void flush_rings(struct probe_rx *rx, struct probe_lane *lane)
{
	if (lane->signalling_staged)
		flush_signalling(rx, lane);
	if (lane->next->n)
		flush_media(rx, lane);
	else if (unlikely(probe_shed_level(&lane->shed)))
		look_at_queue(rx, lane);
}

void probe_lane_turn_all(struct probe_rx *rx)
{
	for (unsigned i = 0; i < rx->probe->lcores.worker_count; i++)
		if (rx->lanes[i].is_own)
			turn_own(&rx->lanes[i]);
		else
			flush_rings(rx, &rx->lanes[i]);
}

void probe_lane_flush_all(struct probe_rx *rx)
{
	for (unsigned i = 0; i < rx->probe->lcores.worker_count; i++)
		if (rx->lanes[i].is_own)
			flush_own(&rx->lanes[i]);
		else
			flush_rings(rx, &rx->lanes[i]);
}

void probe_lane_wait_all(struct probe_rx *rx)
{
	struct dp_idle idle = {0};

	wait_begin(rx);
	for (unsigned i = 0; i < rx->probe->lcores.worker_count; i++)
		while (atomic_load_explicit(&rx->lanes[i].worker->done, memory_order_acquire) !=
			rx->lanes[i].sent)
			dp_idle_wait(&idle, false);
	wait_end(rx);
}
