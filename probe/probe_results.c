/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows of calls and streams up to a bound, sorted at the end. */
#include "probe_results.h"

#include <errno.h>
#include <stdlib.h>

#include "probe.h"
#include "qos_mem.h"

int probe_results_create(const char *json_path, bool has_table, uint32_t max_rows,
	uint32_t final_type, bool can_wait, struct probe_results **results)
{
	struct probe_results *r = calloc(1, sizeof(*r));
	int rc = -ENOMEM;

	if (!r)
		return -ENOMEM;
	pthread_mutex_init(&r->lock, NULL);
	r->max_rows = max_rows;
	r->final_type = final_type;
	r->has_table = has_table;
	r->is_prompt = !can_wait;
	/* Address space for all rows at once: a worker never waits for rows to be moved. */
	r->calls = qos_mem_map(max_rows * sizeof(*r->calls));
	r->streams = qos_mem_map(max_rows * sizeof(*r->streams));
	r->found = qos_mem_map(PROBE_FOUND_MAX * sizeof(*r->found));
	if (r->calls && r->streams && r->found)
		rc = json_path ? probe_lines_init(&r->lines, json_path, can_wait) : 0;
	r->has_json = json_path && !rc;
	if (rc)
		probe_results_destroy(r);
	else
		*results = r;
	return rc;
}

int probe_results_destroy(struct probe_results *r)
{
	int rc = r->has_json ? probe_lines_fini(&r->lines) : 0;

	pthread_mutex_destroy(&r->lock);
	qos_mem_unmap(r->calls, r->max_rows * sizeof(*r->calls));
	qos_mem_unmap(r->streams, r->max_rows * sizeof(*r->streams));
	qos_mem_unmap(r->found, PROBE_FOUND_MAX * sizeof(*r->found));
	free(r);
	return rc;
}

/* Rows that neither a table nor the sorting needs would only take memory. */
static bool has_room(const struct probe_results *r, uint32_t rows)
{
	return (r->has_table || !r->is_prompt) && rows < r->max_rows;
}

/* Of a call or stream that has ended. */
static bool is_line_due(const struct probe_results *r, bool has_row)
{
	return r->has_json && (r->is_prompt || !has_row);
}

static void add_stream(struct probe_results *r, const struct qos_report *report)
{
	char *line = probe_lines_begin(&r->lines);

	probe_lines_end(&r->lines,
		line ? probe_json_stream(report, r->final_type, line, PROBE_LINE_MAX) : 0);
}

static void add_call(struct probe_results *r, const struct probe_call *call)
{
	char *line = probe_lines_begin(&r->lines);

	probe_lines_end(&r->lines, line ? probe_json_call(call, line, PROBE_LINE_MAX) : 0);
}

void probe_results_stream(struct probe_results *r, const struct qos_report *report)
{
	bool has_row;

	pthread_mutex_lock(&r->lock);
	r->streams_seen++;
	has_row = has_room(r, r->stream_count);
	if (has_row)
		r->streams[r->stream_count++] = *report;
	pthread_mutex_unlock(&r->lock);
	if (is_line_due(r, has_row))
		add_stream(r, report);
}

static void describe(struct qos_call *call, uint64_t now_ns, struct probe_call *row)
{
	uint32_t worst = atomic_load(&call->worst);
	struct bytes leg = bytes_head(qos_leg_id(call, now_ns), sizeof(row->leg_id) - 1);

	*row = (struct probe_call){
		.start_ns = call->start_ns,
		.end_ns = atomic_load(&call->end_ns),
		.last_ns = atomic_load(&call->last_ns),
		.streams = atomic_load(&call->streams),
		.worst_mos = qos_worst_mos(worst),
		.worst_scale = qos_worst_scale(worst),
	};
	memcpy(row->call_id, call->call_id, sizeof(row->call_id));
	memcpy(row->leg_id, leg.p, leg.n);
	pthread_spin_lock(&call->lock);
	snprintf(row->codec, sizeof(row->codec), "%s", qos_call_codec(call));
	row->method = call->method;
	snprintf(row->method_name, sizeof(row->method_name), "%s", qos_call_method_name(call));
	row->is_invite_seen = call->is_invite_seen;
	row->is_answer_seen = call->is_answer_seen;
	row->answer_ns = call->answer_ns;
	row->state = call->state;
	row->code = call->code;
	row->messages = call->messages;
	memcpy(row->from, call->from, sizeof(row->from));
	memcpy(row->to, call->to, sizeof(row->to));
	pthread_spin_unlock(&call->lock);
}

void probe_results_call(struct probe_results *r, struct qos_call *call, uint64_t now_ns)
{
	struct probe_call row;
	bool has_row;

	describe(call, now_ns, &row);
	pthread_mutex_lock(&r->lock);
	r->calls_seen++;
	has_row = has_room(r, r->call_count);
	if (has_row)
		r->calls[r->call_count++] = row;
	pthread_mutex_unlock(&r->lock);
	if (is_line_due(r, has_row))
		add_call(r, &row);
}

void probe_results_rtcp(struct probe_results *r, const struct pkt_view *view, uint64_t now_ns,
	struct bytes correlation_id)
{
	char *line;

	if (!r->has_json)
		return;
	line = probe_lines_begin(&r->lines);
	probe_lines_end(&r->lines,
		line ? probe_json_rtcp(view, now_ns, correlation_id, line, PROBE_LINE_MAX) : 0);
}

void probe_results_vq(struct probe_results *r, const struct pkt_view *view, uint64_t now_ns,
	const struct sip_vq *vq)
{
	char *line;

	if (!r->has_json)
		return;
	line = probe_lines_begin(&r->lines);
	probe_lines_end(
		&r->lines, line ? probe_json_vq(view, now_ns, vq, line, PROBE_LINE_MAX) : 0);
}

static void keep_finding(struct probe_results *r, const struct probe_finding *finding)
{
	struct probe_found *found;

	r->findings_seen++;
	if (r->found_count == PROBE_FOUND_MAX)
		return;
	found = &r->found[r->found_count++];
	found->time_ns = finding->time_ns;
	snprintf(found->call_id, sizeof(found->call_id), "%s", finding->correlation_id);
	memcpy(found->text, finding->text, sizeof(found->text));
}

void probe_results_finding(struct probe_results *r, const struct probe_finding *finding)
{
	char *line;

	pthread_mutex_lock(&r->lock);
	keep_finding(r, finding);
	pthread_mutex_unlock(&r->lock);
	if (!r->has_json)
		return;
	line = probe_lines_begin(&r->lines);
	probe_lines_end(&r->lines, line ? probe_json_finding(finding, line, PROBE_LINE_MAX) : 0);
}

static int compare_calls(const void *a, const void *b)
{
	const struct probe_call *x = a;
	const struct probe_call *y = b;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	return strcmp(x->call_id, y->call_id);
}

static int compare_streams(const void *a, const void *b)
{
	const struct qos_report *x = a;
	const struct qos_report *y = b;
	int order;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	order = memcmp(&x->flow.src, &y->flow.src, sizeof(x->flow.src));
	if (!order)
		order = memcmp(&x->flow.dst, &y->flow.dst, sizeof(x->flow.dst));
	if (!order)
		order = (x->flow.sport > y->flow.sport) - (x->flow.sport < y->flow.sport);
	if (!order)
		order = (x->flow.dport > y->flow.dport) - (x->flow.dport < y->flow.dport);
	if (!order)
		order = (x->ssrc > y->ssrc) - (x->ssrc < y->ssrc);
	return order;
}

static int compare_found(const void *a, const void *b)
{
	const struct probe_found *x = a, *y = b;
	int ids = strcmp(x->call_id, y->call_id);

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return ids ? ids : strcmp(x->text, y->text);
}

void probe_results_sort(struct probe_results *r)
{
	if (r->call_count)
		qsort(r->calls, r->call_count, sizeof(*r->calls), compare_calls);
	if (r->stream_count)
		qsort(r->streams, r->stream_count, sizeof(*r->streams), compare_streams);
	if (r->found_count)
		qsort(r->found, r->found_count, sizeof(*r->found), compare_found);
}

void probe_results_json(struct probe_results *r, const struct probe *probe)
{
	char *line;

	for (uint32_t i = 0; i < r->call_count && !r->is_prompt; i++)
		add_call(r, &r->calls[i]);
	for (uint32_t i = 0; i < r->stream_count && !r->is_prompt; i++)
		add_stream(r, &r->streams[i]);
	line = probe_lines_begin(&r->lines);
	probe_lines_end(&r->lines, line ? probe_json_summary(r, probe, line, PROBE_LINE_MAX) : 0);
	probe_lines_write(&r->lines);
}
