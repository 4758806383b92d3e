/* SPDX-License-Identifier: BSD-3-Clause */
/* A free list over one block; objects beyond the high-water mark are not on the list yet, so that
 * start-up does not touch the whole block. */
#include "qos_pool.h"

#include <errno.h>
#include <string.h>

#include "qos_mem.h"

enum {
	LINE_BYTES = 64,
	PREFETCHED_BYTES = 512, /* of the object that is taken next */
	READY_BYTES = 8 << 20, /* of 20,000 calls a second that is 400 ms */
};

static void *object_at(const struct qos_pool *pool, uint32_t number)
{
	return pool->block + pool->stride * number;
}

int qos_pool_init(struct qos_pool *pool, size_t size, uint32_t max)
{
	size_t stride, bytes;

	if (size == 0 || max == 0 || size > SIZE_MAX - LINE_BYTES)
		return -EINVAL;
	stride = qos_pool_stride(size);
	if (__builtin_mul_overflow(stride, (size_t)max, &bytes))
		return -EINVAL;
	*pool = (struct qos_pool){.bytes = bytes, .stride = stride, .max = max};
	pool->block = qos_mem_map(bytes);
	if (!pool->block)
		return -ENOMEM;
	pthread_mutex_init(&pool->lock, NULL);
	return 0;
}

void qos_pool_fini(struct qos_pool *pool)
{
	pthread_mutex_destroy(&pool->lock);
	qos_mem_unmap(pool->block, pool->bytes);
	pool->block = NULL;
}

/* It will be written to, and was not touched for long. */
static void prefetch_next(const struct qos_pool *pool)
{
	const uint8_t *next = pool->free;
	size_t bytes = pool->stride < PREFETCHED_BYTES ? pool->stride : PREFETCHED_BYTES;

	if (!next && pool->used < pool->max)
		next = object_at(pool, pool->used);
	for (size_t i = 0; next && i < bytes; i += LINE_BYTES)
		__builtin_prefetch(next + i, 1);
}

void *qos_pool_take(struct qos_pool *pool, size_t clear)
{
	void *object = NULL;

	pthread_mutex_lock(&pool->lock);
	if (pool->free) {
		object = pool->free;
		memcpy(&pool->free, object, sizeof(pool->free));
	} else if (pool->used < pool->max) {
		object = object_at(pool, pool->used++);
	}
	prefetch_next(pool);
	pthread_mutex_unlock(&pool->lock);
	if (object)
		memset(object, 0, clear);
	return object;
}

void qos_pool_put(struct qos_pool *pool, void *object)
{
	pthread_mutex_lock(&pool->lock);
	memcpy(object, &pool->free, sizeof(pool->free));
	pool->free = object;
	pthread_mutex_unlock(&pool->lock);
}

void qos_pool_populate(struct qos_pool *pool)
{
	size_t used, end;

	pthread_mutex_lock(&pool->lock);
	used = pool->stride * pool->used;
	pthread_mutex_unlock(&pool->lock);
	if (!used)
		return;
	end = pool->bytes - used < READY_BYTES ? pool->bytes : used + READY_BYTES;
	if (end <= pool->ready)
		return;
	qos_mem_populate(pool->block, pool->ready > used ? pool->ready : used, end);
	pool->ready = end;
}
