/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory of the tables that workers share.
 * Owner: the table. Threads: map and unmap at start and end, populate meanwhile. */
#ifndef QOS_MEM_H
#define QOS_MEM_H

#include <stddef.h>

enum {
	QOS_LINE_BYTES = 64, /* of a cache */
};

/* What: zeroed memory, aligned to pages, on huge pages where the kernel gives them: objects that are
 * met in no order cost a TLB miss each otherwise. Pages never used are never touched. NULL when there
 * is none. */
void *qos_mem_map(size_t size);
/* From now on on small pages: for a run so short that to clear huge ones costs more than they save. Before any
 * thread starts. */
void qos_mem_use_small_pages(void);

/* What: has pages ready, from this octet of mem to before that: who writes there first does not wait for the kernel
 * to clear them, for a huge page long enough to lose packets. A wish: before Linux 5.14 nothing happens. */
void qos_mem_populate(void *mem, size_t from, size_t to);

/* mem may be NULL. */
void qos_mem_unmap(void *mem, size_t size);

#endif
