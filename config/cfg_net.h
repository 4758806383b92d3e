/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of ports and of networks, from text and to text, as strict as cfg_value.h. Also for what is
 * changed at run time.
 * Owner: the caller. Threads: any. */
#ifndef CFG_NET_H
#define CFG_NET_H

#include <stddef.h>

#include "dp_options.h"

/* "5060-5061,5080": ports 1 to 65535 and ranges of them; "" is none. 0, -EINVAL, or -ENOSPC for more than
 * DP_PORT_RANGES_MAX. */
int cfg_net_ports(const char *text, struct dp_port_ranges *ports);

/* "192.0.2.0/24,2001:db8::/32": addresses, each with its prefix length or a single one without; "" is
 * none. An address with bits behind its prefix is refused. 0, -EINVAL, or -ENOSPC for more than
 * DP_NETWORKS_MAX. */
int cfg_net_networks(const char *text, struct dp_networks *networks);

/* What reads back as the same. */
void cfg_net_format_ports(const struct dp_port_ranges *ports, char *buf, size_t size);
void cfg_net_format_networks(const struct dp_networks *networks, char *buf, size_t size);

#endif
