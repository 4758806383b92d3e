/* SPDX-License-Identifier: BSD-3-Clause */
/* What is no INVITE: registrations, subscriptions and requests alone, and within a call. */
#include "qos_call_case.h"

static void registration_that_was_challenged_only_failed(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, REGISTER, "REGISTER", NULL);
	see(calls, 2, ANSWER(401), "REGISTER", "r");
	assert_ends_failed(calls, 2, 401);
}

static void registration_completes_and_is_renewed(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, REGISTER, "REGISTER", NULL);
	see(calls, 1, ANSWER(401), "REGISTER", "r");
	assert_state(calls, QOS_CALL_TRYING, 401);
	see(calls, 2, REGISTER, "REGISTER", NULL);
	assert_state(calls, QOS_CALL_TRYING, 0);
	assert_int_equal(see(calls, 3, ANSWER(200), "REGISTER", "r"), QOS_CALL_ENDED);
	assert_state(calls, QOS_CALL_COMPLETED, 200);
	assert_int_equal(the_call(calls)->answer_ns, 0);
	assert_int_equal(end_s(the_call(calls)), 3);
	see(calls, 30, REGISTER, "REGISTER", NULL);
	assert_state(calls, QOS_CALL_TRYING, 0);
	assert_int_equal(end_s(the_call(calls)), 0);
	see(calls, 31, ANSWER(403), "REGISTER", "r");
	assert_state(calls, QOS_CALL_FAILED, 403);
	assert_expires(calls, 31 + TRANSACTION_S, QOS_CALL_FAILED);
}

static void registration_without_credentials_fails(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, REGISTER, "REGISTER", NULL);
	see(calls, 2, ANSWER(401), "REGISTER", "r");
	assert_expires(calls, 2 + TRANSACTION_S, QOS_CALL_FAILED);
}

static void request_without_response_times_out(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, OPTIONS, "OPTIONS", NULL);
	see(calls, 2, OPTIONS, "OPTIONS", NULL);
	assert_expires(calls, 2 + TRANSACTION_S, QOS_CALL_TIMEOUT);
}

static void notify_does_not_reopen_a_subscription(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, "SUBSCRIBE sip:bob@b.example SIP/2.0", "SUBSCRIBE", NULL);
	see(calls, 2, ANSWER(202), "SUBSCRIBE", "b1");
	see(calls, 3, "NOTIFY sip:alice@a.example SIP/2.0", "NOTIFY", "a1");
	see(calls, 4, ANSWER(481), "NOTIFY", "a1");
	assert_state(calls, QOS_CALL_COMPLETED, 202);
	assert_int_equal(end_s(the_call(calls)), 2);
}

static void other_methods_in_a_call_change_nothing(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", NULL);
	see(calls, 2, OPTIONS, "OPTIONS", "b1");
	see(calls, 2, ANSWER(200), "OPTIONS", "b1");
	see(calls, 3, ANSWER(500), "INFO", "b1");
	see(calls, 3, ANSWER(481), "PRACK", "b1");
	assert_state(calls, QOS_CALL_TRYING, 0);
}

static void invite_makes_a_call_of_another_transaction(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, OPTIONS, "OPTIONS", NULL);
	see(calls, 2, ANSWER(404), "OPTIONS", "b1");
	see(calls, 3, INVITE, "INVITE", NULL);
	assert_state(calls, QOS_CALL_TRYING, 0);
	assert_int_equal(the_call(calls)->method, SIP_INVITE);
	assert_int_equal(end_s(the_call(calls)), 0);
	see(calls, 4, ANSWER(180), "INVITE", "b1");
	assert_state(calls, QOS_CALL_RINGING, 180);
}

static void assert_named(struct qos_calls *calls, const char *want)
{
	assert_string_equal(qos_call_method_name(the_call(calls)), want);
}

/* RFC 3261 section 25.1: extension-method is any token. */
static void extension_method_has_its_own_name(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, "PING sip:b.example SIP/2.0", "PING", NULL);
	assert_named(calls, "PING");
	see(calls, 1, ANSWER(200), "PING", "b1");
	assert_state(calls, QOS_CALL_COMPLETED, 200);
	assert_named(calls, "PING");
	see(calls, 2, INVITE, "INVITE", NULL);
	assert_named(calls, "INVITE");
}

static void name_of_a_method_is_cut(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ sip:b.example SIP/2.0",
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ", NULL);
	assert_named(calls, "ABCDEFGHIJKLMNO");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(registration_that_was_challenged_only_failed),
		CASE(registration_completes_and_is_renewed),
		CASE(registration_without_credentials_fails),
		CASE(request_without_response_times_out),
		CASE(notify_does_not_reopen_a_subscription),
		CASE(other_methods_in_a_call_change_nothing),
		CASE(invite_makes_a_call_of_another_transaction),
		CASE(extension_method_has_its_own_name),
		CASE(name_of_a_method_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
