/* SPDX-License-Identifier: BSD-3-Clause */
/* What the two sides of a call said about their audio, and when audio of each was heard: enough to tell
 * whether a side should be heard. Conservative: what cannot be known for sure is not expected.
 * Owner: the call. Threads: every worker. Times and flags are atomics, the ends are under the call's lock. */
#ifndef QOS_CALL_MEDIA_H
#define QOS_CALL_MEDIA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "pkt_flow.h"

enum qos_finding {
#define X(name, help) QOS_##name,
#include "qos_findings.def"
#undef X
	QOS_FINDING_COUNT
};

struct qos_call;
struct sdp_session;

/* Where a side wants its audio. */
struct qos_call_end {
	uint8_t family; /* 0: not known */
	uint16_t port;
	struct pkt_addr addr;
};

struct qos_call_media {
	_Atomic uint32_t said; /* of both sides, private to qos_call_media.c */
	_Atomic uint32_t found; /* bit by enum qos_finding: was said already; and QOS_IS_MIXED */
	_Atomic uint64_t answer_ns; /* 2xx to an INVITE; 0: none was seen */
	_Atomic uint64_t change_ns; /* when what is said changed last */
	_Atomic uint64_t first_ns[2]; /* first audio of a party, 0: none */
	_Atomic uint64_t last_ns[2]; /* last audio that is known of */
	struct qos_call_end ends[2];
};

/* party (0 caller, 1 callee) described its media. is_relayed: where its media comes from may be none of the
 * addresses in it (ICE candidates, RFC 8839). */
void qos_call_media_said(struct qos_call *call, unsigned party, const struct sdp_session *session,
	bool is_relayed, uint64_t now_ns);

/* The call was answered; the first time counts. */
void qos_call_media_answered(struct qos_call *call, uint64_t now_ns);

/* Audio of party was heard at first_ns for the first time, and at last_ns. */
void qos_call_media_heard(
	struct qos_call *call, unsigned party, uint64_t first_ns, uint64_t last_ns);

/* Whether party should be heard: it sends RTP audio and the other side listens, to an address that is
 * known; not on hold, not T.38, not before the answer. */
bool qos_call_media_is_due(const struct qos_call *call, unsigned party);

/* What: both sides announced one endpoint, as at a relay. From now on which of them a stream is of is a guess. */
void qos_call_media_mix(struct qos_call *call);
bool qos_call_media_is_mixed(const struct qos_call *call);

/* Since when things are as they are: the answer, or the last change of what is said. */
uint64_t qos_call_media_since(const struct qos_call *call);

/* True the first time it is asked for this call. */
bool qos_call_media_find(struct qos_call *call, enum qos_finding finding);
/* Whether it was found. */
bool qos_call_media_has(const struct qos_call *call, enum qos_finding finding);

/* "one_way_audio", ... */
const char *qos_finding_name(enum qos_finding finding);

#endif
