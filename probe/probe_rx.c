/* SPDX-License-Identifier: BSD-3-Clause */
/* Poll, decode, steer, hand over. Nothing here knows a stream or a call, but where RTCP goes whose ports are
 * not those beside its media. */
#include "probe_rx.h"

#include <rte_mbuf.h>
#include <rte_prefetch.h>
#include <urcu/urcu-qsbr.h>

#include "dp_idle.h"
#include "dp_mbuf.h"
#include "dp_meta.h"
#include "pkt_plain.h"
#include "probe_decode.h"
#include "probe_looks.h"
#include "probe_worker.h"
#include "sig_kind.h"

/* A file's first packet stands this far behind the time base, so that earlier ones have room. */
#define FILE_BASE_NS ((uint64_t)1 << 54)

enum {
	HEADERS_AHEAD = 4, /* frames whose headers are on their way while one is parsed */
};

/* Of a file: what changes what workers share. Most answers of STUN are to no check. */
static bool is_ice(struct probe_rx *rx, const struct pkt_view *view)
{
	struct stun_msg msg;
	uint32_t *asked, tag;
	uint64_t hash;
	bool is_answer;

	if (!rx->probe->is_offline || view->flow.proto != PKT_UDP ||
		!probe_may_be_ice(view->payload, view->payload_wire, &msg))
		return false;
	hash = pkt_hash_bytes(msg.transaction, &rx->probe->seed);
	asked = &rx->ice_asked[hash % PROBE_ICE_ASKED];
	tag = (uint32_t)(hash >> 32) | 1;
	is_answer = msg.kind != STUN_REQUEST;
	if (is_answer && *asked != tag)
		return false;
	*asked = is_answer ? 0 : tag;
	return true;
}

/* What follows in a TCP connection where a segment looked like signalling is some too. Of a file all TCP and
 * SCTP is, so that its order is the same for any number of workers. */
static bool is_signalling(struct probe_rx *rx, const struct pkt_view *view)
{
	const struct cfg_options *o = rx->probe->options;
	bool looks = probe_looks_like_signalling(view, o->reads_hep, o->also);
	uint32_t *seen, tag;
	uint64_t hash;

	if (view->flow.proto == PKT_SCTP)
		return rx->probe->is_offline || probe_carries_signalling(view, o->also);
	if (view->flow.proto != PKT_TCP || rx->probe->is_offline)
		return looks || view->flow.proto == PKT_TCP || is_ice(rx, view);
	hash = pkt_hash_ends(&view->flow, &rx->probe->seed);
	seen = &rx->tcp_seen[hash % PROBE_TCP_SEEN];
	tag = (uint32_t)(hash >> 32) | 1;
	if (looks)
		*seen = tag;
	return *seen == tag;
}

static uint64_t time_base(struct probe_rx *rx, uint64_t time_ns)
{
	uint64_t base = atomic_load_explicit(&rx->probe->time_base_ns, memory_order_relaxed);

	if (base)
		return base;
	/* Only a file gets here, and a file has one rx thread. */
	base = time_ns > FILE_BASE_NS ? time_ns - FILE_BASE_NS : 1;
	atomic_store_explicit(&rx->probe->time_base_ns, base, memory_order_release);
	return base;
}

static struct probe_lane *lane_of(struct probe_rx *rx, const struct pkt_flow *flow)
{
	if (rx->probe->lcores.worker_count == 1)
		return rx->lanes;
	return &rx->lanes[dp_steer_worker(
		&rx->probe->steer, flow->src.b, flow->dst.b, flow->sport, flow->dport)];
}

/* To the worker that has the media which it tells of. A thread that is no worker is a reader of endpoints only
 * here. */
static struct probe_lane *lane_of_rtcp(struct probe_rx *rx, const struct pkt_flow *flow)
{
	struct pkt_flow rtp;

	if (!rx->own)
		urcu_qsbr_thread_online();
	rtp = qos_media_flow_of_rtcp(rx->probe->medias, flow);
	if (!rx->own)
		urcu_qsbr_thread_offline();
	return lane_of(rx, &rtp);
}

static struct probe_lane *lane_for(struct probe_rx *rx, const struct pkt_view *view)
{
	if (rx->probe->lcores.worker_count > 1 && view->flow.proto == PKT_UDP &&
		unlikely(qos_medias_are_apart(rx->probe->medias)) &&
		probe_looks_like_rtcp(view->payload))
		return lane_of_rtcp(rx, &view->flow);
	return lane_of(rx, &view->flow);
}

/* Signalling of a file changes what workers share: nothing else is under way meanwhile. */
static void put_alone(struct probe_rx *rx, const struct pkt_view *view, struct rte_mbuf *m)
{
	probe_rx_share_time(rx, dp_meta_arrival(dp_meta(m)));
	probe_lane_flush_all(rx);
	probe_lane_wait_all(rx);
	probe_lane_put_packet(rx, lane_for(rx, view), m);
	probe_lane_flush_all(rx);
	probe_lane_wait_all(rx);
}

static bool is_shed(
	const struct probe_rx *rx, const struct probe_lane *lane, const struct pkt_flow *flow)
{
	unsigned level = probe_shed_level(&lane->shed);

	return unlikely(level) && probe_shed_bucket(flow, &rx->probe->seed) < level;
}

static void shed(struct probe_rx *rx, struct rte_mbuf *m, const struct pkt_flow *flow)
{
	probe_lane_count_shed(rx, flow);
	rte_pktmbuf_free(m);
}

/* Its worker tells DNS from RTP. */
static bool may_be_rtp(const struct probe_rx *rx, const struct pkt_flow *flow)
{
	return !(rx->has_dns && sig_is_port(SIG_DNS, flow->sport, flow->dport));
}

/* What of RTP pkt_plain_media did not take. False: a descriptor cannot carry it, or it is shed. */
static bool put_rtp(struct probe_rx *rx, struct probe_lane *lane, struct rte_mbuf *m,
	const struct pkt_view *view, const struct rtp_hdr *hdr)
{
	uint64_t time_ns = dp_meta(m)->time_ns;
	uint64_t age = time_ns - time_base(rx, time_ns);
	struct pkt_media media = pkt_media_of(&view->flow, hdr, &rx->probe->seed);

	/* A descriptor has one time only, and workers go by the order of arrival. */
	if (age > PKT_MEDIA_TIME_MAX || dp_meta(m)->behind_ns || is_shed(rx, lane, &view->flow))
		return false;
	media.time_ns = age & PKT_MEDIA_IS_PACKET;
	*probe_lane_next(rx, lane) = media;
	probe_lane_put_media(rx, lane, m);
	return true;
}

/* Live, on an own lane. Media that came before those that go through now does not come after them. */
static void put_whole(struct probe_rx *rx, struct probe_lane *lane, struct rte_mbuf *m,
	const struct pkt_view *view)
{
	if (probe_whole_is_full(lane->worker))
		probe_lane_flush(rx, lane);
	probe_whole_add(lane->worker, m, view);
}

/* is_media: it may also be RTP, and stays in its order among the media. */
static void put_signalling(struct probe_rx *rx, struct probe_lane *lane, struct rte_mbuf *m,
	const struct pkt_view *view, bool is_media)
{
	/* A file keeps its order: signalling travels among the media. */
	if (rx->probe->is_offline && rx->probe->lcores.worker_count > 1)
		put_alone(rx, view, m);
	else if (rx->probe->is_offline || (lane->is_own && is_media))
		probe_lane_put_packet(rx, lane, m);
	else if (lane->is_own)
		put_whole(rx, lane, m, view);
	else
		probe_lane_put_signalling(rx, lane, m);
}

/* Without shedding nobody needs to know what it is but the worker. */
static bool may_wait(
	const struct probe_rx *rx, const struct probe_lane *lane, const struct pkt_view *view)
{
	return lane->is_own && !rx->probe->is_offline && view->flow.proto == PKT_UDP &&
	       likely(!probe_shed_level(&lane->shed));
}

/* What pkt_plain_media did not take. */
static void hand_over(struct probe_rx *rx, struct rte_mbuf *m, const struct pkt_view *view)
{
	struct probe_lane *lane = lane_for(rx, view);
	struct rtp_hdr hdr;
	bool is_media = view->flow.proto == PKT_UDP &&
			rtp_hdr_parse(view->payload, view->payload_wire, &hdr) == RTP_OK;
	bool is_rtp = is_media && may_be_rtp(rx, &view->flow);

	if (is_rtp && put_rtp(rx, lane, m, view, &hdr))
		return;
	if (!is_media && may_wait(rx, lane, view)) {
		put_whole(rx, lane, m, view);
		return;
	}
	if (!is_rtp && is_signalling(rx, view))
		put_signalling(rx, lane, m, view, is_media);
	else if (is_shed(rx, lane, &view->flow))
		shed(rx, m, &view->flow);
	else if (!is_media && lane->is_own && !rx->probe->is_offline)
		put_whole(rx, lane, m, view);
	else
		probe_lane_put_packet(rx, lane, m);
}

static inline void note_last(struct probe_rx *rx, uint64_t now_ns)
{
	if (now_ns > rx->last_ns || now_ns + PROBE_TIME_BACK_NS < rx->last_ns)
		rx->last_ns = now_ns;
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

	note_last(rx, now_ns);
	if (!rx->probe->is_offline)
		return;
	if (rx->probe->lcores.worker_count > 1)
		probe_rx_follow_time(rx, now_ns, before_ns);
	if (unlikely(rx->last_ns < before_ns))
		forget_seen(rx);
}

/* pkt_plain_media knows no tenant; the VLAN is the one there is. */
static inline bool take_plain(const struct probe_rx *rx, struct bytes frame, uint64_t age,
	const struct pkt_seed *seed, struct pkt_media *m)
{
	uint16_t vlan;

	if (!pkt_plain_media(frame, age, seed, m))
		return false;
	if (unlikely(rx->has_vlan_tenants) && (vlan = pkt_plain_vlan(frame)))
		pkt_media_key_of_tenant(&m->key, pkt_tenant(0, vlan, PKT_TENANTS_VLAN), seed);
	return true;
}

/* Anything but plain RTP. */
static void take_other(struct probe_rx *rx, struct rte_mbuf *m)
{
	struct pkt_view view;
	enum pkt_status status;

	note_last(rx, dp_meta(m)->time_ns); /* before it becomes a switch's */
	status = probe_decode_whole(rx, &m, &view);
	if (status != PKT_OK) {
		pkt_count(&rx->decode[status], 1);
		rte_pktmbuf_free(m);
		return;
	}
	if (view.flow.proto == PKT_TCP && !rx->probe->options->capture_tcp) {
		pkt_count(&rx->outcome[PROBE_tcp_ignored], 1);
		rte_pktmbuf_free(m);
		return;
	}
	hand_over(rx, m, &view);
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
		if (is_shed(rx, lane, &flow)) {
			shed(rx, m, &flow);
			return;
		}
	}
	*probe_lane_next(rx, lane) = *media;
	probe_lane_put_media(rx, lane, m);
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
		take_other(rx, m);
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
		note_last(rx, dp_meta(burst[i])->time_ns);
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
			take_other(rx, burst[i]);
			stage = lane->next;
			kept = at = stage->n;
		}
	}
	if (spread)
		note_times(rx, burst, noted, n);
	else
		note_last(rx, first_ns);
	stage->n = is_alone ? at : keep_own(rx, stage, kept, at);
	stage->is_one_time = stage->n && !spread;
}

static void take_frames(struct probe_rx *rx, struct rte_mbuf **burst, unsigned n, uint64_t base)
{
	for (unsigned i = 0; i < n; i++)
		take_frame(rx, burst[i], base);
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
	uint64_t base = time_base(rx, dp_meta(burst[0])->time_ns);

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
