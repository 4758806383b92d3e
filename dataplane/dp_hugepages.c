/* SPDX-License-Identifier: BSD-3-Clause */
/* Goes by the mounts, as DPDK does: free pages of a size without a mount are of no use to it. */
#include "dp_hugepages.h"

#include <sys/vfs.h>

#include <inttypes.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static uint64_t free_pages(uint64_t page)
{
	char path[128];
	uint64_t n = 0;
	FILE *stream;

	snprintf(path, sizeof(path),
		"/sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB/free_hugepages", page / 1024);
	stream = fopen(path, "re");
	if (!stream)
		return 0;
	if (fscanf(stream, "%" SCNu64, &n) != 1) /* NOLINT(cert-err34-c): the kernel's number */
		n = 0;
	fclose(stream);
	return n;
}

uint64_t dp_hugepages_free(void)
{
	FILE *mounts = setmntent("/proc/mounts", "re");
	uint64_t total = 0, seen = 0; /* page sizes are powers of two: a set of them */
	struct mntent *mount;

	if (!mounts)
		return 0;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): only while starting */
	while ((mount = getmntent(mounts))) {
		struct statfs status;
		uint64_t page;

		if (strcmp(mount->mnt_type, "hugetlbfs") != 0 ||
			access(mount->mnt_dir, R_OK | W_OK) != 0 ||
			statfs(mount->mnt_dir, &status) != 0)
			continue;
		page = (uint64_t)status.f_bsize;
		if (seen & page)
			continue;
		seen |= page;
		total += free_pages(page) * page;
	}
	endmntent(mounts);
	return total;
}
