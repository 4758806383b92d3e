/* SPDX-License-Identifier: BSD-3-Clause */
/* What the machine itself can do, measured with every run: without it no figure can be compared with
 * one of another day. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_cycles.h>

#include "bench.h"
#include "qos_mem.h"

enum {
	LINE = 64,
	CHASES = 1 << 20,
	CALIBRATION_NS = 50000000,
};

double bench_tsc_hz(void)
{
	static double hz;
	uint64_t ns = bench_wall_ns(), tsc = rte_rdtsc_precise();

	if (hz > 0)
		return hz;
	while (bench_wall_ns() - ns < CALIBRATION_NS)
		;
	hz = (double)(rte_rdtsc_precise() - tsc) * 1e9 / (double)(bench_wall_ns() - ns);
	return hz;
}

/* A walk over all lines of size octets in random order, each address known only from the line
 * before: what one cache miss costs that nothing hides. -1 when memory is short. */
static double chase_cycles(size_t size)
{
	uint32_t lines = (uint32_t)(size / LINE), at = 0;
	uint32_t *order = bench_order(lines);
	uint8_t *mem = qos_mem_map(size);
	uint64_t ns, warm = lines < CHASES ? lines : CHASES;

	if (!order || !mem) {
		free(order);
		if (mem)
			qos_mem_unmap(mem, size);
		return -1;
	}
	for (uint32_t i = 0; i < lines; i++)
		memcpy(mem + (size_t)order[i] * LINE, &order[i + 1 < lines ? i + 1 : 0],
			sizeof(*order));
	for (uint64_t i = 0; i < warm; i++)
		memcpy(&at, mem + (size_t)at * LINE, sizeof(at));
	ns = bench_cpu_ns();
	for (unsigned i = 0; i < CHASES; i++)
		memcpy(&at, mem + (size_t)at * LINE, sizeof(at));
	ns = bench_cpu_ns() - ns;
	bench_use(at);
	free(order);
	qos_mem_unmap(mem, size);
	return (double)ns * bench_tsc_hz() / 1e9 / CHASES;
}

static bool calibrate_loads(void)
{
	static const struct {
		const char *name;
		size_t bytes;
	} sizes[] = {
		{"calibration: load in 512 KiB", (size_t)512 << 10},
		{"calibration: load in 16 MiB", (size_t)16 << 20},
		{"calibration: load in 256 MiB", (size_t)256 << 20},
	};

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct bench_row row = {
			.name = sizes[i].name, .cycles = chase_cycles(sizes[i].bytes)};

		if (row.cycles < 0)
			return false;
		bench_row(&row);
	}
	return true;
}

bool bench_start(const char *title)
{
	struct bench_row tsc = {.name = "calibration: TSC", .cycles = 1};
	double load;

	printf("%s\n", title);
	if (getloadavg(&load, 1) == 1)
		printf("load of the last minute on %ld CPUs: %.1f\n", sysconf(_SC_NPROCESSORS_ONLN),
			load);
	printf("\n%-36s %9s %8s   %-32s %9s %6s\n", "code", "cyc/pkt", "Mpps", "floor", "cyc/pkt",
		"ratio");
	bench_row(&tsc);
	if (!calibrate_loads())
		return false;
	bench_print_core_to_core("before");
	return true;
}

void bench_print_core_to_core(const char *when)
{
	char name[64];
	struct bench_row row = {.name = name, .cycles = bench_core_to_core()};

	snprintf(name, sizeof(name), "calibration: core to core, %s", when);
	if (row.cycles > 0)
		bench_row(&row);
	else
		fprintf(stderr, "core to core: only one CPU to run on, not measured\n");
	fflush(stdout);
}
