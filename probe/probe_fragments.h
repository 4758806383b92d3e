/* SPDX-License-Identifier: BSD-3-Clause */
/* Fragments at the receiver: those that make a datagram whole go on as one frame, so that it is steered
 * like the other packets of its flow.
 * Owner: the receiver. Threads: its own; counters may be read by others. */
#ifndef PROBE_FRAGMENTS_H
#define PROBE_FRAGMENTS_H

#include <rte_mbuf.h>

#include "pkt_frag.h"

struct probe_rx;

struct probe_fragments {
	struct pkt_frags frags;
	void *memory;
	size_t memory_bytes;
	struct rte_mempool *pool; /* of frames put together; all receivers share it */
	_Atomic uint64_t no_buffer;
};

enum {
	PROBE_FRAGMENT_MBUFS = 256, /* frames put together that are under way, all receivers */
};

/* Octets of packet memory for these frames. */
size_t probe_fragments_pool_memory(void);

/* 0 or negative errno. */
int probe_fragments_init(
	struct probe_fragments *fragments, uint32_t datagrams, const struct pkt_seed *seed);
void probe_fragments_fini(struct probe_fragments *fragments);

/* What: takes what pkt_decode left in view with PKT_ip_fragment, of the frame m. Returns the frame that its
 * datagram is, whole now, with the time of m; NULL when fragments are missing, or no buffer is free. m stays
 * the caller's. */
struct rte_mbuf *probe_fragments_take(
	struct probe_rx *rx, struct rte_mbuf *m, struct pkt_view *view);

#endif
