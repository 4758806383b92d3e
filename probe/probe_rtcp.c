/* SPDX-License-Identifier: BSD-3-Clause */
/* RTCP in a worker: a compound to the streams it tells of, and to HEP with the id of its call. */
#include "probe_rtcp.h"

#include "hep_encode.h"
#include "probe_results.h"
#include "probe_worker.h"
#include "rtcp_packet.h"

/* BYE of an SSRC: its stream has ended, give or take what is still under way. */
static void end_stream(
	struct probe_worker *w, const struct pkt_flow *flow, uint32_t ssrc, uint64_t now_ns)
{
	struct pkt_media_key key = pkt_media_key(flow, ssrc, &w->probe->seed);
	uint32_t stream = qos_table_find(&w->table, &key);

	if (stream == QOS_NONE || w->table.cold[stream].close_ns)
		return;
	w->table.cold[stream].close_ns = now_ns + w->probe->options->qos.bye_linger_ns;
	pkt_count(&w->counters.rtcp_byes, 1);
}

static void end_streams(
	struct probe_worker *w, const struct pkt_flow *flow, struct bytes rest, uint64_t now_ns)
{
	struct rtcp_packet packet;
	uint32_t ssrc;

	while (rtcp_next(&rest, &packet))
		for (unsigned i = 0; packet.type == RTCP_BYE && rtcp_bye_ssrc(&packet, i, &ssrc);
			i++)
			end_stream(w, flow, ssrc, now_ns);
}

/* What the ends say of their streams, once for each compound. */
static void note_quality(struct probe_worker *w, const struct pkt_flow *flow, struct bytes payload,
	const struct qos_rtcp_ahead *ahead, uint64_t now_ns)
{
	const struct pkt_seed *seed = &w->probe->seed;

	if (qos_rtcp_is_repeated(&w->rtcp_recent, flow, payload, seed, now_ns))
		pkt_count(&w->table.counters.rtcp_repeated, 1);
	else
		qos_rtcp_on_compound(&w->table, flow, payload, ahead, now_ns);
}

/* What of SRTCP is in clear. */
static enum probe_outcome take_srtcp(
	struct probe_worker *w, const struct pkt_flow *flow, struct bytes payload, uint64_t now_ns)
{
	uint32_t ssrc;

	if (qos_rtcp_on_srtcp(&w->table, flow, payload, &ssrc))
		end_stream(w, flow, ssrc, now_ns);
	return PROBE_srtcp;
}

/* SRTCP leaves the first eight octets in clear (RFC 3711 section 3.4). */
static bool is_srtcp(struct bytes payload)
{
	return payload.n >= 8 + 4 && payload.p[0] >> 6 == 2 && payload.p[1] >= 200 &&
	       payload.p[1] <= 207;
}

void probe_rtcp_fetch_heads(
	const struct probe_worker *w, const struct pkt_view *view, struct qos_rtcp_ahead *ahead)
{
	const struct pkt_flow *flow = &view->flow;
	struct qos_media_key src = qos_media_key_of_src(flow), dst = qos_media_key_of_dst(flow);
	struct pkt_flow below = *flow;

	below.sport &= 0xfffe;
	below.dport &= 0xfffe;
	qos_media_prefetch(w->probe->medias, &dst);
	qos_media_prefetch(w->probe->medias, &src);
	qos_probation_hint_prefetch(&w->probation, &below);
	qos_probation_hint_prefetch(&w->probation, flow);
	qos_rtcp_ahead_slots(&w->table, &below, view->payload, ahead);
}

void probe_rtcp_fetch_rest(const struct probe_worker *w, const struct pkt_view *view,
	const struct qos_rtcp_ahead *ahead)
{
	struct qos_media_key src = qos_media_key_of_src(&view->flow);
	struct qos_media_key dst = qos_media_key_of_dst(&view->flow);

	qos_media_prefetch_first(w->probe->medias, &dst);
	qos_media_prefetch_first(w->probe->medias, &src);
	qos_rtcp_ahead_streams(&w->table, ahead);
}

/* Of what the capture cut the packets that are whole, perhaps none. */
static bool is_rtcp(const struct pkt_view *view, struct bytes *whole)
{
	*whole = view->payload;
	if (view->payload.n < view->payload_wire)
		return rtcp_validate_cut(view->payload, view->payload_wire, whole) == RTCP_OK;
	return rtcp_validate(view->payload, NULL) == RTCP_OK;
}

/* The first packet of SRTCP looks whole as well, and only what follows it does not. */
static bool is_next_seen(const struct pkt_view *view, struct bytes whole)
{
	return view->payload.n - whole.n >= RTCP_HEADER_BYTES || whole.n == view->payload_wire;
}

/* A compound of media that is known, or that may be believed. view is as it was captured. */
static void take_rtcp(struct probe_worker *w, const struct pkt_view *view, struct bytes whole,
	const struct pkt_flow *flow, const struct qos_media *media,
	const struct qos_rtcp_ahead *ahead, const struct qos_hint *hint, uint64_t now_ns)
{
	struct pkt_view compound = *view;
	char made_id[QOS_CALL_ID_MAX];
	struct bytes id;

	compound.payload = whole;
	compound.payload_wire = (uint32_t)whole.n;
	qos_hint_give(hint, now_ns);
	if (w->probe->sources)
		qos_sources_note(w->probe->sources, flow->family, &flow->src,
			view->vlan + flow->tenant, now_ns);
	note_quality(w, flow, whole, ahead, now_ns);
	if (rtcp_types(whole) & RTCP_HAS(RTCP_BYE))
		end_streams(w, flow, whole, now_ns);
	if (media) {
		id = bytes_from_str(media->call->call_id);
	} else {
		qos_correlation_id(flow, made_id, sizeof(made_id));
		id = bytes_from_str(made_id);
	}
	if (w->probe->results)
		probe_results_rtcp(w->probe->results, &compound, now_ns, id);
	if (w->probe->options->send_rtcp)
		probe_emit_json(w, &compound, now_ns, hep_encode_rtcp, id);
}

enum probe_outcome probe_rtcp_take(struct probe_worker *w, const struct pkt_view *view,
	const struct qos_rtcp_ahead *ahead, uint64_t copy_hash, uint64_t now_ns)
{
	const struct pkt_flow *own = &view->flow;
	struct pkt_flow flow = qos_media_flow_of_rtcp(w->probe->medias, own);
	const struct qos_media *media;
	bool is_cut = view->payload.n < view->payload_wire, is_valid, is_known;
	struct qos_hint hint;
	struct bytes whole;
	uint8_t party;

	is_valid = is_rtcp(view, &whole);
	if (probe_worker_is_copy(w, copy_hash, now_ns))
		return PROBE_signalling_copy;
	media = probe_media_find(w, own, true, now_ns, &party);
	is_valid = is_valid && !(is_cut && media && media->is_secure);
	/* The same ports where media was announced or heard on these very ports (RFC 5761); STUN is heard on
	 * those of RTCP alone as well, of which it or the description says so. */
	if ((media && !media->is_rtcp) ||
		(!(media && (media->is_learnt || media->rtp.port)) &&
			qos_probation_is_hinted(&w->probation, own, now_ns)))
		flow = *own;
	hint = qos_probation_hint_of(&w->probation, &flow);
	is_known = media || qos_hint_is_given(&hint, now_ns);
	if (!is_valid)
		return is_known && is_srtcp(view->payload)
			       ? take_srtcp(w, &flow, view->payload, now_ns)
			       : PROBE_rtcp_unconfirmed;
	if (!is_known && !rtcp_is_strict_compound(whole))
		return PROBE_rtcp_unconfirmed;
	if (!whole.n || (is_cut && !media && !is_next_seen(view, whole)))
		return PROBE_signalling_cut;
	take_rtcp(w, view, whole, &flow, media, ahead, &hint, now_ns);
	return PROBE_rtcp;
}
