/* SPDX-License-Identifier: BSD-3-Clause */
/* The rx half of the journey: poll, decode, steer, hand over. Nothing here knows a stream or a
 * call. */
#include "probe_rx.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "dp_idle.h"
#include "dp_meta.h"
#include "probe_mem.h"
#include "probe_worker.h"

/* A file's first packet stands this far behind the time base, so that earlier ones have room. */
#define FILE_BASE_NS ((uint64_t)1 << 54)

int probe_rx_init(struct probe_rx *rx, struct probe *probe, unsigned index)
{
	const struct dp_options *o = &probe->options->dp;
	unsigned workers = probe->lcores.worker_count;

	rx->probe = probe;
	rx->index = index;
	dp_rx_init(&rx->rx, &probe->clock, probe->is_offline ? probe->file : NULL);
	rx->lanes = calloc(workers, sizeof(*rx->lanes));
	rx->seen = probe_mem_map(PROBE_SEEN * sizeof(*rx->seen));
	if (!rx->lanes || !rx->seen)
		return -ENOMEM;
	for (unsigned i = 0; i < workers; i++) {
		char name[32];
		int rc;

		snprintf(name, sizeof(name), "media_%u_%u", index, i);
		rc = dp_ring_create(
			name, sizeof(struct pkt_media), o->media_ring, -1, &rx->lanes[i].media);
		if (rc)
			return rc;
		snprintf(name, sizeof(name), "signalling_%u_%u", index, i);
		rc = dp_ring_create(name, sizeof(struct rte_mbuf *), o->signalling_ring, -1,
			&rx->lanes[i].signalling);
		if (rc)
			return rc;
	}
	return 0;
}

void probe_rx_fini(struct probe_rx *rx)
{
	for (unsigned i = 0; rx->lanes && i < rx->probe->lcores.worker_count; i++) {
		if (rx->lanes[i].media)
			dp_ring_destroy(rx->lanes[i].media);
		if (rx->lanes[i].signalling)
			dp_ring_destroy(rx->lanes[i].signalling);
	}
	free(rx->lanes);
	if (rx->seen)
		probe_mem_unmap(rx->seen, PROBE_SEEN * sizeof(*rx->seen));
	rx->lanes = NULL;
	rx->seen = NULL;
}

/* A file waits for room; live, what does not fit is shed and counted. */
static void flush_media(struct probe_rx *rx, struct probe_rx_lane *lane)
{
	struct dp_idle idle = {0};
	unsigned put = dp_ring_put(lane->media, lane->media_stage, lane->media_staged);

	while (rx->probe->is_offline && put < lane->media_staged) {
		unsigned more =
			dp_ring_put(lane->media, lane->media_stage + put, lane->media_staged - put);

		put += more;
		dp_idle_wait(&idle, more > 0);
	}
	lane->sent += put;
	for (unsigned i = put; i < lane->media_staged; i++) {
		if (lane->media_stage[i].time_ns == PKT_MEDIA_IS_PACKET)
			rte_pktmbuf_free(probe_packet_of(&lane->media_stage[i]));
		probe_count(&rx->outcome[PROBE_media_shed], 1);
	}
	lane->media_staged = 0;
}

static void flush_signalling(struct probe_rx *rx, struct probe_rx_lane *lane)
{
	unsigned put =
		dp_ring_put(lane->signalling, lane->signalling_stage, lane->signalling_staged);

	lane->sent += put;
	for (unsigned i = put; i < lane->signalling_staged; i++) {
		rte_pktmbuf_free(lane->signalling_stage[i]);
		probe_count(&rx->outcome[PROBE_signalling_shed], 1);
	}
	lane->signalling_staged = 0;
}

static void put_media(struct probe_rx *rx, struct probe_rx_lane *lane, const struct pkt_media *m)
{
	lane->media_stage[lane->media_staged++] = *m;
	if (lane->media_staged == DP_BURST)
		flush_media(rx, lane);
}

static void flush_all(struct probe_rx *rx)
{
	for (unsigned i = 0; i < rx->probe->lcores.worker_count; i++) {
		flush_signalling(rx, &rx->lanes[i]);
		flush_media(rx, &rx->lanes[i]);
	}
}

/* Waits until every worker has finished all it was given. With several workers this is what makes
 * the result of reading a file independent of their number: signalling, which they share, is
 * handled with nothing else under way. */
static void wait_for_workers(struct probe_rx *rx)
{
	for (unsigned i = 0; i < rx->probe->lcores.worker_count; i++) {
		struct dp_idle idle = {0};

		while (atomic_load_explicit(&rx->probe->workers[i].done, memory_order_acquire) !=
			rx->lanes[i].sent)
			dp_idle_wait(&idle, false);
	}
}

static bool is_media(const struct pkt_view *view, struct rtp_hdr *hdr)
{
	return view->flow.proto == PKT_UDP &&
	       rtp_hdr_parse(view->payload, view->payload_wire, hdr) == RTP_OK;
}

/* SIP begins with a letter of its start line, perhaps after CR LF; RTCP is told by its second
 * octet. Good enough to choose a ring; the worker finds out what it is. */
static bool looks_like_signalling(const struct pkt_view *view)
{
	uint8_t c = view->payload.p[0];

	if ((c & 0xc0) == 0x80)
		return view->payload.n >= 8 && view->payload.p[1] >= 192 &&
		       view->payload.p[1] <= 223;
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '\r' || c == '\n';
}

/* Whether the worker got a whole packet of this flow in this second already. */
static bool was_seen(struct probe_rx *rx, const struct pkt_media_key *key, uint64_t time_ns)
{
	uint64_t hash = pkt_media_key_hash(key, &rx->probe->seed);
	struct probe_seen *seen = &rx->seen[(hash >> 32) % PROBE_SEEN];
	struct probe_seen now = {.sig = (uint32_t)hash, .second = (uint32_t)(time_ns >> 30)};

	if (seen->sig == now.sig && seen->second == now.second)
		return true;
	*seen = now;
	return false;
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

/* One decoded frame to its worker's rings. Takes the mbuf. */
static void hand_over(struct probe_rx *rx, struct rte_mbuf *m, const struct pkt_view *view)
{
	struct probe *probe = rx->probe;
	uint32_t worker = dp_steer_worker(&probe->steer, view->flow.src.b, view->flow.dst.b,
		view->flow.sport, view->flow.dport);
	struct probe_rx_lane *lane = &rx->lanes[worker];
	uint64_t time_ns = dp_meta(m)->time_ns;
	uint64_t age = time_ns - time_base(rx, time_ns);
	struct pkt_media element;
	struct rtp_hdr hdr;

	if (is_media(view, &hdr)) {
		element.key = pkt_media_key(&view->flow, hdr.ssrc, &probe->seed);
		if (was_seen(rx, &element.key, time_ns) && age <= PKT_MEDIA_TIME_MAX) {
			element.rtp_ts = hdr.ts;
			element.seq = hdr.seq;
			element.payload_bytes = (uint16_t)hdr.payload_bytes;
			element.time_ns = age;
			element.marker_pt = (uint8_t)(hdr.marker << 7 | hdr.pt);
			put_media(rx, lane, &element);
			rte_pktmbuf_free(m);
			return;
		}
	} else if (looks_like_signalling(view)) {
		if (!probe->is_offline) {
			lane->signalling_stage[lane->signalling_staged++] = m;
			if (lane->signalling_staged == DP_BURST)
				flush_signalling(rx, lane);
			return;
		}
		/* A file keeps its order: signalling travels among the media. */
		if (probe->lcores.worker_count > 1) {
			flush_all(rx);
			wait_for_workers(rx);
			element = probe_packet_element(m);
			put_media(rx, lane, &element);
			flush_all(rx);
			wait_for_workers(rx);
			return;
		}
	}
	element = probe_packet_element(m);
	put_media(rx, lane, &element);
}

static void take_frame(struct probe_rx *rx, struct rte_mbuf *m)
{
	struct dp_meta *meta = dp_meta(m);
	struct pkt_view view;
	enum pkt_status status;

	if (meta->time_ns > rx->last_ns)
		rx->last_ns = meta->time_ns;
	status = pkt_decode((enum pkt_link)meta->link,
		bytes_of(rte_pktmbuf_mtod(m, const uint8_t *), rte_pktmbuf_data_len(m)), &view);
	if (status != PKT_OK) {
		probe_count(&rx->decode[status], 1);
		rte_pktmbuf_free(m);
		return;
	}
	if (view.flow.proto == PKT_TCP && !rx->probe->options->capture_tcp) {
		probe_count(&rx->outcome[PROBE_tcp_ignored], 1);
		rte_pktmbuf_free(m);
		return;
	}
	hand_over(rx, m, &view);
}

static void finish(struct probe_rx *rx)
{
	uint64_t last = atomic_load(&rx->probe->last_ns);

	flush_all(rx);
	while (last < rx->last_ns &&
		!atomic_compare_exchange_weak(&rx->probe->last_ns, &last, rx->last_ns))
		;
	atomic_fetch_sub_explicit(&rx->probe->rx_running, 1, memory_order_release);
}

void probe_rx_burst(struct probe_rx *rx, struct rte_mbuf **burst, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(burst[i], void *));
	for (unsigned i = 0; i < n; i++)
		take_frame(rx, burst[i]);
	flush_all(rx);
}

int probe_rx_main(void *arg)
{
	struct probe_rx *rx = arg;
	struct rte_mbuf *burst[DP_BURST];
	struct dp_idle idle = {0};

	while (!atomic_load_explicit(&rx->probe->stop_rx, memory_order_relaxed)) {
		unsigned n = dp_rx_poll(&rx->rx, burst);

		probe_rx_burst(rx, burst, n);
		if (!n && rx->rx.is_done)
			break;
		dp_idle_wait(&idle, n > 0);
	}
	finish(rx);
	return 0;
}
