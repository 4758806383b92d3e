/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe_finding.h"

#include <stdio.h>

#include "probe_results.h"
#include "probe_text.h"
#include "probe_worker.h"

#define NS_PER_SEC 1000000000ull

/* Between two looks at a stream, and some more for the other worker's. */
#define RECENT_NS (2 * NS_PER_SEC)

/* The same two ends are told of again after this. */
#define ORPHAN_AGAIN_NS (3600 * NS_PER_SEC)

enum {
	COMFORT_NOISE_PT = 13, /* RFC 3389: static, and often sent without being announced */
};

static const char *const party_names[2] = {"caller", "callee"};

static void count(struct probe_worker *w, enum qos_finding kind)
{
	_Atomic uint64_t *const counters[] = {
#define X(name, help) &w->table.counters.name,
#include "qos_findings.def"
#undef X
	};

	pkt_count(counters[kind], 1);
}

static void tell(struct probe_worker *w, const struct probe_finding *finding)
{
	count(w, finding->kind);
	if (w->probe->results)
		probe_results_finding(w->probe->results, finding);
	if (w->probe->options->send_findings)
		probe_emit_finding(w, finding);
}

static struct probe_finding of_stream(
	const struct qos_stream_cold *cold, enum qos_finding kind, uint64_t now_ns)
{
	return (struct probe_finding){
		.kind = kind,
		.time_ns = now_ns,
		.flow = cold->origin.flow,
		.vlan = cold->origin.vlan,
		.correlation_id = cold->call ? cold->call->call_id : "",
	};
}

static bool is_lasting(const struct qos_call *call)
{
	return !atomic_load_explicit(&call->end_ns, memory_order_acquire);
}

static bool is_audible(const struct qos_stream_cold *cold)
{
	return cold->kind != QOS_VIDEO;
}

static struct qos_call_end end_of(struct qos_call *call, unsigned party)
{
	struct qos_call_end end;

	pthread_spin_lock(&call->lock);
	end = call->talk.ends[party];
	pthread_spin_unlock(&call->lock);
	return end;
}

/* Where both sides announced one address, that media came from there may be the doing of who is
 * heard. What then comes from where that goes to would be the other's. */
static bool is_in_sight(const struct probe_worker *w, const struct qos_stream_cold *cold,
	const struct qos_call_end *silent, uint64_t now_ns)
{
	const struct pkt_flow *flow = &cold->origin.flow;
	struct qos_call_end heard = end_of(cold->call, cold->party);
	bool is_one = heard.family == silent->family && pkt_addr_eq(&heard.addr, &silent->addr);

	if (!w->probe->sources || !silent->family)
		return false;
	return qos_sources_has(w->probe->sources, is_one ? flow->family : silent->family,
		is_one ? &flow->dst : &silent->addr, cold->origin.vlan + flow->tenant, now_ns);
}

/* It should be heard by now, and is not. */
static bool is_silent(
	const struct probe_worker *w, const struct qos_call *call, unsigned party, uint64_t now_ns)
{
	uint64_t limit_ns = w->probe->options->qos.one_way_ns;
	uint64_t since = qos_call_media_since(call);

	return limit_ns && now_ns >= since + limit_ns && !qos_call_media_is_mixed(call) &&
	       qos_call_media_is_due(call, party) &&
	       atomic_load_explicit(&call->talk.last_ns[party], memory_order_relaxed) < since;
}

/* The other side should be heard, was not, and the tap would have shown it. */
static void look_for_one_way(struct probe_worker *w, const struct qos_stream_cold *cold,
	uint64_t last_ns, uint64_t now_ns)
{
	uint64_t since = qos_call_media_since(cold->call);
	unsigned silent = cold->party ^ 1;
	struct probe_finding f;
	struct qos_call_end end;
	char text[PROBE_END_MAX];

	if (last_ns + RECENT_NS < now_ns || !is_lasting(cold->call) ||
		!is_silent(w, cold->call, silent, now_ns))
		return;
	end = end_of(cold->call, silent);
	if (!is_in_sight(w, cold, &end, now_ns) ||
		!qos_call_media_find(cold->call, QOS_finding_one_way_audio))
		return;
	f = of_stream(cold, QOS_finding_one_way_audio, now_ns);
	snprintf(f.text, sizeof(f.text),
		"one-way audio: no RTP of the %s (%s) for %llu s, the %s is heard",
		party_names[silent], probe_text_end(text, end.family, &end.addr, end.port),
		(unsigned long long)((now_ns - since) / NS_PER_SEC), party_names[cold->party]);
	tell(w, &f);
}

/* Once for the first stream of a party. */
static void look_for_late_start(
	struct probe_worker *w, struct qos_stream_cold *cold, uint64_t now_ns)
{
	uint64_t limit_ns = w->probe->options->qos.late_ns;
	uint64_t since = qos_call_media_since(cold->call);
	uint64_t first = atomic_load(&cold->call->talk.first_ns[cold->party]);
	struct probe_finding f;

	if (cold->is_late_checked)
		return;
	cold->is_late_checked = true;
	if (!limit_ns || first != cold->first_ns || first <= since + limit_ns ||
		qos_call_media_is_mixed(cold->call) ||
		!qos_call_media_is_due(cold->call, cold->party) ||
		!qos_call_media_find(cold->call, QOS_finding_late_rtp))
		return;
	f = of_stream(cold, QOS_finding_late_rtp, now_ns);
	snprintf(f.text, sizeof(f.text), "late RTP: the %s was first heard %.1f s after the answer",
		party_names[cold->party], (double)(first - since) / 1e9);
	tell(w, &f);
}

/* RFC 3264 section 6.1: media is sent in a format that the receiver listed. */
static bool is_announced(struct probe_worker *w, const struct qos_stream_cold *cold, uint8_t pt)
{
	const struct pkt_flow *flow = &cold->origin.flow;
	struct qos_media_key key = qos_media_key_of_dst(flow);
	const struct qos_media *media = qos_media_find(w->probe->medias, &key);

	/* What cannot be known is taken as right. */
	if (!media || media->call != cold->call || media->is_rtcp || media->is_udptl ||
		qos_call_media_is_mixed(cold->call) || !media->payload_count ||
		media->payload_count >= QOS_MEDIA_PAYLOADS_MAX)
		return true;
	return pt == COMFORT_NOISE_PT || qos_media_payload(media, pt);
}

/* A description may have changed while packets were under way: twice in a row counts. */
static void look_for_codec(struct probe_worker *w, const struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, uint64_t now_ns)
{
	uint64_t packets = qos_stream_packets(hot, cold);
	uint8_t pt = hot->pt;
	struct probe_finding f;
	char text[PROBE_END_MAX];

	/* good_pt: plus one, so that 0 is none. */
	if (!w->probe->options->qos.finds_codec || pt == QOS_NO_PT || cold->good_pt == pt + 1 ||
		!atomic_load(&cold->call->talk.answer_ns) || !is_lasting(cold->call))
		return;
	if (is_announced(w, cold, pt)) {
		cold->good_pt = (uint8_t)(pt + 1);
		cold->has_odd_pt = false;
		return;
	}
	if (!cold->has_odd_pt || cold->odd_pt != pt) {
		cold->has_odd_pt = true;
		cold->odd_pt = pt;
		cold->odd_packets = packets;
		return;
	}
	if (packets == cold->odd_packets ||
		!qos_call_media_find(cold->call, QOS_finding_codec_not_in_answer))
		return;
	f = of_stream(cold, QOS_finding_codec_not_in_answer, now_ns);
	snprintf(f.text, sizeof(f.text),
		"codec not in the answer: the %s sends payload type %u, which %s did not announce",
		party_names[cold->party], pt,
		probe_text_end(text, f.flow.family, &f.flow.dst, f.flow.dport));
	tell(w, &f);
}

/* Both directions, and what follows on the same ends, are one. */
static bool was_told(struct probe_worker *w, const struct pkt_flow *flow, uint64_t now_ns)
{
	uint64_t hash = pkt_hash_ends(flow, &w->probe->seed);
	unsigned i = hash % PROBE_ORPHANS;
	bool is_known = w->orphans.told[i].hash == hash &&
			now_ns - w->orphans.told[i].at_ns < ORPHAN_AGAIN_NS;

	w->orphans.told[i].hash = hash;
	w->orphans.told[i].at_ns = now_ns;
	return is_known;
}

static void look_for_call(
	struct probe_worker *w, struct qos_stream_cold *cold, uint64_t last_ns, uint64_t now_ns)
{
	uint64_t limit_ns = w->probe->options->qos.orphan_ns;
	char src[PROBE_END_MAX], dst[PROBE_END_MAX], id[QOS_CALL_ID_MAX];
	const struct pkt_flow *flow = &cold->origin.flow;
	struct probe_finding f;

	if (!limit_ns || cold->is_orphan_checked || last_ns < cold->first_ns + limit_ns)
		return;
	cold->is_orphan_checked = true;
	if (was_told(w, flow, now_ns))
		return;
	f = of_stream(cold, QOS_finding_rtp_without_signalling, now_ns);
	qos_correlation_id(flow, id, sizeof(id));
	f.correlation_id = id;
	snprintf(f.text, sizeof(f.text),
		"RTP without signalling: no call announced media between %s and %s",
		probe_text_end(src, flow->family, &flow->src, flow->sport),
		probe_text_end(dst, flow->family, &flow->dst, flow->dport));
	tell(w, &f);
}

void probe_finding_begin(struct probe_worker *w, uint32_t stream)
{
	const struct qos_stream_hot *hot = qos_table_hot(&w->table, stream);
	const struct qos_stream_cold *cold = &w->table.cold[stream];

	if (w->probe->sources)
		qos_sources_note(w->probe->sources, cold->origin.flow.family,
			&cold->origin.flow.src, cold->origin.vlan + cold->origin.flow.tenant,
			cold->first_ns);
	if (cold->call && is_audible(cold))
		qos_call_media_heard(
			cold->call, cold->party, cold->first_ns, qos_stream_last_ns(hot, cold));
}

void probe_finding_visit(struct probe_worker *w, uint32_t stream, uint64_t now_ns)
{
	const struct qos_stream_hot *hot = qos_table_hot(&w->table, stream);
	struct qos_stream_cold *cold = &w->table.cold[stream];
	uint64_t last_ns = qos_stream_last_ns(hot, cold);

	if (!cold->call) {
		look_for_call(w, cold, last_ns, now_ns);
		return;
	}
	look_for_codec(w, hot, cold, now_ns);
	if (!is_audible(cold))
		return;
	qos_call_media_heard(cold->call, cold->party, cold->first_ns, last_ns);
	look_for_late_start(w, cold, now_ns);
	look_for_one_way(w, cold, last_ns, now_ns);
}

static struct pkt_flow flow_between(struct qos_call *call)
{
	struct qos_call_end a = end_of(call, 0), b = end_of(call, 1);

	return (struct pkt_flow){.family = a.family,
		.proto = PKT_UDP,
		.sport = a.port,
		.dport = b.port,
		.src = a.addr,
		.dst = b.family == a.family ? b.addr : a.addr};
}

static const char either_side[] = "either side";

static uint64_t last_heard(const struct qos_call *call, unsigned party)
{
	return atomic_load_explicit(&call->talk.last_ns[party], memory_order_relaxed);
}

/* Who was not heard after last_ns, of party. Which of two that fell silent together is looked at first depends on the
 * number of workers; and where nobody knows which side a stream is of, both were silent or none. */
static const char *silent_side(const struct qos_call *call, unsigned party, uint64_t last_ns)
{
	static const char *const sides[2] = {"the caller", "the callee"};
	uint64_t other_ns = last_heard(call, party ^ 1);
	bool is_other_heard = other_ns > last_ns + RECENT_NS;

	if (last_heard(call, party) > last_ns + RECENT_NS)
		return NULL;
	if (qos_call_media_is_mixed(call))
		return is_other_heard ? NULL : either_side;
	if (is_other_heard || other_ns + RECENT_NS < last_ns ||
		!qos_call_media_is_due(call, party ^ 1))
		return sides[party];
	return either_side;
}

/* The same whichever stream of them it is found at. */
static struct probe_finding of_both(struct qos_call *call, uint64_t timeout_ns)
{
	uint64_t a_ns = last_heard(call, 0), b_ns = last_heard(call, 1);

	return (struct probe_finding){
		.kind = QOS_finding_rtp_timeout,
		.time_ns = (a_ns > b_ns ? a_ns : b_ns) + timeout_ns,
		.flow = flow_between(call),
		.correlation_id = call->call_id,
	};
}

/* The side fell silent: not only this stream of it, not on hold, and nobody hung up. */
void probe_finding_stream_end(
	struct probe_worker *w, uint32_t stream, enum qos_end end, uint64_t now_ns)
{
	const struct qos_options *o = &w->probe->options->qos;
	const struct qos_stream_cold *cold = &w->table.cold[stream];
	uint64_t last_ns = qos_stream_last_ns(qos_table_hot(&w->table, stream), cold);
	struct qos_call *call = cold->call;
	const char *side;
	struct probe_finding f;

	if (!o->finds_timeout || end != QOS_END_TIMEOUT || !call || !is_audible(cold) ||
		!is_lasting(call) || !qos_call_media_is_due(call, cold->party) ||
		now_ns < qos_call_media_since(call) + o->stream_timeout_ns ||
		!(side = silent_side(call, cold->party, last_ns)) ||
		!qos_call_media_find(call, QOS_finding_rtp_timeout))
		return;
	f = side == either_side ? of_both(call, o->stream_timeout_ns)
				: of_stream(cold, QOS_finding_rtp_timeout, now_ns);
	snprintf(f.text, sizeof(f.text), "RTP timeout: nothing of %s for %llu s, and no BYE", side,
		(unsigned long long)(o->stream_timeout_ns / NS_PER_SEC));
	tell(w, &f);
}

void probe_finding_call_end(struct probe_worker *w, struct qos_call *call, uint64_t now_ns)
{
	uint64_t limit_ns = w->probe->options->qos.no_media_ns;
	uint64_t since = qos_call_media_since(call);
	struct probe_finding f = {
		.kind = QOS_finding_signalling_without_rtp,
		.time_ns = now_ns,
		.correlation_id = call->call_id,
	};
	char a[PROBE_END_MAX], b[PROBE_END_MAX];

	if (!limit_ns || now_ns < since + limit_ns ||
		atomic_load_explicit(&call->streams, memory_order_relaxed) ||
		(!qos_call_media_is_due(call, 0) && !qos_call_media_is_due(call, 1)) ||
		!qos_call_media_find(call, f.kind))
		return;
	f.flow = flow_between(call);
	snprintf(f.text, sizeof(f.text),
		"signalling without RTP: answered for %llu s, no media between %s and %s",
		(unsigned long long)((now_ns - since) / NS_PER_SEC),
		probe_text_end(a, f.flow.family, &f.flow.src, f.flow.sport),
		probe_text_end(b, f.flow.family, &f.flow.dst, f.flow.dport));
	tell(w, &f);
}
