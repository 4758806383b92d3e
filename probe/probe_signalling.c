/* SPDX-License-Identifier: BSD-3-Clause */
/* SIP in a worker that does not come in datagrams of its own: out of HEP, TCP and SCTP; and how calls end. */
#include "hep_packet.h"
#include "probe_results.h"
#include "probe_worker.h"
#include "sip_frame.h"

enum {
	SIPS_PORT = 5061,
	TLS_HEADER = 5, /* octets */
	TLS_TYPE_MIN = 20, /* change_cipher_spec */
	TLS_TYPE_MAX = 24, /* heartbeat */
};

enum probe_outcome probe_signalling_sip(
	struct probe_worker *w, const struct pkt_view *view, uint64_t copy_hash, uint64_t now_ns)
{
	struct sdp_session session;
	struct probe_sip sip;

	probe_sip_read(w, view, &sip);
	probe_sip_describe(w, &sip, &session);
	return probe_sip_take(w, view, &sip, copy_hash, now_ns);
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
	bool has_sip, has_cut;
	enum probe_outcome other;
};

static bool take_user_message(void *arg, const struct pkt_view *view, uint64_t now_ns)
{
	struct sctp_messages *messages = arg;
	struct probe_worker *w = messages->worker;

	if (cls_payload(w->probe->cls, w->scratch, view->payload) == CLS_SIP) {
		enum probe_outcome outcome = probe_signalling_sip(w, view, 0, now_ns);

		messages->has_sip |= outcome == PROBE_sip;
		messages->has_cut |= outcome == PROBE_signalling_cut;
		return outcome == PROBE_sip || outcome == PROBE_signalling_cut;
	}
	return probe_also_diameter(w, view, now_ns, &messages->other);
}

enum probe_outcome probe_signalling_sctp(
	struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns)
{
	struct sctp_messages messages = {.worker = w, .other = PROBE_unknown_sctp};

	switch (sip_sctp_take(&w->sctp, view, now_ns, take_user_message, &messages)) {
	case SIP_SCTP_MESSAGE:
		if (messages.has_sip)
			return PROBE_sip;
		return messages.has_cut ? PROBE_signalling_cut : messages.other;
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
