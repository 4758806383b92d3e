/* SPDX-License-Identifier: BSD-3-Clause */
#include "qos_sources.h"

enum {
	WAYS = 8,
	WHO_BITS = 28, /* of the hash; the rest of an entry is seconds */
};

#define NS_PER_SEC   1000000000ull
#define SECONDS_MASK (UINT64_MAX >> WHO_BITS)
#define SETTLED_S    2

static uint64_t hash_of(
	const struct qos_sources *s, uint8_t family, const struct pkt_addr *addr, uint32_t network)
{
	uint64_t h = pkt_hash_128(pkt_hash_word(addr->b), pkt_hash_word(addr->b + 8), &s->seed);

	return pkt_hash_mix(h ^ ((uint64_t)network << 8 | family), s->seed.k[2]);
}

/* The entry of a hash in its set; if there is none the one to replace: a free one, or the oldest. */
static unsigned find(const struct qos_sources *s, uint64_t hash, uint64_t *entry)
{
	unsigned first = hash % QOS_SOURCES / WAYS * WAYS, oldest = first;
	uint64_t who = hash & ~SECONDS_MASK, least = UINT64_MAX;

	for (unsigned i = first; i < first + WAYS; i++) {
		uint64_t e = atomic_load_explicit(&s->seen[i], memory_order_relaxed);

		if (e && (e & ~SECONDS_MASK) == who) {
			*entry = e;
			return i;
		}
		if ((e & SECONDS_MASK) < least) {
			least = e & SECONDS_MASK;
			oldest = i;
		}
	}
	*entry = 0;
	return oldest;
}

void qos_sources_note(struct qos_sources *sources, uint8_t family, const struct pkt_addr *addr,
	uint32_t network, uint64_t now_ns)
{
	uint64_t hash = hash_of(sources, family, addr, network), entry;
	uint64_t second = (now_ns / NS_PER_SEC + 1) & SECONDS_MASK;
	unsigned i = find(sources, hash, &entry);

	if (!entry || (entry & SECONDS_MASK) > second)
		atomic_store_explicit(
			&sources->seen[i], (hash & ~SECONDS_MASK) | second, memory_order_relaxed);
}

bool qos_sources_has(const struct qos_sources *sources, uint8_t family, const struct pkt_addr *addr,
	uint32_t network, uint64_t now_ns)
{
	uint64_t entry;

	find(sources, hash_of(sources, family, addr, network), &entry);
	return entry && (entry & SECONDS_MASK) + SETTLED_S <= now_ns / NS_PER_SEC + 1;
}
