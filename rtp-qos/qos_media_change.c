/* SPDX-License-Identifier: BSD-3-Clause */
/* What changes the table of endpoints: one comes, takes another's place or goes, and its call knows of it. */
#include "pkt_count.h"
#include "qos_media_table_pvt.h"

static void link_media(struct qos_medias *medias, struct qos_media *media)
{
	struct qos_media *_Atomic *chain = qos_media_chain(medias, &media->at);

	atomic_init(&media->next, atomic_load_explicit(chain, memory_order_relaxed));
	atomic_store_explicit(chain, media, memory_order_release);
}

/* What leads to media, which is in the table. */
static struct qos_media *_Atomic *link_to(struct qos_medias *medias, const struct qos_media *media)
{
	struct qos_media *_Atomic *link = qos_media_chain(medias, &media->at);
	struct qos_media *m;

	while ((m = atomic_load_explicit(link, memory_order_relaxed)) != media)
		link = &m->next;
	return link;
}

/* Who reads it just now goes on from it all the same: its memory stays for a grace period. */
static void unlink_media(struct qos_medias *medias, const struct qos_media *media)
{
	atomic_store_explicit(link_to(medias, media),
		atomic_load_explicit(&media->next, memory_order_relaxed), memory_order_release);
}

/* At once and in the same place: readers, also those on their way there, find the old one or the new one, never none. */
static void replace_media(
	struct qos_medias *medias, struct qos_media *media, const struct qos_media *old)
{
	atomic_init(&media->next, atomic_load_explicit(&old->next, memory_order_relaxed));
	atomic_store_explicit(link_to(medias, old), media, memory_order_release);
}

static void tell(const struct qos_medias *medias, const struct qos_media *media, bool is_open)
{
	if (medias->watch && !qos_media_is_name(&media->at))
		medias->watch(medias->watch_arg, media->at.family, &media->at.addr, media->at.port,
			is_open);
}

static void release_media_rcu(struct rcu_head *head)
{
	struct qos_media *media = caa_container_of(head, struct qos_media, rcu), *next;

	for (; media; media = next) {
		next = media->call_next;
		qos_pool_put(media->pool, media);
	}
}

/* All behind it by call_next as well. */
static void drop_all(struct qos_media *media)
{
	urcu_qsbr_call_rcu(&media->rcu, release_media_rcu);
}

void qos_media_drop(struct qos_media *media)
{
	media->call_next = NULL;
	drop_all(media);
}

/* Those that are rare. */
static void count_kind(struct qos_medias *medias, const struct qos_media *media, int n)
{
	if (media->is_udptl)
		atomic_fetch_add_explicit(&medias->udptl_count, (uint32_t)n, memory_order_relaxed);
	if (media->is_rtcp && media->rtp.port)
		atomic_fetch_add_explicit(&medias->apart_count, (uint32_t)n, memory_order_relaxed);
}

/* Read without the mutex. */
static void count_learnt(const struct qos_media *media, int n)
{
	if (media->is_learnt)
		atomic_fetch_add_explicit(
			&media->call->learnt_count, (uint32_t)n, memory_order_relaxed);
}

static void unlink_from_call(struct qos_media *media)
{
	struct qos_media **link = &media->call->media;

	while (*link && *link != media)
		link = &(*link)->call_next;
	if (*link) {
		*link = media->call_next;
		media->call->media_count--;
		count_learnt(media, -1);
		if (!media->call->media)
			qos_call_put(media->call);
	}
}

/* Changes under the publishing mutex. */
static void count_media(struct qos_medias *medias, int n)
{
	atomic_store_explicit(&medias->count,
		atomic_load_explicit(&medias->count, memory_order_relaxed) + (uint32_t)n,
		memory_order_relaxed);
}

/* What goes is still its call's. */
static void take_out(
	struct qos_medias *medias, struct qos_media *media, struct qos_call_counters *counters)
{
	unlink_media(medias, media);
	count_kind(medias, media, -1);
	count_media(medias, -1);
	pkt_count(&counters->media_withdrawn, 1);
	tell(medias, media, false);
}

void qos_media_remove(
	struct qos_medias *medias, struct qos_media *media, struct qos_call_counters *counters)
{
	take_out(medias, media, counters);
	unlink_from_call(media);
	qos_media_drop(media);
}

/* Newest first; the last goes, so that a call that moves its media again and again does not fill the
 * table. */
static void link_to_call(
	struct qos_medias *medias, struct qos_media *media, struct qos_call_counters *counters)
{
	struct qos_call *call = media->call;
	struct qos_media *last = media;

	/* Its table holds it as well, since it is open. */
	if (!call->media)
		qos_call_hold(call);
	media->call_next = call->media;
	call->media = media;
	atomic_store_explicit(&call->ahead[call->media_count % QOS_CALL_AHEAD],
		qos_media_chain(medias, &media->at), memory_order_relaxed);
	count_learnt(media, 1);
	if (++call->media_count <= QOS_MEDIA_PER_CALL_MAX)
		return;
	while (last->call_next)
		last = last->call_next;
	qos_media_remove(medias, last, counters);
}

void qos_media_put(struct qos_medias *medias, struct qos_media *media, struct qos_media *old,
	struct qos_call_counters *counters)
{
	bool is_anew = old && old->call == media->call;

	count_kind(medias, media, 1);
	if (old) {
		if (old->call != media->call)
			atomic_store_explicit(&old->call->is_displaced, true, memory_order_relaxed);
		replace_media(medias, media, old);
		unlink_from_call(old);
		count_kind(medias, old, -1);
		qos_media_drop(old);
	} else {
		link_media(medias, media);
		count_media(medias, 1);
		tell(medias, media, true);
	}
	if (is_anew)
		atomic_fetch_add_explicit(&media->call->described, 1, memory_order_release);
	pkt_count(&counters->media_published, 1);
	link_to_call(medias, media, counters);
}

void qos_media_withdraw(
	struct qos_medias *medias, struct qos_call *call, struct qos_call_counters *counters)
{
	struct qos_media *all;

	qos_medias_lock(medias);
	all = call->media;
	for (struct qos_media *media = all; media; media = media->call_next)
		take_out(medias, media, counters);
	if (all) {
		call->media = NULL;
		call->media_count = 0;
		atomic_store_explicit(&call->learnt_count, 0, memory_order_relaxed);
		drop_all(all);
		qos_call_put(call);
	}
	qos_medias_unlock(medias);
}
