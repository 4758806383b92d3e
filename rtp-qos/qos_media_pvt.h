/* SPDX-License-Identifier: BSD-3-Clause */
/* What the table of endpoints (qos_media.c, qos_media_change.c) offers to those who publish (qos_media_publish.c).
 * Threads: between qos_medias_lock and qos_medias_unlock; a registered thread. */
#ifndef QOS_MEDIA_PVT_H
#define QOS_MEDIA_PVT_H

#include "qos_media.h"

/* Names of ICE are no addresses. */
static inline bool qos_media_is_name(const struct qos_media_key *key)
{
	return key->family != 4 && key->family != 6;
}

/* Where RTCP is looked for without being told (RFC 3550 section 11). */
static inline bool qos_media_is_beside(
	const struct qos_media_key *rtp, const struct qos_media_key *rtcp)
{
	return !(rtp->port & 1) && rtcp->port == rtp->port + 1 &&
	       pkt_addr_eq(&rtp->addr, &rtcp->addr);
}

/* With qos_medias_may_wait a quiescent state: what was read under RCU before is held, or read again. */
void qos_medias_lock(struct qos_medias *medias);
void qos_medias_unlock(struct qos_medias *medias);
/* With call, which is valid meanwhile. False: it is gone, and nothing locked. */
bool qos_medias_lock_with(struct qos_medias *medias, struct qos_call *call);
void qos_medias_unlock_with(struct qos_medias *medias, struct qos_call *call);

const struct pkt_seed *qos_medias_seed(const struct qos_medias *medias);
struct qos_formats_memo *qos_medias_memo(struct qos_medias *medias);

/* For an endpoint that is not there yet. */
bool qos_media_is_room(const struct qos_medias *medias);
/* NULL: nothing is announced there. */
struct qos_media *qos_media_at(struct qos_medias *medias, const struct qos_media_key *key);
/* Memory for an entry of so many payload types, all before those zero but its pool; NULL: none is free. Back
 * with qos_pool_put when it is not put. */
struct qos_media *qos_media_take(struct qos_medias *medias, unsigned payloads);
/* The same with the content of said. */
struct qos_media *qos_media_copy(struct qos_medias *medias, const struct qos_media *said);
/* What: enters media, whose call is open, in the stead of old, which may be NULL, at the same address. */
void qos_media_put(struct qos_medias *medias, struct qos_media *media, struct qos_media *old,
	struct qos_call_counters *counters);
/* What: takes an entry out of the table. */
void qos_media_remove(
	struct qos_medias *medias, struct qos_media *media, struct qos_call_counters *counters);

/* qos_ice.c: where what a side of call announced under a ufrag stands. */
struct qos_media_key qos_ice_key(const struct qos_medias *medias, struct bytes ufrag,
	const struct qos_call *call, uint32_t tenant);
/* What: after that was put, the ufrag meets those of the other side. */
void qos_ice_meet(struct qos_medias *medias, const struct qos_media_key *key,
	struct qos_call_counters *counters);

#endif
