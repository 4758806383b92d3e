/* SPDX-License-Identifier: BSD-3-Clause */
/* The drivers keep their sockets private; what tells them from all others is when they were opened. */
#include "dp_kernel_drops.h"

#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <sys/socket.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	SOCKETS_MAX = 64,
	FDS_MAX = 4096,
};

struct dp_kernel_drops {
	int domain;
	unsigned count;
	int fds[SOCKETS_MAX]; /* our own duplicates */
	uint64_t before[FDS_MAX / 64]; /* set of the descriptors that are not the port's */
	_Atomic uint64_t frames; /* AF_PACKET: the kernel starts anew with each reading */
};

static bool is_before(const struct dp_kernel_drops *drops, int fd)
{
	return drops->before[fd / 64] >> (fd % 64) & 1;
}

static int domain_of(int fd)
{
	int domain = 0;
	socklen_t size = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) ? 0 : domain;
}

static void note_before(struct dp_kernel_drops *drops, int fd)
{
	drops->before[fd / 64] |= 1ULL << (fd % 64);
}

/* A duplicate, since the driver may close its own and the number may then mean something else. */
static void attach(struct dp_kernel_drops *drops, int fd)
{
	int own;

	if (is_before(drops, fd) || domain_of(fd) != drops->domain || drops->count >= SOCKETS_MAX)
		return;
	own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (own < 0)
		return;
	drops->fds[drops->count++] = own;
	/* So that the scan, should it come to it, does not take it for one of the driver's. */
	if (own < FDS_MAX)
		note_before(drops, own);
}

static void each_fd(
	struct dp_kernel_drops *drops, void (*visit)(struct dp_kernel_drops *drops, int fd))
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		char *end;
		long fd = strtol(entry->d_name, &end, 10);

		if (end != entry->d_name && !*end && fd >= 0 && fd < FDS_MAX && fd != dirfd(dir))
			visit(drops, (int)fd);
	}
	closedir(dir);
}

int dp_kernel_drops_create(int domain, struct dp_kernel_drops **drops)
{
	struct dp_kernel_drops *new = calloc(1, sizeof(*new));

	if (!new)
		return -ENOMEM;
	new->domain = domain;
	if (domain)
		each_fd(new, note_before);
	*drops = new;
	return 0;
}

void dp_kernel_drops_attach(struct dp_kernel_drops *drops)
{
	if (drops->domain)
		each_fd(drops, attach);
}

void dp_kernel_drops_destroy(struct dp_kernel_drops *drops)
{
	if (!drops)
		return;
	for (unsigned i = 0; i < drops->count; i++)
		close(drops->fds[i]);
	free(drops);
}

/* Queues get their sockets one after the other, and so ascending numbers. Should a gap among the open
 * descriptors upset that, a thread that waits on another's socket wakes by the clock. */
int dp_kernel_drops_fd(const struct dp_kernel_drops *drops, unsigned queue, unsigned queues)
{
	return drops->count == queues && queue < queues ? drops->fds[queue] : -1;
}

static uint64_t packet_drops(int fd)
{
	struct tpacket_stats stats = {0};
	socklen_t size = sizeof(stats);

	return getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) ? 0 : stats.tp_drops;
}

/* rx_dropped is in the driver's statistics already. */
static uint64_t xdp_drops(int fd)
{
	struct xdp_statistics stats = {0};
	socklen_t size = sizeof(stats);

	return getsockopt(fd, SOL_XDP, XDP_STATISTICS, &stats, &size) ? 0 : stats.rx_ring_full;
}

uint64_t dp_kernel_drops_get(struct dp_kernel_drops *drops)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < drops->count; i++)
		sum += drops->domain == AF_XDP ? xdp_drops(drops->fds[i])
					       : packet_drops(drops->fds[i]);
	if (drops->domain == AF_XDP)
		return sum;
	/* Not as fetch_add() + sum, which gcc 12 makes twice the old value of. */
	atomic_fetch_add_explicit(&drops->frames, sum, memory_order_relaxed);
	return atomic_load_explicit(&drops->frames, memory_order_relaxed);
}
