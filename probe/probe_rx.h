/* SPDX-License-Identifier: BSD-3-Clause */
/* The receiving half of the journey: polls queues or files, decodes, steers each packet to the
 * worker that owns its flow. In the pipeline shape an rx thread of its own does this; in the fused
 * shape each worker does it for its own queues, and what it owns goes on without a ring.
 * Owner: the probe. Threads: the rx thread, or the worker; counters may be read by others. */
#ifndef PROBE_RX_H
#define PROBE_RX_H

#include "dp_idle.h"
#include "dp_rx.h"
#include "pkt_media.h"
#include "pkt_switch_time.h"
#include "probe.h"
#include "probe_backlog.h"
#include "probe_counters.h"
#include "probe_fragments.h"
#include "probe_lane.h"
#include "probe_seen.h"

enum {
	PROBE_TCP_SEEN = 4096, /* TCP connections with SIP that receivers remember, power of two */
	PROBE_ICE_ASKED = 16384, /* ICE checks, power of two */
};

struct probe_rx {
	alignas(64) struct probe *probe;
	struct probe_worker *own; /* fused: the worker on this thread; NULL: an rx thread */
	unsigned index;
	bool is_finished;
	bool has_vlan_tenants;
	struct dp_rx rx;
	struct dp_wake wake; /* of its queues */
	struct probe_lane *lanes; /* one per worker */
	uint32_t tcp_seen[PROBE_TCP_SEEN]; /* tags of connections with SIP, by hash */
	uint32_t ice_asked[PROBE_ICE_ASKED]; /* tags of a file's checks, by hash of transaction */
	struct probe_seen seen; /* of flows of other threads' workers */
	struct probe_fragments fragments;
	struct pkt_switch_times switch_times;
	unsigned spent_count;
	struct rte_mbuf *spent[DP_BURST]; /* mbufs of this burst, freed at its end */
	uint64_t last_ns; /* packet time */
	struct probe_backlog backlog; /* of the queues, where the worker is this thread */
	uint64_t shared_ns; /* latest of the time elements; goes back as last_ns does */
	_Atomic uint64_t decode[PKT_STATUS_COUNT]; /* frames by enum pkt_status */
	_Atomic uint64_t outcome[PROBE_OUTCOME_COUNT];
	struct probe_shed_counts shed;
	struct probe_idle idle;
};

/* own: the worker that will call probe_rx_turn, or NULL. Rings are made for every other worker. 0
 * or negative errno. */
int probe_rx_init(
	struct probe_rx *rx, struct probe *probe, unsigned index, struct probe_worker *own);
void probe_rx_fini(struct probe_rx *rx);

/* What: decodes n frames (at most DP_BURST), each with dp_meta filled, and hands them to their
 * workers. Takes the mbufs. */
void probe_rx_burst(struct probe_rx *rx, struct rte_mbuf **burst, unsigned n);

/* What: nothing came: what was handed over goes on without waiting for more. */
void probe_rx_flush(struct probe_rx *rx);

/* What: files: waits until workers have done all that was handed to them, and frees what they are
 * done with. */
void probe_rx_drain(struct probe_rx *rx);

/* What: polls once and hands over what came; ends itself when the files are read or the probe
 * stops. Returns how many frames came. */
unsigned probe_rx_turn(struct probe_rx *rx);

/* probe_rx_time.c, for files with several workers: */
/* Tells all of them what time it is. */
void probe_rx_share_time(struct probe_rx *rx, uint64_t now_ns);
/* What: a frame of the time now_ns follows, and packet time, which was before_ns, is
 * rx->last_ns. */
void probe_rx_follow_time(struct probe_rx *rx, uint64_t now_ns, uint64_t before_ns);

/* The lcore's function of the pipeline shape; arg is the probe_rx. */
int probe_rx_main(void *arg);

#endif
