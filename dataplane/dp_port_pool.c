/* SPDX-License-Identifier: BSD-3-Clause */
#include "dp_port_pool.h"

#include <stdio.h>

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "dp_node.h"

enum {
	CACHE = 256,
	CACHE_MIN_MBUFS = 4096, /* smaller pools could end up in the caches altogether */
	ROOM_STEP = 1024, /* some NICs use whole KiB of a buffer only */
	ROOM_MIN = 2048,
	SPREAD_BYTES = 192, /* what a mempool may add to an object */
	EXTRA_BYTES = 4 << 20, /* the pool's ring and caches, the driver's own */
	VLAN_TAG_BYTES = 4,
	UNDER_WAY_MIN = 256, /* of a queue */
	PAGE_BYTES = 4096,
};

uint32_t dp_port_pool_room(const struct dp_port_options *options, const struct dp_port_needs *needs)
{
	uint32_t room = options->max_frame + VLAN_TAG_BYTES;

	if (room < needs->min_room)
		room = needs->min_room;
	room = (room + ROOM_STEP - 1) / ROOM_STEP * ROOM_STEP;
	if (room < ROOM_MIN)
		room = ROOM_MIN;
	return needs->max_room && room > needs->max_room ? needs->max_room : room;
}

/* What sits in the caches of other lcores is of no use to the one that receives. */
static uint32_t cached(unsigned lcores, uint32_t cache)
{
	return lcores * cache * 3 / 2;
}

uint32_t dp_port_pool_count(const struct dp_port_options *options,
	const struct dp_port_needs *needs, uint32_t mbufs, uint32_t ring_mbufs, unsigned lcores)
{
	uint32_t held = needs->held_mbufs ? needs->held_mbufs : options->descriptors;

	return mbufs ? mbufs : options->queues * held + ring_mbufs + cached(lcores, CACHE);
}

uint64_t dp_port_pool_memory(
	const struct dp_port_options *options, const struct dp_port_needs *needs, uint32_t count)
{
	uint64_t object = dp_port_pool_room(options, needs) + RTE_PKTMBUF_HEADROOM +
			  sizeof(struct rte_mbuf) + RTE_CACHE_LINE_SIZE + SPREAD_BYTES;

	/* Small pages hold one each, and nobody knows yet which there will be. */
	if (needs->max_room)
		object = RTE_ALIGN_CEIL(object, PAGE_BYTES);
	return object * count + EXTRA_BYTES;
}

struct rte_mempool *dp_port_pool_create(uint16_t port, uint32_t count, uint32_t room)
{
	uint32_t cache = count < CACHE_MIN_MBUFS ? count / 128 : CACHE;
	int node = rte_eth_dev_socket_id(port);
	char name[RTE_MEMPOOL_NAMESIZE];
	struct rte_mempool *pool;

	snprintf(name, sizeof(name), "port_%u", port);
	do
		pool = rte_pktmbuf_pool_create(
			name, count, cache, 0, (uint16_t)(room + RTE_PKTMBUF_HEADROOM), node);
	while (!pool && dp_node_is_left(&node, rte_errno, DP_NODE_BUFFERS));
	return pool;
}

/* Of a queue, for what is under way and in caches. */
static uint32_t spare(const struct rte_mempool *pool, uint16_t queues)
{
	return UNDER_WAY_MIN + cached(rte_lcore_count(), pool->cache_size) / queues;
}

uint32_t dp_port_pool_least(const struct rte_mempool *pool, uint16_t queues)
{
	return queues * (DP_XDP_DRIVER_MBUFS + spare(pool, queues));
}

uint32_t dp_port_pool_for_kernel(
	const struct rte_mempool *pool, uint16_t queues, uint16_t descriptors)
{
	uint32_t buffers = descriptors, most = pool->size / queues;

	while (buffers > DP_XDP_DRIVER_MBUFS && buffers + spare(pool, queues) > most)
		buffers /= 2;
	return buffers;
}
