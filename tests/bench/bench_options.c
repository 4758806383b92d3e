/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line that all benchmarks share. Read once, before anything is measured. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

static struct bench_options options = {.bench = "pipeline", .repeats = BENCH_REPEATS};

static void usage(const char *program)
{
	fprintf(stderr, "usage: %s [--quick] [--repeats N] [--json PATH] [--hugepages]\n", program);
	exit(2);
}

static unsigned repeats(const char *program, const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end || n < 1 || n > BENCH_REPEATS_MAX) {
		fprintf(stderr, "%s: --repeats must be between 1 and %d, not \"%s\"\n", program,
			BENCH_REPEATS_MAX, text);
		exit(2);
	}
	return (unsigned)n;
}

void bench_options(int argc, char **argv, const char *bench)
{
	static const struct option known[] = {
		{"quick", no_argument, NULL, 'q'},
		{"repeats", required_argument, NULL, 'r'},
		{"json", required_argument, NULL, 'j'},
		{"hugepages", no_argument, NULL, 'p'},
		{0},
	};
	unsigned asked = 0;
	int c;

	options.bench = bench;
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'q')
			options.is_quick = true;
		else if (c == 'r')
			asked = repeats(argv[0], optarg);
		else if (c == 'j')
			options.json = optarg;
		else if (c == 'p')
			options.has_hugepages = true;
		else
			usage(argv[0]);
	}
	if (optind < argc)
		usage(argv[0]);
	if (asked)
		options.repeats = asked;
	else if (options.is_quick)
		options.repeats = 1;
}

const struct bench_options *bench_options_get(void)
{
	return &options;
}
