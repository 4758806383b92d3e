/* SPDX-License-Identifier: BSD-3-Clause */
/* Component 2 has checks of its own, on ports that say nothing of those of component 1: which endpoint its reports tell
 * of is known by the name, and by which one ICE has chosen, or by the address. */
#include "qos_ice_pvt.h"

enum {
	IS_NOMINATED = 4,
	IS_AT_ADDRESS = 2,
	IS_LEARNT = 1,
};

/* How well media fits, 0: not at all. A name that both sections have tells nothing. */
static unsigned fit(const struct qos_media *media, const struct qos_media *rtcp)
{
	unsigned score = 0;

	if (media->is_rtcp || media->is_udptl || qos_media_is_name(&media->at) ||
		media->party != rtcp->party || media->section != rtcp->section ||
		media->at.family != rtcp->at.family || media->at.tenant != rtcp->at.tenant ||
		(media->is_learnt && media->name != rtcp->name))
		return 0;
	if (atomic_load_explicit(&media->is_nominated, memory_order_relaxed))
		score += IS_NOMINATED;
	if (pkt_addr_eq(&media->at.addr, &rtcp->at.addr))
		score += IS_AT_ADDRESS;
	return score && media->is_learnt ? score + IS_LEARNT : score;
}

struct qos_media_key qos_ice_find_rtp(const struct qos_call *call, const struct qos_media *rtcp)
{
	const struct qos_media *best = NULL;
	unsigned most = 0;

	if (rtcp->section == QOS_SECTION_MANY)
		return (struct qos_media_key){0};
	for (const struct qos_media *m = call->media; m; m = m->call_next) {
		unsigned score = fit(m, rtcp);

		if (score > most) {
			most = score;
			best = m;
		}
	}
	if (!best || qos_media_is_beside(&best->at, &rtcp->at))
		return (struct qos_media_key){0};
	return best->at;
}

/* Entries do not change, as others read them. */
static void replace(struct qos_medias *medias, struct qos_media *old, struct qos_media_key rtp,
	struct qos_call_counters *counters)
{
	struct qos_media *media = qos_media_take(medias, 0);

	if (media) {
		media->at = old->at;
		media->party = old->party;
		media->section = old->section;
		media->is_rtcp = true;
		media->is_secure = old->is_secure;
		media->is_learnt = true;
		media->is_nominated = old->is_nominated;
		media->name = old->name;
		media->ptime_ms = old->ptime_ms;
		media->kind = old->kind;
		media->rtp = rtp;
	}
	qos_ice_enter(medias, old->call, media, old, counters);
}

void qos_ice_follow_rtp(
	struct qos_medias *medias, struct qos_call *call, struct qos_call_counters *counters)
{
	struct qos_media *learnt[QOS_ICE_LEARNT_MAX];
	unsigned n = 0;

	for (struct qos_media *m = call->media; m && n < QOS_ICE_LEARNT_MAX; m = m->call_next)
		if (m->is_learnt && m->is_rtcp)
			learnt[n++] = m;
	for (unsigned i = 0; i < n; i++) {
		struct qos_media_key rtp = qos_ice_find_rtp(call, learnt[i]);

		if (rtp.port != learnt[i]->rtp.port ||
			!pkt_addr_eq(&rtp.addr, &learnt[i]->rtp.addr))
			replace(medias, learnt[i], rtp, counters);
	}
}
