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

/* Workers of a file hear of the time at least this often. */
#define SHARE_NS ((uint64_t)1000000000)

enum {
	LEADING_MAX = 128, /* CR and LF looked through before a SIP start line */
	METHOD_MIN = 3,
	METHOD_MAX = 32,
};

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
		int socket = probe_socket(probe->lcores.worker[i]);
		char name[32];
		int rc;

		snprintf(name, sizeof(name), "media_%u_%u", index, i);
		rc = dp_ring_create(
			name, sizeof(struct pkt_media), o->media_ring, socket, &rx->lanes[i].media);
		if (rc)
			return rc;
		snprintf(name, sizeof(name), "signalling_%u_%u", index, i);
		rc = dp_ring_create(name, sizeof(struct rte_mbuf *), o->signalling_ring, socket,
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

/* "SIP/", or a token, blanks, and what begins a Request-URI, perhaps after CR LF. */
static bool begins_like_sip(struct bytes b)
{
	size_t n = 0;

	for (unsigned i = 0; i < LEADING_MAX && b.n && (b.p[0] == '\r' || b.p[0] == '\n'); i++)
		b = bytes_skip(b, 1);
	if (bytes_eq_nocase(bytes_head(b, 4), BYTES_LIT("SIP/")))
		return true;
	while (n < b.n && n < METHOD_MAX && b.p[n] > ' ' && b.p[n] < 0x7f)
		n++;
	if (n < METHOD_MIN || n == b.n || b.p[n] != ' ')
		return false;
	while (n < b.n && b.p[n] == ' ')
		n++;
	return n < b.n &&
	       (b.p[n] == '<' || (ascii_lower(b.p[n]) >= 'a' && ascii_lower(b.p[n]) <= 'z'));
}

/* Good enough to choose a ring, and narrow, so that bulk traffic does not fill that of signalling; the
 * worker finds out what it is. */
static bool looks_like_signalling(const struct pkt_view *view)
{
	struct bytes b = view->payload;

	if (view->flow.proto == PKT_UDP && (b.p[0] & 0xc0) == 0x80)
		return b.n >= 8 && b.p[1] >= 192 && b.p[1] <= 223;
	return begins_like_sip(b);
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

/* Files with several workers: tells all of them what time it is, so that each has looked at its
 * streams and calls when the next signalling comes, whether it has packets of its own or not. */
static void share_time(struct probe_rx *rx, uint64_t now_ns)
{
	struct pkt_media element = probe_time_element(now_ns);

	for (unsigned i = 0; i < rx->probe->lcores.worker_count; i++)
		put_media(rx, &rx->lanes[i], &element);
	rx->shared_ns = now_ns;
}

/* Signalling of a file changes what workers share: nothing else is under way meanwhile. */
static void put_alone(struct probe_rx *rx, struct probe_rx_lane *lane, struct rte_mbuf *m)
{
	struct pkt_media element = probe_packet_element(m);

	share_time(rx, dp_meta(m)->time_ns);
	flush_all(rx);
	wait_for_workers(rx);
	put_media(rx, lane, &element);
	flush_all(rx);
	wait_for_workers(rx);
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
			put_alone(rx, lane, m);
			return;
		}
	}
	element = probe_packet_element(m);
	put_media(rx, lane, &element);
}

static void note_time(struct probe_rx *rx, uint64_t now_ns)
{
	if (now_ns > rx->last_ns || now_ns + PROBE_TIME_BACK_NS < rx->last_ns)
		rx->last_ns = now_ns;
	if (rx->probe->is_offline && rx->probe->lcores.worker_count > 1 &&
		now_ns > rx->shared_ns + SHARE_NS)
		share_time(rx, now_ns);
}

static void take_frame(struct probe_rx *rx, struct rte_mbuf *m)
{
	struct dp_meta *meta = dp_meta(m);
	struct pkt_view view;
	enum pkt_status status;

	note_time(rx, meta->time_ns);
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

		if (n)
			probe_rx_burst(rx, burst, n);
		else if (rx->rx.is_done)
			break;
		dp_idle_wait(&idle, n > 0);
	}
	finish(rx);
	return 0;
}
