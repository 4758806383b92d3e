/* SPDX-License-Identifier: BSD-3-Clause */
/* The wheel: phases, and positions that stay dense. */
#include "qos_wheel.h"
#include "unit.h"

static void phase_is_the_tenth_of_the_second(void **state)
{
	(void)state;
	assert_int_equal(qos_wheel_phase(0), 0);
	assert_int_equal(qos_wheel_phase(99999999), 0);
	assert_int_equal(qos_wheel_phase(100000000), 1);
	assert_int_equal(qos_wheel_phase(999999999), 9);
	assert_int_equal(qos_wheel_phase(1700000000250000000ull), 2);
	assert_true(qos_wheel_phase(UINT64_MAX) < QOS_WHEEL_SLOTS);
}

static void removal_moves_the_last_into_the_hole(void **state)
{
	struct qos_wheel wheel;

	(void)state;
	assert_int_equal(qos_wheel_init(&wheel, 4), 0);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(qos_wheel_add(&wheel, 3, 10 + i), i);
	assert_int_equal(qos_wheel_add(&wheel, 4, 99), 0);
	assert_int_equal(qos_wheel_remove(&wheel, 3, 1), 13);
	assert_int_equal(wheel.count[3], 3);
	assert_int_equal(wheel.slot[3][1], 13);
	assert_int_equal(qos_wheel_remove(&wheel, 3, 2), UINT32_MAX);
	assert_int_equal(qos_wheel_remove(&wheel, 3, 0), 13);
	assert_int_equal(qos_wheel_remove(&wheel, 3, 0), UINT32_MAX);
	assert_int_equal(wheel.count[3], 0);
	assert_int_equal(wheel.count[4], 1);
	qos_wheel_fini(&wheel);
	assert_null(wheel.slot[0]);
}

static void every_slot_takes_all_streams(void **state)
{
	struct qos_wheel wheel;

	(void)state;
	assert_int_equal(qos_wheel_init(&wheel, 1000), 0);
	for (unsigned phase = 0; phase < QOS_WHEEL_SLOTS; phase++)
		for (uint32_t i = 0; i < 1000; i++)
			assert_int_equal(qos_wheel_add(&wheel, phase, i), i);
	/* Downwards, as the worker walks: what moves was looked at already. */
	for (uint32_t i = 1000; i-- > 0;)
		if (i % 3 == 0)
			qos_wheel_remove(&wheel, 5, i);
	assert_int_equal(wheel.count[5], 666);
	for (uint32_t i = 0; i < 666; i++)
		assert_true(wheel.slot[5][i] % 3 != 0);
	qos_wheel_fini(&wheel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phase_is_the_tenth_of_the_second),
		cmocka_unit_test(removal_moves_the_last_into_the_hole),
		cmocka_unit_test(every_slot_takes_all_streams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
