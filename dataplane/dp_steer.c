/* SPDX-License-Identifier: BSD-3-Clause */
/* Each end of a flow is hashed on its own with a secret key, the two hashes are added, which does
 * not care about direction, and the sum is mixed once more. Mixing is the folded 128-bit product of
 * two 64-bit words, of which one always depends on the key. */
#include "dp_steer.h"

#include <string.h>

#include "dp_rss.h"

__extension__ typedef unsigned __int128 uint128;

/* The first 64 bits of the fractions of sqrt(2), sqrt(3), sqrt(5) and sqrt(7). */
static const uint64_t salts[4] = {
	0x6a09e667f3bcc908,
	0xbb67ae8584caa73b,
	0x3c6ef372fe94f82b,
	0xa54ff53a5f1d36f1,
};

static inline uint64_t fold(uint64_t a, uint64_t b)
{
	uint128 product = (uint128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

struct address {
	uint64_t word[2];
};

static inline struct address address_of(const void *octets, size_t n)
{
	struct address a = {0};

	memcpy(a.word, octets, n);
	return a;
}

static inline uint64_t end_hash(uint64_t seed, struct address a, uint16_t port)
{
	/* RTP takes the even port and RTCP the next odd one (RFC 3550, section 11). */
	uint64_t high = fold(a.word[1] ^ salts[0], seed ^ (port & 0xfffeU) ^ salts[1]);

	return fold(a.word[0] ^ seed, high ^ salts[2]);
}

void dp_steer_init(struct dp_steer *steer, uint64_t seed, uint32_t workers)
{
	/* Mixed, so that seeds such as 1, 2, 3 do not leave most of the key bits zero. */
	steer->seed = fold(seed ^ salts[2], salts[3]) ^ seed;
	steer->workers = workers ? workers : 1;
	steer->reta_size = 0;
}

/* An input bit at offset i counts the 32 key bits from i on. The key repeats every 16 bits, so i % 16 is
 * all that matters: the hash is that of the exclusive or of all 16-bit words, twice the same half. */
static uint16_t toeplitz(uint16_t word)
{
	uint32_t key = (uint32_t)DP_RSS_KEY_WORD << 16 | DP_RSS_KEY_WORD;
	uint16_t hash = 0;

	for (unsigned i = 0; i < 16; i++)
		if (word & 0x8000U >> i)
			hash ^= (uint16_t)(key >> (16 - i));
	return hash;
}

void dp_steer_init_rss(struct dp_steer *steer, uint32_t workers, uint32_t reta_size)
{
	steer->workers = workers ? workers : 1;
	steer->reta_size = reta_size;
	for (unsigned i = 0; i < 256; i++) {
		steer->toeplitz[0][i] = toeplitz((uint16_t)(i << 8));
		steer->toeplitz[1][i] = toeplitz((uint16_t)i);
	}
}

static inline uint32_t rss_worker(const struct dp_steer *steer, struct address src,
	struct address dst, uint16_t sport, uint16_t dport)
{
	uint64_t sum = src.word[0] ^ src.word[1] ^ dst.word[0] ^ dst.word[1];
	uint8_t word[2];
	uint32_t hash;

	sum ^= sum >> 32;
	sum ^= sum >> 16;
	memcpy(word, &(uint16_t){(uint16_t)sum}, sizeof(word)); /* network order */
	sport = (sport ^ dport) & 0xfffe;
	hash = steer->toeplitz[0][word[0] ^ sport >> 8] ^
	       steer->toeplitz[1][word[1] ^ (sport & 0xff)];
	return (hash << 16 | hash) % steer->reta_size % steer->workers;
}

static inline uint32_t worker_of(const struct dp_steer *steer, struct address src,
	struct address dst, uint16_t sport, uint16_t dport)
{
	uint64_t sum, hash;

	if (steer->reta_size)
		return rss_worker(steer, src, dst, sport, dport);
	sum = end_hash(steer->seed, src, sport) + end_hash(steer->seed, dst, dport);
	hash = fold(sum ^ salts[3], steer->seed ^ salts[0]);
	/* The upper half scaled to the workers: no division, and no bias worth counting. */
	return (uint32_t)(((hash >> 32) * steer->workers) >> 32);
}

uint32_t dp_steer_worker(const struct dp_steer *steer, const uint8_t *src, const uint8_t *dst,
	uint16_t sport, uint16_t dport)
{
	return worker_of(steer, address_of(src, 16), address_of(dst, 16), sport, dport);
}

uint32_t dp_steer_worker4(
	const struct dp_steer *steer, uint32_t src, uint32_t dst, uint16_t sport, uint16_t dport)
{
	return worker_of(
		steer, address_of(&src, sizeof(src)), address_of(&dst, sizeof(dst)), sport, dport);
}
