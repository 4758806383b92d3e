/* SPDX-License-Identifier: BSD-3-Clause */
/* What a port counts, and its link. */
#include <pthread.h>

#include <rte_ethdev.h>
#include <rte_mempool.h>

#include "dp_iface.h"
#include "dp_kernel_drops.h"
#include "dp_port_pvt.h"

/* Of a device one thread at a time: what drivers add up of a NIC's counters, or tell of their turning over, has no lock. */
static void ask_device(const struct dp_port *port, struct dp_port_stats *stats)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct rte_eth_stats counters = {0};
	struct rte_eth_link link = {0};

	pthread_mutex_lock(&lock);
	if (rte_eth_stats_get(port->id, &counters) == 0) {
		stats->received = counters.ipackets;
		stats->received_bytes = counters.ibytes;
		stats->missed = counters.imissed;
		stats->errors = counters.ierrors;
		stats->no_mbuf = counters.rx_nombuf;
	}
	if (rte_eth_link_get_nowait(port->id, &link) == 0) {
		stats->is_up = link.link_status == RTE_ETH_LINK_UP;
		stats->speed_mbps =
			link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed;
	}
	pthread_mutex_unlock(&lock);
}

void dp_port_stats(const struct dp_port *port, struct dp_port_stats *stats)
{
	*stats = (struct dp_port_stats){
		.mbufs_free = rte_mempool_avail_count(port->pool),
		.mbufs_total = port->pool->size,
	};
	ask_device(port, stats);
	stats->missed += dp_kernel_drops_get(port->drops);
	dp_nic_time_stats(port->nic_time, &stats->nic_time);
	/* Their drivers in DPDK say up from start to stop, and one speed of all. */
	if (port->ifindex) {
		stats->is_gone = !dp_iface_is_there(port->ifindex);
		stats->is_up = dp_iface_is_up(port->ifindex);
		stats->speed_mbps = dp_iface_speed(port->ifindex);
	}
}
