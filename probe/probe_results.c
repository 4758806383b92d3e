/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows of calls and streams up to a bound, sorted at the end, and JSON lines on their way to a
 * file. */
#include "probe_results.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"
#include "qos_mem.h"

enum {
	LINE_MAX_BYTES = 4 << 20, /* an RTCP compound of 64 KiB as JSON */
	LINES_ROOM = 32 << 20,
	PATIENCE_MS = 2000, /* at the end of a live run, with who reads the JSON */
};

int probe_results_create(const char *json_path, uint32_t max_rows, uint32_t final_type,
	bool can_wait, struct probe_results **results)
{
	struct probe_results *r = calloc(1, sizeof(*r));
	int rc = -ENOMEM;

	if (!r)
		return -ENOMEM;
	pthread_mutex_init(&r->lock, NULL);
	r->max_rows = max_rows;
	r->final_type = final_type;
	r->can_wait = can_wait;
	/* Address space for all rows at once: a worker never waits for rows to be moved. */
	r->calls = qos_mem_map(max_rows * sizeof(*r->calls));
	r->streams = qos_mem_map(max_rows * sizeof(*r->streams));
	r->found = qos_mem_map(PROBE_FOUND_MAX * sizeof(*r->found));
	r->lines = json_path ? qos_mem_map(LINES_ROOM) : NULL;
	if (!r->calls || !r->streams || !r->found || (json_path && !r->lines))
		goto fail;
	if (json_path) {
		r->json = strcmp(json_path, "-") == 0 ? stdout : fopen(json_path, "w");
		rc = -errno;
		if (!r->json)
			goto fail;
	}
	*results = r;
	return 0;

fail:
	probe_results_destroy(r);
	return rc;
}

/* The error that was first, of those that count at the end. */
static int close_json(struct probe_results *r)
{
	bool is_broken = r->is_stalled || ferror(r->json);

	if (fflush(r->json) != 0 && !is_broken)
		r->error = errno;
	if (r->json != stdout && fclose(r->json) != 0 && !is_broken && !r->error)
		r->error = errno;
	if (r->error)
		return -r->error;
	return r->is_stalled ? -ETIMEDOUT : 0;
}

int probe_results_destroy(struct probe_results *r)
{
	int rc = 0;

	if (r->json)
		rc = close_json(r);
	pthread_mutex_destroy(&r->lock);
	if (r->calls)
		qos_mem_unmap(r->calls, r->max_rows * sizeof(*r->calls));
	if (r->streams)
		qos_mem_unmap(r->streams, r->max_rows * sizeof(*r->streams));
	if (r->found)
		qos_mem_unmap(r->found, PROBE_FOUND_MAX * sizeof(*r->found));
	if (r->lines)
		qos_mem_unmap(r->lines, LINES_ROOM);
	free(r);
	return rc;
}

/* Makes room for the longest line, if it may be waited for. Called and returns with the lock. */
static bool has_room(struct probe_results *r)
{
	while (r->can_wait && LINES_ROOM - r->lines_used < LINE_MAX_BYTES) {
		pthread_mutex_unlock(&r->lock);
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
		pthread_mutex_lock(&r->lock);
	}
	return LINES_ROOM - r->lines_used >= LINE_MAX_BYTES;
}

static void note_line(struct probe_results *r, size_t n)
{
	r->lines_used += n;
	if (!n)
		r->lines_dropped++;
}

/* Of a call or stream that has ended. */
static bool is_line_due(const struct probe_results *r, bool has_row)
{
	return r->json && (r->is_prompt || !has_row);
}

void probe_results_stream(struct probe_results *r, const struct qos_report *report)
{
	bool has_row;

	pthread_mutex_lock(&r->lock);
	r->streams_seen++;
	has_row = r->stream_count < r->max_rows;
	if (has_row)
		r->streams[r->stream_count++] = *report;
	if (is_line_due(r, has_row))
		note_line(r, has_room(r) ? probe_json_stream(report, r->final_type,
						   r->lines + r->lines_used, LINE_MAX_BYTES)
					 : 0);
	pthread_mutex_unlock(&r->lock);
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
	snprintf(row->codec, sizeof(row->codec), "%s", qos_call_codec(call));
	memcpy(row->call_id, call->call_id, sizeof(row->call_id));
	memcpy(row->leg_id, leg.p, leg.n);
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

void probe_results_call(struct probe_results *r, struct qos_call *call, uint64_t now_ns)
{
	struct probe_call row;
	bool has_row;

	describe(call, now_ns, &row);
	pthread_mutex_lock(&r->lock);
	r->calls_seen++;
	has_row = r->call_count < r->max_rows;
	if (has_row)
		r->calls[r->call_count++] = row;
	if (is_line_due(r, has_row))
		note_line(r, has_room(r) ? probe_json_call(
						   &row, r->lines + r->lines_used, LINE_MAX_BYTES)
					 : 0);
	pthread_mutex_unlock(&r->lock);
}

void probe_results_rtcp(struct probe_results *r, const struct pkt_view *view, uint64_t now_ns,
	struct bytes correlation_id)
{
	if (!r->json)
		return;
	pthread_mutex_lock(&r->lock);
	note_line(r, has_room(r) ? probe_json_rtcp(view, now_ns, correlation_id,
					   r->lines + r->lines_used, LINE_MAX_BYTES)
				 : 0);
	pthread_mutex_unlock(&r->lock);
}

void probe_results_vq(struct probe_results *r, const struct pkt_view *view, uint64_t now_ns,
	const struct sip_vq *vq)
{
	if (!r->json)
		return;
	pthread_mutex_lock(&r->lock);
	note_line(r, has_room(r) ? probe_json_vq(view, now_ns, vq, r->lines + r->lines_used,
					   LINE_MAX_BYTES)
				 : 0);
	pthread_mutex_unlock(&r->lock);
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
	pthread_mutex_lock(&r->lock);
	keep_finding(r, finding);
	if (r->json)
		note_line(r, has_room(r) ? probe_json_finding(finding, r->lines + r->lines_used,
						   LINE_MAX_BYTES)
					 : 0);
	pthread_mutex_unlock(&r->lock);
}

/* Live, control has more to do than to wait for who reads the JSON: a pipe that can be written takes PIPE_BUF octets.
 * Returns how many were written. */
static size_t put_live(struct probe_results *r, const char *p, size_t n, int patience_ms)
{
	struct pollfd out = {.fd = fileno(r->json), .events = POLLOUT};
	size_t done = 0;

	while (done < n && !r->is_stalled && poll(&out, 1, patience_ms) > 0) {
		ssize_t put = write(out.fd, p + done, n - done < PIPE_BUF ? n - done : PIPE_BUF);

		if (put < 0) {
			if (errno != EAGAIN && errno != EINTR)
				r->error = errno;
			break;
		}
		r->error = 0;
		done += (size_t)put;
	}
	return done;
}

static size_t put(struct probe_results *r, const char *p, size_t n, int patience_ms)
{
	size_t done;

	if (!r->can_wait)
		return put_live(r, p, n, patience_ms);
	done = fwrite(p, 1, n, r->json);
	if ((done < n || (r->is_prompt && fflush(r->json) != 0)) && !r->error)
		r->error = errno;
	return done;
}

static void take_out(struct probe_results *r, size_t n)
{
	pthread_mutex_lock(&r->lock);
	memmove(r->lines, r->lines + n, r->lines_used - n);
	r->lines_used -= n;
	pthread_mutex_unlock(&r->lock);
}

/* Workers add behind what is written meanwhile. False: some was not. */
static bool write_lines(struct probe_results *r, int patience_ms)
{
	size_t n, done;

	pthread_mutex_lock(&r->lock);
	n = r->lines_used;
	pthread_mutex_unlock(&r->lock);
	done = put(r, r->lines, n, patience_ms);
	if (done)
		take_out(r, done);
	return done == n;
}

void probe_results_flush(struct probe_results *r)
{
	if (r->json)
		(void)write_lines(r, 0);
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

/* The line at the start of the buffer. */
static void write_line(struct probe_results *r, size_t n)
{
	if (put(r, r->lines, n, PATIENCE_MS) != n)
		r->is_stalled = true;
}

void probe_results_json(struct probe_results *r, const struct probe *probe)
{
	size_t room = LINE_MAX_BYTES;

	/* The threads have ended: the buffer serves for each line in turn. */
	r->is_stalled = !write_lines(r, PATIENCE_MS);
	for (uint32_t i = 0; i < r->call_count && !r->is_prompt; i++)
		write_line(r, probe_json_call(&r->calls[i], r->lines, room));
	for (uint32_t i = 0; i < r->stream_count && !r->is_prompt; i++)
		write_line(r, probe_json_stream(&r->streams[i], r->final_type, r->lines, room));
	write_line(r, probe_json_summary(r, probe, r->lines, room));
}
