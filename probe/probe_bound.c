/* SPDX-License-Identifier: BSD-3-Clause */
/* The arithmetic that is printed is the one that memory is reserved by. */
#include "probe_bound.h"

#include <inttypes.h>
#include <unistd.h>

#include "dp_mailbox.h"
#include "dp_mode.h"
#include "dp_port.h"
#include "pkt_media.h"
#include "probe_fragments.h"
#include "probe_log.h"
#include "probe_seen.h"
#include "probe_worker.h"
#include "qos_legs.h"
#include "qos_media.h"
#include "qos_probation.h"
#include "qos_table.h"
#include "sip_sctp.h"
#include "sip_tcp.h"

enum {
	PARTS_MAX = DP_PORTS_MAX + 16,
	BASE_MEMORY = 128 << 20, /* frames of capture files, among others */
};

struct part {
	const char *what;
	uint64_t count;
	uint64_t bytes; /* of one */
};

struct parts {
	unsigned count;
	struct part part[PARTS_MAX];
};

static void add(struct parts *parts, const char *what, uint64_t count, uint64_t bytes)
{
	if (parts->count < PARTS_MAX && count)
		parts->part[parts->count++] = (struct part){what, count, bytes};
}

static uint64_t sum_of(const struct parts *parts)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < parts->count; i++)
		sum += parts->part[i].count * parts->part[i].bytes;
	return sum;
}

unsigned probe_bound_receivers(const struct cfg_options *o, bool offline)
{
	return dp_rx_threads(&o->dp, offline) + dp_fused_workers(&o->dp, offline);
}

/* A worker that receives needs no ring to itself. */
static uint64_t ring_count(const struct cfg_options *o, bool offline)
{
	uint64_t workers = dp_worker_threads(&o->dp);

	return dp_rx_threads(&o->dp, offline) * workers +
	       dp_fused_workers(&o->dp, offline) * (workers - 1);
}

/* Receivers that hand descriptors to other threads. */
static uint64_t givers(const struct cfg_options *o, bool offline)
{
	return ring_count(o, offline) ? probe_bound_receivers(o, offline) : 0;
}

uint32_t probe_bound_ring_mbufs(const struct dp_options *o, const struct dp_port_options *port)
{
	bool is_fused = dp_port_mode(o, port) == DP_FUSED;
	uint64_t workers = dp_worker_threads(o);
	uint64_t pollers = is_fused ? workers : dp_rx_threads(o, false);
	uint64_t rings = is_fused ? workers - 1 : workers;
	uint64_t sum;

	if (pollers > port->queues)
		pollers = port->queues;
	sum = pollers * rings * ((uint64_t)o->signalling_ring + o->media_ring);
	return sum < UINT32_MAX / 2 ? (uint32_t)sum : UINT32_MAX / 2;
}

static void list_packets(const struct cfg_options *options, bool offline, struct parts *parts)
{
	const struct dp_options *o = &options->dp;
	uint64_t workers = dp_worker_threads(o);
	uint64_t rings = ring_count(options, offline);
	unsigned lcores = 2 + dp_rx_threads(o, offline) + (unsigned)workers;

	parts->count = 0;
	add(parts, "base", 1, BASE_MEMORY);
	add(parts, "media rings, descriptors", rings * o->media_ring, sizeof(struct pkt_media));
	add(parts, "signalling rings, packets", rings * o->signalling_ring, sizeof(void *));
	add(parts, "datagrams put together", 1, probe_fragments_pool_memory());
	add(parts, "HEP mailboxes, workers", workers, dp_mailbox_memory(o->hep_messages));
	for (unsigned i = 0; i < o->port_count && !offline; i++)
		add(parts, "packet buffers, port", 1,
			dp_port_memory(&o->ports[i], o->mbufs,
				probe_bound_ring_mbufs(o, &o->ports[i]), lcores));
}

uint64_t probe_bound_packets(const struct cfg_options *o, bool offline)
{
	struct parts parts;

	list_packets(o, offline, &parts);
	return sum_of(&parts) + sum_of(&parts) / 4;
}

uint64_t probe_bound_least(const struct cfg_options *o, bool offline)
{
	struct parts parts;

	list_packets(o, offline, &parts);
	return sum_of(&parts) - BASE_MEMORY;
}

static void list_tables(const struct cfg_options *options, bool offline, struct parts *parts)
{
	const struct qos_options *o = &options->qos;
	uint64_t workers = dp_worker_threads(&options->dp);

	parts->count = 0;
	add(parts, "workers", workers, sizeof(struct probe_worker));
	add(parts, "streams, tables", workers, qos_table_memory(o->max_streams));
	add(parts, "streams, wheel and flows", workers * o->max_streams,
		QOS_WHEEL_SLOTS * sizeof(uint32_t) + 4 * sizeof(struct qos_flow_entry));
	add(parts, "candidates", workers * o->max_candidates,
		sizeof(struct qos_candidate) + sizeof(struct qos_hints) / QOS_CANDIDATE_WAYS);
	add(parts, "seen flows, sets",
		givers(options, offline) * probe_seen_sets((uint64_t)o->max_streams * workers),
		sizeof(struct probe_seen_set));
	add(parts, "fragments", probe_bound_receivers(options, offline),
		pkt_frag_memory(options->fragments));
	add(parts, "TCP connections", workers, sip_tcp_memory(options->tcp_flows));
	add(parts, "SCTP messages in fragments", workers, sip_sctp_memory());
	add(parts, "calls", 1, qos_calls_memory(o->max_calls));
	if (options->has_legs)
		add(parts, "legs of calls", 1, qos_legs_memory(o->max_calls));
	add(parts, "media endpoints", 1, qos_medias_memory(o->max_media));
}

uint64_t probe_bound_tables(const struct cfg_options *o, bool offline)
{
	struct parts parts;

	list_tables(o, offline, &parts);
	return sum_of(&parts);
}

static void log_parts(const char *kind, const struct parts *parts)
{
	for (unsigned i = 0; i < parts->count; i++) {
		const struct part *p = &parts->part[i];

		PROBE_LOG(INFO,
			"memory for %s: %s: %" PRIu64 " x %" PRIu64 " octets = %" PRIu64 " MiB\n",
			kind, p->what, p->count, p->bytes, (p->count * p->bytes) >> 20);
	}
}

/* Pages of tables are taken as they fill: the kernel would end the probe then, amid the traffic. */
static void warn_of_machine(uint64_t bytes)
{
	uint64_t machine = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);

	if (bytes > machine)
		PROBE_LOG(WARNING,
			"limits let packet memory and tables grow to %" PRIu64
			" MiB, but the machine has %" PRIu64 " MiB\n",
			bytes >> 20, machine >> 20);
}

void probe_bound_log(const struct cfg_options *o, bool offline)
{
	struct parts parts;

	list_packets(o, offline, &parts);
	log_parts("packets", &parts);
	list_tables(o, offline, &parts);
	log_parts("tables", &parts);
	warn_of_machine(o->dp.memory + sum_of(&parts));
}
