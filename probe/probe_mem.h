/* SPDX-License-Identifier: BSD-3-Clause */
/* The figures of the two allocators.
 * Threads: any. */
#ifndef PROBE_MEM_H
#define PROBE_MEM_H

#include <stddef.h>
#include <stdint.h>

struct probe_mem_stats {
	uint64_t allocated; /* jemalloc: octets in live allocations */
	uint64_t active;
	uint64_t resident;
	uint64_t retained;
	uint64_t mapped;
	uint64_t hugepages_total; /* of 2 MiB, in the system */
	uint64_t hugepages_free;
	uint64_t process_resident; /* octets, from the kernel */
};

void probe_mem_stats(struct probe_mem_stats *stats);

/* jemalloc's version string. */
const char *probe_mem_version(void);

#endif
