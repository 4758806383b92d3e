/* SPDX-License-Identifier: BSD-3-Clause */
/* HEP messages from one worker to the sender: a pool of buffers and a single-producer,
 * single-consumer ring.
 * Owner: a message belongs to the worker from dp_mailbox_alloc to dp_mailbox_send; then to the
 * sender until dp_mailbox_free. A send that fails leaves it with the worker, who frees it.
 * Threads: one worker, one sender. Two sizes of buffer, since most messages are below 2 KiB and a
 * few are 64 KiB. */
#ifndef DP_MAILBOX_H
#define DP_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dp_message {
	uint32_t size; /* octets of data in use; set by the worker */
	uint32_t room;
	uint8_t data[];
};

struct dp_mailbox;

/* messages: how many small ones may wait, a power of two; an eighth of that, at least 16, large ones.
 * socket: the nearest NUMA node, -1: any. 0 or negative errno. */
int dp_mailbox_create(unsigned index, uint32_t messages, int socket, struct dp_mailbox **mailbox);
/* Octets of packet memory that such a mailbox takes, for dp_options.memory. */
uint64_t dp_mailbox_memory(uint32_t messages);
void dp_mailbox_destroy(struct dp_mailbox *mailbox);

/* A buffer with room for need octets, or NULL when none is free or need is over 65536. */
struct dp_message *dp_mailbox_alloc(struct dp_mailbox *mailbox, size_t need);
/* False when the ring is full. */
bool dp_mailbox_send(struct dp_mailbox *mailbox, struct dp_message *message);
unsigned dp_mailbox_take(struct dp_mailbox *mailbox, struct dp_message **messages, unsigned n);
void dp_mailbox_free(struct dp_mailbox *mailbox, struct dp_message **messages, unsigned n);
uint32_t dp_mailbox_count(const struct dp_mailbox *mailbox);
uint32_t dp_mailbox_size(const struct dp_mailbox *mailbox);

#endif
