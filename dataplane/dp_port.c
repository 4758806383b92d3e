/* SPDX-License-Identifier: BSD-3-Clause */
/* Opens a device, has it set up for receiving only, and closes it. */
#include "dp_port.h"

#include <net/if.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "dp_fanout.h"
#include "dp_filter.h"
#include "dp_iface.h"
#include "dp_kernel_drops.h"
#include "dp_log_pvt.h"
#include "dp_port_devargs.h"
#include "dp_port_pvt.h"
#include "dp_rss.h"
#include "dp_wake.h"
#include "dp_xdp.h"
#include "dp_xdp_rings.h"

RTE_LOG_REGISTER(dp_log_port, heptap.port, INFO)

static int probe(struct dp_port *port, const struct dp_port_devargs *devargs)
{
	int err;

	dp_fanout_begin();
	err = rte_dev_probe(devargs->text);
	dp_fanout_end();
	/* A PCI device was found when the environment started. */
	if (!err || err == -EEXIST)
		err = rte_eth_dev_get_port_by_name(devargs->name, &port->id);
	/* -1 is what most drivers say, and not meant as an errno; no driver knows the name:
	 * EFAULT. */
	if (err == -1)
		err = -EIO;
	else if (err == -EFAULT)
		err = -ENODEV;
	if (err)
		DP_LOG(ERR, port, "could not open \"%s\": %s", port->device, rte_strerror(-err));
	port->is_open = !err;
	return err;
}

static int start(struct dp_port *port, const struct dp_port_needs *needs)
{
	bool has_flag = port->ifindex && dp_iface_has_promiscuous_flag(port->ifindex);
	int err = needs->has_fill_ring ? dp_port_check_fill_ring(port) : 0;

	if (err)
		return err;
	for (uint16_t q = 0; q < port->queues && !err; q++)
		err = dp_port_set_up_queue(port, q, needs);
	/* What this lcore took for the queues and has left, another one will need. */
	rte_mempool_cache_flush(NULL, port->pool);
	if (!err)
		err = rte_eth_dev_start(port->id);
	if (err) {
		DP_LOG(ERR, port, "could not start \"%s\": %s", port->device, rte_strerror(-err));
		return err;
	}
	port->is_started = true;
	/* Which the driver took away at its start, whoever wants it. */
	if (has_flag)
		dp_iface_set_promiscuous_flag(port->ifindex);
	port->rss_reta = dp_rss_spread(port->id, port->queues);
	return 0;
}

/* The drivers of kernel interfaces switch a flag that all share: the end of one probe would blind
 * another. */
static void be_promiscuous(struct dp_port *port)
{
	int rc = port->ifindex ? dp_iface_be_promiscuous(port->ifindex)
			       : rte_eth_promiscuous_enable(port->id);

	if (rc < 0)
		DP_LOG(WARNING, port, "\"%s\" cannot be promiscuous: %s", port->device,
			rte_strerror(-rc));
	else if (port->ifindex)
		port->promiscuous_fd = rc;
	else
		port->is_promiscuous = true;
}

static void close_device(struct dp_port *port)
{
	if (port->promiscuous_fd >= 0)
		close(port->promiscuous_fd);
	if (!port->is_open)
		return;
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

/* What of it is made by then belongs to the port, and dp_port_stop takes it apart. */
static int open_port(struct dp_port *port, const struct dp_port_options *options,
	const struct dp_port_devargs *devargs, uint32_t mbufs, uint32_t ring_mbufs)
{
	struct rte_eth_dev_info info = {0};
	struct dp_port_needs needs;
	int err = dp_kernel_drops_create(drops_domain(devargs->driver), &port->drops);

	dp_port_needs_get(options, devargs->driver, &needs);
	if (!err)
		err = probe(port, devargs);
	if (!err)
		err = create_filter(port, options);
	if (!err)
		err = dp_port_check_limits(port, options, &info);
	if (!err)
		err = dp_port_configure(port, options, &needs, &info);
	if (!err)
		err = dp_port_create_pool(port, options, &needs, mbufs, ring_mbufs);
	if (!err)
		err = start(port, &needs);
	if (!err && devargs->driver == DP_AF_XDP)
		err = dp_xdp_open_device(options, &port->xdp);
	if (err)
		return err;
	dp_kernel_drops_attach(port->drops);
	/* Behind that, which would take the socket for one of the driver's. */
	if (options->promiscuous)
		be_promiscuous(port);
	return 0;
}

int dp_port_start(const struct dp_port_options *options, unsigned index, uint32_t mbufs,
	uint32_t ring_mbufs, struct dp_port **port)
{
	struct dp_port_devargs devargs;
	struct dp_port *new;
	int err = dp_port_devargs_make(options, index, &devargs);

	if (err)
		return err;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	snprintf(new->device, sizeof(new->device), "%s", options->device);
	new->promiscuous_fd = -1;
	new->is_vdev = devargs.driver != DP_PCI;
	if (devargs.driver == DP_AF_PACKET || devargs.driver == DP_AF_XDP)
		new->ifindex = if_nametoindex(options->device);
	err = open_port(new, options, &devargs, mbufs, ring_mbufs);
	if (err) {
		dp_port_stop(new);
		return err;
	}
	DP_LOG(INFO, port, "\"%s\" is open: %s, %u queue%s, %u buffers of %u octets", new->device,
		new->driver, new->queues, new->queues == 1 ? "" : "s", new->pool->size,
		rte_pktmbuf_data_room_size(new->pool) - RTE_PKTMBUF_HEADROOM);
	*port = new;
	return 0;
}

/* Also one that could be opened in part only. */
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
