/* SPDX-License-Identifier: BSD-3-Clause */
/* From an mbuf to a packet view.
 * Owner: the view points into the mbuf. Threads: whoever owns the mbuf. */
#ifndef PROBE_DECODE_H
#define PROBE_DECODE_H

#include <rte_mbuf.h>

#include "dp_meta.h"
#include "pkt_decode.h"

struct probe_rx;

static inline struct bytes probe_frame(const struct rte_mbuf *m)
{
	return bytes_of(rte_pktmbuf_mtod(m, const uint8_t *), rte_pktmbuf_data_len(m));
}

/* pkt_decode; without tenant. */
static inline enum pkt_status probe_decode(struct rte_mbuf *m, struct pkt_view *view)
{
	return pkt_decode((enum pkt_link)dp_meta(m)->link, probe_frame(m), view);
}

/* What: the same at the receiver, with tenant and the time of a switch; of a fragment what it makes whole, which then
 * stands in *m. */
enum pkt_status probe_decode_whole(struct probe_rx *rx, struct rte_mbuf **m, struct pkt_view *view);

#endif
