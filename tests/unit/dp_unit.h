/* SPDX-License-Identifier: BSD-3-Clause */
/* Group setup of the tests that need the DPDK environment: offline, so any user and machine will do. */
#ifndef DP_UNIT_H
#define DP_UNIT_H

#include "dp_eal.h"

static inline int start_eal(void **state)
{
	struct dp_options options = {.memory = 192U << 20, .file_prefix = "heptap-unit"};
	struct dp_lcores lcores;

	(void)state;
	return dp_eal_start(&options, true, &lcores);
}

static inline int stop_eal(void **state)
{
	(void)state;
	dp_eal_stop();
	return 0;
}

#endif
