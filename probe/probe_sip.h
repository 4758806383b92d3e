/* SPDX-License-Identifier: BSD-3-Clause */
/* A SIP message on its way through a worker, in stages: what it says; where its call would be, and the call; what its
 * description says, and where its endpoints would be; and at last what it changes there. Stages that fetch wait for
 * nothing, so that other messages' may lie between.
 * Owner: the caller; slices point into the view's packet. Threads: the worker's own. */
#ifndef PROBE_SIP_H
#define PROBE_SIP_H

#include "pkt_decode.h"
#include "probe_counters.h"
#include "sdp_media.h"
#include "sip_msg.h"

struct probe_worker;

struct probe_sip {
	struct sip_msg msg;
	enum sip_status status;
	uint64_t call_hash; /* of qos_call_hash */
	const struct sdp_session *session; /* NULL without */
};

/* What: reads the message. */
void probe_sip_read(
	const struct probe_worker *w, const struct pkt_view *view, struct probe_sip *sip);

/* What: fetches where its call would be, and then its call. */
void probe_sip_fetch_chain(const struct probe_worker *w, const struct probe_sip *sip);
void probe_sip_fetch_call(const struct probe_worker *w, const struct probe_sip *sip);

/* What: reads its description into *session, which has to stay until the last stage. False: it has none. */
bool probe_sip_describe(struct probe_worker *w, struct probe_sip *sip, struct sdp_session *session);

/* What: fetches where its endpoints would be, and then what is there. */
void probe_sip_fetch_media(
	const struct probe_worker *w, const struct pkt_view *view, const struct probe_sip *sip);
void probe_sip_fetch_endpoints(
	const struct probe_worker *w, const struct pkt_view *view, const struct probe_sip *sip);

/* What: takes it to its call, its description to the endpoints, and both to HEP. copy_hash: of
 * probe_worker_copy_hash, 0 for what cannot be a copy. Returns the frame's outcome. */
enum probe_outcome probe_sip_take(struct probe_worker *w, const struct pkt_view *view,
	struct probe_sip *sip, uint64_t copy_hash, uint64_t now_ns);

#endif
