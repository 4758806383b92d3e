/* SPDX-License-Identifier: BSD-3-Clause */
/* mallctl and /proc for the figures. */
#include "probe_mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef PROBE_HAS_JEMALLOC
#include <jemalloc/jemalloc.h>

/* Every look-up of a call or an endpoint begins with a random bucket of a table that liburcu
 * allocates. */
const char *malloc_conf = "thp:always";

static uint64_t jemalloc_figure(const char *name)
{
	size_t value = 0;
	size_t size = sizeof(value);

	return mallctl(name, &value, &size, NULL, 0) == 0 ? value : 0;
}

/* Figures are those of the last epoch: begins a new one. */
static void refresh_figures(void)
{
	uint64_t epoch = 1;
	size_t size = sizeof(epoch);

	mallctl("epoch", &epoch, &size, &epoch, sizeof(epoch));
}
#else
static uint64_t jemalloc_figure(const char *name)
{
	(void)name;
	return 0;
}

static void refresh_figures(void)
{
}
#endif

/* The number after "name:" in /proc/meminfo. */
static uint64_t meminfo_figure(const char *name)
{
	size_t n = strlen(name);
	uint64_t found = 0;
	char line[128];
	FILE *f = fopen("/proc/meminfo", "r");

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, name, n) == 0 && line[n] == ':')
			found = strtoull(line + n + 1, NULL, 10);
	fclose(f);
	return found;
}

/* The second number of /proc/self/statm, in pages. */
static uint64_t resident_octets(void)
{
	char line[128] = "";
	char *second;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f)
		return 0;
	second = fgets(line, sizeof(line), f) ? strchr(line, ' ') : NULL;
	fclose(f);
	return second ? strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

void probe_mem_stats(struct probe_mem_stats *stats)
{
	refresh_figures();
	*stats = (struct probe_mem_stats){
		.allocated = jemalloc_figure("stats.allocated"),
		.active = jemalloc_figure("stats.active"),
		.resident = jemalloc_figure("stats.resident"),
		.retained = jemalloc_figure("stats.retained"),
		.mapped = jemalloc_figure("stats.mapped"),
		.hugepages_total = meminfo_figure("HugePages_Total"),
		.hugepages_free = meminfo_figure("HugePages_Free"),
		.process_resident = resident_octets(),
	};
}

const char *probe_mem_version(void)
{
#ifdef PROBE_HAS_JEMALLOC
	return JEMALLOC_VERSION;
#else
	return "not linked";
#endif
}
