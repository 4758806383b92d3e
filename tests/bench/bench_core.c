/* SPDX-License-Identifier: BSD-3-Clause */
/* How long a cache line takes from one CPU to another. On a virtual machine it changes by a factor of
 * ten within minutes, and every figure of two threads with it. */
#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>

#include <rte_cycles.h>
#include <rte_pause.h>

#include "bench.h"

enum {
	ROUNDS = 20000,
};

struct pair {
	alignas(128) _Atomic uint32_t ball; /* even: ours to hit */
	int cpu[2];
};

static bool pin(int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	return sched_setaffinity(0, sizeof(one), &one) == 0;
}

static void *answer(void *arg)
{
	struct pair *pair = arg;

	pin(pair->cpu[1]);
	for (uint32_t i = 1; i < 2 * ROUNDS; i += 2) {
		while (atomic_load_explicit(&pair->ball, memory_order_acquire) != i)
			rte_pause();
		atomic_store_explicit(&pair->ball, i + 1, memory_order_release);
	}
	return NULL;
}

static uint64_t ask(struct pair *pair)
{
	uint64_t tsc = 0;

	pin(pair->cpu[0]);
	for (uint32_t i = 0; i < 2 * ROUNDS; i += 2) {
		/* The first half is for the other thread to start. */
		if (i == ROUNDS)
			tsc = rte_rdtsc_precise();
		atomic_store_explicit(&pair->ball, i + 1, memory_order_release);
		while (atomic_load_explicit(&pair->ball, memory_order_acquire) != i + 2)
			rte_pause();
	}
	return rte_rdtsc_precise() - tsc;
}

/* The CPUs of the process when it is asked first: later this thread may be pinned to one. */
static const cpu_set_t *process_cpus(void)
{
	static cpu_set_t cpus;

	if (!CPU_COUNT(&cpus))
		sched_getaffinity(0, sizeof(cpus), &cpus);
	return &cpus;
}

double bench_core_to_core(void)
{
	struct pair pair = {.cpu = {-1, -1}};
	const cpu_set_t *cpus = process_cpus();
	cpu_set_t before;
	pthread_t other;
	double cycles = 0;

	for (int cpu = 0; cpu < CPU_SETSIZE && pair.cpu[1] < 0; cpu++)
		if (CPU_ISSET(cpu, cpus))
			pair.cpu[pair.cpu[0] >= 0] = cpu;
	if (pair.cpu[1] < 0 || sched_getaffinity(0, sizeof(before), &before) ||
		pthread_create(&other, NULL, answer, &pair))
		return 0;
	cycles = (double)ask(&pair) / ROUNDS;
	pthread_join(other, NULL);
	sched_setaffinity(0, sizeof(before), &before);
	return cycles;
}
