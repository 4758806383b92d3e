/* SPDX-License-Identifier: BSD-3-Clause */
/* A worker's RTP streams. A stream has a number, the index of its cold state, and a slot, the index of its hot
 * state: one cache line where the hash of its key says, or in one of the next groups of slots. A stream that is
 * opened may move others of its group to other slots. Of a full table 8 of 16 slots are in use: fewer would lie
 * further apart, on more pages.
 * Owner: the worker. Threads: that worker only; counters may be read by others with relaxed loads.
 * Nothing is allocated after init. */
#ifndef QOS_TABLE_H
#define QOS_TABLE_H

#include <stdatomic.h>

#include "pkt_count.h"
#include "qos_flows.h"
#include "qos_options.h"
#include "qos_pilot.h"
#include "qos_stream.h"
#include "qos_wheel.h"

#define QOS_NONE UINT32_MAX

enum {
	QOS_BURST = 32,
};

struct qos_counters {
#define X(name, help) _Atomic uint64_t name;
#include "qos_counters.def"
#undef X
};

/* What of a group only opening and closing needs. */
struct qos_group {
	uint16_t used; /* bit i: its slot i */
	uint8_t spilt; /* streams for whose search this group is not the end */
};

struct qos_table {
	struct qos_stream_hot *hot; /* by slot */
	uint16_t *pilots; /* of groups */
	struct qos_group *groups;
	struct qos_stream_cold *cold; /* by number */
	uint32_t *stream_of; /* number of the stream in a slot */
	uint32_t group_count;
	/* The key in a slot that is free is of another group, so that none is taken for a stream's: all zero, but
	 * in the one group that this is of. */
	uint32_t zero_home;
	struct pkt_media_key zero_home_free;
	uint32_t max;
	uint32_t high; /* numbers below were in use once */
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

static inline uint32_t qos_table_home(const struct qos_table *t, uint64_t hash)
{
	return (uint32_t)((hash >> 32) * t->group_count >> 32);
}

/* The slot in a group that a stream of this hash has, if it is in that group. */
static inline uint32_t qos_table_slot_in(const struct qos_table *t, uint32_t group, uint32_t hash)
{
	return group * QOS_GROUP_SLOTS + qos_pilot_slot(t->pilots[group], hash);
}

/* Four stages, so that the cache misses of many packets overlap. First: what the next needs is on its way. */
static inline void qos_table_prefetch_pilot(const struct qos_table *t, uint64_t hash)
{
	__builtin_prefetch(&t->pilots[qos_table_home(t, hash)]);
}

/* Second: the slot that the stream of a hash has, if there is one and it did not spill. */
static inline uint32_t qos_table_locate(const struct qos_table *t, uint64_t hash)
{
	return qos_table_slot_in(t, qos_table_home(t, hash), (uint32_t)hash);
}

/* Third: brings the streams in the slots on their way. In a loop of its own, since on a page that the CPU has no
 * translation of (TLB) a prefetch holds up all that comes after it but other prefetches. As far as the L2 cache, which
 * can wait for more lines at a time than L1. */
static inline void qos_table_prefetch(const struct qos_table *t, const uint32_t *slot, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		__builtin_prefetch(&t->hot[slot[i]], 0, 2);
}

/* Fourth, once the line has come. Whether the stream of the key is in the slot that was located for it: it may
 * have moved or closed since. If not, qos_table_find knows. */
static inline bool qos_table_is_of(
	const struct qos_table *t, uint32_t slot, const struct pkt_media_key *key)
{
	return pkt_media_key_eq(&t->hot[slot].key, key);
}

/* Whether a stream is in the slot. */
static inline bool qos_table_is_used(const struct qos_table *t, uint32_t slot)
{
	return t->groups[slot / QOS_GROUP_SLOTS].used >> slot % QOS_GROUP_SLOTS & 1;
}

/* The slot of a stream, or QOS_NONE. */
uint32_t qos_table_find_slot(const struct qos_table *t, const struct pkt_media_key *key);
/* The number of a stream, or QOS_NONE. */
uint32_t qos_table_find(const struct qos_table *t, const struct pkt_media_key *key);

static inline struct qos_stream_hot *qos_table_hot(const struct qos_table *t, uint32_t stream)
{
	return &t->hot[t->cold[stream].slot];
}

/* What: a new stream at its first packet, which must then be given to qos_table_update like the
 * rest. Slots of other streams may change. call may be NULL; it is held. Returns QOS_NONE when the table is full,
 * or where hashes are made to be the same (counted). */
uint32_t qos_table_open(struct qos_table *t, const struct pkt_media *first,
	const struct qos_origin *origin, struct qos_call *call, uint8_t party, uint64_t now_ns);

/* What: ends a stream and forgets it; releases its call. Report it before. */
void qos_table_close(struct qos_table *t, uint32_t stream);

/* Attaches a stream to a call it was opened without. */
void qos_table_attach(struct qos_table *t, uint32_t stream, struct qos_call *call, uint8_t party);

/* The stream in a slot gets its next packet. */
static inline void qos_table_update(
	struct qos_table *t, uint32_t slot, const struct pkt_media *m, uint64_t now_ns)
{
	if (!qos_stream_update_fast(&t->env, &t->hot[slot], m, now_ns))
		qos_stream_update_slow(
			&t->env, &t->hot[slot], &t->cold[t->stream_of[slot]], m, now_ns);
}

/* Streams open now; any thread. */
uint32_t qos_table_count(const struct qos_table *t);

#endif
