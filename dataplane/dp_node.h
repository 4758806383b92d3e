/* SPDX-License-Identifier: BSD-3-Clause */
/* Packet memory comes from the NUMA node of who uses it. Where that has too little it comes from any other, which is said.
 * Owner: the module. Threads: control, while it starts. */
#ifndef DP_NODE_H
#define DP_NODE_H

#include <stdbool.h>

enum dp_node_use {
	DP_NODE_DRIVERS, /* what drivers take for themselves */
	DP_NODE_BUFFERS, /* packet buffers of a port */
	DP_NODE_QUEUES, /* descriptors of a port's queue */
	DP_NODE_RINGS, /* a ring between two threads */
	DP_NODE_HEP, /* a mailbox */
	DP_NODE_USES,
};

/* What: whether to try anew what failed with error, a positive errno, for want of memory on *node: with any node then, which
 * *node is set to. */
bool dp_node_is_left(int *node, int error, enum dp_node_use use);

/* One line for each node that was left since the last time, and what for. */
void dp_node_log(void);

#endif
