/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers as text: octet by octet what printf makes of the same value. */
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "hep_number.h"
#include "unit.h"

static uint64_t random_state = 1;

/* splitmix64 */
static uint64_t next_random(void)
{
	uint64_t x = random_state += 0x9e3779b97f4a7c15;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

static void assert_same(const char *got, size_t n, const char *want)
{
	assert_int_equal(n, strlen(want));
	assert_memory_equal(got, want, n);
}

static void assert_integer(uint64_t v)
{
	char got[HEP_NUMBER_MAX], want[32];

	snprintf(want, sizeof(want), "%" PRIu64, v);
	assert_same(got, hep_number_u64(got, v), want);
	snprintf(want, sizeof(want), "%" PRId64, (int64_t)v);
	assert_same(got, hep_number_i64(got, (int64_t)v), want);
}

static void integers_are_those_of_printf(void **state)
{
	uint64_t power = 1;

	(void)state;
	for (uint64_t v = 0; v < 20000; v++) {
		assert_integer(v);
		assert_integer(-v);
	}
	for (unsigned i = 0; i < 20; i++, power *= 10)
		for (uint64_t v = power - 2; v != power + 3; v++)
			assert_integer(v);
	for (unsigned bit = 0; bit < 64; bit++)
		assert_integer((uint64_t)1 << bit);
	for (unsigned i = 0; i < 100000; i++)
		assert_integer(next_random() >> (next_random() & 63));
}

static void assert_eight(uint32_t v)
{
	uint64_t got = hep_number_eight(v);
	char want[16];

	snprintf(want, sizeof(want), "%08" PRIu32, v);
	assert_memory_equal(&got, want, sizeof(got));
}

/* What is rounded wrong shows next to where a digit changes. */
static void eight_digits_are_those_of_printf(void **state)
{
	(void)state;
	for (uint32_t step = 10; step < 100000000; step *= 10)
		for (uint32_t v = step; v < 100000000 && v < step * 2000; v += step)
			for (uint32_t near = v - 2; near != v + 3; near++)
				assert_eight(near);
	for (uint32_t v = 0; v < 100000000; v += 499)
		assert_eight(v);
	assert_eight(99999999);
}

/* Of what may be written behind the number nothing is beyond HEP_NUMBER_MAX. */
static void integers_stay_in_their_room(void **state)
{
	uint8_t *buf = guarded_copy("                    ", HEP_NUMBER_MAX);

	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		hep_number_u64((char *)buf, UINT64_MAX >> bit);
		hep_number_i64((char *)buf, INT64_MIN >> bit);
		hep_number_i64((char *)buf, INT64_MAX >> bit);
	}
	guarded_free(buf, HEP_NUMBER_MAX);
	buf = guarded_copy("          ", HEP_NUMBER_WIDE);
	for (unsigned bit = 0; bit < 32; bit++)
		hep_number_u32_wide((char *)buf, UINT32_MAX >> bit);
	guarded_free(buf, HEP_NUMBER_WIDE);
}

static void assert_fixed(double v, unsigned decimals)
{
	char got[HEP_FIXED_MAX], want[512];
	const char *text = want;

	snprintf(want, sizeof(want), "%.*f", (int)decimals, v);
	/* Zero has no sign. */
	if (want[0] == '-' && want[1 + strspn(want + 1, "0.")] == '\0')
		text++;
	assert_same(got, hep_number_fixed(got, v, decimals), text);
}

static void assert_all_decimals(double v)
{
	for (unsigned decimals = 0; decimals <= HEP_DECIMALS_MAX; decimals++) {
		assert_fixed(v, decimals);
		assert_fixed(-v, decimals);
	}
}

static void extremes_are_those_of_printf(void **state)
{
	static const double extremes[] = {0, DBL_MIN, DBL_TRUE_MIN, DBL_EPSILON, DBL_MAX, 1e8, 1e9,
		1e10, 999999999.9999999, 4294967295, 4294967296, 9007199254740991, 9007199254740994,
		18446744073709551615.0, 1e22, 1e300};

	(void)state;
	for (size_t i = 0; i < sizeof(extremes) / sizeof(extremes[0]); i++) {
		assert_all_decimals(extremes[i]);
		assert_all_decimals(nextafter(extremes[i], 0));
		assert_all_decimals(nextafter(extremes[i], DBL_MAX));
	}
}

/* k and a half, quarter, ... of the last place: exact in binary, and what lies right beside them. */
static void ties_go_to_even(void **state)
{
	(void)state;
	assert_fixed(0.5, 0);
	assert_fixed(1.5, 0);
	assert_fixed(0.0625, 3);
	assert_fixed(0.1875, 3);
	for (unsigned i = 0; i < 4096; i++) {
		double v = i / 1024.0;

		assert_all_decimals(v);
		assert_all_decimals(nextafter(v, 0));
		assert_all_decimals(nextafter(v, 8));
	}
}

static void decimal_values_are_those_of_printf(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		assert_fixed(i / 10000.0, 3);
		assert_fixed(i * 0.0005, 3);
		assert_fixed(i / 100.0, 1);
	}
}

static void random_values_are_those_of_printf(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 300000; i++) {
		uint64_t bits = next_random();
		unsigned decimals = (unsigned)(next_random() % (HEP_DECIMALS_MAX + 1));
		double v;

		memcpy(&v, &bits, sizeof(v));
		if (isfinite(v))
			assert_fixed(v, decimals);
		/* Where reports are: up to 2^30, with all bits below. */
		v = ldexp((double)(int64_t)bits, -(int)(34 + next_random() % 60));
		assert_fixed(v, decimals);
	}
}

static void padded_keeps_zeros_in_front(void **state)
{
	char got[8];

	(void)state;
	assert_same(got, hep_number_padded(got, 0, 6), "000000");
	assert_same(got, hep_number_padded(got, 999999, 6), "999999");
	assert_same(got, hep_number_padded(got, 1020, 6), "001020");
}

static void hex_and_addresses(void **state)
{
	static const uint8_t octets[] = {0x00, 0x0f, 0xa0, 0xff};
	static const uint8_t address[] = {192, 0, 2, 99};
	char got[HEP_NUMBER_IP_MAX];

	(void)state;
	assert_same(got, hep_number_hex(got, octets, 4, "0123456789abcdef"), "000fa0ff");
	assert_same(got, hep_number_hex(got, octets, 4, "0123456789ABCDEF"), "000FA0FF");
	assert_same(got, hep_number_ip(got, address, 4), "192.0.2.99");
	assert_same(got, hep_number_ip(got, (uint8_t[]){255, 255, 255, 255}, 4), "255.255.255.255");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_are_those_of_printf),
		cmocka_unit_test(eight_digits_are_those_of_printf),
		cmocka_unit_test(integers_stay_in_their_room),
		cmocka_unit_test(extremes_are_those_of_printf),
		cmocka_unit_test(ties_go_to_even),
		cmocka_unit_test(decimal_values_are_those_of_printf),
		cmocka_unit_test(random_values_are_those_of_printf),
		cmocka_unit_test(padded_keeps_zeros_in_front),
		cmocka_unit_test(hex_and_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
