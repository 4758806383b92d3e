/* SPDX-License-Identifier: BSD-3-Clause */
/* Files with several workers: what time it is. Each looks at its streams and calls when one that has all packets would,
 * whether it has packets of its own or not; and they do it together, as what one finds is there for the others. */
#include <urcu/urcu-qsbr.h>

#include "probe_rx.h"
#include "probe_worker.h"

/* Workers hear of the time at least this often, and are no further apart. */
#define SHARE_NS ((uint64_t)1000000000)

static void note_shared(struct probe_rx *rx, uint64_t now_ns)
{
	/* As workers take it. */
	if (now_ns > rx->shared_ns || now_ns + PROBE_TIME_BACK_NS < rx->shared_ns)
		rx->shared_ns = now_ns;
}

void probe_rx_share_time(struct probe_rx *rx, uint64_t now_ns)
{
	for (unsigned i = 0; i < rx->probe->lcores.worker_count; i++) {
		*probe_lane_next(rx, &rx->lanes[i]) = probe_time_element(now_ns);
		probe_lane_put_media(&rx->lanes[i], NULL);
	}
	note_shared(rx, now_ns);
}

/* They have done all that they were given and touch nothing of theirs: this thread may, as one of them. */
static void hold_workers(struct probe_rx *rx)
{
	probe_lane_flush_all(rx);
	probe_lane_wait_all(rx);
	for (unsigned i = 0; i < rx->probe->lcores.worker_count; i++)
		probe_query_hold(&rx->probe->workers[i]);
	if (!rx->own)
		urcu_qsbr_thread_online();
}

static void let_workers_go(struct probe_rx *rx)
{
	if (!rx->own)
		urcu_qsbr_thread_offline();
	for (unsigned i = 0; i < rx->probe->lcores.worker_count; i++)
		probe_query_let_go(&rx->probe->workers[i]);
}

/* Of workers that are held. */
static void advance_all(struct probe_rx *rx, uint64_t now_ns)
{
	for (unsigned i = 0; i < rx->probe->lcores.worker_count; i++)
		probe_worker_advance(&rx->probe->workers[i], now_ns);
	note_shared(rx, now_ns);
	urcu_qsbr_quiescent_state();
}

/* Of workers that are held. */
static bool has_flows(const struct probe_rx *rx)
{
	for (unsigned i = 0; i < rx->probe->lcores.worker_count; i++)
		if (probe_worker_has_flows(&rx->probe->workers[i]))
			return true;
	return false;
}

/* Where nothing came for long: as long as a call has streams, their workers and its own find out from each other that
 * they end. So all go from tick to tick in step, which this thread does for them, as to wait for each other at each
 * would take much longer than the tick. Then each is on its own. */
static void go_on(struct probe_rx *rx, uint64_t now_ns)
{
	uint64_t end_ns = rx->shared_ns + rx->probe->workers->horizon_ns;

	hold_workers(rx);
	while (rx->shared_ns && rx->shared_ns + QOS_TICK_NS < now_ns && rx->shared_ns < end_ns &&
		has_flows(rx))
		advance_all(rx, rx->shared_ns + QOS_TICK_NS);
	advance_all(rx, now_ns);
	let_workers_go(rx);
}

/* They go back if they know how late it was. */
static void go_back(struct probe_rx *rx, uint64_t from_ns, uint64_t to_ns)
{
	hold_workers(rx);
	advance_all(rx, from_ns);
	advance_all(rx, to_ns);
	let_workers_go(rx);
}

/* Time stepped back over a tick that workers without a packet since then have not had: a single one would have. */
static bool is_behind_tick(const struct probe_rx *rx, uint64_t now_ns)
{
	uint64_t tick_ns = rx->last_ns - rx->last_ns % QOS_TICK_NS;

	return now_ns < tick_ns && rx->shared_ns < tick_ns;
}

void probe_rx_follow_time(struct probe_rx *rx, uint64_t now_ns, uint64_t before_ns)
{
	if (rx->last_ns < before_ns)
		go_back(rx, before_ns, rx->last_ns);
	else if (now_ns > rx->shared_ns + SHARE_NS)
		go_on(rx, rx->last_ns);
	else if (now_ns < rx->last_ns && is_behind_tick(rx, now_ns))
		probe_rx_share_time(rx, rx->last_ns);
}
