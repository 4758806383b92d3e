/* SPDX-License-Identifier: BSD-3-Clause */
/* How capture files begin that dp_file.c merges: up to the first frame of each.
 * Owner: struct dp_file. Threads: that which opens it. */
#ifndef DP_FILE_BEGIN_H
#define DP_FILE_BEGIN_H

#include "dp_file.h"
#include "dp_file_source.h"

/* What: waits for the first frame of all, of one reading. 0, also when the reading is stopped
 * meanwhile, or negative errno with the reason in error. */
int dp_file_begin(struct dp_file_source *sources, unsigned count,
	const struct dp_file_caller *caller, char *error, unsigned error_size);

#endif
