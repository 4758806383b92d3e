/* SPDX-License-Identifier: BSD-3-Clause */
/* The rings of an AF_XDP queue: how many buffers the kernel has to put frames into, and how many frames wait. The
 * driver gives each queue 2048 buffers, whatever its descriptors: 2 ms of a million frames a second.
 * Owner: the process while a queue is set up, then the port. Threads: control until the queue is polled. */
#ifndef DP_XDP_RINGS_H
#define DP_XDP_RINGS_H

#include <stdint.h>

struct rte_mempool;
struct xsk_ring_cons;

/* The queue that the driver sets up next, with buffers of pool, has room for so many: a power of two. */
void dp_xdp_rings_begin(const struct rte_mempool *pool, uint32_t buffers);

/* What: adds to those that the driver gave. Returns how many the kernel has now: fewer than wanted when the pool has
 * no more that it can reach, or the driver is one that does this in a way not known here. received: the driver's, as
 * long as the queue is; NULL when not known. */
uint32_t dp_xdp_rings_end(struct rte_mempool *pool, const struct xsk_ring_cons **received);

/* Frames that were received and not polled. For the thread that polls. */
uint32_t dp_xdp_rings_waiting(const struct xsk_ring_cons *received);

#endif
