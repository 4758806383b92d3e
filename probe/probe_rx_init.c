/* SPDX-License-Identifier: BSD-3-Clause */
/* What a receiver has: its lanes, what it remembers of flows, and memory for fragments. */
#include <errno.h>
#include <stdlib.h>

#include "probe_rx.h"
#include "probe_worker.h"
#include "qos_mem.h"

static uint64_t seen_flows(const struct probe *probe)
{
	return (uint64_t)probe->options->qos.max_streams * probe->lcores.worker_count;
}

/* Descriptors travel only where there is a ring. */
static bool has_rings(const struct probe_rx *rx)
{
	return !rx->own || rx->probe->lcores.worker_count > 1;
}

static int init_seen(struct probe_rx *rx)
{
	uint32_t sets = probe_seen_sets(seen_flows(rx->probe));

	rx->seen.mask = sets - 1;
	rx->seen.sets = qos_mem_map(sets * sizeof(*rx->seen.sets));
	return rx->seen.sets ? 0 : -ENOMEM;
}

int probe_rx_init(
	struct probe_rx *rx, struct probe *probe, unsigned index, struct probe_worker *own)
{
	int rc;

	rx->probe = probe;
	rx->index = index;
	rx->own = own;
	rx->has_vlan_tenants = probe->options->tenants & PKT_TENANTS_VLAN;
	dp_rx_init(
		&rx->rx, &probe->clock, probe->is_offline ? probe->file : NULL, probe->file_filter);
	rx->lanes = calloc(probe->lcores.worker_count, sizeof(*rx->lanes));
	if (!rx->lanes)
		return -ENOMEM;
	rc = probe_fragments_init(&rx->fragments, probe->options->fragments, &probe->seed);
	if (!rc && has_rings(rx))
		rc = init_seen(rx);
	for (unsigned i = 0; i < probe->lcores.worker_count && !rc; i++)
		rc = probe_lane_init(&rx->lanes[i], rx, i);
	return rc;
}

void probe_rx_fini(struct probe_rx *rx)
{
	for (unsigned i = 0; rx->lanes && i < rx->probe->lcores.worker_count; i++)
		probe_lane_fini(&rx->lanes[i]);
	free(rx->lanes);
	probe_fragments_fini(&rx->fragments);
	if (rx->seen.sets)
		qos_mem_unmap(rx->seen.sets, (rx->seen.mask + 1) * sizeof(*rx->seen.sets));
	rx->lanes = NULL;
	rx->seen.sets = NULL;
}
