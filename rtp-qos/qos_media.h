/* SPDX-License-Identifier: BSD-3-Clause */
/* SDP media endpoints: which call has announced that it wants media at an address and port, and
 * what the payload types mean there.
 * Owner: the table; entries are immutable and replaced, not changed. Threads: look-ups by any
 * registered QSBR reader without lock; publishing under one mutex, on SIP messages only. */
#ifndef QOS_MEDIA_H
#define QOS_MEDIA_H

#include "qos_call.h"
#include "qos_codec.h"
#include "sdp_media.h"

enum {
	QOS_MEDIA_PAYLOADS_MAX = 16,
	QOS_SECTION_MANY = UINT8_MAX, /* a name of several sections that share no transport */
	QOS_MEDIA_PER_CALL_MAX = 128, /* then the call's oldest endpoint makes room */
};

/* Where media goes. */
struct qos_media_key {
	struct pkt_addr addr;
	uint32_t tenant;
	uint16_t port;
	uint8_t family;
};

static inline struct qos_media_key qos_media_key_of_src(const struct pkt_flow *flow)
{
	return (struct qos_media_key){flow->src, flow->tenant, flow->sport, flow->family};
}

static inline struct qos_media_key qos_media_key_of_dst(const struct pkt_flow *flow)
{
	return (struct qos_media_key){flow->dst, flow->tenant, flow->dport, flow->family};
}

/* What a look-up needs and what the change of a call's endpoints needs is in the first line. */
struct qos_media {
	struct qos_media *_Atomic next; /* in its chain; changes under the publishing mutex */
	struct qos_media_key at;
	struct qos_call *call; /* held, once for all its endpoints */
	struct qos_media *call_next; /* the call's endpoints, guarded by the publishing mutex */
	struct qos_pool *pool; /* where its memory goes back to */
	uint8_t party; /* whose endpoint: 0 caller, 1 callee */
	bool is_rtcp; /* the RTCP port of an endpoint (a=rtcp or port + 1) */
	bool is_udptl; /* T.38 */
	bool is_secure; /* SRTP */
	bool is_shared; /* another call that lasted announced it too: whose media it is the far end tells */
	bool is_learnt; /* from STUN (qos_ice.h), announced by nobody */
	/* is_learnt: ICE has chosen it. Changes under the publishing mutex. */
	_Atomic bool is_nominated;
	uint8_t section; /* of the description */
	struct qos_media_key rtp; /* is_rtcp, and not right beside its media: that; else port 0 */
	struct rcu_head rcu;
	uint64_t name; /* is_learnt: whose, of its ufrag */
	enum sdp_kind kind;
	uint16_t ptime_ms; /* 0 not said */
	unsigned payload_count;
	/* Only those counted are there: an entry has memory for few more. */
	struct qos_payload payloads[QOS_MEDIA_PAYLOADS_MAX];
};

struct qos_medias;

/* Called when an endpoint comes into the table (is_open) and when it goes. A worker's call, under
 * the publishing mutex, so calls come one at a time and in order. */
typedef void (*qos_media_watch_fn)(
	void *arg, uint8_t family, const struct pkt_addr *addr, uint16_t port, bool is_open);

/* Octets that so many endpoints take at most: memory of each kind of entry stays with that kind. */
uint64_t qos_medias_memory(uint32_t max);

int qos_medias_create(
	const struct qos_options *options, const struct pkt_seed *seed, struct qos_medias **medias);
/* As qos_calls_may_wait. From then on who publishes, withdraws or learns (qos_ice.h) may pass a
 * quiescent state, after which only the call that it was given is still there. */
void qos_medias_may_wait(struct qos_medias *medias);
/* Has memory ready for the next endpoints, see qos_pool_populate, at first for the heads of all
 * chains. */
void qos_medias_populate(struct qos_medias *medias);
/* After all workers stopped, before qos_calls_destroy. A registered thread. */
void qos_medias_destroy(struct qos_medias *medias);
/* What: fn learns of every endpoint from now on; NULL, as at first: nobody does. What is still open
 * when the table is destroyed is not reported. Before the workers start. */
void qos_medias_watch(struct qos_medias *medias, qos_media_watch_fn fn, void *arg);

/* What: publishes every media endpoint of a description that party (0 caller, 1 callee) of call
 * announced: m= lines with a port and an IP address, and their RTCP ports. An endpoint that is
 * there already is replaced: the newest call wins; only an RTCP port does not displace the media of
 * a call that lasts. A call that was taken out of its table publishes nothing more.
 * tenant: of the message. counters: the worker's own set. */
void qos_media_publish(struct qos_medias *medias, struct qos_call *call, unsigned party,
	const struct sdp_session *session, uint32_t tenant, struct qos_call_counters *counters);

/* What: some time before qos_media_publish, fetches what that needs of the table. */
void qos_media_prefetch_all(
	const struct qos_medias *medias, const struct sdp_session *session, uint32_t tenant);
/* Some time after that: the newest of what may be there. */
void qos_media_prefetch_all_first(
	const struct qos_medias *medias, const struct sdp_session *session, uint32_t tenant);

/* Takes out all endpoints that still belong to call. */
void qos_media_withdraw(
	struct qos_medias *medias, struct qos_call *call, struct qos_call_counters *counters);

/* The endpoint at this address, or NULL. Valid until the next quiescent state. */
const struct qos_media *qos_media_find(struct qos_medias *medias, const struct qos_media_key *key);

/* Some time before qos_media_find, which mostly finds nothing and then waits for this alone. */
void qos_media_prefetch(const struct qos_medias *medias, const struct qos_media_key *key);
/* Some time after that: fetches the newest of what may be there. */
void qos_media_prefetch_first(const struct qos_medias *medias, const struct qos_media_key *key);

/* Whether T.38 was announced there: quick where nobody announced any. */
bool qos_media_is_udptl(struct qos_medias *medias, const struct qos_media_key *key);

/* What: whether some RTCP goes to another pair of ports than its media (a=rtcp, RFC 3605). One
 * atomic load. */
bool qos_medias_are_apart(const struct qos_medias *medias);

/* What: the flow of the media that RTCP on this flow tells of. An end that was announced as RTCP's
 * alone is its media's; else the even port below is (RFC 3550 section 11), when both or the other
 * are RTCP's. Where RTP and RTCP share a port (RFC 5761) the caller knows better. */
struct pkt_flow qos_media_flow_of_rtcp(struct qos_medias *medias, const struct pkt_flow *flow);

/* The meaning of pt at an endpoint, or NULL. */
const struct qos_payload *qos_media_payload(const struct qos_media *media, uint8_t pt);

uint32_t qos_medias_count(const struct qos_medias *medias);

#endif
