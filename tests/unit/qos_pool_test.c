/* SPDX-License-Identifier: BSD-3-Clause */
/* The pool: bounded, zeroed, aligned, reused. */
#include <sys/mman.h>

#include <errno.h>

#include "qos_mem.h"
#include "qos_pool.h"
#include "unit.h"

static void gives_each_object_once_and_no_more_than_max(void **state)
{
	struct qos_pool pool;
	unsigned char *got[3];

	(void)state;
	assert_int_equal(qos_pool_init(&pool, 65, 3), 0);
	for (int i = 0; i < 3; i++) {
		got[i] = qos_pool_take(&pool, 24);
		assert_non_null(got[i]);
		assert_int_equal((uintptr_t)got[i] % 64, 0);
		memset(got[i], i + 1, 65);
	}
	assert_null(qos_pool_take(&pool, 24));
	for (int i = 0; i < 3; i++)
		assert_int_equal(got[i][64], i + 1);
	qos_pool_fini(&pool);
}

static void gives_back_objects_as_zeros(void **state)
{
	struct qos_pool pool;
	unsigned char *a, *b;

	(void)state;
	assert_int_equal(qos_pool_init(&pool, 24, 2), 0);
	a = qos_pool_take(&pool, 24);
	b = qos_pool_take(&pool, 24);
	memset(a, 0xff, 24);
	memset(b, 0xff, 24);
	qos_pool_put(&pool, a);
	qos_pool_put(&pool, b);
	assert_ptr_equal(qos_pool_take(&pool, 24), b);
	assert_ptr_equal(qos_pool_take(&pool, 24), a);
	assert_null(qos_pool_take(&pool, 24));
	for (int i = 0; i < 24; i++)
		assert_int_equal(a[i] | b[i], 0);
	qos_pool_fini(&pool);
}

static size_t resident(const struct qos_pool *pool, size_t from)
{
	unsigned char pages[4096];
	size_t n = (pool->bytes - from) / 4096, count = 0;

	assert_true(n <= sizeof(pages));
	assert_int_equal(mincore(pool->block + from, n * 4096, pages), 0);
	for (size_t i = 0; i < n; i++)
		count += pages[i] & 1;
	return count;
}

/* Where the kernel cannot nothing is there, and nothing is wrong. */
static void has_memory_ready_ahead_of_what_is_used(void **state)
{
	const size_t mib = 1 << 20;
	struct qos_pool pool;

	(void)state;
	qos_mem_use_small_pages();
	assert_int_equal(qos_pool_init(&pool, 4096, 4096), 0);
	qos_pool_populate(&pool);
	assert_int_equal(resident(&pool, 0), 0);
	assert_non_null(qos_pool_take(&pool, 8));
	assert_int_equal(resident(&pool, 4096), 0);
	qos_pool_populate(&pool);
	if (resident(&pool, 4096)) {
		assert_int_equal(resident(&pool, 4096), 8 * mib / 4096);
		for (int i = 0; i < 3000; i++)
			assert_non_null(qos_pool_take(&pool, 8));
		qos_pool_populate(&pool);
		assert_int_equal(resident(&pool, 0), pool.max);
		qos_pool_populate(&pool);
	}
	qos_pool_fini(&pool);
}

static void refuses_senseless_sizes(void **state)
{
	struct qos_pool pool;

	(void)state;
	assert_int_equal(qos_pool_init(&pool, 0, 1), -EINVAL);
	assert_int_equal(qos_pool_init(&pool, 1, 0), -EINVAL);
	assert_int_equal(qos_pool_init(&pool, SIZE_MAX, 1), -EINVAL);
	assert_int_equal(qos_pool_init(&pool, SIZE_MAX / 2, 4), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_each_object_once_and_no_more_than_max),
		cmocka_unit_test(gives_back_objects_as_zeros),
		cmocka_unit_test(refuses_senseless_sizes),
		cmocka_unit_test(has_memory_ready_ahead_of_what_is_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
