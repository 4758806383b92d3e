/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses that media was seen to come from, by VLAN and tenant. A mirror port may show one direction only; that a
 * side is silent can be said only if the tap would have shown its packets.
 * Owner: the probe. Threads: every worker. Bounded: a new address may displace the oldest of its set, and
 * then less is said, not more. */
#ifndef QOS_SOURCES_H
#define QOS_SOURCES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "pkt_flow.h"
#include "pkt_hash.h"

enum {
	QOS_SOURCES = 65536,
};

struct qos_sources {
	struct pkt_seed seed;
	_Atomic uint64_t seen[QOS_SOURCES]; /* who, and the second in which he was seen first */
};

void qos_sources_note(struct qos_sources *sources, uint8_t family, const struct pkt_addr *addr,
	uint32_t network, uint64_t now_ns);

/* Whether it was seen two seconds before now_ns, or earlier: then all workers agree. */
bool qos_sources_has(const struct qos_sources *sources, uint8_t family, const struct pkt_addr *addr,
	uint32_t network, uint64_t now_ns);

#endif
