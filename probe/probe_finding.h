/* SPDX-License-Identifier: BSD-3-Clause */
/* What is wrong with calls: looked for when a stream is looked at, when it ends, and when its call ends.
 * Each finding is said once a call, as a HEP log message, a line of JSON and a counter.
 * Owner: the worker. Threads: the worker of the stream; at the end of a call that of the message, or of the
 * call. Only what all workers agree on decides. */
#ifndef PROBE_FINDING_H
#define PROBE_FINDING_H

#include "qos_call_media.h"
#include "qos_report.h"

struct probe_worker;
struct qos_call;

enum {
	PROBE_ORPHANS = 1024, /* flows without a call that were told of lately */
	PROBE_FINDING_TEXT = 256,
};

struct probe_orphans {
	struct {
		uint64_t hash;
		uint64_t at_ns;
	} told[PROBE_ORPHANS];
};

struct probe_finding {
	enum qos_finding kind;
	uint64_t time_ns;
	struct pkt_flow flow; /* of the media */
	uint16_t vlan;
	const char *correlation_id;
	char text[PROBE_FINDING_TEXT];
};

/* A stream began, or was attached to its call: somebody is heard. */
void probe_finding_begin(struct probe_worker *w, uint32_t stream);

/* Once a second, a stream that is open. */
void probe_finding_visit(struct probe_worker *w, uint32_t stream, uint64_t now_ns);

/* A stream ends. */
void probe_finding_stream_end(
	struct probe_worker *w, uint32_t stream, enum qos_end end, uint64_t now_ns);

/* A call ended at now_ns, or is given up then. May be said more than once of a call. */
void probe_finding_call_end(struct probe_worker *w, struct qos_call *call, uint64_t now_ns);

#endif
