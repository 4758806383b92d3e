/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows of calls and streams, grown as needed up to a bound, sorted at the end. */
#include "probe_results.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "probe.h"

int probe_results_create(const char *json_path, uint32_t max_rows, uint32_t final_type,
	struct probe_results **results)
{
	struct probe_results *r = calloc(1, sizeof(*r));
	pthread_mutex_t *lock = malloc(sizeof(*lock));

	if (!r || !lock) {
		free(r);
		free(lock);
		return -ENOMEM;
	}
	pthread_mutex_init(lock, NULL);
	r->lock = lock;
	r->max_rows = max_rows;
	r->final_type = final_type;
	if (json_path) {
		r->json = strcmp(json_path, "-") == 0 ? stdout : fopen(json_path, "w");
		if (!r->json) {
			int rc = -errno;

			probe_results_destroy(r);
			return rc;
		}
	}
	*results = r;
	return 0;
}

int probe_results_destroy(struct probe_results *r)
{
	int rc = 0;

	if (r->json) {
		if (fflush(r->json) != 0 || ferror(r->json))
			rc = -EIO;
		if (r->json != stdout && fclose(r->json) != 0)
			rc = -EIO;
	}
	pthread_mutex_destroy(r->lock);
	free(r->lock);
	free(r->calls);
	free(r->streams);
	free(r);
	return rc;
}

/* Room for one more row, or NULL at the bound. */
static void *grow(struct probe_results *r, void *rows, uint32_t count, uint32_t *room, size_t size)
{
	uint32_t wanted = *room ? *room * 2 : 64;
	void *more;

	if (count < *room)
		return rows;
	if (count >= r->max_rows)
		return NULL;
	if (wanted > r->max_rows)
		wanted = r->max_rows;
	more = realloc(rows, wanted * size);
	if (more)
		*room = wanted;
	return more;
}

void probe_results_stream(struct probe_results *r, const struct qos_report *report)
{
	struct qos_report *rows;

	pthread_mutex_lock(r->lock);
	rows = grow(r, r->streams, r->stream_count, &r->stream_room, sizeof(*rows));
	if (rows) {
		r->streams = rows;
		r->streams[r->stream_count++] = *report;
	} else {
		r->rows_refused++;
		if (r->json)
			probe_json_stream(r->json, report, r->final_type);
	}
	pthread_mutex_unlock(r->lock);
}

static void describe(struct qos_call *call, struct probe_call *row)
{
	*row = (struct probe_call){
		.start_ns = call->start_ns,
		.end_ns = atomic_load(&call->end_ns),
		.streams = atomic_load(&call->streams),
		.worst_mos = atomic_load(&call->worst_mos_x1000) / 1000.0,
	};
	memcpy(row->codec, call->codec, sizeof(row->codec));
	memcpy(row->call_id, call->call_id, sizeof(row->call_id));
	pthread_mutex_lock(&call->lock);
	row->method = call->method;
	row->answer_ns = call->answer_ns;
	row->state = call->state;
	row->code = call->code;
	row->messages = call->messages;
	memcpy(row->from, call->from, sizeof(row->from));
	memcpy(row->to, call->to, sizeof(row->to));
	pthread_mutex_unlock(&call->lock);
}

void probe_results_call(struct probe_results *r, struct qos_call *call)
{
	struct probe_call *rows;
	struct probe_call row;

	describe(call, &row);
	pthread_mutex_lock(r->lock);
	rows = grow(r, r->calls, r->call_count, &r->call_room, sizeof(*rows));
	if (rows) {
		r->calls = rows;
		r->calls[r->call_count++] = row;
	} else {
		r->rows_refused++;
		if (r->json)
			probe_json_call(r->json, &row);
	}
	pthread_mutex_unlock(r->lock);
}

void probe_results_rtcp(struct probe_results *r, const struct pkt_view *view, uint64_t now_ns,
	struct bytes correlation_id)
{
	if (!r->json)
		return;
	pthread_mutex_lock(r->lock);
	probe_json_rtcp(r->json, view, now_ns, correlation_id);
	pthread_mutex_unlock(r->lock);
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

void probe_results_sort(struct probe_results *r)
{
	if (r->call_count)
		qsort(r->calls, r->call_count, sizeof(*r->calls), compare_calls);
	if (r->stream_count)
		qsort(r->streams, r->stream_count, sizeof(*r->streams), compare_streams);
}

void probe_results_json(struct probe_results *r, const struct probe *probe)
{
	for (uint32_t i = 0; i < r->call_count; i++)
		probe_json_call(r->json, &r->calls[i]);
	for (uint32_t i = 0; i < r->stream_count; i++)
		probe_json_stream(r->json, &r->streams[i], r->final_type);
	probe_json_summary(r->json, r, probe);
}
