/* SPDX-License-Identifier: BSD-3-Clause */
/* An rte_ring in its single-producer, single-consumer form, with the size of an element noted
 * beside it, since every call needs that. Elements are copied here: of sizes other than 8 and 16
 * octets rte_ring_elem copies four octets at a time. */
#include "dp_ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_memzone.h>
#include <rte_ring_elem.h>
#include <rte_ring_peek_zc.h>

#include "dp_node.h"

struct dp_ring {
	struct rte_ring *ring;
	uint32_t element;
};

/* Asks for as much beforehand: rte_ring would log an error for each ring. */
static int choose_node(int node, uint32_t element, uint32_t size)
{
	ssize_t octets = rte_ring_get_memsize_elem(element, size);
	const struct rte_memzone *sample =
		octets > 0 ? rte_memzone_reserve("dp_ring", (size_t)octets, node, 0) : NULL;

	if (octets > 0 && !sample)
		(void)dp_node_is_left(&node, rte_errno, DP_NODE_RINGS);
	rte_memzone_free(sample);
	return node;
}

int dp_ring_create(
	const char *name, uint32_t element, uint32_t size, int socket, struct dp_ring **ring)
{
	struct dp_ring *new = calloc(1, sizeof(*new));

	if (!new)
		return -ENOMEM;
	new->element = element;
	new->ring = rte_ring_create_elem(name, element, size, choose_node(socket, element, size),
		RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (!new->ring) {
		free(new);
		return -rte_errno;
	}
	*ring = new;
	return 0;
}

void dp_ring_destroy(struct dp_ring *ring)
{
	if (!ring)
		return;
	rte_ring_free(ring->ring);
	free(ring);
}

unsigned dp_ring_put_room(struct dp_ring *ring, const void *elements, unsigned n, unsigned *room)
{
	struct rte_ring_zc_data to;
	unsigned put =
		rte_ring_enqueue_zc_burst_elem_start(ring->ring, ring->element, n, &to, room);
	size_t first;

	if (!put)
		return 0;
	first = (size_t)to.n1 * ring->element;
	memcpy(to.ptr1, elements, first);
	if (to.n1 < put) /* the rest is at the ring's beginning */
		memcpy(to.ptr2, (const uint8_t *)elements + first,
			(size_t)put * ring->element - first);
	rte_ring_enqueue_zc_elem_finish(ring->ring, put);
	return put;
}

unsigned dp_ring_put(struct dp_ring *ring, const void *elements, unsigned n)
{
	return dp_ring_put_room(ring, elements, n, NULL);
}

unsigned dp_ring_take(struct dp_ring *ring, void *elements, unsigned n)
{
	struct rte_ring_zc_data from;
	unsigned taken =
		rte_ring_dequeue_zc_burst_elem_start(ring->ring, ring->element, n, &from, NULL);
	size_t first;

	if (!taken)
		return 0;
	first = (size_t)from.n1 * ring->element;
	memcpy(elements, from.ptr1, first);
	if (from.n1 < taken)
		memcpy((uint8_t *)elements + first, from.ptr2,
			(size_t)taken * ring->element - first);
	rte_ring_dequeue_zc_elem_finish(ring->ring, taken);
	return taken;
}

uint32_t dp_ring_count(const struct dp_ring *ring)
{
	return rte_ring_count(ring->ring);
}

uint32_t dp_ring_room(const struct dp_ring *ring)
{
	return rte_ring_free_count(ring->ring);
}

uint32_t dp_ring_size(const struct dp_ring *ring)
{
	return rte_ring_get_size(ring->ring);
}

const char *dp_ring_name(const struct dp_ring *ring)
{
	return ring->ring->name;
}
