/* SPDX-License-Identifier: BSD-3-Clause */
/* The log types of dataplane and how its lines look. Never per packet.
 * Owner: each type's own .c file registers it. Threads: any. */
#ifndef DP_LOG_PVT_H
#define DP_LOG_PVT_H

#include <rte_log.h>

extern int dp_log_eal;
extern int dp_log_port;
extern int dp_log_xdp;

#define DP_LOG(level, type, format, ...) \
	rte_log(RTE_LOG_##level, dp_log_##type, "heptap." #type ": " format "\n", ##__VA_ARGS__)

#endif
