/* SPDX-License-Identifier: BSD-3-Clause */
/* Legs of one conversation: a B2BUA makes another call with another Call-ID of each that it gets. What they have
 * in common is a header that it passes on, or the media that it relays: the same SSRC and sequence,
 * sent on from the address that it was received at.
 * Owner: the probe. Threads: every worker, registered with liburcu QSBR; offers under one mutex, a few for
 * each stream. Bounded: a new stream displaces the oldest of its set, and then less is found. */
#ifndef QOS_LEGS_H
#define QOS_LEGS_H

#include <pthread.h>

#include "pkt_flow.h"
#include "qos_call.h"

enum {
	QOS_LEGS = 8192, /* streams that another may turn out to be relayed from */
};

/* A stream at some packet of it. */
struct qos_leg_media {
	const struct pkt_flow *flow;
	uint32_t ssrc;
	uint16_t seq;
	uint64_t ns; /* arrival */
};

struct qos_leg_entry {
	uint64_t ns; /* 0: free */
	uint32_t ssrc;
	uint16_t seq;
	uint8_t family;
	struct pkt_addr src, dst;
	char call_id[QOS_CALL_ID_MAX];
};

struct qos_legs {
	pthread_mutex_t lock; /* guards all of it, and who is whose leg */
	struct pkt_seed seed;
	struct qos_leg_entry entries[QOS_LEGS];
};

/* NULL: no memory. */
struct qos_legs *qos_legs_create(const struct pkt_seed *seed);
void qos_legs_destroy(struct qos_legs *legs);

/* What: a stream of call, which the caller holds. True: it joined call with another, and neither had been
 * a leg of the other before. */
bool qos_legs_offer(struct qos_legs *legs, struct qos_calls *calls, struct qos_call *call,
	const struct qos_leg_media *media);

/* What: the id that a header of the call's own names; the first stays, cut to what is stored. */
void qos_leg_name(struct qos_call *call, struct bytes id);
/* What: the id of qos_leg_name, empty without. Valid as long as the call. */
struct bytes qos_leg_named(struct qos_call *call);

/* What: what all legs have in common: the id named, else that of the leg that began first, or its Call-ID; empty
 * while the call is alone. Valid as long as the call. */
struct bytes qos_leg_id(struct qos_call *call);

#endif
