/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of a call, message by message, as a tap sees it. */
#include "qos_call_case.h"

/* One message a second, from the first on. */
static void see_each(struct qos_calls *calls, const struct line *messages, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		see(calls, i + 1, messages[i].start, messages[i].method, messages[i].to_tag);
}

static void assert_seen(
	struct qos_calls *calls, bool is_invite_seen, uint64_t answer_s, bool is_answer_seen)
{
	struct qos_call *call = the_call(calls);

	assert_int_equal(call->is_invite_seen, is_invite_seen);
	assert_int_equal(call->answer_ns, answer_s * S);
	assert_int_equal(call->is_answer_seen, is_answer_seen);
}

static void answered_call_completes_at_the_bye(void **state)
{
	struct qos_calls *calls = *state;
	struct qos_call *call;

	assert_int_equal(see(calls, 10, INVITE, "INVITE", NULL), QOS_CALL_OPENED);
	assert_state(calls, QOS_CALL_TRYING, 0);
	assert_int_equal(see(calls, 11, ANSWER(100), "INVITE", NULL), QOS_CALL_UPDATED);
	assert_state(calls, QOS_CALL_TRYING, 100);
	see(calls, 12, ANSWER(183), "INVITE", "b1");
	assert_state(calls, QOS_CALL_RINGING, 183);
	see(calls, 13, ANSWER(180), "INVITE", "b1");
	assert_state(calls, QOS_CALL_RINGING, 180);
	see(calls, 13, ANSWER(100), "INVITE", NULL); /* of another hop */
	assert_state(calls, QOS_CALL_RINGING, 180);
	assert_int_equal(see(calls, 14, ANSWER(200), "INVITE", "b1"), QOS_CALL_UPDATED);
	assert_state(calls, QOS_CALL_ANSWERED, 200);
	see(calls, 15, ACK, "ACK", "b1");
	see(calls, 16, ANSWER(200), "INVITE", "b1"); /* repeated */
	see(calls, 16, ANSWER(180), "INVITE", "b1"); /* late */
	assert_state(calls, QOS_CALL_ANSWERED, 200);

	call = the_call(calls);
	assert_int_equal(call->start_ns, 10 * S);
	assert_int_equal(call->answer_ns, 14 * S);
	assert_int_equal(atomic_load(&call->end_ns), 0);
	assert_string_equal(qos_call_codec(call), "");
	assert_int_equal(see(calls, 60, BYE, "BYE", "b1"), QOS_CALL_ENDED);
	assert_int_equal(see(calls, 61, BYE, "BYE", "b1"), QOS_CALL_UPDATED);
	assert_int_equal(see(calls, 62, ANSWER(200), "BYE", "b1"), QOS_CALL_UPDATED);
	see(calls, 63, ANSWER(200), "INVITE", "b1"); /* later than late */
	assert_state(calls, QOS_CALL_COMPLETED, 200);
	assert_int_equal(end_s(call), 60);
	assert_int_equal(call->messages, 13);
	assert_seen(calls, true, 14, true);
	assert_string_equal(call->from, "alice");
	assert_string_equal(call->to, "bob");
	assert_string_equal(call->from_tag, "a1");
	assert_string_equal(call->call_id, "c1");
	assert_expires(calls, 63 + TRANSACTION_S, QOS_CALL_COMPLETED);
}

static void bye_ends_the_call_whatever_its_answer(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", NULL);
	see(calls, 2, ANSWER(200), "INVITE", "b1");
	see(calls, 3, BYE, "BYE", "b1");
	see(calls, 4, ANSWER(407), "BYE", "b1");
	assert_state(calls, QOS_CALL_COMPLETED, 200);
	assert_int_equal(see(calls, 5, BYE, "BYE", "b1"), QOS_CALL_UPDATED);
	see(calls, 6, ANSWER(481), "BYE", "b1");
	assert_state(calls, QOS_CALL_COMPLETED, 200);
	assert_int_equal(end_s(the_call(calls)), 3);
}

static void bye_without_answer_cancels(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", NULL);
	see(calls, 2, ANSWER(180), "INVITE", "b1");
	assert_int_equal(see(calls, 3, BYE, "BYE", "b1"), QOS_CALL_ENDED);
	assert_state(calls, QOS_CALL_CANCELLED, 180);
	assert_int_equal(the_call(calls)->answer_ns, 0);
}

/* The mirror shows the caller alone, whose first INVITE was challenged. */
static void bye_after_an_ack_completes_though_the_answer_was_not_seen(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", NULL);
	see(calls, 2, ACK, "ACK", "b0");
	see(calls, 3, INVITE, "INVITE", NULL);
	see(calls, 4, ACK, "ACK", "b1");
	see(calls, 9, BYE, "BYE", "b1");
	assert_state(calls, QOS_CALL_COMPLETED, 0);
	assert_int_equal(the_call(calls)->answer_ns, 0);
}

/* The ACK acknowledged the refusal of the first INVITE. */
static void bye_in_an_early_dialog_after_a_challenge_cancels(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", NULL);
	see(calls, 2, ANSWER(407), "INVITE", "b0");
	see(calls, 3, ACK, "ACK", "b0");
	see_after(calls, 1, 4, INVITE, "INVITE", NULL);
	see_after(calls, 1, 5, ANSWER(180), "INVITE", "b1");
	see_after(calls, 2, 6, BYE, "BYE", "b1");
	assert_state(calls, QOS_CALL_CANCELLED, 180);
}

static void failure_of_a_reinvite_leaves_the_call_open(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", NULL);
	see(calls, 2, ANSWER(200), "INVITE", "b1");
	see(calls, 3, INVITE, "INVITE", "b1");
	see(calls, 4, ANSWER(488), "INVITE", "b1");
	see(calls, 5, INVITE, "INVITE", "b1");
	see(calls, 6, ANSWER(491), "INVITE", "b1");
	see(calls, 7, CANCEL, "CANCEL", "b1");
	see(calls, 8, ANSWER(487), "INVITE", "b1");
	assert_state(calls, QOS_CALL_ANSWERED, 200);
	assert_int_equal(end_s(the_call(calls)), 0);
	assert_expires(calls, 8 + CALL_S, QOS_CALL_TIMEOUT);
}

static void cancelled_call_ends_at_the_487(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", NULL);
	see(calls, 2, ANSWER(180), "INVITE", "b1");
	assert_int_equal(see(calls, 3, CANCEL, "CANCEL", NULL), QOS_CALL_UPDATED);
	see(calls, 3, ANSWER(200), "CANCEL", "b1");
	assert_state(calls, QOS_CALL_RINGING, 180);
	assert_int_equal(see(calls, 4, ANSWER(487), "INVITE", "b1"), QOS_CALL_ENDED);
	assert_int_equal(see(calls, 5, ANSWER(487), "INVITE", "b1"), QOS_CALL_UPDATED);
	assert_state(calls, QOS_CALL_CANCELLED, 487);
	assert_int_equal(end_s(the_call(calls)), 4);
}

static void cancel_without_answer_is_cancelled_at_expiry(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", NULL);
	see(calls, 3, CANCEL, "CANCEL", NULL);
	assert_expires(calls, 3 + SETUP_S, QOS_CALL_CANCELLED);
}

/* RFC 3261 section 9.1: the answer was on its way already. */
static void answer_that_crossed_the_cancel_wins(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", NULL);
	see(calls, 2, CANCEL, "CANCEL", NULL);
	see(calls, 3, ANSWER(200), "INVITE", "b1");
	assert_state(calls, QOS_CALL_ANSWERED, 200);
	assert_expires(calls, 3 + CALL_S, QOS_CALL_TIMEOUT);
}

static void refused_call_fails(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", NULL);
	assert_int_equal(see(calls, 2, ANSWER(486), "INVITE", "b1"), QOS_CALL_ENDED);
	see(calls, 3, ACK, "ACK", "b1");
	assert_int_equal(see(calls, 3, ANSWER(486), "INVITE", "b1"), QOS_CALL_UPDATED);
	assert_state(calls, QOS_CALL_FAILED, 486);
	assert_int_equal(end_s(the_call(calls)), 2);
	assert_expires(calls, 3 + TRANSACTION_S, QOS_CALL_FAILED);
}

static void answer_of_another_branch_wins_over_a_failure(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", NULL);
	see(calls, 2, ANSWER(486), "INVITE", "b1");
	see(calls, 3, ANSWER(200), "INVITE", "b2");
	assert_state(calls, QOS_CALL_ANSWERED, 200);
	assert_int_equal(end_s(the_call(calls)), 0);
	see(calls, 4, ANSWER(487), "INVITE", "b3");
	assert_state(calls, QOS_CALL_ANSWERED, 200);
}

static void completed_call_stays_completed(void **state)
{
	static const struct line messages[] = {
		{INVITE, "INVITE", NULL},
		{ANSWER(200), "INVITE", "b1"},
		{BYE, "BYE", "b1"},
		{INVITE, "INVITE", NULL},
		{ANSWER(481), "INVITE", "b1"},
	};
	struct qos_calls *calls = *state;

	see_each(calls, messages, sizeof(messages) / sizeof(messages[0]));
	assert_state(calls, QOS_CALL_COMPLETED, 200);
	assert_int_equal(end_s(the_call(calls)), 3);
}

static void setup_without_answer_times_out(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", NULL);
	see(calls, 9, ANSWER(180), "INVITE", "b1");
	assert_expires(calls, 9 + SETUP_S, QOS_CALL_TIMEOUT);
}

static void capture_may_begin_with_the_answer(void **state)
{
	struct qos_calls *calls = *state;

	assert_int_equal(see(calls, 1, ANSWER(200), "INVITE", "b1"), QOS_CALL_OPENED);
	assert_state(calls, QOS_CALL_ANSWERED, 200);
	assert_int_equal(the_call(calls)->method, SIP_INVITE);
	assert_int_equal(see(calls, 2, BYE, "BYE", "b1"), QOS_CALL_ENDED);
	/* It may be that of a re-INVITE. */
	assert_seen(calls, false, 1, false);
}

static void capture_may_begin_with_the_bye(void **state)
{
	struct qos_calls *calls = *state;

	assert_int_equal(see(calls, 1, BYE, "BYE", "b1"), QOS_CALL_OPENED);
	assert_state(calls, QOS_CALL_COMPLETED, 0);
	assert_int_equal(the_call(calls)->method, SIP_INVITE);
	assert_int_equal(end_s(the_call(calls)), 1);
	see(calls, 2, ANSWER(200), "BYE", "b1");
	assert_state(calls, QOS_CALL_COMPLETED, 0);
	assert_seen(calls, false, 0, false);
}

/* Of a success or of a failure. */
static void capture_may_begin_with_an_ack(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, ACK, "ACK", "b1");
	assert_state(calls, QOS_CALL_UNKNOWN, 0);
	assert_seen(calls, false, 0, false);
	assert_int_equal(see(calls, 9, BYE, "BYE", "b1"), QOS_CALL_ENDED);
	assert_state(calls, QOS_CALL_COMPLETED, 0);
	assert_seen(calls, false, 1, false);
}

/* A minute is no time between two refreshes of a session (RFC 4028). */
static void call_whose_state_is_unknown_lasts_as_an_answered_one(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, UPDATE, "UPDATE", "b1");
	assert_expires(calls, 1 + CALL_S, QOS_CALL_TIMEOUT);
}

static void capture_may_begin_with_the_ack_of_a_challenge(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, ACK, "ACK", "b0");
	see(calls, 2, INVITE, "INVITE", NULL);
	assert_state(calls, QOS_CALL_TRYING, 0);
	see(calls, 3, ANSWER(200), "INVITE", "b1");
	assert_state(calls, QOS_CALL_ANSWERED, 200);
	assert_seen(calls, true, 3, true);
}

static void capture_may_begin_with_the_prack(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, "PRACK sip:bob@b.example SIP/2.0", "PRACK", "b1");
	assert_state(calls, QOS_CALL_RINGING, 0);
	see(calls, 5, ANSWER(200), "INVITE", "b1");
	assert_state(calls, QOS_CALL_ANSWERED, 200);
	assert_seen(calls, false, 5, true);
}

static void capture_may_begin_with_the_cancel(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, CANCEL, "CANCEL", NULL);
	assert_state(calls, QOS_CALL_TRYING, 0);
	assert_int_equal(the_call(calls)->method, SIP_INVITE);
	see(calls, 1, ANSWER(200), "CANCEL", "b1");
	see(calls, 2, ANSWER(487), "INVITE", "b1");
	assert_state(calls, QOS_CALL_CANCELLED, 487);
}

/* Nor is it told by what belongs to no dialog of an INVITE alone. */
static void capture_may_begin_with_an_info(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, "INFO sip:bob@b.example SIP/2.0", "INFO", "b1");
	see(calls, 1, ANSWER(200), "INFO", "b1");
	assert_int_equal(the_call(calls)->method, SIP_INFO);
	see(calls, 7, BYE, "BYE", "b1");
	assert_state(calls, QOS_CALL_COMPLETED, 0);
	assert_int_equal(the_call(calls)->method, SIP_INVITE);
	assert_seen(calls, false, 1, false);
}

/* As a mirror of one direction does. */
static void capture_may_have_responses_alone(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, ANSWER(100), "INVITE", NULL);
	see(calls, 2, ANSWER(180), "INVITE", "b1");
	see(calls, 5, ANSWER(200), "INVITE", "b1");
	assert_seen(calls, false, 5, true);
}

/* On its way to another worker. */
static void answer_may_be_taken_before_its_invite(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 5, ANSWER(200), "INVITE", "b1");
	assert_seen(calls, false, 5, false);
	see(calls, 5, INVITE, "INVITE", NULL);
	assert_state(calls, QOS_CALL_ANSWERED, 200);
	assert_seen(calls, true, 5, true);
}

static void capture_may_begin_with_a_reinvite_that_fails(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", "b1");
	see(calls, 2, ANSWER(488), "INVITE", "b1");
	assert_state(calls, QOS_CALL_ANSWERED, 0);
	assert_seen(calls, false, 1, false);
}

static void capture_may_begin_with_a_reinvite(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", "b1");
	see(calls, 2, ANSWER(100), "INVITE", NULL);
	assert_state(calls, QOS_CALL_ANSWERED, 0);
	see(calls, 3, ANSWER(200), "INVITE", "b1");
	assert_state(calls, QOS_CALL_ANSWERED, 200);
	assert_seen(calls, false, 1, false);
	see(calls, 4, BYE, "BYE", "b1");
	see(calls, 5, ANSWER(481), "BYE", "b1");
	assert_state(calls, QOS_CALL_COMPLETED, 200);
}

static void capture_may_begin_with_an_update(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, UPDATE, "UPDATE", "b1");
	see(calls, 1, ANSWER(200), "UPDATE", "b1");
	assert_state(calls, QOS_CALL_UNKNOWN, 0);
	see(calls, 2, INVITE, "INVITE", "b1");
	assert_state(calls, QOS_CALL_ANSWERED, 0);
	see(calls, 3, ANSWER(200), "INVITE", "b1");
	assert_state(calls, QOS_CALL_ANSWERED, 200);
	assert_int_equal(the_call(calls)->method, SIP_INVITE);
	assert_seen(calls, false, 1, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(answered_call_completes_at_the_bye),
		CASE(bye_ends_the_call_whatever_its_answer),
		CASE(bye_without_answer_cancels),
		CASE(bye_after_an_ack_completes_though_the_answer_was_not_seen),
		CASE(bye_in_an_early_dialog_after_a_challenge_cancels),
		CASE(failure_of_a_reinvite_leaves_the_call_open),
		CASE(cancelled_call_ends_at_the_487),
		CASE(cancel_without_answer_is_cancelled_at_expiry),
		CASE(answer_that_crossed_the_cancel_wins),
		CASE(refused_call_fails),
		CASE(answer_of_another_branch_wins_over_a_failure),
		CASE(completed_call_stays_completed),
		CASE(setup_without_answer_times_out),
		CASE(capture_may_begin_with_the_answer),
		CASE(capture_may_begin_with_the_bye),
		CASE(capture_may_begin_with_an_ack),
		CASE(call_whose_state_is_unknown_lasts_as_an_answered_one),
		CASE(capture_may_begin_with_the_ack_of_a_challenge),
		CASE(capture_may_begin_with_the_prack),
		CASE(capture_may_begin_with_the_cancel),
		CASE(capture_may_begin_with_an_info),
		CASE(capture_may_have_responses_alone),
		CASE(answer_may_be_taken_before_its_invite),
		CASE(capture_may_begin_with_a_reinvite_that_fails),
		CASE(capture_may_begin_with_a_reinvite),
		CASE(capture_may_begin_with_an_update),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
