/* SPDX-License-Identifier: BSD-3-Clause */
/* A DPDK port: a NIC by PCI address, a kernel interface through net_af_packet or net_af_xdp, or any
 * vdev.
 * Owner: the probe; each rx queue is polled by one rx thread. Threads: start and stop by control;
 * statistics by any thread. */
#ifndef DP_PORT_H
#define DP_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "dp_nic_time.h"
#include "dp_options.h"

struct dp_filter;
struct dp_wake;
struct dp_port;
struct dp_xdp;

struct dp_port_stats {
	uint64_t received; /* frames */
	uint64_t received_bytes;
	uint64_t missed; /* dropped by the NIC or the kernel: no descriptor or ring slot free */
	uint64_t errors; /* ierrors */
	uint64_t no_mbuf; /* rx_nombuf */
	bool is_up;
	bool is_gone; /* the kernel interface that was opened is no more */
	uint32_t speed_mbps; /* 0 unknown */
	uint32_t mbufs_free; /* in its pool */
	uint32_t mbufs_total;
	struct dp_nic_time_stats nic_time;
};

/* What: probes, configures and starts port number index: queues, descriptors (fitted to what the
 * device can), symmetric RSS where it has RSS, promiscuous mode, one mbuf pool on its NUMA node
 * where that has the memory, sized from mbufs or from queues * descriptors + ring_mbufs. 0 or
 * negative errno with one log line. */
int dp_port_start(const struct dp_port_options *options, unsigned index, uint32_t mbufs,
	uint32_t ring_mbufs, struct dp_port **port);
/* Octets of packet memory that dp_port_start will take for this port, for dp_options.memory;
 * lcores: threads in all. Before or after dp_eal_start. */
uint64_t dp_port_memory(const struct dp_port_options *options, uint32_t mbufs, uint32_t ring_mbufs,
	unsigned lcores);
/* Stops and closes the device and frees its pool. */
void dp_port_stop(struct dp_port *port);

const char *dp_port_name(const struct dp_port *port); /* as configured */
const char *dp_port_driver(const struct dp_port *port); /* of the PMD */
unsigned dp_port_id(const struct dp_port *port);
unsigned dp_port_queues(const struct dp_port *port);
unsigned dp_port_descriptors(const struct dp_port *port); /* per queue, as the device has them */
/* What: adds what wakes who polls a queue: its interrupt if the options ask for it, else the
 * kernel's socket behind it, if there is one. */
void dp_port_wake(const struct dp_port *port, uint16_t queue, struct dp_wake *wake);
/* Frames that wait to be polled, -1 where that is not known: all but AF_XDP. For the thread that
 * polls the queue. */
int dp_port_waiting(const struct dp_port *port, uint16_t queue);
/* Size of the NIC's redirection table when it spreads UDP as dp_steer_init_rss expects, else 0. */
uint32_t dp_port_rss_reta(const struct dp_port *port);
const struct dp_filter *dp_port_filter(const struct dp_port *port); /* NULL: takes every frame */
struct dp_nic_time *dp_port_nic_time(const struct dp_port *port); /* NULL: time is the poll's */
struct dp_xdp *dp_port_xdp(const struct dp_port *port); /* NULL unless it is AF_XDP */
void dp_port_stats(const struct dp_port *port, struct dp_port_stats *stats);

/* Prints the ports that heptap could open: kernel interfaces and PCI devices that are bound to a
 * driver for DPDK, one line each. Needs no dp_eal_start. */
void dp_port_list(void);

#endif
