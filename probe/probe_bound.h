/* SPDX-License-Identifier: BSD-3-Clause */
/* What a configuration may take of memory at most, part by part: each is a number of things of a size.
 * Owner: pure functions of the options. Threads: any. */
#ifndef PROBE_BOUND_H
#define PROBE_BOUND_H

#include <stdbool.h>
#include <stdint.h>

#include "cfg_options.h"

/* Receivers: rx threads, and workers that receive. */
unsigned probe_bound_receivers(const struct cfg_options *o, bool offline);

/* Packets of a port that may wait in rings at once: those of the threads that poll it. */
uint32_t probe_bound_ring_mbufs(const struct dp_options *o, const struct dp_port_options *port);

/* Packet memory for ports, rings and mailboxes at their configured sizes, and a quarter more for what
 * DPDK needs beside them. Octets. */
uint64_t probe_bound_packets(const struct cfg_options *o, bool offline);

/* The part of it that is taken at start in any case. Octets. */
uint64_t probe_bound_least(const struct cfg_options *o, bool offline);

/* Flows that receivers remember, tables of streams, calls and endpoints when all are full. Octets; pages are touched as
 * they fill, and a stream's lies anywhere in its table. */
uint64_t probe_bound_tables(const struct cfg_options *o, bool offline);

/* Logs the parts of both, one line each, and warns when they are more than the machine has. */
void probe_bound_log(const struct cfg_options *o, bool offline);

#endif
