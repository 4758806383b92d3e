/* SPDX-License-Identifier: BSD-3-Clause */
/* Flows of which a whole packet went to another thread less than a second ago; their next packets may
 * travel as descriptors. So a worker that forgot a flow soon learns its addresses again.
 * Owner: one receiving thread. Threads: that one. Sets of eight in one cache line; what does not fit is
 * forgotten, which costs a whole packet and nothing else. */
#ifndef PROBE_SEEN_H
#define PROBE_SEEN_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __AVX2__
#include <immintrin.h>
#endif

enum {
	PROBE_SEEN_WAYS = 8,
	PROBE_SEEN_ALL = (1 << PROBE_SEEN_WAYS) - 1,
	PROBE_SEEN_SETS_MIN = 1 << 10,
	PROBE_SEEN_SETS_MAX = 1 << 20,
};

struct probe_seen_set {
	alignas(64) uint32_t sig[PROBE_SEEN_WAYS];
	uint32_t second[PROBE_SEEN_WAYS]; /* 2^30 ns */
};

struct probe_seen {
	struct probe_seen_set *sets;
	uint32_t mask;
	uint32_t era; /* other seconds of before a step back in time */
};

/* Sets for so many flows at a time, half full at most. */
static inline uint32_t probe_seen_sets(uint64_t flows)
{
	uint32_t n = PROBE_SEEN_SETS_MIN;

	while (n < PROBE_SEEN_SETS_MAX && (uint64_t)n * PROBE_SEEN_WAYS < 2 * flows)
		n *= 2;
	return n;
}

static inline struct probe_seen_set *probe_seen_set(const struct probe_seen *seen, uint64_t hash)
{
	return &seen->sets[(hash >> 32) & seen->mask];
}

/* What: packet time stepped back, maybe into a second in which flows were seen that ended in the meantime. */
static inline void probe_seen_forget(struct probe_seen *seen)
{
	seen->era += 0x9e3779b9;
}

/* A bit for each of the ways that hold v. */
static inline unsigned probe_seen_match(const uint32_t ways[PROBE_SEEN_WAYS], uint32_t v)
{
#ifdef __AVX2__
	__m256i same = _mm256_cmpeq_epi32(
		_mm256_load_si256((const void *)ways), _mm256_set1_epi32((int)v));

	return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(same));
#else
	unsigned same = 0;

	for (unsigned i = 0; i < PROBE_SEEN_WAYS; i++)
		same |= (unsigned)(ways[i] == v) << i;
	return same;
#endif
}

/* Whether the flow was seen in this second already; it is from now on. */
static inline bool probe_seen_note(const struct probe_seen *seen, uint64_t hash, uint64_t time_ns)
{
	struct probe_seen_set *set = probe_seen_set(seen, hash);
	uint32_t sig = (uint32_t)hash;
	uint32_t now = (uint32_t)(time_ns >> 30) + seen->era;
	unsigned same = probe_seen_match(set->sig, sig);
	unsigned stale = probe_seen_match(set->second, now) ^ PROBE_SEEN_ALL;
	unsigned way;

	if (same & ~stale)
		return true;
	way = same    ? (unsigned)__builtin_ctz(same)
	      : stale ? (unsigned)__builtin_ctz(stale)
		      : sig % PROBE_SEEN_WAYS;
	set->sig[way] = sig;
	set->second[way] = now;
	return false;
}

#endif
