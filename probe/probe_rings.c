/* SPDX-License-Identifier: BSD-3-Clause */
/* What other threads received comes out of rings: media as descriptors, some of it whole, and signalling. Live, what
 * is no media waits for more of its kind, as what this thread received itself does. */
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "dp_meta.h"
#include "probe_rx.h"
#include "probe_worker.h"

/* A burst of media, with the packets of what came whole, which are the worker's. */
struct burst {
	unsigned n;
	struct pkt_media media[QOS_BURST];
	struct rte_mbuf *packets[QOS_BURST]; /* or NULL */
	uint32_t slot[QOS_BURST];
};

static uint64_t time_base(const struct probe_worker *w)
{
	return atomic_load_explicit(&w->probe->time_base_ns, memory_order_relaxed);
}

/* What this thread received itself and waits for its streams came before what is in rings. */
static void take_own(struct probe_worker *w)
{
	if (w->rx)
		probe_lane_flush(w->rx, &w->rx->lanes[w->index]);
}

/* Whether some came whole. */
static bool find_packets(struct burst *b)
{
	unsigned found = 0;

	for (unsigned i = 0; i < b->n; i++) {
		b->packets[i] = NULL;
		if (likely(b->media[i].time_ns != PKT_MEDIA_IS_PACKET))
			continue;
		b->packets[i] = probe_packet_of(&b->media[i]);
		rte_prefetch0(b->packets[i]);
		rte_prefetch0(dp_meta(b->packets[i]));
		found++;
	}
	return found;
}

/* Whether it stays in its order among the media; RTP as a descriptor, if that can say what it is. */
static bool stays(struct probe_worker *w, struct rte_mbuf *packet, struct pkt_media *m)
{
	struct pkt_view view;
	struct rtp_hdr hdr;

	if (!probe_whole_decode(w, packet, &view))
		return true;
	if (view.flow.proto == PKT_UDP &&
		rtp_hdr_parse(view.payload, view.payload_wire, &hdr) == RTP_OK) {
		probe_media_element(packet, &view, &hdr, &w->probe->seed, time_base(w), m);
		return true;
	}
	if (probe_whole_is_full(w))
		return true;
	probe_whole_add(w, packet, &view);
	return false;
}

static uint32_t locate(const struct probe_worker *w, const struct pkt_media *m)
{
	return qos_table_locate(&w->table, qos_table_hash(&w->table, &m->key));
}

/* What came whole, while the lines of the other streams are on their way. */
static void sort(struct probe_worker *w, struct burst *b)
{
	unsigned n = 0;

	for (unsigned i = 0; i < b->n; i++) {
		b->media[n] = b->media[i];
		b->slot[n] = b->slot[i];
		b->packets[n] = b->packets[i];
		if (likely(!b->packets[i])) {
			n++;
		} else if (stays(w, b->packets[n], &b->media[n])) {
			b->slot[n] = locate(w, &b->media[n]);
			n++;
		}
	}
	b->n = n;
}

static void free_packets(const struct burst *b)
{
	for (unsigned i = 0; i < b->n; i++)
		if (unlikely(b->packets[i]))
			rte_pktmbuf_free(b->packets[i]);
}

static unsigned take_media(struct probe_worker *w, struct dp_ring *ring)
{
	struct burst b;
	unsigned n = dp_ring_take(ring, b.media, QOS_BURST);
	bool has_packets;

	/* And nothing of the worker is touched, which rx may have taken over (probe_rx_time.c). */
	if (!n)
		return 0;
	b.n = n;
	take_own(w);
	if (probe_whole_is_overdue(w, probe_element_arrival(b.media, time_base(w))))
		probe_whole_flush(w);
	has_packets = find_packets(&b);
	for (unsigned i = 0; i < n; i++)
		b.slot[i] = locate(w, &b.media[i]);
	qos_table_prefetch(&w->table, b.slot, n);
	if (has_packets && !w->probe->is_offline)
		sort(w, &b);
	probe_worker_burst(w, &(struct probe_batch){
				      .media = b.media,
				      .packets = b.packets,
				      .slot = b.slot,
				      .n = b.n,
			      });
	if (has_packets)
		free_packets(&b);
	return n;
}

static unsigned take_signalling(struct probe_worker *w, struct dp_ring *ring)
{
	struct rte_mbuf *m[QOS_BURST];
	unsigned n = dp_ring_take(ring, m, QOS_BURST);

	if (!n)
		return 0;
	take_own(w);
	for (unsigned i = 0; i < n; i++)
		probe_whole_add_packet(w, m[i]);
	return n;
}

/* A receiver on this thread sees to it with its own. */
static bool are_wholes_due(struct probe_worker *w, unsigned n)
{
	if (!w->wholes.count || (w->rx && !w->rx->is_finished))
		return false;
	return !n || probe_whole_turn(w);
}

/* Media waits until little signalling is left. */
unsigned probe_worker_take(struct probe_worker *w)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->lane_count; i++)
		n += take_signalling(w, w->lanes[i].signalling);
	if (n < QOS_BURST)
		for (unsigned i = 0; i < w->lane_count; i++)
			n += take_media(w, w->lanes[i].media);
	if (are_wholes_due(w, n))
		probe_whole_flush(w);
	return n;
}
