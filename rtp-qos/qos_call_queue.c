/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of calls, one a slot. A slot's list is moved away as a whole when it comes up, so that what
 * is put back meanwhile is not met again. */
#include "qos_call_queue.h"

#include <string.h>

#define SLOT_NS 100000000ull

enum {
	WORD_BITS = 64,
	WORDS = QOS_CALL_QUEUE_SLOTS / WORD_BITS,
};

void qos_call_queue_init(struct qos_call_queue *queue)
{
	queue->next = 0;
	queue->length = 0;
	memset(queue->filled, 0, sizeof(queue->filled));
	CDS_INIT_LIST_HEAD(&queue->due);
	for (unsigned i = 0; i < QOS_CALL_QUEUE_SLOTS; i++)
		CDS_INIT_LIST_HEAD(&queue->slots[i]);
}

static uint64_t bit_of(unsigned slot)
{
	return (uint64_t)1 << slot % WORD_BITS;
}

static void mark_filled(struct qos_call_queue *queue, unsigned slot)
{
	queue->filled[slot / WORD_BITS] |= bit_of(slot);
}

static void mark_empty(struct qos_call_queue *queue, unsigned slot)
{
	queue->filled[slot / WORD_BITS] &= ~bit_of(slot);
}

/* The first slot that has calls, from one on and once round; QOS_CALL_QUEUE_SLOTS: none has. */
static unsigned find_filled(const struct qos_call_queue *queue, unsigned slot)
{
	unsigned first = slot / WORD_BITS;
	uint64_t word = queue->filled[first] & ~(bit_of(slot) - 1);

	/* At last the first word again, for what is before the slot. */
	for (unsigned i = 1; !word && i <= WORDS; i++) {
		first = (first + 1) % WORDS;
		word = queue->filled[first];
	}
	return word ? first * WORD_BITS + (unsigned)__builtin_ctzll(word) : QOS_CALL_QUEUE_SLOTS;
}

/* Rounded up: when the slot comes up the time has come. A time beyond the last slot comes up some
 * rounds early. */
void qos_call_queue_add(struct qos_call_queue *queue, struct qos_call *call, uint64_t look_ns)
{
	uint64_t slot = (look_ns + SLOT_NS - 1) / SLOT_NS;

	if (slot < queue->next)
		slot = queue->next;
	slot %= QOS_CALL_QUEUE_SLOTS;
	cds_list_add_tail(&call->home_link, &queue->slots[slot]);
	mark_filled(queue, (unsigned)slot);
	queue->length++;
}

static void move_to_due(struct qos_call_queue *queue, unsigned slot)
{
	struct cds_list_head *list = &queue->slots[slot];

	if (cds_list_empty(list))
		return;
	/* Behind what is due already. */
	cds_list_splice(list, queue->due.prev);
	CDS_INIT_LIST_HEAD(list);
	mark_empty(queue, slot);
}

static void advance(struct qos_call_queue *queue, uint64_t now_ns)
{
	uint64_t end = now_ns / SLOT_NS + 1;

	/* The first time, after a leap, and when time was set back by more than a slot. */
	if (queue->next + QOS_CALL_QUEUE_SLOTS < end || queue->next > end)
		queue->next = end > QOS_CALL_QUEUE_SLOTS ? end - QOS_CALL_QUEUE_SLOTS : 0;
	for (; queue->next < end; queue->next++)
		move_to_due(queue, queue->next % QOS_CALL_QUEUE_SLOTS);
}

static void look_ahead(const struct cds_list_head *list, struct qos_call_ahead *ahead)
{
	const struct cds_list_head *link = list->next;

	for (unsigned i = 0; i < QOS_CALL_QUEUE_AHEAD; i++) {
		if (link != list)
			link = link->next;
		ahead->calls[i] =
			link == list ? NULL : cds_list_entry(link, struct qos_call, home_link);
	}
}

/* list is not empty. */
static struct qos_call *take_first(
	struct qos_call_queue *queue, struct cds_list_head *list, struct qos_call_ahead *ahead)
{
	struct qos_call *call = cds_list_first_entry(list, struct qos_call, home_link);

	look_ahead(list, ahead);
	cds_list_del(&call->home_link);
	queue->length--;
	return call;
}

struct qos_call *qos_call_queue_take(
	struct qos_call_queue *queue, uint64_t now_ns, struct qos_call_ahead *ahead)
{
	if (cds_list_empty(&queue->due))
		advance(queue, now_ns);
	return cds_list_empty(&queue->due) ? NULL : take_first(queue, &queue->due, ahead);
}

struct qos_call *qos_call_queue_next(struct qos_call_queue *queue, struct qos_call_ahead *ahead)
{
	unsigned slot;
	struct qos_call *call;

	if (!cds_list_empty(&queue->due))
		return take_first(queue, &queue->due, ahead);
	slot = find_filled(queue, queue->next % QOS_CALL_QUEUE_SLOTS);
	if (slot == QOS_CALL_QUEUE_SLOTS)
		return NULL;
	call = take_first(queue, &queue->slots[slot], ahead);
	if (cds_list_empty(&queue->slots[slot]))
		mark_empty(queue, slot);
	return call;
}

void qos_call_queue_flush(struct qos_call_queue *queue)
{
	for (unsigned i = 0; i < QOS_CALL_QUEUE_SLOTS; i++)
		move_to_due(queue, (queue->next + i) % QOS_CALL_QUEUE_SLOTS);
}
