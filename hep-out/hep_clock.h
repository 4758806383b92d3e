/* SPDX-License-Identifier: BSD-3-Clause */
/* CLOCK_MONOTONIC in nanoseconds.
 * Owner: none. Threads: any. */
#ifndef HEP_CLOCK_H
#define HEP_CLOCK_H

#include <stdint.h>
#include <time.h>

#define HEP_NS_PER_SEC ((uint64_t)1000000000)

static inline uint64_t hep_clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * HEP_NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

#endif
