/* SPDX-License-Identifier: BSD-3-Clause */
/* Branches of a fork that both answer: the caller keeps one and hangs up the others (RFC 3261
 * section 13.2.2.4). */
#include "qos_call_case.h"

static const char bob1[] = "<sip:bob@b.example>;tag=b1";

/* A BYE of who answered as b1, to the tag of the caller or another one. */
static enum qos_call_change bye_of_bob(struct qos_calls *calls, uint64_t at_s, const char *to_tag)
{
	char text[1024];
	struct sip_msg msg =
		parse(text, sizeof(text), "c1", bob1, &(struct line){BYE, "BYE", to_tag});
	struct qos_call *call;

	return take_message(calls, 0, &msg, at_s * S, &call);
}

static void see_two_answers(struct qos_calls *calls)
{
	see(calls, 1, INVITE, "INVITE", NULL);
	see(calls, 2, ANSWER(200), "INVITE", "b1");
	see(calls, 2, ACK, "ACK", "b1");
	see(calls, 3, ANSWER(200), "INVITE", "b2");
	see(calls, 3, ACK, "ACK", "b2");
}

static void a_call_goes_on_when_another_branch_is_hung_up(void **state)
{
	struct qos_calls *calls = *state;

	see_two_answers(calls);
	assert_int_equal(see(calls, 4, BYE, "BYE", "b2"), QOS_CALL_UPDATED);
	see(calls, 4, ANSWER(200), "INVITE", "b2"); /* crossed the ACK */
	see(calls, 5, BYE, "BYE", "b2"); /* repeated */
	see(calls, 5, ANSWER(200), "BYE", "b2");
	assert_state(calls, QOS_CALL_ANSWERED, 200);
	assert_int_equal(atomic_load(&the_call(calls)->end_ns), 0);

	assert_int_equal(see(calls, 60, BYE, "BYE", "b1"), QOS_CALL_ENDED);
	assert_state(calls, QOS_CALL_COMPLETED, 200);
	assert_int_equal(end_s(the_call(calls)), 60);
	assert_int_equal(the_call(calls)->answer_ns, 2 * S);
}

static void the_branch_that_is_kept_may_hang_up(void **state)
{
	struct qos_calls *calls = *state;

	see_two_answers(calls);
	see(calls, 4, BYE, "BYE", "b2");
	assert_int_equal(bye_of_bob(calls, 60, "a1"), QOS_CALL_ENDED);
	assert_int_equal(end_s(the_call(calls)), 60);
}

/* Answers to a re-INVITE of either side, of who is called and repeated, are no other branch. */
static void one_branch_is_no_fork(void **state)
{
	struct qos_calls *calls = *state;
	char text[1024];
	struct sip_msg msg =
		parse(text, sizeof(text), "c1", bob1, &(struct line){ANSWER(200), "INVITE", "a1"});
	struct qos_call *call;

	see(calls, 1, INVITE, "INVITE", NULL);
	see(calls, 2, ANSWER(200), "INVITE", "b1");
	see(calls, 3, ANSWER(200), "INVITE", "b1");
	take_message(calls, 0, &msg, 4 * S, &call);
	assert_int_equal(see(calls, 5, BYE, "BYE", "b1"), QOS_CALL_ENDED);
}

/* A back-to-back agent that keeps the Call-ID has tags of its own, and its leg ends with the
 * call. */
static void a_bye_of_other_tags_ends_the_call(void **state)
{
	struct qos_calls *calls = *state;

	see_two_answers(calls);
	assert_int_equal(see(calls, 4, BYE, "BYE", "x"), QOS_CALL_ENDED);
}

static void branches_beyond_those_known_end_the_call(void **state)
{
	struct qos_calls *calls = *state;
	char tag[16];

	see(calls, 1, INVITE, "INVITE", NULL);
	for (unsigned i = 0; i <= QOS_CALL_ANSWERS; i++) {
		snprintf(tag, sizeof(tag), "b%u", i);
		see(calls, 2, ANSWER(200), "INVITE", tag);
	}
	for (unsigned i = 1; i < QOS_CALL_ANSWERS; i++) {
		snprintf(tag, sizeof(tag), "b%u", i);
		assert_int_equal(see(calls, 3, BYE, "BYE", tag), QOS_CALL_UPDATED);
	}
	assert_int_equal(see(calls, 4, BYE, "BYE", tag), QOS_CALL_UPDATED);
	snprintf(tag, sizeof(tag), "b%u", QOS_CALL_ANSWERS);
	assert_int_equal(see(calls, 5, BYE, "BYE", tag), QOS_CALL_ENDED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_call_goes_on_when_another_branch_is_hung_up),
		CASE(the_branch_that_is_kept_may_hang_up),
		CASE(one_branch_is_no_fork),
		CASE(a_bye_of_other_tags_ends_the_call),
		CASE(branches_beyond_those_known_end_the_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
