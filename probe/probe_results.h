/* SPDX-License-Identifier: BSD-3-Clause */
/* What a run found, kept for the tables and the JSON at its end: final stream reports and calls, in
 * an order that does not depend on the number of workers.
 * Owner: the probe. Threads: workers add under a mutex (only at the end of a stream or call, or per
 * RTCP compound with --json) and never touch a file; control writes (probe_lines.h), sorted rows
 * after the threads have ended. Bounded by result_rows; of what is live, ports and
 * pipes, all go out as JSON lines at once, unsorted, and of files those beyond the bound. */
#ifndef PROBE_RESULTS_H
#define PROBE_RESULTS_H

#include <pthread.h>
#include <stdio.h>

#include "bytes.h"
#include "pkt_decode.h"
#include "probe_finding.h"
#include "probe_lines.h"
#include "qos_call.h"
#include "qos_report.h"
#include "sip_vq.h"

struct probe;

enum {
	PROBE_FOUND_MAX = 1000, /* findings kept for the table; --json has them all */
};

/* A call as it ended. */
struct probe_call {
	uint64_t start_ns, answer_ns, end_ns;
	uint64_t last_ns; /* of its signalling and media */
	enum qos_call_state state;
	enum sip_method method;
	char method_name[QOS_METHOD_MAX];
	bool is_invite_seen, is_answer_seen; /* as in struct qos_call */
	uint16_t code;
	uint32_t streams;
	uint32_t messages;
	double worst_mos; /* of the stream with the least R; 0: no stream was scored */
	enum qos_scale worst_scale;
	char codec[QOS_CODEC_NAME_MAX];
	char call_id[QOS_CALL_ID_MAX];
	char leg_id[QOS_CALL_ID_MAX]; /* qos_leg_id; "" without */
	char from[QOS_PARTY_MAX];
	char to[QOS_PARTY_MAX];
};

/* A finding as the table has it. */
struct probe_found {
	uint64_t time_ns;
	char call_id[QOS_CALL_ID_MAX]; /* "" without */
	char text[PROBE_FINDING_TEXT];
};

struct probe_results {
	bool has_json; /* --json */
	uint32_t max_rows;
	uint32_t call_count; /* rows kept */
	uint32_t stream_count;
	uint64_t calls_seen; /* with those there was no row for */
	uint64_t streams_seen;
	uint32_t found_count;
	uint64_t findings_seen;
	struct probe_call *calls;
	struct qos_report *streams;
	struct probe_found *found; /* PROBE_FOUND_MAX */
	uint32_t final_type;
	pthread_mutex_t lock;
	bool is_prompt; /* ports, a pipe: lines of calls and streams are written as they end, not sorted at the end */
	bool has_table; /* rows are kept for it */
	struct probe_lines lines;
};

/* json_path: NULL, "-" for standard output, or a file. has_table: there are tables at the end. can_wait: capture files are
 * read. 0 or negative errno. */
int probe_results_create(const char *json_path, bool has_table, uint32_t max_rows,
	uint32_t final_type, bool can_wait, struct probe_results **results);
/* 0, or negative errno when the JSON could not be written whole: -ETIMEDOUT when nobody read it. */
int probe_results_destroy(struct probe_results *results);

void probe_results_stream(struct probe_results *results, const struct qos_report *report);
/* now_ns: packet time, at which it is reported. */
void probe_results_call(struct probe_results *results, struct qos_call *call, uint64_t now_ns);
void probe_results_rtcp(struct probe_results *results, const struct pkt_view *view, uint64_t now_ns,
	struct bytes correlation_id);

void probe_results_vq(struct probe_results *results, const struct pkt_view *view, uint64_t now_ns,
	const struct sip_vq *vq);
void probe_results_finding(struct probe_results *results, const struct probe_finding *finding);

/* Sorts by start time; then the tables and the JSON can be printed. */
void probe_results_sort(struct probe_results *results);
void probe_results_json(struct probe_results *results, const struct probe *probe);
/* probe_table.c */
void probe_table_print(const struct probe_results *results, const struct probe *probe, FILE *out);

/* probe_json.c: one line each, with its line feed, into buf. Length, or 0 when it does not fit. */
size_t probe_json_stream(
	const struct qos_report *report, uint32_t final_type, char *buf, size_t room);
size_t probe_json_call(const struct probe_call *call, char *buf, size_t room);
size_t probe_json_rtcp(const struct pkt_view *view, uint64_t now_ns, struct bytes correlation_id,
	char *buf, size_t room);
size_t probe_json_vq(const struct pkt_view *view, uint64_t now_ns, const struct sip_vq *vq,
	char *buf, size_t room);
size_t probe_json_finding(const struct probe_finding *finding, char *buf, size_t room);
size_t probe_json_summary(
	const struct probe_results *results, const struct probe *probe, char *buf, size_t room);

#endif
