/* SPDX-License-Identifier: BSD-3-Clause */
/* The lines of --json: stream, call, rtcp, vq, finding, summary. */
#include <math.h>
#include <stdio.h>

#include "hep_json.h"
#include "probe_counters.h"
#include "probe_finding.h"
#include "probe_results.h"
#include "probe_text.h"
#include "probe_totals.h"
#include "qos_call.h"

static void begin(struct hep_json *j, char *buf, size_t room, const char *event)
{
	hep_json_init(j, buf, room);
	hep_json_open(j, NULL, '{');
	hep_json_string(j, "event", bytes_from_str(event));
}

static size_t end(struct hep_json *j)
{
	size_t n;

	hep_json_close(j, '}');
	n = hep_json_finish(j);
	if (!n || n == j->room)
		return 0;
	j->buf[n] = '\n';
	return n + 1;
}

static void put_time(struct hep_json *j, const char *key, uint64_t ns)
{
	uint64_t us = ns / 1000;

	if (ns)
		hep_json_double(j, key, (double)us / 1e6, 6);
	else
		hep_json_null(j, key);
}

size_t probe_json_stream(
	const struct qos_report *report, uint32_t final_type, char *buf, size_t room)
{
	struct hep_json j;

	begin(&j, buf, room, "stream");
	hep_json_report(&j, report, final_type);
	return end(&j);
}

/* null: it is no call by INVITE. */
static void put_seen(
	struct hep_json *j, const char *key, const struct probe_call *call, bool is_seen)
{
	if (call->method == SIP_INVITE)
		hep_json_bool(j, key, is_seen);
	else
		hep_json_null(j, key);
}

size_t probe_json_call(const struct probe_call *call, char *buf, size_t room)
{
	struct hep_json j;

	begin(&j, buf, room, "call");
	hep_json_string(&j, "call_id", bytes_from_str(call->call_id));
	if (call->leg_id[0])
		hep_json_string(&j, "leg_id", bytes_from_str(call->leg_id));
	else
		hep_json_null(&j, "leg_id");
	hep_json_string(&j, "method", bytes_from_str(call->method_name));
	put_seen(&j, "invite_seen", call, call->is_invite_seen);
	hep_json_string(&j, "from", bytes_from_str(call->from));
	hep_json_string(&j, "to", bytes_from_str(call->to));
	hep_json_string(&j, "state", bytes_from_str(qos_call_state_name(call->state)));
	hep_json_u64(&j, "code", call->code);
	put_time(&j, "start", call->start_ns);
	put_time(&j, "answer", call->answer_ns);
	put_seen(&j, "answer_seen", call, call->is_answer_seen);
	put_time(&j, "end", call->end_ns);
	hep_json_u64(&j, "messages", call->messages);
	hep_json_u64(&j, "streams", call->streams);
	if (call->worst_mos > 0)
		hep_json_double(&j, "worst_mos", call->worst_mos, 3);
	else
		hep_json_null(&j, "worst_mos");
	if (call->worst_mos > 0)
		hep_json_string(
			&j, "worst_mos_scale", bytes_from_str(qos_scale_name(call->worst_scale)));
	else
		hep_json_null(&j, "worst_mos_scale");
	return end(&j);
}

static void put_address(
	struct hep_json *j, const char *key, uint8_t family, const struct pkt_addr *addr)
{
	char text[PROBE_ADDRESS_MAX];

	hep_json_string(j, key, bytes_from_str(probe_text_address(text, family, addr)));
}

size_t probe_json_rtcp(const struct pkt_view *view, uint64_t now_ns, struct bytes correlation_id,
	char *buf, size_t room)
{
	struct hep_json j;

	begin(&j, buf, room, "rtcp");
	put_time(&j, "time", now_ns);
	hep_json_string(&j, "correlation_id", correlation_id);
	put_address(&j, "src_ip", view->flow.family, &view->flow.src);
	hep_json_u64(&j, "src_port", view->flow.sport);
	put_address(&j, "dst_ip", view->flow.family, &view->flow.dst);
	hep_json_u64(&j, "dst_port", view->flow.dport);
	hep_json_rtcp(&j, view->payload);
	return end(&j);
}

static void put_end(struct hep_json *j, const char *key, const struct sip_vq_end *end,
	const struct sip_vq_metrics *metrics)
{
	char ssrc[2 + 8 + 1];

	hep_json_open(j, key, '{');
	hep_json_string(j, "id", end->id);
	if (end->family) {
		put_address(j, "ip", end->family, &end->addr);
		hep_json_u64(j, "port", end->port);
	}
	if (end->has_ssrc) {
		snprintf(ssrc, sizeof(ssrc), "0x%08x", end->ssrc);
		hep_json_string(j, "ssrc", bytes_from_str(ssrc));
	}
	for (unsigned i = 0; i < SIP_VQ_METRICS; i++)
		if (!isnan(metrics->value[i]))
			hep_json_double(
				j, sip_vq_metric_name((enum sip_vq_metric)i), metrics->value[i], 3);
	hep_json_close(j, '}');
}

size_t probe_json_vq(const struct pkt_view *view, uint64_t now_ns, const struct sip_vq *vq,
	char *buf, size_t room)
{
	struct hep_json j;

	begin(&j, buf, room, "vq");
	put_time(&j, "time", now_ns);
	hep_json_string(&j, "call_id", vq->call_id);
	hep_json_string(&j, "kind", bytes_from_str(sip_vq_kind_name(vq->kind)));
	put_address(&j, "src_ip", view->flow.family, &view->flow.src);
	hep_json_string(&j, "codec", vq->local_metrics.codec);
	put_end(&j, "local", &vq->local, &vq->local_metrics);
	put_end(&j, "remote", &vq->remote, &vq->remote_metrics);
	return end(&j);
}

size_t probe_json_finding(const struct probe_finding *finding, char *buf, size_t room)
{
	const struct pkt_flow *flow = &finding->flow;
	struct hep_json j;

	begin(&j, buf, room, "finding");
	put_time(&j, "time", finding->time_ns);
	hep_json_string(&j, "correlation_id", bytes_from_str(finding->correlation_id));
	hep_json_string(&j, "finding", bytes_from_str(qos_finding_name(finding->kind)));
	hep_json_string(&j, "text", bytes_from_str(finding->text));
	put_address(&j, "src_ip", flow->family, &flow->src);
	hep_json_u64(&j, "src_port", flow->sport);
	put_address(&j, "dst_ip", flow->family, &flow->dst);
	hep_json_u64(&j, "dst_port", flow->dport);
	return end(&j);
}

static void put_hep(struct hep_json *j, const struct probe *probe)
{
	struct probe_hep_totals hep;

	probe_totals_hep(probe, &hep);
	hep_json_open(j, "hep", '{');
	hep_json_u64(j, "made", hep.made);
	hep_json_u64(j, "sent", hep.sent);
	hep_json_open(j, "dropped", '{');
	for (unsigned i = 0; i < hep.reason_count; i++)
		hep_json_u64(j, hep.reasons[i], hep.dropped[i]);
	hep_json_close(j, '}');
	hep_json_u64(j, "unreachable", hep.unreachable);
	hep_json_close(j, '}');
}

static void put_totals(
	struct hep_json *j, const char *key, const struct probe_total *totals, unsigned n)
{
	hep_json_open(j, key, '{');
	for (unsigned i = 0; i < n; i++)
		hep_json_u64(j, totals[i].name, totals[i].value);
	hep_json_close(j, '}');
}

/* Ports' own losses: frames that never became frames. */
static void put_ports(struct hep_json *j, const struct probe *probe)
{
	hep_json_open(j, "ports", '[');
	for (unsigned i = 0; i < probe->port_count; i++) {
		struct dp_port_stats stats;

		dp_port_stats(probe->ports[i], &stats);
		hep_json_open(j, NULL, '{');
		hep_json_string(j, "device", bytes_from_str(dp_port_name(probe->ports[i])));
		hep_json_u64(j, "received", stats.received);
		hep_json_u64(j, "missed", stats.missed);
		hep_json_u64(j, "errors", stats.errors);
		hep_json_u64(j, "no_mbuf", stats.no_mbuf);
		hep_json_close(j, '}');
	}
	hep_json_close(j, ']');
}

static void put_warning(void *arg, const char *warning)
{
	hep_json_string(arg, NULL, bytes_from_str(warning));
}

size_t probe_json_summary(
	const struct probe_results *results, const struct probe *probe, char *buf, size_t room)
{
	struct probe_total totals[PROBE_TOTALS_MAX];
	const char *damage = probe->file ? dp_file_damage(probe->file) : NULL;
	struct hep_json j;

	begin(&j, buf, room, "summary");
	hep_json_u64(&j, "frames", probe_totals_frames(probe));
	hep_json_u64(&j, "sip_messages", probe_totals_sip(probe));
	hep_json_u64(&j, "rtp_packets", probe_totals_outcome(probe, PROBE_rtp));
	hep_json_u64(&j, "rtcp_packets",
		probe_totals_outcome(probe, PROBE_rtcp) + probe_totals_outcome(probe, PROBE_srtcp));
	hep_json_u64(&j, "calls", results->calls_seen);
	hep_json_u64(&j, "streams", results->streams_seen);
	hep_json_u64(&j, "lines_dropped", results->lines.lost);
	put_totals(&j, "outcomes", totals, probe_totals_outcomes(probe, totals));
	put_hep(&j, probe);
	put_ports(&j, probe);
	put_totals(&j, "counters", totals, probe_totals_counters(probe, totals));
	if (probe->file) {
		hep_json_open(&j, "warnings", '[');
		dp_file_warn(probe->file, put_warning, &j);
		hep_json_close(&j, ']');
	}
	if (damage)
		hep_json_string(&j, "damage", bytes_from_str(damage));
	return end(&j);
}
