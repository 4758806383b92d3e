/* SPDX-License-Identifier: BSD-3-Clause */
/* Where log lines go. What DPDK itself says while the probe starts is held: it warns of what does not matter, and explains
 * what fails. It is shown before the error that heptap says then, or with all else when that is asked for.
 * Owner: main. Threads: any may log; main begins and ends. */
#ifndef DP_LOG_H
#define DP_LOG_H

#include <stdbool.h>
#include <stdio.h>

/* From now on to out; a start begins. shows_all: nothing is held. 0 or negative errno. */
int dp_log_begin(FILE *out, bool shows_all);
bool dp_log_is_begun(void);
/* What is held explains nothing. */
void dp_log_drop(void);
/* The start is over: nothing is held any more, and what was is shown if it failed. */
void dp_log_end(bool has_failed);

#endif
