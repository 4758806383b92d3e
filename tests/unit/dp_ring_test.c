/* SPDX-License-Identifier: BSD-3-Clause */
/* Rings: order, fill, what does not fit stays with the caller, and two threads. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "dp_ring.h"
#include "dp_unit.h"
#include "unit.h"

struct element {
	uint32_t words[8];
};

static struct element numbered(uint32_t n)
{
	struct element e;

	for (unsigned i = 0; i < 8; i++)
		e.words[i] = n * 8 + i;
	return e;
}

static void keeps_order_and_content_across_the_wrap(void **state)
{
	struct element in[5], out[5];
	struct dp_ring *ring;
	uint32_t next = 0;

	(void)state;
	assert_int_equal(dp_ring_create("unit", sizeof(in[0]), 16, -1, &ring), 0);
	for (unsigned round = 0; round < 20; round++) {
		for (unsigned i = 0; i < 5; i++)
			in[i] = numbered(next + i);
		assert_int_equal(dp_ring_put(ring, in, 5), 5);
		assert_int_equal(dp_ring_count(ring), 5);
		assert_int_equal(dp_ring_take(ring, out, 5), 5);
		assert_memory_equal(in, out, sizeof(in));
		next += 5;
	}
	dp_ring_destroy(ring);
}

static void takes_only_what_fits(void **state)
{
	struct element in[20], out[20];
	struct dp_ring *ring;

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		in[i] = numbered(i);
	assert_int_equal(dp_ring_create("unit", sizeof(in[0]), 16, -1, &ring), 0);
	assert_string_equal(dp_ring_name(ring), "unit");
	assert_int_equal(dp_ring_size(ring), 16);
	assert_int_equal(dp_ring_room(ring), 15);
	assert_int_equal(dp_ring_put(ring, in, 20), 15);
	assert_int_equal(dp_ring_put(ring, in + 15, 5), 0);
	assert_int_equal(dp_ring_room(ring), 0);
	assert_int_equal(dp_ring_take(ring, out, 20), 15);
	assert_memory_equal(in, out, 15 * sizeof(in[0]));
	assert_int_equal(dp_ring_take(ring, out, 20), 0);
	dp_ring_destroy(ring);
}

static void refuses_sizes_that_are_no_power_of_two(void **state)
{
	struct dp_ring *ring;

	(void)state;
	assert_int_equal(dp_ring_create("unit", 32, 15, -1, &ring), -EINVAL);
	assert_int_equal(dp_ring_create("unit", 33, 16, -1, &ring), -EINVAL);
}

enum {
	PASSED = 200000,
};

static void *produce(void *arg)
{
	struct dp_ring *ring = arg;

	for (uint32_t i = 0; i < PASSED;) {
		struct element e = numbered(i);

		if (dp_ring_put(ring, &e, 1))
			i++;
		else
			sched_yield();
	}
	return NULL;
}

static void passes_everything_from_thread_to_thread(void **state)
{
	struct dp_ring *ring;
	pthread_t thread;
	unsigned bad = 0;

	(void)state;
	assert_int_equal(dp_ring_create("unit", sizeof(struct element), 256, -1, &ring), 0);
	assert_int_equal(pthread_create(&thread, NULL, produce, ring), 0);
	for (uint32_t i = 0; i < PASSED;) {
		struct element got[32];
		unsigned n = dp_ring_take(ring, got, 32);

		for (unsigned k = 0; k < n; k++, i++) {
			struct element want = numbered(i);

			bad += memcmp(&got[k], &want, sizeof(want)) != 0;
		}
		if (!n)
			sched_yield();
	}
	pthread_join(thread, NULL);
	assert_int_equal(bad, 0);
	dp_ring_destroy(ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_order_and_content_across_the_wrap),
		cmocka_unit_test(takes_only_what_fits),
		cmocka_unit_test(refuses_sizes_that_are_no_power_of_two),
		cmocka_unit_test(passes_everything_from_thread_to_thread),
	};

	return cmocka_run_group_tests(tests, start_eal, stop_eal);
}
