/* SPDX-License-Identifier: BSD-3-Clause */
/* What AF_XDP takes never reaches the host: its own sessions would end at once, the operator's login
 * among them. So the interface must be for capture only, unless told otherwise. */
#include "dp_xdp_guard.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <netinet/in.h>

#include <errno.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>

#include "dp_log_pvt.h"
#include "dp_xdp_running.h"

enum {
	LINE_MAX_BYTES = 512,
};

static bool is_global4(const struct sockaddr_in *address)
{
	uint32_t a = ntohl(address->sin_addr.s_addr);

	return a >> 16 != 0xa9fe && a >> 24 != IN_LOOPBACKNET; /* RFC 3927, RFC 1122 */
}

static bool is_global6(const struct sockaddr_in6 *address)
{
	return !IN6_IS_ADDR_LINKLOCAL(&address->sin6_addr) &&
	       !IN6_IS_ADDR_LOOPBACK(&address->sin6_addr);
}

/* The first such address of the interface, as text; empty without. */
static void find_address(const char *device, char *text, size_t size)
{
	struct ifaddrs *list = NULL;

	text[0] = '\0';
	if (getifaddrs(&list))
		return;
	for (struct ifaddrs *i = list; i && !text[0]; i = i->ifa_next) {
		const void *address = i->ifa_addr;

		if (!address || strcmp(i->ifa_name, device) != 0)
			continue;
		if (i->ifa_addr->sa_family == AF_INET && is_global4(address))
			inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, text,
				(socklen_t)size);
		else if (i->ifa_addr->sa_family == AF_INET6 && is_global6(address))
			inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr,
				text, (socklen_t)size);
	}
	freeifaddrs(list);
}

/* A line of /proc/net/route: interface, destination, gateway, flags, three more, mask. */
static bool is_default4(const char *line, const char *device)
{
	char name[IFNAMSIZ], destination[9], mask[9];

	return sscanf(line, "%15s %8s %*s %*s %*s %*s %*s %8s", name, destination, mask) == 3 &&
	       strcmp(destination, "00000000") == 0 && strcmp(mask, destination) == 0 &&
	       strcmp(name, device) == 0;
}

/* A line of /proc/net/ipv6_route: destination, its prefix, source, its prefix, gateway, metric, two
 * counts, flags, interface. The kernel's own refusing routes are on lo. */
static bool is_default6(const char *line, const char *device)
{
	char name[IFNAMSIZ], destination[33], prefix[3];

	return sscanf(line, "%32s %2s %*s %*s %*s %*s %*s %*s %*s %15s", destination, prefix,
		       name) == 3 &&
	       strcmp(prefix, "00") == 0 && strspn(destination, "0") == 32 &&
	       strcmp(name, device) == 0;
}

static bool has_line(
	const char *path, const char *device, bool (*is_it)(const char *line, const char *device))
{
	char line[LINE_MAX_BYTES];
	FILE *file = fopen(path, "re");
	bool is_found = false;

	while (file && !is_found && fgets(line, sizeof(line), file))
		is_found = is_it(line, device);
	if (file)
		fclose(file);
	return is_found;
}

static int guard_host(const struct dp_port_options *options)
{
	char text[INET6_ADDRSTRLEN];

	if (options->xdp.take_over)
		return 0;
	find_address(options->device, text, sizeof(text));
	if (text[0]) {
		DP_LOG(ERR, port,
			"\"%s\" has the address %s, and AF_XDP would take this host's traffic; set "
			"xdp.take_over to true if that is meant",
			options->device, text);
		return -EBUSY;
	}
	if (has_line("/proc/net/route", options->device, is_default4) ||
		has_line("/proc/net/ipv6_route", options->device, is_default6)) {
		DP_LOG(ERR, port,
			"\"%s\" holds a default route, and AF_XDP would take this host's traffic; set "
			"xdp.take_over to true if that is meant",
			options->device);
		return -EBUSY;
	}
	return 0;
}

static int guard_program(const struct dp_port_options *options)
{
	struct dp_xdp_running running;
	int err = dp_xdp_running_find(if_nametoindex(options->device), &running);

	if (err == -ENOENT)
		return 0;
	if (err) {
		DP_LOG(ERR, port, "could not ask for the XDP program of \"%s\": %s",
			options->device, strerror(-err));
		return err;
	}
	if (!running.is_ours) {
		DP_LOG(ERR, port,
			"\"%s\" has another XDP program already, \"%s\" (id %u); remove it with "
			"\"ip link set dev %s xdp off\"",
			options->device, running.name, running.id, options->device);
		err = -EBUSY;
	} else if (running.is_alive) {
		DP_LOG(ERR, port, "\"%s\" is in use by heptap, process %u", options->device,
			running.owner_pid);
		err = -EBUSY;
	} else {
		err = dp_xdp_running_detach(&running);
		if (err)
			DP_LOG(ERR, port,
				"could not detach the XDP program of a heptap that has gone from "
				"\"%s\": %s",
				options->device, strerror(-err));
		else
			DP_LOG(INFO, port,
				"\"%s\": detached the XDP program of a heptap that has gone "
				"(process %u)",
				options->device, running.owner_pid);
	}
	dp_xdp_running_release(&running);
	return err;
}

int dp_xdp_guard(const struct dp_port_options *options)
{
	int err = guard_host(options);

	return err ? err : guard_program(options);
}
