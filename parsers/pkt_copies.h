/* SPDX-License-Identifier: BSD-3-Clause */
/* Datagrams that a mirror brings more than once: by way of another port, VLAN or hop, moments later. A copy has
 * the addresses, the IPv4 identification (RFC 791) and the payload of the first; one that its sender sends
 * again comes with another identification, or no sooner than SIP's T1, 500 ms (RFC 3261 section 17.1.1.1).
 * Owner: the worker. Threads: one. No allocation; of those whose hashes meet in a place the last is known. */
#ifndef PKT_COPIES_H
#define PKT_COPIES_H

#include <stdbool.h>
#include <stdint.h>

#include "pkt_decode.h"
#include "pkt_hash.h"

enum {
	PKT_COPIES_PLACES = 8192, /* power of two */
};

struct pkt_copies_seen {
	uint64_t hash; /* 0: none */
	uint64_t time_ns; /* of the first */
};

struct pkt_copies {
	struct pkt_copies_seen seen[PKT_COPIES_PLACES];
};

/* What: the hash by which a datagram is known, never 0, for pkt_copies_has. by_hop: what came by another VLAN, tunnel
 * or number of hops (TTL) is no copy. */
uint64_t pkt_copies_hash(const struct pkt_view *view, bool by_hop, const struct pkt_seed *seed);

/* Some time before pkt_copies_has: fetches the place where it may have been seen. */
void pkt_copies_prefetch(const struct pkt_copies *copies, uint64_t hash);

/* What: whether this datagram is a copy of one within window_ns, and if not, remembers it. */
bool pkt_copies_has(struct pkt_copies *copies, uint64_t hash, uint64_t now_ns, uint64_t window_ns);

#endif
