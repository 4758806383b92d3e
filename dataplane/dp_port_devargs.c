/* SPDX-License-Identifier: BSD-3-Clause */
/* Checks here what the drivers would refuse without a reason that an operator could use. */
#include "dp_port_devargs.h"

#include <linux/capability.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_mbuf.h>
#include <rte_pci.h>

#include "dp_iface.h"
#include "dp_log_pvt.h"
#include "dp_privilege.h"
#include "dp_xdp_guard.h"
#include "dp_xdp_log.h"
#include "dp_xdp_object.h"

enum {
	/* A ring of 4096 frames: about 5 ms of the 0.8 million a second that AF_PACKET can do. */
	PACKET_BLOCK_BYTES = 1 << 20,
	PACKET_FRAMES = 4096,
	/* The driver has the kernel put IPv4 fragments together, and what does not fit into a slot
	 * is cut off: the slot must hold a whole SIP message and not only a frame. */
	PACKET_SLOT_MIN = 8192,
	/* Before the frame in its slot: header, address and alignment, with room to spare. */
	PACKET_OVERHEAD = 80,

	/* Buffers that the kernel has, to be filled or, filled, to be received. Two tasks that take
	 * turns on the receiver's CPU keep it away for 4 to 8 ms: so many of a million frames a
	 * second. */
	XDP_FILL_MBUFS = 8192,
	XDP_SPARE_MBUFS = 1024, /* beside those of the kernel: on their way through the probe */
	XDP_BUSY_BUDGET = 64, /* the driver's default */
	/* A buffer with its headers must lie within one page: 63 cache lines, since the mempool may
	 * add one to spread objects over memory channels. */
	XDP_OBJECT_MAX = 63 * RTE_CACHE_LINE_SIZE,
	XDP_ROOM_MAX = XDP_OBJECT_MAX - RTE_CACHE_LINE_SIZE - sizeof(struct rte_mbuf) -
		       RTE_PKTMBUF_HEADROOM,
	XDP_KERNEL_HEADROOM = 256,
	XDP_FRAME_MAX = XDP_ROOM_MAX - XDP_KERNEL_HEADROOM,
	XDP_PAGE_BYTES = 4096,
};

/* Drivers set the interface's MAC address and flags, whether they are to be changed or not; XDP
 * programs of others are found by their numbers, which takes more than CAP_BPF. */
#define PACKET_CAPABILITIES (1ULL << CAP_NET_RAW | 1ULL << CAP_NET_ADMIN)
#define XDP_CAPABILITIES    (PACKET_CAPABILITIES | 1ULL << CAP_SYS_ADMIN)

static size_t name_length(const char *device)
{
	return strcspn(device, ",");
}

static bool parse_pci(const char *device, struct rte_pci_addr *address)
{
	char name[DP_DEVICE_NAME_MAX];
	size_t n = name_length(device);

	if (n >= sizeof(name))
		return false;
	memcpy(name, device, n);
	name[n] = '\0';
	return rte_pci_addr_parse(name, address) == 0;
}

enum dp_driver dp_port_driver_of(const struct dp_port_options *options)
{
	struct rte_pci_addr address;

	if (options->driver != DP_AUTO)
		return (enum dp_driver)options->driver;
	if (parse_pci(options->device, &address))
		return DP_PCI;
	return if_nametoindex(options->device) ? DP_AF_PACKET : DP_VDEV;
}

static int make_pci(const struct dp_port_options *options, struct dp_port_devargs *devargs)
{
	struct rte_pci_addr address;

	if (!parse_pci(options->device, &address)) {
		DP_LOG(ERR, port, "\"%s\" is not a PCI address", options->device);
		return -EINVAL;
	}
	rte_pci_device_name(&address, devargs->name, sizeof(devargs->name));
	snprintf(devargs->text, sizeof(devargs->text), "%s", options->device);
	return 0;
}

static int make_vdev(const struct dp_port_options *options, struct dp_port_devargs *devargs)
{
	size_t n = name_length(options->device);

	if (strncmp(options->device, "net_", 4) != 0 && strncmp(options->device, "eth_", 4) != 0) {
		DP_LOG(ERR, port,
			"\"%s\" is neither a network interface, a PCI address nor a DPDK device "
			"such as \"net_null0\"",
			options->device);
		return -ENODEV;
	}
	if (n >= sizeof(devargs->name)) {
		DP_LOG(ERR, port, "\"%s\": device name is too long", options->device);
		return -ENAMETOOLONG;
	}
	memcpy(devargs->name, options->device, n);
	devargs->name[n] = '\0';
	snprintf(devargs->text, sizeof(devargs->text), "%s", options->device);
	return 0;
}

static uint32_t packet_slot(const struct dp_port_options *options)
{
	uint32_t slot = rte_align32pow2(options->max_frame + PACKET_OVERHEAD);

	return slot < PACKET_SLOT_MIN ? PACKET_SLOT_MIN : slot;
}

/* A ring to receive and one to send, which the driver locks. However many queues there are: the
 * kernel asks for room for each mapping, and then does not count those of its own pages. */
static uint64_t packet_locked(const struct dp_port_options *options)
{
	uint32_t in_block = PACKET_BLOCK_BYTES / packet_slot(options);

	return (uint64_t)2 * (PACKET_FRAMES / in_block) * PACKET_BLOCK_BYTES;
}

static int make_packet(
	const struct dp_port_options *options, unsigned index, struct dp_port_devargs *devargs)
{
	int err = dp_privilege_check(options->device, PACKET_CAPABILITIES);

	if (!err)
		err = dp_privilege_check_locked(options->device, packet_locked(options));
	if (err)
		return err;
	snprintf(devargs->name, sizeof(devargs->name), "net_af_packet%u", index);
	snprintf(devargs->text, sizeof(devargs->text),
		"%s,iface=%s,qpairs=%u,blocksz=%d,framesz=%u,framecnt=%d,qdisc_bypass=1",
		devargs->name, options->device, options->queues, PACKET_BLOCK_BYTES,
		packet_slot(options), PACKET_FRAMES);
	return 0;
}

/* Polled busily, a device needs no interrupts. One without hardware has none; its frames come on
 * the CPU of whoever sends them, and each empty poll would be a system call for nothing. */
static int busy_budget(const char *device)
{
	char driver[DP_IFACE_TEXT_MAX], bus[DP_IFACE_TEXT_MAX];

	dp_iface_driver(device, driver, bus);
	return driver[0] && !bus[0] ? 0 : XDP_BUSY_BUDGET;
}

/* The least that the kernel has of the buffers, a page each. */
static uint64_t xdp_locked(const struct dp_port_options *options)
{
	return (uint64_t)options->queues * XDP_FILL_MBUFS * XDP_PAGE_BYTES;
}

/* queues: that the interface has. */
static int check_xdp(const struct dp_port_options *options, unsigned queues)
{
	int err;

	if (options->queues > queues) {
		DP_LOG(ERR, port, "\"%s\" has %u queue%s for AF_XDP, but %u are configured",
			options->device, queues, queues == 1 ? "" : "s", options->queues);
		return -EINVAL;
	}
	if (options->max_frame > XDP_FRAME_MAX) {
		DP_LOG(ERR, port, "\"%s\": max_frame is %u, but AF_XDP takes at most %d octets",
			options->device, options->max_frame, XDP_FRAME_MAX);
		return -EINVAL;
	}
	err = dp_privilege_check(options->device, XDP_CAPABILITIES);
	if (!err)
		err = dp_privilege_check_locked(options->device, xdp_locked(options));
	return err;
}

/* Of what will not be seen. */
static void warn_of_xdp(const struct dp_port_options *options, unsigned queues)
{
	/* XDP runs before the kernel would hand over a tag that the NIC took out of the frame. */
	if (dp_iface_strips_vlan(options->device))
		DP_LOG(WARNING, port,
			"\"%s\": AF_XDP does not see VLAN tags that the NIC takes out, see "
			"\"ethtool -K %s rxvlan off\"",
			options->device, options->device);
	if (options->queues < queues)
		DP_LOG(WARNING, port,
			"\"%s\" has %u queue%s, but %u %s configured: what the NIC puts into the "
			"others is not seen, see \"ethtool -L %s combined %u\"",
			options->device, queues, queues == 1 ? "" : "s", options->queues,
			options->queues == 1 ? "is" : "are", options->device, options->queues);
}

static int make_xdp(
	const struct dp_port_options *options, unsigned index, struct dp_port_devargs *devargs)
{
	unsigned queues = dp_iface_queues(options->device);
	char program[DP_XDP_PATH_MAX];
	int err = check_xdp(options, queues);

	if (err)
		return err;
	dp_xdp_log_init();
	err = dp_xdp_guard(options);
	if (err)
		return err;
	warn_of_xdp(options, queues);
	err = dp_xdp_object_path(program, sizeof(program));
	if (err) {
		DP_LOG(ERR, port, "could not make the XDP program of \"%s\": %s", options->device,
			strerror(-err));
		return err;
	}
	snprintf(devargs->name, sizeof(devargs->name), "net_af_xdp%u", index);
	snprintf(devargs->text, sizeof(devargs->text),
		"%s,iface=%s,start_queue=0,queue_count=%u,busy_budget=%d,xdp_prog=%s",
		devargs->name, options->device, options->queues, busy_budget(options->device),
		program);
	return 0;
}

void dp_port_needs_get(
	const struct dp_port_options *options, enum dp_driver driver, struct dp_port_needs *needs)
{
	*needs = (struct dp_port_needs){0};
	if (driver == DP_AF_PACKET) {
		/* The driver wants whole slots to fit, less the header in front of them. */
		needs->min_room =
			packet_slot(options) - (TPACKET2_HDRLEN - sizeof(struct sockaddr_ll));
	} else if (driver == DP_AF_XDP) {
		needs->min_room = options->max_frame + XDP_KERNEL_HEADROOM;
		needs->max_room = XDP_ROOM_MAX;
		needs->min_descriptors = XDP_FILL_MBUFS;
		needs->held_mbufs =
			rte_align32pow2(RTE_MAX(options->descriptors, needs->min_descriptors)) +
			XDP_SPARE_MBUFS;
		needs->has_power_of_two = true;
		needs->has_fill_ring = true;
		needs->has_send_queues = true;
	}
}

int dp_port_devargs_make(
	const struct dp_port_options *options, unsigned index, struct dp_port_devargs *devargs)
{
	*devargs = (struct dp_port_devargs){.driver = dp_port_driver_of(options)};
	if (devargs->driver == DP_PCI)
		return make_pci(options, devargs);
	if (devargs->driver == DP_VDEV)
		return make_vdev(options, devargs);
	if (!if_nametoindex(options->device)) {
		DP_LOG(ERR, port, "network interface \"%s\" does not exist", options->device);
		return -ENODEV;
	}
	if (devargs->driver == DP_AF_PACKET)
		return make_packet(options, index, devargs);
	return make_xdp(options, index, devargs);
}
