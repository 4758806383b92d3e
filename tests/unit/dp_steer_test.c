/* SPDX-License-Identifier: BSD-3-Clause */
/* Steering: both directions and the RTCP twin meet, and the load is even. */
#include <rte_thash.h>

#include "dp_steer.h"
#include "unit.h"

static void put_ipv4(uint8_t address[16], uint32_t value)
{
	memset(address, 0, 16);
	for (unsigned i = 0; i < 4; i++)
		address[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void both_directions_meet(void **state)
{
	struct dp_steer steer;
	uint8_t a[16], b[16];

	(void)state;
	dp_steer_init(&steer, 0x1234, 8);
	for (uint32_t i = 0; i < 5000; i++) {
		uint16_t sport = (uint16_t)(i * 7919), dport = (uint16_t)(i * 104729);

		put_ipv4(a, 0x0a000000 + i);
		put_ipv4(b, 0xc0a80000 + i * 31);
		assert_int_equal(dp_steer_worker(&steer, a, b, sport, dport),
			dp_steer_worker(&steer, b, a, dport, sport));
	}
}

static void rtcp_meets_its_rtp(void **state)
{
	struct dp_steer steer;
	uint8_t a[16], b[16];

	(void)state;
	dp_steer_init(&steer, 99, 64);
	put_ipv4(a, 0x0a000001);
	put_ipv4(b, 0x0a000002);
	for (uint16_t port = 10000; port < 20000; port += 2) {
		uint32_t rtp = dp_steer_worker(&steer, a, b, port, 30000);

		/* RTCP one port higher at both ends, and multiplexed at one of them only. */
		assert_int_equal(rtp, dp_steer_worker(&steer, a, b, port + 1, 30001));
		assert_int_equal(rtp, dp_steer_worker(&steer, a, b, port + 1, 30000));
	}
}

static void voip_ports_spread_evenly_over_8_workers(void **state)
{
	enum {
		WORKERS = 8,
		FLOWS = 80000
	};
	unsigned counts[WORKERS] = {0};
	struct dp_steer steer;
	uint8_t a[16], b[16];

	(void)state;
	dp_steer_init(&steer, 1, WORKERS);
	put_ipv4(b, 0x0a000001); /* one media gateway */
	for (uint32_t i = 0; i < FLOWS; i++) {
		put_ipv4(a, 0x0a010000 + i % 200);
		counts[dp_steer_worker(&steer, a, b, (uint16_t)(16384 + 2 * (i % 8192)),
			(uint16_t)(10000 + 2 * (i / 4)))]++;
	}
	for (unsigned i = 0; i < WORKERS; i++)
		assert_in_range(counts[i], FLOWS / WORKERS * 95 / 100, FLOWS / WORKERS * 105 / 100);
}

static void ipv6_addresses_count_to_their_last_octet(void **state)
{
	unsigned counts[4] = {0};
	struct dp_steer steer;
	uint8_t a[16] = {0x20, 0x01, 0x0d, 0xb8}, b[16] = {0x20, 0x01, 0x0d, 0xb8, 1};

	(void)state;
	dp_steer_init(&steer, 7, 4);
	for (unsigned i = 0; i < 256; i++) {
		a[15] = (uint8_t)i;
		counts[dp_steer_worker(&steer, a, b, 5060, 5060)]++;
	}
	for (unsigned i = 0; i < 4; i++)
		assert_in_range(counts[i], 32, 96);
}

static void another_seed_steers_otherwise(void **state)
{
	struct dp_steer one, two;
	uint8_t a[16], b[16];
	unsigned same = 0;

	(void)state;
	dp_steer_init(&one, 1, 8);
	dp_steer_init(&two, 2, 8);
	put_ipv4(b, 0x0a000001);
	for (uint32_t i = 0; i < 8000; i++) {
		put_ipv4(a, 0x0a010000 + i);
		same += dp_steer_worker(&one, a, b, 5060, 5060) ==
			dp_steer_worker(&two, a, b, 5060, 5060);
	}
	assert_in_range(same, 800, 1200); /* one in eight by chance */
}

/* What a NIC computes: Toeplitz over addresses and ports, then its redirection table. */
static uint32_t nic_queue(const uint8_t *a, const uint8_t *b, unsigned n, uint16_t sport,
	uint16_t dport, uint32_t queues, uint32_t reta_size)
{
	uint8_t key[40], input[36];
	uint32_t tuple[9];
	unsigned words = (2 * n + 4) / 4;

	for (unsigned i = 0; i < sizeof(key); i++)
		key[i] = i & 1 ? 0x5a : 0x6d;
	memcpy(input, a, n);
	memcpy(input + n, b, n);
	for (unsigned i = 0; i < 2; i++) {
		input[2 * n + i] = (uint8_t)(sport >> (8 - 8 * i));
		input[2 * n + 2 + i] = (uint8_t)(dport >> (8 - 8 * i));
	}
	/* It wants host order, and the key as it stands. */
	for (unsigned i = 0; i < words; i++)
		tuple[i] = (uint32_t)input[4 * i] << 24 | (uint32_t)input[4 * i + 1] << 16 |
			   (uint32_t)input[4 * i + 2] << 8 | input[4 * i + 3];
	return rte_softrss(tuple, words, key) % reta_size % queues;
}

static uint32_t worker4(const struct dp_steer *steer, const uint8_t *a, const uint8_t *b,
	uint16_t sport, uint16_t dport)
{
	uint32_t src, dst;

	memcpy(&src, a, sizeof(src));
	memcpy(&dst, b, sizeof(dst));
	return dp_steer_worker4(steer, src, dst, sport, dport);
}

static void ipv4_has_a_short_way(void **state)
{
	struct dp_steer keyed, rss;
	uint8_t a[16], b[16];

	(void)state;
	dp_steer_init(&keyed, 77, 8);
	dp_steer_init_rss(&rss, 8, 128);
	for (uint32_t i = 0; i < 5000; i++) {
		uint16_t sport = (uint16_t)(i * 7919), dport = (uint16_t)(i * 104729);

		put_ipv4(a, 0x0a000000 + i * 77777);
		put_ipv4(b, 0xc0a80000 + i * 31);
		assert_int_equal(worker4(&keyed, a, b, sport, dport),
			dp_steer_worker(&keyed, a, b, sport, dport));
		assert_int_equal(worker4(&rss, a, b, sport, dport),
			dp_steer_worker(&rss, a, b, sport, dport));
	}
}

static void steers_as_the_nic_does(void **state)
{
	static const uint32_t sizes[] = {64, 128, 512};
	uint64_t random = 88172645463325252;
	struct dp_steer steer;

	(void)state;
	for (unsigned i = 0; i < 6000; i++) {
		unsigned n = i & 1 ? 16 : 4;
		uint32_t workers = 2 + i % 7, reta = sizes[i % 3], queue;
		uint8_t a[16] = {0}, b[16] = {0};
		uint16_t sport, dport;

		for (unsigned o = 0; o < n; o++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			a[o] = (uint8_t)random;
			b[o] = (uint8_t)(random >> 8);
		}
		sport = (uint16_t)(random >> 16) & 0xfffe;
		dport = (uint16_t)(random >> 32) & 0xfffe;
		dp_steer_init_rss(&steer, workers, reta);
		queue = nic_queue(a, b, n, sport, dport, workers, reta);
		assert_int_equal(dp_steer_worker(&steer, a, b, sport, dport), queue);
		assert_int_equal(dp_steer_worker(&steer, b, a, dport, sport), queue);
		assert_int_equal(dp_steer_worker(&steer, a, b, sport + 1, dport + 1), queue);
		assert_int_equal(nic_queue(a, b, n, sport + 1, dport + 1, workers, reta), queue);
		assert_int_equal(dp_steer_worker(&steer, a, b, sport + 1, dport), queue);
	}
}

static void one_worker_gets_everything(void **state)
{
	struct dp_steer steer;
	uint8_t a[16], b[16];

	(void)state;
	put_ipv4(a, 1);
	put_ipv4(b, 2);
	dp_steer_init(&steer, 5, 1);
	for (uint16_t port = 0; port < 1000; port++)
		assert_int_equal(dp_steer_worker(&steer, a, b, port, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_directions_meet),
		cmocka_unit_test(rtcp_meets_its_rtp),
		cmocka_unit_test(voip_ports_spread_evenly_over_8_workers),
		cmocka_unit_test(ipv6_addresses_count_to_their_last_octet),
		cmocka_unit_test(another_seed_steers_otherwise),
		cmocka_unit_test(ipv4_has_a_short_way),
		cmocka_unit_test(steers_as_the_nic_does),
		cmocka_unit_test(one_worker_gets_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
