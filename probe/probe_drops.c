/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe_drops.h"

#include "probe_rx.h"
#include "probe_worker.h"

uint64_t probe_drops_ask(struct probe *probe)
{
	_Atomic uint64_t *ports = &probe->drops.ports;
	uint64_t sum = 0, known = probe_read(ports);

	for (unsigned i = 0; i < probe->port_count; i++) {
		struct dp_port_stats stats;

		dp_port_stats(probe->ports[i], &stats);
		sum += stats.missed + stats.no_mbuf;
	}
	/* Another thread may have asked later and be done before. */
	while (known < sum && !atomic_compare_exchange_weak_explicit(ports, &known, sum,
				      memory_order_relaxed, memory_order_relaxed))
		;
	return sum;
}

static uint64_t shed_of(const struct probe *probe, unsigned bucket)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < probe->rx_count; i++)
		sum += probe_read(&probe->rx[i].shed.bucket[bucket]);
	return sum;
}

static uint64_t shed_of_all(const struct probe *probe)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < probe->rx_count; i++)
		sum += probe_read(&probe->rx[i].outcome[PROBE_media_shed]);
	return sum;
}

static void note(struct probe_idle *idle)
{
	idle->noted = atomic_load_explicit(&idle->turns, memory_order_acquire);
}

/* The first turn that ended since may have looked before. */
static bool was_idle(const struct probe_idle *idle)
{
	return atomic_load_explicit(&idle->turns, memory_order_acquire) - idle->noted > 1;
}

static void begin(struct probe *probe)
{
	struct probe_drops *drops = &probe->drops;
	uint64_t ports = probe_read(&drops->ports), shed = shed_of_all(probe);

	if (ports == drops->next_ports && shed == drops->next_sum)
		return;
	drops->next_ports = ports;
	drops->next_sum = shed;
	for (unsigned i = 0; i < PROBE_SHED_BUCKETS; i++)
		drops->next_shed[i] = shed_of(probe, i);
	for (unsigned i = 0; i < probe->rx_count; i++)
		note(&probe->rx[i].idle);
	drops->stage = PROBE_DROPS_QUEUED;
}

static void look_at_queues(struct probe *probe)
{
	for (unsigned i = 0; i < probe->rx_count; i++)
		if (!was_idle(&probe->rx[i].idle))
			return;
	for (unsigned i = 0; i < probe->lcores.worker_count; i++)
		note(&probe->workers[i].idle);
	probe->drops.stage = PROBE_DROPS_IN_RINGS;
}

static void look_at_rings(struct probe *probe)
{
	struct probe_drops *drops = &probe->drops;

	for (unsigned i = 0; i < probe->lcores.worker_count; i++)
		if (!was_idle(&probe->workers[i].idle))
			return;
	for (unsigned i = 0; i < PROBE_SHED_BUCKETS; i++)
		atomic_store_explicit(
			&drops->past_shed[i], drops->next_shed[i], memory_order_relaxed);
	atomic_store_explicit(&drops->past_ports, drops->next_ports, memory_order_relaxed);
	drops->stage = PROBE_DROPS_REST;
}

uint64_t probe_drops_follow(struct probe *probe)
{
	uint64_t dropped = probe_drops_ask(probe);

	atomic_fetch_add_explicit(&probe->drops.readings, 1, memory_order_release);
	switch (probe->drops.stage) {
	case PROBE_DROPS_REST:
		begin(probe);
		break;
	case PROBE_DROPS_QUEUED:
		look_at_queues(probe);
		break;
	case PROBE_DROPS_IN_RINGS:
		look_at_rings(probe);
		break;
	}
	return dropped;
}

struct qos_drops probe_drops_of(void *arg, const struct qos_stream_cold *cold)
{
	const struct probe_worker *w = arg;
	const struct probe *probe = w->probe;
	const struct probe_drops *d = &probe->drops;
	struct qos_drops drops = {
		.readings = atomic_load_explicit(&d->readings, memory_order_acquire),
		.past = probe_read(&d->past_ports),
	};
	unsigned bucket;

	drops.ports = drops.all = probe_read(&d->ports);
	/* Hardly ever anything was shed: then whose it was need not be asked. */
	if (!shed_of_all(probe))
		return drops;
	bucket = probe_shed_bucket(&cold->origin.flow, &probe->seed);
	drops.past += probe_read(&d->past_shed[bucket]);
	drops.all += shed_of(probe, bucket);
	return drops;
}
