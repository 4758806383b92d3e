/* SPDX-License-Identifier: BSD-3-Clause */
/* net_af_xdp wants a path. A memory file has one that cannot be wrong, missing, or of another version. */
#include "dp_xdp_object.h"

#include <sys/mman.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "dp_xdp_object_bytes.h"

static int object_fd = -1;

static int create_object(void)
{
	size_t done = 0;

	object_fd = memfd_create("heptap_xdp", MFD_CLOEXEC);
	if (object_fd < 0)
		return -errno;
	while (done < sizeof(dp_xdp_object_bytes)) {
		ssize_t n = write(
			object_fd, dp_xdp_object_bytes + done, sizeof(dp_xdp_object_bytes) - done);

		if (n <= 0) {
			int err = n < 0 ? -errno : -EIO;

			close(object_fd);
			object_fd = -1;
			return err;
		}
		done += (size_t)n;
	}
	return 0;
}

int dp_xdp_object_path(char *path, size_t size)
{
	int err = object_fd < 0 ? create_object() : 0;

	if (!err)
		snprintf(path, size, "/proc/self/fd/%d", object_fd);
	return err;
}
