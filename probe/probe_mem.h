/* SPDX-License-Identifier: BSD-3-Clause */
/* The figures of the two allocators.
 * Threads: any. */
#ifndef PROBE_MEM_H
#define PROBE_MEM_H

#include <stdint.h>

/* Octets, but for numbers of pages. */
struct probe_mem_stats {
	/* jemalloc's stats.* of these names, 0 where it is not linked. */
	uint64_t allocated;
	uint64_t active;
	uint64_t resident;
	uint64_t retained;
	uint64_t mapped;
	/* Pages in the system, of the size that is its default. */
	uint64_t hugepages_total;
	uint64_t hugepages_free;
	uint64_t process_resident;
};

void probe_mem_stats(struct probe_mem_stats *stats);

/* jemalloc's version string. */
const char *probe_mem_version(void);

#endif
