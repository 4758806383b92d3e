/* SPDX-License-Identifier: BSD-3-Clause */
/* Starts the DPDK environment from the options and says which lcore does what.
 * lcore 0 is control (the main lcore), then rx, workers and the sender in this order, each pinned as
 * the options say or free on all CPUs that the process may use.
 * Threads: the main thread, once. */
#ifndef DP_EAL_H
#define DP_EAL_H

#include <stdbool.h>
#include <stddef.h>

#include "dp_options.h"

struct dp_lcores {
	unsigned rx_count, worker_count;
	unsigned rx[DP_CPUS_MAX];
	unsigned worker[DP_CPUS_MAX];
	unsigned sender;
};

/* What: rte_eal_init from options. offline: reading capture files, which needs no hugepages, PCI
 * devices, root or shared files; several can run at once. Returns 0 or negative errno, with one line on stderr. On
 * failure nothing stays behind. */
int dp_eal_start(const struct dp_options *options, bool offline, struct dp_lcores *lcores);
void dp_eal_stop(void);

/* Whether packet memory is on hugepages. */
bool dp_eal_has_hugepages(void);

#endif
