/* SPDX-License-Identifier: BSD-3-Clause */
/* Medians and the table. The subject and its floors run in turn, so that what the machine does
 * meanwhile hits them alike. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>

#include "bench.h"
#include "probe_mem.h"

enum {
	FLOORS_MAX = 4,
	LINE = 64,
	CHASES = 1 << 20,
	CALIBRATION_NS = 50000000,
};

uint64_t bench_random(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

uint32_t *bench_order(uint32_t n)
{
	uint32_t *order = malloc(n * sizeof(*order));
	uint64_t state = n;

	for (uint32_t i = 0; order && i < n; i++)
		order[i] = i;
	for (uint32_t i = n; order && i > 1; i--) {
		uint32_t j = (uint32_t)(bench_random(&state) % i);
		uint32_t last = order[i - 1];

		order[i - 1] = order[j];
		order[j] = last;
	}
	return order;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, unsigned n)
{
	qsort(values, n, sizeof(*values), by_value);
	return values[n / 2];
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

uint64_t bench_cpu_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t bench_wall_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static double tsc_hz(void)
{
	uint64_t ns = bench_wall_ns(), tsc = rte_rdtsc_precise();

	while (bench_wall_ns() - ns < CALIBRATION_NS)
		;
	return (double)(rte_rdtsc_precise() - tsc) * 1e9 / (double)(bench_wall_ns() - ns);
}

/* A walk over all lines of size octets in random order, each address known only from the line
 * before: what one cache miss costs that nothing hides. -1 when memory is short. */
static double chase_cycles(size_t size, double ghz)
{
	uint32_t lines = (uint32_t)(size / LINE), at = 0;
	uint32_t *order = bench_order(lines);
	uint8_t *mem = probe_mem_map(size);
	uint64_t ns, warm = lines < CHASES ? lines : CHASES;

	if (!order || !mem) {
		free(order);
		if (mem)
			probe_mem_unmap(mem, size);
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
	probe_mem_unmap(mem, size);
	return (double)ns * ghz / CHASES;
}

bool bench_start(const char *title)
{
	static const unsigned kib[] = {512, 16 << 10, 256 << 10};
	double hz = tsc_hz(), load;

	printf("%s\nTSC %.0f MHz; dependent load, cycles:", title, hz / 1e6);
	for (unsigned i = 0; i < sizeof(kib) / sizeof(kib[0]); i++) {
		double cycles = chase_cycles((size_t)kib[i] << 10, hz / 1e9);

		if (cycles < 0)
			return false;
		if (kib[i] < 1024)
			printf(" %u KiB %.0f", kib[i], cycles);
		else
			printf(", %u MiB %.0f", kib[i] >> 10, cycles);
	}
	printf("\n");
	if (getloadavg(&load, 1) == 1)
		printf("load of the last minute on %ld CPUs: %.1f\n", sysconf(_SC_NPROCESSORS_ONLN),
			load);
	bench_print_core_to_core("before");
	printf("\n%-36s %9s %8s   %-32s %9s %6s\n", "code", "cyc/pkt", "Mpps", "floor", "cyc/pkt",
		"ratio");
	fflush(stdout);
	return true;
}

void bench_print_core_to_core(const char *when)
{
	double cycles = bench_core_to_core();

	if (cycles > 0)
		printf("core to core, one way, %s: %.0f cycles\n", when, cycles);
	else
		printf("core to core: only one CPU to run on, not measured\n");
	fflush(stdout);
}

static double once(const struct bench_code *code, double ghz)
{
	return (double)code->run(code->arg) * ghz / (double)code->packets;
}

void bench_compare(
	const struct bench_code *subject, const struct bench_code *floors, unsigned count)
{
	double floor_cycles[FLOORS_MAX][BENCH_REPEATS], cycles[BENCH_REPEATS], own;
	double ghz = tsc_hz() / 1e9;

	if (count > FLOORS_MAX)
		count = FLOORS_MAX;
	once(subject, ghz);
	for (unsigned f = 0; f < count; f++)
		once(&floors[f], ghz);
	for (unsigned i = 0; i < BENCH_REPEATS; i++) {
		cycles[i] = once(subject, ghz);
		for (unsigned f = 0; f < count; f++)
			floor_cycles[f][i] = once(&floors[f], ghz);
	}
	own = median(cycles, BENCH_REPEATS);
	for (unsigned f = 0; f < count; f++) {
		double other = median(floor_cycles[f], BENCH_REPEATS);

		printf("%-36s %9.1f %8.2f   %-32s %9.1f %6.2f\n", subject->name, own,
			1e3 * ghz / own, floors[f].name, other, own / other);
	}
	fflush(stdout);
}
