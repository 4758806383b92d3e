/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line: what to run, and with which configuration.
 * Threads: main, at start. */
#ifndef PROBE_ARGS_H
#define PROBE_ARGS_H

#include "probe.h"

enum probe_action {
	PROBE_RUN = 0,
	PROBE_DONE, /* --help, --version and the like: printed, exit 0 */
	PROBE_USAGE, /* wrong arguments or configuration: one line on stderr, exit 2 */
};

/* What: reads the command line and the configuration it names, over the defaults. run keeps pointers
 * into argv. */
enum probe_action probe_args_read(
	int argc, char **argv, struct cfg_options *options, struct probe_run *run);

#endif
