/* SPDX-License-Identifier: BSD-3-Clause */
/* A Call-ID that is used again: what begins another call, and what belongs to the first. */
#include "qos_call_case.h"

/* One message of call "c1" from another telephone, or the same with another tag. */
static enum qos_call_change see_line(struct qos_calls *calls, unsigned worker, uint64_t at_s,
	const char *from, const struct line *line)
{
	char text[1024];
	struct sip_msg msg = parse(text, sizeof(text), "c1", from, line);
	struct qos_call *call;
	enum qos_call_change change = take_message(calls, worker, &msg, at_s * S, &call);

	assert_int_equal(call == NULL, change == QOS_CALL_FORMER);
	return change;
}

static enum qos_call_change see_from(
	struct qos_calls *calls, unsigned worker, uint64_t at_s, const char *from)
{
	return see_line(calls, worker, at_s, from, &(struct line){INVITE, "INVITE", NULL});
}

static void assert_next(struct qos_calls *calls, uint64_t at_s, uint64_t start_s)
{
	struct qos_call *call = qos_calls_expire(calls, 0, at_s * S, false);

	assert_non_null(call);
	assert_int_equal(call->start_ns, start_s * S);
	qos_call_put(call);
}

/* Whichever worker sees it: the home worker of the first one reports that, at its time. */
static void assert_used_again(struct qos_calls *calls, unsigned worker)
{
	static const char other[] = "<sip:alice@a.example>;tag=a2";
	struct qos_call *call;

	see(calls, 1, INVITE, "INVITE", NULL);
	see(calls, 2, ANSWER(200), "INVITE", "b1");
	see(calls, 3, BYE, "BYE", "b1");
	assert_int_equal(see_from(calls, worker, 10, other), QOS_CALL_OPENED);
	assert_int_equal(see_from(calls, worker, 10, other), QOS_CALL_UPDATED);
	call = the_call(calls);
	assert_int_equal(call->start_ns, 10 * S);
	assert_int_equal(call->messages, 2);
	assert_int_equal(call->home, worker);
	assert_int_equal(qos_calls_count(calls), 2);
	assert_null(qos_calls_expire(calls, 0, (2 + TRANSACTION_S) * S, false));
	assert_next(calls, 3 + TRANSACTION_S, 1);
	assert_int_equal(qos_calls_count(calls), 1);
	call = qos_calls_expire(calls, worker, 0, true);
	assert_int_equal(call->start_ns, 10 * S);
	qos_call_put(call);
	assert_int_equal(qos_calls_count(calls), 0);
}

static void a_call_id_used_again_after_the_bye_is_another_call(void **state)
{
	for (unsigned worker = 0; worker < 2; worker++) {
		qos_calls_destroy(*state);
		*state = create_calls(100, 0);
		assert_used_again(*state, worker);
	}
}

/* Retransmissions, of either side (RFC 3261 section 12: Call-ID and tags). */
static void what_comes_late_of_the_first_is_nothing_to_the_second(void **state)
{
	static const char other[] = "<sip:alice@a.example>;tag=a2";
	static const char bob[] = "<sip:bob@b.example>;tag=b1";
	static const struct line late[] = {{BYE, "BYE", "b1"}, {ANSWER(200), "BYE", "b1"},
		{ANSWER(200), "INVITE", "b1"}, {ACK, "ACK", "b1"}, {INVITE, "INVITE", NULL}};
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", NULL);
	see(calls, 2, ANSWER(200), "INVITE", "b1");
	see(calls, 3, BYE, "BYE", "b1");
	see_from(calls, 1, 10, other);
	for (size_t i = 0; i < sizeof(late) / sizeof(late[0]); i++)
		assert_int_equal(see_line(calls, i & 1, 11, alice, &late[i]), QOS_CALL_FORMER);
	assert_int_equal(
		see_line(calls, 0, 11, bob, &(struct line){BYE, "BYE", "a1"}), QOS_CALL_FORMER);
	assert_state(calls, QOS_CALL_TRYING, 0);
	assert_int_equal(the_call(calls)->messages, 1);
	assert_int_equal(atomic_load(&the_call(calls)->last_ns), 10 * S);
	assert_int_equal(atomic_load(&qos_calls_counters(calls, 0)->messages_late), 4);
	assert_int_equal(atomic_load(&qos_calls_counters(calls, 1)->messages_late), 2);

	see_line(calls, 0, 12, other, &(struct line){ANSWER(200), "INVITE", "b2"});
	assert_int_equal(see_line(calls, 0, 13, "<sip:bob@b.example>;tag=b2",
				 &(struct line){BYE, "BYE", "a2"}),
		QOS_CALL_ENDED);
	assert_int_equal(end_s(the_call(calls)), 13);
	/* Of the third one the second is. */
	assert_int_equal(see_from(calls, 0, 20, "<sip:alice@a.example>;tag=a3"), QOS_CALL_OPENED);
	assert_int_equal(
		see_line(calls, 0, 21, other, &(struct line){BYE, "BYE", "b2"}), QOS_CALL_FORMER);
}

/* Retransmissions, a caller that tries again, copies of other hops, agents that have tags of their own. */
static void what_is_no_new_call_stays_with_the_first(void **state)
{
	static const char other[] = "<sip:alice@a.example>;tag=a2";
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", NULL);
	assert_int_equal(see_from(calls, 1, 2, other), QOS_CALL_UPDATED);
	see(calls, 3, ANSWER(486), "INVITE", "b1");
	assert_int_equal(see_from(calls, 1, 9, other), QOS_CALL_UPDATED);
	see(calls, 10, ANSWER(200), "INVITE", "b1");
	assert_int_equal(see_from(calls, 1, 11, other), QOS_CALL_UPDATED);
	see(calls, 12, BYE, "BYE", "b1");
	assert_int_equal(see_from(calls, 1, 12, other), QOS_CALL_UPDATED);
	assert_int_equal(see_from(calls, 1, 20, alice), QOS_CALL_UPDATED);
	assert_int_equal(see_from(calls, 1, 20, "<sip:alice@a.example>"), QOS_CALL_UPDATED);
	assert_int_equal(see(calls, 20, INVITE, "INVITE", "b1"), QOS_CALL_UPDATED);
	assert_state(calls, QOS_CALL_COMPLETED, 200);
	assert_int_equal(qos_calls_count(calls), 1);
}

/* It makes room like any other that is over. */
static void a_call_that_another_took_the_id_of_makes_room(void **state)
{
	struct qos_calls *calls;
	char from[64];

	qos_calls_destroy(*state);
	*state = calls = create_calls(2, 0);
	for (unsigned i = 0; i < 50; i++) {
		snprintf(from, sizeof(from), "<sip:alice@a.example>;tag=t%u", i);
		assert_int_equal(see_from(calls, 0, 10 + 4 * i, from), QOS_CALL_OPENED);
		see(calls, 11 + 4 * i, ANSWER(200), "INVITE", "b1");
		see(calls, 12 + 4 * i, BYE, "BYE", "b1");
	}
	assert_int_equal(qos_calls_count(calls), 2);
	assert_int_equal(atomic_load(&qos_calls_counters(calls, 0)->calls_opened), 50);
	assert_int_equal(atomic_load(&qos_calls_counters(calls, 0)->calls_evicted), 48);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_call_id_used_again_after_the_bye_is_another_call),
		CASE(what_comes_late_of_the_first_is_nothing_to_the_second),
		CASE(what_is_no_new_call_stays_with_the_first),
		CASE(a_call_that_another_took_the_id_of_makes_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
