/* SPDX-License-Identifier: BSD-3-Clause */
/* How much memory on huge pages this process could get right now.
 * Owner: none. Threads: any. */
#ifndef DP_HUGEPAGES_H
#define DP_HUGEPAGES_H

#include <stdint.h>

/* Octets in free huge pages of those sizes that have a writable hugetlbfs mount. */
uint64_t dp_hugepages_free(void);

#endif
