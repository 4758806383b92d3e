/* SPDX-License-Identifier: BSD-3-Clause */
/* A port's state and the steps of its start, each in a file of its own.
 * Owner: dp_port.c. Threads: control; the members are read by any once it has started. */
#ifndef DP_PORT_PVT_H
#define DP_PORT_PVT_H

#include "dp_port.h"
#include "dp_port_devargs.h"

struct rte_device;
struct rte_eth_dev_info;
struct rte_mempool;
struct xsk_ring_cons;

enum {
	DP_PORT_QUEUES_MAX = 64,
};

struct dp_port {
	char device[DP_DEVICE_MAX];
	const char *driver;
	struct rte_device *dev;
	struct rte_mempool *pool;
	struct dp_filter *filter; /* NULL: takes every frame */
	struct dp_xdp *xdp; /* AF_XDP only */
	struct dp_nic_time *nic_time; /* NULL: frames have the time of their poll */
	/* AF_XDP, by queue; NULL: not known */
	const struct xsk_ring_cons *received[DP_PORT_QUEUES_MAX];
	struct dp_kernel_drops *drops; /* apart, since reading statistics changes it */
	uint16_t id;
	uint16_t queues;
	uint16_t descriptors;
	uint32_t rss_reta;
	unsigned ifindex; /* of the kernel interface that it opens, 0: none */
	int promiscuous_fd; /* keeps that promiscuous; -1: none */
	bool is_vdev;
	bool is_open; /* DPDK has the device: id is its */
	bool is_started;
	bool is_promiscuous; /* the device */
	bool has_interrupts;
};

/* Each returns 0 or negative errno, with one log line. */

/* What: fills info, and finds out whether the device has as many queues as the options want. */
int dp_port_check_limits(
	struct dp_port *port, const struct dp_port_options *options, struct rte_eth_dev_info *info);
int dp_port_configure(struct dp_port *port, const struct dp_port_options *options,
	const struct dp_port_needs *needs, const struct rte_eth_dev_info *info);
int dp_port_create_pool(struct dp_port *port, const struct dp_port_options *options,
	const struct dp_port_needs *needs, uint32_t mbufs, uint32_t ring_mbufs);
/* AF_XDP only. */
int dp_port_check_fill_ring(const struct dp_port *port);
/* Without a line: the caller has one of what it could not start. */
int dp_port_set_up_queue(struct dp_port *port, uint16_t queue, const struct dp_port_needs *needs);

#endif
