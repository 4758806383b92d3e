/* SPDX-License-Identifier: BSD-3-Clause */
/* Counts what is remote, so that a start says so in one line, not in one for each ring. */
#include "dp_node.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_config.h>
#include <rte_memory.h>

#include "dp_log_pvt.h"

struct remote {
	int node;
	unsigned count[DP_NODE_USES];
};

static struct remote remotes[RTE_MAX_NUMA_NODES];
static unsigned remote_count;

static const char *const uses[DP_NODE_USES] = {
	[DP_NODE_DRIVERS] = "drivers",
	[DP_NODE_BUFFERS] = "packet buffers",
	[DP_NODE_QUEUES] = "queues of ports",
	[DP_NODE_RINGS] = "rings",
	[DP_NODE_HEP] = "queues of HEP",
};

static struct remote *remote_of(int node)
{
	for (unsigned i = 0; i < remote_count; i++)
		if (remotes[i].node == node)
			return &remotes[i];
	if (remote_count == RTE_MAX_NUMA_NODES)
		return &remotes[remote_count - 1];
	remotes[remote_count] = (struct remote){.node = node};
	return &remotes[remote_count++];
}

bool dp_node_is_left(int *node, int error, enum dp_node_use use)
{
	if (*node == SOCKET_ID_ANY || error != ENOMEM)
		return false;
	remote_of(*node)->count[use]++;
	*node = SOCKET_ID_ANY;
	return true;
}

void dp_node_log(void)
{
	for (unsigned i = 0; i < remote_count; i++) {
		const char *comma = "";
		char text[128];
		size_t n = 0;

		for (unsigned use = 0; use < DP_NODE_USES; use++) {
			if (!remotes[i].count[use])
				continue;
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s (%u)", comma,
				uses[use], remotes[i].count[use]);
			comma = ", ";
		}
		DP_LOG(WARNING, eal,
			"NUMA node %d has too little memory for %s: they are on another node, "
			"which costs throughput",
			remotes[i].node, text);
	}
	remote_count = 0;
}
