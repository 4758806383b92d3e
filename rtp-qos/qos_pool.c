/* SPDX-License-Identifier: BSD-3-Clause */
/* A free list over one block; objects beyond the high-water mark are not on the list yet, so that
 * start-up does not touch the whole block. */
#include "qos_pool.h"

#include <errno.h>
#include <string.h>

#include "qos_mem.h"

enum {
	PREFETCHED_BYTES = 640, /* of the object that is taken next */
	READY_BYTES = 8 << 20, /* of 20,000 calls a second that is 400 ms */
};

static void *object_at(const struct qos_pool *pool, uint32_t number)
{
	return pool->block + pool->stride * number;
}

int qos_pool_init(struct qos_pool *pool, size_t size, uint32_t max)
{
	size_t stride, bytes;

	if (size == 0 || max == 0 || size > SIZE_MAX - QOS_LINE_BYTES)
		return -EINVAL;
	stride = qos_pool_stride(size);
	if (__builtin_mul_overflow(stride, (size_t)max, &bytes))
		return -EINVAL;
	*pool = (struct qos_pool){.bytes = bytes, .stride = stride, .max = max};
	pool->block = qos_mem_map(bytes);
	if (!pool->block)
		return -ENOMEM;
	pthread_spin_init(&pool->lock, PTHREAD_PROCESS_PRIVATE);
	return 0;
}

void qos_pool_fini(struct qos_pool *pool)
{
	pthread_spin_destroy(&pool->lock);
	qos_mem_unmap(pool->block, pool->bytes);
	pool->block = NULL;
}

/* All at once: of one taken alone the next might have changed before it is taken (ABA). */
static void refill(struct qos_pool *pool)
{
	if (!pool->free && atomic_load_explicit(&pool->given, memory_order_relaxed))
		pool->free = atomic_exchange_explicit(&pool->given, NULL, memory_order_acquire);
}

/* It will be written to, and was not touched for long. */
static void prefetch_next(const struct qos_pool *pool)
{
	uint32_t used = atomic_load_explicit(&pool->used, memory_order_relaxed);
	const uint8_t *next = pool->free;
	size_t bytes = pool->stride < PREFETCHED_BYTES ? pool->stride : PREFETCHED_BYTES;

	if (!next && used < pool->max)
		next = object_at(pool, used);
	for (size_t i = 0; next && i < bytes; i += QOS_LINE_BYTES)
		__builtin_prefetch(next + i, 1);
}

static void *take(struct qos_pool *pool)
{
	uint32_t used = atomic_load_explicit(&pool->used, memory_order_relaxed);
	void *object = NULL;

	refill(pool);
	if (pool->free) {
		object = pool->free;
		memcpy(&pool->free, object, sizeof(pool->free));
	} else if (used < pool->max) {
		object = object_at(pool, used);
		atomic_store_explicit(&pool->used, used + 1, memory_order_relaxed);
	}
	refill(pool);
	prefetch_next(pool);
	return object;
}

void *qos_pool_take_alone(struct qos_pool *pool, size_t clear)
{
	void *object = take(pool);

	if (object)
		memset(object, 0, clear);
	return object;
}

void *qos_pool_take(struct qos_pool *pool, size_t clear)
{
	void *object;

	pthread_spin_lock(&pool->lock);
	object = take(pool);
	pthread_spin_unlock(&pool->lock);
	if (object)
		memset(object, 0, clear);
	return object;
}

void qos_pool_put(struct qos_pool *pool, void *object)
{
	void *next = atomic_load_explicit(&pool->given, memory_order_relaxed);

	do
		memcpy(object, &next, sizeof(next));
	while (!atomic_compare_exchange_weak_explicit(
		&pool->given, &next, object, memory_order_release, memory_order_relaxed));
}

void qos_pool_populate(struct qos_pool *pool)
{
	size_t used, end;

	used = pool->stride * atomic_load_explicit(&pool->used, memory_order_relaxed);
	if (!used)
		return;
	end = pool->bytes - used < READY_BYTES ? pool->bytes : used + READY_BYTES;
	if (end <= pool->ready)
		return;
	qos_mem_populate(pool->block, pool->ready > used ? pool->ready : used, end);
	pool->ready = end;
}
