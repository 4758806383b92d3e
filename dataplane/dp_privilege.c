/* SPDX-License-Identifier: BSD-3-Clause */
#include "dp_privilege.h"

#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "dp_log_pvt.h"

static const struct {
	unsigned number;
	const char *name;
} capabilities_known[] = {
	{CAP_NET_RAW, "CAP_NET_RAW"},
	{CAP_NET_ADMIN, "CAP_NET_ADMIN"},
	{CAP_SYS_ADMIN, "CAP_SYS_ADMIN"},
};

enum {
	KNOWN = sizeof(capabilities_known) / sizeof(capabilities_known[0]),
};

/* By the system call: libcap would be one more library. All, where it cannot be told. */
static uint64_t effective(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &header, data))
		return UINT64_MAX;
	return (uint64_t)data[1].effective << 32 | data[0].effective;
}

int dp_privilege_check(const char *device, uint64_t capabilities)
{
	uint64_t missing = capabilities & ~effective();
	char names[64 * KNOWN];
	size_t at = 0;

	if (!missing)
		return 0;
	names[0] = '\0';
	for (unsigned i = 0; i < KNOWN; i++)
		if (missing >> capabilities_known[i].number & 1)
			at += (size_t)snprintf(names + at, sizeof(names) - at, "%s%s",
				at ? ", " : "", capabilities_known[i].name);
	DP_LOG(ERR, port, "could not open \"%s\": it needs %s", device, names);
	return -EPERM;
}

int dp_privilege_check_locked(const char *device, uint64_t bytes)
{
	struct rlimit limit = {0};
	/* Counted as locked, and no page is touched. */
	void *tried = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);

	if (tried != MAP_FAILED) {
		munmap(tried, bytes);
		return 0;
	}
	getrlimit(RLIMIT_MEMLOCK, &limit);
	DP_LOG(ERR, port,
		"could not open \"%s\": it locks %" PRIu64
		" MiB of memory, and the limit is %" PRIu64
		" MiB: see \"ulimit -l\", LimitMEMLOCK= of systemd, or CAP_IPC_LOCK",
		device, bytes >> 20, (uint64_t)limit.rlim_cur >> 20);
	return -ENOMEM;
}
