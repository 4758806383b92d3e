/* SPDX-License-Identifier: BSD-3-Clause */
/* What kind of device a port's name means, and the string by which DPDK opens it.
 * Owner: value types. Threads: any. */
#ifndef DP_PORT_DEVARGS_H
#define DP_PORT_DEVARGS_H

#include "dp_options.h"

enum {
	DP_DEVARGS_MAX = 512,
	DP_DEVICE_NAME_MAX = 64,
};

/* What a driver wants of packet buffers and queues; 0: nothing special. */
struct dp_port_needs {
	uint32_t min_room; /* octets of packet that a buffer must hold at least */
	uint32_t max_room; /* and at most */
	uint32_t held_mbufs; /* how many a queue may hold, when that is not its descriptors */
	uint32_t min_descriptors;
	bool has_power_of_two; /* descriptors */
	bool has_fill_ring; /* with as many buffers as descriptors, see dp_xdp_rings.h */
	bool has_send_queues; /* as many as receive queues, though nothing is sent */
};

struct dp_port_devargs {
	enum dp_driver driver; /* never DP_AUTO */
	char name[DP_DEVICE_NAME_MAX]; /* DPDK's name of the device */
	char text[DP_DEVARGS_MAX]; /* for rte_dev_probe */
};

/* The driver of the options, or what the look of the name says. */
enum dp_driver dp_port_driver_of(const struct dp_port_options *options);

void dp_port_needs_get(
	const struct dp_port_options *options, enum dp_driver driver, struct dp_port_needs *needs);

/* What: fills devargs for port number index. 0, or negative errno with one log line when the device is
 * not there or cannot do what the options ask. */
int dp_port_devargs_make(
	const struct dp_port_options *options, unsigned index, struct dp_port_devargs *devargs);

#endif
