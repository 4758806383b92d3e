/* SPDX-License-Identifier: BSD-3-Clause */
/* An rte_ring in its single-producer, single-consumer form, with the size of an element noted beside
 * it, since every call needs that. */
#include "dp_ring.h"

#include <errno.h>
#include <stdlib.h>

#include <rte_errno.h>
#include <rte_memzone.h>
#include <rte_ring_elem.h>

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
	return rte_ring_sp_enqueue_burst_elem(ring->ring, elements, ring->element, n, room);
}

unsigned dp_ring_put(struct dp_ring *ring, const void *elements, unsigned n)
{
	return rte_ring_sp_enqueue_burst_elem(ring->ring, elements, ring->element, n, NULL);
}

unsigned dp_ring_take(struct dp_ring *ring, void *elements, unsigned n)
{
	return rte_ring_sc_dequeue_burst_elem(ring->ring, elements, ring->element, n, NULL);
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
