/* SPDX-License-Identifier: BSD-3-Clause */
/* Media endpoints that nobody announced, learnt from the connectivity checks of ICE (RFC 8445 section 7): each names
 * both sides by the ufrags of their descriptions. Names stand in the table of endpoints (qos_media.h) with addresses
 * made of their hashes; they count in its bound, and go with their call as endpoints do.
 * Owner: the table of endpoints. Threads: as there. */
#ifndef QOS_ICE_H
#define QOS_ICE_H

#include "qos_media.h"

enum {
	QOS_ICE_LEARNT_MAX = 16, /* endpoints learnt of one call */
	QOS_ICE_PARTNERS_MAX = 4, /* descriptions of the other side that one meets: a fork's */
};

struct qos_ice_check {
	const struct pkt_flow *flow; /* of the Binding request */
	struct bytes receiver, sender; /* their ufrags */
	bool is_rtcp; /* component 2 */
	bool is_nominated; /* media is going to be here */
	bool has_relay; /* one end is a TURN server's, which is many calls': nothing is learnt there */
	bool is_relay_src; /* which end */
};

/* What: if the check is some call's, its ends become endpoints of that call, but those that are already. There may be
 * QOS_ICE_LEARNT_MAX of a call; a nominated pair takes the place of another. True: it is a call's. */
bool qos_ice_learn(struct qos_medias *medias, const struct qos_ice_check *check,
	struct qos_call_counters *counters);

#endif
