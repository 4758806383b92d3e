/* SPDX-License-Identifier: BSD-3-Clause */
/* Polls the queues in turn, or the files, and fills in what dataplane knows about each frame. */
#include "dp_rx.h"

#include <errno.h>

#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_mbuf.h>

#include "dp_filter.h"
#include "dp_meta.h"

#define BACK_NS ((uint64_t)500000000)

enum {
	NEARLY_EMPTY = 16, /* less than such a part of a queue */
};

void dp_rx_init(struct dp_rx *rx, const struct dp_clock *clock, struct dp_file *file,
	const struct dp_filter *filter)
{
	*rx = (struct dp_rx){.clock = clock, .file = file, .filter = filter};
}

int dp_rx_add_queue(struct dp_rx *rx, const struct dp_port *port, uint16_t queue)
{
	if (rx->queue_count >= DP_RX_QUEUES_MAX)
		return -ENOSPC;
	rx->queues[rx->queue_count++] = (struct dp_rx_queue){
		.port = port,
		.nic_time = dp_port_nic_time(port),
		.port_id = (uint16_t)dp_port_id(port),
		.queue = queue,
		.size = dp_port_descriptors(port),
	};
	return 0;
}

const struct dp_rx_queue *dp_rx_fullest(const struct dp_rx *rx)
{
	const struct dp_rx_queue *fullest = rx->queue_count ? &rx->queues[0] : NULL;

	for (unsigned i = 1; i < rx->queue_count; i++)
		if (rx->queues[i].full * fullest->size > fullest->full * rx->queues[i].size)
			fullest = &rx->queues[i];
	return fullest;
}

/* This thread is the only writer: a plain addition, only not torn. */
static void count(struct dp_rx *rx, unsigned frames, uint64_t bytes)
{
	uint64_t sum = atomic_load_explicit(&rx->frames, memory_order_relaxed) + frames;

	atomic_store_explicit(&rx->frames, sum, memory_order_relaxed);
	sum = atomic_load_explicit(&rx->bytes, memory_order_relaxed) + bytes;
	atomic_store_explicit(&rx->bytes, sum, memory_order_relaxed);
}

/* When a burst arrived. */
static uint64_t burst_time(struct dp_rx *rx)
{
	uint64_t now = dp_clock_now(rx->clock);

	/* A little back is two anchors; a lot is a system clock that was set. */
	if (now > rx->last_ns || now + BACK_NS < rx->last_ns)
		rx->last_ns = now;
	return rx->last_ns;
}

/* The tag back to where it was on the wire. Without room for it the frame goes on untagged. */
static struct rte_mbuf *restore_tag(struct rte_mbuf *m)
{
	(void)rte_vlan_insert(&m);
	return m;
}

/* AF_XDP's driver looks for more only when it has given all that it saw: a poll that is not full may be the rest of
 * that while much waits. */
static uint64_t full_streak(const struct dp_rx_queue *queue, unsigned n)
{
	if (n == DP_BURST)
		return queue->full + n;
	if (!queue->full ||
		dp_port_waiting(queue->port, queue->queue) <= (int)(queue->size / NEARLY_EMPTY))
		return 0;
	return queue->full + n;
}

static unsigned poll_queues(struct dp_rx *rx, struct rte_mbuf **burst)
{
	struct dp_rx_queue *queue = NULL;
	unsigned n = 0;
	uint64_t now, bytes = 0;

	for (unsigned i = 0; i < rx->queue_count && !n; i++) {
		queue = &rx->queues[rx->next_queue];
		if (++rx->next_queue >= rx->queue_count)
			rx->next_queue = 0;
		n = rte_eth_rx_burst(queue->port_id, queue->queue, burst, DP_BURST);
		rx->filter = dp_port_filter(queue->port);
		queue->full = full_streak(queue, n);
	}
	if (!n)
		return 0;

	now = burst_time(rx);
	for (unsigned i = 0; i < n; i++) {
		struct dp_meta *meta;

		if (unlikely(burst[i]->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED))
			burst[i] = restore_tag(burst[i]);
		meta = dp_meta(burst[i]);
		meta->time_ns = now;
		meta->wire_bytes = burst[i]->pkt_len;
		meta->link = DP_LINK_ETHERNET;
		meta->network = 0;
		meta->behind_ns = 0;
		bytes += burst[i]->pkt_len;
	}
	if (unlikely(queue->nic_time))
		dp_nic_time_stamp(queue->nic_time, queue->queue, burst, n, now);
	count(rx, n, bytes);
	return n;
}

static unsigned poll_file(struct dp_rx *rx, struct rte_mbuf **burst)
{
	uint64_t bytes = 0;
	unsigned n;

	if (rx->is_done)
		return 0;
	n = dp_file_poll(rx->file, burst, DP_BURST);
	for (unsigned i = 0; i < n; i++)
		bytes += dp_meta(burst[i])->wire_bytes;
	count(rx, n, bytes);
	rx->is_done = n == 0 && dp_file_is_done(rx->file);
	return n;
}

unsigned dp_rx_poll(struct dp_rx *rx, struct rte_mbuf **burst)
{
	return rx->file ? poll_file(rx, burst) : poll_queues(rx, burst);
}

unsigned dp_rx_filter(const struct dp_rx *rx, struct rte_mbuf **burst, unsigned n)
{
	unsigned chosen = n;

	if (rx->filter) {
		chosen = dp_filter_burst(rx->filter, burst, n);
		rte_pktmbuf_free_bulk(burst + chosen, n - chosen);
	}
	return chosen;
}
