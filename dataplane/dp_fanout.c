/* SPDX-License-Identifier: BSD-3-Clause */
/* The driver has no option for the number and keeps its sockets to itself, but has them join by
 * setsockopt(): the one here stands before libc's for the whole process. */
#include "dp_fanout.h"

#include <linux/if_packet.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* Kernel 4.12: the number has to be 0 then. */
#ifndef PACKET_FANOUT_FLAG_UNIQUEID
#define PACKET_FANOUT_FLAG_UNIQUEID 0x2000
#endif

enum {
	TYPE_SHIFT = 16, /* type and flags stand above the number */
};

static _Thread_local struct {
	bool is_begun;
	bool has_number;
	uint16_t number;
} group;

static int set(int fd, int level, int name, const void *value, socklen_t size)
{
	return (int)syscall(SYS_setsockopt, fd, level, name, value, size);
}

static int join(int fd, uint32_t how)
{
	return set(fd, SOL_PACKET, PACKET_FANOUT, &how, sizeof(how));
}

static uint16_t number_of(int fd)
{
	uint32_t how = 0;
	socklen_t size = sizeof(how);

	getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &how, &size);
	return (uint16_t)how;
}

/* A kernel that chooses no number takes the driver's. */
static int join_own(int fd, uint32_t how)
{
	uint32_t type = how & ~(uint32_t)UINT16_MAX;

	if (group.has_number)
		return join(fd, type | group.number);
	if (join(fd, type | (uint32_t)PACKET_FANOUT_FLAG_UNIQUEID << TYPE_SHIFT))
		return join(fd, how);
	group.number = number_of(fd);
	group.has_number = true;
	return 0;
}

__attribute__((visibility("default"))) int setsockopt(
	int fd, int level, int name, const void *value, socklen_t size)
{
	uint32_t how;

	if (!group.is_begun || level != SOL_PACKET || name != PACKET_FANOUT || size != sizeof(how))
		return set(fd, level, name, value, size);
	memcpy(&how, value, sizeof(how));
	return join_own(fd, how);
}

void dp_fanout_begin(void)
{
	group.is_begun = true;
	group.has_number = false;
}

void dp_fanout_end(void)
{
	group.is_begun = false;
}
