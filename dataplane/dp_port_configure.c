/* SPDX-License-Identifier: BSD-3-Clause */
/* What a device is asked for: queues, descriptors, MTU, RSS, and what its NIC knows of time. */
#include <errno.h>

#include <rte_errno.h>
#include <rte_ethdev.h>

#include "dp_log_pvt.h"
#include "dp_node.h"
#include "dp_port_pvt.h"
#include "dp_rss.h"

enum {
	SEND_DESCRIPTORS_DEFAULT = 0, /* the driver's */
};

int dp_port_check_limits(
	struct dp_port *port, const struct dp_port_options *options, struct rte_eth_dev_info *info)
{
	int err = rte_eth_dev_info_get(port->id, info);
	unsigned most;

	if (err) {
		DP_LOG(ERR, port, "could not ask \"%s\" what it can do: %s", port->device,
			rte_strerror(-err));
		return err;
	}
	port->driver = info->driver_name;
	port->dev = info->device;
	most = info->max_rx_queues < DP_PORT_QUEUES_MAX ? info->max_rx_queues : DP_PORT_QUEUES_MAX;
	if (options->queues > most) {
		DP_LOG(ERR, port, "\"%s\" has at most %u queue%s, but %u are configured",
			port->device, most, most == 1 ? "" : "s", options->queues);
		return -EINVAL;
	}
	port->queues = (uint16_t)options->queues;
	return 0;
}

/* The MTU that lets frames of max_frame octets in. Virtual devices take what comes. */
static void choose_mtu(const struct dp_port *port, const struct dp_port_options *options,
	const struct rte_eth_dev_info *info, struct rte_eth_conf *conf)
{
	uint32_t overhead = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;
	uint32_t mtu;

	if (port->is_vdev)
		return;
	if (info->max_mtu && info->max_mtu != UINT16_MAX && info->max_rx_pktlen > info->max_mtu)
		overhead = info->max_rx_pktlen - info->max_mtu;
	mtu = options->max_frame > overhead ? options->max_frame - overhead : 0;
	if (mtu < RTE_ETHER_MTU)
		mtu = RTE_ETHER_MTU;
	if (info->max_mtu && mtu > info->max_mtu) {
		DP_LOG(WARNING, port, "\"%s\" takes frames of at most %u octets, not %u",
			port->device, info->max_mtu + overhead, options->max_frame);
		mtu = info->max_mtu;
	}
	conf->rxmode.mtu = mtu;
}

/* What the device can do of the options' descriptors. AF_XDP takes powers of two only, and does not
 * say so. */
static int choose_descriptors(struct dp_port *port, const struct dp_port_options *options,
	const struct dp_port_needs *needs)
{
	uint16_t tx = 0;
	uint32_t wanted = options->descriptors;

	if (wanted < needs->min_descriptors)
		wanted = needs->min_descriptors;
	if (needs->has_power_of_two)
		wanted = rte_align32pow2(wanted);
	port->descriptors = (uint16_t)(wanted < UINT16_MAX ? wanted : 32768);
	return rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &port->descriptors, &tx);
}

static int set_send_queue(const struct dp_port *port, uint16_t queue)
{
	int node = rte_eth_dev_socket_id(port->id);
	int err;

	do
		err = rte_eth_tx_queue_setup(
			port->id, queue, SEND_DESCRIPTORS_DEFAULT, (unsigned)node, NULL);
	while (err && dp_node_is_left(&node, -err, DP_NODE_QUEUES));
	return err;
}

static int set_queues(struct dp_port *port, const struct rte_eth_conf *conf, bool has_send_queues)
{
	uint16_t send_queues = has_send_queues ? port->queues : 0;
	int err = rte_eth_dev_configure(port->id, port->queues, send_queues, conf);

	for (uint16_t q = 0; q < send_queues && !err; q++)
		err = set_send_queue(port, q);
	return err;
}

/* Without them frames have the time of their poll. */
static void use_nic_time(
	struct dp_port *port, const struct dp_port_options *options, uint64_t offloads)
{
	port->nic_time = dp_nic_time_create(options, port->id, port->driver, offloads);
	if (!port->nic_time && rte_errno)
		DP_LOG(WARNING, port, "\"%s\": time-stamps of the NIC cannot be used: %s",
			port->device, rte_strerror(rte_errno));
}

int dp_port_configure(struct dp_port *port, const struct dp_port_options *options,
	const struct dp_port_needs *needs, const struct rte_eth_dev_info *info)
{
	struct rte_eth_conf conf = {0};
	uint8_t key[DP_RSS_KEY_MAX];
	int err;

	dp_rss_choose(info, port->queues, &conf, key);
	choose_mtu(port, options, info, &conf);
	conf.rxmode.offloads |= dp_nic_time_offload(options, info);
	conf.intr_conf.rxq = options->interrupts;
	port->has_interrupts = options->interrupts;
	err = set_queues(port, &conf, needs->has_send_queues);
	/* Other drivers may insist on send queues too. */
	if (err && !needs->has_send_queues)
		err = set_queues(port, &conf, true);
	if (!err) {
		use_nic_time(port, options, conf.rxmode.offloads);
		err = choose_descriptors(port, options, needs);
	}
	if (err)
		DP_LOG(ERR, port, "could not configure \"%s\": %s", port->device,
			rte_strerror(-err));
	else if (port->descriptors != options->descriptors)
		DP_LOG(INFO, port, "\"%s\" uses %u descriptors per queue, not %u", port->device,
			port->descriptors, options->descriptors);
	return err;
}
