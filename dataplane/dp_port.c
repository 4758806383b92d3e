/* SPDX-License-Identifier: BSD-3-Clause */
/* Opens a device, configures it for receiving only, and gives it a pool of packet buffers. */
#include "dp_port.h"

#include <net/if.h>
#include <sys/socket.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "dp_filter.h"
#include "dp_iface.h"
#include "dp_kernel_drops.h"
#include "dp_log_pvt.h"
#include "dp_meta.h"
#include "dp_port_devargs.h"
#include "dp_port_pool.h"
#include "dp_rss.h"
#include "dp_wake.h"
#include "dp_xdp.h"
#include "dp_xdp_rings.h"

RTE_LOG_REGISTER(dp_log_port, heptap.port, INFO)

enum {
	SEND_DESCRIPTORS_DEFAULT = 0, /* the driver's */
	QUEUES_MAX = 64,
};

struct dp_port {
	char device[DP_DEVICE_MAX];
	const char *driver;
	struct rte_device *dev;
	struct rte_mempool *pool;
	struct dp_filter *filter; /* NULL: takes every frame */
	struct dp_xdp *xdp; /* AF_XDP only */
	struct dp_nic_time *nic_time; /* NULL: frames have the time of their poll */
	const struct xsk_ring_cons *received[QUEUES_MAX]; /* AF_XDP, by queue; NULL: not known */
	struct dp_kernel_drops *drops; /* apart, since reading statistics changes it */
	uint16_t id;
	uint16_t queues;
	uint16_t descriptors;
	uint32_t rss_reta;
	unsigned ifindex; /* of the kernel interface that it opens, 0: none */
	bool is_vdev;
	bool is_started;
	bool is_promiscuous;
	bool has_interrupts;
};

static int probe(struct dp_port *port, const struct dp_port_devargs *devargs)
{
	int err = rte_dev_probe(devargs->text);

	/* A PCI device was found when the environment started. */
	if (!err || err == -EEXIST)
		err = rte_eth_dev_get_port_by_name(devargs->name, &port->id);
	/* -1 is what most drivers say, and not meant as an errno; no driver knows the name: EFAULT. */
	if (err == -1)
		err = -EIO;
	else if (err == -EFAULT)
		err = -ENODEV;
	if (err)
		DP_LOG(ERR, port, "could not open \"%s\": %s", port->device, rte_strerror(-err));
	return err;
}

static int check_limits(
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
	most = info->max_rx_queues < QUEUES_MAX ? info->max_rx_queues : QUEUES_MAX;
	if (options->queues > most) {
		DP_LOG(ERR, port, "\"%s\" has at most %u queues, but %u are configured",
			port->device, most, options->queues);
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

static int set_queues(struct dp_port *port, const struct rte_eth_conf *conf, bool has_send_queues)
{
	uint16_t send_queues = has_send_queues ? port->queues : 0;
	int err = rte_eth_dev_configure(port->id, port->queues, send_queues, conf);

	for (uint16_t q = 0; q < send_queues && !err; q++)
		err = rte_eth_tx_queue_setup(port->id, q, SEND_DESCRIPTORS_DEFAULT,
			(unsigned)rte_eth_dev_socket_id(port->id), NULL);
	return err;
}

static int configure(struct dp_port *port, const struct dp_port_options *options,
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
	if (!err)
		port->nic_time =
			dp_nic_time_create(options, port->id, port->driver, conf.rxmode.offloads);
	if (!err && !port->nic_time && rte_errno)
		DP_LOG(WARNING, port, "\"%s\": time-stamps of the NIC cannot be used: %s",
			port->device, rte_strerror(rte_errno));
	if (!err)
		err = choose_descriptors(port, options, needs);
	if (err)
		DP_LOG(ERR, port, "could not configure \"%s\": %s", port->device,
			rte_strerror(-err));
	else if (port->descriptors != options->descriptors)
		DP_LOG(INFO, port, "\"%s\" uses %u descriptors per queue, not %u", port->device,
			port->descriptors, options->descriptors);
	return err;
}

uint64_t dp_port_memory(
	const struct dp_port_options *options, uint32_t mbufs, uint32_t ring_mbufs, unsigned lcores)
{
	struct dp_port_needs needs;

	dp_port_needs_get(options, dp_port_driver_of(options), &needs);
	return dp_port_pool_memory(
		options, &needs, dp_port_pool_count(options, &needs, mbufs, ring_mbufs, lcores));
}

static int create_pool(struct dp_port *port, const struct dp_port_options *options,
	const struct dp_port_needs *needs, uint32_t mbufs, uint32_t ring_mbufs)
{
	uint32_t count = dp_port_pool_count(options, needs, mbufs, ring_mbufs, rte_lcore_count());
	uint32_t room = dp_port_pool_room(options, needs);

	port->pool = dp_port_pool_create(port->id, count, room);
	if (port->pool)
		return 0;
	DP_LOG(ERR, port, "could not create %u packet buffers of %u octets for \"%s\": %s", count,
		room, port->device, rte_strerror(rte_errno));
	return rte_errno ? -rte_errno : -ENOMEM;
}

/* The driver takes its buffers first, and without one for what is under way nothing is ever received. */
static int check_fill_ring(const struct dp_port *port)
{
	uint32_t least = dp_port_pool_least(port->pool, port->queues);

	if (port->pool->size >= least)
		return 0;
	DP_LOG(ERR, port, "\"%s\" needs at least %u packet buffers, but memory.mbufs is %u",
		port->device, least, port->pool->size);
	return -EINVAL;
}

/* An AF_XDP queue that has fewer buffers than descriptors goes without what they are counted for. */
static void end_fill_ring(struct dp_port *port, uint16_t queue)
{
	uint32_t buffers = dp_xdp_rings_end(port->pool, &port->received[queue]);

	if (buffers >= port->descriptors)
		return;
	port->received[queue] = NULL;
	DP_LOG(WARNING, port,
		"\"%s\": could not give the kernel %u buffers for queue %u, it has %u",
		port->device, port->descriptors, queue,
		RTE_MAX(buffers, (uint32_t)DP_XDP_DRIVER_MBUFS));
}

static int set_up_queue(struct dp_port *port, uint16_t queue, const struct dp_port_needs *needs)
{
	unsigned node = (unsigned)rte_eth_dev_socket_id(port->id);
	int err;

	if (needs->has_fill_ring)
		dp_xdp_rings_begin(port->pool,
			dp_port_pool_for_kernel(port->pool, port->queues, port->descriptors));
	err = rte_eth_rx_queue_setup(port->id, queue, port->descriptors, node, NULL, port->pool);
	/* Of a queue that it could not set up the driver has given the rings back. */
	if (needs->has_fill_ring && !err)
		end_fill_ring(port, queue);
	return err;
}

static int start(struct dp_port *port, const struct dp_port_options *options,
	const struct dp_port_needs *needs)
{
	int err = needs->has_fill_ring ? check_fill_ring(port) : 0;

	if (err)
		return err;
	for (uint16_t q = 0; q < port->queues && !err; q++)
		err = set_up_queue(port, q, needs);
	/* What this lcore took for the queues and has left, another one will need. */
	rte_mempool_cache_flush(NULL, port->pool);
	if (!err)
		err = rte_eth_dev_start(port->id);
	if (err) {
		DP_LOG(ERR, port, "could not start \"%s\": %s", port->device, rte_strerror(-err));
		return err;
	}
	port->is_started = true;
	port->rss_reta = dp_rss_spread(port->id, port->queues);
	if (options->promiscuous) {
		int refusal = rte_eth_promiscuous_enable(port->id);

		if (refusal)
			DP_LOG(WARNING, port, "\"%s\" cannot be promiscuous: %s", port->device,
				rte_strerror(-refusal));
		port->is_promiscuous = !refusal;
	}
	return 0;
}

static void close_device(struct dp_port *port)
{
	if (port->is_promiscuous)
		rte_eth_promiscuous_disable(port->id);
	/* What runs DPDK does not close. */
	if (port->is_started)
		rte_eth_dev_stop(port->id);
	rte_eth_dev_close(port->id);
	/* So that the same device can be opened again under the same name. */
	if (port->is_vdev && port->dev)
		rte_dev_remove(port->dev);
}

static int drops_domain(enum dp_driver driver)
{
	return driver == DP_AF_PACKET ? AF_PACKET : driver == DP_AF_XDP ? AF_XDP : 0;
}

static int create_filter(struct dp_port *port, const struct dp_port_options *options)
{
	char error[256];
	int err;

	if (!options->filter[0])
		return 0;
	err = dp_filter_create(options->filter, &port->filter, error, sizeof(error));
	if (err)
		DP_LOG(ERR, port, "\"%s\": could not make a filter of \"%s\": %s", port->device,
			options->filter, error);
	else
		DP_LOG(INFO, port, "\"%s\" is filtered %s by \"%s\"", port->device,
			dp_filter_is_native(port->filter) ? "in native code" : "by an interpreter",
			options->filter);
	return err;
}

int dp_port_start(const struct dp_port_options *options, unsigned index, uint32_t mbufs,
	uint32_t ring_mbufs, struct dp_port **port)
{
	struct dp_port_devargs devargs;
	struct dp_port_needs needs;
	struct rte_eth_dev_info info = {0};
	struct dp_port *new;
	int err = dp_port_devargs_make(options, index, &devargs);

	if (err)
		return err;
	dp_port_needs_get(options, devargs.driver, &needs);
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	snprintf(new->device, sizeof(new->device), "%s", options->device);
	new->is_vdev = devargs.driver != DP_PCI;
	if (devargs.driver == DP_AF_PACKET || devargs.driver == DP_AF_XDP)
		new->ifindex = if_nametoindex(options->device);
	err = dp_kernel_drops_create(drops_domain(devargs.driver), &new->drops);
	if (err)
		goto free_port;
	err = probe(new, &devargs);
	if (err)
		goto destroy_drops;
	err = create_filter(new, options);
	if (!err)
		err = check_limits(new, options, &info);
	if (!err)
		err = configure(new, options, &needs, &info);
	if (!err)
		err = create_pool(new, options, &needs, mbufs, ring_mbufs);
	if (!err)
		err = start(new, options, &needs);
	if (!err && devargs.driver == DP_AF_XDP)
		err = dp_xdp_open_device(options, &new->xdp);
	if (err)
		goto close_port;
	dp_kernel_drops_attach(new->drops);
	DP_LOG(INFO, port, "\"%s\" is open: %s, %u queue%s, %u buffers of %u octets", new->device,
		new->driver, new->queues, new->queues == 1 ? "" : "s", new->pool->size,
		rte_pktmbuf_data_room_size(new->pool) - RTE_PKTMBUF_HEADROOM);
	*port = new;
	return 0;

close_port:
	dp_nic_time_destroy(new->nic_time);
	dp_filter_destroy(new->filter);
	close_device(new);
	rte_mempool_free(new->pool);
destroy_drops:
	dp_kernel_drops_destroy(new->drops);
free_port:
	free(new);
	return err;
}

void dp_port_stop(struct dp_port *port)
{
	if (!port)
		return;
	dp_kernel_drops_destroy(port->drops);
	close_device(port);
	dp_xdp_close(port->xdp);
	rte_mempool_free(port->pool);
	dp_filter_destroy(port->filter);
	dp_nic_time_destroy(port->nic_time);
	free(port);
}

const char *dp_port_name(const struct dp_port *port)
{
	return port->device;
}

const char *dp_port_driver(const struct dp_port *port)
{
	return port->driver;
}

const struct dp_filter *dp_port_filter(const struct dp_port *port)
{
	return port->filter;
}

struct dp_nic_time *dp_port_nic_time(const struct dp_port *port)
{
	return port->nic_time;
}

struct dp_xdp *dp_port_xdp(const struct dp_port *port)
{
	return port->xdp;
}

unsigned dp_port_id(const struct dp_port *port)
{
	return port->id;
}

unsigned dp_port_queues(const struct dp_port *port)
{
	return port->queues;
}

unsigned dp_port_descriptors(const struct dp_port *port)
{
	return port->descriptors;
}

void dp_port_wake(const struct dp_port *port, uint16_t queue, struct dp_wake *wake)
{
	int err;

	if (!port->has_interrupts) {
		dp_wake_add(wake, dp_kernel_drops_fd(port->drops, queue, port->queues));
		return;
	}
	err = dp_wake_add_interrupt(wake, port->id, queue);
	if (err)
		DP_LOG(WARNING, port, "\"%s\": no receive interrupt for queue %u: %s", port->device,
			queue, rte_strerror(-err));
}

int dp_port_waiting(const struct dp_port *port, uint16_t queue)
{
	return port->received[queue] ? (int)dp_xdp_rings_waiting(port->received[queue]) : -1;
}

uint32_t dp_port_rss_reta(const struct dp_port *port)
{
	return port->rss_reta;
}

int dp_port_socket(const struct dp_port *port)
{
	return rte_eth_dev_socket_id(port->id);
}

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
		stats->is_up = dp_iface_is_up(port->ifindex);
		stats->speed_mbps = dp_iface_speed(port->ifindex);
	}
}
