/* SPDX-License-Identifier: BSD-3-Clause */
/* Between probe_rx.c and probe_rx_other.c. Owner and threads: the receiver's. */
#ifndef PROBE_RX_PVT_H
#define PROBE_RX_PVT_H

#include "probe_lane.h"
#include "probe_rx.h"

/* What descriptors count their time from; a file's first packet sets it. */
uint64_t probe_rx_time_base(struct probe_rx *rx, uint64_t time_ns);

/* Anything but plain RTP. Takes m. */
void probe_rx_take_other(struct probe_rx *rx, struct rte_mbuf *m);

/* Whether overload gives up the flow now, and to do so. Takes m. */
bool probe_rx_is_shed(
	const struct probe_rx *rx, const struct probe_lane *lane, const struct pkt_flow *flow);
void probe_rx_shed(struct probe_rx *rx, struct rte_mbuf *m, const struct pkt_flow *flow);

/* Packet time goes back by PROBE_TIME_BACK_NS and more only. */
static inline void probe_rx_note_last(struct probe_rx *rx, uint64_t now_ns)
{
	if (now_ns > rx->last_ns || now_ns + PROBE_TIME_BACK_NS < rx->last_ns)
		rx->last_ns = now_ns;
}

#endif
