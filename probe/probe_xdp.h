/* SPDX-License-Identifier: BSD-3-Clause */
/* The XDP programs in front of AF_XDP ports while the probe runs: media that SDP announces opens those in
 * mode listed, and telemetry shows their counters and changes their lists.
 * Threads: start by control; what workers publish goes to the programs from their threads;
 * telemetry's commands on threads of DPDK. */
#ifndef PROBE_XDP_H
#define PROBE_XDP_H

#include "probe.h"

/* After ports and tables, before the workers. 0 or negative errno. */
int probe_xdp_start(struct probe *probe);
#endif
