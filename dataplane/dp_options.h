/* SPDX-License-Identifier: BSD-3-Clause */
/* What an operator may set about ports, cores and packet memory. Plain data without any DPDK header,
 * filled by config/.
 * Owner: the running config; read-only after start. Threads: any. */
#ifndef DP_OPTIONS_H
#define DP_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	DP_PORTS_MAX = 16,
	DP_CPUS_MAX = 64,
	DP_DEVICE_MAX = 256,
};

enum dp_driver {
	DP_AUTO = 0, /* by the look of the device name */
	DP_AF_PACKET, /* kernel interface through net_af_packet */
	DP_AF_XDP, /* kernel interface through net_af_xdp */
	DP_PCI, /* PCI address, bound to vfio-pci */
	DP_VDEV, /* any DPDK vdev string */
};

enum dp_hugepages {
	DP_HUGEPAGES_AUTO = 0, /* when the system has enough of them */
	DP_HUGEPAGES_ON,
	DP_HUGEPAGES_OFF,
};

struct dp_port_options {
	char device[DP_DEVICE_MAX];
	uint32_t driver; /* enum dp_driver */
	uint32_t queues;
	uint32_t descriptors; /* per queue */
	uint32_t max_frame; /* largest frame taken, octets */
	bool promiscuous;
};

struct dp_cpu_list {
	unsigned count;
	uint16_t cpu[DP_CPUS_MAX];
};

struct dp_options {
	unsigned port_count;
	struct dp_port_options ports[DP_PORTS_MAX];

	/* Thread counts are the lengths of the lists. An empty list: one thread, on any CPU. */
	struct dp_cpu_list control; /* at most one */
	struct dp_cpu_list rx;
	struct dp_cpu_list workers;
	struct dp_cpu_list sender; /* at most one */
	bool share_cpus; /* a CPU may stand there several times, for small machines */

	uint32_t hugepages; /* enum dp_hugepages */
	uint64_t memory; /* octets of packet memory, 0: from the other settings */
	uint32_t mbufs; /* packet buffers per port, 0: from queues, descriptors and rings */
	uint32_t media_ring; /* elements per (rx, worker) pair, power of two */
	uint32_t signalling_ring; /* elements per (rx, worker) pair, power of two */
	uint32_t hep_messages; /* HEP messages that wait per worker, power of two */
	char file_prefix[64]; /* DPDK file prefix: names the telemetry socket */
	bool telemetry;
};

#endif
