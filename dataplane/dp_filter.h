/* SPDX-License-Identifier: BSD-3-Clause */
/* A libpcap expression that chooses frames (pcap-filter(7)), compiled to native code by DPDK's BPF library where
 * that can, else interpreted. It looks at the frame as it stands on the wire: what is behind a VLAN tag or in a
 * tunnel is found only by expressions that say so.
 * Owner: the port or file. Threads: read-only once made. */
#ifndef DP_FILTER_H
#define DP_FILTER_H

#include <stdbool.h>
#include <stddef.h>

struct rte_mbuf;
struct dp_filter;

/* What: whether expression is one for Ethernet frames. 0; or -EINVAL, and error says why. Needs no EAL. */
int dp_filter_check(const char *expression, char *error, size_t size);

/* What: compiles it for every enum dp_link; frames of a link layer for which it makes no sense (MAC addresses
 * without MACs) are not chosen. 0 or negative errno, and error says why. */
int dp_filter_create(const char *expression, struct dp_filter **filter, char *error, size_t size);
void dp_filter_destroy(struct dp_filter *filter);

/* Whether frames of Ethernet are chosen by native code. */
bool dp_filter_is_native(const struct dp_filter *filter);

/* What: orders a burst, with dp_meta filled: the chosen ones first and among themselves as they came. Returns how
 * many those are. */
unsigned dp_filter_burst(const struct dp_filter *filter, struct rte_mbuf **burst, unsigned n);

#endif
