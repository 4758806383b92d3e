/* SPDX-License-Identifier: BSD-3-Clause */
/* Objects of one size out of one block taken at start: the packet path allocates nothing, and
 * memory is bounded. Pages that were never used are not touched, but for a few if qos_pool_populate is called.
 * Owner: the table that embeds it. Threads: any; a lock to take, so for SIP messages only, not media, and none to give
 * back. */
#ifndef QOS_POOL_H
#define QOS_POOL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct qos_pool {
	pthread_spinlock_t lock; /* of who takes, unless a lock of its own does */
	uint8_t *block;
	size_t bytes;
	size_t stride; /* object size, rounded up to cache lines */
	uint32_t max;
	_Atomic uint32_t used; /* objects ever taken */
	size_t ready; /* octets of block that were populated; of who calls qos_pool_populate */
	void *free; /* that were given back, the first word of each points to the next; of who takes */
	void *_Atomic given; /* since then, in the same way */
};

/* Octets of one object of this size in a pool. */
static inline size_t qos_pool_stride(size_t size)
{
	return (size + 63) / 64 * 64;
}

/* 0, -EINVAL or -ENOMEM. */
int qos_pool_init(struct qos_pool *pool, size_t size, uint32_t max);
void qos_pool_fini(struct qos_pool *pool);

/* An object whose first clear octets are zeros, or NULL when all are taken. */
void *qos_pool_take(struct qos_pool *pool, size_t clear);
/* The same of a pool from which nobody else takes meanwhile. */
void *qos_pool_take_alone(struct qos_pool *pool, size_t clear);
void qos_pool_put(struct qos_pool *pool, void *object);

/* What: has memory ready for the next objects that were never taken, some MiB, so that taking them waits for no
 * page; of a pool that nobody uses none. Several times a second, by one thread that has the time. */
void qos_pool_populate(struct qos_pool *pool);

#endif
