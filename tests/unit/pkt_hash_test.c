/* SPDX-License-Identifier: BSD-3-Clause */
/* The keyed hashes and the media key: exact where the layout is promised, statistical where all that
 * is promised is that every bit counts. */
#include "pkt_hash.h"
#include "pkt_media.h"
#include "unit.h"

static const struct pkt_seed seed = {
	{0x0123456789abcdef, 0x5555aaaa33337777, 0xfedcba9876543210, 0x1020304050607080}};

/* What a flow key is made of, so that a test can flip any bit of it. */
struct identity {
	uint8_t src[16];
	uint8_t dst[16];
	uint16_t sport;
	uint16_t dport;
	uint32_t ssrc;
};

enum {
	IDENTITY_BITS = 8 * (16 + 16 + 2 + 2 + 4),
	BUCKETS = 1024,
	MEAN_LOAD = 8,
	STREAMS = MEAN_LOAD * BUCKETS,
};

static const struct identity base = {
	.src = {0x20, 0x01, 0x0d, 0xb8, [15] = 1},
	.dst = {0x20, 0x01, 0x0d, 0xb8, [15] = 2},
	.sport = 16384,
	.dport = 16386,
	.ssrc = 0x11223344,
};

static struct identity with_bit_flipped(unsigned bit)
{
	struct identity id = base;
	uint8_t raw[sizeof(id)];

	memcpy(raw, &id, sizeof(id));
	raw[bit / 8] ^= (uint8_t)(1u << bit % 8);
	memcpy(&id, raw, sizeof(id));
	return id;
}

static struct pkt_media_key key_of(
	const struct identity *id, uint8_t family, const struct pkt_seed *s)
{
	struct pkt_flow flow = {.family = family, .sport = id->sport, .dport = id->dport};

	memcpy(flow.src.b, id->src, pkt_addr_len(family));
	memcpy(flow.dst.b, id->dst, pkt_addr_len(family));
	return pkt_media_key(&flow, id->ssrc, s);
}

static bool same_key(const struct pkt_media_key *a, const struct pkt_media_key *b)
{
	return a->w[0] == b->w[0] && a->w[1] == b->w[1];
}

static void keys_an_ipv4_stream_by_its_sixteen_octets(void **state)
{
	const struct identity id = {.src = {192, 0, 2, 1},
		.dst = {198, 51, 100, 7},
		.sport = 0x4001,
		.dport = 0x8002,
		.ssrc = 0xcafef00d};
	static const struct pkt_seed other = {{1, 2, 3, 4}};
	struct pkt_media_key key = key_of(&id, 4, &seed), again = key_of(&id, 4, &other);
	uint8_t raw[16];
	uint32_t ports, ssrc;

	(void)state;
	memcpy(raw, &key, sizeof(raw));
	memcpy(&ports, raw + 8, 4);
	memcpy(&ssrc, raw + 12, 4);
	assert_memory_equal(raw, id.src, 4);
	assert_memory_equal(raw + 4, id.dst, 4);
	assert_int_equal(ports, 0x40018002);
	assert_int_equal(ssrc, 0xcafef00d);
	assert_true(same_key(&key, &again));
}

static void gives_another_key_and_hash_for_every_flipped_bit(void **state)
{
	struct pkt_media_key keys[IDENTITY_BITS + 1];
	uint64_t hashes[IDENTITY_BITS + 1];
	unsigned distance = 0;

	(void)state;
	for (unsigned i = 0; i <= IDENTITY_BITS; i++) {
		struct identity id = i < IDENTITY_BITS ? with_bit_flipped(i) : base;

		keys[i] = key_of(&id, 6, &seed);
		hashes[i] = pkt_media_key_hash(&keys[i], &seed);
		for (unsigned j = 0; j < i; j++) {
			assert_false(same_key(&keys[i], &keys[j]));
			assert_true(keys[i].w[0] != keys[j].w[0]);
			assert_true(hashes[i] != hashes[j]);
		}
	}
	for (unsigned i = 0; i < IDENTITY_BITS; i++) {
		int n = __builtin_popcountll(hashes[i] ^ hashes[IDENTITY_BITS]);

		/* 32 of 64 expected, standard deviation 4. */
		assert_in_range(n, 10, 54);
		distance += (unsigned)n;
	}
	/* The mean of 320 such: standard deviation 0.22. */
	assert_in_range(distance, 31 * IDENTITY_BITS, 33 * IDENTITY_BITS);
}

/* How far the loads of all buckets are from even, for streams as a PBX makes them: consecutive
 * destinations, ports and SSRCs. */
static double chi_square(const struct pkt_seed *s)
{
	uint16_t load[BUCKETS] = {0};
	double sum = 0;

	for (unsigned i = 0; i < STREAMS; i++) {
		struct identity id = {.src = {10, 0, 0, 1}, .dst = {10, 0, 1, 1}, .dport = 5004};
		struct pkt_media_key key;

		id.sport = (uint16_t)(16384 + 2 * (i % 64));
		id.dst[3] = (uint8_t)(i / 64);
		id.ssrc = 0x1000 + i;
		key = key_of(&id, 4, s);
		load[pkt_media_key_hash(&key, s) % BUCKETS]++;
	}
	for (unsigned i = 0; i < BUCKETS; i++) {
		double off = (double)load[i] - MEAN_LOAD;

		sum += off * off / MEAN_LOAD;
	}
	return sum;
}

static void spreads_consecutive_streams_under_many_seeds(void **state)
{
	struct pkt_seed s = seed;

	(void)state;
	for (unsigned i = 0; i < 32; i++) {
		double chi2 = chi_square(&s);

		/* 1023 degrees of freedom: mean 1023, standard deviation 45. */
		assert_true(chi2 > 1023 - 5 * 45 && chi2 < 1023 + 5 * 45);
		for (unsigned w = 0; w < 4; w++)
			s.k[w] = pkt_hash_mix(s.k[w] + i, seed.k[w]);
	}
}

static void depends_on_every_word_of_the_seed(void **state)
{
	struct pkt_media_key key = key_of(&base, 6, &seed);
	struct bytes call_id = BYTES_LIT("a84b4c76e66710@pc33.example.com");
	struct pkt_media_key v4 = key_of(&base, 4, &seed);

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct pkt_seed other = seed;
		struct pkt_media_key changed;

		other.k[i] ^= 1;
		changed = key_of(&base, 6, &other);
		assert_false(same_key(&key, &changed));
		assert_true(pkt_hash_bytes(call_id, &seed) != pkt_hash_bytes(call_id, &other));
		if (i < 2)
			assert_true(
				pkt_media_key_hash(&v4, &seed) != pkt_media_key_hash(&v4, &other));
	}
}

static void tells_the_two_directions_apart(void **state)
{
	struct identity back = base;
	struct pkt_media_key there_key, back_key;

	(void)state;
	memcpy(back.src, base.dst, 16);
	memcpy(back.dst, base.src, 16);
	back.sport = base.dport;
	back.dport = base.sport;
	there_key = key_of(&base, 6, &seed);
	back_key = key_of(&back, 6, &seed);
	assert_false(same_key(&there_key, &back_key));
}

static void assert_hashes_all(uint64_t (*hash)(struct bytes b, const struct pkt_seed *seed))
{
	uint8_t text[300];
	uint64_t lengths[sizeof(text) + 1], whole;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)("a84b4c76e66710@pc33.exa"[i % 23] + i / 23);
	for (size_t n = 0; n <= sizeof(text); n++) {
		uint8_t *copy = guarded_copy(text, n);

		lengths[n] = hash(bytes_of(copy, n), &seed);
		assert_true(lengths[n] == hash(bytes_of(text, n), &seed));
		for (size_t m = 0; m < n; m++)
			assert_true(lengths[n] != lengths[m]);
		guarded_free(copy, n);
	}
	whole = lengths[sizeof(text) - 1];
	for (unsigned bit = 0; bit < 8 * (sizeof(text) - 1); bit++) {
		text[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_true(hash(bytes_of(text, sizeof(text) - 1), &seed) != whole);
		text[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	/* Nor are the same words in another order the same. */
	for (unsigned i = 8; i + 8 < sizeof(text); i += 8) {
		uint8_t other[sizeof(text)];

		memcpy(other, text, sizeof(text));
		memcpy(other, text + i, 8);
		memcpy(other + i, text, 8);
		assert_true(hash(bytes_of(other, sizeof(text) - 1), &seed) != whole);
	}
	/* A tail of zeros is not the same as no tail. */
	assert_true(hash(bytes_of("12345678\0", 9), &seed) != hash(bytes_of("12345678", 8), &seed));
}

static void hashes_bytes_by_content_and_length(void **state)
{
	(void)state;
	assert_hashes_all(pkt_hash_bytes);
}

static void hashes_messages_by_content_and_length(void **state)
{
	uint8_t text[256] = "INVITE sip:bob@biloxi.example.com SIP/2.0";
	uint64_t whole = pkt_hash_message(bytes_of(text, sizeof(text)), &seed);

	(void)state;
	assert_hashes_all(pkt_hash_message);
	/* No chain is like another: the octets of two in each other's place. */
	for (unsigned i = 0; i < 4; i++)
		for (unsigned j = i + 1; j < 4; j++) {
			uint8_t other[sizeof(text)];

			memcpy(other, text, sizeof(text));
			memcpy(other + (size_t)16 * i, text + (size_t)16 * j, 16);
			memcpy(other + (size_t)16 * j, text + (size_t)16 * i, 16);
			if (memcmp(other, text, sizeof(text)) != 0)
				assert_true(pkt_hash_message(bytes_of(other, sizeof(other)),
						    &seed) != whole);
		}
	for (unsigned i = 0; i < 4; i++) {
		struct pkt_seed other = seed;

		other.k[i] ^= 1;
		assert_true(pkt_hash_message(bytes_of(text, sizeof(text)), &other) != whole);
	}
}

static void keeps_time_and_marker_apart_in_the_descriptor(void **state)
{
	struct pkt_media media = {.time_ns = PKT_MEDIA_TIME_MAX, .marker_pt = 0x88};

	(void)state;
	assert_true(media.time_ns == PKT_MEDIA_TIME_MAX);
	assert_true(media.time_ns != PKT_MEDIA_IS_PACKET);
	assert_int_equal(media.marker_pt, 0x88);
	media.time_ns = PKT_MEDIA_IS_PACKET;
	assert_true(media.time_ns == PKT_MEDIA_IS_PACKET);
	assert_int_equal(media.marker_pt, 0x88);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_an_ipv4_stream_by_its_sixteen_octets),
		cmocka_unit_test(gives_another_key_and_hash_for_every_flipped_bit),
		cmocka_unit_test(spreads_consecutive_streams_under_many_seeds),
		cmocka_unit_test(depends_on_every_word_of_the_seed),
		cmocka_unit_test(tells_the_two_directions_apart),
		cmocka_unit_test(hashes_bytes_by_content_and_length),
		cmocka_unit_test(hashes_messages_by_content_and_length),
		cmocka_unit_test(keeps_time_and_marker_apart_in_the_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
