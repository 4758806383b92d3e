/* SPDX-License-Identifier: BSD-3-Clause */
/* An rx thread: polls its queues or files, decodes, steers each packet to the worker that owns its
 * flow: media of a known flow as a descriptor by value, everything else as an mbuf.
 * Owner: the probe. Threads: its own lcore; counters may be read by others. */
#ifndef PROBE_RX_H
#define PROBE_RX_H

#include "dp_rx.h"
#include "pkt_media.h"
#include "probe.h"
#include "probe_counters.h"

enum {
	PROBE_SEEN = 1 << 20, /* entries of the cache of flows seen lately */
};

/* A flow of which a whole packet went to the worker less than a second ago; its next ones may travel
 * as descriptors. So a worker that forgot the flow soon learns its addresses again. */
struct probe_seen {
	uint32_t sig;
	uint32_t second; /* 2^30 ns */
};

struct probe_rx_lane {
	struct dp_ring *media; /* struct pkt_media */
	struct dp_ring *signalling; /* struct rte_mbuf * */
	unsigned media_staged;
	unsigned signalling_staged;
	uint64_t sent; /* elements ever put, for the barrier of capture files */
	struct pkt_media media_stage[DP_BURST];
	struct rte_mbuf *signalling_stage[DP_BURST];
};

struct probe_rx {
	alignas(64) struct probe *probe;
	unsigned index;
	struct dp_rx rx;
	struct probe_rx_lane *lanes; /* one per worker */
	struct probe_seen *seen;
	uint64_t last_ns; /* packet time */
	uint64_t shared_ns; /* of the last time element */
	_Atomic uint64_t decode[PKT_STATUS_COUNT]; /* frames by enum pkt_status */
	_Atomic uint64_t outcome[PROBE_OUTCOME_COUNT];
};

/* Element of a media ring that tells the worker what time it is. */
static inline struct pkt_media probe_time_element(uint64_t now_ns)
{
	return (struct pkt_media){.key.w[0] = now_ns, .time_ns = PKT_MEDIA_IS_TIME};
}

/* Element of a media ring that carries an mbuf instead of a descriptor, and back. */
static inline struct pkt_media probe_packet_element(struct rte_mbuf *m)
{
	struct pkt_media element = {.time_ns = PKT_MEDIA_IS_PACKET};

	memcpy(&element.key, &m, sizeof(struct rte_mbuf *));
	return element;
}

static inline struct rte_mbuf *probe_packet_of(const struct pkt_media *element)
{
	struct rte_mbuf *m;

	memcpy(&m, &element->key, sizeof(struct rte_mbuf *));
	return m;
}

/* 0 or negative errno. Rings are made for every worker. */
int probe_rx_init(struct probe_rx *rx, struct probe *probe, unsigned index);
void probe_rx_fini(struct probe_rx *rx);

/* What: decodes n frames (at most DP_BURST), each with dp_meta filled, and hands them to their
 * workers. Takes the mbufs. */
void probe_rx_burst(struct probe_rx *rx, struct rte_mbuf **burst, unsigned n);

/* The lcore's function; arg is the probe_rx. */
int probe_rx_main(void *arg);

#endif
