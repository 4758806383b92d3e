/* SPDX-License-Identifier: BSD-3-Clause */
/* Signalling beside SIP in a worker: nothing is kept of it, it is handed on. */
#include "hep_encode.h"
#include "probe_worker.h"
#include "rtp_hdr.h"
#include "sig_diameter.h"
#include "sig_dns.h"
#include "sig_frame.h"
#include "sig_text.h"

static bool is_named(const struct probe_worker *w, enum sig_kind kind)
{
	return sig_has(w->probe->options->also, kind);
}

static bool is_at_dns(const struct pkt_flow *flow)
{
	return flow->proto == PKT_UDP && sig_is_port(SIG_DNS, flow->sport, flow->dport);
}

/* Text that is sent as it is: outcome and type. */
static const struct {
	enum probe_outcome outcome;
	enum hep_type type;
} texts[] = {
	[SIG_MGCP] = {PROBE_mgcp, HEP_TYPE_MGCP},
	[SIG_MEGACO] = {PROBE_megaco, HEP_TYPE_MEGACO},
	[SIG_SYSLOG] = {PROBE_syslog, HEP_TYPE_LOG},
};

enum probe_outcome probe_also_udp(
	struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns)
{
	struct bytes id;
	enum sig_kind kind = sig_text_parse(view->payload, view->flow.sport, view->flow.dport, &id);

	if (kind == SIG_NONE || !is_named(w, kind)) {
		/* Nothing else either: TURN servers too are at that port. */
		pkt_count(
			&w->counters.dns_malformed, is_named(w, SIG_DNS) && is_at_dns(&view->flow));
		return PROBE_unknown_udp;
	}
	if (probe_worker_is_copy(w, probe_worker_copy_hash(w, view), now_ns))
		return PROBE_signalling_copy;
	probe_emit_octets(w, view, now_ns, texts[kind].type, view->payload, id);
	return texts[kind].outcome;
}

/* The name that the first question asks for, in lower case: what resolvers make of it on the way (RFC 1035 section
 * 2.3.3) is the same to collectors. */
static struct bytes dns_id(const struct sig_dns *dns, struct sig_dns_name *name)
{
	uint16_t type, class;
	size_t at = 0;

	if (!sig_dns_question(dns, &at, name, &type, &class))
		return BYTES_LIT("dns");
	for (size_t i = 0; i < name->n; i++)
		name->text[i] = (char)ascii_lower((uint8_t)name->text[i]);
	return bytes_of(name->text, name->n);
}

static enum probe_outcome take_dns(struct probe_worker *w, const struct pkt_view *view,
	const struct sig_dns *dns, uint64_t now_ns)
{
	struct sig_dns_name name;

	if (!sig_dns_is_voice(dns))
		return PROBE_dns_other;
	if (probe_worker_is_copy(w, probe_worker_copy_hash(w, view), now_ns))
		return PROBE_signalling_copy;
	probe_emit_json(w, view, now_ns, hep_encode_dns, dns_id(dns, &name));
	return PROBE_dns;
}

bool probe_also_may_be_dns(const struct probe_worker *w, const struct pkt_view *view)
{
	/* One octet in four of any traffic has the version of RTP. */
	bool is_rtp = view->payload.n && view->payload.p[0] >> 6 == 2;

	return is_at_dns(&view->flow) && (is_rtp || is_named(w, SIG_DNS));
}

/* Of what the capture cut there is what there is. */
static bool take_named_dns(struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns,
	enum probe_outcome *outcome)
{
	bool is_cut = view->payload.n < view->payload_wire;
	struct sig_dns dns;

	if (sig_dns_parse(view->payload, &dns) &&
		(!dns.is_cut || (dns.flags & SIG_DNS_TC) || is_cut)) {
		*outcome = take_dns(w, view, &dns, now_ns);
		return true;
	}
	*outcome = PROBE_signalling_cut;
	return is_cut && sig_dns_ended_early(view->payload);
}

/* Nobody asked for it: what is cut is too little to tell it from media. */
static bool is_whole_dns(struct bytes payload)
{
	struct sig_dns dns;

	return sig_dns_parse(payload, &dns) && !dns.is_cut;
}

bool probe_also_dns(struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns,
	enum probe_outcome *outcome)
{
	uint8_t party;

	if (!probe_also_may_be_dns(w, view) || probe_media_is_known(w, view) ||
		probe_media_find(w, &view->flow, false, now_ns, &party))
		return false;
	if (is_named(w, SIG_DNS))
		return take_named_dns(w, view, now_ns, outcome);
	*outcome = PROBE_unknown_udp;
	return is_whole_dns(view->payload);
}

enum sip_tcp_kind probe_also_begins(const struct probe_worker *w, const struct pkt_view *view)
{
	uint32_t also = w->probe->options->also;
	enum sig_kind kind = SIG_NONE;

	if (also)
		kind = sig_frame_begins(view->payload, view->flow.sport, view->flow.dport, also);
	return kind == SIG_NONE ? SIP_TCP_NONE : SIP_TCP_ALSO + kind;
}

/* SCTP carries it to any port. */
static bool is_diameter(const struct pkt_view *view, struct sig_diameter *d)
{
	return (sig_is_port(SIG_DIAMETER, view->flow.sport, view->flow.dport) ||
		       sig_diameter_is_likely(view->payload)) &&
	       sig_diameter_parse(view->payload, d);
}

/* UTF-8 by RFC 6733 section 8.8, but who knows; text has room for QOS_CALL_ID_MAX. */
static struct bytes diameter_id(const struct sig_diameter *d, char *text)
{
	qos_call_copy_text(text, QOS_CALL_ID_MAX, sig_diameter_session(d));
	return *text ? bytes_from_str(text) : BYTES_LIT("diameter");
}

bool probe_also_diameter(struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns,
	enum probe_outcome *outcome)
{
	struct sig_diameter d;
	char id[QOS_CALL_ID_MAX];

	if (!is_named(w, SIG_DIAMETER) || !is_diameter(view, &d))
		return false;
	if (!sig_diameter_interface(d.application)) {
		if (*outcome != PROBE_diameter)
			*outcome = PROBE_diameter_other;
		return true;
	}
	probe_emit_json(w, view, now_ns, hep_encode_diameter, diameter_id(&d, id));
	*outcome = PROBE_diameter;
	return true;
}

static bool take_text(struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns,
	enum probe_outcome *outcome)
{
	struct bytes id;
	enum sig_kind kind = sig_text_parse(view->payload, view->flow.sport, view->flow.dport, &id);

	if (SIP_TCP_ALSO + kind != w->tcp.kind)
		return false;
	probe_emit_octets(w, view, now_ns, texts[kind].type, view->payload, id);
	*outcome = texts[kind].outcome;
	return true;
}

void probe_also_message(struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns,
	enum probe_outcome *outcome)
{
	bool is_good = w->tcp.kind == SIP_TCP_ALSO + SIG_DIAMETER
			       ? probe_also_diameter(w, view, now_ns, outcome)
			       : take_text(w, view, now_ns, outcome);

	if (!is_good)
		pkt_count(&w->counters.also_malformed, 1);
}
