/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether a side of a call should be heard, by what both said, and which addresses were seen. */
#include "qos_call_case.h"
#include "qos_call_media.h"
#include "qos_sources.h"
#include "sdp_media.h"

static const char head[] = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n";

static void say_of(
	struct qos_call *call, unsigned party, const char *rest, bool is_relayed, uint64_t at_s)
{
	struct sdp_session session;
	char text[512];
	int n = snprintf(text, sizeof(text), "%s%s", head, rest);

	assert_int_equal(sdp_media_parse(bytes_of(text, (size_t)n), &session), SDP_OK);
	qos_call_media_said(call, party, &session, is_relayed, at_s * S);
}

static void say(struct qos_call *call, unsigned party, const char *rest, uint64_t at_s)
{
	say_of(call, party, rest, false, at_s);
}

#define AUDIO "c=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\n"

static struct qos_call *open_answered(struct qos_calls *calls)
{
	struct qos_call *call;

	see(calls, 1, INVITE, "INVITE", NULL);
	call = the_call(calls);
	say(call, 0, AUDIO, 1);
	say(call, 1, AUDIO, 3);
	return call;
}

static void assert_due(const struct qos_call *call, bool caller, bool callee)
{
	assert_int_equal(qos_call_media_is_due(call, 0), caller);
	assert_int_equal(qos_call_media_is_due(call, 1), callee);
}

static void nobody_is_due_before_the_answer(void **state)
{
	struct qos_call *call = open_answered(*state);

	assert_due(call, false, false);
	qos_call_media_answered(call, 5 * S);
	assert_due(call, true, true);
	assert_int_equal(qos_call_media_since(call), 5 * S);
	qos_call_media_answered(call, 9 * S);
	assert_int_equal(qos_call_media_since(call), 5 * S);
}

/* The rows of RFC 3264 section 6.1 and 8.4; offer of the caller, answer of the callee. */
static void directions_say_who_is_due(void **state)
{
	static const struct {
		const char *offer, *answer;
		bool caller, callee;
	} rows[] = {
		{AUDIO, AUDIO, true, true},
		{AUDIO "a=sendonly\r\n", AUDIO "a=recvonly\r\n", true, false},
		{AUDIO "a=recvonly\r\n", AUDIO "a=sendonly\r\n", false, true},
		{AUDIO "a=inactive\r\n", AUDIO "a=inactive\r\n", false, false},
		{AUDIO "a=sendonly\r\n", AUDIO "a=inactive\r\n", false, false},
		{"c=IN IP4 0.0.0.0\r\nm=audio 4000 RTP/AVP 0\r\n", AUDIO, false, false},
		{AUDIO, "c=IN IP4 192.0.2.1\r\nm=audio 0 RTP/AVP 0\r\n", false, false},
		{AUDIO, "c=IN IP4 192.0.2.1\r\nm=image 4000 udptl t38\r\n", false, false},
		{AUDIO "m=image 4002 udptl t38\r\n", AUDIO, false, false},
		{AUDIO, "c=IN IP4 media.example\r\nm=audio 4000 RTP/AVP 0\r\n", false, false},
		{AUDIO, "c=IN IP4 192.0.2.1\r\nm=video 4000 RTP/AVP 99\r\n", false, false},
		{AUDIO "m=video 4002 RTP/AVP 99\r\n", AUDIO, true, true},
	};
	struct qos_call *call = open_answered(*state);

	qos_call_media_answered(call, 5 * S);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		say(call, 0, rows[i].offer, 6 + i);
		say(call, 1, rows[i].answer, 6 + i);
		assert_due(call, rows[i].caller, rows[i].callee);
	}
	say_of(call, 1, AUDIO, true, 30);
	assert_due(call, false, false);
}

static void the_same_description_again_changes_nothing(void **state)
{
	struct qos_call *call = open_answered(*state);

	qos_call_media_answered(call, 5 * S);
	say(call, 0, AUDIO, 60);
	assert_int_equal(qos_call_media_since(call), 5 * S);
	say(call, 0, AUDIO "a=sendonly\r\n", 70);
	assert_int_equal(qos_call_media_since(call), 70 * S);
	assert_int_equal(call->talk.ends[0].port, 4000);
}

static void keeps_first_and_last_and_finds_once(void **state)
{
	struct qos_call *call = open_answered(*state);

	qos_call_media_heard(call, 1, 20 * S, 21 * S);
	qos_call_media_heard(call, 1, 10 * S, 12 * S);
	qos_call_media_heard(call, 1, 15 * S, 30 * S);
	assert_int_equal(atomic_load(&call->talk.first_ns[1]), 10 * S);
	assert_int_equal(atomic_load(&call->talk.last_ns[1]), 30 * S);
	assert_int_equal(atomic_load(&call->talk.first_ns[0]), 0);
	assert_true(qos_call_media_find(call, QOS_finding_late_rtp));
	assert_false(qos_call_media_find(call, QOS_finding_late_rtp));
	assert_true(qos_call_media_find(call, QOS_finding_one_way_audio));
	assert_string_equal(qos_finding_name(QOS_finding_one_way_audio), "one_way_audio");
}

static void knows_a_source_by_address_and_vlan(void **state)
{
	struct qos_sources *s = calloc(1, sizeof(*s));
	struct pkt_addr a = {{192, 0, 2, 1}}, b = {{192, 0, 2, 2}};

	(void)state;
	assert_non_null(s);
	s->seed = seed;
	assert_false(qos_sources_has(s, 4, &a, 7, 1000 * S));
	qos_sources_note(s, 4, &a, 7, 100 * S + 5);
	qos_sources_note(s, 4, &a, 7, 500 * S);
	assert_false(qos_sources_has(s, 4, &a, 7, 101 * S));
	assert_true(qos_sources_has(s, 4, &a, 7, 102 * S));
	assert_true(qos_sources_has(s, 4, &a, 7, 501 * S));
	assert_false(qos_sources_has(s, 4, &a, 8, 501 * S));
	assert_false(qos_sources_has(s, 6, &a, 7, 501 * S));
	assert_false(qos_sources_has(s, 4, &b, 7, 501 * S));
	free(s);
}

/* A flood of addresses costs memory of some of them, never of one that just came. */
static void forgets_the_oldest(void **state)
{
	struct qos_sources *s = calloc(1, sizeof(*s));
	unsigned known = 0;

	(void)state;
	assert_non_null(s);
	s->seed = seed;
	for (uint32_t i = 0; i < 4 * QOS_SOURCES; i++) {
		struct pkt_addr a = {{10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}};

		qos_sources_note(s, 4, &a, 0, (100 + i / 1024) * S);
		assert_true(qos_sources_has(s, 4, &a, 0, (103 + i / 1024) * S));
	}
	for (uint32_t i = 0; i < QOS_SOURCES; i++) {
		struct pkt_addr a = {{10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}};

		known += qos_sources_has(s, 4, &a, 0, 10000 * S);
	}
	assert_true(known < QOS_SOURCES / 100);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(nobody_is_due_before_the_answer),
		CASE(directions_say_who_is_due),
		CASE(the_same_description_again_changes_nothing),
		CASE(keeps_first_and_last_and_finds_once),
		cmocka_unit_test(knows_a_source_by_address_and_vlan),
		cmocka_unit_test(forgets_the_oldest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
