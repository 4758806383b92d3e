/* SPDX-License-Identifier: BSD-3-Clause */
/* What the names of ICE (qos_ice.c) offer to those who learn by them (qos_ice_learn.c).
 * Threads: as said; entering under the publishing mutex only. */
#ifndef QOS_ICE_PVT_H
#define QOS_ICE_PVT_H

#include "qos_ice.h"
#include "qos_media_pvt.h"

/* Of a check. */
struct qos_ice_sides {
	struct qos_ice_name receiver, sender;
};

struct qos_ice_name qos_ice_name_of(const struct qos_medias *medias, struct bytes ufrag);

/* As qos_ice_key. */
struct qos_media_key qos_ice_key_of(
	struct qos_ice_name name, const struct qos_call *call, uint32_t tenant);

/* Whose check it is, or NULL. Any registered thread. */
struct qos_call *qos_ice_find_call(
	struct qos_medias *medias, const struct qos_ice_sides *sides, uint32_t tenant);

/* What: enters what was taken for call, in the stead of old. call is open. Without memory (NULL): refused. */
bool qos_ice_enter(struct qos_medias *medias, struct qos_call *call, struct qos_media *media,
	struct qos_media *old, struct qos_call_counters *counters);

/* qos_ice_rtcp.c: where the media is that reports to and from a learnt RTCP endpoint tell of; port 0: beside it, or
 * nobody knows. */
struct qos_media_key qos_ice_find_rtp(const struct qos_call *call, const struct qos_media *rtcp);
/* What: after an endpoint of the call for media was learnt or chosen, those for RTCP follow. */
void qos_ice_follow_rtp(
	struct qos_medias *medias, struct qos_call *call, struct qos_call_counters *counters);

#endif
