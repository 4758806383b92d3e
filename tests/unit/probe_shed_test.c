/* SPDX-License-Identifier: BSD-3-Clause */
/* The level of shedding alone: up with the fill, held, and down by time. */
#include "probe_shed.h"
#include "unit.h"

#define MS	 ((uint64_t)1000000)
#define START_NS ((uint64_t)1770000000 * 1000 * MS)

enum {
	SIZE = 1024,
	ALL = PROBE_SHED_BUCKETS,
};

static void sheds_nothing_up_to_half_full(void **state)
{
	struct probe_shed shed = {0};

	(void)state;
	for (uint64_t used = 0; used <= SIZE / 2; used++) {
		probe_shed_fill(&shed, used, SIZE, START_NS + used);
		assert_int_equal(probe_shed_level(&shed), 0);
	}
}

static void rises_with_the_fill_at_once(void **state)
{
	struct probe_shed shed = {0};
	unsigned before = 0;

	(void)state;
	for (uint64_t used = SIZE / 2; used <= SIZE; used++) {
		probe_shed_fill(&shed, used, SIZE, START_NS);
		assert_true(probe_shed_level(&shed) >= before);
		assert_true(probe_shed_level(&shed) <= ALL);
		before = probe_shed_level(&shed);
		if (used == SIZE / 2 + SIZE / 8)
			assert_int_equal(before, ALL / 2);
		if (used >= SIZE * 3 / 4)
			assert_int_equal(before, ALL);
	}
	shed = (struct probe_shed){0};
	probe_shed_fill(&shed, SIZE - 1, SIZE, START_NS);
	assert_int_equal(probe_shed_level(&shed), ALL);
}

static void holds_its_level_until_nearly_empty(void **state)
{
	struct probe_shed shed = {0};
	uint64_t now_ns = START_NS;

	(void)state;
	probe_shed_fill(&shed, SIZE / 2 + SIZE / 8, SIZE, now_ns);
	for (uint64_t used = SIZE / 2 + SIZE / 8; used > SIZE / 8; used--) {
		now_ns += 10 * MS;
		probe_shed_fill(&shed, used, SIZE, now_ns);
		assert_int_equal(probe_shed_level(&shed), ALL / 2);
	}
	/* However long that took, it counts from here. */
	probe_shed_fill(&shed, SIZE / 8, SIZE, now_ns + MS);
	assert_true(probe_shed_level(&shed) >= ALL / 2 - 1);
}

/* Looked at every step_ns with nothing queued; how long until nothing is shed any more. */
static uint64_t down_ns(uint64_t step_ns)
{
	struct probe_shed shed = {0};
	uint64_t ns = 0;

	probe_shed_fill(&shed, SIZE, SIZE, START_NS);
	while (probe_shed_level(&shed)) {
		unsigned before = probe_shed_level(&shed);

		ns += step_ns;
		probe_shed_fill(&shed, 0, SIZE, START_NS + ns);
		assert_true(probe_shed_level(&shed) <= before);
		assert_true(before - probe_shed_level(&shed) <= step_ns / (4 * MS) + 1);
		assert_true(ns < 10000 * MS);
	}
	return ns;
}

static void comes_down_within_a_second_however_often_looked_at(void **state)
{
	static const uint64_t steps_ns[] = {MS / 10, MS, 3 * MS, 20 * MS, 50 * MS};

	(void)state;
	for (unsigned i = 0; i < sizeof(steps_ns) / sizeof(steps_ns[0]); i++) {
		uint64_t ns = down_ns(steps_ns[i]);

		assert_in_range(ns, 900 * MS, 1030 * MS + steps_ns[i]);
	}
}

static void comes_down_after_time_stepped_back(void **state)
{
	struct probe_shed shed = {0};
	uint64_t ns = 0;

	(void)state;
	probe_shed_fill(&shed, SIZE, SIZE, START_NS + 3600 * 1000 * MS);
	while (probe_shed_level(&shed)) {
		ns += MS;
		probe_shed_fill(&shed, 0, SIZE, START_NS + ns);
		assert_true(ns <= 1030 * MS);
	}
}

/* A queue of 1024. */
static void poll(struct probe_shed *shed, unsigned taken, uint64_t full, uint64_t now_ns)
{
	probe_shed_poll(shed, &(struct probe_shed_polls){taken, full, 1024}, now_ns);
}

/* Polls of 32 that come back full, until the level is at least as high as wanted; returns their packets. */
static uint64_t full_until(struct probe_shed *shed, uint64_t from, unsigned wanted)
{
	uint64_t full = from;

	while (probe_shed_level(shed) < wanted)
		poll(shed, 32, full += 32, START_NS);
	return full;
}

static void rises_in_large_steps_then_waits(void **state)
{
	struct probe_shed shed = {0};

	(void)state;
	assert_int_equal(full_until(&shed, 0, 1), 256);
	assert_int_equal(probe_shed_level(&shed), 64);
	assert_int_equal(full_until(&shed, 256, 65), 384);
	assert_int_equal(probe_shed_level(&shed), 128);
	assert_int_equal(full_until(&shed, 384, 129), 512);
	assert_int_equal(probe_shed_level(&shed), 192);
	/* What waits by then has time to be taken: twice the queue. Then small steps. */
	assert_int_equal(full_until(&shed, 512, 193), 512 + 2048);
	assert_int_equal(probe_shed_level(&shed), 208);
}

static void rises_from_where_it_was_in_small_steps(void **state)
{
	struct probe_shed shed = {0};

	(void)state;
	full_until(&shed, 0, 128);
	poll(&shed, 31, 0, START_NS);
	assert_int_equal(probe_shed_level(&shed), 128);
	assert_int_equal(full_until(&shed, 0, 129), 256);
	assert_int_equal(probe_shed_level(&shed), 144);
}

static void waits_while_a_stall_is_worked_off(void **state)
{
	struct probe_shed shed = {0};

	(void)state;
	poll(&shed, 32, 32, START_NS);
	probe_shed_wait(&shed, 32 + 4096);
	assert_int_equal(full_until(&shed, 32, 1), 32 + 4096);
	/* Once, not for the next streak. */
	shed = (struct probe_shed){0};
	poll(&shed, 32, 32, START_NS);
	probe_shed_wait(&shed, 32 + 4096);
	poll(&shed, 31, 0, START_NS);
	assert_int_equal(full_until(&shed, 0, 1), 256);
}

/* As a receiver does that sees how little waits. */
static void is_due_before_it_rises_and_can_be_put_off(void **state)
{
	struct probe_shed shed = {0};

	(void)state;
	assert_false(probe_shed_is_due(&shed, 32));
	for (uint64_t full = 32; full < 256; full += 32) {
		poll(&shed, 32, full, START_NS);
		assert_int_equal(probe_shed_is_due(&shed, full + 32), full + 32 == 256);
	}
	probe_shed_wait(&shed, 256 + 128);
	assert_false(probe_shed_is_due(&shed, 256));
	assert_false(probe_shed_is_due(&shed, 0));
	assert_int_equal(full_until(&shed, 224, 1), 256 + 128);
}

static void falls_while_polls_are_not_full(void **state)
{
	struct probe_shed shed = {0};

	(void)state;
	full_until(&shed, 0, 192);
	/* A full poll now and then does not hold it. */
	for (unsigned ms = 1; ms <= 1000; ms++)
		poll(&shed, ms % 2 ? 32 : 16, ms % 2 ? 32 : 0, START_NS + ms * MS);
	assert_int_equal(probe_shed_level(&shed), 0);
}

static void a_jam_is_over_when_polls_take_little(void **state)
{
	struct probe_shed shed = {0};
	uint64_t us = 0;

	(void)state;
	full_until(&shed, 0, 192);
	for (; probe_shed_level(&shed) && us < 20000; us += 10)
		poll(&shed, us % 30 ? 0 : 4, 0, START_NS + us * 1000);
	assert_int_equal(probe_shed_level(&shed), 0);
	assert_true(us > 10000);
}

/* One that takes more says that the worker is busy. */
static void a_lasting_overload_is_no_jam(void **state)
{
	struct probe_shed shed = {0};

	(void)state;
	full_until(&shed, 0, 192);
	for (uint64_t us = 0; us < 20000; us += 10)
		poll(&shed, us % 900 ? 4 : 5, 0, START_NS + us * 1000);
	assert_true(probe_shed_level(&shed) >= 192 - 5);
}

static void calm_is_counted_anew_after_time_stepped_back(void **state)
{
	struct probe_shed shed = {0};

	(void)state;
	full_until(&shed, 0, 192);
	poll(&shed, 0, 0, START_NS - 3600 * 1000 * MS);
	assert_true(probe_shed_level(&shed) >= 191);
	poll(&shed, 0, 0, START_NS - 3600 * 1000 * MS + 2 * MS);
	assert_true(probe_shed_level(&shed) <= 192 - 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sheds_nothing_up_to_half_full),
		cmocka_unit_test(rises_with_the_fill_at_once),
		cmocka_unit_test(holds_its_level_until_nearly_empty),
		cmocka_unit_test(comes_down_within_a_second_however_often_looked_at),
		cmocka_unit_test(comes_down_after_time_stepped_back),
		cmocka_unit_test(rises_in_large_steps_then_waits),
		cmocka_unit_test(rises_from_where_it_was_in_small_steps),
		cmocka_unit_test(waits_while_a_stall_is_worked_off),
		cmocka_unit_test(is_due_before_it_rises_and_can_be_put_off),
		cmocka_unit_test(falls_while_polls_are_not_full),
		cmocka_unit_test(a_jam_is_over_when_polls_take_little),
		cmocka_unit_test(a_lasting_overload_is_no_jam),
		cmocka_unit_test(calm_is_counted_anew_after_time_stepped_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
