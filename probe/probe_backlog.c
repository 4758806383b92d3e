/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe_backlog.h"

#include "dp_clock.h"
#include "dp_port.h"

#define STALL_NS ((uint64_t)1000000)

enum {
	STALL_QUEUES = 4, /* packets of full polls after a stall, in sizes of the queue */
	QUEUE_PARTS = 8, /* less than such a part in a queue is no overload */
	LESS_PARTS = 64, /* such a part less than before is less: full is not always as full */
	SIZE_MIN = 16384, /* a quarter of it is no overload: what comes while a thread wakes up */
};

static void look(struct probe_backlog *backlog, const struct dp_rx_queue *queue)
{
	backlog->waiting = dp_port_waiting(queue->port, queue->queue);
	backlog->queue = queue;
}

/* Little waits, or less than before: polls are full because the worker just keeps up, or works off
 * what came while it had no CPU. Only where that is known. */
static bool is_keeping_up(struct probe_backlog *backlog, const struct dp_rx_queue *queue)
{
	int before = backlog->queue == queue ? backlog->waiting : 0;
	int size = (int)queue->size;

	look(backlog, queue);
	return backlog->waiting >= 0 && (backlog->waiting < size / QUEUE_PARTS ||
						backlog->waiting + size / LESS_PARTS < before);
}

void probe_backlog_poll(struct probe_backlog *backlog, struct probe_shed *shed,
	const struct dp_rx *rx, unsigned taken)
{
	const struct dp_rx_queue *queue = dp_rx_fullest(rx);
	/* Not the time of packets: a NIC's time-stamps go on evenly whatever the thread does. */
	uint64_t now_ns = rx->last_ns, gap_ns = now_ns - backlog->polled_ns;
	uint64_t size;

	if (!queue)
		return;
	backlog->polled_ns = now_ns;
	/* No burst brings the time of silence, in which what was an overload ends. */
	if (!taken && probe_shed_level(shed))
		now_ns = dp_clock_now(rx->clock);
	size = queue->size > SIZE_MIN ? queue->size : SIZE_MIN;
	if (probe_shed_is_due(shed, queue->full) && is_keeping_up(backlog, queue))
		probe_shed_wait(shed, queue->full + size / QUEUE_PARTS);
	probe_shed_poll(shed, &(struct probe_shed_polls){taken, queue->full, size}, now_ns);
	if (gap_ns <= STALL_NS)
		return;
	/* It stood still itself: more comes while that is worked off. */
	look(backlog, queue);
	probe_shed_wait(shed,
		queue->full + (backlog->waiting < 0 ? STALL_QUEUES * size : size / QUEUE_PARTS));
}
