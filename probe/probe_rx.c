/* SPDX-License-Identifier: BSD-3-Clause */
/* Poll, and plain RTP on its short way; the rest is in probe_rx_other.c. */
#include <rte_mbuf.h>
#include <rte_prefetch.h>
#include <urcu/urcu-qsbr.h>

#include "dp_idle.h"
#include "dp_mbuf.h"
#include "dp_meta.h"
#include "pkt_plain.h"
#include "probe_decode.h"
#include "probe_rx_pvt.h"
#include "probe_worker.h"

/* A file's first packet stands this far behind the time base, so that earlier ones have room. */
#define FILE_BASE_NS ((uint64_t)1 << 54)

enum {
	HEADERS_AHEAD = 4, /* frames whose headers are on their way while one is parsed */
};

uint64_t probe_rx_time_base(struct probe_rx *rx, uint64_t time_ns)
{
	uint64_t base = atomic_load_explicit(&rx->probe->time_base_ns, memory_order_relaxed);

	if (base)
		return base;
	/* Only a file gets here, and a file has one rx thread. */
	base = time_ns > FILE_BASE_NS ? time_ns - FILE_BASE_NS : 1;
	atomic_store_explicit(&rx->probe->time_base_ns, base, memory_order_release);
	return base;
}

/* In a file: what waits was seen before. Live, a worker that forgot a flow learns it again within a second. */
static void forget_seen(struct probe_rx *rx)
{
	probe_lane_flush_all(rx);
	probe_seen_forget(&rx->seen);
}

static void note_time(struct probe_rx *rx, uint64_t now_ns)
{
	uint64_t before_ns = rx->last_ns;

	probe_rx_note_last(rx, now_ns);
	if (!rx->probe->is_offline)
		return;
	if (rx->probe->lcores.worker_count > 1)
		probe_rx_follow_time(rx, now_ns, before_ns);
	if (unlikely(rx->last_ns < before_ns))
		forget_seen(rx);
}

/* pkt_plain_media knows no tenant; the VLAN is the one there is. */
static __rte_always_inline bool take_plain(const struct probe_rx *rx, struct bytes frame,
	uint64_t age, const struct pkt_seed *seed, struct pkt_media *m)
{
	uint16_t vlan;

	if (!pkt_plain_media(frame, age, seed, m))
		return false;
	if (unlikely(rx->has_vlan_tenants) && (vlan = pkt_plain_vlan(frame)))
		pkt_media_key_of_tenant(&m->key, pkt_tenant(0, vlan, PKT_TENANTS_VLAN), seed);
	return true;
}

static inline unsigned worker_of_plain(const struct dp_steer *steer, struct bytes frame)
{
	struct pkt_plain_ends ends = pkt_plain_ends(frame);

	if (likely(ends.family == 4))
		return dp_steer_worker4(steer, pkt_plain_u32(ends.src), pkt_plain_u32(ends.dst),
			ends.sport, ends.dport);
	return dp_steer_worker(steer, ends.src, ends.dst, ends.sport, ends.dport);
}

static inline struct probe_lane *lane_of_plain(struct probe_rx *rx, struct bytes frame)
{
	if (rx->probe->lcores.worker_count == 1)
		return rx->lanes;
	return &rx->lanes[worker_of_plain(&rx->probe->steer, frame)];
}

static inline void put_plain(struct probe_rx *rx, struct probe_lane *lane, struct rte_mbuf *m,
	const struct pkt_media *media)
{
	struct pkt_flow flow;

	if (unlikely(probe_shed_level(&lane->shed))) {
		pkt_plain_flow(probe_frame(m), &flow);
		if (probe_rx_is_shed(rx, lane, &flow)) {
			probe_rx_shed(rx, m, &flow);
			return;
		}
	}
	*probe_lane_next(rx, lane) = *media;
	probe_lane_put_media(lane, m);
}

static inline void take_frame(struct probe_rx *rx, struct rte_mbuf *m, uint64_t base)
{
	const struct dp_meta *meta = dp_meta(m);
	struct bytes frame = probe_frame(m);
	uint64_t age = meta->time_ns - base;
	struct pkt_media media;

	note_time(rx, meta->time_ns);
	if (likely(meta->link == DP_LINK_ETHERNET && age <= PKT_MEDIA_TIME_MAX &&
		    take_plain(rx, frame, age, &rx->probe->seed, &media)))
		put_plain(rx, lane_of_plain(rx, frame), m, &media);
	else
		probe_rx_take_other(rx, m);
}

/* Most of what comes is this worker's own, and none of that is shed. The order of a file with several workers is kept
 * frame by frame. */
static bool is_own_short(const struct probe_rx *rx)
{
	return rx->own && (rx->probe->lcores.worker_count == 1 || !rx->probe->is_offline) &&
	       likely(!probe_shed_level(&rx->lanes[rx->own->index].shed));
}

/* In their order: a time stands against those before it. */
static void note_times(struct probe_rx *rx, struct rte_mbuf **burst, unsigned from, unsigned end)
{
	for (unsigned i = from; i < end; i++)
		probe_rx_note_last(rx, dp_meta(burst[i])->time_ns);
}

/* Of what was staged as own what is another's goes there. Returns how many there are then. */
static unsigned keep_own(
	struct probe_rx *rx, struct probe_stage *stage, unsigned from, unsigned count)
{
	const unsigned own = rx->own->index;
	unsigned worker[DP_BURST], strangers = 0, kept = from;

	for (unsigned i = from; i < count; i++) {
		worker[i] = worker_of_plain(&rx->probe->steer, probe_frame(stage->packets[i]));
		strangers += worker[i] != own;
	}
	if (likely(!strangers))
		return count;
	for (unsigned i = from; i < count; i++) {
		if (worker[i] == own) {
			stage->media[kept] = stage->media[i];
			stage->packets[kept] = stage->packets[i];
			stage->hash[kept++] = stage->hash[i];
		} else {
			put_plain(rx, &rx->lanes[worker[i]], stage->packets[i], &stage->media[i]);
		}
	}
	return kept;
}

/* Own plain RTP on the shortest way; whose it is is asked of all that follow each other at once. */
static void take_own(struct probe_rx *rx, struct rte_mbuf **burst, unsigned n, uint64_t base)
{
	const bool is_alone = rx->probe->lcores.worker_count == 1;
	struct probe_lane *lane = &rx->lanes[rx->own->index];
	struct probe_stage *stage = lane->next;
	const struct qos_table *table = &lane->worker->table;
	const struct pkt_seed seed = rx->probe->seed;
	const uint64_t first_ns = dp_meta(burst[0])->time_ns;
	const int offset = dp_meta_offset;
	uint64_t spread = 0;
	unsigned at = 0, noted = 0, kept = 0;

	for (unsigned i = 0; i < n && i < HEADERS_AHEAD; i++)
		rte_prefetch0(rte_pktmbuf_mtod(burst[i], void *));
	for (unsigned i = 0; i < n; i++) {
		const struct dp_meta *meta = dp_meta_at(burst[i], offset);
		struct bytes frame = probe_frame(burst[i]);
		uint64_t age = meta->time_ns - base;
		struct pkt_media m;

		if (i + HEADERS_AHEAD < n)
			rte_prefetch0(rte_pktmbuf_mtod(burst[i + HEADERS_AHEAD], void *));
		spread |= meta->time_ns ^ first_ns;
		if (likely(meta->link == DP_LINK_ETHERNET && age <= PKT_MEDIA_TIME_MAX &&
			    take_plain(rx, frame, age, &seed, &m))) {
			stage->media[at] = m;
			probe_lane_stage_own(
				stage, table, at, pkt_media_key_hash(&m.key, &seed), burst[i]);
			at++;
		} else {
			if (spread)
				note_times(rx, burst, noted, i);
			noted = i + 1; /* and maybe freed */
			stage->n = is_alone ? at : keep_own(rx, stage, kept, at);
			probe_rx_take_other(rx, burst[i]);
			stage = lane->next;
			kept = at = stage->n;
		}
	}
	if (spread)
		note_times(rx, burst, noted, n);
	else
		probe_rx_note_last(rx, first_ns);
	stage->n = is_alone ? at : keep_own(rx, stage, kept, at);
	stage->is_one_time = stage->n && !spread;
}

static void take_frames(struct probe_rx *rx, struct rte_mbuf **burst, unsigned n, uint64_t base)
{
	for (unsigned i = 0; i < n && i < HEADERS_AHEAD; i++)
		rte_prefetch0(rte_pktmbuf_mtod(burst[i], void *));
	for (unsigned i = 0; i < n; i++) {
		if (i + HEADERS_AHEAD < n)
			rte_prefetch0(rte_pktmbuf_mtod(burst[i + HEADERS_AHEAD], void *));
		take_frame(rx, burst[i], base);
	}
}

static void free_spent(struct probe_rx *rx)
{
	dp_mbuf_free_burst(rx->spent, rx->spent_count);
	rx->spent_count = 0;
}

void probe_rx_drain(struct probe_rx *rx)
{
	probe_lane_flush_all(rx);
	probe_lane_wait_all(rx);
	free_spent(rx);
}

/* After the media that came before them. */
static void take_wholes(struct probe_rx *rx)
{
	probe_lane_flush_all(rx);
	probe_whole_flush(rx->own);
}

/* A full burst is followed by more. */
static bool are_wholes_due(struct probe_worker *own, unsigned n)
{
	return n == DP_BURST ? probe_whole_turn(own) : own->wholes.count > 0;
}

void probe_rx_burst(struct probe_rx *rx, struct rte_mbuf **burst, unsigned n)
{
	uint64_t base = probe_rx_time_base(rx, dp_meta(burst[0])->time_ns);

	if (rx->own && probe_whole_is_overdue(rx->own, dp_meta_arrival(dp_meta(burst[0]))))
		take_wholes(rx);
	if (!is_own_short(rx))
		take_frames(rx, burst, n, base);
	else
		take_own(rx, burst, n, base);
	probe_lane_turn_all(rx);
	free_spent(rx);
	if (rx->own && are_wholes_due(rx->own, n))
		take_wholes(rx);
}

void probe_rx_flush(struct probe_rx *rx)
{
	probe_lane_flush_all(rx);
	if (rx->own)
		probe_whole_flush(rx->own);
}

static void finish(struct probe_rx *rx)
{
	uint64_t last = atomic_load(&rx->probe->last_ns);

	while (last < rx->last_ns &&
		!atomic_compare_exchange_weak(&rx->probe->last_ns, &last, rx->last_ns))
		;
	rx->is_finished = true;
	atomic_fetch_sub_explicit(&rx->probe->rx_running, 1, memory_order_release);
}

unsigned probe_rx_turn(struct probe_rx *rx)
{
	struct rte_mbuf *burst[DP_BURST];
	unsigned n = 0, taken;

	if (rx->is_finished)
		return 0;
	/* Files end by themselves when they are stopped, after what pipes have brought. */
	if (rx->rx.file || !atomic_load_explicit(&rx->probe->stop_rx, memory_order_relaxed))
		n = dp_rx_poll(&rx->rx, burst);
	else
		rx->rx.is_done = true;
	taken = dp_rx_filter(&rx->rx, burst, n);
	if (taken < n)
		pkt_count(&rx->outcome[PROBE_filtered], n - taken);
	if (taken) {
		probe_rx_burst(rx, burst, taken);
	} else {
		probe_rx_flush(rx);
		if (!n)
			probe_idle_count(&rx->idle);
	}
	if (rx->own)
		probe_backlog_poll(&rx->backlog, &rx->lanes[rx->own->index].shed, &rx->rx, n);
	if (!n && rx->rx.is_done)
		finish(rx);
	return n;
}

int probe_rx_main(void *arg)
{
	struct probe_rx *rx = arg;
	struct dp_idle idle = dp_idle_begin(probe_idle_mode(rx->probe));

	dp_idle_wake_by(&idle, &rx->wake, false);
	urcu_qsbr_register_thread();
	urcu_qsbr_thread_offline();
	while (!rx->is_finished)
		dp_idle_wait(&idle, probe_rx_turn(rx) > 0);
	urcu_qsbr_unregister_thread();
	return 0;
}
