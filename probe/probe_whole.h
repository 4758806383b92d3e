/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets that come to a worker whole: signalling, and what is neither that nor RTP. Each needs memory that nobody
 * has touched for long, a call, its endpoints, a stream, one after the other. So they go through in stages, each over
 * all that are there, and what they need comes for all of them at a time. Media of no known stream does not overtake
 * them.
 * Owner: the worker. Threads: its own. */
#ifndef PROBE_WHOLE_H
#define PROBE_WHOLE_H

#include "cls_payload.h"
#include "pkt_decode.h"
#include "probe_sip.h"
#include "qos_head.h"
#include "qos_rtcp_ahead.h"
#include "rtp_hdr.h"

struct probe_worker;
struct rte_mbuf;

enum {
	PROBE_WHOLES_MAX = 64,
};

struct probe_whole {
	struct rte_mbuf *packet; /* whose view it is */
	struct pkt_view view;
	uint64_t time_ns;
	uint64_t arrival_ns; /* what ticks go by */
	uint64_t added_ns; /* packet time then */
	bool is_classified; /* kind says what it is, and that it is no RTP */
	enum cls_kind kind;
	uint64_t copy_hash; /* of SIP and RTCP */
	struct probe_sip sip;
	struct qos_rtcp_ahead rtcp;
};

struct probe_wholes {
	unsigned count;
	unsigned turns; /* bursts that the first has waited for others */
	struct probe_whole list[PROBE_WHOLES_MAX];
	struct sdp_session sessions[PROBE_WHOLES_MAX];
};

/* What: the view of a packet out of a ring, with tenant. rx decoded it already and sent only what decodes; doing it again
 * is cheaper than carrying the view. */
bool probe_whole_decode(const struct probe_worker *w, struct rte_mbuf *m, struct pkt_view *view);

/* The next one that is added makes all others go through. */
bool probe_whole_is_full(const struct probe_worker *w);

/* What: adds one that was decoded. Takes m, which has dp_meta. Those that are there go
 * through first when there is no room. */
void probe_whole_add(struct probe_worker *w, struct rte_mbuf *m, const struct pkt_view *view);

/* The same of one out of a ring. */
void probe_whole_add_packet(struct probe_worker *w, struct rte_mbuf *m);

/* What: all that were added go through: what may be signalling, then other datagrams, then RTCP, each in their order. */
void probe_whole_flush(struct probe_worker *w);

/* Whether those that were added must go through before what arrived at now_ns: they came long before. */
bool probe_whole_is_overdue(const struct probe_worker *w, uint64_t now_ns);

/* What: a burst of packets is staged and more are there: those that were added may wait for others. Returns whether
 * they have for long enough. */
bool probe_whole_turn(struct probe_worker *w);

/* What: a packet by itself, in its order among the media. m stays the caller's. */
void probe_whole_take(struct probe_worker *w, struct rte_mbuf *m);

/* The head of an RTP packet's payload. */
static inline struct qos_head probe_whole_head(
	const struct pkt_view *view, const struct rtp_hdr *hdr)
{
	struct bytes payload = bytes_skip(view->payload, hdr->header_bytes);

	return qos_head_of(bytes_head(payload, hdr->payload_bytes), hdr->pt);
}

#endif
