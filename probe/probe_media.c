/* SPDX-License-Identifier: BSD-3-Clause */
/* RTP in a worker: a burst to its streams, a miss to probation, streams to their calls, and a look
 * at each stream once a second. */
#include "probe_results.h"
#include "probe_rx.h"
#include "probe_worker.h"
#include "qos_delay.h"

/* Visits between fetching a stream's halves and looking at it; the hot half is found through the
 * cold one. */
enum {
	COLD_AHEAD = 8,
	REST_AHEAD = 4,
	ANNOUNCED_SHARE = 8, /* an eighth of the stream table is theirs alone */
};

/* Media may be heard before the answer that announces it: looked for this long. */
#define ATTACH_NS ((uint64_t)120 * 1000000000)

/* And after the end: an announcement why a call failed, a tail under way. */
#define AFTER_END_NS ((uint64_t)5 * 1000000000)

static bool is_current(const struct qos_media *media, uint64_t now_ns)
{
	uint64_t end = atomic_load_explicit(&media->call->end_ns, memory_order_acquire);

	return !end || now_ns < end + AFTER_END_NS;
}

static const struct qos_media *find_at(
	const struct probe_worker *w, struct qos_media_key key, bool is_rtcp, uint64_t now_ns)
{
	const struct qos_media *media = qos_media_find(w->probe->medias, &key);

	if (!media || (!is_rtcp && (media->is_rtcp || media->is_udptl)) ||
		!is_current(media, now_ns))
		return NULL;
	return media;
}

const struct qos_media *probe_media_find(const struct probe_worker *w, const struct pkt_flow *flow,
	bool is_rtcp, uint64_t now_ns, uint8_t *party)
{
	const struct qos_media *dst = find_at(w, qos_media_key_of_dst(flow), is_rtcp, now_ns);
	const struct qos_media *src = NULL;

	if (!dst || dst->is_shared)
		src = find_at(w, qos_media_key_of_src(flow), is_rtcp, now_ns);
	if (src && (!dst || !src->is_shared)) {
		*party = src->party;
		return src;
	}
	if (dst)
		*party = dst->party ^ 1;
	return dst;
}

static void note_codec(const struct qos_stream_cold *cold, const struct qos_payload *payload)
{
	if (payload->name[0] && payload->kind == QOS_AUDIO)
		qos_call_note_codec(
			cold->call, cold->party, cold->first_ns, cold->origin.ssrc, payload->name);
}

static void note_mos(struct qos_call *call, const struct qos_report *report)
{
	uint32_t mine = qos_worst_pack(report);
	uint32_t worst = atomic_load(&call->worst);

	while (mine && (!worst || mine < worst) &&
		!atomic_compare_exchange_weak(&call->worst, &worst, mine))
		;
}

/* Media is a sign of life of its call: when it was heard, not when it was reported. */
static void note_life(struct qos_call *call, uint64_t last_ns)
{
	uint64_t known = atomic_load_explicit(&call->last_ns, memory_order_relaxed);

	while (known < last_ns && !atomic_compare_exchange_weak_explicit(&call->last_ns, &known,
					  last_ns, memory_order_relaxed, memory_order_relaxed))
		;
}

static void report(struct probe_worker *w, uint32_t stream, enum qos_end end, uint64_t now_ns)
{
	struct qos_stream_hot *hot = qos_table_hot(&w->table, stream);
	struct qos_stream_cold *cold = &w->table.cold[stream];
	bool is_final = end != QOS_END_NONE;
	struct qos_report r;

	qos_report_build(hot, cold, is_final ? QOS_FINAL : QOS_PERIODIC, end, now_ns,
		&w->probe->options->qos, &r);
	qos_delay_describe(&w->probe->options->qos, &cold->cq, &r);
	pkt_count(is_final ? &w->counters.reports_final : &w->counters.reports_periodic, 1);
	if (cold->call) {
		note_codec(cold, &r.payload);
		if (is_final)
			note_mos(cold->call, &r);
		note_life(cold->call, qos_stream_last_ns(hot, cold));
	}
	if (is_final)
		probe_finding_stream_end(w, stream, end, now_ns);
	if (is_final && w->probe->results)
		probe_results_stream(w->probe->results, &r);
	if (w->probe->options->send_reports)
		probe_emit_report(w, &r);
}

/* A stream that has a call now: another call may have it, too, on its way on. */
static void look_for_legs(struct probe_worker *w, uint32_t stream)
{
	const struct qos_stream_hot *hot = qos_table_hot(&w->table, stream);
	const struct qos_stream_cold *cold = &w->table.cold[stream];
	struct qos_leg_media media = {
		.flow = &cold->origin.flow,
		.ssrc = cold->origin.ssrc,
		.rtp_ts = hot->last_ts,
		.seq = (uint16_t)hot->ext_seq,
		.ns = hot->last_ns,
	};

	if (cold->call && w->probe->legs)
		pkt_count(&w->counters.legs_joined,
			qos_legs_offer(w->probe->legs, cold->call, &media));
}

bool probe_media_is_known(const struct probe_worker *w, const struct pkt_view *view)
{
	struct pkt_media_key key;
	struct rtp_hdr hdr;

	if (view->flow.proto != PKT_UDP ||
		rtp_hdr_parse(view->payload, view->payload_wire, &hdr) != RTP_OK)
		return false;
	key = pkt_media_key(&view->flow, hdr.ssrc, &w->probe->seed);
	return qos_table_find_slot(&w->table, &key) != QOS_NONE;
}

/* Looks for the call of a stream that began without one; then what its payload type means is known
 * too. True: it has one now. */
static bool attach(struct probe_worker *w, uint32_t stream, uint64_t now_ns)
{
	struct qos_stream_cold *cold = &w->table.cold[stream];
	struct qos_payload payload;
	uint8_t party = 0;
	const struct qos_media *media =
		probe_media_find(w, &cold->origin.flow, false, now_ns, &party);

	if (!media)
		return false;
	qos_table_attach(&w->table, stream, media->call, party);
	if (!cold->call)
		return false;
	pkt_count(&w->counters.media_attached, 1);
	probe_media_payload(w, cold, qos_table_hot(&w->table, stream)->pt, &payload);
	qos_stream_set_payload(&w->table.env, qos_table_hot(&w->table, stream), cold, &payload);
	probe_finding_begin(w, stream);
	return true;
}

static bool is_announced_by(
	const struct probe_worker *w, const struct qos_call *call, struct qos_media_key key)
{
	const struct qos_media *media = qos_media_find(w->probe->medias, &key);

	return media && media->call == call;
}

/* A gateway gives the next call the ports and the SSRC of the last one, a transfer a call the media
 * of another: of one that is over, or whose BYE was not seen; then both ends say so. Two calls that
 * were there before the stream are legs, and it stays with its own. */
static bool is_of_next_call(const struct probe_worker *w, uint32_t stream, uint64_t now_ns)
{
	const struct qos_stream_cold *cold = &w->table.cold[stream];
	const struct qos_call *call = cold->call;
	const struct pkt_flow *flow = &cold->origin.flow;
	const struct qos_media *media;
	uint8_t party;

	if (!call || (qos_call_lasts(call) &&
			     !atomic_load_explicit(&call->is_displaced, memory_order_relaxed)))
		return false;
	media = probe_media_find(w, flow, false, now_ns, &party);
	if (!media || media->call->start_ns <= cold->first_ns)
		return false;
	return !is_announced_by(w, call, qos_media_key_of_src(flow)) &&
	       !is_announced_by(w, call, qos_media_key_of_dst(flow));
}

static enum qos_end has_ended(const struct probe_worker *w, uint32_t stream, uint64_t now_ns)
{
	const struct qos_options *o = &w->probe->options->qos;
	const struct qos_stream_cold *cold = &w->table.cold[stream];
	uint64_t last = qos_stream_last_ns(qos_table_hot(&w->table, stream), cold);

	if (is_of_next_call(w, stream, now_ns))
		return QOS_END_BYE;
	/* What goes on after the BYE is still the stream, and worth knowing. */
	if (cold->call && now_ns >= last + o->bye_linger_ns) {
		uint64_t end = atomic_load_explicit(&cold->call->end_ns, memory_order_acquire);

		if (end && now_ns >= end + o->bye_linger_ns)
			return QOS_END_BYE;
	}
	if (cold->close_ns && now_ns >= cold->close_ns && now_ns >= last + o->bye_linger_ns)
		return QOS_END_RTCP_BYE;
	if (now_ns >= last + o->stream_timeout_ns)
		return QOS_END_TIMEOUT;
	return QOS_END_NONE;
}

/* A stream that became suspect does not wait as long as it was to when it was good. */
static bool is_report_due(const struct probe_worker *w, const struct qos_stream_hot *hot,
	const struct qos_stream_cold *cold, uint64_t now_ns)
{
	const struct qos_options *o = &w->probe->options->qos;
	uint64_t interval = cold->report_interval_ns;
	uint64_t due = cold->next_report_ns;

	if (interval > o->report_interval_min_ns && qos_interval_is_suspect(o, hot, cold, false))
		due -= interval - o->report_interval_min_ns;
	/* Capture time may step back. */
	return now_ns >= due || due - now_ns > qos_interval_longest(o);
}

static void look_for_report(struct probe_worker *w, uint32_t stream, uint64_t now_ns)
{
	const struct qos_options *o = &w->probe->options->qos;
	struct qos_stream_hot *hot = qos_table_hot(&w->table, stream);
	struct qos_stream_cold *cold = &w->table.cold[stream];
	bool is_suspect;

	if (!o->report_interval_ns || !is_report_due(w, hot, cold, now_ns))
		return;
	is_suspect = qos_interval_is_suspect(o, hot, cold, false);
	/* On hold nothing is heard and nothing is reported. */
	if (qos_stream_packets(hot, cold) > cold->interval_packets) {
		if (qos_budget_take(&w->report_budget, o->reports_per_second, now_ns))
			report(w, stream, QOS_END_NONE, now_ns);
		else
			pkt_count(&w->counters.reports_limited, 1);
	}
	is_suspect = is_suspect || qos_interval_is_suspect(o, hot, cold, true);
	cold->report_interval_ns = qos_interval_next(o, cold->report_interval_ns, is_suspect);
	cold->next_report_ns = now_ns + cold->report_interval_ns;
}

static void visit(struct probe_worker *w, uint32_t stream, uint64_t now_ns)
{
	struct qos_stream_cold *cold = &w->table.cold[stream];
	enum qos_end end;

	if (!cold->call && now_ns < cold->attach_until_ns && attach(w, stream, now_ns))
		look_for_legs(w, stream);
	probe_media_follow(w, stream);
	probe_finding_visit(w, stream, now_ns);
	qos_stream_want_head(&w->table.env, qos_table_hot(&w->table, stream), cold, now_ns);
	qos_stream_look(&w->table.env, qos_table_hot(&w->table, stream), cold);
	end = has_ended(w, stream, now_ns);
	if (end != QOS_END_NONE) {
		report(w, stream, end, now_ns);
		if (end != QOS_END_TIMEOUT)
			qos_probation_remember(&w->probation,
				&qos_table_hot(&w->table, stream)->key, &cold->origin, now_ns);
		qos_table_close(&w->table, stream);
		return;
	}
	look_for_report(w, stream, now_ns);
}

static void prefetch_cold(const struct qos_stream_cold *cold)
{
	__builtin_prefetch(&cold->call);
	__builtin_prefetch(&cold->packets);
	__builtin_prefetch(&cold->drops_seen);
	__builtin_prefetch(&cold->look);
}

/* What those lines tell where it is. */
static void prefetch_rest(const struct qos_table *t, uint32_t stream)
{
	const struct qos_look *look = &t->cold[stream].look;
	const struct qos_call *call = t->cold[stream].call;

	if (call) {
		__builtin_prefetch(call);
		__builtin_prefetch(&call->talk, 1);
	}
	__builtin_prefetch(qos_table_hot(t, stream));
	__builtin_prefetch(&look->sample[look->count % QOS_LOOK_BLOCK], 1);
}

void probe_media_tick(struct probe_worker *w, uint64_t now_ns)
{
	unsigned phase = qos_wheel_phase(now_ns);
	const uint32_t *stream = w->table.wheel.slot[phase];

	/* Downwards, so that a stream that closes only moves one already looked at. */
	for (uint32_t i = w->table.wheel.count[phase]; i-- > 0;) {
		if (i >= COLD_AHEAD)
			prefetch_cold(&w->table.cold[stream[i - COLD_AHEAD]]);
		if (i >= REST_AHEAD)
			prefetch_rest(&w->table, stream[i - REST_AHEAD]);
		visit(w, stream[i], now_ns);
	}
}

/* Why a stream ends that is open when the capture ends: it may have been about to. */
static enum qos_end end_at_drain(const struct qos_stream_cold *cold)
{
	if (cold->call && atomic_load_explicit(&cold->call->end_ns, memory_order_acquire))
		return QOS_END_BYE;
	return cold->close_ns ? QOS_END_RTCP_BYE : QOS_END_CAPTURE;
}

void probe_media_drain(struct probe_worker *w, uint64_t now_ns)
{
	for (uint32_t i = 0; i < w->table.high; i++) {
		if (!w->table.cold[i].is_open)
			continue;
		if (!w->table.cold[i].call && now_ns < w->table.cold[i].attach_until_ns)
			attach(w, i, now_ns);
		qos_stream_note_drops(
			&w->table.env, qos_table_hot(&w->table, i), &w->table.cold[i]);
		report(w, i, end_at_drain(&w->table.cold[i]), now_ns);
		qos_table_close(&w->table, i);
	}
}

/* A flood of made-up RTP leaves room for what calls announce. */
static bool has_room(const struct probe_worker *w, const struct qos_media *media)
{
	return media || qos_table_count(&w->table) < w->table.max - w->table.max / ANNOUNCED_SHARE;
}

/* QOS_NONE: there is no room. */
static uint32_t open_stream(struct probe_worker *w, const struct qos_candidate *c, uint64_t now_ns)
{
	uint8_t party = 0;
	const struct qos_media *media = probe_media_find(w, &c->origin.flow, false, now_ns, &party);

	if (has_room(w, media))
		return qos_table_open(&w->table, &c->packets[0], &c->origin,
			media ? media->call : NULL, party, c->arrivals[0]);
	pkt_count(&w->table.counters.streams_refused, 1);
	return QOS_NONE;
}

/* A stream that was opened: all packets that waited count. */
static void begin_stream(
	struct probe_worker *w, uint32_t stream, const struct qos_candidate *c, uint64_t now_ns)
{
	struct qos_stream_cold *cold = &w->table.cold[stream];

	cold->attach_until_ns = now_ns + ATTACH_NS;
	cold->report_interval_ns = w->probe->options->qos.report_interval_ns;
	cold->next_report_ns = c->arrivals[0] + cold->report_interval_ns;
	for (uint32_t i = 0; i < c->kept; i++)
		qos_table_update(&w->table, cold->slot, &c->packets[i], c->arrivals[i]);
	qos_stream_note_repeated(cold, c->repeated);
	look_for_legs(w, stream);
	probe_finding_begin(w, stream);
	/* RTCP on these addresses may be believed from now on. */
	qos_probation_hint(&w->probation, &c->origin.flow, now_ns);
}

/* Probation passed. */
static void confirm(struct probe_worker *w, struct qos_candidate *c, uint64_t now_ns)
{
	uint32_t stream = open_stream(w, c, now_ns);

	pkt_count(&w->outcome[stream == QOS_NONE ? PROBE_rtp_table_full : PROBE_rtp], c->pending);
	if (stream != QOS_NONE)
		begin_stream(w, stream, c, now_ns);
	qos_probation_release(&w->probation, c);
}

void probe_media_packet(struct probe_worker *w, const struct pkt_media *m,
	const struct qos_origin *origin, uint64_t now_ns)
{
	uint32_t slot = qos_table_find_slot(&w->table, &m->key);
	struct qos_candidate *confirmed;
	bool is_announced = false;
	uint8_t party;

	if (slot != QOS_NONE) {
		qos_table_update(&w->table, slot, m, now_ns);
		pkt_count(&w->outcome[PROBE_rtp], 1);
		return;
	}
	if (!origin)
		origin = qos_probation_origin(&w->probation, &m->key);
	if (origin)
		is_announced = probe_media_find(w, &origin->flow, false, now_ns, &party) != NULL;
	switch (qos_probation_offer(&w->probation, m, origin, is_announced, now_ns, &confirmed)) {
	case QOS_CONFIRMED:
		confirm(w, confirmed, now_ns);
		break;
	case QOS_UNKNOWN:
		pkt_count(&w->outcome[PROBE_rtp_unconfirmed], 1);
		break;
	case QOS_PENDING:
		break; /* the candidate answers for it */
	}
}
