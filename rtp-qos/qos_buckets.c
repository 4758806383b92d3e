/* SPDX-License-Identifier: BSD-3-Clause */
/* liburcu does not say where its buckets are. They are list nodes themselves, in the order of their
 * reversed numbers, in one array: a first entry of hash 0 stands between number 0 and the one in the
 * middle. */
#include "qos_buckets.h"

#include <sys/mman.h>

#include <stdint.h>
#include <unistd.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1 */
#endif

enum {
	FLAGS = 7, /* of liburcu, in pointers to nodes */
};

void qos_buckets_use_hugepages(struct cds_lfht *table, unsigned long buckets)
{
	size_t bytes = buckets * sizeof(struct cds_lfht_node);
	struct cds_lfht_node first;
	uint8_t *middle, *begin;

	cds_lfht_node_init(&first);
	cds_lfht_add(table, 0, &first);
	middle = (uint8_t *)first.next;
	middle -= (uintptr_t)middle & FLAGS;
	cds_lfht_del(table, &first); /* nobody else has seen it */
	if ((uintptr_t)middle <= bytes / 2)
		return;
	begin = middle - bytes / 2;
	if ((uintptr_t)begin % (size_t)sysconf(_SC_PAGESIZE))
		return;
	madvise(begin, bytes, MADV_HUGEPAGE);
	madvise(begin, bytes, MADV_COLLAPSE);
}
