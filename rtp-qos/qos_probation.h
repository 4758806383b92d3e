/* SPDX-License-Identifier: BSD-3-Clause */
/* RTP is believed only after consecutive plausible packets (RFC 3550 A.1), since one octet in four
 * looks like RTP. How many depends on what else speaks for it; all of them are kept and counted in
 * the stream afterwards, so that nothing is lost by waiting.
 * Owner: the worker. Threads: that worker only; counters may be read by others. Bounded: in a full
 * set the candidate that has been silent longest is given up. */
#ifndef QOS_PROBATION_H
#define QOS_PROBATION_H

#include "qos_table.h"

enum {
	QOS_CANDIDATE_PACKETS = 32, /* kept per candidate */
	QOS_CANDIDATE_WAYS = 8,
	/* Consecutive packets needed: */
	QOS_NEED_ANNOUNCED = QOS_MIN_SEQUENTIAL, /* an SDP endpoint at either end */
	QOS_NEED_HINTED = 4, /* STUN, DTLS or RTCP on the same addresses */
	QOS_NEED_TALKSPURT = 12, /* static payload type and a marker: RFC 3551 section 4.1 */
};

/* A candidate whose last packet is older than this begins anew. */
#define QOS_CANDIDATE_NS ((uint64_t)5000000000)

struct qos_candidate {
	struct pkt_media_key key;
	struct qos_origin origin;
	uint64_t last_ns; /* 0: free */
	uint32_t count; /* consecutive packets, late and repeated ones not counted */
	uint16_t max_seq; /* highest sequence number */
	uint32_t kept;
	uint64_t repeated; /* copies of kept ones, as some mirrors send: they take no room */
	uint64_t pending; /* packets whose fate hangs on this candidate */
	bool has_marker;
	struct pkt_media packets[QOS_CANDIDATE_PACKETS];
	uint64_t arrivals[QOS_CANDIDATE_PACKETS];
};

/* What speaks for flows; a look for one that is not there needs the first line alone. */
struct qos_hints {
	uint64_t flow[QOS_CANDIDATE_WAYS]; /* symmetric hash of addresses and ports */
	uint64_t last_ns[QOS_CANDIDATE_WAYS];
};

/* What speaks for one flow, or where that would be. */
struct qos_hint {
	struct qos_hints *set;
	uint64_t flow;
	unsigned way; /* QOS_CANDIDATE_WAYS: nothing does */
};

struct qos_probation {
	struct qos_candidate *candidates;
	uint8_t *used; /* of each set, which candidates: a sweep touches only those */
	struct qos_hints *hints; /* sets */
	uint32_t set_mask;
	uint32_t need; /* packets when nothing else speaks for the flow */
	uint32_t sweep; /* set */
	struct pkt_seed seed;
	struct qos_counters *counters;
	_Atomic uint64_t unconfirmed; /* packets of candidates that were given up */
	_Atomic uint64_t pending; /* packets of candidates there are now */
};

enum qos_verdict {
	QOS_PENDING = 0,
	QOS_CONFIRMED, /* *confirmed holds the packets, this one among them; then qos_probation_release */
	QOS_UNKNOWN, /* no candidate, and no origin to make one from: the packet was not taken */
};

/* counters: the worker's own, of its table. 0 or -ENOMEM. */
int qos_probation_init(struct qos_probation *p, uint32_t max, uint32_t need,
	const struct pkt_seed *seed, struct qos_counters *counters);
void qos_probation_fini(struct qos_probation *p);

/* STUN, DTLS or believable RTCP was seen on these addresses; for RTCP on the odd port, say the RTP
 * ports. */
void qos_probation_hint(struct qos_probation *p, const struct pkt_flow *flow, uint64_t now_ns);

/* Some time before the functions above and below are called for this flow. */
void qos_probation_hint_prefetch(const struct qos_probation *p, const struct pkt_flow *flow);

/* Whether such was seen lately. */
bool qos_probation_is_hinted(
	const struct qos_probation *p, const struct pkt_flow *flow, uint64_t now_ns);

/* What: both of these in one look. Good until another hint is given. */
struct qos_hint qos_probation_hint_of(const struct qos_probation *p, const struct pkt_flow *flow);
void qos_hint_give(const struct qos_hint *hint, uint64_t now_ns);
bool qos_hint_is_given(const struct qos_hint *hint, uint64_t now_ns);

/* What: one more packet of a flow that is no stream yet. origin: NULL when only the descriptor is at
 * hand. is_announced: an SDP endpoint is at either end. */
enum qos_verdict qos_probation_offer(struct qos_probation *p, const struct pkt_media *m,
	const struct qos_origin *origin, bool is_announced, uint64_t now_ns,
	struct qos_candidate **confirmed);

/* Whether the candidate of a key, if there is one, knows its origin. */
const struct qos_origin *qos_probation_origin(
	const struct qos_probation *p, const struct pkt_media_key *key);

/* A stream ended and its packets may go on, some of them as descriptors only: keeps where it came
 * from, as a candidate without packets. */
void qos_probation_remember(struct qos_probation *p, const struct pkt_media_key *key,
	const struct qos_origin *origin, uint64_t now_ns);

/* Frees a confirmed candidate. */
void qos_probation_release(struct qos_probation *p, struct qos_candidate *c);

/* Gives up candidates that fell silent: a part of the table per call, all of them with drain. */
void qos_probation_expire(struct qos_probation *p, uint64_t now_ns, bool drain);

#endif
