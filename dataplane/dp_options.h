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
	DP_FILTER_MAX = 512,
	DP_PORT_RANGES_MAX = 32,
	DP_NETWORKS_MAX = 32,
};

enum dp_driver {
	DP_AUTO = 0, /* by the look of the device name */
	DP_AF_PACKET, /* kernel interface through net_af_packet */
	DP_AF_XDP, /* kernel interface through net_af_xdp */
	DP_PCI, /* PCI address, bound to vfio-pci */
	DP_VDEV, /* any DPDK vdev string */
};

/* Who receives. */
enum dp_mode {
	DP_MODE_AUTO = 0,
	DP_FUSED, /* each worker polls queues of its own and works on what it receives */
	DP_PIPELINE, /* rx threads poll, and hand over to the workers */
};

/* What a thread that polls does while nothing comes. */
enum dp_idle_mode {
	DP_IDLE_ADAPTIVE = 0, /* spins, then waits for a port's socket or up to 150 microseconds */
	DP_IDLE_SPIN, /* never sleeps */
	DP_IDLE_SLEEP, /* sleeps for up to a millisecond */
};

enum dp_hugepages {
	DP_HUGEPAGES_AUTO = 0, /* when the system has enough of them */
	DP_HUGEPAGES_ON,
	DP_HUGEPAGES_OFF,
};

/* What the XDP program in front of an AF_XDP port takes. */
enum dp_xdp_mode {
	DP_XDP_ALL = 0, /* everything */
	DP_XDP_VOICE, /* what looks like voice, and the configured ports and networks */
	DP_XDP_LISTED, /* the configured ports and networks, and media that SDP announces */
};

/* What becomes of frames that it does not take. */
enum dp_xdp_rest {
	DP_XDP_REST_PASS = 0, /* the kernel gets them */
	DP_XDP_REST_DROP,
};

/* Where the time of a port's frames comes from. */
enum dp_timestamps {
	DP_TIMESTAMPS_NIC = 0, /* the NIC, where it stamps frames and the stamps fit */
	DP_TIMESTAMPS_PROBE, /* the poll that brought them */
};

struct dp_port_ranges {
	unsigned count;
	struct {
		uint16_t first, last;
	} range[DP_PORT_RANGES_MAX];
};

struct dp_network {
	uint8_t address[16]; /* network order; IPv4 in the first 4 octets, the others 0 */
	uint8_t family; /* 4 or 6 */
	uint8_t prefix; /* bits; those of the address behind it are 0 */
};

struct dp_networks {
	unsigned count;
	struct dp_network network[DP_NETWORKS_MAX];
};

struct dp_xdp_options {
	uint32_t mode; /* enum dp_xdp_mode */
	uint32_t rest; /* enum dp_xdp_rest */
	bool take_over; /* also an interface that the host itself uses */
	struct dp_port_ranges ports; /* UDP or TCP, source or destination */
	struct dp_networks networks; /* source or destination */
};

struct dp_port_options {
	char device[DP_DEVICE_MAX];
	uint32_t driver; /* enum dp_driver */
	uint32_t mode; /* enum dp_mode */
	uint32_t queues;
	uint32_t descriptors; /* per queue */
	uint32_t max_frame; /* largest frame taken, octets */
	bool promiscuous;
	uint32_t timestamps; /* enum dp_timestamps */
	bool interrupts; /* wake who polls it and is idle */
	char filter[DP_FILTER_MAX]; /* dp_filter.h; "": takes every frame */
	struct dp_xdp_options xdp; /* AF_XDP only */
};

struct dp_cpu_list {
	unsigned count;
	uint16_t cpu[DP_CPUS_MAX];
};

struct dp_options {
	unsigned port_count;
	struct dp_port_options ports[DP_PORTS_MAX];
	uint32_t file_mode; /* enum dp_mode, of capture files */
	char filter[DP_FILTER_MAX]; /* of capture files, and of ports without one of their own */

	/* Thread counts are the lengths of the lists. An empty list: one thread, on any CPU. Without
	 * anything in pipeline mode there are no rx threads. */
	struct dp_cpu_list control; /* at most one */
	struct dp_cpu_list rx;
	struct dp_cpu_list workers;
	struct dp_cpu_list sender; /* at most one */
	bool share_cpus; /* a CPU may stand there several times, for small machines */
	uint32_t idle; /* enum dp_idle_mode */

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
