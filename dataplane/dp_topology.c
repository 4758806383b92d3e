/* SPDX-License-Identifier: BSD-3-Clause */
/* A CPU's directory has a link to its node, and a node's directory the huge pages of each size. */
#include "dp_topology.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PATTERN_MAX = 512,
};

static int node_of(const char *sysfs, int cpu)
{
	char pattern[PATTERN_MAX];
	int node = -1;
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/devices/system/cpu/cpu%d/node[0-9]*", sysfs, cpu);
	if (glob(pattern, 0, NULL, &found) == 0)
		node = (int)strtoul(
			strrchr(found.gl_pathv[0], '/') + sizeof("/node") - 1, NULL, 10);
	globfree(&found);
	return node;
}

int dp_topology_node(const char *sysfs, const cpu_set_t *cpus)
{
	int node = -1;

	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		int its = CPU_ISSET(cpu, cpus) ? node_of(sysfs, cpu) : -1;

		if (its >= 0 && node >= 0 && its != node)
			return -1;
		node = its >= 0 ? its : node;
	}
	return node;
}

static bool is_above_0(const char *path)
{
	char line[32] = "";
	FILE *stream = fopen(path, "re");

	if (!stream)
		return false;
	if (!fgets(line, sizeof(line), stream))
		line[0] = '\0';
	fclose(stream);
	return strtoull(line, NULL, 10) > 0;
}

bool dp_topology_has_pages(const char *sysfs, int node)
{
	char pattern[PATTERN_MAX];
	bool has_pages = false;
	glob_t found;

	snprintf(pattern, sizeof(pattern),
		"%s/devices/system/node/node%d/hugepages/hugepages-*kB/free_hugepages", sysfs,
		node);
	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			has_pages |= is_above_0(found.gl_pathv[i]);
	globfree(&found);
	return has_pages;
}

int dp_topology_cpu_beyond(const char *sysfs, int node)
{
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		int its = node_of(sysfs, cpu);

		if (its >= 0 && its != node)
			return cpu;
	}
	return -1;
}
