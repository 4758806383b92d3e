/* SPDX-License-Identifier: BSD-3-Clause */
/* Who takes part in a call: From and To as they are kept, and which of both sent a message. */
#include "qos_call_case.h"

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
		assert_int_equal(take_message(calls, 0, &msg, S, &call), QOS_CALL_OPENED);
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
	sip_msg_parse_parties(&msg);
	for (int i = 0; i < (int)sizeof(user); i++)
		user[i] = i < digits ? '1' : run.p[(size_t)(i - digits) % run.n];
	msg.from.user = msg.to.user = bytes_of(user, sizeof(user));
	msg.from.tag = bytes_of(user, sizeof(user));
	take_message(calls, 0, &msg, S, &call);
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

	sip_msg_parse_parties(&msg);
	msg.from.user = BYTES_LIT("100\0"
				  "1");
	msg.to.user = BYTES_LIT("\0");
	assert_int_equal(take_message(calls, 0, &msg, S, &call), QOS_CALL_OPENED);
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
		CASE(parties_are_as_they_were_sent),
		CASE(long_parties_are_cut_between_characters),
		CASE(nul_in_parties_is_a_question_mark),
		CASE(sender_is_told_by_the_tags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
