/* SPDX-License-Identifier: BSD-3-Clause */
/* A worker's RTP streams. Buckets of one cache line (eight signatures, eight indices), at most half
 * full; hot and cold state in two arrays by index.
 * Owner: the worker. Threads: that worker only; counters may be read by others with relaxed loads.
 * Nothing is allocated after init. */
#ifndef QOS_TABLE_H
#define QOS_TABLE_H

#include <stdatomic.h>

#include "qos_count.h"
#include "qos_flows.h"
#include "qos_options.h"
#include "qos_stream.h"
#include "qos_wheel.h"

#define QOS_NONE UINT32_MAX

enum {
	QOS_BURST = 32,
	QOS_BUCKET_SLOTS = 8,
};

struct qos_bucket {
	alignas(64) uint32_t sig[QOS_BUCKET_SLOTS]; /* 0: free */
	uint32_t idx[QOS_BUCKET_SLOTS];
};

static_assert(sizeof(struct qos_bucket) == 64, "one cache line a bucket");

struct qos_counters {
#define X(name, help) _Atomic uint64_t name;
#include "qos_counters.def"
#undef X
};

struct qos_table {
	struct qos_bucket *buckets;
	struct qos_stream_hot *hot;
	struct qos_stream_cold *cold;
	uint32_t bucket_mask;
	uint32_t max;
	uint32_t high; /* indices below were in use once */
	uint32_t free_head; /* list through cold.next_free, QOS_NONE at its end */
	_Atomic uint32_t open;
	struct pkt_seed seed;
	struct qos_stream_env env;
	struct qos_wheel wheel;
	struct qos_flows flows;
	struct qos_counters counters;
};

/* Octets of table memory for max streams: what qos_table_init wants at mem. */
size_t qos_table_memory(uint32_t max);

/* What: mem is zeroed, 64-byte aligned, best on huge pages of the worker's node, and stays the
 * caller's. 0 or -ENOMEM. */
int qos_table_init(struct qos_table *t, uint32_t max, const struct pkt_seed *seed, void *mem);
void qos_table_fini(struct qos_table *t);

static inline uint64_t qos_table_hash(const struct qos_table *t, const struct pkt_media_key *key)
{
	return pkt_media_key_hash(key, &t->seed);
}

/* First of two stages, so that the cache misses of a burst overlap: the bucket of a hash is brought on its
 * way. */
static inline void qos_table_prefetch(const struct qos_table *t, uint64_t hash)
{
	__builtin_prefetch(&t->buckets[(hash >> 32) & t->bucket_mask]);
}

/* Second stage. What: the streams of n descriptors with these hashes, QOS_NONE where there is none or where
 * only qos_table_find finds it: in a bucket that spilt. Brings their hot lines into the cache. */
void qos_table_find_burst(const struct qos_table *t, const struct pkt_media *m,
	const uint64_t *hash, unsigned n, uint32_t *stream);

/* One stream, or QOS_NONE. */
uint32_t qos_table_find(const struct qos_table *t, const struct pkt_media_key *key);

/* What: a new stream at its first packet, which must then be given to qos_table_update like the
 * rest. call may be NULL; it is held. Returns QOS_NONE when the table is full (counted). */
uint32_t qos_table_open(struct qos_table *t, const struct pkt_media *first,
	const struct qos_origin *origin, struct qos_call *call, uint8_t party, uint64_t now_ns);

/* What: ends a stream and forgets it; releases its call. Report it before. */
void qos_table_close(struct qos_table *t, uint32_t stream);

/* Attaches a stream to a call it was opened without. */
void qos_table_attach(struct qos_table *t, uint32_t stream, struct qos_call *call, uint8_t party);

static inline void qos_table_update(
	struct qos_table *t, uint32_t stream, const struct pkt_media *m, uint64_t now_ns)
{
	qos_stream_update(&t->env, &t->hot[stream], &t->cold[stream], m, now_ns);
}

/* Streams open now; any thread. */
uint32_t qos_table_count(const struct qos_table *t);

#endif
