/* SPDX-License-Identifier: BSD-3-Clause */
/* An RTCP compound on its way through a worker, in three stages: which of the tables it will need, what is there, and
 * what it changes there.
 * Owner: the caller. Threads: the worker's own. */
#ifndef PROBE_RTCP_H
#define PROBE_RTCP_H

#include "pkt_decode.h"
#include "probe_counters.h"
#include "qos_rtcp_ahead.h"

struct probe_worker;

/* What: fetches where what is known of its flow and its streams would be. The payload may be anything. */
void probe_rtcp_fetch_heads(
	const struct probe_worker *w, const struct pkt_view *view, struct qos_rtcp_ahead *ahead);

/* What: fetches what is known of them. */
void probe_rtcp_fetch_rest(const struct probe_worker *w, const struct pkt_view *view,
	const struct qos_rtcp_ahead *ahead);

/* What: takes the compound to its streams and to HEP. copy_hash: of probe_worker_copy_hash. ahead: of
 * probe_rtcp_fetch_heads, or with a count of 0. Returns the frame's outcome. */
enum probe_outcome probe_rtcp_take(struct probe_worker *w, const struct pkt_view *view,
	const struct qos_rtcp_ahead *ahead, uint64_t copy_hash, uint64_t now_ns);

#endif
