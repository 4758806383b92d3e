/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of a call, message by message, as a tap sees it. */
#include "qos_call_case.h"

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
	assert_int_equal(atomic_load(&call->codec_pt), QOS_CALL_NO_CODEC);
	assert_int_equal(see(calls, 60, BYE, "BYE", "b1"), QOS_CALL_ENDED);
	assert_int_equal(see(calls, 61, BYE, "BYE", "b1"), QOS_CALL_UPDATED);
	assert_int_equal(see(calls, 62, ANSWER(200), "BYE", "b1"), QOS_CALL_UPDATED);
	see(calls, 63, ANSWER(200), "INVITE", "b1"); /* later than late */
	assert_state(calls, QOS_CALL_COMPLETED, 200);
	assert_int_equal(end_s(call), 60);
	assert_int_equal(call->messages, 13);
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

/* That acknowledged the refusal of the first INVITE. */
static void bye_in_an_early_dialog_after_a_challenge_cancels(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", NULL);
	see(calls, 2, ANSWER(407), "INVITE", "b0");
	see(calls, 3, ACK, "ACK", "b0");
	see(calls, 4, INVITE, "INVITE", NULL);
	see(calls, 5, ANSWER(180), "INVITE", "b1");
	see(calls, 6, BYE, "BYE", "b1");
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

static void challenge_is_not_the_end(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", NULL);
	assert_int_equal(see(calls, 2, ANSWER(407), "INVITE", "p1"), QOS_CALL_UPDATED);
	see(calls, 2, ACK, "ACK", "p1");
	assert_state(calls, QOS_CALL_TRYING, 407);
	assert_int_equal(end_s(the_call(calls)), 0);
	assert_int_equal(see(calls, 3, INVITE, "INVITE", NULL), QOS_CALL_UPDATED);
	assert_state(calls, QOS_CALL_TRYING, 0);
	see(calls, 4, ANSWER(200), "INVITE", "b1");
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

static void next_try_reopens_a_failed_call(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", NULL);
	see(calls, 2, ANSWER(503), "INVITE", "b1");
	assert_int_equal(see(calls, 3, INVITE, "INVITE", NULL), QOS_CALL_UPDATED);
	assert_state(calls, QOS_CALL_TRYING, 0);
	assert_int_equal(end_s(the_call(calls)), 0);
	see(calls, 4, ANSWER(200), "INVITE", "b2");
	assert_state(calls, QOS_CALL_ANSWERED, 200);
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
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", NULL);
	see(calls, 2, ANSWER(200), "INVITE", "b1");
	see(calls, 3, BYE, "BYE", "b1");
	see(calls, 4, INVITE, "INVITE", NULL);
	see(calls, 5, ANSWER(481), "INVITE", "b1");
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
}

static void capture_may_begin_with_the_bye(void **state)
{
	struct qos_calls *calls = *state;

	assert_int_equal(see(calls, 1, BYE, "BYE", "b1"), QOS_CALL_OPENED);
	assert_state(calls, QOS_CALL_COMPLETED, 0);
	assert_int_equal(the_call(calls)->method, SIP_BYE);
	assert_int_equal(end_s(the_call(calls)), 1);
	see(calls, 2, ANSWER(200), "BYE", "b1");
	assert_state(calls, QOS_CALL_COMPLETED, 200);
}

static void capture_may_begin_with_a_reinvite_that_fails(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", "b1");
	see(calls, 2, ANSWER(488), "INVITE", "b1");
	assert_state(calls, QOS_CALL_ANSWERED, 0);
	assert_int_equal(the_call(calls)->answer_ns, 1 * S);
}

static void capture_may_begin_with_an_update(void **state)
{
	struct qos_calls *calls = *state;

	see(calls, 1, UPDATE, "UPDATE", "b1");
	see(calls, 1, ANSWER(200), "UPDATE", "b1");
	assert_state(calls, QOS_CALL_TRYING, 0);
	see(calls, 2, INVITE, "INVITE", "b1");
	see(calls, 3, ANSWER(200), "INVITE", "b1");
	assert_state(calls, QOS_CALL_ANSWERED, 200);
	assert_int_equal(the_call(calls)->method, SIP_INVITE);
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

static void parties_are_as_they_were_sent(void **state)
{
	static const struct line line = {INVITE, "INVITE", NULL};
	static const struct {
		const char *from, *want, *shown;
	} rows[] = {
		{"<sip:a.example>;tag=1", "sip:a.example", "sip:a.example"},
		{"<sip:j\xc3\xb6rg@a.example>;tag=1", "j\xc3\xb6rg", "j\xc3\xb6rg"},
		{"<sip:a\x01"
		 "b\x7f\x1b[2J@a.example>;tag=1",
			"a\x01"
			"b\x7f\x1b[2J",
			"a?b??[2J"},
		/* C1 control, lone continuation, overlong slash, surrogate. */
		{"<sip:\xc2\x9b\x80\xc0\xaf\xed\xa0\x80@a.example>;tag=1",
			"\xc2\x9b\x80\xc0\xaf\xed\xa0\x80", "????????"},
		{"<sip:\xf0\x9f\x93\x9e\xf4\x90\x80\x80@a.example>;tag=1",
			"\xf0\x9f\x93\x9e\xf4\x90\x80\x80", "\xf0\x9f\x93\x9e????"},
	};
	struct qos_calls *calls = *state;
	struct qos_call *call;
	char text[1024], id[8], shown[QOS_PARTY_MAX];

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sip_msg msg;

		snprintf(id, sizeof(id), "p%u", i);
		msg = parse(text, sizeof(text), id, rows[i].from, &line);
		assert_int_equal(qos_call_on_sip(calls, 0, &msg, S, &call), QOS_CALL_OPENED);
		assert_string_equal(call->from, rows[i].want);
		qos_call_copy_text(shown, sizeof(shown), bytes_from_str(call->from));
		assert_string_equal(shown, rows[i].shown);
	}
}

/* From as kept, of a user that begins with digits and goes on with one run of octets again and again. */
static const char *long_party(struct qos_calls *calls, const char *id, int digits, struct bytes run)
{
	static const struct line line = {INVITE, "INVITE", NULL};
	struct qos_call *call;
	struct sip_msg msg;
	char text[1024];
	uint8_t user[200];

	msg = parse(text, sizeof(text), id, alice, &line);
	for (int i = 0; i < (int)sizeof(user); i++)
		user[i] = i < digits ? '1' : run.p[(size_t)(i - digits) % run.n];
	msg.from.user = msg.to.user = bytes_of(user, sizeof(user));
	msg.from.tag = bytes_of(user, sizeof(user));
	qos_call_on_sip(calls, 0, &msg, S, &call);
	assert_memory_equal(call->from, user, strlen(call->from));
	assert_string_equal(call->from, call->to);
	assert_int_equal(strlen(call->from_tag), QOS_TAG_MAX - 1);
	return call->from;
}

static void long_parties_are_cut_between_characters(void **state)
{
	static const struct bytes umlaut = BYTES_LIT("\xc3\xb6"),
				  face = BYTES_LIT("\xf0\x9f\x98\x80");
	static const struct bytes loose = BYTES_LIT("\x80");
	struct qos_calls *calls = *state;

	assert_int_equal(strlen(long_party(calls, "u1", 94, umlaut)), 94);
	assert_int_equal(strlen(long_party(calls, "u2", 93, umlaut)), 95);
	assert_int_equal(strlen(long_party(calls, "f1", 92, face)), 92);
	assert_int_equal(strlen(long_party(calls, "f2", 91, face)), 95);
	/* What is no UTF-8 stays too: without it this would be another number. */
	assert_int_equal(strlen(long_party(calls, "l1", 94, loose)), 95);
	assert_int_equal(strlen(long_party(calls, "l2", 4, loose)), 95);
}

/* It would end the text; without the rest this would be another number. */
static void nul_in_parties_is_a_question_mark(void **state)
{
	static const struct line line = {INVITE, "INVITE", NULL};
	struct qos_calls *calls = *state;
	struct qos_call *call;
	char text[1024];
	struct sip_msg msg = parse(text, sizeof(text), "c1", alice, &line);

	msg.from.user = BYTES_LIT("100\0"
				  "1");
	msg.to.user = BYTES_LIT("\0");
	assert_int_equal(qos_call_on_sip(calls, 0, &msg, S, &call), QOS_CALL_OPENED);
	assert_string_equal(call->from, "100?1");
	assert_string_equal(call->to, "?");
}

static unsigned sender(struct qos_calls *calls, const char *start, const char *method,
	const char *from, const char *to_tag)
{
	const struct line line = {start, method, to_tag};
	char text[1024];
	struct sip_msg msg = parse(text, sizeof(text), "c1", from, &line);

	return qos_call_sender(the_call(calls), &msg);
}

static void sender_is_told_by_the_tags(void **state)
{
	static const char bob[] = "<sip:bob@b.example>;tag=b1";
	struct qos_calls *calls = *state;

	see(calls, 1, INVITE, "INVITE", NULL);
	assert_int_equal(sender(calls, INVITE, "INVITE", alice, NULL), 0);
	assert_int_equal(sender(calls, ANSWER(200), "INVITE", alice, "b1"), 1);
	assert_int_equal(sender(calls, INVITE, "INVITE", alice, "b1"), 0);
	/* A re-INVITE of the callee, and the caller's answer to it. */
	assert_int_equal(sender(calls, INVITE, "INVITE", bob, "a1"), 1);
	assert_int_equal(sender(calls, ANSWER(200), "INVITE", bob, "a1"), 0);
	/* A back-to-back agent's leg with the same Call-ID and tags of its own. */
	assert_int_equal(sender(calls, INVITE, "INVITE", "<sip:x@y>;tag=q", NULL), 0);
	assert_int_equal(sender(calls, ANSWER(200), "INVITE", "<sip:x@y>;tag=q", "b9"), 1);
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
		CASE(challenge_is_not_the_end),
		CASE(challenge_that_nothing_follows_fails),
		CASE(cancelled_call_ends_at_the_487),
		CASE(cancel_without_answer_is_cancelled_at_expiry),
		CASE(answer_that_crossed_the_cancel_wins),
		CASE(refused_call_fails),
		CASE(next_try_reopens_a_failed_call),
		CASE(answer_of_another_branch_wins_over_a_failure),
		CASE(completed_call_stays_completed),
		CASE(setup_without_answer_times_out),
		CASE(capture_may_begin_with_the_answer),
		CASE(capture_may_begin_with_the_bye),
		CASE(capture_may_begin_with_a_reinvite_that_fails),
		CASE(capture_may_begin_with_an_update),
		CASE(registration_completes_and_is_renewed),
		CASE(registration_without_credentials_fails),
		CASE(request_without_response_times_out),
		CASE(notify_does_not_reopen_a_subscription),
		CASE(other_methods_in_a_call_change_nothing),
		CASE(invite_makes_a_call_of_another_transaction),
		CASE(parties_are_as_they_were_sent),
		CASE(long_parties_are_cut_between_characters),
		CASE(nul_in_parties_is_a_question_mark),
		CASE(sender_is_told_by_the_tags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
