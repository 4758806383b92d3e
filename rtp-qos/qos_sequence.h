/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a packet stands in its stream's sequence, RFC 3550 A.1, with the clocks as further witnesses: next,
 * late, repeated, stray, or the first of a new segment; and gaps that the probe itself made.
 * Owner: the stream. Threads: its worker. */
#ifndef QOS_SEQUENCE_H
#define QOS_SEQUENCE_H

#include "qos_stream.h"

/* The first cycle count is 1, so that a packet older than the first still has a number. */
#define QOS_FIRST_CYCLE ((uint32_t)1 << 16)
#define QOS_NO_BAD_SEQ	((uint32_t)1 << 16)

enum qos_verdict {
	QOS_NEXT = 0, /* in order, perhaps after a gap */
	QOS_LATE, /* older than the highest and not seen before */
	QOS_DUPLICATE, /* seen before */
	QOS_STRAY, /* far outside the window: dropped until a second one confirms it */
	QOS_RESTART, /* the second one: the sequence began anew */
	QOS_OUTAGE, /* the second one, but nothing began anew: all between is lost */
};

/* What: files a packet and counts it, unless it is stray or a duplicate. */
enum qos_verdict qos_sequence_file(struct qos_stream_env *env, struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, const struct pkt_media *m, uint64_t now_ns);

#endif
