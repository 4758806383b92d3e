/* SPDX-License-Identifier: BSD-3-Clause */
/* The driver keeps the object that it loaded to itself; the kernel tells the rest. */
#include "dp_xdp_running.h"

#include <linux/bpf.h>
#include <linux/if_link.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "dp_xdp_program.h"

enum {
	MAPS_MAX = 32,
	STAT_MAX = 1024,
};

uint64_t dp_xdp_process_start(uint32_t pid)
{
	char path[64], text[STAT_MAX], start[32], state = 0;
	const char *at;
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	/* proc(5): the second field is the name in parentheses, which may hold anything. */
	at = strrchr(text, ')');
	if (!at ||
		sscanf(at + 1,
			" %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
			"%*s %31s",
			&state, start) != 2)
		return 0;
	/* A zombie holds no socket any more. */
	return state == 'Z' || state == 'X' ? 0 : strtoull(start, NULL, 10);
}

int dp_xdp_map_open(int program_fd, const char *name)
{
	uint32_t ids[MAPS_MAX];
	struct bpf_prog_info program = {.nr_map_ids = MAPS_MAX, .map_ids = (uintptr_t)ids};
	uint32_t size = sizeof(program);

	if (bpf_obj_get_info_by_fd(program_fd, &program, &size))
		return -errno;
	for (uint32_t i = 0; i < program.nr_map_ids && i < MAPS_MAX; i++) {
		struct bpf_map_info map = {0};
		int fd = bpf_map_get_fd_by_id(ids[i]);

		size = sizeof(map);
		if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &map, &size) == 0 &&
			strcmp(map.name, name) == 0)
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -ENOENT;
}

static void find_owner(struct dp_xdp_running *running)
{
	struct dp_xdp_config config = {0};
	uint32_t first = 0;
	int fd = dp_xdp_map_open(running->fd, "heptap_config");

	/* Other programs may bear our name, but not with our maps. */
	if (fd < 0)
		return;
	running->is_ours = strcmp(running->name, DP_XDP_PROGRAM_NAME) == 0 &&
			   bpf_map_lookup_elem(fd, &first, &config) == 0;
	running->owner_pid = config.owner_pid;
	running->is_alive = config.owner_pid && config.owner_start &&
			    dp_xdp_process_start(config.owner_pid) == config.owner_start;
	close(fd);
}

int dp_xdp_running_find(unsigned ifindex, struct dp_xdp_running *running)
{
	static const uint32_t flags[] = {
		[XDP_ATTACHED_DRV] = XDP_FLAGS_DRV_MODE,
		[XDP_ATTACHED_SKB] = XDP_FLAGS_SKB_MODE,
		[XDP_ATTACHED_HW] = XDP_FLAGS_HW_MODE,
	};
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	int err = bpf_xdp_query((int)ifindex, 0, &query);

	if (err)
		return err;
	*running = (struct dp_xdp_running){.ifindex = (int)ifindex, .id = query.prog_id};
	if (query.attach_mode == XDP_ATTACHED_MULTI)
		running->id = query.drv_prog_id ? query.drv_prog_id : query.skb_prog_id;
	else if (query.attach_mode <= XDP_ATTACHED_HW)
		running->mode_flags = flags[query.attach_mode];
	if (!running->id)
		return -ENOENT;
	running->fd = bpf_prog_get_fd_by_id(running->id);
	if (running->fd < 0)
		return errno == ENOENT ? -ENOENT : -errno;
	if (bpf_obj_get_info_by_fd(running->fd, &info, &size)) {
		err = -errno;
		close(running->fd);
		return err;
	}
	memcpy(running->name, info.name, sizeof(running->name));
	running->name[sizeof(running->name) - 1] = '\0';
	find_owner(running);
	return 0;
}

void dp_xdp_running_release(struct dp_xdp_running *running)
{
	close(running->fd);
}

int dp_xdp_running_detach(const struct dp_xdp_running *running)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, replaced, .old_prog_fd = running->fd);

	return bpf_xdp_detach(running->ifindex, running->mode_flags, &replaced);
}
