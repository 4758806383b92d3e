/* SPDX-License-Identifier: BSD-3-Clause */
/* What is sent of SIP: which messages, under which id, and what telephones say of their calls in them. */
#include "probe_results.h"
#include "probe_worker.h"
#include "sip_vq.h"

/* Takes what stands before the next comma off the front. */
static struct bytes take_item(struct bytes *list)
{
	struct bytes item = bytes_head(*list, bytes_find(*list, ','));

	*list = bytes_skip(*list, item.n + 1);
	return bytes_trim(item);
}

/* By the headers that are configured, the most important first. */
static struct bytes named_leg(const struct cfg_options *o, const struct sip_msg *msg)
{
	struct bytes names = bytes_from_str(o->correlation_headers), id = BYTES_NONE;

	while (names.n && !id.n) {
		struct bytes name = take_item(&names);

		id = bytes_eq_nocase(name, BYTES_LIT("Session-ID")) ? sip_msg_session(msg)
		     : name.n					    ? sip_msg_header(msg, name)
								    : BYTES_NONE;
	}
	return id;
}

/* Of "NAME=TEXT,...": whether a header of one of the names holds its text. */
static bool has_header(const struct sip_msg *msg, struct bytes list)
{
	while (list.n) {
		struct bytes item = take_item(&list);
		size_t equals = bytes_find(item, '=');
		struct bytes text = bytes_trim(bytes_skip(item, equals + 1));
		struct bytes value = sip_msg_header(msg, bytes_trim(bytes_head(item, equals)));

		if (value.n && text.n && memmem(value.p, value.n, text.p, text.n))
			return true;
	}
	return false;
}

static bool is_left_out(const struct cfg_options *o, const struct sip_msg *msg)
{
	struct bytes only = bytes_from_str(o->only_headers);
	struct bytes except = bytes_from_str(o->except_headers);

	return o->sip_except >> msg->method & 1 || (only.n && !has_header(msg, only)) ||
	       (except.n && has_header(msg, except));
}

void probe_sip_send(struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns,
	const struct sip_msg *msg, struct bytes id)
{
	const struct cfg_options *o = w->probe->options;

	if (!o->send_sip)
		return;
	if (is_left_out(o, msg))
		pkt_count(&w->counters.sip_left_out, 1);
	else
		probe_emit_octets(
			w, view, now_ns, HEP_TYPE_SIP, view->payload, id.n ? id : msg->call_id);
}

struct bytes probe_sip_leg(const struct cfg_options *o, const struct sip_msg *msg,
	struct qos_call *call, enum qos_call_change change)
{
	if (!call)
		return bytes_head(named_leg(o, msg), QOS_LEG_ID_MAX);
	if (change == QOS_CALL_OPENED)
		qos_leg_name(call, named_leg(o, msg));
	return qos_leg_named(call);
}

void probe_sip_vq(struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns,
	const struct sip_msg *msg)
{
	struct sip_vq vq;

	if (!sip_vq_parse(msg->body, &vq)) {
		pkt_count(&w->counters.vq_malformed, 1);
		return;
	}
	pkt_count(&w->counters.vq_reports, 1);
	if (w->probe->results)
		probe_results_vq(w->probe->results, view, now_ns, &vq);
	if (w->probe->options->send_vq)
		probe_emit_octets(w, view, now_ns, HEP_TYPE_VQ, msg->body, vq.call_id);
}
