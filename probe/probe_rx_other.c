/* SPDX-License-Identifier: BSD-3-Clause */
/* What is no plain RTP: decode, steer, hand over. Nothing here knows a stream or a call, but where
 * RTCP goes whose ports are not those beside its media. */
#include <rte_mbuf.h>
#include <urcu/urcu-qsbr.h>

#include "dp_meta.h"
#include "probe_decode.h"
#include "probe_looks.h"
#include "probe_rx_pvt.h"
#include "probe_worker.h"
#include "sig_kind.h"

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

static bool looks_like_signalling(const struct probe_rx *rx, const struct pkt_view *view)
{
	const struct cfg_options *o = rx->probe->options;

	return probe_looks_like_signalling(view, o->reads_hep, o->also);
}

/* Where the tag of a TCP connection with signalling stands. */
static uint32_t *connection_of(struct probe_rx *rx, const struct pkt_view *view, uint32_t *tag)
{
	uint64_t hash = pkt_hash_ends(&view->flow, &rx->probe->seed);

	*tag = (uint32_t)(hash >> 32) | 1;
	return &rx->tcp_seen[hash % PROBE_TCP_SEEN];
}

/* Live. What follows in a TCP connection where a segment looked like signalling is some too. */
static void note_connection(struct probe_rx *rx, const struct pkt_view *view)
{
	uint32_t tag, *seen;

	if (!looks_like_signalling(rx, view))
		return;
	seen = connection_of(rx, view, &tag);
	*seen = tag;
}

static bool is_of_noted(struct probe_rx *rx, const struct pkt_view *view)
{
	uint32_t tag;
	const uint32_t *seen = connection_of(rx, view, &tag);

	return *seen == tag;
}

/* Of a file all TCP and SCTP is, so that its order is the same for any number of workers. */
static bool is_signalling(struct probe_rx *rx, const struct pkt_view *view)
{
	if (view->flow.proto == PKT_SCTP)
		return rx->probe->is_offline ||
		       probe_carries_signalling(view, rx->probe->options->also);
	if (view->flow.proto != PKT_TCP)
		return looks_like_signalling(rx, view) || is_ice(rx, view);
	if (rx->probe->is_offline)
		return true;
	note_connection(rx, view);
	return is_of_noted(rx, view);
}

static struct probe_lane *lane_of(struct probe_rx *rx, const struct pkt_flow *flow)
{
	if (rx->probe->lcores.worker_count == 1)
		return rx->lanes;
	return &rx->lanes[dp_steer_worker(
		&rx->probe->steer, flow->src.b, flow->dst.b, flow->sport, flow->dport)];
}

/* To the worker that has the media which it tells of. A thread that is no worker is a reader of
 * endpoints only here. */
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

bool probe_rx_is_shed(
	const struct probe_rx *rx, const struct probe_lane *lane, const struct pkt_flow *flow)
{
	unsigned level = probe_shed_level(&lane->shed);

	return unlikely(level) && probe_shed_bucket(flow, &rx->probe->seed) < level;
}

void probe_rx_shed(struct probe_rx *rx, struct rte_mbuf *m, const struct pkt_flow *flow)
{
	probe_lane_count_shed(rx, flow);
	rte_pktmbuf_free(m);
}

/* Its worker tells DNS from RTP. */
static bool may_be_dns(const struct pkt_flow *flow)
{
	return sig_is_port(SIG_DNS, flow->sport, flow->dport);
}

/* What of RTP pkt_plain_media did not take. */
static void put_rtp(struct probe_rx *rx, struct probe_lane *lane, struct rte_mbuf *m,
	const struct pkt_view *view, const struct rtp_hdr *hdr)
{
	uint64_t base = probe_rx_time_base(rx, dp_meta(m)->time_ns);
	struct pkt_media media;

	if (probe_rx_is_shed(rx, lane, &view->flow)) {
		probe_rx_shed(rx, m, &view->flow);
		return;
	}
	if (!probe_media_element(m, view, hdr, &rx->probe->seed, base, &media)) {
		probe_lane_put_packet(rx, lane, m);
		return;
	}
	*probe_lane_next(rx, lane) = media;
	probe_lane_put_media(lane, m);
}

/* Live, for the worker on this thread, which finds out by itself what it is. Here only shedding
 * asks; but of TCP it is noted in any case which connections have signalling. may_be_rtp: it stays
 * in its order among the media. */
static void put_own(struct probe_rx *rx, struct probe_lane *lane, struct rte_mbuf *m,
	const struct pkt_view *view, bool may_be_rtp)
{
	if (unlikely(probe_shed_level(&lane->shed))) {
		if (!is_signalling(rx, view) && probe_rx_is_shed(rx, lane, &view->flow)) {
			probe_rx_shed(rx, m, &view->flow);
			return;
		}
	} else if (view->flow.proto == PKT_TCP) {
		note_connection(rx, view);
	}
	if (may_be_rtp) {
		probe_lane_put_packet(rx, lane, m);
		return;
	}
	/* Media that came before those that go through now does not come after them. */
	if (probe_whole_is_full(lane->worker))
		probe_lane_flush(rx, lane);
	probe_whole_add(lane->worker, m, view);
}

/* Into a ring, or of a file: which keeps its order, so that signalling travels among the media. */
static void put_asked(struct probe_rx *rx, struct probe_lane *lane, struct rte_mbuf *m,
	const struct pkt_view *view)
{
	if (!is_signalling(rx, view)) {
		if (probe_rx_is_shed(rx, lane, &view->flow))
			probe_rx_shed(rx, m, &view->flow);
		else
			probe_lane_put_packet(rx, lane, m);
	} else if (!rx->probe->is_offline) {
		probe_lane_put_signalling(rx, lane, m);
	} else if (rx->probe->lcores.worker_count > 1) {
		put_alone(rx, view, m);
	} else {
		probe_lane_put_packet(rx, lane, m);
	}
}

/* What pkt_plain_media did not take. */
static void hand_over(struct probe_rx *rx, struct rte_mbuf *m, const struct pkt_view *view)
{
	struct probe_lane *lane = lane_for(rx, view);
	struct rtp_hdr hdr;
	bool may_be_rtp = view->flow.proto == PKT_UDP &&
			  rtp_hdr_parse(view->payload, view->payload_wire, &hdr) == RTP_OK;

	if (may_be_rtp && !may_be_dns(&view->flow))
		put_rtp(rx, lane, m, view, &hdr);
	else if (lane->is_own && !rx->probe->is_offline)
		put_own(rx, lane, m, view, may_be_rtp);
	else
		put_asked(rx, lane, m, view);
}

/* Anything but plain RTP. */
void probe_rx_take_other(struct probe_rx *rx, struct rte_mbuf *m)
{
	struct pkt_view view;
	enum pkt_status status;

	probe_rx_note_last(rx, dp_meta(m)->time_ns); /* before it becomes a switch's */
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
