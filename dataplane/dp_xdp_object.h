/* SPDX-License-Identifier: BSD-3-Clause */
/* The compiled XDP program, which is part of this executable, as a file that others can open.
 * Owner: the process, until its end. Threads: control. */
#ifndef DP_XDP_OBJECT_H
#define DP_XDP_OBJECT_H

#include <stddef.h>

enum {
	DP_XDP_PATH_MAX = 64,
};

/* What: writes the file's name. It is good within this process only, and no file system is involved.
 * 0 or negative errno. */
int dp_xdp_object_path(char *path, size_t size);

#endif
