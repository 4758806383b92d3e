/* SPDX-License-Identifier: BSD-3-Clause */
/* SIP and RTCP in a worker: a message to its call, its description to the media endpoints, a compound
 * to its call, both to HEP. */
#include "hep_encode.h"
#include "hep_packet.h"
#include "probe_results.h"
#include "probe_worker.h"
#include "rtcp_packet.h"
#include "sdp_media.h"
#include "sip_body.h"
#include "sip_frame.h"
#include "sip_vq.h"

enum {
	SIPS_PORT = 5061,
	TLS_HEADER = 5, /* octets */
	TLS_TYPE_MIN = 20, /* change_cipher_spec */
	TLS_TYPE_MAX = 24, /* heartbeat */
};

/* With ICE media comes from where the two sides find a way (RFC 8839 section 5.1). */
static bool has_candidates(struct bytes sdp)
{
	static const char attribute[] = "a=candidate:";

	return sdp.n && memmem(sdp.p, sdp.n, attribute, sizeof(attribute) - 1);
}

static bool parse_sdp(const struct sip_msg *msg, struct sdp_session *session, struct bytes *sdp)
{
	return sip_body_sdp(msg, sdp) && sdp_media_parse(*sdp, session) == SDP_OK;
}

static void publish(struct probe_worker *w, struct qos_call *call, unsigned party,
	const struct sdp_session *session, uint32_t tenant, bool has_ice, uint64_t now_ns)
{
	pkt_count(&w->counters.sdp_descriptions, 1);
	/* A failed call wants no media any more, whatever its messages still say. */
	if (atomic_load_explicit(&call->end_ns, memory_order_acquire))
		return;
	qos_media_publish(w->probe->medias, call, party, session, tenant, w->call_counters);
	qos_call_media_said(call, party, session, has_ice, now_ns);
}

/* At once: their endpoints may be what the next description needs. */
static void end_evicted(struct probe_worker *w, uint64_t now_ns)
{
	struct qos_call *call;

	while ((call = qos_calls_take_evicted(w->probe->calls, w->index)))
		probe_signalling_end_call(w->probe, w->index, call, now_ns);
}

static bool is_answer(const struct sip_msg *msg)
{
	return !msg->is_request && msg->method == SIP_INVITE && msg->status / 100 == 2;
}

/* What needs nothing of the call is done while its memory is on the way: the message is parsed before it is known
 * whether it is a copy, and sent before its call is looked for. */
enum probe_outcome probe_signalling_sip(
	struct probe_worker *w, const struct pkt_view *view, uint64_t copy_hash, uint64_t now_ns)
{
	enum qos_call_change change;
	struct sdp_session session;
	struct qos_call *call;
	struct sip_msg msg;
	struct bytes sdp;
	uint64_t hash;
	enum sip_status status = sip_msg_parse(view->payload, &msg);
	bool has_sdp, has_names = w->probe->options->correlation_headers[0];

	hash = qos_call_prefetch_chain(w->probe->calls, msg.call_id);
	if (probe_worker_is_copy(w, copy_hash, now_ns))
		return PROBE_signalling_copy;
	if (status != SIP_OK)
		return view->payload.n < view->payload_wire &&
				       sip_msg_ended_early(view->payload, &msg, status)
			       ? PROBE_signalling_cut
			       : PROBE_sip_malformed;
	pkt_count(msg.is_request ? &w->counters.sip_requests : &w->counters.sip_responses, 1);
	if (msg.is_head_cut || msg.is_body_cut)
		pkt_count(&w->counters.sip_cut, 1);
	if (sip_vq_is(&msg))
		probe_sip_vq(w, view, now_ns, &msg);
	qos_call_prefetch(w->probe->calls, hash);
	if (!has_names)
		probe_sip_send(w, view, now_ns, &msg, msg.call_id);
	has_sdp = parse_sdp(&msg, &session, &sdp);
	if (has_sdp)
		qos_media_prefetch_all(w->probe->medias, &session, view->flow.tenant);
	change = qos_call_on_sip(w->probe->calls, w->index, &msg, now_ns, &call);
	if (has_names)
		probe_sip_send(w, view, now_ns, &msg,
			probe_sip_leg(w->probe->options, &msg, call, change));
	if (change == QOS_CALL_OPENED)
		end_evicted(w, now_ns);
	if (call && is_answer(&msg))
		qos_call_media_answered(call, now_ns);
	if (call && has_sdp)
		publish(w, call, qos_call_sender(call, &msg), &session, view->flow.tenant,
			has_candidates(sdp), now_ns);
	if (change == QOS_CALL_ENDED)
		probe_finding_call_end(w, call, now_ns);
	return PROBE_sip;
}

/* Of heptap's own nothing is taken, or it would send it again for ever. */
enum probe_outcome probe_signalling_hep(
	struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns)
{
	const struct cfg_options *o = w->probe->options;
	struct pkt_view inner = {.tos = view->tos, .ttl = view->ttl};
	struct hep_packet packet;

	if (!o->reads_hep || !hep_packet_parse(view->payload, &packet) ||
		packet.type != HEP_TYPE_SIP || packet.agent_id == o->hep.node_id ||
		cls_payload(w->probe->cls, w->scratch, packet.payload) != CLS_SIP)
		return PROBE_hep;
	inner.flow = packet.flow;
	inner.flow.tenant = view->flow.tenant;
	inner.vlan = packet.vlan;
	inner.payload = packet.payload;
	inner.payload_wire = (uint32_t)packet.payload.n;
	switch (probe_signalling_sip(w, &inner, probe_worker_copy_hash(w, &inner), now_ns)) {
	case PROBE_sip:
		return PROBE_hep_sip;
	case PROBE_signalling_copy:
		return PROBE_signalling_copy;
	default:
		return PROBE_sip_malformed;
	}
}

struct tcp_messages {
	struct probe_worker *worker;
	unsigned good, cut;
	enum probe_outcome other; /* of other signalling, the best of them */
};

static void take_message(void *arg, const struct pkt_view *view, uint64_t now_ns)
{
	struct tcp_messages *messages = arg;
	struct probe_worker *w = messages->worker;
	enum probe_outcome outcome;

	if (sip_tcp_is_also(w->tcp.kind)) {
		probe_also_message(w, view, now_ns, &messages->other);
		return;
	}
	outcome = probe_signalling_sip(w, view, 0, now_ns);
	messages->good += outcome == PROBE_sip;
	messages->cut += outcome == PROBE_signalling_cut;
	pkt_count(&w->counters.tcp_malformed, outcome == PROBE_sip_malformed);
}

static enum probe_outcome outcome_of(const struct tcp_messages *messages)
{
	if (messages->good)
		return PROBE_sip;
	return messages->cut ? PROBE_signalling_cut : PROBE_sip_malformed;
}

/* Nobody can read it, but it is SIP: its port says so, RFC 3261 section 26.2.2, and a record begins here, RFC
 * 8446 section 5.1. */
static bool is_sip_tls(const struct pkt_view *view)
{
	struct bytes b = view->payload;

	return (view->flow.sport == SIPS_PORT || view->flow.dport == SIPS_PORT) &&
	       b.n >= TLS_HEADER && b.p[0] >= TLS_TYPE_MIN && b.p[0] <= TLS_TYPE_MAX &&
	       b.p[1] == 3 && b.p[2] <= 4;
}

enum probe_outcome probe_signalling_tcp(
	struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns)
{
	bool begins_sip = sip_frame_may_begin(view->payload) ||
			  cls_payload(w->probe->cls, w->scratch, view->payload) == CLS_SIP;
	enum sip_tcp_kind begins = begins_sip ? SIP_TCP_SIP : probe_also_begins(w, view);
	struct tcp_messages messages = {.worker = w, .other = PROBE_also_segment};
	enum sip_tcp_result result =
		sip_tcp_take(&w->tcp, view, begins, now_ns, take_message, &messages);
	bool is_also = sip_tcp_is_also(w->tcp.kind);

	switch (result) {
	case SIP_TCP_MESSAGE:
		if (is_also)
			return messages.other;
		return outcome_of(&messages);
	case SIP_TCP_PART:
		if (is_also)
			return PROBE_also_segment;
		/* What is missing never comes. */
		return view->payload.n < view->payload_wire ? PROBE_signalling_cut
							    : PROBE_sip_segment;
	case SIP_TCP_REPEATED:
		return is_also ? PROBE_also_repeated : PROBE_sip_repeated;
	default:
		return is_sip_tls(view) ? PROBE_sip_tls : PROBE_unknown_tcp;
	}
}

struct sctp_messages {
	struct probe_worker *worker;
	bool has_sip;
	enum probe_outcome other;
};

static bool take_user_message(void *arg, const struct pkt_view *view, uint64_t now_ns)
{
	struct sctp_messages *messages = arg;
	struct probe_worker *w = messages->worker;

	if (cls_payload(w->probe->cls, w->scratch, view->payload) == CLS_SIP) {
		bool is_sip = probe_signalling_sip(w, view, 0, now_ns) == PROBE_sip;

		messages->has_sip |= is_sip;
		return is_sip;
	}
	return probe_also_diameter(w, view, now_ns, &messages->other);
}

enum probe_outcome probe_signalling_sctp(
	struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns)
{
	struct sctp_messages messages = {.worker = w, .other = PROBE_unknown_sctp};

	switch (sip_sctp_take(&w->sctp, view, now_ns, take_user_message, &messages)) {
	case SIP_SCTP_MESSAGE:
		return messages.has_sip ? PROBE_sip : messages.other;
	case SIP_SCTP_PART:
		return PROBE_sctp_fragment;
	default:
		return PROBE_unknown_sctp;
	}
}

void probe_signalling_drain(struct probe_worker *w, uint64_t now_ns)
{
	struct tcp_messages messages = {.worker = w};

	sip_tcp_tick(&w->tcp, now_ns, true, take_message, &messages);
}

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
static void note_quality(
	struct probe_worker *w, const struct pkt_flow *flow, struct bytes payload, uint64_t now_ns)
{
	const struct pkt_seed *seed = &w->probe->seed;

	if (qos_rtcp_is_repeated(&w->rtcp_recent, flow, payload, seed, now_ns))
		pkt_count(&w->table.counters.rtcp_repeated, 1);
	else
		qos_rtcp_on_compound(&w->table, flow, payload, now_ns);
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

void probe_signalling_rtcp_prefetch(const struct probe_worker *w, const struct pkt_flow *flow)
{
	struct qos_media_key src = qos_media_key_of_src(flow), dst = qos_media_key_of_dst(flow);
	struct pkt_flow below = *flow;

	below.sport &= 0xfffe;
	below.dport &= 0xfffe;
	qos_media_prefetch(w->probe->medias, &dst);
	qos_media_prefetch(w->probe->medias, &src);
	qos_probation_hint_prefetch(&w->probation, &below);
	qos_probation_hint_prefetch(&w->probation, flow);
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
	const struct pkt_flow *flow, const struct qos_media *media, uint64_t now_ns)
{
	struct pkt_view compound = *view;
	char made_id[QOS_CALL_ID_MAX];
	struct bytes id;

	compound.payload = whole;
	compound.payload_wire = (uint32_t)whole.n;
	qos_probation_hint(&w->probation, flow, now_ns);
	if (w->probe->sources)
		qos_sources_note(w->probe->sources, flow->family, &flow->src,
			view->vlan + flow->tenant, now_ns);
	note_quality(w, flow, whole, now_ns);
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

enum probe_outcome probe_signalling_rtcp(
	struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns)
{
	const struct pkt_flow *own = &view->flow;
	uint64_t copy_hash = probe_worker_copy_hash(w, view);
	struct pkt_flow flow = qos_media_flow_of_rtcp(w->probe->medias, own);
	const struct qos_media *media;
	bool is_cut = view->payload.n < view->payload_wire, is_valid, is_known;
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
	is_known = media || qos_probation_is_hinted(&w->probation, &flow, now_ns);
	if (!is_valid)
		return is_known && is_srtcp(view->payload)
			       ? take_srtcp(w, &flow, view->payload, now_ns)
			       : PROBE_rtcp_unconfirmed;
	if (!is_known && !rtcp_is_strict_compound(whole))
		return PROBE_rtcp_unconfirmed;
	if (!whole.n || (is_cut && !media && !is_next_seen(view, whole)))
		return PROBE_signalling_cut;
	take_rtcp(w, view, whole, &flow, media, now_ns);
	return PROBE_rtcp;
}

void probe_signalling_end_call(
	struct probe *probe, unsigned worker, struct qos_call *call, uint64_t now_ns)
{
	uint64_t end_ns = atomic_load_explicit(&call->end_ns, memory_order_acquire);

	/* Without an end the capture ended. */
	probe_finding_call_end(
		&probe->workers[worker], call, end_ns ? end_ns : atomic_load(&probe->last_ns));
	qos_media_withdraw(probe->medias, call, qos_calls_counters(probe->calls, worker));
	if (probe->results)
		probe_results_call(probe->results, call, now_ns);
	qos_call_put(call);
}

void probe_signalling_tick(struct probe_worker *w, uint64_t now_ns)
{
	struct tcp_messages messages = {.worker = w};
	struct qos_call *call;

	sip_tcp_tick(&w->tcp, now_ns, false, take_message, &messages);
	while ((call = qos_calls_expire(w->probe->calls, w->index, now_ns, false)))
		probe_signalling_end_call(w->probe, w->index, call, now_ns);
}
