/* SPDX-License-Identifier: BSD-3-Clause */
/* Pilots against their definition: the least one under which no two hashes have the same slot. */
#include "qos_pilot.h"
#include "qos_stream_case.h"

enum {
	SETS = 400,
};

static bool fits(uint16_t pilot, const uint32_t *hash, unsigned count)
{
	uint32_t used = 0;

	for (unsigned i = 0; i < count; i++)
		used |= 1u << qos_pilot_slot(pilot, hash[i]);
	return __builtin_popcount(used) == (int)count;
}

static void every_pilot_has_sixteen_slots_evenly(void **state)
{
	uint64_t random = 5;

	(void)state;
	for (unsigned pilot = 0; pilot < QOS_PILOTS; pilot += 251) {
		unsigned seen[QOS_GROUP_SLOTS] = {0};

		for (unsigned n = 0; n < 1600; n++) {
			unsigned slot = qos_pilot_slot(
				(uint16_t)pilot, (uint32_t)draw(&random, UINT32_MAX));

			assert_true(slot < QOS_GROUP_SLOTS);
			seen[slot]++;
		}
		for (unsigned i = 0; i < QOS_GROUP_SLOTS; i++)
			assert_in_range(seen[i], 50, 160);
	}
}

static void finds_the_least_that_fits(void **state)
{
	uint64_t random = 6;
	unsigned without = 0;

	(void)state;
	for (unsigned set = 0; set < SETS; set++) {
		unsigned count = 1 + set % QOS_GROUP_SLOTS;
		uint32_t hash[QOS_GROUP_SLOTS];
		int32_t pilot;

		for (unsigned i = 0; i < count; i++)
			hash[i] = draw(&random, UINT32_MAX);
		pilot = qos_pilot_find(hash, count);
		without += pilot < 0;
		for (int32_t other = 0; other < (pilot < 0 ? QOS_PILOTS : pilot); other++)
			assert_false(fits((uint16_t)other, hash, count));
		assert_true(pilot < 0 || fits((uint16_t)pilot, hash, count));
		assert_true(pilot >= 0 || count > QOS_GROUP_KEYS);
	}
	/* Sixteen are too many but for one set in fourteen, fifteen for one in three. */
	assert_in_range(without, SETS / 20, SETS / 8);
}

static void the_same_hash_twice_fits_nowhere(void **state)
{
	const uint32_t hash[] = {7, 0x12345678, 7};

	(void)state;
	assert_int_equal(qos_pilot_find(hash, 3), -1);
	assert_int_not_equal(qos_pilot_find(hash, 2), -1);
}

static void no_hash_at_all_fits_the_first(void **state)
{
	(void)state;
	assert_int_equal(qos_pilot_find(NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pilot_has_sixteen_slots_evenly),
		cmocka_unit_test(finds_the_least_that_fits),
		cmocka_unit_test(the_same_hash_twice_fits_nowhere),
		cmocka_unit_test(no_hash_at_all_fits_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
