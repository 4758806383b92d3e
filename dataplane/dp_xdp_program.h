/* SPDX-License-Identifier: BSD-3-Clause */
/* What the XDP program and the process that loads it share: its maps' keys and values.
 * Compiled for both, so kernel types only.
 * Owner: value types. Threads: any. */
#ifndef DP_XDP_PROGRAM_H
#define DP_XDP_PROGRAM_H

#include <linux/types.h>

/* The kernel keeps 15 characters of a name. */
#define DP_XDP_PROGRAM_NAME "heptap_xdp"

enum {
	DP_XDP_QUEUES_MAX = 64,
	DP_XDP_PORT_WORDS = 65536 / 64,
	DP_XDP_NETWORKS_MAX = 1024, /* per family, those added at run time included */
	DP_XDP_MEDIA_MAX = 1 << 19, /* endpoints learnt at a time; they take memory as they come */
};

enum dp_xdp_filter {
	DP_XDP_FILTER_NONE = 0, /* not configured yet: takes nothing, drops nothing */
	DP_XDP_FILTER_ALL,
	DP_XDP_FILTER_VOICE,
	DP_XDP_FILTER_LISTED,
};

enum dp_xdp_reason {
#define X(name, is_taken, help) DP_XDP_##name,
#include "dp_xdp_reasons.def"
#undef X
	DP_XDP_REASON_COUNT
};

struct dp_xdp_config {
	__u32 filter; /* enum dp_xdp_filter */
	__u32 rest; /* enum xdp_action of what is not taken */
	__u32 networks4; /* how many networks there are, to look none up when there is none */
	__u32 networks6;
	__u32 owner_pid; /* whose program this is, for who finds it later */
	__u32 unused;
	__u64 owner_start; /* field 22 of /proc/PID/stat: a process number alone comes again */
};

/* Keys of longest-prefix-match tries: the prefix's bits, then the address in network order. */
struct dp_xdp_net4 {
	__u32 bits;
	__u8 addr[4];
};

struct dp_xdp_net6 {
	__u32 bits;
	__u8 addr[16];
};

struct dp_xdp_media {
	__u8 addr[16]; /* network order; IPv4 in the first 4 octets, the others 0 */
	__u16 port; /* host order */
	__u8 family; /* 4 or 6 */
	__u8 unused;
};

#endif
