/* SPDX-License-Identifier: BSD-3-Clause */
/* Look-ups of the streams that a compound tells of, in two steps some time before qos_rtcp_on_compound, each of which
 * waits for no memory. What they found is looked at again there: streams may have come, moved or gone since.
 * Owner: the caller. Threads: the worker of the flow only. */
#ifndef QOS_RTCP_AHEAD_H
#define QOS_RTCP_AHEAD_H

#include "bytes.h"
#include "pkt_media.h"

struct qos_table;

enum {
	QOS_RTCP_AHEAD_MAX = 2, /* streams: of its sender, and of its first report block */
};

struct qos_rtcp_ahead {
	unsigned count;
	struct pkt_media_key key[QOS_RTCP_AHEAD_MAX];
	uint32_t slot[QOS_RTCP_AHEAD_MAX]; /* that was located for the key */
};

/* What: the first: where the streams are. payload may be anything. */
void qos_rtcp_ahead_slots(const struct qos_table *t, const struct pkt_flow *flow,
	struct bytes payload, struct qos_rtcp_ahead *ahead);

/* What: the second: what is noted there. */
void qos_rtcp_ahead_streams(const struct qos_table *t, const struct qos_rtcp_ahead *ahead);

#endif
