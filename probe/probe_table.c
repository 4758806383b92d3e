/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables at the end of a run: calls, streams, and what became of every frame. */
#include <arpa/inet.h>

#include "probe_counters.h"
#include "probe_results.h"
#include "probe_totals.h"
#include "utf8.h"

enum {
	CELL_MAX = 256,
	COLUMNS_MAX = 13,
	ROWS_SHOWN = 1000, /* the rest is in --json */
};

struct table {
	unsigned columns;
	const char *heads[COLUMNS_MAX];
	bool is_right[COLUMNS_MAX]; /* numbers */
	unsigned width[COLUMNS_MAX];
	unsigned limit[COLUMNS_MAX]; /* widest a column may become, 0: no limit */
};

/* Bytes that could move a terminal's cursor never reach it. Call-IDs and codecs are ASCII; of From and To
 * qos_call_copy_text keeps other characters. */
static void clean(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e)
			*text = '?';
}

typedef void (*row_fn)(const struct probe *probe, uint32_t i, char cells[][CELL_MAX]);

static void measure(struct table *t, char cells[][CELL_MAX])
{
	for (unsigned c = 0; c < t->columns; c++) {
		unsigned n = (unsigned)strlen(cells[c]);

		if (t->limit[c] && n > t->limit[c])
			n = t->limit[c];
		if (n > t->width[c])
			t->width[c] = n;
	}
}

static void print_cells(const struct table *t, char cells[][CELL_MAX], FILE *out)
{
	for (unsigned c = 0; c < t->columns; c++) {
		const char *gap = c + 1 < t->columns ? "  " : "\n";
		int width = (int)t->width[c];
		struct bytes text = bytes_from_str(cells[c]);

		if (t->limit[c] && text.n > t->limit[c])
			memcpy(cells[c] + utf8_cut(text, t->limit[c] - 2), "..", 3);
		if (t->is_right[c])
			fprintf(out, "%*s%s", width, cells[c], gap);
		else if (c + 1 == t->columns)
			fprintf(out, "%s%s", cells[c], gap);
		else
			fprintf(out, "%-*s%s", width, cells[c], gap);
	}
}

static void print_rows(
	struct table *t, const struct probe *probe, uint32_t rows, row_fn row, FILE *out)
{
	char cells[COLUMNS_MAX][CELL_MAX];

	for (unsigned c = 0; c < t->columns; c++)
		snprintf(cells[c], CELL_MAX, "%s", t->heads[c]);
	measure(t, cells);
	for (uint32_t i = 0; i < rows; i++) {
		row(probe, i, cells);
		measure(t, cells);
	}
	for (unsigned c = 0; c < t->columns; c++)
		snprintf(cells[c], CELL_MAX, "%s", t->heads[c]);
	print_cells(t, cells, out);
	for (uint32_t i = 0; i < rows; i++) {
		row(probe, i, cells);
		print_cells(t, cells, out);
	}
}

/* Since the answer. Of a call whose end was not seen it is so long at least. */
static void format_duration(char *text, const struct probe_call *call)
{
	uint64_t end_ns = call->end_ns ? call->end_ns : call->last_ns;

	if (call->answer_ns && end_ns > call->answer_ns)
		snprintf(text, CELL_MAX, "%s%.2f s", call->end_ns ? "" : ">",
			(double)(end_ns - call->answer_ns) / 1e9);
	else
		snprintf(text, CELL_MAX, "-");
}

static void call_row(const struct probe *probe, uint32_t i, char cells[][CELL_MAX])
{
	const struct probe_call *call = &probe->results->calls[i];

	snprintf(cells[0], CELL_MAX, "%.120s", call->call_id);
	qos_call_copy_text(cells[1], CELL_MAX, bytes_from_str(call->from));
	qos_call_copy_text(cells[2], CELL_MAX, bytes_from_str(call->to));
	snprintf(cells[3], CELL_MAX, "%s", sip_method_name(call->method));
	snprintf(cells[4], CELL_MAX, "%s", qos_call_state_name(call->state));
	snprintf(cells[5], CELL_MAX, call->code ? "%u" : "-", call->code);
	format_duration(cells[6], call);
	snprintf(cells[7], CELL_MAX, "%s", call->codec[0] ? call->codec : "-");
	snprintf(cells[8], CELL_MAX, "%u", call->streams);
	if (call->worst_mos > 0) {
		snprintf(cells[9], CELL_MAX, "%.2f", call->worst_mos);
		snprintf(cells[10], CELL_MAX, "%s", qos_scale_name(call->worst_scale));
	} else {
		snprintf(cells[9], CELL_MAX, "-");
		snprintf(cells[10], CELL_MAX, "-");
	}
	clean(cells[0]);
}

static void format_end(char *text, uint8_t family, const struct pkt_addr *addr, uint16_t port)
{
	char ip[INET6_ADDRSTRLEN] = "?";

	inet_ntop(family == 4 ? AF_INET : AF_INET6, addr->b, ip, sizeof(ip));
	snprintf(text, CELL_MAX, family == 4 ? "%s:%u" : "[%s]:%u", ip, port);
}

static void stream_row(const struct probe *probe, uint32_t i, char cells[][CELL_MAX])
{
	const struct qos_report *s = &probe->results->streams[i];
	double percent = s->expected ? 100.0 * (double)s->lost / (double)s->expected : 0;

	format_end(cells[0], s->flow.family, &s->flow.src, s->flow.sport);
	format_end(cells[1], s->flow.family, &s->flow.dst, s->flow.dport);
	snprintf(cells[2], CELL_MAX, "0x%08x", s->ssrc);
	if (s->payload.name[0])
		snprintf(cells[3], CELL_MAX, "%s", s->payload.name);
	else
		snprintf(cells[3], CELL_MAX, "pt %u", s->payload.pt);
	snprintf(cells[4], CELL_MAX, "%llu", (unsigned long long)s->packets);
	snprintf(cells[5], CELL_MAX, "%llu (%.1f%%)", (unsigned long long)s->lost, percent);
	if (s->payload.clock && !s->is_video)
		snprintf(cells[6], CELL_MAX, "%llu",
			(unsigned long long)s->discards[probe->options->qos.buffer]);
	else
		snprintf(cells[6], CELL_MAX, "-");
	if (s->payload.clock) {
		snprintf(cells[7], CELL_MAX, "%.3f", s->mean_jitter_ms);
		snprintf(cells[8], CELL_MAX, "%.3f", s->max_jitter_ms);
	} else {
		snprintf(cells[7], CELL_MAX, "-");
		snprintf(cells[8], CELL_MAX, "-");
	}
	if (s->has_score) {
		snprintf(cells[9], CELL_MAX, "%.1f", s->mean_r);
		snprintf(cells[10], CELL_MAX, "%.2f", s->mean_mos);
		snprintf(cells[11], CELL_MAX, "%s", qos_scale_name(s->scale));
	} else {
		snprintf(cells[9], CELL_MAX, "-");
		snprintf(cells[10], CELL_MAX, "-");
		snprintf(cells[11], CELL_MAX, "-");
	}
	snprintf(cells[12], CELL_MAX, "%.120s", s->has_call ? s->call_id : "-");
	clean(cells[3]);
	clean(cells[12]);
}

static void found_row(const struct probe *probe, uint32_t i, char cells[][CELL_MAX])
{
	const struct probe_found *found = &probe->results->found[i];

	snprintf(cells[0], CELL_MAX, "%.120s", found->call_id[0] ? found->call_id : "-");
	snprintf(cells[1], CELL_MAX, "%s", found->text);
	clean(cells[0]);
	clean(cells[1]);
}

static void print_more(uint64_t have, FILE *out)
{
	if (have > ROWS_SHOWN)
		fprintf(out, "and %llu more (--json has them all)\n",
			(unsigned long long)have - ROWS_SHOWN);
}

/* What is wrong with calls, if anything is. */
static void print_findings(const struct probe_results *r, const struct probe *probe, FILE *out)
{
	struct table findings = {
		.columns = 2,
		.heads = {"Call-ID", "finding"},
		.limit = {[0] = 36},
	};

	if (!r->found_count)
		return;
	fprintf(out, "\n%llu findings:\n", (unsigned long long)r->findings_seen);
	print_rows(&findings, probe, r->found_count, found_row, out);
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
	struct probe_hep_totals hep;

	fprintf(out, "\n%llu frames:\n", (unsigned long long)probe_totals_frames(probe));
	for (unsigned i = 0; i < n; i++)
		if (totals[i].value)
			fprintf(out, "%12llu  %-18s %s\n", (unsigned long long)totals[i].value,
				totals[i].name, totals[i].help);
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
	print_lacks(probe, out);
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
		fprintf(out, "; nobody listens there: %llu answers \"port unreachable\"",
			(unsigned long long)hep.unreachable);
	fputc('\n', out);
}

void probe_table_print(const struct probe_results *r, const struct probe *probe, FILE *out)
{
	static const char *const buffer_names[QOS_BUFFERS] = {
		[QOS_BUFFER_SMALL] = "small",
		[QOS_BUFFER_LARGE] = "large",
		[QOS_BUFFER_ADAPTIVE] = "adaptive",
	};
	struct table calls = {
		.columns = 11,
		.heads = {"Call-ID", "from", "to", "method", "state", "code", "duration", "codec",
			"streams", "worst MOS", "scale"},
		.is_right = {[5] = true, [6] = true, [8] = true, [9] = true},
		.limit = {[0] = 36, [1] = 20, [2] = 20},
	};
	struct table streams = {
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
		.limit = {[12] = 36},
	};

	fprintf(out, "\n%llu calls:\n", (unsigned long long)r->calls_seen);
	print_rows(&calls, probe, r->call_count < ROWS_SHOWN ? r->call_count : ROWS_SHOWN, call_row,
		out);
	print_more(r->calls_seen, out);
	fprintf(out,
		"\n%llu streams (jitter: mean of RFC 3550; R and MOS: ITU-T G.107 (NB), G.107.1 (WB), G.107.2 (FB)):\n",
		(unsigned long long)r->streams_seen);
	print_rows(&streams, probe, r->stream_count < ROWS_SHOWN ? r->stream_count : ROWS_SHOWN,
		stream_row, out);
	print_more(r->streams_seen, out);
	if (r->streams_seen)
		fprintf(out,
			"R and MOS: means over reporting intervals; discard: what comes too late or early for the %s jitter buffer\n",
			buffer_names[probe->options->qos.buffer]);
	print_findings(r, probe, out);
	print_outcomes(probe, out);
}
