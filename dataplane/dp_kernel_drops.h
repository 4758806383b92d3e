/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames that the kernel dropped because a port's receive ring was full. The AF_PACKET and AF_XDP
 * drivers of DPDK 22.11 do not report them, so their sockets are asked. The same sockets tell a thread
 * that sleeps when a frame comes.
 * Owner: the port. Threads: control, only reading by any thread. */
#ifndef DP_KERNEL_DROPS_H
#define DP_KERNEL_DROPS_H

#include <stdint.h>

struct dp_kernel_drops;

/* What: notes the open descriptors before the driver opens its own. domain: AF_PACKET, AF_XDP, or 0
 * when there is nothing to ask. */
int dp_kernel_drops_create(int domain, struct dp_kernel_drops **drops);
/* What: takes hold of the sockets of the domain that were opened since. */
void dp_kernel_drops_attach(struct dp_kernel_drops *drops);
void dp_kernel_drops_destroy(struct dp_kernel_drops *drops);

/* The socket of a queue, which poll(2) says is readable when a frame waits; -1 when it is not known. It
 * lives as long as drops does. */
int dp_kernel_drops_fd(const struct dp_kernel_drops *drops, unsigned queue, unsigned queues);

/* Frames that the driver's own statistics lack. */
uint64_t dp_kernel_drops_get(struct dp_kernel_drops *drops);

#endif
