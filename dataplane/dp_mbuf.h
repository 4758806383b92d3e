/* SPDX-License-Identifier: BSD-3-Clause */
/* Giving back packets by the burst.
 * Owner: none. Threads: whoever owns the mbufs. */
#ifndef DP_MBUF_H
#define DP_MBUF_H

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include <rte_mbuf.h>

/* The four fields of rearm_data. */
union dp_mbuf_rearm {
	uint16_t field[4]; /* data_off, refcnt, nb_segs, port */
	uint64_t word;
};

static_assert(
	offsetof(struct rte_mbuf, refcnt) == offsetof(struct rte_mbuf, rearm_data) + 2 &&
		offsetof(struct rte_mbuf, nb_segs) == offsetof(struct rte_mbuf, rearm_data) + 4,
	"refcnt and nb_segs are where a look at both expects them");

/* 0: it has one segment and one owner, which one look tells. */
static inline uint64_t dp_mbuf_is_other(const struct rte_mbuf *m)
{
	const union dp_mbuf_rearm ones = {.field = {0, 1, 1, 0}};
	const union dp_mbuf_rearm mask = {.field = {0, UINT16_MAX, UINT16_MAX, 0}};
	uint64_t rearm;

	memcpy(&rearm, &m->rearm_data, sizeof(rearm));
	return (rearm ^ ones.word) & mask.word;
}

/* What: rte_pktmbuf_free_bulk, which looks at one mbuf after the other, for bursts that are nearly always of one
 * pool, one segment (and so without a next one) and one owner each: those go back in one go. NULL elements are
 * passed over. */
static inline void dp_mbuf_free_burst(struct rte_mbuf **m, unsigned n)
{
	uint64_t flags = 0, other = 0;

	for (unsigned i = 0; i < n; i++) {
		if (unlikely(!m[i] || !m[0])) {
			other = 1;
			break;
		}
		flags |= m[i]->ol_flags;
		other |= dp_mbuf_is_other(m[i]) | ((uintptr_t)m[i]->pool ^ (uintptr_t)m[0]->pool);
	}
	if (likely(n && !other && !(flags & (RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL))))
		rte_mempool_put_bulk(m[0]->pool, (void **)m, n);
	else
		rte_pktmbuf_free_bulk(m, n);
}

#endif
