/* SPDX-License-Identifier: BSD-3-Clause */
/* A lockless ring of fixed-size elements by value, one producer and one consumer (rte_ring_elem).
 * Owner: created and destroyed by control. Threads: one thread puts, one takes; any may read the
 * fill. */
#ifndef DP_RING_H
#define DP_RING_H

#include <stdint.h>

struct dp_ring;

/* name: unique in the process, at most 26 characters. element: octets, a multiple of 4. size: a power of two; size -
 * 1 elements fit. socket: the nearest NUMA node, -1: any. 0 or negative errno. */
int dp_ring_create(
	const char *name, uint32_t element, uint32_t size, int socket, struct dp_ring **ring);
void dp_ring_destroy(struct dp_ring *ring);

/* How many of n were put; the caller keeps the rest. room: elements that would still fit, at least. */
unsigned dp_ring_put_room(struct dp_ring *ring, const void *elements, unsigned n, unsigned *room);
unsigned dp_ring_put(struct dp_ring *ring, const void *elements, unsigned n);
unsigned dp_ring_take(struct dp_ring *ring, void *elements, unsigned n);
uint32_t dp_ring_count(const struct dp_ring *ring);
uint32_t dp_ring_room(const struct dp_ring *ring);
uint32_t dp_ring_size(const struct dp_ring *ring);
const char *dp_ring_name(const struct dp_ring *ring);

#endif
