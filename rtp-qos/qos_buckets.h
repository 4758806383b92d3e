/* SPDX-License-Identifier: BSD-3-Clause */
/* The buckets of a liburcu hash table on huge pages: every look-up begins with a random one of them, and on
 * small pages a TLB miss costs more than the bucket, most of all in a virtual machine.
 * Owner: the table. Threads: the one that creates the table, before any other sees it. */
#ifndef QOS_BUCKETS_H
#define QOS_BUCKETS_H

#include <urcu/rculfhash.h>

/* What: asks the kernel for huge pages below the buckets of a new table of so many, at least two. Only a
 * wish: without it, or where liburcu keeps its buckets otherwise, nothing changes. */
void qos_buckets_use_hugepages(struct cds_lfht *table, unsigned long buckets);

#endif
