/* SPDX-License-Identifier: BSD-3-Clause */
/* Media endpoints that nobody announced, learnt from the connectivity checks of ICE (RFC 8445 section 7): each names
 * both sides by the ufrags of their descriptions. Names stand in the table of endpoints (qos_media.h) with addresses
 * made of their hashes; they count in its bound, and go with their call as endpoints do.
 * Owner: the table of endpoints; open checks are their worker's. Threads: as there. */
#ifndef QOS_ICE_H
#define QOS_ICE_H

#include "qos_media.h"

enum {
	QOS_ICE_LEARNT_MAX = 16, /* endpoints learnt of one call */
	QOS_ICE_PARTNERS_MAX = 4, /* descriptions of the other side that one meets: a fork's */
	QOS_ICE_OPEN_SETS = 512,
	QOS_ICE_OPEN_WAYS = 16,
};

/* 128 bits of a ufrag. */
struct qos_ice_name {
	uint64_t w[2];
};

struct qos_ice_check {
	const struct pkt_flow *flow; /* of the Binding request */
	struct bytes receiver, sender; /* their ufrags */
	struct bytes transaction; /* its ID */
	bool is_rtcp; /* component 2 */
	bool is_nominated; /* media is going to be here */
	bool has_relay; /* one end is a TURN server's, which is many calls': nothing is learnt there */
	bool is_relay_src; /* which end */
};

/* A check of a call that was not answered yet. */
struct qos_ice_open {
	uint64_t tag; /* of addresses and transaction; 0: none is here */
	struct qos_ice_name receiver, sender;
	bool is_rtcp;
	bool is_nominated;
	bool has_relay;
	bool is_relay_src;
};

/* A worker's, which both directions of a flow go to; all zero is empty. In a full set each in turn makes room: checks
 * are repeated. */
struct qos_ice_checks {
	struct qos_ice_open open[QOS_ICE_OPEN_SETS][QOS_ICE_OPEN_WAYS];
	uint8_t next[QOS_ICE_OPEN_SETS];
};

/* What: if the check is some call's, where it came from becomes an endpoint of that call, but if it is one, and the
 * check is open. There may be QOS_ICE_LEARNT_MAX of a call. True: it is a call's. */
bool qos_ice_learn(struct qos_medias *medias, struct qos_ice_checks *checks,
	const struct qos_ice_check *check, struct qos_call_counters *counters);

/* What: a success response on this flow. If it answers an open check, where that went is an endpoint too, and a
 * nominated pair takes the place of another. True: it does. */
bool qos_ice_answer(struct qos_medias *medias, struct qos_ice_checks *checks,
	const struct pkt_flow *flow, struct bytes transaction, struct qos_call_counters *counters);

#endif
