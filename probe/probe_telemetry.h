/* SPDX-License-Identifier: BSD-3-Clause */
/* The /heptap commands on DPDK's telemetry socket.
 * Threads: DPDK calls a command on a thread of its own, several at once; commands read counters with
 * relaxed loads, ask workers by probe_query and walk calls under RCU. */
#ifndef PROBE_TELEMETRY_H
#define PROBE_TELEMETRY_H

#include "probe.h"

/* After the probe is complete. 0 or negative errno. */
int probe_telemetry_start(struct probe *probe);
/* Commands answer nothing from now on: the probe is about to go. */
void probe_telemetry_stop(void);

#endif
