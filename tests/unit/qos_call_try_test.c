/* SPDX-License-Identifier: BSD-3-Clause */
/* Refused and challenged INVITEs, what tries again, and what was only sent again. */
#include "qos_call_case.h"

static void challenge_is_not_the_end(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", NULL);
	assert_int_equal(see(calls, 2, ANSWER(407), "INVITE", "p1"), QOS_CALL_UPDATED);
	see(calls, 2, ACK, "ACK", "p1");
	assert_state(calls, QOS_CALL_TRYING, 407);
	assert_int_equal(end_s(the_call(calls)), 0);
	assert_int_equal(see_after(calls, 1, 3, INVITE, "INVITE", NULL), QOS_CALL_UPDATED);
	assert_state(calls, QOS_CALL_TRYING, 0);
	see_after(calls, 1, 4, ANSWER(200), "INVITE", "b1");
	assert_state(calls, QOS_CALL_ANSWERED, 200);
	assert_int_equal(qos_calls_count(calls), 1);
}

static void challenge_that_nothing_follows_fails(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", NULL);
	see(calls, 2, ANSWER(401), "INVITE", "p1");
	assert_expires(calls, 2 + SETUP_S, QOS_CALL_FAILED);
}

static void challenge_that_the_capture_ends_with_fails(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", NULL);
	see(calls, 2, ANSWER(407), "INVITE", "p1");
	assert_ends_failed(calls, 2, 407);
}

static void next_try_reopens_a_failed_call(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", NULL);
	see(calls, 2, ANSWER(503), "INVITE", "b1");
	assert_int_equal(see_after(calls, 1, 3, INVITE, "INVITE", NULL), QOS_CALL_UPDATED);
	assert_state(calls, QOS_CALL_TRYING, 0);
	assert_int_equal(end_s(the_call(calls)), 0);
	see_after(calls, 1, 4, ANSWER(200), "INVITE", "b2");
	assert_state(calls, QOS_CALL_ANSWERED, 200);
}

/* The caller did not have the answer yet (RFC 3261 section 17.1.1.2). That may come once more, and
 * moves no end. */
static void invite_that_crosses_its_failure_is_no_next_try(void **state)
{
	static const unsigned codes[] = {486, 487};

	for (unsigned i = 0; i < 2; i++) {
		struct qos_calls *calls = *state;
		struct qos_call *call;

		see_after(calls, i, 100 * i + 1, INVITE, "INVITE", NULL);
		see_after(calls, i, 100 * i + 2, i ? ANSWER(487) : ANSWER(486), "INVITE", "b1");
		see_after(calls, i, 100 * i + 3, INVITE, "INVITE", NULL);
		assert_state(calls, i ? QOS_CALL_CANCELLED : QOS_CALL_FAILED, codes[i]);
		see_after(calls, i, 100 * i + 4, i ? ANSWER(487) : ANSWER(486), "INVITE", "b1");
		call = the_call(calls);
		assert_int_equal(end_s(call), 100 * i + 2);
		assert_true(call->is_invite_seen);
	}
}

/* The tap sees both sides of a proxy. */
static void it_is_none_on_either_hop(void **state)
{
	struct qos_calls *calls = *state;

	see_after(calls, 0, 1, INVITE, "INVITE", NULL);
	see_after(calls, 1, 1, INVITE, "INVITE", NULL);
	see_after(calls, 1, 2, ANSWER(486), "INVITE", "b1");
	see_after(calls, 0, 2, ANSWER(486), "INVITE", "b1");
	see_after(calls, 0, 3, INVITE, "INVITE", NULL);
	see_after(calls, 1, 3, INVITE, "INVITE", NULL);
	assert_state(calls, QOS_CALL_FAILED, 486);
	see_after(calls, 2, 4, INVITE, "INVITE", NULL); /* the proxy's next branch */
	assert_state(calls, QOS_CALL_TRYING, 0);
}

/* Its ACK was lost. */
static void refusal_that_comes_again_does_not_end_the_next_try(void **state)
{
	struct qos_calls *calls = *state;

	see_after(calls, 0, 1, INVITE, "INVITE", NULL);
	see_after(calls, 0, 2, ANSWER(503), "INVITE", "b1");
	see_after(calls, 1, 3, INVITE, "INVITE", NULL);
	see_after(calls, 1, 4, ANSWER(180), "INVITE", "b2");
	see_after(calls, 0, 5, ANSWER(503), "INVITE", "b1");
	assert_state(calls, QOS_CALL_RINGING, 180);
	see_after(calls, 1, 6, ANSWER(486), "INVITE", "b2");
	assert_state(calls, QOS_CALL_FAILED, 486);
}

static void invite_that_crosses_a_challenge_does_not_undo_it(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", NULL);
	see(calls, 2, ANSWER(407), "INVITE", "b1");
	see(calls, 3, INVITE, "INVITE", NULL);
	assert_state(calls, QOS_CALL_TRYING, 407);
	assert_ends_failed(calls, 3, 407);
}

/* By another worker. */
static void failure_may_be_taken_before_its_invite(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, ANSWER(486), "INVITE", "b1");
	see(calls, 1, INVITE, "INVITE", NULL);
	assert_state(calls, QOS_CALL_FAILED, 486);
	assert_true(the_call(calls)->is_invite_seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(challenge_is_not_the_end),
		CASE(challenge_that_nothing_follows_fails),
		CASE(challenge_that_the_capture_ends_with_fails),
		CASE(next_try_reopens_a_failed_call),
		CASE(invite_that_crosses_its_failure_is_no_next_try),
		CASE(it_is_none_on_either_hop),
		CASE(refusal_that_comes_again_does_not_end_the_next_try),
		CASE(invite_that_crosses_a_challenge_does_not_undo_it),
		CASE(failure_may_be_taken_before_its_invite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
