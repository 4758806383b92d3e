/* SPDX-License-Identifier: BSD-3-Clause */
/* What is sent of SIP: which messages, under which id, and what telephones say of their calls in them. */
#include "probe_results.h"
#include "probe_worker.h"
#include "sip_vq.h"

/* RFC 7989 section 5: that of who sends the message comes first, so in a response the other is the one that began the
 * session. The nil UUID stands for one not known yet. */
static struct bytes session_uuid(const struct sip_msg *msg, struct bytes value)
{
	size_t first = bytes_find(value, ';');
	struct bytes uuid = bytes_trim(bytes_head(value, first));
	struct bytes rest = bytes_trim(bytes_skip(value, first + 1));
	bool is_nil = true;

	if (!msg->is_request) {
		if (!bytes_eq_nocase(bytes_head(rest, 7), BYTES_LIT("remote=")))
			return BYTES_NONE;
		rest = bytes_skip(rest, 7);
		uuid = bytes_trim(bytes_head(rest, bytes_find(rest, ';')));
	}
	for (size_t i = 0; i < uuid.n; i++)
		is_nil &= uuid.p[i] == '0';
	return is_nil ? BYTES_NONE : uuid;
}

/* By the headers that are configured, the most important first. */
static struct bytes named_leg(const struct cfg_options *o, const struct sip_msg *msg)
{
	struct bytes names = bytes_from_str(o->correlation_headers), id = BYTES_NONE;

	while (names.n && !id.n) {
		size_t comma = bytes_find(names, ',');
		struct bytes name = bytes_trim(bytes_head(names, comma));

		id = name.n ? sip_msg_header(msg, name) : BYTES_NONE;
		if (bytes_eq_nocase(name, BYTES_LIT("Session-ID")))
			id = session_uuid(msg, id);
		names = bytes_skip(names, comma + 1);
	}
	return id;
}

/* Of "NAME=TEXT,...": whether a header of one of the names holds its text. */
static bool has_header(const struct sip_msg *msg, struct bytes list)
{
	while (list.n) {
		size_t comma = bytes_find(list, ',');
		struct bytes item = bytes_head(list, comma);
		size_t equals = bytes_find(item, '=');
		struct bytes text = bytes_trim(bytes_skip(item, equals + 1));
		struct bytes value = sip_msg_header(msg, bytes_trim(bytes_head(item, equals)));

		if (value.n && text.n && memmem(value.p, value.n, text.p, text.n))
			return true;
		list = bytes_skip(list, comma + 1);
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
