/* SPDX-License-Identifier: BSD-3-Clause */
/* Open addressing, at most half full, so that a probe ends soon; removal closes the hole. */
#include "qos_flows.h"

#include <errno.h>
#include <stdlib.h>

int qos_flows_init(struct qos_flows *flows, uint32_t max)
{
	uint32_t size = 16;

	while (size < (uint64_t)max * 2)
		size *= 2;
	flows->mask = size - 1;
	flows->entries = calloc(size, sizeof(*flows->entries));
	return flows->entries ? 0 : -ENOMEM;
}

void qos_flows_fini(struct qos_flows *flows)
{
	free(flows->entries);
	flows->entries = NULL;
}

static uint64_t hash_of(const struct pkt_flow *flow, const struct pkt_seed *seed)
{
	uint32_t low = flow->family ^ flow->tenant * 0x9e3779b1u;

	return pkt_hash_flow6(flow, low, seed->k[0], seed->k[1]) | 1;
}

/* The flow's entry, or the free one where it belongs. */
static uint32_t find(const struct qos_flows *flows, uint64_t hash)
{
	uint32_t i = (uint32_t)(hash >> 32) & flows->mask;

	while (flows->entries[i].hash && flows->entries[i].hash != hash)
		i = (i + 1) & flows->mask;
	return i;
}

uint32_t qos_flows_open(
	struct qos_flows *flows, const struct pkt_flow *flow, const struct pkt_seed *seed)
{
	uint64_t hash = hash_of(flow, seed);
	struct qos_flow_entry *entry = &flows->entries[find(flows, hash)];

	if (entry->hash)
		entry->changes++;
	entry->hash = hash;
	entry->streams++;
	return entry->changes;
}

void qos_flows_close(
	struct qos_flows *flows, const struct pkt_flow *flow, const struct pkt_seed *seed)
{
	uint32_t hole = find(flows, hash_of(flow, seed));
	uint32_t i = hole;

	if (!flows->entries[hole].hash || --flows->entries[hole].streams)
		return;
	for (;;) {
		uint32_t home;

		i = (i + 1) & flows->mask;
		if (!flows->entries[i].hash)
			break;
		home = (uint32_t)(flows->entries[i].hash >> 32) & flows->mask;
		/* The entry may move back only if its home is not behind the hole. */
		if (((i - home) & flows->mask) < ((i - hole) & flows->mask))
			continue;
		flows->entries[hole] = flows->entries[i];
		hole = i;
	}
	flows->entries[hole] = (struct qos_flow_entry){0};
}
