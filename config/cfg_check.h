/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules between keys, and between keys and the machine: a CPU used once (unless shared), CPUs that
 * exist, no device twice, packet buffers for every descriptor.
 * Owner: the caller. Threads: start-up only. */
#ifndef CFG_CHECK_H
#define CFG_CHECK_H

#include "cfg_load.h"

/* What: 0, or -1 with error filled (line 0: the rule spans keys, and the text names them).
 * cpus: how many the machine has. */
int cfg_check(const struct cfg_options *options, unsigned cpus, struct cfg_error *error);

#endif
