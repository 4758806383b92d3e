/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of calls, one a slot. A slot's list is moved away as a whole when it comes up, so that what
 * is put back meanwhile is not met again. */
#include "qos_call_queue.h"

#define SLOT_NS 100000000ull

void qos_call_queue_init(struct qos_call_queue *queue)
{
	queue->next = 0;
	queue->length = 0;
	CDS_INIT_LIST_HEAD(&queue->due);
	for (unsigned i = 0; i < QOS_CALL_QUEUE_SLOTS; i++)
		CDS_INIT_LIST_HEAD(&queue->slots[i]);
}

/* Rounded up: when the slot comes up the time has come. A time beyond the last slot comes up some
 * rounds early. */
void qos_call_queue_add(struct qos_call_queue *queue, struct qos_call *call, uint64_t look_ns)
{
	uint64_t slot = (look_ns + SLOT_NS - 1) / SLOT_NS;

	if (slot < queue->next)
		slot = queue->next;
	cds_list_add_tail(&call->home_link, &queue->slots[slot % QOS_CALL_QUEUE_SLOTS]);
	queue->length++;
}

static void move_to_due(struct qos_call_queue *queue, uint64_t slot)
{
	struct cds_list_head *list = &queue->slots[slot % QOS_CALL_QUEUE_SLOTS];

	if (cds_list_empty(list))
		return;
	/* Behind what is due already. */
	cds_list_splice(list, queue->due.prev);
	CDS_INIT_LIST_HEAD(list);
}

static void advance(struct qos_call_queue *queue, uint64_t now_ns)
{
	uint64_t end = now_ns / SLOT_NS + 1;

	/* The first time, after a leap, and when time was set back by more than a slot. */
	if (queue->next + QOS_CALL_QUEUE_SLOTS < end || queue->next > end)
		queue->next = end > QOS_CALL_QUEUE_SLOTS ? end - QOS_CALL_QUEUE_SLOTS : 0;
	for (; queue->next < end; queue->next++)
		move_to_due(queue, queue->next);
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
	if (!cds_list_empty(&queue->due))
		return take_first(queue, &queue->due, ahead);
	for (unsigned i = 0; i < QOS_CALL_QUEUE_SLOTS; i++) {
		struct cds_list_head *list =
			&queue->slots[(queue->next + i) % QOS_CALL_QUEUE_SLOTS];

		if (!cds_list_empty(list))
			return take_first(queue, list, ahead);
	}
	return NULL;
}

void qos_call_queue_flush(struct qos_call_queue *queue)
{
	for (unsigned i = 0; i < QOS_CALL_QUEUE_SLOTS; i++)
		move_to_due(queue, queue->next + i);
}
