/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe_sip.h"

#include "probe_worker.h"
#include "sip_body.h"
#include "sip_vq.h"

static void publish(struct probe_worker *w, struct qos_call *call, unsigned party,
	const struct sdp_session *session, uint32_t tenant, uint64_t now_ns)
{
	pkt_count(&w->counters.sdp_descriptions, 1);
	/* A failed call wants no media any more, whatever its messages still say. */
	if (atomic_load_explicit(&call->end_ns, memory_order_acquire))
		return;
	qos_media_publish(w->probe->medias, call, party, session, tenant, w->call_counters);
	/* With ICE media comes from where the two sides find a way (RFC 8839 section 5.1). */
	qos_call_media_said(call, party, session, session->has_candidates, now_ns);
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

void probe_sip_read(
	const struct probe_worker *w, const struct pkt_view *view, struct probe_sip *sip)
{
	sip->status = sip_msg_parse(view->payload, &sip->msg);
	sip->call_hash = qos_call_hash(w->probe->calls, sip->msg.call_id);
	sip->session = NULL;
}

void probe_sip_fetch_chain(const struct probe_worker *w, const struct probe_sip *sip)
{
	qos_call_prefetch_chain(w->probe->calls, sip->call_hash);
}

static bool is_ending(const struct sip_msg *msg)
{
	return msg->is_request && (msg->method == SIP_BYE || msg->method == SIP_CANCEL);
}

void probe_sip_fetch_call(const struct probe_worker *w, const struct probe_sip *sip)
{
	qos_call_prefetch(w->probe->calls, sip->call_hash, sip->session || is_ending(&sip->msg));
}

bool probe_sip_describe(struct probe_worker *w, struct probe_sip *sip, struct sdp_session *session)
{
	struct bytes sdp;

	if (sip->status != SIP_OK || !sip_body_sdp(&sip->msg, &sdp) ||
		sdp_media_parse_by(&w->sections, sdp, session) != SDP_OK)
		return false;
	sip->session = session;
	return true;
}

void probe_sip_fetch_media(
	const struct probe_worker *w, const struct pkt_view *view, const struct probe_sip *sip)
{
	if (sip->session)
		qos_media_prefetch_all(w->probe->medias, sip->session, view->flow.tenant);
}

void probe_sip_fetch_endpoints(
	const struct probe_worker *w, const struct pkt_view *view, const struct probe_sip *sip)
{
	if (sip->session)
		qos_media_prefetch_all_first(w->probe->medias, sip->session, view->flow.tenant);
}

static enum probe_outcome outcome_of_bad(const struct pkt_view *view, const struct probe_sip *sip)
{
	bool is_cut = view->payload.n < view->payload_wire;

	return is_cut && sip_msg_ended_early(view->payload, &sip->msg, sip->status)
		       ? PROBE_signalling_cut
		       : PROBE_sip_malformed;
}

/* Nothing of its call is needed yet. */
static void note(struct probe_worker *w, const struct pkt_view *view, const struct sip_msg *msg,
	uint64_t now_ns)
{
	pkt_count(msg->is_request ? &w->counters.sip_requests : &w->counters.sip_responses, 1);
	if (msg->is_head_cut || msg->is_body_cut)
		pkt_count(&w->counters.sip_cut, 1);
	if (sip_vq_is(msg))
		probe_sip_vq(w, view, now_ns, msg);
}

enum probe_outcome probe_sip_take(struct probe_worker *w, const struct pkt_view *view,
	struct probe_sip *sip, uint64_t copy_hash, uint64_t now_ns)
{
	const struct cfg_options *o = w->probe->options;
	bool has_names = o->correlation_headers[0];
	struct sip_msg *msg = &sip->msg;
	enum qos_call_change change;
	struct qos_call *call;

	if (probe_worker_is_copy(w, copy_hash, now_ns))
		return PROBE_signalling_copy;
	if (sip->status != SIP_OK)
		return outcome_of_bad(view, sip);
	note(w, view, msg, now_ns);
	if (!has_names)
		probe_sip_send(w, view, now_ns, msg, msg->call_id);
	change = qos_call_on_sip(w->probe->calls, w->index, msg, sip->call_hash, now_ns, &call);
	if (has_names)
		probe_sip_send(w, view, now_ns, msg, probe_sip_leg(o, msg, call, change));
	if (change == QOS_CALL_OPENED)
		end_evicted(w, now_ns);
	if (call && is_answer(msg))
		qos_call_media_answered(call, now_ns);
	if (call && sip->session)
		publish(w, call, qos_call_sender(call, msg), sip->session, view->flow.tenant,
			now_ns);
	if (change == QOS_CALL_ENDED)
		probe_finding_call_end(w, call, now_ns);
	return PROBE_sip;
}
