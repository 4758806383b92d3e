/* SPDX-License-Identifier: BSD-3-Clause */
/* heptap: arguments in, exit code out. The run itself is probe.c. */
#include <stdlib.h>

#include "probe_args.h"

int main(int argc, char **argv)
{
	/* Large; and used until the end. */
	static struct cfg_options options;
	static struct probe_run run;

	switch (probe_args_read(argc, argv, &options, &run)) {
	case PROBE_DONE:
		return 0;
	case PROBE_USAGE:
		return 2;
	case PROBE_RUN:
		break;
	}
	return probe_main(&options, &run);
}
