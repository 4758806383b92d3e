/* SPDX-License-Identifier: BSD-3-Clause */
/* The packet buffers of a port, and the receive queues that take them. */
#include <errno.h>

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "dp_log_pvt.h"
#include "dp_node.h"
#include "dp_port_pool.h"
#include "dp_port_pvt.h"
#include "dp_xdp_rings.h"

uint64_t dp_port_memory(
	const struct dp_port_options *options, uint32_t mbufs, uint32_t ring_mbufs, unsigned lcores)
{
	struct dp_port_needs needs;

	dp_port_needs_get(options, dp_port_driver_of(options), &needs);
	return dp_port_pool_memory(
		options, &needs, dp_port_pool_count(options, &needs, mbufs, ring_mbufs, lcores));
}

int dp_port_create_pool(struct dp_port *port, const struct dp_port_options *options,
	const struct dp_port_needs *needs, uint32_t mbufs, uint32_t ring_mbufs)
{
	uint32_t count = dp_port_pool_count(options, needs, mbufs, ring_mbufs, rte_lcore_count());
	uint32_t room = dp_port_pool_room(options, needs);

	port->pool = dp_port_pool_create(port->id, count, room);
	if (port->pool)
		return 0;
	DP_LOG(ERR, port, "could not create %u packet buffers of %u octets for \"%s\": %s", count,
		room, port->device, rte_strerror(rte_errno));
	return rte_errno ? -rte_errno : -ENOMEM;
}

/* The driver takes its buffers first, and without one for what is under way nothing is ever received. */
int dp_port_check_fill_ring(const struct dp_port *port)
{
	uint32_t least = dp_port_pool_least(port->pool, port->queues);

	if (port->pool->size >= least)
		return 0;
	DP_LOG(ERR, port, "\"%s\" needs at least %u packet buffers, but memory.mbufs is %u",
		port->device, least, port->pool->size);
	return -EINVAL;
}

/* An AF_XDP queue that has fewer buffers than descriptors goes without what they are counted for. */
static void end_fill_ring(struct dp_port *port, uint16_t queue)
{
	uint32_t buffers = dp_xdp_rings_end(port->pool, &port->received[queue]);

	if (buffers >= port->descriptors)
		return;
	port->received[queue] = NULL;
	DP_LOG(WARNING, port,
		"\"%s\": could not give the kernel %u buffers for queue %u, it has %u",
		port->device, port->descriptors, queue,
		RTE_MAX(buffers, (uint32_t)DP_XDP_DRIVER_MBUFS));
}

int dp_port_set_up_queue(struct dp_port *port, uint16_t queue, const struct dp_port_needs *needs)
{
	int node = rte_eth_dev_socket_id(port->id);
	int err;

	if (needs->has_fill_ring)
		dp_xdp_rings_begin(port->pool,
			dp_port_pool_for_kernel(port->pool, port->queues, port->descriptors));
	do
		err = rte_eth_rx_queue_setup(
			port->id, queue, port->descriptors, (unsigned)node, NULL, port->pool);
	while (err && !needs->has_fill_ring && dp_node_is_left(&node, -err, DP_NODE_QUEUES));
	/* Of a queue that it could not set up the driver has given the rings back. */
	if (needs->has_fill_ring && !err)
		end_fill_ring(port, queue);
	return err;
}
