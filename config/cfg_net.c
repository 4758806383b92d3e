/* SPDX-License-Identifier: BSD-3-Clause */
/* Items between commas, each read in a buffer of its own. */
#include "cfg_net.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cfg_value.h"

enum {
	ITEM_MAX = 64, /* longer than any address with its prefix */
};

/* Reads one item into list; 0, -EINVAL or -ENOSPC. */
typedef int (*take_fn)(char *item, void *list);

static int take_items(const char *text, take_fn take, void *list)
{
	char item[ITEM_MAX];
	int rc = 0;

	if (*text == '\0')
		return 0;
	for (;;) {
		size_t n = strcspn(text, ",");

		if (n >= sizeof(item))
			return -EINVAL;
		memcpy(item, text, n);
		item[n] = '\0';
		rc = take(item, list);
		if (rc != 0 || text[n] == '\0')
			return rc;
		text += n + 1;
	}
}

/* What stands behind the separator, which is cut off; NULL without one. */
static char *split(char *item, char separator)
{
	char *at = strchr(item, separator);

	if (!at)
		return NULL;
	*at = '\0';
	return at + 1;
}

static int take_ports(char *item, void *list)
{
	struct dp_port_ranges *ports = list;
	const char *end = split(item, '-');
	uint64_t first, last;

	if (cfg_value_number(item, &first) != 0)
		return -EINVAL;
	last = first;
	if (end && cfg_value_number(end, &last) != 0)
		return -EINVAL;
	if (first == 0 || last < first || last > UINT16_MAX)
		return -EINVAL;
	if (ports->count == DP_PORT_RANGES_MAX)
		return -ENOSPC;
	ports->range[ports->count].first = (uint16_t)first;
	ports->range[ports->count].last = (uint16_t)last;
	ports->count++;
	return 0;
}

int cfg_net_ports(const char *text, struct dp_port_ranges *ports)
{
	memset(ports, 0, sizeof(*ports));
	return take_items(text, take_ports, ports);
}

static bool has_bits_behind(const struct dp_network *network, unsigned bits)
{
	for (unsigned bit = network->prefix; bit < bits; bit++)
		if (network->address[bit / 8] & 0x80U >> bit % 8)
			return true;
	return false;
}

static int take_network(char *item, void *list)
{
	struct dp_networks *networks = list;
	struct dp_network network = {.family = strchr(item, ':') ? 6 : 4};
	const char *prefix = split(item, '/');
	unsigned bits = network.family == 4 ? 32 : 128;
	uint64_t length = bits;

	if (inet_pton(network.family == 4 ? AF_INET : AF_INET6, item, network.address) != 1)
		return -EINVAL;
	if (prefix && (cfg_value_number(prefix, &length) != 0 || length > bits))
		return -EINVAL;
	network.prefix = (uint8_t)length;
	if (has_bits_behind(&network, bits))
		return -EINVAL;
	if (networks->count == DP_NETWORKS_MAX)
		return -ENOSPC;
	networks->network[networks->count++] = network;
	return 0;
}

int cfg_net_networks(const char *text, struct dp_networks *networks)
{
	memset(networks, 0, sizeof(*networks));
	return take_items(text, take_network, networks);
}

static void append(char *buf, size_t size, const char *item)
{
	size_t used = strnlen(buf, size);

	snprintf(buf + used, size - used, "%s%s", used ? "," : "", item);
}

void cfg_net_format_ports(const struct dp_port_ranges *ports, char *buf, size_t size)
{
	char item[ITEM_MAX];

	buf[0] = '\0';
	for (unsigned i = 0; i < ports->count; i++) {
		unsigned first = ports->range[i].first, last = ports->range[i].last;

		if (last > first)
			snprintf(item, sizeof(item), "%u-%u", first, last);
		else
			snprintf(item, sizeof(item), "%u", first);
		append(buf, size, item);
	}
}

void cfg_net_format_networks(const struct dp_networks *networks, char *buf, size_t size)
{
	buf[0] = '\0';
	for (unsigned i = 0; i < networks->count; i++) {
		const struct dp_network *network = &networks->network[i];
		char address[INET6_ADDRSTRLEN] = "", item[ITEM_MAX];

		inet_ntop(network->family == 4 ? AF_INET : AF_INET6, network->address, address,
			sizeof(address));
		snprintf(item, sizeof(item), "%s/%u", address, (unsigned)network->prefix);
		append(buf, size, item);
	}
}
