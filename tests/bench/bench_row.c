/* SPDX-License-Identifier: BSD-3-Clause */
/* A row as a line of the table and as a JSON object. One object a line: scripts/bench makes one array
 * of those of all programs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

static void put_text(FILE *out, const char *key, const char *value)
{
	if (!value)
		return;
	fprintf(out, ", \"%s\": \"", key);
	for (; *value; value++)
		fprintf(out, *value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
	fputc('"', out);
}

static void put_number(FILE *out, const char *key, double value)
{
	if (value > 0)
		fprintf(out, ", \"%s\": %.6g", key, value);
}

static void append(const struct bench_row *row, double mpps)
{
	const struct bench_options *options = bench_options_get();
	FILE *out = fopen(options->json, "a");

	if (!out) {
		fprintf(stderr, "could not open \"%s\": %s\n", options->json, strerror(errno));
		exit(1);
	}
	fprintf(out, "{\"bench\": \"%s\"", options->bench);
	put_text(out, "name", row->name);
	put_text(out, "shape", row->shape);
	put_number(out, "workers", row->workers);
	put_number(out, "streams", row->streams);
	put_number(out, "mpps", mpps);
	put_number(out, "cycles_per_packet", row->cycles);
	put_text(out, "floor", row->floor);
	if (row->floor && row->cycles > 0) {
		put_number(out, "floor_ratio", row->floor_cycles / row->cycles);
		put_number(out, "floor_cycles_per_packet", row->floor_cycles);
	}
	put_number(out, "calls_per_second", row->calls_per_second);
	fprintf(out, "}\n");
	fclose(out);
}

void bench_row(const struct bench_row *row)
{
	double mpps = row->mpps;

	if (mpps <= 0 && row->cycles > 0)
		mpps = bench_tsc_hz() / 1e6 / row->cycles;
	printf("%-36s %9.1f %8.2f", row->name, row->cycles, mpps);
	if (row->floor)
		printf("   %-32s %9.1f %6.2f", row->floor, row->floor_cycles,
			row->floor_cycles / row->cycles);
	printf("\n");
	fflush(stdout);
	if (bench_options_get()->json)
		append(row, mpps);
}
