/* SPDX-License-Identifier: BSD-3-Clause */
/* Keyed hashes for the tables. The key is random at start, so that nobody on the wire can choose
 * addresses that collide; CRC32 would not do, its collisions are the same under every seed.
 * Owner: value types. Threads: any. */
#ifndef PKT_HASH_H
#define PKT_HASH_H

#include <stdint.h>

#include "bytes.h"
#include "pkt_flow.h"

struct pkt_seed {
	uint64_t k[4];
};

/* Folds the 128-bit product of two words. */
static inline uint64_t pkt_hash_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 m = (unsigned __int128)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* The same for words that may well be 0: every input bit reaches every output bit. */
static inline uint64_t pkt_hash_mix(uint64_t a, uint64_t b)
{
	return pkt_hash_fold(a ^ 0x9e3779b97f4a7c15ull, b ^ 0xd6e8feb86659fd93ull);
}

/* Sixteen octets, for the look-up of every media packet. Two rounds: after one, keys that differ
 * little (ports and SSRCs counted up) crowd into some places under about one seed in four. The seed
 * stands in for the constants: it is random, so that nobody on the wire can make a factor 0. */
static inline uint64_t pkt_hash_128(uint64_t a, uint64_t b, const struct pkt_seed *seed)
{
	uint64_t h = pkt_hash_fold(a ^ seed->k[0], b ^ seed->k[1]);

	return pkt_hash_fold(h ^ seed->k[3], seed->k[2]);
}

/* Buckets of a table of chains for so many: a power of two, no fewer. */
static inline uint32_t pkt_hash_buckets(uint32_t count)
{
	uint32_t n = 16;

	while (n < count)
		n *= 2;
	return n;
}

static inline uint64_t pkt_hash_word(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

static inline uint64_t pkt_hash_flow6(
	const struct pkt_flow *f, uint32_t ssrc, uint64_t k0, uint64_t k1)
{
	uint64_t h = pkt_hash_mix(pkt_hash_word(f->src.b) ^ k0, pkt_hash_word(f->src.b + 8) ^ k1);

	h = pkt_hash_mix(pkt_hash_word(f->dst.b) ^ h, pkt_hash_word(f->dst.b + 8) ^ k0);
	return pkt_hash_mix(
		((uint64_t)f->sport << 48 | (uint64_t)f->dport << 32 | ssrc) ^ h, k1 ^ h);
}

/* The same for both directions, and for RTCP on the ports next to those of RTP. */
static inline uint64_t pkt_hash_ends(const struct pkt_flow *f, const struct pkt_seed *seed)
{
	uint64_t a = pkt_hash_mix(pkt_hash_word(f->src.b) ^ seed->k[0],
		pkt_hash_word(f->src.b + 8) ^ seed->k[1] ^ (f->sport & 0xfffe));
	uint64_t b = pkt_hash_mix(pkt_hash_word(f->dst.b) ^ seed->k[0],
		pkt_hash_word(f->dst.b + 8) ^ seed->k[1] ^ (f->dport & 0xfffe));

	return pkt_hash_mix(a + b, seed->k[3]);
}

/* One to seven octets as a word. Loads that overlap: one out of a copy would wait for its
 * stores. */
static inline uint64_t pkt_hash_tail(struct bytes b)
{
	if (b.n >= 4) {
		uint32_t first, last;

		memcpy(&first, b.p, sizeof(first));
		memcpy(&last, b.p + b.n - sizeof(last), sizeof(last));
		return (uint64_t)last << 32 | first;
	}
	return (uint64_t)b.p[b.n - 1] << 16 | (uint64_t)b.p[b.n / 2] << 8 | b.p[0];
}

/* Any bytes, for example a Call-ID. Of whole messages two chains, neither of which waits for the
 * other. */
static inline uint64_t pkt_hash_bytes(struct bytes b, const struct pkt_seed *seed)
{
	uint64_t h = seed->k[0] ^ b.n, other = seed->k[2];

	for (; b.n >= 32; b = bytes_skip(b, 32)) {
		h = pkt_hash_mix(pkt_hash_word(b.p) ^ h, pkt_hash_word(b.p + 8) ^ seed->k[1]);
		other = pkt_hash_mix(
			pkt_hash_word(b.p + 16) ^ other, pkt_hash_word(b.p + 24) ^ seed->k[3]);
	}
	h = pkt_hash_mix(h, other);
	for (; b.n >= 8; b = bytes_skip(b, 8))
		h = pkt_hash_mix(pkt_hash_word(b.p) ^ h, seed->k[1]);
	if (b.n)
		h = pkt_hash_mix(pkt_hash_tail(b) ^ h, seed->k[2]);
	return pkt_hash_mix(h, seed->k[3]);
}

enum {
	PKT_HASH_CHAINS = 4,
	PKT_HASH_STEP = PKT_HASH_CHAINS * 16,
};

/* The next octets of a message: each chain begins and goes on with words of the seed, so that
 * nobody makes a factor 0. */
static inline void pkt_hash_step(
	uint64_t h[PKT_HASH_CHAINS], const uint8_t *p, const struct pkt_seed *seed)
{
	h[0] = pkt_hash_fold(pkt_hash_word(p) ^ h[0], pkt_hash_word(p + 8) ^ seed->k[1]);
	h[1] = pkt_hash_fold(pkt_hash_word(p + 16) ^ h[1], pkt_hash_word(p + 24) ^ seed->k[2]);
	h[2] = pkt_hash_fold(pkt_hash_word(p + 32) ^ h[2], pkt_hash_word(p + 40) ^ seed->k[3]);
	h[3] = pkt_hash_fold(pkt_hash_word(p + 48) ^ h[3], pkt_hash_word(p + 56) ^ seed->k[0]);
}

/* A whole message, in four chains; another hash than that of pkt_hash_bytes. */
static inline uint64_t pkt_hash_message(struct bytes b, const struct pkt_seed *seed)
{
	uint64_t h[PKT_HASH_CHAINS] = {seed->k[0] ^ b.n, seed->k[1], seed->k[2], seed->k[3]};

	if (b.n < PKT_HASH_STEP)
		return pkt_hash_bytes(b, seed);
	for (size_t at = 0; at + PKT_HASH_STEP < b.n; at += PKT_HASH_STEP)
		pkt_hash_step(h, b.p + at, seed);
	/* Some of these once more, mostly: less than what is left takes by the octet. */
	pkt_hash_step(h, b.p + b.n - PKT_HASH_STEP, seed);
	return pkt_hash_mix(pkt_hash_mix(h[0], h[1]), pkt_hash_mix(h[2], h[3]));
}

#endif
