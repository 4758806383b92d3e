/* SPDX-License-Identifier: BSD-3-Clause */
/* One RTP packet of a known flow in 32 bytes: all that a stream needs of it, so that the packet
 * itself can be freed where it was received.
 * Owner: value type, travels by value through rings. Threads: any. */
#ifndef PKT_MEDIA_H
#define PKT_MEDIA_H

#include <assert.h>
#include <stdint.h>

#include "pkt_flow.h"
#include "pkt_hash.h"
#include "rtp_hdr.h"

/* Identity of a stream: (addresses, ports, SSRC), RFC 3550 section 8.2 with the transport address.
 * IPv4: the 16 bytes themselves. IPv6: a keyed 128-bit fingerprint of the 40 bytes; the full
 * addresses are compared once, when the stream is made. With a tenant a fingerprint of him on top. */
struct pkt_media_key {
	uint64_t w[2];
};

static inline bool pkt_media_key_eq(const struct pkt_media_key *a, const struct pkt_media_key *b)
{
	return ((a->w[0] ^ b->w[0]) | (a->w[1] ^ b->w[1])) == 0;
}

struct pkt_media {
	struct pkt_media_key key;
	uint32_t rtp_ts;
	uint16_t seq;
	uint16_t payload_bytes; /* RTP payload octets on the wire */
	uint64_t time_ns : 56; /* since the time base all threads share */
	uint64_t marker_pt : 8; /* second octet of the RTP header */
};

static_assert(sizeof(struct pkt_media) == 32, "two descriptors share a cache line");

#define PKT_MEDIA_TIME_MAX (((uint64_t)1 << 56) - 3)
/* These times say that the element is no descriptor: key.w[0] is an mbuf pointer, or a point in time
 * (nanoseconds since the epoch) that packet time has come to. */
#define PKT_MEDIA_IS_PACKET (((uint64_t)1 << 56) - 1)
#define PKT_MEDIA_IS_TIME   (((uint64_t)1 << 56) - 2)

/* Both with one store: a bit-field by itself reads first what stands beside it. */
static inline void pkt_media_set_time(struct pkt_media *m, uint64_t time_ns, uint8_t marker_pt)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	uint64_t both = time_ns | (uint64_t)marker_pt << 56;

	memcpy((uint8_t *)m + sizeof(*m) - sizeof(both), &both, sizeof(both));
#else
	m->time_ns = time_ns;
	m->marker_pt = marker_pt;
#endif
}

/* The second half of an IPv4 key. ports: the source's in the upper half. */
static inline uint64_t pkt_media_key_ports(uint32_t ports, uint32_t ssrc)
{
	return (uint64_t)ssrc << 32 | ports;
}

/* The key is that of a tenant's, who is not 0. */
static inline void pkt_media_key_of_tenant(
	struct pkt_media_key *k, uint32_t tenant, const struct pkt_seed *seed)
{
	k->w[0] ^= pkt_hash_mix(tenant ^ seed->k[0], seed->k[1]);
	k->w[1] ^= pkt_hash_mix(tenant ^ seed->k[2], seed->k[3]);
}

static inline struct pkt_media_key pkt_media_key_of_ends(
	const struct pkt_flow *f, uint32_t ssrc, const struct pkt_seed *seed)
{
	struct pkt_media_key k;

	if (f->family == 4) {
		uint8_t ends[8];

		memcpy(ends, f->src.b, 4);
		memcpy(ends + 4, f->dst.b, 4);
		memcpy(&k.w[0], ends, sizeof(k.w[0]));
		k.w[1] = pkt_media_key_ports((uint32_t)f->sport << 16 | f->dport, ssrc);
		return k;
	}
	return (struct pkt_media_key){{
		pkt_hash_flow6(f, ssrc, seed->k[0], seed->k[1]),
		pkt_hash_flow6(f, ssrc, seed->k[2], seed->k[3]),
	}};
}

static inline struct pkt_media_key pkt_media_key(
	const struct pkt_flow *f, uint32_t ssrc, const struct pkt_seed *seed)
{
	struct pkt_media_key k = pkt_media_key_of_ends(f, ssrc, seed);

	if (f->tenant)
		pkt_media_key_of_tenant(&k, f->tenant, seed);
	return k;
}

/* The descriptor of an RTP packet, without a time. */
static inline struct pkt_media pkt_media_of(
	const struct pkt_flow *flow, const struct rtp_hdr *hdr, const struct pkt_seed *seed)
{
	return (struct pkt_media){
		.key = pkt_media_key(flow, hdr->ssrc, seed),
		.rtp_ts = hdr->ts,
		.seq = hdr->seq,
		.payload_bytes = (uint16_t)hdr->payload_bytes,
		.marker_pt = (uint8_t)(hdr->marker << 7 | hdr->pt),
	};
}

static inline uint64_t pkt_media_key_hash(
	const struct pkt_media_key *k, const struct pkt_seed *seed)
{
	return pkt_hash_128(k->w[0], k->w[1], seed);
}

#endif
