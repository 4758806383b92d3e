/* SPDX-License-Identifier: BSD-3-Clause */
/* The XDP program that is attached to an interface: whose it is, its maps, and how to take it away.
 * Owner: the caller of dp_xdp_running_find until dp_xdp_running_release. Threads: control. */
#ifndef DP_XDP_RUNNING_H
#define DP_XDP_RUNNING_H

#include <stdbool.h>
#include <stdint.h>

enum {
	DP_XDP_NAME_MAX = 16,
};

struct dp_xdp_running {
	int ifindex;
	int fd; /* of the program */
	uint32_t id;
	uint32_t mode_flags; /* how it is attached, XDP_FLAGS_*_MODE */
	char name[DP_XDP_NAME_MAX]; /* of the program */
	bool is_ours; /* some heptap's */
	bool is_alive; /* and that one still runs */
	uint32_t owner_pid; /* 0: never configured */
};

/* 0; -ENOENT without a program; or negative errno, then nothing is to be released. */
int dp_xdp_running_find(unsigned ifindex, struct dp_xdp_running *running);
void dp_xdp_running_release(struct dp_xdp_running *running);

/* Detaches exactly this program; -EEXIST or so when another one took its place. */
int dp_xdp_running_detach(const struct dp_xdp_running *running);

/* A program's map by its name: a new descriptor, or negative errno. */
int dp_xdp_map_open(int program_fd, const char *name);

/* Start time of a process in clock ticks since boot; 0: there is none. */
uint64_t dp_xdp_process_start(uint32_t pid);

#endif
