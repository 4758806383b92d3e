/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of the table of endpoints, for the files that are the table: look-up and memory (qos_media.c), and its
 * changes (qos_media_change.c).
 * Owner: the table. Threads: changes between qos_medias_lock and qos_medias_unlock, look-ups by any reader. */
#ifndef QOS_MEDIA_TABLE_PVT_H
#define QOS_MEDIA_TABLE_PVT_H

#include "qos_formats_memo.h"
#include "qos_media_pvt.h"
#include "qos_pool.h"

enum {
	QOS_MEDIA_POOLS = 3,
};

struct qos_medias {
	struct qos_media *_Atomic *chains; /* heads, by hash; changed under the publishing mutex */
	uint64_t chain_mask;
	bool are_chains_ready; /* populated; of who calls qos_medias_populate */
	struct qos_pool pools[QOS_MEDIA_POOLS];
	struct pkt_seed seed;
	uint32_t max;
	bool may_wait;
	_Atomic uint32_t count;
	_Atomic uint32_t udptl_count; /* of them T.38 */
	_Atomic uint32_t apart_count; /* of them RTCP apart from its media */
	pthread_mutex_t publishing;
	struct qos_formats_memo memo; /* under it */
	qos_media_watch_fn watch; /* NULL: nobody wants to know */
	void *watch_arg;
};

static inline uint64_t qos_media_hash(
	const struct qos_medias *medias, const struct qos_media_key *key)
{
	const uint64_t *k = medias->seed.k;
	uint64_t h = pkt_hash_mix(
		pkt_hash_word(key->addr.b) ^ k[0], pkt_hash_word(key->addr.b + 8) ^ k[1]);

	return pkt_hash_mix(
		((uint64_t)key->tenant << 32 | (uint64_t)key->port << 8 | key->family) ^ h,
		k[2] ^ h);
}

static inline struct qos_media *_Atomic *qos_media_chain(
	const struct qos_medias *medias, const struct qos_media_key *key)
{
	return &medias->chains[qos_media_hash(medias, key) & medias->chain_mask];
}

/* What: frees it, which left the table, after a grace period: readers may still see it, and through it the call. */
void qos_media_drop(struct qos_media *media);

#endif
