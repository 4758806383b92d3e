/* SPDX-License-Identifier: BSD-3-Clause */
/* Counters with one writing thread: a plain load and store is enough, no locked instruction.
 * Owner: the writer. Threads: others read with relaxed loads. */
#ifndef PKT_COUNT_H
#define PKT_COUNT_H

#include <stdatomic.h>
#include <stdint.h>

static inline void pkt_count(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
		memory_order_relaxed);
}

#endif
