/* SPDX-License-Identifier: BSD-3-Clause */
/* Mailboxes: sizes, order, exhaustion, and that every message comes back. */
#include "dp_mailbox.h"
#include "dp_unit.h"
#include "unit.h"

enum {
	MESSAGES = 64,
	LARGE = 16, /* the least */
	FULL = MESSAGES + LARGE,
};

static void gives_room_for_what_is_needed(void **state)
{
	const size_t needs[] = {0, 1, 2000, 2040, 2041, 4096, 65535, 65536};
	struct dp_mailbox *mailbox;

	(void)state;
	assert_int_equal(dp_mailbox_create(0, MESSAGES, -1, &mailbox), 0);
	assert_int_equal(dp_mailbox_size(mailbox), FULL);
	for (unsigned i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		struct dp_message *message = dp_mailbox_alloc(mailbox, needs[i]);

		assert_non_null(message);
		assert_true(message->room >= needs[i]);
		assert_int_equal(message->size, 0);
		memset(message->data, 0xa5, message->room);
		dp_mailbox_free(mailbox, &message, 1);
	}
	assert_null(dp_mailbox_alloc(mailbox, 65537));
	assert_null(dp_mailbox_alloc(mailbox, SIZE_MAX));
	dp_mailbox_destroy(mailbox);
}

static void hands_messages_over_in_order(void **state)
{
	struct dp_message *messages[8];
	struct dp_mailbox *mailbox;

	(void)state;
	assert_int_equal(dp_mailbox_create(0, MESSAGES, -1, &mailbox), 0);
	for (uint8_t i = 0; i < 8; i++) {
		struct dp_message *message = dp_mailbox_alloc(mailbox, i & 1 ? 60000 : 100);

		assert_non_null(message);
		message->size = 1;
		message->data[0] = i;
		assert_true(dp_mailbox_send(mailbox, message));
	}
	assert_int_equal(dp_mailbox_count(mailbox), 8);
	assert_int_equal(dp_mailbox_take(mailbox, messages, 8), 8);
	for (uint8_t i = 0; i < 8; i++)
		assert_int_equal(messages[i]->data[0], i);
	dp_mailbox_free(mailbox, messages, 8);
	assert_int_equal(dp_mailbox_take(mailbox, messages, 8), 0);
	dp_mailbox_destroy(mailbox);
}

static bool is_one_of(const struct dp_message *message, struct dp_message **messages, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (messages[i] == message)
			return true;
	return false;
}

/* Of a thousand, not the next ones, but for those that a cache had. */
static void takes_again_what_was_given_back_last(void **state)
{
	struct dp_message *first[200], *again[200];
	struct dp_mailbox *mailbox;
	unsigned others = 0;

	(void)state;
	assert_int_equal(dp_mailbox_create(0, 1000, -1, &mailbox), 0);
	for (unsigned i = 0; i < 200; i++)
		first[i] = dp_mailbox_alloc(mailbox, 100);
	dp_mailbox_free(mailbox, first, 200);
	for (unsigned i = 0; i < 200; i++) {
		again[i] = dp_mailbox_alloc(mailbox, 100);
		others += !is_one_of(again[i], first, 200);
	}
	assert_true(others <= 64);
	dp_mailbox_free(mailbox, again, 200);
	dp_mailbox_destroy(mailbox);
}

static void a_full_ring_leaves_the_message_with_the_worker(void **state)
{
	struct dp_message *taken[FULL], *message;
	struct dp_mailbox *mailbox;

	(void)state;
	assert_int_equal(dp_mailbox_create(0, MESSAGES, -1, &mailbox), 0);
	for (unsigned i = 0; i < LARGE; i++)
		assert_true(dp_mailbox_send(mailbox, dp_mailbox_alloc(mailbox, 60000)));
	assert_null(dp_mailbox_alloc(mailbox, 60000));
	for (unsigned i = 0; i < MESSAGES; i++) {
		message = dp_mailbox_alloc(mailbox, 100);
		assert_non_null(message);
		assert_true(dp_mailbox_send(mailbox, message));
	}
	message = dp_mailbox_alloc(mailbox, 100);
	assert_non_null(message);
	assert_false(dp_mailbox_send(mailbox, message));
	dp_mailbox_free(mailbox, &message, 1);
	assert_int_equal(dp_mailbox_take(mailbox, taken, FULL), FULL);
	dp_mailbox_free(mailbox, taken, FULL);
	dp_mailbox_destroy(mailbox);
}

static void no_message_is_lost_over_many_rounds(void **state)
{
	struct dp_mailbox *mailbox;

	(void)state;
	assert_int_equal(dp_mailbox_create(0, MESSAGES, -1, &mailbox), 0);
	for (unsigned round = 0; round < 1000; round++) {
		struct dp_message *taken[LARGE];

		for (unsigned i = 0; i < LARGE; i++) {
			struct dp_message *message =
				dp_mailbox_alloc(mailbox, (round + i) % 3 ? 100 : 3000);

			assert_non_null(message);
			assert_true(dp_mailbox_send(mailbox, message));
		}
		assert_int_equal(dp_mailbox_take(mailbox, taken, LARGE), LARGE);
		dp_mailbox_free(mailbox, taken, LARGE);
	}
	dp_mailbox_destroy(mailbox);
}

static void two_mailboxes_do_not_meet(void **state)
{
	struct dp_mailbox *one, *two;
	struct dp_message *message;

	(void)state;
	assert_int_equal(dp_mailbox_create(1, MESSAGES, -1, &one), 0);
	assert_int_equal(dp_mailbox_create(2, MESSAGES, -1, &two), 0);
	assert_true(dp_mailbox_send(one, dp_mailbox_alloc(one, 1)));
	assert_int_equal(dp_mailbox_take(two, &message, 1), 0);
	assert_int_equal(dp_mailbox_take(one, &message, 1), 1);
	dp_mailbox_free(one, &message, 1);
	dp_mailbox_destroy(one);
	dp_mailbox_destroy(two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_room_for_what_is_needed),
		cmocka_unit_test(hands_messages_over_in_order),
		cmocka_unit_test(takes_again_what_was_given_back_last),
		cmocka_unit_test(a_full_ring_leaves_the_message_with_the_worker),
		cmocka_unit_test(no_message_is_lost_over_many_rounds),
		cmocka_unit_test(two_mailboxes_do_not_meet),
	};

	return cmocka_run_group_tests(tests, start_eal, stop_eal);
}
