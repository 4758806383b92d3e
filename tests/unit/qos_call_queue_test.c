/* SPDX-License-Identifier: BSD-3-Clause */
/* The queue of calls: each comes up in its time, and the next one is found wherever its slot is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include "qos_call_queue.h"

#include <cmocka.h>

#define SLOT_NS ((uint64_t)100000000)
#define ROUND	QOS_CALL_QUEUE_SLOTS

static struct qos_call_queue queue;
static struct qos_call calls[ROUND];
static struct qos_call_ahead ahead;

static int make_queue(void **state)
{
	(void)state;
	qos_call_queue_init(&queue);
	return 0;
}

static void the_next_is_found_in_whatever_slot(void **state)
{
	(void)state;
	for (unsigned from = 0; from < ROUND; from += 37)
		for (unsigned slot = 0; slot < ROUND; slot++) {
			qos_call_queue_init(&queue);
			queue.next = from;
			qos_call_queue_add(&queue, &calls[0], (from + slot) * SLOT_NS);
			assert_ptr_equal(qos_call_queue_next(&queue, &ahead), &calls[0]);
			assert_null(qos_call_queue_next(&queue, &ahead));
		}
}

/* One in each slot, once round from amid the slots, added last first. */
static void those_of_all_slots_come_in_their_order(void **state)
{
	const uint64_t from = 7 * ROUND + 100;

	(void)state;
	queue.next = from;
	for (unsigned i = ROUND; i--;)
		qos_call_queue_add(&queue, &calls[i], (from + i) * SLOT_NS);
	assert_int_equal(queue.length, ROUND);
	for (unsigned i = 0; i < ROUND; i++)
		assert_ptr_equal(qos_call_queue_next(&queue, &ahead), &calls[i]);
	assert_null(qos_call_queue_next(&queue, &ahead));
	assert_int_equal(queue.length, 0);
}

static void a_slot_is_empty_only_when_its_last_has_gone(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		qos_call_queue_add(&queue, &calls[i], 5 * SLOT_NS);
	qos_call_queue_add(&queue, &calls[3], 300 * SLOT_NS);
	for (unsigned i = 0; i < 4; i++)
		assert_ptr_equal(qos_call_queue_next(&queue, &ahead), &calls[i]);
	assert_null(qos_call_queue_next(&queue, &ahead));
}

/* What has come up leaves its slot, and what is put back later is found in it. */
static void a_slot_that_came_up_is_filled_again(void **state)
{
	(void)state;
	qos_call_queue_add(&queue, &calls[0], 5 * SLOT_NS);
	qos_call_queue_add(&queue, &calls[1], 6 * SLOT_NS);
	assert_ptr_equal(qos_call_queue_take(&queue, 6 * SLOT_NS, &ahead), &calls[0]);
	assert_ptr_equal(qos_call_queue_next(&queue, &ahead), &calls[1]);
	assert_null(qos_call_queue_next(&queue, &ahead));
	qos_call_queue_add(&queue, &calls[2], (5 + ROUND) * SLOT_NS);
	assert_null(qos_call_queue_take(&queue, (4 + ROUND) * SLOT_NS, &ahead));
	assert_ptr_equal(qos_call_queue_next(&queue, &ahead), &calls[2]);
}

static void flushed_calls_come_up_at_once(void **state)
{
	(void)state;
	qos_call_queue_add(&queue, &calls[0], 400 * SLOT_NS);
	qos_call_queue_add(&queue, &calls[1], 5 * SLOT_NS);
	qos_call_queue_flush(&queue);
	assert_ptr_equal(qos_call_queue_take(&queue, 0, &ahead), &calls[1]);
	assert_ptr_equal(qos_call_queue_next(&queue, &ahead), &calls[0]);
	assert_null(qos_call_queue_next(&queue, &ahead));
}

/* Against a look at all slots, with calls put back by chance. */
static void as_a_look_at_all_slots_has_it(void **state)
{
	uint64_t look[ROUND] = {0};

	(void)state;
	srand(1);
	queue.next = 1000;
	for (unsigned i = 0; i < ROUND; i++) {
		look[i] = 1000 + (unsigned)rand() % ROUND;
		qos_call_queue_add(&queue, &calls[i], look[i] * SLOT_NS);
	}
	for (unsigned n = 0; n < 20000; n++) {
		struct qos_call *call = qos_call_queue_next(&queue, &ahead);
		size_t at = (size_t)(call - calls);

		for (unsigned i = 0; i < ROUND; i++)
			assert_true(look[at] <= look[i]);
		look[at] = 1000 + (unsigned)rand() % ROUND;
		qos_call_queue_add(&queue, call, look[at] * SLOT_NS);
	}
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup(test, make_queue)
	const struct CMUnitTest tests[] = {
		CASE(the_next_is_found_in_whatever_slot),
		CASE(those_of_all_slots_come_in_their_order),
		CASE(a_slot_is_empty_only_when_its_last_has_gone),
		CASE(a_slot_that_came_up_is_filled_again),
		CASE(flushed_calls_come_up_at_once),
		CASE(as_a_look_at_all_slots_has_it),
	};
#undef CASE

	return cmocka_run_group_tests(tests, NULL, NULL);
}
