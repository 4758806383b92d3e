/* SPDX-License-Identifier: BSD-3-Clause */
/* Legs of one conversation: a B2BUA makes another call with another Call-ID of each that it gets. What they have
 * in common is a header that it passes on, or the media that it relays: the same SSRC, sequence and
 * timestamps, sent on from the address that it was received at.
 * Owner: the probe. Threads: every worker, registered with liburcu QSBR; offers under one mutex, a few for
 * each stream. Bounded: a new stream displaces the oldest of its set, and then less is found; a line of 65 legs that
 * were joined from its end on gets no longer. */
#ifndef QOS_LEGS_H
#define QOS_LEGS_H

#include "pkt_flow.h"
#include "qos_call.h"

struct qos_legs;

/* A stream at some packet of it. */
struct qos_leg_media {
	const struct pkt_flow *flow;
	uint32_t ssrc;
	uint32_t rtp_ts;
	uint16_t seq;
	uint64_t ns; /* arrival */
};

/* Octets for so many calls at most. */
uint64_t qos_legs_memory(uint32_t max_calls);
/* NULL: no memory. */
struct qos_legs *qos_legs_create(uint32_t max_calls, const struct pkt_seed *seed);
/* After all calls are gone. A registered thread. */
void qos_legs_destroy(struct qos_legs *legs);

/* What: a stream of call, which the caller holds. Joins call with the one that the stream comes from and the one
 * that it goes on to, if there is one that it can be each time. Returns how many were not joined before. */
unsigned qos_legs_offer(
	struct qos_legs *legs, struct qos_call *call, const struct qos_leg_media *media);

/* What: the id that a header of the call's own names; the first stays, cut to what is stored. Before its first
 * stream is offered. */
void qos_leg_name(struct qos_call *call, struct bytes id);
/* What: the id of qos_leg_name, empty without. Valid as long as the call. */
struct bytes qos_leg_named(struct qos_call *call);

/* What: what all legs have in common at now_ns: of that which began first the id named, else the Call-ID; of a
 * call alone the id named, or empty. Media counts two seconds after it joined calls: then all workers know
 * of it, whatever their number. Valid as long as the call. */
struct bytes qos_leg_id(struct qos_call *call, uint64_t now_ns);

/* What: gives back what a call has of this. */
void qos_leg_put(struct qos_leg *leg);

#endif
