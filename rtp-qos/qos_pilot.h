/* SPDX-License-Identifier: BSD-3-Clause */
/* Sixteen neighbouring slots of the stream table are a group. Which of them a key has, its hash and the group's pilot
 * say: a number that was found by trying, so that no two keys of the group have the same slot (perfect hashing).
 * Looking up a stream thus costs two octets, which for all groups together stay in the CPU's caches, and one cache
 * miss: the stream's own line.
 * Owner: value types. Threads: any. */
#ifndef QOS_PILOT_H
#define QOS_PILOT_H

#include <stdint.h>

enum {
	QOS_GROUP_SLOTS = 16,
	QOS_GROUP_KEYS = 14, /* a pilot for the last two would take too long to find */
	QOS_PILOTS = 1 << 16,
};

static inline unsigned qos_pilot_slot(uint16_t pilot, uint32_t hash)
{
	return hash * (2u * pilot + 1) >> 28;
}

/* What: the least pilot that gives each of count hashes a slot of its own. Of nine hashes it tries 16, of fourteen
 * 7,000 on average. Returns -1 when there is none. */
int32_t qos_pilot_find(const uint32_t *hash, unsigned count);

#endif
