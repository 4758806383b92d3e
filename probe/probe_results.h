/* SPDX-License-Identifier: BSD-3-Clause */
/* What a run found, kept for the tables and the JSON at its end: final stream reports and calls, in
 * an order that does not depend on the number of workers.
 * Owner: the probe. Threads: workers add under a mutex (only at the end of a stream or call, or per
 * RTCP compound with --json); control prints after the threads have ended. Bounded by result_rows;
 * JSON lines beyond that are written at once, unsorted. */
#ifndef PROBE_RESULTS_H
#define PROBE_RESULTS_H

#include <stdio.h>

#include "bytes.h"
#include "pkt_decode.h"
#include "qos_call.h"
#include "qos_report.h"

struct probe;

/* A call as it ended. */
struct probe_call {
	uint64_t start_ns, answer_ns, end_ns;
	enum qos_call_state state;
	enum sip_method method;
	uint16_t code;
	uint32_t streams;
	uint32_t messages;
	double worst_mos; /* 0: no stream was scored */
	char codec[QOS_CODEC_NAME_MAX];
	char call_id[QOS_CALL_ID_MAX];
	char from[QOS_PARTY_MAX];
	char to[QOS_PARTY_MAX];
};

struct probe_results {
	FILE *json; /* NULL without --json */
	uint32_t max_rows;
	uint32_t call_count, call_room;
	uint32_t stream_count, stream_room;
	uint64_t rows_refused;
	struct probe_call *calls;
	struct qos_report *streams;
	uint32_t final_type;
	void *lock;
};

/* json_path: NULL, "-" for standard output, or a file. 0 or negative errno. */
int probe_results_create(const char *json_path, uint32_t max_rows, uint32_t final_type,
	struct probe_results **results);
/* 0, or negative errno when the JSON could not be written whole. */
int probe_results_destroy(struct probe_results *results);

void probe_results_stream(struct probe_results *results, const struct qos_report *report);
void probe_results_call(struct probe_results *results, struct qos_call *call);
void probe_results_rtcp(struct probe_results *results, const struct pkt_view *view, uint64_t now_ns,
	struct bytes correlation_id);

/* Sorts by start time; then the tables and the JSON can be printed. */
void probe_results_sort(struct probe_results *results);
void probe_results_json(struct probe_results *results, const struct probe *probe);
/* probe_table.c */
void probe_table_print(const struct probe_results *results, const struct probe *probe, FILE *out);

/* probe_json.c: one line each. */
void probe_json_stream(FILE *out, const struct qos_report *report, uint32_t final_type);
void probe_json_call(FILE *out, const struct probe_call *call);
void probe_json_rtcp(
	FILE *out, const struct pkt_view *view, uint64_t now_ns, struct bytes correlation_id);
void probe_json_summary(FILE *out, const struct probe_results *results, const struct probe *probe);

#endif
