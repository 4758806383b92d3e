/* SPDX-License-Identifier: BSD-3-Clause */
/* The packet buffers of a port: how many, how large, and how many of them an AF_XDP queue may give the kernel.
 * Owner: the port. Threads: control. */
#ifndef DP_PORT_POOL_H
#define DP_PORT_POOL_H

#include <stdint.h>

#include "dp_options.h"
#include "dp_port_devargs.h"

struct rte_mempool;

enum {
	DP_XDP_DRIVER_MBUFS = 2048, /* that net_af_xdp gives the kernel of each queue by itself */
};

/* Octets of packet that a buffer holds. */
uint32_t dp_port_pool_room(
	const struct dp_port_options *options, const struct dp_port_needs *needs);

/* mbufs: as many as that, 0: as many as queues hold, and ring_mbufs that may be in rings, and caches. */
uint32_t dp_port_pool_count(const struct dp_port_options *options,
	const struct dp_port_needs *needs, uint32_t mbufs, uint32_t ring_mbufs, unsigned lcores);

/* Octets of memory for so many, at most. */
uint64_t dp_port_pool_memory(
	const struct dp_port_options *options, const struct dp_port_needs *needs, uint32_t count);

/* NULL with rte_errno. */
struct rte_mempool *dp_port_pool_create(uint16_t port, uint32_t count, uint32_t room);

/* What: AF_XDP: the fewest buffers with which each of so many queues receives. */
uint32_t dp_port_pool_least(const struct rte_mempool *pool, uint16_t queues);

/* What: how many each queue may give the kernel: as many as descriptors, but some must be left. */
uint32_t dp_port_pool_for_kernel(
	const struct rte_mempool *pool, uint16_t queues, uint16_t descriptors);

#endif
