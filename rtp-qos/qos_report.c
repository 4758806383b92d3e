/* SPDX-License-Identifier: BSD-3-Clause */
/* A stream's state to a report: closes the interval, scores it by the E-model, converts to
 * milliseconds. */
#include "qos_report.h"

#include <math.h>

#include "qos_call_media.h"
#include "qos_emodel.h"
#include "qos_legs.h"
#include "qos_mode.h"
#include "qos_rtpagent.h"
#include "qos_stream.h"

/* 13 bits of MOS x 1000, 2 of the scale, 14 of R x 100. */
enum {
	WORST_SCALE_SHIFT = 13,
	WORST_R_SHIFT = 15,
};

static double ms(double ns)
{
	return ns / 1e6;
}

static double least_ms(const struct qos_extremes *extremes)
{
	return extremes->least <= extremes->most ? ms(extremes->least) : NAN;
}

/* Ie,eff of a share of bad packets that came in so many runs. Equation 7-29 holds for a burst ratio of
 * up to 2, or below 2 % of loss (G.107 section 7.5). */
static double impairment(
	const struct qos_codec *codec, uint64_t bad, uint64_t runs, uint64_t expected)
{
	double ppl = bad < expected ? 100 * (double)bad / (double)expected : 100;
	double ratio = qos_burst_ratio(bad, runs, expected);

	if (ratio > 2 && ppl >= 2)
		ratio = 2;
	return qos_emodel_ie_eff(codec->scale, codec->ie, codec->bpl, ppl, ratio);
}

static double rating(const struct qos_codec *codec, double ie_eff)
{
	return qos_emodel_r(codec->scale, ie_eff, qos_emodel_id(codec->scale, 0));
}

/* Scores what happened since the last report, on the codec's own scale. Minimum and mean begin anew when
 * that is another than before: scores of two scales have no mean. An interval counts by the packets that were to
 * come: of a bad one few did. */
static void score(struct qos_stream_cold *cold, const struct qos_codec *codec, uint64_t expected,
	const struct qos_burst *bad)
{
	uint64_t more_bad = bad->bad > cold->interval_bad ? bad->bad - cold->interval_bad : 0;
	uint64_t more_runs = bad->runs > cold->interval_runs ? bad->runs - cold->interval_runs : 0;

	if (!cold->scored_packets || cold->scale != codec->scale) {
		cold->scale = (uint8_t)codec->scale;
		cold->min_r = cold->min_mos = INFINITY;
		cold->sum_r = cold->sum_mos = 0;
		cold->scored_packets = 0;
	}
	cold->scored = codec;
	cold->basis = (uint8_t)qos_mode_basis(&cold->payload, codec, cold->look.kbps);
	cold->ie_eff = impairment(codec, more_bad, more_runs, expected);
	cold->r = rating(codec, cold->ie_eff);
	cold->mos = qos_emodel_mos(codec->scale, cold->r);
	cold->min_r = fmin(cold->min_r, cold->r);
	cold->min_mos = fmin(cold->min_mos, cold->mos);
	cold->sum_r += cold->r * (double)expected;
	cold->sum_mos += cold->mos * (double)expected;
	cold->scored_packets += expected;
}

static double loss_pct(uint64_t packets, uint64_t expected)
{
	return expected > packets ? 100 * (double)(expected - packets) / (double)expected : 0;
}

/* What RTPAgent would say: of the interval, of the longest delta and the largest jitter as if they had met, of
 * the means. */
static void describe_agent(struct qos_stream_cold *cold, const struct qos_options *options,
	uint64_t packets, uint64_t expected, struct qos_report *report)
{
	struct qos_agent_scores *a = &report->agent;
	double now = loss_pct(packets, expected);
	double all = loss_pct(report->packets, report->expected);

	report->has_agent = options->compat == QOS_COMPAT_RTPAGENT && report->packets > 1;
	if (!report->has_agent)
		return;
	a->r = qos_rtpagent_r(report->delta_ms, report->jitter_ms, now);
	a->min_r = qos_rtpagent_r(report->max_delta_ms, report->max_jitter_ms, all);
	a->min_r = fmin(fmin(a->r, a->min_r), cold->agent_min_r);
	a->mean_r = qos_rtpagent_r(report->delta_ms, report->mean_jitter_ms, all);
	cold->agent_min_r = a->min_r;
	a->mos = qos_rtpagent_mos(a->r);
	a->min_mos = qos_rtpagent_mos(a->min_r);
	a->mean_mos = qos_rtpagent_mos(a->mean_r);
}

static void close_interval(struct qos_stream_hot *hot, struct qos_stream_cold *cold,
	const struct qos_options *options, struct qos_report *report)
{
	const struct qos_codec *codec = cold->payload.codec;
	uint64_t packets = report->packets - cold->interval_packets;
	uint64_t expected = report->expected - cold->interval_expected;
	unsigned undecided = report->type == QOS_FINAL ? 0 : QOS_UNDECIDED;
	struct qos_burst bad;

	qos_stream_bad(hot, cold, options->buffer, undecided, &bad);
	if (codec && codec->basis != QOS_BASIS_NONE && expected && packets) {
		score(cold, qos_codec_received(codec, options->g711_plc), expected, &bad);
		report->scored = expected;
	} else if (packets) {
		cold->r = cold->mos = cold->ie_eff = NAN;
	}
	describe_agent(cold, options, packets, expected, report);
	cold->interval_packets = report->packets;
	cold->interval_expected = report->expected;
	cold->interval_bad = bad.bad;
	cold->interval_runs = bad.runs;
	cold->interval_last_ns = hot->last_ns;
	cold->interval_silent_ns = cold->silent_ns;
	cold->interval_silent_deltas = cold->silent_deltas;
}

/* Bursts and gaps behind the buffer chosen, and what each of the three makes of the stream so far. */
static void describe_bursts(const struct qos_stream_hot *hot, const struct qos_stream_cold *cold,
	const struct qos_options *options, struct qos_report *report)
{
	const struct qos_codec *codec = cold->scored;
	double frame_ms = report->frame_ms;
	struct qos_burst_figures figures;
	struct qos_burst bad;

	for (unsigned i = 0; i < QOS_BUFFERS; i++) {
		qos_stream_bad(hot, cold, i, 0, &bad);
		report->discards[i] = cold->buffers[i].discards;
		if (report->has_score)
			report->buffer_mos[i] = qos_emodel_mos(codec->scale,
				rating(codec,
					impairment(codec, bad.bad, bad.runs, report->expected)));
	}
	qos_stream_bad(hot, cold, options->buffer, 0, &bad);
	qos_burst_measure(&bad, report->expected, &figures);
	report->burst_ratio = qos_burst_ratio(bad.bad, bad.runs, report->expected);
	report->bursts = figures.bursts;
	report->burst_density = figures.burst_density;
	report->gap_density = figures.gap_density;
	report->burst_ms = figures.bursts ? figures.burst_packets * frame_ms : 0;
	report->gap_ms = figures.gap_packets * frame_ms;
}

/* What the looks found; NaN where there is nothing to say. */
static void describe_looks(
	const struct qos_stream_cold *cold, double tick_ms, struct qos_report *report)
{
	struct qos_look look = cold->look;

	report->frame_ms = cold->frame_ticks && tick_ms > 0 ? cold->frame_ticks * tick_ms : NAN;
	report->clock_hz = look.clock_hz;
	qos_look_settle(&look, cold->first_ns);
	report->drift_ppm = qos_drift_ppm(&look.drift);
	report->pdv_p50_ms = ms(qos_pdv_quantile(&look.pdv, 0.5, 2));
	report->pdv_p95_ms = ms(qos_pdv_quantile(&look.pdv, 0.95, 20));
	report->pdv_p99_ms = ms(qos_pdv_quantile(&look.pdv, 0.99, 100));
}

/* Mean inter-arrival time: of the interval in a PERIODIC report, of the whole stream in a FINAL. */
static double mean_delta_ms(const struct qos_stream_hot *hot, const struct qos_stream_cold *cold,
	const struct qos_report *report)
{
	bool is_final = report->type == QOS_FINAL;
	uint64_t packets = report->packets - (is_final ? 0 : cold->interval_packets);
	uint64_t silent = cold->silent_deltas - (is_final ? 0 : cold->interval_silent_deltas);
	uint64_t silent_ns = cold->silent_ns - (is_final ? 0 : cold->interval_silent_ns);
	uint64_t span = hot->last_ns - (is_final ? cold->first_ns : cold->interval_last_ns);
	/* Both wrap when capture time was set back; the difference does not. */
	int64_t heard_ns = (int64_t)(span - silent_ns);

	return packets > silent && heard_ns > 0 ? ms((double)heard_ns / (double)(packets - silent))
						: 0;
}

uint32_t qos_worst_pack(const struct qos_report *report)
{
	if (!report->has_score)
		return 0;
	return (uint32_t)(report->mean_r * 100) << WORST_R_SHIFT |
	       (uint32_t)report->scale << WORST_SCALE_SHIFT | (uint32_t)(report->mean_mos * 1000);
}

enum qos_scale qos_worst_scale(uint32_t worst)
{
	return worst >> WORST_SCALE_SHIFT & 3;
}

double qos_worst_mos(uint32_t worst)
{
	return (worst & ((1u << WORST_SCALE_SHIFT) - 1)) / 1000.0;
}

static char *put_hex(char *p, const uint8_t *octets, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*p++ = digits[octets[i] >> 4];
		*p++ = digits[octets[i] & 15];
	}
	return p;
}

static char *put_port(char *p, uint16_t port)
{
	unsigned n = 1 + (port >= 10) + (port >= 100) + (port >= 1000) + (port >= 10000);

	*p = '-';
	for (unsigned at = n; at; at--, port /= 10)
		p[at] = (char)('0' + port % 10);
	return p + 1 + n;
}

void qos_correlation_id(const struct pkt_flow *flow, char *id, size_t size)
{
	static const char begin[] = {'r', 't', 'p', '-'};
	size_t n = pkt_addr_len(flow->family), used;
	int order = memcmp(flow->src.b, flow->dst.b, n);
	bool is_src_first = order < 0 || (order == 0 && flow->sport <= flow->dport);
	char text[4 + 2 * (32 + 1 + 5 + 1) + 8];
	char *p = text + sizeof(begin);

	memcpy(text, begin, sizeof(begin));
	p = put_hex(p, is_src_first ? flow->src.b : flow->dst.b, n);
	p = put_port(p, is_src_first ? flow->sport : flow->dport);
	*p++ = '-';
	p = put_hex(p, is_src_first ? flow->dst.b : flow->src.b, n);
	p = put_port(p, is_src_first ? flow->dport : flow->sport);
	if (flow->tenant) {
		const uint32_t tenant = flow->tenant;

		*p++ = '-';
		p = put_hex(p,
			(const uint8_t[]){(uint8_t)(tenant >> 24), (uint8_t)(tenant >> 16),
				(uint8_t)(tenant >> 8), (uint8_t)tenant},
			sizeof(tenant));
	}
	if (!size)
		return;
	used = (size_t)(p - text) < size ? (size_t)(p - text) : size - 1;
	memcpy(id, text, used);
	id[used] = '\0';
}

/* Between the first and the last frame. */
static double frames_per_s(const struct qos_stream_cold *cold)
{
	int64_t ns = (int64_t)(cold->frame_ns - cold->first_frame_ns);

	if (cold->payload.kind != QOS_VIDEO || cold->frames < 2 || ns <= 0)
		return NAN;
	return (double)(cold->frames - 1) * 1e9 / (double)ns;
}

/* The report is zero, and so is what follows the id. */
static void describe_leg(struct qos_call *call, uint64_t now_ns, struct qos_report *report)
{
	struct bytes id = bytes_head(qos_leg_id(call, now_ns), sizeof(report->leg_id) - 1);

	memcpy(report->leg_id, id.p, id.n);
}

static void describe(const struct qos_stream_hot *hot, const struct qos_stream_cold *cold,
	struct qos_report *report)
{
	const struct qos_origin *o = &cold->origin;

	report->start_ns = cold->first_ns;
	report->last_ns = qos_stream_last_ns(hot, cold);
	report->flow = o->flow;
	report->ssrc = o->ssrc;
	report->vlan = o->vlan;
	report->tos = o->tos;
	report->ttl = o->ttl;
	report->has_mac = o->has_mac;
	memcpy(report->src_mac, o->src_mac, sizeof(report->src_mac));
	memcpy(report->dst_mac, o->dst_mac, sizeof(report->dst_mac));
	report->payload = cold->payload;
	report->codec_changes = cold->codec_changes;
	report->first_pt = cold->first_pt;
	memcpy(report->first_name, cold->first_name, sizeof(report->first_name));
	report->is_video = cold->payload.kind == QOS_VIDEO || cold->payload.is_of_video;
	report->frames_per_s = frames_per_s(cold);
	report->party = cold->party;
	report->dir = cold->party;
	report->has_call = cold->call != NULL;
	if (cold->call) {
		report->is_one_way = qos_call_media_has(cold->call, QOS_finding_one_way_audio);
		memcpy(report->call_id, cold->call->call_id, sizeof(report->call_id));
		memcpy(report->correlation_id, cold->call->call_id, sizeof(report->correlation_id));
		describe_leg(cold->call, report->report_ns, report);
	} else {
		qos_correlation_id(
			&o->flow, report->correlation_id, sizeof(report->correlation_id));
	}
}

/* A value less than 2 microseconds beyond an extreme may not have moved it (QOS_RANGE_SHIFT). */
static void describe_mean_jitter(double mean_ms, struct qos_report *report)
{
	report->mean_jitter_ms = mean_ms;
	report->min_jitter_ms = fmin(report->min_jitter_ms, fmin(mean_ms, report->jitter_ms));
	report->max_jitter_ms = fmax(report->max_jitter_ms, fmax(mean_ms, report->jitter_ms));
}

void qos_report_build(struct qos_stream_hot *hot, struct qos_stream_cold *cold,
	enum qos_report_type type, enum qos_end end, uint64_t now_ns,
	const struct qos_options *options, struct qos_report *report)
{
	uint32_t hz = qos_stream_hz(cold);
	uint64_t samples;

	qos_stream_fold(hot, cold);
	*report = (struct qos_report){.type = type, .end = end, .report_ns = now_ns};
	describe(hot, cold, report);

	report->packets = cold->packets;
	report->expected = qos_stream_expected(hot, cold);
	report->lost = report->expected - report->packets;
	report->bytes = cold->bytes;
	report->duplicates = cold->duplicates;
	report->reordered = cold->reordered;
	report->reorder_extent = cold->reorder_extent;
	report->sequence_errors = cold->sequence_errors;
	report->ts_jumps = cold->ts_jumps;
	report->ts_still = cold->ts_still;
	report->events = cold->events;
	report->own_drops = cold->own_drops;
	report->restarts = cold->restarts;
	report->ssrc_changes = cold->ssrc_changes;

	samples = cold->packets - cold->jitter_skipped;
	report->jitter_ms = ms(hot->jitter_ns);
	report->min_jitter_ms = least_ms(&cold->jitter);
	report->max_jitter_ms = ms(cold->jitter.most);
	if (samples)
		describe_mean_jitter(
			ms((double)cold->jitter_sum_64ns * 64 / (double)samples), report);
	report->skew_ms = ms((double)qos_stream_skew_ns(hot, cold));
	report->max_skew_ms = ms((double)qos_stream_skew_max_ns(hot, cold));
	report->min_delta_ms = least_ms(&cold->delta);
	report->max_delta_ms = ms(cold->delta.most);

	qos_rtcp_describe(&cold->rtcp, cold->payload.clock, report);
	report->delta_ms = mean_delta_ms(hot, cold, report);
	close_interval(hot, cold, options, report);
	report->has_score = cold->scored_packets > 0;
	if (report->has_score) {
		report->scale = cold->scale;
		report->basis = cold->basis;
		report->ie = cold->scored->ie;
		report->bpl = cold->scored->bpl;
		report->ie_eff = cold->ie_eff;
		report->r = cold->r;
		report->min_r = cold->min_r;
		report->mean_r = cold->sum_r / (double)cold->scored_packets;
		report->mos = cold->mos;
		report->min_mos = cold->min_mos;
		report->mean_mos = cold->sum_mos / (double)cold->scored_packets;
	}
	describe_looks(cold, hz ? 1000.0 / hz : 0, report);
	describe_bursts(hot, cold, options, report);
}
