/* SPDX-License-Identifier: BSD-3-Clause */
/* Two mempools, of small and of large messages, and a ring that has room for all of them. */
#include "dp_mailbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_errno.h>
#include <rte_mempool.h>
#include <rte_ring.h>

#include "dp_node.h"

enum {
	SMALL_ROOM = 2048 - sizeof(struct dp_message),
	LARGE_ROOM = 65536,
	LARGE_SHARE = 8, /* one large message for so many small ones */
	LARGE_MIN = 16,
	CACHE_SIZE = 32,
	CACHES = 2 * CACHE_SIZE * 3 / 2, /* worker's and sender's, at their flush threshold */
};

struct dp_mailbox {
	struct rte_ring *ring;
	struct rte_mempool *small;
	struct rte_mempool *large;
};

static void set_room(struct rte_mempool *pool, void *room, void *object, unsigned index)
{
	struct dp_message *message = object;

	(void)pool;
	(void)index;
	message->size = 0;
	message->room = *(const uint32_t *)room;
}

/* Only the worker takes from the pools; both ends give back. */
static struct rte_mempool *create_pool(
	const char *kind, unsigned index, uint32_t n, uint32_t room, unsigned cache, int socket)
{
	struct rte_mempool *pool;
	char name[RTE_MEMPOOL_NAMESIZE];
	int rc;

	snprintf(name, sizeof(name), "hep_%s_%u", kind, index);
	pool = rte_mempool_create_empty(name, n, (unsigned)sizeof(struct dp_message) + room, cache,
		0, socket, RTE_MEMPOOL_F_SC_GET);
	if (!pool)
		return NULL;
	/* What was given back last is taken first, so that no more memory is in use than messages are under way. Where DPDK
	 * has no such pool they go round, which is slower and nothing else. */
	(void)rte_mempool_set_ops_byname(pool, "lf_stack", NULL);
	rc = rte_mempool_populate_default(pool);
	if (rc < 0) {
		rte_mempool_free(pool);
		rte_errno = -rc;
		return NULL;
	}
	rte_mempool_obj_iter(pool, set_room, &room);
	return pool;
}

static uint32_t large_count(uint32_t messages)
{
	return messages / LARGE_SHARE > LARGE_MIN ? messages / LARGE_SHARE : LARGE_MIN;
}

uint64_t dp_mailbox_memory(uint32_t messages)
{
	uint32_t large = large_count(messages);
	uint64_t overhead =
		sizeof(struct rte_mempool_objhdr) + sizeof(struct dp_message) + RTE_CACHE_LINE_SIZE;

	return (messages + CACHES) * (SMALL_ROOM + overhead) + large * (LARGE_ROOM + overhead) +
	       3 * (uint64_t)(messages + large) * sizeof(void *);
}

static int create(unsigned index, uint32_t messages, int socket, struct dp_mailbox **mailbox)
{
	uint32_t large = large_count(messages);
	struct dp_mailbox *new = calloc(1, sizeof(*new));
	char name[RTE_RING_NAMESIZE];
	int err;

	if (!new)
		return -ENOMEM;
	/* What sits in the caches cannot be taken by the other end, so it comes on top. */
	new->small = create_pool("small", index, messages + CACHES, SMALL_ROOM, CACHE_SIZE, socket);
	if (!new->small)
		goto fail;
	new->large = create_pool("large", index, large, LARGE_ROOM, 0, socket);
	if (!new->large)
		goto fail;
	snprintf(name, sizeof(name), "hep_%u", index);
	new->ring = rte_ring_create(
		name, messages + large, socket, RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
	if (!new->ring)
		goto fail;
	*mailbox = new;
	return 0;

fail:
	err = rte_errno ? -rte_errno : -ENOMEM;
	dp_mailbox_destroy(new);
	return err;
}

int dp_mailbox_create(unsigned index, uint32_t messages, int socket, struct dp_mailbox **mailbox)
{
	int err;

	do
		err = create(index, messages, socket, mailbox);
	while (err && dp_node_is_left(&socket, -err, DP_NODE_HEP));
	return err;
}

void dp_mailbox_destroy(struct dp_mailbox *mailbox)
{
	if (!mailbox)
		return;
	rte_ring_free(mailbox->ring);
	rte_mempool_free(mailbox->large);
	rte_mempool_free(mailbox->small);
	free(mailbox);
}

struct dp_message *dp_mailbox_alloc(struct dp_mailbox *mailbox, size_t need)
{
	void *object = NULL;
	struct dp_message *message;

	if (need > LARGE_ROOM)
		return NULL;
	/* Small ones do not fall back on large ones: a flood of reports would take those from SIP. */
	if (rte_mempool_get(need > SMALL_ROOM ? mailbox->large : mailbox->small, &object))
		return NULL;
	message = object;
	message->size = 0;
	return message;
}

bool dp_mailbox_send(struct dp_mailbox *mailbox, struct dp_message *message)
{
	return rte_ring_sp_enqueue(mailbox->ring, message) == 0;
}

unsigned dp_mailbox_take(struct dp_mailbox *mailbox, struct dp_message **messages, unsigned n)
{
	return rte_ring_sc_dequeue_burst(mailbox->ring, (void **)messages, n, NULL);
}

void dp_mailbox_free(struct dp_mailbox *mailbox, struct dp_message **messages, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct dp_message *message = messages[i];

		rte_mempool_put(
			message->room == LARGE_ROOM ? mailbox->large : mailbox->small, message);
	}
}

uint32_t dp_mailbox_count(const struct dp_mailbox *mailbox)
{
	return rte_ring_count(mailbox->ring);
}

uint32_t dp_mailbox_size(const struct dp_mailbox *mailbox)
{
	return rte_ring_get_capacity(mailbox->ring);
}
