/* SPDX-License-Identifier: BSD-3-Clause */
/* The way from one receiver to one worker: two rings, or a plain call when both are one thread.
 * Elements are staged and go out in bursts.
 * Owner: the receiver (probe_rx). Threads: the receiver; a ring's other end is the worker's. */
#ifndef PROBE_LANE_H
#define PROBE_LANE_H

#include <string.h>

#include "dp_ring.h"
#include "dp_rx.h"
#include "pkt_media.h"
#include "probe_seen.h"
#include "probe_shed.h"
#include "probe_worker.h"

struct probe_rx;
struct probe_worker;
struct rte_mbuf;

/* Elements that go out together. */
struct probe_stage {
	unsigned n;
	bool is_one_time; /* all arrived at the same time */
	struct pkt_media media[DP_BURST];
	struct rte_mbuf *packets[DP_BURST];
	uint64_t hash[DP_BURST]; /* of their keys, pkt_media_key_hash */
	uint32_t slot[DP_BURST]; /* own, once all are staged: of their streams, qos_table_locate */
};

struct probe_lane {
	struct probe_worker *worker;
	bool is_own; /* the worker is this thread */
	struct dp_ring *media; /* struct pkt_media; NULL when own */
	struct dp_ring *signalling; /* struct rte_mbuf *; NULL when own */
	unsigned signalling_staged;
	const struct pkt_seed *seed;
	const struct probe_seen *seen; /* the receiver's */
	struct probe_shed shed;
	uint64_t sent; /* elements ever put into rings, for the barrier of capture files */
	struct probe_stage *next; /* that elements are put into */
	struct probe_stage *waiting; /* own: the one before, while the lines of its streams come */
	struct probe_stage stage[2];
	struct rte_mbuf *signalling_stage[DP_BURST];
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

/* What: RTP as a descriptor. False: it cannot say when that came, for it has one time only, and workers go by the order of
 * arrival. base: the time base. */
static inline bool probe_media_element(struct rte_mbuf *packet, const struct pkt_view *view,
	const struct rtp_hdr *hdr, const struct pkt_seed *seed, uint64_t base, struct pkt_media *m)
{
	uint64_t age = dp_meta(packet)->time_ns - base;

	if (age > PKT_MEDIA_TIME_MAX || dp_meta(packet)->behind_ns)
		return false;
	*m = pkt_media_of(&view->flow, hdr, seed);
	m->time_ns = age & PKT_MEDIA_IS_PACKET;
	return true;
}

/* When the packet of an element arrived: ticks are by that. base: the time base. */
static inline uint64_t probe_element_arrival(const struct pkt_media *element, uint64_t base)
{
	if (likely(element->time_ns <= PKT_MEDIA_TIME_MAX))
		return base + element->time_ns;
	return element->time_ns == PKT_MEDIA_IS_TIME
		       ? element->key.w[0]
		       : dp_meta_arrival(dp_meta(probe_packet_of(element)));
}

/* 0 or negative errno. receiver and worker number the rings. */
int probe_lane_init(struct probe_lane *lane, struct probe_rx *rx, unsigned worker);
void probe_lane_fini(struct probe_lane *lane);

/* The staged media of one lane goes out; of an own lane all is taken. */
void probe_lane_flush(struct probe_rx *rx, struct probe_lane *lane);

/* Where to write the next element for probe_lane_put_media. */
static inline struct pkt_media *probe_lane_next(struct probe_rx *rx, struct probe_lane *lane)
{
	if (lane->next->n == DP_BURST)
		probe_lane_flush(rx, lane);
	return &lane->next->media[lane->next->n];
}

/* Element i of an own lane was staged. */
static inline void probe_lane_stage_own(struct probe_stage *stage, const struct qos_table *table,
	unsigned i, uint64_t hash, struct rte_mbuf *m)
{
	stage->packets[i] = m;
	stage->hash[i] = hash;
	qos_table_prefetch_pilot(table, hash);
}

/* Sends the element written there: the descriptor of the packet m, or a time element with m NULL. Takes
 * m. One hash for all: it finds the slot of the stream, or whether the worker knows the flow. */
static inline void probe_lane_put_media(struct probe_lane *lane, struct rte_mbuf *m)
{
	struct probe_stage *stage = lane->next;
	unsigned i = stage->n++;
	uint64_t hash = pkt_media_key_hash(&stage->media[i].key, lane->seed);

	if (lane->is_own) {
		probe_lane_stage_own(stage, &lane->worker->table, i, hash, m);
		return;
	}
	stage->hash[i] = hash;
	stage->packets[i] = m;
	__builtin_prefetch(probe_seen_set(lane->seen, hash), 1);
}

/* A whole packet among the media. Takes m. */
void probe_lane_put_packet(struct probe_rx *rx, struct probe_lane *lane, struct rte_mbuf *m);
/* A whole packet ahead of all media. Takes m. Not for own lanes. */
void probe_lane_put_signalling(struct probe_rx *rx, struct probe_lane *lane, struct rte_mbuf *m);

/* A packet of this flow is not handed over: counts it, and in the flow's bucket. */
void probe_lane_count_shed(struct probe_rx *rx, const struct pkt_flow *flow);

/* What: a burst is staged: its elements go out. On an own lane those of the burst before are taken, while the lines
 * that these need come. */
void probe_lane_turn_all(struct probe_rx *rx);

/* All staged elements of all lanes go out; of an own lane all are taken. */
void probe_lane_flush_all(struct probe_rx *rx);

/* Waits until every worker has finished all it was given. With several workers this is what makes
 * the result of reading a file independent of their number: signalling, which they share, is
 * handled with nothing else under way. */
void probe_lane_wait_all(struct probe_rx *rx);

#endif
