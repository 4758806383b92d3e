/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line for rte_eal_init, made from the options.
 * Owner: the caller's stack; the strings live in the structure. Threads: one. */
#ifndef DP_EAL_ARGS_H
#define DP_EAL_ARGS_H

#include <sched.h>
#include <stdbool.h>

#include "dp_eal.h"

enum {
	DP_EAL_ARGS_MAX = 64,
	DP_EAL_TEXT_MAX = 65536,
};

struct dp_eal_args {
	int count;
	bool is_full; /* something did not fit */
	unsigned used;
	cpu_set_t control; /* its CPUs */
	int left_node; /* theirs, while DPDK starts with one of another beside them, -1: they are alone */
	char *list[DP_EAL_ARGS_MAX + 1];
	char text[DP_EAL_TEXT_MAX];
};

/* What: fills args and says which lcore does what. 0 or negative errno with one log line. */
int dp_eal_args_make(const struct dp_options *options, bool offline, struct dp_eal_args *args,
	struct dp_lcores *lcores);

#endif
