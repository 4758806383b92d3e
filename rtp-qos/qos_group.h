/* SPDX-License-Identifier: BSD-3-Clause */
/* Fifteen neighbouring slots of the stream table in sixteen octets: one of each key's hash, and how many streams
 * had to go past it. All groups together are small enough to stay in the CPU's second cache where
 * the streams themselves do not, so that looking up a stream costs one cache miss: its own line.
 * Owner: the qos_table. Threads: the table's. */
#ifndef QOS_GROUP_H
#define QOS_GROUP_H

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>

#ifdef __SSE2__
#include <immintrin.h>
#endif

enum {
	QOS_GROUP_SLOTS = 15,
	QOS_GROUP_SPILT_MAX =
		255, /* stays there once it was reached: searches never end here again */
};

struct qos_group {
	alignas(16) uint8_t sig[QOS_GROUP_SLOTS]; /* 0: free */
	uint8_t spilt; /* streams for whose search this group is not the end */
};

static_assert(sizeof(struct qos_group) == 16, "one vector compare a group");

/* Never 0. Keys with the same one in the same group are told apart by the stream's line. */
static inline uint8_t qos_group_sig(uint64_t hash)
{
	uint8_t sig = (uint8_t)hash;

	return sig ? sig : 1;
}

/* Bit i: slot i has this signature. */
static inline unsigned qos_group_match(const struct qos_group *g, uint8_t sig)
{
	unsigned mask = 0;

#ifdef __SSE2__
	__m128i have = _mm_load_si128((const __m128i *)(const void *)g);

	mask = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(have, _mm_set1_epi8((char)sig)));
#else
	for (unsigned i = 0; i < QOS_GROUP_SLOTS; i++)
		mask |= (unsigned)(g->sig[i] == sig) << i;
#endif
	return mask & ((1u << QOS_GROUP_SLOTS) - 1);
}

#endif
