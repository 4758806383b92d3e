/* SPDX-License-Identifier: BSD-3-Clause */
/* The probe: everything that one run owns, and the order in which it starts and stops.
 * Owner: main. Threads: control starts and stops; each thread gets its own part (probe_rx,
 * probe_worker, probe_sender) and reads the rest, which is fixed while threads run. */
#ifndef PROBE_H
#define PROBE_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "cfg_options.h"
#include "cls_payload.h"
#include "dp_clock.h"
#include "dp_eal.h"
#include "dp_file.h"
#include "dp_mailbox.h"
#include "dp_meta.h"
#include "dp_port.h"
#include "dp_ring.h"
#include "dp_steer.h"
#include "hep_sender.h"
#include "pkt_decode.h"
#include "pkt_hash.h"
#include "probe_drops.h"
#include "qos_legs.h"
#include "qos_media.h"
#include "qos_sources.h"

/* Packet time that steps back by more than this was wrong before, or is set anew: it is
 * believed. */
#define PROBE_TIME_BACK_NS ((uint64_t)60 * 1000000000)

struct probe_results;
struct probe_rx;
struct probe_worker;

/* What the command line asked for. */
struct probe_run {
	const char *config; /* -c */
	const char *files[DP_FILES_MAX];
	unsigned file_count; /* -r */
	const char *interface_; /* -i */
	const char *filter; /* --filter, NULL without */
	const char *json; /* --json, NULL without */
	bool has_table; /* print calls and streams at the end */
	unsigned hep_count; /* --hep */
	const char *hep[HEP_COLLECTORS_MAX];
};

struct probe {
	const struct cfg_options *options;
	const struct probe_run *run;
	bool has_eal;
	bool is_offline; /* reads capture files: packet time, nothing is ever dropped */
	struct dp_lcores lcores;
	struct dp_clock clock;
	struct dp_file *file;
	struct dp_filter *file_filter; /* NULL: takes every frame */
	struct dp_port *ports[DP_PORTS_MAX];
	unsigned port_count;
	unsigned rx_count; /* receivers: lcores.rx_count rx threads, then fused workers */
	struct pkt_seed seed;
	struct dp_steer steer;
	struct cls_db *cls;
	struct qos_calls *calls;
	struct qos_medias *medias;
	struct qos_legs *legs; /* NULL: not looked for */
	struct qos_sources *sources; /* NULL: not kept */
	struct hep_sender *sender; /* NULL without collectors */
	struct probe_results *results; /* NULL when nobody asked for tables or JSON */
	struct probe_rx *rx;
	struct probe_worker *workers; /* lcores.worker_count of them */

	/* Written by control or rx, read by all. */
	/* What pkt_media.time_ns counts from; 0: not set yet. */
	alignas(64) _Atomic uint64_t time_base_ns;
	_Atomic uint64_t last_ns; /* newest packet of any rx thread, at its end */
	atomic_bool stop_rx;
	_Atomic unsigned rx_running;
	_Atomic unsigned workers_running;
	atomic_bool stop_sender;
	atomic_bool is_interrupted; /* a signal ended the reading of files */
	_Atomic uint64_t hep_interrupted; /* messages not sent since; by the sender */
	uint64_t start_ns; /* wall clock */
	struct probe_drops drops;
};

/* NUMA node for memory of an lcore; -1 where packet memory has no node (without hugepages). */
int probe_socket(unsigned lcore);

/* Whose addresses a frame has. */
static inline uint32_t probe_tenant(
	const struct probe *probe, const struct dp_meta *meta, const struct pkt_view *view)
{
	return pkt_tenant(meta->network + view->network, view->vlan,
		(enum pkt_tenants)probe->options->tenants);
}

/* How the main loops of threads wait; enum dp_idle_mode. Files are read as fast as they can be. */
static inline uint32_t probe_idle_mode(const struct probe *probe)
{
	return probe->is_offline ? DP_IDLE_ADAPTIVE : probe->options->dp.idle;
}

/* "fused", "pipeline", or both, as the ports are configured. */
const char *probe_shape(const struct probe *probe);

/* What: runs until all files are read or a signal came, then drains and prints. Returns the exit
 * code: 0; 1 could not start; 3 a capture file was damaged. Sets options->dp.memory when it is
 * 0. */
int probe_main(struct cfg_options *options, const struct probe_run *run);

#endif
