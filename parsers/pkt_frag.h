/* SPDX-License-Identifier: BSD-3-Clause */
/* Datagrams from IP fragments (RFC 791 section 3.2, RFC 8200 section 4.5), in any order, repeated,
 * overlapping. Hosts differ in what they make of an overlap whose octets differ, and RFC 5722 forbids it:
 * such a datagram is given up, all of it.
 * Owner: the receiver, to which all fragments of a datagram come; memory is the caller's. Threads: one;
 * counters may be read by others. */
#ifndef PKT_FRAG_H
#define PKT_FRAG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "pkt_decode.h"
#include "pkt_hash.h"

enum {
	/* Ethernet header, one VLAN tag, IPv6 header. */
	PKT_FRAG_HEADER_MAX = 14 + 4 + 40,
	/* With these headers, no more than an mbuf's 16 bits of length. */
	PKT_FRAG_DATA_MAX = (UINT16_MAX - PKT_FRAG_HEADER_MAX) / 8 * 8,
};

#define PKT_FRAG_TIMEOUT_NS \
	((uint64_t)30000000000) /* as Linux has it; RFC 791 asks for 15 s or more */
#define PKT_FRAG_REUSE_NS ((uint64_t)1000000000) /* an ID this old may be used again (RFC 6864) */

struct pkt_frag_counters {
#define X(name, help) _Atomic uint64_t name;
#include "pkt_frag_counters.def"
#undef X
};

struct pkt_frag_datagram;

struct pkt_frags {
	struct pkt_frag_datagram *datagrams;
	uint32_t *buckets; /* chains of datagrams by number + 1 */
	uint32_t mask; /* of buckets */
	uint32_t used; /* datagrams that were ever used */
	uint32_t count; /* of datagrams */
	uint32_t free; /* chain of those given back, number + 1 */
	uint32_t oldest, newest; /* waiting, number + 1 */
	struct pkt_seed seed;
	struct pkt_frag_counters counters;
};

/* Octets of memory for so many datagrams at a time, each of the greatest length; pages are touched as
 * data comes. */
size_t pkt_frag_memory(uint32_t datagrams);

/* memory: pkt_frag_memory(datagrams) octets, zero, aligned to 64; stays the caller's. */
void pkt_frag_init(
	struct pkt_frags *frags, void *memory, uint32_t datagrams, const struct pkt_seed *seed);

/* What: notes a fragment, that is what pkt_decode left in the view with PKT_ip_fragment; now_ns is
 * packet time. True when it made its datagram whole: then data is what followed the IP header, or the
 * headers before IPv6's fragment header, until the next call, and view->flow.proto says what it begins
 * with. */
bool pkt_frag_take(
	struct pkt_frags *frags, struct pkt_view *view, uint64_t now_ns, struct bytes *data);

/* What: link and IP header of a datagram with n octets of data, to decode it by once more: Ethernet
 * with the view's VLAN tag when it has MACs, else none. Lengths right, checksum zero. Returns their
 * length. */
size_t pkt_frag_header(const struct pkt_view *view, size_t n, uint8_t header[PKT_FRAG_HEADER_MAX]);

#endif
