/* SPDX-License-Identifier: BSD-3-Clause */
/* Giving back packets by the burst.
 * Owner: none. Threads: whoever owns the mbufs. */
#ifndef DP_MBUF_H
#define DP_MBUF_H

#include <rte_mbuf.h>

/* What: rte_pktmbuf_free_bulk, which looks at one mbuf after the other, for bursts that are nearly always of one
 * pool, one segment (and so without a next one) and one owner each: those go back in one go. NULL elements are
 * passed over. */
static inline void dp_mbuf_free_burst(struct rte_mbuf **m, unsigned n)
{
	uint64_t flags = 0;
	unsigned other = 0;

	for (unsigned i = 0; i < n; i++) {
		if (unlikely(!m[i] || !m[0])) {
			other = 1;
			break;
		}
		flags |= m[i]->ol_flags;
		other |= (m[i]->nb_segs ^ 1U) | (rte_mbuf_refcnt_read(m[i]) ^ 1U) |
			 (m[i]->pool != m[0]->pool);
	}
	if (likely(n && !other && !(flags & (RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL))))
		rte_mempool_put_bulk(m[0]->pool, (void **)m, n);
	else
		rte_pktmbuf_free_bulk(m, n);
}

#endif
