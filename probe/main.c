/* SPDX-License-Identifier: BSD-3-Clause */
/* heptap: arguments in, exit code out. The run itself is probe.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "probe_args.h"

/* A standard stream that is closed would be the next file that is opened. Now it is one that cannot be used: to read or
 * write it fails with EBADF as before. */
static void keep_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			_exit(1);
}

/* Help, the version, a configuration. */
static int end_output(void)
{
	if (!ferror(stdout) && fclose(stdout) == 0)
		return 0;
	fputs("heptap: could not write standard output\n", stderr);
	return 1;
}

int main(int argc, char **argv)
{
	/* Large; and used until the end. */
	static struct cfg_options options;
	static struct probe_run run;

	keep_standard_streams();
	switch (probe_args_read(argc, argv, &options, &run)) {
	case PROBE_DONE:
		return end_output();
	case PROBE_USAGE:
		return 2;
	case PROBE_RUN:
		break;
	}
	return probe_main(&options, &run);
}
