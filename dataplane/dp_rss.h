/* SPDX-License-Identifier: BSD-3-Clause */
/* Receive side scaling: the same queue for both directions of a flow, in an order that dp_steer knows.
 * Owner: none. Threads: the one that starts ports. */
#ifndef DP_RSS_H
#define DP_RSS_H

#include <stdint.h>

struct rte_eth_conf;
struct rte_eth_dev_info;

enum {
	DP_RSS_KEY_MAX = 128, /* octets */
	/* Repeated, it makes the Toeplitz hash the same for both directions of a flow (Woo and Park,
	 * "Scalable TCP Session Monitoring with Symmetric Receive-side Scaling", 2012). */
	DP_RSS_KEY_WORD = 0x6d5a,
};

/* Switches RSS on in conf where there are several queues and the device can. key stays the caller's
 * until the device is configured. */
void dp_rss_choose(const struct rte_eth_dev_info *info, uint16_t queues, struct rte_eth_conf *conf,
	uint8_t key[DP_RSS_KEY_MAX]);

/* What: of a started port, entry i of its redirection table leads to queue i % queues. Returns the
 * table's size, or 0 when UDP does not go that way: no RSS, another key, or the device refuses. */
uint32_t dp_rss_spread(uint16_t port_id, uint16_t queues);

#endif
