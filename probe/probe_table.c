/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables at the end of a run: calls, streams, and what became of every frame. */
#include <math.h>

#include "probe_counters.h"
#include "probe_grid.h"
#include "probe_results.h"
#include "probe_text.h"
#include "probe_totals.h"

enum {
	ROWS_SHOWN = 1000, /* the rest is in --json */
	ID_SHOWN = 64, /* most Call-IDs are a random part of up to 50, and hosts */
};

/* Bytes that could move a terminal's cursor never reach it. Call-IDs and codecs are ASCII; of From
 * and To qos_call_copy_text keeps other characters. */
static void clean(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e)
			*text = '?';
}

static void format_if(char *cell, bool is_known, int decimals, double value)
{
	if (is_known && !isnan(value))
		snprintf(cell, PROBE_CELL_MAX, "%.*f", decimals, value);
	else
		snprintf(cell, PROBE_CELL_MAX, "-");
}

/* Since the answer. Of a call whose answer or end was not seen it is so long at least. */
static void format_duration(char *text, const struct probe_call *call)
{
	uint64_t end_ns = call->end_ns ? call->end_ns : call->last_ns;
	bool is_whole = call->end_ns && call->is_answer_seen;

	if (call->answer_ns && end_ns > call->answer_ns)
		snprintf(text, PROBE_CELL_MAX, "%s%.2f s", is_whole ? "" : ">",
			(double)(end_ns - call->answer_ns) / 1e9);
	else
		snprintf(text, PROBE_CELL_MAX, "-");
}

/* What an ACK or BYE shows of a call is that there was an INVITE. */
static bool is_invite_implied(const struct probe_call *call)
{
	return call->method == SIP_INVITE && !call->is_invite_seen;
}

static bool call_row(const struct probe *probe, uint32_t i, char cells[][PROBE_CELL_MAX])
{
	const struct probe_call *call = &probe->results->calls[i];

	snprintf(cells[0], PROBE_CELL_MAX, "%.120s", call->call_id);
	qos_call_copy_text(cells[1], PROBE_CELL_MAX, bytes_from_str(call->from));
	qos_call_copy_text(cells[2], PROBE_CELL_MAX, bytes_from_str(call->to));
	snprintf(cells[3], PROBE_CELL_MAX, is_invite_implied(call) ? "(%s)" : "%s",
		call->method_name);
	snprintf(cells[4], PROBE_CELL_MAX, "%s", qos_call_state_name(call->state));
	snprintf(cells[5], PROBE_CELL_MAX, call->code ? "%u" : "-", call->code);
	format_duration(cells[6], call);
	snprintf(cells[7], PROBE_CELL_MAX, "%s", call->codec[0] ? call->codec : "-");
	snprintf(cells[8], PROBE_CELL_MAX, "%u", call->streams);
	format_if(cells[9], call->worst_mos > 0, 2, call->worst_mos);
	snprintf(cells[10], PROBE_CELL_MAX, "%s",
		call->worst_mos > 0 ? qos_scale_name(call->worst_scale) : "-");
	clean(cells[0]);
	return true;
}

/* Both ends and the SSRC, in the first three cells. */
static void format_stream(char cells[][PROBE_CELL_MAX], const struct qos_report *s)
{
	probe_text_end(cells[0], s->flow.family, &s->flow.src, s->flow.sport);
	probe_text_end(cells[1], s->flow.family, &s->flow.dst, s->flow.dport);
	snprintf(cells[2], PROBE_CELL_MAX, "0x%08x", s->ssrc);
}

static void format_call_id(char *cell, const struct qos_report *s)
{
	snprintf(cell, PROBE_CELL_MAX, "%.120s", s->has_call ? s->call_id : "-");
	clean(cell);
}

static void format_codec_name(char text[QOS_CODEC_NAME_MAX], const char *name, uint8_t pt)
{
	if (name[0])
		snprintf(text, QOS_CODEC_NAME_MAX, "%s", name);
	else
		snprintf(text, QOS_CODEC_NAME_MAX, "pt %u", pt);
}

/* Of several the first and the last. */
static void format_codec(char *cell, const struct qos_report *s)
{
	bool has_events = s->events && s->payload.kind != QOS_EVENT;
	char first[QOS_CODEC_NAME_MAX] = "", last[QOS_CODEC_NAME_MAX];
	const char *then = s->codec_changes > 1 ? ">..>" : s->codec_changes ? ">" : "";

	if (s->codec_changes)
		format_codec_name(first, s->first_name, s->first_pt);
	format_codec_name(last, s->payload.name, s->payload.pt);
	snprintf(cell, PROBE_CELL_MAX, "%s%s%s%s%s", first, then, last, has_events ? "+dtmf" : "",
		s->payload.is_secure ? "+srtp" : "");
}

static bool stream_row(const struct probe *probe, uint32_t i, char cells[][PROBE_CELL_MAX])
{
	const struct qos_report *s = &probe->results->streams[i];
	double percent = s->expected ? 100.0 * (double)s->lost / (double)s->expected : 0;

	format_stream(cells, s);
	format_codec(cells[3], s);
	snprintf(cells[4], PROBE_CELL_MAX, "%llu", (unsigned long long)s->packets);
	snprintf(cells[5], PROBE_CELL_MAX, "%llu (%.1f%%)", (unsigned long long)s->lost, percent);
	if (s->payload.clock && !s->is_video)
		snprintf(cells[6], PROBE_CELL_MAX, "%llu",
			(unsigned long long)s->discards[probe->options->qos.buffer]);
	else
		snprintf(cells[6], PROBE_CELL_MAX, "-");
	format_if(cells[7], s->payload.clock, 3, s->mean_jitter_ms);
	format_if(cells[8], s->payload.clock, 3, s->max_jitter_ms);
	format_if(cells[9], s->has_score, 1, s->mean_r);
	format_if(cells[10], s->has_score, 2, s->mean_mos);
	snprintf(cells[11], PROBE_CELL_MAX, "%s", s->has_score ? qos_scale_name(s->scale) : "-");
	format_call_id(cells[12], s);
	clean(cells[3]);
	return true;
}

static bool has_rtt(const struct qos_report *s)
{
	return s->has_rtt_a && s->has_rtt_b;
}

/* Its receiver reported, or RTCP went both ways between its ends. */
static bool has_far(const struct qos_report *s)
{
	return s->far_reports > 0 || has_rtt(s);
}

static bool far_row(const struct probe *probe, uint32_t i, char cells[][PROBE_CELL_MAX])
{
	const struct qos_report *s = &probe->results->streams[i];
	bool is_told = s->far_reports > 0;

	if (!has_far(s))
		return false;
	format_stream(cells, s);
	snprintf(cells[3], PROBE_CELL_MAX, "%u", s->far_reports);
	format_if(cells[4], is_told, 0, s->far_lost);
	format_if(cells[5], is_told, 1, s->far_max_loss_pct);
	format_if(cells[6], is_told, 3, s->far_jitter_ms);
	format_if(cells[7], is_told, 3, s->far_max_jitter_ms);
	format_if(cells[8], has_rtt(s), 1, s->rtt_a_ms + s->rtt_b_ms);
	format_if(cells[9], qos_report_has_cq(s), 2, s->mean_mos_cq);
	format_call_id(cells[10], s);
	return true;
}

static bool found_row(const struct probe *probe, uint32_t i, char cells[][PROBE_CELL_MAX])
{
	const struct probe_found *found = &probe->results->found[i];

	snprintf(cells[0], PROBE_CELL_MAX, "%.120s", found->call_id[0] ? found->call_id : "-");
	snprintf(cells[1], PROBE_CELL_MAX, "%s", found->text);
	clean(cells[0]);
	clean(cells[1]);
	return true;
}

static void print_more(uint64_t have, FILE *out)
{
	if (have > ROWS_SHOWN)
		fprintf(out, "and %llu more (--json has them all)\n",
			(unsigned long long)have - ROWS_SHOWN);
}

static uint32_t shown(uint32_t rows)
{
	return rows < ROWS_SHOWN ? rows : ROWS_SHOWN;
}

static void explain_calls(const struct probe_results *r, uint32_t rows, FILE *out)
{
	uint32_t i = 0;

	while (i < rows && !is_invite_implied(&r->calls[i]))
		i++;
	if (i < rows)
		fprintf(out,
			"(INVITE): not seen, the call may be older than the capture; from: who was seen first; >: at least\n");
}

static void print_calls(const struct probe_results *r, const struct probe *probe, FILE *out)
{
	struct probe_grid calls = {
		.columns = 11,
		.heads = {"Call-ID", "from", "to", "method", "state", "code", "duration", "codec",
			"streams", "worst MOS", "scale"},
		.is_right = {[5] = true, [6] = true, [8] = true, [9] = true},
		.limit = {[0] = ID_SHOWN, [1] = 20, [2] = 20},
	};
	uint32_t rows = shown(r->call_count);

	fprintf(out, "\n%llu call%s:\n", (unsigned long long)r->calls_seen,
		probe_plural(r->calls_seen));
	probe_grid_print(&calls, probe, rows, call_row, out);
	print_more(r->calls_seen, out);
	explain_calls(r, rows, out);
}

static void explain_streams(enum qos_buffer_kind buffer, FILE *out)
{
	static const char *const names[QOS_BUFFERS] = {
		[QOS_BUFFER_SMALL] = "small",
		[QOS_BUFFER_LARGE] = "large",
		[QOS_BUFFER_ADAPTIVE] = "adaptive",
	};

	fprintf(out,
		"R and MOS: means over reporting intervals; discard: what comes too late or early for the %s jitter buffer\n",
		names[buffer]);
}

static void print_streams(const struct probe_results *r, const struct probe *probe, FILE *out)
{
	struct probe_grid streams = {
		.columns = 13,
		.heads = {"source", "destination", "SSRC", "codec", "packets", "lost", "discard",
			"jitter ms", "max", "R", "MOS", "scale", "Call-ID"},
		.is_right = {[4] = true,
			[5] = true,
			[6] = true,
			[7] = true,
			[8] = true,
			[9] = true,
			[10] = true},
		.limit = {[12] = ID_SHOWN},
	};

	fprintf(out,
		"\n%llu stream%s (jitter: mean of RFC 3550; R and MOS: ITU-T G.107 (NB), G.107.1 (WB), G.107.2 (FB)):\n",
		(unsigned long long)r->streams_seen, probe_plural(r->streams_seen));
	probe_grid_print(&streams, probe, shown(r->stream_count), stream_row, out);
	print_more(r->streams_seen, out);
	if (r->streams_seen)
		explain_streams(probe->options->qos.buffer, out);
}

/* What RTCP tells of the streams above, if anything. */
static void print_far(const struct probe *probe, uint32_t rows, FILE *out)
{
	struct probe_grid far = {
		.columns = 11,
		.heads = {"source", "destination", "SSRC", "reports", "lost", "most %", "jitter ms",
			"max", "RTT ms", "MOS-CQ", "Call-ID"},
		.is_right = {[3] = true,
			[4] = true,
			[5] = true,
			[6] = true,
			[7] = true,
			[8] = true,
			[9] = true},
		.limit = {[10] = ID_SHOWN},
	};
	uint32_t first = 0;

	while (first < rows && !has_far(&probe->results->streams[first]))
		first++;
	if (first == rows)
		return;
	fprintf(out,
		"\nthe same streams as receivers see them (RTCP; most %%: between two reports; jitter: last report; RTT: end to end; MOS-CQ: with the delay):\n");
	probe_grid_print(&far, probe, rows, far_row, out);
}

/* What is wrong with calls, if anything is. */
static void print_findings(const struct probe_results *r, const struct probe *probe, FILE *out)
{
	struct probe_grid findings = {
		.columns = 2,
		.heads = {"Call-ID", "finding"},
		.limit = {[0] = ID_SHOWN},
	};

	if (!r->found_count)
		return;
	fprintf(out, "\n%llu finding%s:\n", (unsigned long long)r->findings_seen,
		probe_plural(r->findings_seen));
	probe_grid_print(&findings, probe, r->found_count, found_row, out);
	print_more(r->findings_seen, out);
}

/* Those counters, up to a NULL, that are not 0. */
static void print_counters(
	const struct probe *probe, const char *heading, const char *const *names, FILE *out)
{
	struct probe_total totals[PROBE_TOTALS_MAX];
	unsigned n = probe_totals_counters(probe, totals);
	bool is_first = true;

	for (unsigned i = 0; i < n; i++) {
		for (unsigned k = 0; names[k]; k++) {
			if (!totals[i].value || strcmp(totals[i].name, names[k]) != 0)
				continue;
			if (is_first)
				fprintf(out, "\n%s:\n", heading);
			is_first = false;
			fprintf(out, "%12llu  %-18s %s\n", (unsigned long long)totals[i].value,
				totals[i].name, totals[i].help);
		}
	}
}

/* What the tables above lack, because the capture or a limit was too small. */
static void print_lacks(const struct probe *probe, FILE *out)
{
	static const char *const cut[] = {"sip_cut", NULL};
	static const char *const limits[] = {"calls_evicted", "calls_refused", "media_refused",
		"streams_refused", "reports_limited", NULL};

	print_counters(probe, "not seen whole", cut, out);
	print_counters(probe, "limits reached", limits, out);
}

static void print_outcomes(const struct probe *probe, FILE *out)
{
	struct probe_total totals[PROBE_TOTALS_MAX];
	unsigned n = probe_totals_outcomes(probe, totals);
	uint64_t frames = probe_totals_frames(probe);

	fprintf(out, "\n%llu frame%s:\n", (unsigned long long)frames, probe_plural(frames));
	for (unsigned i = 0; i < n; i++)
		if (totals[i].value)
			fprintf(out, "%12llu  %-18s %s\n", (unsigned long long)totals[i].value,
				totals[i].name, totals[i].help);
}

/* Frames that never became any of these. */
static void print_ports(const struct probe *probe, FILE *out)
{
	for (unsigned i = 0; i < probe->port_count; i++) {
		struct dp_port_stats stats;

		dp_port_stats(probe->ports[i], &stats);
		if (stats.missed || stats.no_mbuf || stats.errors)
			fprintf(out,
				"port \"%s\" never delivered %llu missed, %llu without a buffer, %llu with errors\n",
				dp_port_name(probe->ports[i]), (unsigned long long)stats.missed,
				(unsigned long long)stats.no_mbuf,
				(unsigned long long)stats.errors);
	}
}

static void print_hep(const struct probe *probe, FILE *out)
{
	struct probe_hep_totals hep;

	if (!probe->sender)
		return;
	probe_totals_hep(probe, &hep);
	fprintf(out, "\nHEP: %llu made, %llu sent", (unsigned long long)hep.made,
		(unsigned long long)hep.sent);
	for (unsigned i = 0; i < hep.reason_count; i++)
		if (hep.dropped[i])
			fprintf(out, ", %llu dropped (%s)", (unsigned long long)hep.dropped[i],
				hep.helps[i]);
	if (hep.unreachable)
		fprintf(out, "; nobody listens there: %llu answer%s \"port unreachable\"",
			(unsigned long long)hep.unreachable, probe_plural(hep.unreachable));
	fputc('\n', out);
}

void probe_table_print(const struct probe_results *r, const struct probe *probe, FILE *out)
{
	print_calls(r, probe, out);
	print_streams(r, probe, out);
	print_far(probe, shown(r->stream_count), out);
	print_findings(r, probe, out);
	print_outcomes(probe, out);
	print_ports(probe, out);
	print_lacks(probe, out);
	print_hep(probe, out);
}
