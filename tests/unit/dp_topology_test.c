/* SPDX-License-Identifier: BSD-3-Clause */
/* Machines of several nodes, as files that stand in place of sysfs. */
#include <sys/stat.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dp_topology.h"
#include "unit.h"

static char sysfs[] = "/tmp/heptap-topology.XXXXXX";

/* With the directories above it. */
static void make_file(const char *name, const char *content)
{
	char path[512];
	FILE *stream;

	snprintf(path, sizeof(path), "%s/%s", sysfs, name);
	for (char *slash = path + sizeof(sysfs); (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		mkdir(path, 0700);
	}
	stream = fopen(path, "w");
	assert_non_null(stream);
	fputs(content, stream);
	assert_int_equal(fclose(stream), 0);
}

/* CPUs 0, 2 and 10 of node 0, 1 and 3 of node 12, huge pages on that alone; CPU 4 of none. */
static int make_sysfs(void **state)
{
	(void)state;
	if (!mkdtemp(sysfs))
		return -1;
	make_file("devices/system/cpu/cpu0/node0/cpulist", "0,2,10\n");
	make_file("devices/system/cpu/cpu1/node12/cpulist", "1,3\n");
	make_file("devices/system/cpu/cpu2/node0/cpulist", "0,2,10\n");
	make_file("devices/system/cpu/cpu3/node12/cpulist", "1,3\n");
	make_file("devices/system/cpu/cpu4/online", "1\n");
	make_file("devices/system/cpu/cpu10/node0/cpulist", "0,2,10\n");
	make_file("devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages", "0\n");
	make_file("devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages", "7\n");
	make_file("devices/system/node/node0/hugepages/hugepages-1048576kB/free_hugepages", "0\n");
	make_file("devices/system/node/node12/hugepages/hugepages-2048kB/free_hugepages", "0\n");
	make_file("devices/system/node/node12/hugepages/hugepages-1048576kB/free_hugepages", "2\n");
	return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int remove_sysfs(void **state)
{
	(void)state;
	return nftw(sysfs, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static int node(unsigned cpu, unsigned other)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	CPU_SET(other, &cpus);
	return dp_topology_node(sysfs, &cpus);
}

static void knows_the_node_of_cpus(void **state)
{
	cpu_set_t none;

	(void)state;
	CPU_ZERO(&none);
	assert_int_equal(node(2, 2), 0);
	assert_int_equal(node(10, 10), 0);
	assert_int_equal(node(3, 3), 12);
	assert_int_equal(node(0, 10), 0);
	assert_int_equal(node(0, 1), -1);
	assert_int_equal(node(4, 4), -1);
	assert_int_equal(node(4, 1), 12);
	assert_int_equal(node(77, 77), -1);
	assert_int_equal(dp_topology_node(sysfs, &none), -1);
	assert_int_equal(dp_topology_node("/nowhere", &none), -1);
}

static void knows_where_pages_are(void **state)
{
	(void)state;
	assert_false(dp_topology_has_pages(sysfs, 0));
	assert_true(dp_topology_has_pages(sysfs, 12));
	assert_false(dp_topology_has_pages(sysfs, 1));
	assert_false(dp_topology_has_pages("/nowhere", 0));
}

static void knows_a_cpu_of_another_node(void **state)
{
	(void)state;
	assert_int_equal(dp_topology_cpu_beyond(sysfs, 0), 1);
	assert_int_equal(dp_topology_cpu_beyond(sysfs, 12), 0);
	assert_int_equal(dp_topology_cpu_beyond("/nowhere", 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_node_of_cpus),
		cmocka_unit_test(knows_where_pages_are),
		cmocka_unit_test(knows_a_cpu_of_another_node),
	};

	return cmocka_run_group_tests(tests, make_sysfs, remove_sysfs);
}
