/* SPDX-License-Identifier: BSD-3-Clause */
/* ethtool's old ioctl rather than the netlink families: it needs no privilege and no library. */
#include "dp_iface.h"

#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int ask(const char *name, void *question)
{
	struct ifreq request = {.ifr_data = question};
	int fd, err;

	if (strlen(name) >= sizeof(request.ifr_name))
		return -ENODEV;
	memcpy(request.ifr_name, name, strlen(name));
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	err = ioctl(fd, SIOCETHTOOL, &request) ? -errno : 0;
	close(fd);
	return err;
}

unsigned dp_iface_queues(const char *name)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};

	/* veth and others have no combined queues: the driver then takes the first one only. */
	if (ask(name, &channels) || !channels.max_combined || !channels.combined_count)
		return 1;
	return channels.combined_count;
}

/* By its index: another of the same name is not the one that sockets are bound to. */
bool dp_iface_is_there(unsigned index)
{
	char name[IF_NAMESIZE];

	return if_indextoname(index, name);
}

/* The interface's flags; 0 where they cannot be had. more: these are set too. */
static short flags_of(unsigned index, short more)
{
	struct ifreq request = {0};
	short flags = 0;
	int fd;

	if (!if_indextoname(index, request.ifr_name))
		return 0;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	if (ioctl(fd, SIOCGIFFLAGS, &request) == 0) {
		flags = request.ifr_flags;
		request.ifr_flags = (short)(request.ifr_flags | more);
		if (more)
			ioctl(fd, SIOCSIFFLAGS, &request);
	}
	close(fd);
	return flags;
}

bool dp_iface_is_up(unsigned index)
{
	short flags = flags_of(index, 0);

	return (flags & IFF_UP) && (flags & IFF_RUNNING);
}

bool dp_iface_has_promiscuous_flag(unsigned index)
{
	return flags_of(index, 0) & IFF_PROMISC;
}

void dp_iface_set_promiscuous_flag(unsigned index)
{
	(void)flags_of(index, IFF_PROMISC);
}

/* The kernel first says how many words its bit masks have, as a negative number, and nothing else. */
uint32_t dp_iface_speed(unsigned index)
{
	union {
		struct ethtool_link_settings link;
		uint8_t room[sizeof(struct ethtool_link_settings) +
			     sizeof(uint32_t) * 3 * INT8_MAX];
	} settings = {.link.cmd = ETHTOOL_GLINKSETTINGS};
	char name[IF_NAMESIZE];

	if (!if_indextoname(index, name) || ask(name, &settings) ||
		settings.link.link_mode_masks_nwords >= 0)
		return 0;
	settings.link = (struct ethtool_link_settings){
		.cmd = ETHTOOL_GLINKSETTINGS,
		.link_mode_masks_nwords = (int8_t)-settings.link.link_mode_masks_nwords,
	};
	if (ask(name, &settings) || settings.link.speed == (uint32_t)SPEED_UNKNOWN)
		return 0;
	return settings.link.speed;
}

bool dp_iface_strips_vlan(const char *name)
{
	struct ethtool_value flags = {.cmd = ETHTOOL_GFLAGS};

	return ask(name, &flags) == 0 && (flags.data & ETH_FLAG_RXVLAN);
}

/* Without a protocol the socket itself gets nothing. */
int dp_iface_be_promiscuous(unsigned index)
{
	struct packet_mreq request = {.mr_ifindex = (int)index, .mr_type = PACKET_MR_PROMISC};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof(request)) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

void dp_iface_driver(const char *name, char *driver, char *bus)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};

	driver[0] = '\0';
	bus[0] = '\0';
	if (ask(name, &info))
		return;
	snprintf(driver, DP_IFACE_TEXT_MAX, "%.31s", info.driver);
	snprintf(bus, DP_IFACE_TEXT_MAX, "%.31s", info.bus_info);
}
