/* SPDX-License-Identifier: BSD-3-Clause */
/* What sysfs says of NUMA nodes before DPDK has started.
 * Owner: none. Threads: any. */
#ifndef DP_TOPOLOGY_H
#define DP_TOPOLOGY_H

#include <sched.h>
#include <stdbool.h>

/* sysfs: where that is mounted, "/sys". */

/* The one node that all of these CPUs are of; -1: they are of several, or it is not known. */
int dp_topology_node(const char *sysfs, const cpu_set_t *cpus);
/* Whether huge pages of any size are free on a node. */
bool dp_topology_has_pages(const char *sysfs, int node);
/* The first CPU that is of another node; -1: there is none. */
int dp_topology_cpu_beyond(const char *sysfs, int node);

#endif
