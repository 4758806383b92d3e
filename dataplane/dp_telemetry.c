/* SPDX-License-Identifier: BSD-3-Clause */
/* DPDK keeps its sockets and threads to itself. The sockets are known by their path, and a thread
 * that serves a client closes that one's as the last thing it does. */
#include "dp_telemetry.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <dirent.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_eal.h>

enum {
	PATIENCE_MS = 2000, /* of who answers: a worker may be asked */
	EMPTY_LOOKS = 2, /* what was accepted amid the first one is seen in the second */
};

static bool is_telemetry(int fd, const char *path)
{
	struct sockaddr_un name = {0};
	socklen_t size = sizeof(name);

	return getsockname(fd, (struct sockaddr *)&name, &size) == 0 &&
	       name.sun_family == AF_UNIX &&
	       strncmp(name.sun_path, path, sizeof(name.sun_path)) == 0;
}

static bool is_listening(int fd)
{
	int is_so = 0;
	socklen_t size = sizeof(is_so);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_so, &size) == 0 && is_so;
}

/* Whether somebody is served, or waits for it. Clients are cut off: threads that wait for the next
 * question end. */
static bool is_in_use(int fd)
{
	struct pollfd in = {.fd = fd, .events = POLLIN};

	if (is_listening(fd))
		return poll(&in, 1, 0) > 0;
	shutdown(fd, SHUT_RDWR);
	return true;
}

static unsigned count_in_use(const char *path)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	unsigned n = 0;

	if (!dir)
		return 0;
	while ((entry = readdir(dir))) {
		char *end;
		long fd = strtol(entry->d_name, &end, 10);

		if (end != entry->d_name && !*end && is_telemetry((int)fd, path))
			n += is_in_use((int)fd);
	}
	closedir(dir);
	return n;
}

void dp_telemetry_end(void)
{
	char path[PATH_MAX];
	unsigned empty = 0;

	snprintf(path, sizeof(path), "%s/dpdk_telemetry.v2", rte_eal_get_runtime_dir());
	unlink(path);
	for (unsigned ms = 0; ms < PATIENCE_MS && empty < EMPTY_LOOKS; ms++) {
		empty = count_in_use(path) ? 0 : empty + 1;
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
}
