/* SPDX-License-Identifier: BSD-3-Clause */
/* How many chains a table of calls or endpoints has: a power of two, all at once, since a table that grows while a flood
 * comes in has long chains until it has caught up.
 * Owner: value types. Threads: any. */
#ifndef QOS_CHAIN_H
#define QOS_CHAIN_H

#include <stddef.h>
#include <stdint.h>

enum {
	QOS_CHAINS_MIN = 64,
};

static inline uint64_t qos_chain_count(uint64_t least)
{
	uint64_t chains = QOS_CHAINS_MIN;

	while (chains < least)
		chains *= 2;
	return chains;
}

/* Octets of their heads, pointers. */
static inline size_t qos_chain_bytes(uint64_t chains)
{
	return chains * sizeof(void *);
}

#endif
