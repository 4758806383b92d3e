/* SPDX-License-Identifier: BSD-3-Clause */
/* Hashes alone are compared: two of different datagrams within a window are alike once in 2^64. */
#include "pkt_copies.h"

uint64_t pkt_copies_hash(const struct pkt_view *view, bool by_hop, const struct pkt_seed *seed)
{
	uint64_t flow = pkt_hash_flow6(&view->flow, view->ip_id, seed->k[0], seed->k[1]);
	uint64_t hash =
		pkt_hash_mix(pkt_hash_message(view->payload, seed), flow ^ view->flow.tenant);

	if (by_hop)
		hash = pkt_hash_mix(
			hash, (uint64_t)view->tenant << 32 | (uint64_t)view->vlan << 8 | view->ttl);
	return hash ? hash : 1;
}

void pkt_copies_prefetch(const struct pkt_copies *copies, uint64_t hash)
{
	__builtin_prefetch(&copies->seen[hash % PKT_COPIES_PLACES], 1);
}

bool pkt_copies_has(struct pkt_copies *copies, uint64_t hash, uint64_t now_ns, uint64_t window_ns)
{
	struct pkt_copies_seen *seen = &copies->seen[hash % PKT_COPIES_PLACES];
	/* Frames of two ports may come a little out of order. */
	uint64_t apart_ns =
		now_ns > seen->time_ns ? now_ns - seen->time_ns : seen->time_ns - now_ns;

	if (seen->hash == hash && apart_ns <= window_ns)
		return true;
	*seen = (struct pkt_copies_seen){hash, now_ns};
	return false;
}
