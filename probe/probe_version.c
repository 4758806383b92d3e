/* SPDX-License-Identifier: BSD-3-Clause */
/* The libraries' own words, from those loaded where they can be asked. */
#include "probe_version.h"

#include <pcap/pcap.h>
#include <stdio.h>

#include <hs.h>
#include <rte_version.h>
#include <yaml.h>

#include "probe_mem.h"

void probe_version_print(void)
{
	printf("heptap %s\n", PROBE_VERSION);
	printf("%s\n", rte_version());
	printf("Hyperscan %s\n", hs_version());
	printf("%s\n", pcap_lib_version());
	printf("libyaml %s\n", yaml_get_version_string());
	printf("jemalloc %s\n", probe_mem_version());
}
