/* SPDX-License-Identifier: BSD-3-Clause */
/* Clocks, medians, random order. The subject and its floors run in turn, so that what the machine does
 * meanwhile hits them alike. */
#include <stdlib.h>
#include <time.h>

#include "bench.h"

enum {
	FLOORS_MAX = 4,
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

double bench_median(double *values, unsigned n)
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

static double once(const struct bench_code *code)
{
	double ns = (double)code->run(code->arg);

	return ns * bench_tsc_hz() / 1e9 / (double)code->packets;
}

void bench_compare(
	const struct bench_code *subject, const struct bench_code *floors, unsigned count)
{
	const struct bench_row none = {0};

	bench_compare_row(&none, subject, floors, count);
}

void bench_compare_row(const struct bench_row *facts, const struct bench_code *subject,
	const struct bench_code *floors, unsigned count)
{
	double floor_cycles[FLOORS_MAX][BENCH_REPEATS_MAX], cycles[BENCH_REPEATS_MAX];
	unsigned repeats = bench_options_get()->repeats;
	struct bench_row row = *facts;

	row.name = subject->name;
	if (count > FLOORS_MAX)
		count = FLOORS_MAX;
	once(subject);
	for (unsigned f = 0; f < count; f++)
		once(&floors[f]);
	for (unsigned i = 0; i < repeats; i++) {
		cycles[i] = once(subject);
		for (unsigned f = 0; f < count; f++)
			floor_cycles[f][i] = once(&floors[f]);
	}
	row.cycles = bench_median(cycles, repeats);
	if (!count)
		bench_row(&row);
	for (unsigned f = 0; f < count; f++) {
		row.floor = floors[f].name;
		row.floor_cycles = bench_median(floor_cycles[f], repeats);
		bench_row(&row);
	}
}
