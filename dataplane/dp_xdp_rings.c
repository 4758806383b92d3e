/* SPDX-License-Identifier: BSD-3-Clause */
/* The driver keeps its rings to itself, but gets them from libxdp: two functions here stand before libxdp's for the
 * whole process. They make the fill ring larger, note where the rings are, and have the kernel know all of the pool's
 * memory: the driver forgets what a page has left over behind a buffer, so that the last buffers of a pool in small
 * pages would be out of the kernel's reach, and lost when they get there. */
#include "dp_xdp_rings.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>

#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <xdp/xsk.h>

enum {
	CHUNK = 64,
};

typedef int umem_create(struct xsk_umem **umem, void *area, __u64 size, struct xsk_ring_prod *fill,
	struct xsk_ring_cons *completion, const struct xsk_umem_config *config);

typedef int socket_create(struct xsk_socket **socket, const char *interface, __u32 queue,
	struct xsk_umem *umem, struct xsk_ring_cons *received, struct xsk_ring_prod *sent,
	const struct xsk_socket_config *config);

/* Of the queue that is being set up. */
static struct {
	const struct rte_mempool *pool;
	uint32_t wanted; /* 0: no queue of ours */
	struct xsk_ring_prod *ring; /* NULL: none */
	const struct xsk_ring_cons *received; /* the same */
	char *area;
	uint64_t size;
} fill;

/* From area to the pool's end. Memory in several pieces stays as the driver sees it. */
static uint64_t whole_size(const char *area, uint64_t size)
{
	const struct rte_mempool_memhdr *memory = STAILQ_FIRST(&fill.pool->mem_list);
	const char *begin = memory ? memory->addr : NULL;

	if (fill.pool->nb_mem_chunks != 1 || begin < area || begin + memory->len <= area + size)
		return size;
	return (uint64_t)(begin + memory->len - area);
}

__attribute__((visibility("default"))) int xsk_umem__create(struct xsk_umem **umem, void *area,
	__u64 size, struct xsk_ring_prod *ring, struct xsk_ring_cons *completion,
	const struct xsk_umem_config *config)
{
	umem_create *next = NULL;
	struct xsk_umem_config larger;
	int rc;

	*(void **)&next = dlsym(RTLD_NEXT, "xsk_umem__create");
	if (!next)
		return -ENOSYS;
	/* Only buffers of any size are named by where they begin. */
	if (!config || !(config->flags & XDP_UMEM_UNALIGNED_CHUNK_FLAG) || !fill.wanted)
		return next(umem, area, size, ring, completion, config);
	larger = *config;
	if (larger.fill_size < fill.wanted)
		larger.fill_size = fill.wanted;
	fill.area = area;
	fill.size = whole_size(area, size);
	rc = next(umem, area, fill.size, ring, completion, &larger);
	fill.ring = rc ? NULL : ring;
	return rc;
}

__attribute__((visibility("default"))) int xsk_socket__create(struct xsk_socket **socket,
	const char *interface, __u32 queue, struct xsk_umem *umem, struct xsk_ring_cons *received,
	struct xsk_ring_prod *sent, const struct xsk_socket_config *config)
{
	socket_create *next = NULL;
	int rc;

	*(void **)&next = dlsym(RTLD_NEXT, "xsk_socket__create");
	rc = next ? next(socket, interface, queue, umem, received, sent, config) : -ENOSYS;
	fill.received = rc ? NULL : received;
	return rc;
}

void dp_xdp_rings_begin(const struct rte_mempool *pool, uint32_t buffers)
{
	fill.pool = pool;
	fill.wanted = buffers;
	fill.ring = NULL;
	fill.received = NULL;
}

static bool is_inside(uint64_t address, const struct rte_mempool *pool)
{
	uint64_t object = pool->header_size + pool->elt_size + pool->trailer_size;

	return address < fill.size && object <= fill.size - address;
}

/* Whether the driver names buffers as is done here: by what it named last. */
static bool is_known(const struct rte_mempool *pool)
{
	uint64_t address;

	if (!fill.ring || !fill.ring->cached_prod)
		return false;
	address = *xsk_ring_prod__fill_addr(fill.ring, fill.ring->cached_prod - 1);
	return is_inside(address, pool) &&
	       rte_mempool_from_obj((void *)(fill.area + address + pool->header_size)) == pool;
}

/* False: no more. Those outside of the driver's memory are of no use. */
static bool add(struct rte_mempool *pool, uint32_t n)
{
	struct rte_mbuf *mbufs[CHUNK];
	uint32_t at, done = 0;

	if (rte_pktmbuf_alloc_bulk(pool, mbufs, n))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t address =
			(uint64_t)((const char *)mbufs[i] - fill.area) - pool->header_size;

		if (is_inside(address, pool) && xsk_ring_prod__reserve(fill.ring, 1, &at)) {
			*xsk_ring_prod__fill_addr(fill.ring, at) = address;
			done++;
		} else {
			rte_pktmbuf_free(mbufs[i]);
		}
	}
	xsk_ring_prod__submit(fill.ring, done);
	return done == n;
}

uint32_t dp_xdp_rings_end(struct rte_mempool *pool, const struct xsk_ring_cons **received)
{
	uint32_t given = fill.ring ? fill.ring->cached_prod : 0;
	bool has_more = is_known(pool);

	while (has_more && given < fill.wanted) {
		uint32_t n = fill.wanted - given < CHUNK ? fill.wanted - given : CHUNK;

		has_more = add(pool, n);
		given = fill.ring->cached_prod;
	}
	*received = fill.received;
	dp_xdp_rings_begin(NULL, 0);
	return given;
}

uint32_t dp_xdp_rings_waiting(const struct xsk_ring_cons *received)
{
	return *(const volatile uint32_t *)received->producer - *received->consumer;
}
