/* SPDX-License-Identifier: BSD-3-Clause */
/* What the kernel knows about a network interface, by ioctl.
 * Owner: none. Threads: any. */
#ifndef DP_IFACE_H
#define DP_IFACE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	DP_IFACE_TEXT_MAX = 32,
};

/* Receive queues that AF_XDP can use, counted as net_af_xdp does; at least 1. */
unsigned dp_iface_queues(const char *name);
bool dp_iface_is_there(unsigned index);
/* Whether the interface of this index is there, up, and has a carrier. */
bool dp_iface_is_up(unsigned index);
/* Mbit/s of the interface of this index, as /sys/class/net/NAME/speed says; 0 where its driver knows none. */
uint32_t dp_iface_speed(unsigned index);
/* Whether VLAN tags are taken out of received frames. */
bool dp_iface_strips_vlan(const char *name);
/* Has the interface of this index take frames for others, as long as the descriptor is open that
 * is returned: the kernel counts those who want it, so nobody's end is another's. Or negative
 * errno. */
int dp_iface_be_promiscuous(unsigned index);
/* The flag that "ip link set NAME promisc on" sets, beside that count. */
bool dp_iface_has_promiscuous_flag(unsigned index);
void dp_iface_set_promiscuous_flag(unsigned index);
/* Driver and bus address, empty when unknown. Each text has DP_IFACE_TEXT_MAX octets. */
void dp_iface_driver(const char *name, char *driver, char *bus);

#endif
