/* SPDX-License-Identifier: BSD-3-Clause */
/* How often the SSRC changed on the same addresses and ports (RFC 3550 section 8.2): one entry per
 * transport flow with open streams.
 * Owner: the worker's qos_table. Threads: that worker only. */
#ifndef QOS_FLOWS_H
#define QOS_FLOWS_H

#include <stdint.h>

#include "pkt_flow.h"
#include "pkt_hash.h"

struct qos_flow_entry {
	uint64_t hash; /* of the flow; 0: free */
	uint32_t streams;
	uint32_t changes;
};

struct qos_flows {
	struct qos_flow_entry *entries;
	uint32_t mask;
};

/* max: flows at once. 0 or -ENOMEM. */
int qos_flows_init(struct qos_flows *flows, uint32_t max);
void qos_flows_fini(struct qos_flows *flows);

/* A stream began on the flow. Returns how many others began on it before, as long as one of them
 * has been open all the time. */
uint32_t qos_flows_open(
	struct qos_flows *flows, const struct pkt_flow *flow, const struct pkt_seed *seed);
/* A stream that qos_flows_open counted ended. */
void qos_flows_close(
	struct qos_flows *flows, const struct pkt_flow *flow, const struct pkt_seed *seed);

#endif
