/* SPDX-License-Identifier: BSD-3-Clause */
/* The dynamic field in which drivers leave the NIC's time, and the pairs of readings for dp_hwclock. */
#define ALLOW_EXPERIMENTAL_API /* rte_eth_read_clock */
#include "dp_nic_time.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include "dp_hwclock.h"
#include "dp_meta.h"

enum {
	ANCHOR_TRIES = 8,
};

/* One thread writes. */
struct queue {
	alignas(64) _Atomic uint64_t used;
	_Atomic uint64_t refused;
	atomic_bool is_in_use;
	bool is_distrusted;
	bool has_refused; /* since the last anchor */
	unsigned refused_in_row;
	unsigned fit_in_row;
	uint32_t anchors; /* made until now */
};

struct dp_nic_time {
	struct dp_hwclock clock;
	uint16_t port_id;
	int offset;
	uint64_t flag;
	unsigned queue_count;
	struct queue queues[];
};

uint64_t dp_nic_time_offload(
	const struct dp_port_options *options, const struct rte_eth_dev_info *info)
{
	if (options->timestamps != DP_TIMESTAMPS_NIC)
		return 0;
	return info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_TIMESTAMP;
}

/* net_pcap has them without being asked, and does not say so. */
static bool has_stamps(const char *driver, uint64_t offloads)
{
	return offloads & RTE_ETH_RX_OFFLOAD_TIMESTAMP || strcmp(driver, "net_pcap") == 0;
}

struct dp_nic_time *dp_nic_time_create(const struct dp_port_options *options, unsigned port_id,
	const char *driver, uint64_t offloads)
{
	size_t size = sizeof(struct dp_nic_time) + options->queues * sizeof(struct queue);
	struct dp_nic_time *time;

	rte_errno = 0;
	if (options->timestamps != DP_TIMESTAMPS_NIC || !has_stamps(driver, offloads))
		return NULL;
	time = aligned_alloc(alignof(struct dp_nic_time), size);
	if (!time) {
		rte_errno = ENOMEM;
		return NULL;
	}
	memset(time, 0, size);
	time->port_id = (uint16_t)port_id;
	time->queue_count = options->queues;
	/* The driver's, if it was there before. */
	if (rte_mbuf_dyn_rx_timestamp_register(&time->offset, &time->flag)) {
		free(time);
		return NULL;
	}
	return time;
}

void dp_nic_time_destroy(struct dp_nic_time *time)
{
	free(time);
}

/* The narrowest of some tries is the one that was not interrupted between two readings of ours. */
static bool read_both(
	const struct dp_nic_time *time, const struct dp_clock *clock, uint64_t *tick, uint64_t *ns)
{
	uint64_t narrowest = UINT64_MAX;

	for (unsigned i = 0; i < ANCHOR_TRIES; i++) {
		uint64_t before = dp_clock_now(clock), after, read;

		if (rte_eth_read_clock(time->port_id, &read))
			return false;
		after = dp_clock_now(clock);
		if (after - before >= narrowest)
			continue;
		narrowest = after - before;
		*tick = read;
		*ns = before + narrowest / 2;
	}
	return true;
}

/* Without a clock to read an anchor says nothing, but who gave up looks again. */
void dp_nic_time_anchor(struct dp_nic_time *time, const struct dp_clock *clock)
{
	uint64_t tick = 0, ns = 0;

	if (!time)
		return;
	if (!read_both(time, clock, &tick, &ns))
		tick = ns = 0;
	dp_hwclock_anchor(&time->clock, tick, ns);
}

static void count(_Atomic uint64_t *counter, unsigned n)
{
	uint64_t sum = atomic_load_explicit(counter, memory_order_relaxed) + n;

	atomic_store_explicit(counter, sum, memory_order_relaxed);
}

/* Who distrusts wants a whole second that fits. */
static void begin_period(struct queue *queue, uint32_t anchors)
{
	if (queue->is_distrusted && !queue->has_refused && queue->fit_in_row >= DP_NIC_TIME_PROOF)
		queue->is_distrusted = false;
	queue->has_refused = false;
	queue->refused_in_row = 0;
	queue->anchors = anchors;
}

static bool fits(const struct queue *queue, const struct dp_anchor *anchor, uint64_t stamp,
	uint64_t now_ns, uint64_t *ns)
{
	return dp_hwclock_time(anchor, stamp, now_ns, ns) &&
	       (!queue->is_distrusted || *ns <= now_ns + DP_NIC_TIME_FUTURE_MAX_NS);
}

static void stamp_frame(const struct dp_nic_time *time, struct queue *queue,
	const struct dp_anchor *anchor, struct rte_mbuf *m, uint64_t now_ns)
{
	uint64_t stamp = *RTE_MBUF_DYNFIELD(m, time->offset, rte_mbuf_timestamp_t *); /* NOLINT */
	uint64_t ns;

	if (!fits(queue, anchor, stamp, now_ns, &ns)) {
		count(&queue->refused, 1);
		queue->is_distrusted = queue->has_refused = true;
		queue->refused_in_row++;
		queue->fit_in_row = 0;
		return;
	}
	queue->refused_in_row = 0;
	queue->fit_in_row++;
	if (queue->is_distrusted)
		return;
	dp_meta(m)->time_ns = ns;
	count(&queue->used, 1);
}

void dp_nic_time_stamp(struct dp_nic_time *time, unsigned queue_index,
	struct rte_mbuf *const *burst, unsigned n, uint64_t now_ns)
{
	struct queue *queue = &time->queues[queue_index];
	struct dp_anchor anchor;
	uint32_t anchors = dp_anchors_get(&time->clock.anchors, &anchor);

	if (queue->anchors != anchors)
		begin_period(queue, anchors);
	for (unsigned i = 0; i < n && queue->refused_in_row < DP_NIC_TIME_REFUSED_MAX; i++)
		if (burst[i]->ol_flags & time->flag)
			stamp_frame(time, queue, &anchor, burst[i], now_ns);
	atomic_store_explicit(
		&queue->is_in_use, dp_meta(burst[n - 1])->time_ns != now_ns, memory_order_relaxed);
}

void dp_nic_time_stats(const struct dp_nic_time *time, struct dp_nic_time_stats *stats)
{
	*stats = (struct dp_nic_time_stats){0};
	for (unsigned i = 0; time && i < time->queue_count; i++) {
		const struct queue *queue = &time->queues[i];

		stats->used += atomic_load_explicit(&queue->used, memory_order_relaxed);
		stats->refused += atomic_load_explicit(&queue->refused, memory_order_relaxed);
		stats->is_in_use |= atomic_load_explicit(&queue->is_in_use, memory_order_relaxed);
	}
}
