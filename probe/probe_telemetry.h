/* SPDX-License-Identifier: BSD-3-Clause */
/* The /heptap commands on DPDK's telemetry socket.
 * Threads: commands, of which one runs at a time (probe_command.h), read counters with relaxed loads, ask workers by
 * probe_query and walk calls under RCU. */
#ifndef PROBE_TELEMETRY_H
#define PROBE_TELEMETRY_H

/* Adds them (probe_command.h). 0 or negative errno. */
int probe_telemetry_start(void);

#endif
