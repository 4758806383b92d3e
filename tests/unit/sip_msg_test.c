/* SPDX-License-Identifier: BSD-3-Clause */
/* SIP messages as real senders write and cut them; sip_msg_rfc4475_test.c has the torture test. */
#include <stdio.h>
#include <time.h>

#include "sip_case.h"
#include "sip_msg.h"

static const struct sip_case cases[] = {
	{
		.name = "a response takes its method from CSeq",
		.text = "SIP/2.0 180 Ringing\r\n" VIA FROM
			"To: <sip:bob@example.org>;tag=t9\r\n" CALLID "CSeq: 8 UPDATE\r\n\r\n",
		.method = SIP_UPDATE,
		.code = 180,
		.reason = "Ringing",
		.cseq = 8,
		.to_tag = "t9",
		.length = -1,
	},
	{
		.name = "lower-case version and no reason phrase at all",
		.text = "sip/2.0 699\r\n" USUAL "\r\n",
		.method = SIP_INVITE,
		.code = 699,
		.length = -1,
	},
	{
		.name = "lower-case version in a request",
		.text = "INVITE sip:bob@example.org sip/2.0\r\n" USUAL "\r\n",
		.method = SIP_INVITE,
		.length = -1,
	},
	{
		.name = "methods are case-sensitive",
		.text = "invite sip:bob@example.org SIP/2.0\r\n" USUAL "\r\n",
		.method = SIP_OTHER,
		.method_name = "invite",
		.length = -1,
	},
	{
		.name = "LF alone ends lines",
		.text = "\n\r\nINVITE sip:bob@example.org SIP/2.0\n"
			"v: SIP/2.0/UDP pc1.example.net:5060;branch=z9hG4bKvia1\n"
			"f: <sip:ann@example.net>;tag=f1\nt: <sip:bob@example.org>\n"
			"i: call-1@pc1.example.net\nCSEQ: 7 INVITE\nl: 2\n\nxyz",
		.method = SIP_INVITE,
		.length = 2,
		.body = "xy",
	},
	{
		.name = "display names hold brackets, commas, semicolons and escapes",
		.text = INVITE VIA
		"From: \"<sip:x@y>;tag=no, \\\" <sip:no@h> \\\\\" <sip:ann@example.net;tag=uri>"
		";note=\";tag=no\";TAG=f1\r\n"
		"To: <sip:bob@example.org>;tag=t1 \r\n" CALLID CSEQ
		"Contact: \"a, <b>\" <sip:c1@h1;p=1,2>;q=0.5, <sip:c2@h2>\r\n\r\n",
		.method = SIP_INVITE,
		.from_uri = "sip:ann@example.net;tag=uri",
		.to_tag = "t1",
		.contact_uri = "sip:c1@h1;p=1,2",
		.length = -1,
	},
	{
		.name = "tel: numbers and passwords",
		.text = INVITE VIA "From: <tel:+4930123;phone-context=x@y>;tag=f1\r\n"
				   "To: <SIPS:bob:secret@example.org>\r\n" CALLID CSEQ
				   "Contact: *\r\n\r\n",
		.method = SIP_INVITE,
		.from_uri = "tel:+4930123;phone-context=x@y",
		.from_user = "+4930123",
		.to_uri = "SIPS:bob:secret@example.org",
		.contact_uri = "*",
		.length = -1,
	},
	{
		.name = "a URI without a user part",
		.text = INVITE VIA "From: <sip:[2001:db8::1]:5060;transport=udp>;tag=f1\r\n"
				   "To: <sip:bob@example.org\r\n" CALLID CSEQ "\r\n",
		.method = SIP_INVITE,
		.from_uri = "sip:[2001:db8::1]:5060;transport=udp",
		.from_user = "",
		.length = -1,
	},
	{
		.name = "several Via values in one header",
		.text = INVITE
		"Via: SIP/2.0/UDP [2001:db8::9]:5060;received=192.0.2.1;BRANCH=z9hG4bKa;rport,"
		" SIP/2.0/TCP h2;branch=z9hG4bKb\r\n" FROM TO CALLID CSEQ "\r\n",
		.method = SIP_INVITE,
		.via = "SIP/2.0/UDP [2001:db8::9]:5060;received=192.0.2.1;BRANCH=z9hG4bKa;rport",
		.branch = "z9hG4bKa",
		.length = -1,
	},
	{
		.name = "lines without a colon or a name are skipped",
		.text = INVITE "garbage\r\n: nameless\r\n" USUAL "\r\n",
		.method = SIP_INVITE,
		.length = -1,
	},
	{
		.name = "the body is not searched for headers",
		.text = INVITE VIA FROM TO CALLID CSEQ "\r\nContact: <sip:body@x>\r\nl: 1\r\n\r\n",
		.method = SIP_INVITE,
		.length = -1,
		.body = "Contact: <sip:body@x>\r\nl: 1\r\n\r\n",
	},
	{
		.name = "the same length twice is no contradiction",
		.text = INVITE USUAL "Content-Length: 4\r\nl: 004\r\n\r\nbody and more",
		.method = SIP_INVITE,
		.length = 4,
		.body = "body",
	},
	{
		.name = "a length beyond 32 bits stays in bounds",
		.text = INVITE USUAL "Content-Length: 99999999999999999999\r\n\r\nbody",
		.method = SIP_INVITE,
		.length = 4294967295,
		.body = "body",
		.is_body_cut = true,
	},
	{
		.name = "a head that ends after a line is parsed as far as it goes",
		.text = INVITE USUAL "Content-Length: 4\r\n",
		.method = SIP_INVITE,
		.length = 4,
		.is_body_cut = true,
		.is_head_cut = true,
	},
	{
		.name = "half a line counts as no line",
		.text = INVITE USUAL "Contact: <sip:ann@192.0.2.1> \r\n ;q=0.",
		.method = SIP_INVITE,
		.length = -1,
		.is_head_cut = true,
	},
	{.name = "nothing", .text = "", .status = SIP_START_LINE},
	{.name = "keep-alive", .text = "\r\n\r\n", .status = SIP_START_LINE},
	{
		.name = "HTTP",
		.text = "GET / HTTP/1.1\r\n" USUAL "\r\n",
		.status = SIP_START_LINE,
	},
	{
		.name = "HTTP response",
		.text = "HTTP/1.1 200 OK\r\n" USUAL "\r\n",
		.status = SIP_START_LINE,
	},
	{
		.name = "no Request-URI",
		.text = "INVITE SIP/2.0\r\n" USUAL "\r\n",
		.status = SIP_START_LINE,
	},
	{
		.name = "a method that is no token",
		.text = "INV(TE sip:bob@example.org SIP/2.0\r\n" USUAL "\r\n",
		.status = SIP_START_LINE,
	},
	{
		.name = "a version without a number",
		.text = "INVITE sip:bob@example.org SIP/2.\r\n" USUAL "\r\n",
		.status = SIP_START_LINE,
	},
	{
		.name = "octets after the version",
		.text = "INVITE sip:bob@example.org SIP/2.0x\r\n" USUAL "\r\n",
		.status = SIP_START_LINE,
	},
	{
		.name = "a blank before the method",
		.text = " INVITE sip:bob@example.org SIP/2.0\r\n" USUAL "\r\n",
		.status = SIP_START_LINE,
	},
	{.name = "status 099", .text = "SIP/2.0 099 X\r\n" USUAL "\r\n", .status = SIP_START_LINE},
	{.name = "status 700", .text = "SIP/2.0 700 X\r\n" USUAL "\r\n", .status = SIP_START_LINE},
	{.name = "status 20x", .text = "SIP/2.0 20x X\r\n" USUAL "\r\n", .status = SIP_START_LINE},
	{.name = "no blank", .text = "SIP/2.0200 OK\r\n" USUAL "\r\n", .status = SIP_START_LINE},
	{
		.name = "empty Call-ID before a filled one",
		.text = INVITE VIA FROM TO "Call-ID: \r\n" CALLID CSEQ "\r\n",
		.status = SIP_NO_CALL_ID,
	},
	{
		.name = "CSeq missing",
		.text = INVITE VIA FROM TO CALLID "\r\n",
		.status = SIP_BAD_CSEQ,
	},
	{
		.name = "CSeq without method",
		.text = INVITE VIA FROM TO CALLID "CSeq: 7 \r\n\r\n",
		.status = SIP_BAD_CSEQ,
	},
	{
		.name = "CSeq without number",
		.text = INVITE VIA FROM TO CALLID "CSeq: INVITE\r\n\r\n",
		.status = SIP_BAD_CSEQ,
	},
	{
		.name = "CSeq without a blank",
		.text = INVITE VIA FROM TO CALLID "CSeq: 7INVITE\r\n\r\n",
		.status = SIP_BAD_CSEQ,
	},
	{
		.name = "CSeq one above 32 bits",
		.text = INVITE VIA FROM TO CALLID "CSeq: 4294967296 INVITE\r\n\r\n",
		.status = SIP_BAD_CSEQ,
	},
	{
		.name = "CSeq of all 32 bits",
		.text = INVITE VIA FROM TO CALLID "CSeq: 4294967295 INVITE\r\n\r\n",
		.method = SIP_INVITE,
		.cseq = 4294967295,
		.length = -1,
	},
	{
		.name = "Content-Length that is no number",
		.text = INVITE USUAL "Content-Length: 4 octets\r\n\r\nbody",
		.status = SIP_BAD_CONTENT_LENGTH,
	},
	{
		.name = "Content-Length without a value",
		.text = INVITE USUAL "Content-Length:\r\n\r\nbody",
		.status = SIP_BAD_CONTENT_LENGTH,
	},
};

enum {
	CASE_COUNT = sizeof(cases) / sizeof(cases[0])
};

static void reads_what_real_senders_do(void **state)
{
	(void)state;
	check_cases(cases, CASE_COUNT);
}

static void never_mistakes_a_truncation_for_another_call(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CASE_COUNT; i++)
		check_truncations(&cases[i]);
}

/* Opening quotes and brackets that never close must not cost a search each. The quadratic way
 * takes minutes for what takes a fraction of a second. */
static void stays_linear_on_unclosed_quotes(void **state)
{
	static const char *const units[] = {"\"\\", ";\\\"", "<", ",\"\\\"", ";a=\"\\\""};
	static const char names[] = "mvft";
	static char text[65000];
	clock_t start = clock();

	(void)state;
	for (unsigned i = 0; i < 5 * 4; i++) {
		const char *unit = units[i / 4];
		size_t n = (size_t)snprintf(
			text, sizeof(text), INVITE CALLID CSEQ "%c: \"", names[i % 4]);
		struct sip_msg msg;

		for (size_t at = 0; n < sizeof(text) - 1; at++)
			text[n++] = unit[at % strlen(unit)];
		text[n++] = '\n';
		for (unsigned round = 0; round < 200; round++) {
			assert_int_equal(sip_msg_parse(bytes_of(text, n), &msg), SIP_OK);
			sip_msg_parse_parties(&msg);
		}
	}
	assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
}

static void takes_to_apart_by_itself_and_each_once(void **state)
{
	static const char text[] =
		"SIP/2.0 200 OK\r\n" CALLID CSEQ
		"From: <sip:ann@example.net>;tag=f1\r\nTo: <sip:bob@example.net>;tag=t1\r\n\r\n";
	struct sip_msg msg;

	(void)state;
	assert_int_equal(sip_msg_parse(BYTES_LIT(text), &msg), SIP_OK);
	sip_msg_parse_to(&msg);
	assert_true(bytes_eq(msg.to.tag, BYTES_LIT("t1")));
	assert_int_equal(msg.from.tag.n, 0);
	msg.to.tag = BYTES_NONE;
	sip_msg_parse_parties(&msg);
	assert_int_equal(msg.to.tag.n, 0);
	assert_true(bytes_eq(msg.from.tag, BYTES_LIT("f1")));
	assert_true(bytes_eq(msg.from.user, BYTES_LIT("ann")));
}

static void reads_the_headers_of_a_reply(void **state)
{
	const char *text =
		"SIP/2.0 200 OK\r\n" USUAL "Server: proxy/5.6 (x86_64)\r\nUser-Agent: later\r\n"
		"c: multipart/mixed;\r\n boundary=b1\r\ne: gzip\r\nl: 4\r\n\r\nbody";
	struct sip_msg msg;

	(void)state;
	assert_int_equal(sip_msg_parse(bytes_from_str(text), &msg), SIP_OK);
	assert_true(bytes_eq(msg.user_agent, BYTES_LIT("proxy/5.6 (x86_64)")));
	assert_true(bytes_eq(msg.content_type, BYTES_LIT("multipart/mixed;\r\n boundary=b1")));
	assert_true(bytes_eq(msg.content_encoding, BYTES_LIT("gzip")));
	assert_true(bytes_eq(msg.cseq_method, BYTES_LIT("INVITE")));
	assert_true(bytes_eq(msg.from.value, BYTES_LIT("<sip:ann@example.net>;tag=f1")));
	assert_int_equal(msg.head.n, strlen(text) - 4);
	assert_ptr_equal(msg.head.p, text);
	assert_ptr_equal(msg.body.p, text + strlen(text) - 4);
}

/* RFC 3261, 3262, 6665, 3903, 6086, 3515, 3428, 3311 */
static void knows_every_registered_method(void **state)
{
	static const char *const names[] = {"OTHER", "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS",
		"REGISTER", "PRACK", "SUBSCRIBE", "NOTIFY", "PUBLISH", "INFO", "REFER", "MESSAGE",
		"UPDATE"};

	(void)state;
	for (unsigned i = 1; i < sizeof(names) / sizeof(names[0]); i++) {
		char text[400];
		struct sip_msg msg;

		snprintf(text, sizeof(text), "%s sip:x SIP/2.0\r\n" CALLID "CSeq: 1 %s\r\n\r\n",
			names[i], names[i]);
		assert_int_equal(sip_msg_parse(bytes_from_str(text), &msg), SIP_OK);
		assert_int_equal(msg.method, i);
		assert_string_equal(sip_method_name(msg.method), names[i]);
	}
	assert_string_equal(sip_method_name(SIP_OTHER), "OTHER");
	assert_string_equal(sip_method_name((enum sip_method)99), "OTHER");
}

/* RFC 3261 section 8.1.1.5: CSeq has the method of the request. What does not end like it is another. */
static void method_that_lost_its_beginning_is_that_of_cseq(void **state)
{
	static const struct {
		const char *line, *cseq, *name;
		enum sip_method method;
	} requests[] = {
		{"ITE", "INVITE", "INVITE", SIP_INVITE},
		{"E", "INVITE", "INVITE", SIP_INVITE},
		{"ING", "PING", "PING", SIP_OTHER},
		{"INV", "INVITE", "INV", SIP_OTHER},
		{"INVITE", "REINVITE", "INVITE", SIP_INVITE},
		{"REINVITE", "INVITE", "REINVITE", SIP_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		char text[400];
		struct sip_msg msg;

		snprintf(text, sizeof(text), "%s sip:x SIP/2.0\r\n" CALLID "CSeq: 1 %s\r\n\r\n",
			requests[i].line, requests[i].cseq);
		assert_int_equal(sip_msg_parse(bytes_from_str(text), &msg), SIP_OK);
		assert_int_equal(msg.method, requests[i].method);
		assert_true(bytes_eq(msg.method_name, bytes_from_str(requests[i].name)));
	}
}

static void a_zero_octet_is_no_header_name(void **state)
{
	static const char text[] =
		INVITE "\0: 1 BYE\r\n" VIA FROM TO CALLID "Via\0: x\r\n" CSEQ "\r\n";
	struct sip_msg msg;

	(void)state;
	assert_int_equal(sip_msg_parse(bytes_of(text, sizeof(text) - 1), &msg), SIP_OK);
	assert_int_equal(msg.cseq, 7);
}

/* RFC 7989 section 5: who sends a message stands first in it. */
static void knows_who_began_the_session(void **state)
{
	static const struct {
		const char *start, *header, *uuid;
	} rows[] = {
		{"BYE sip:b SIP/2.0", "SESSION-id : a1;remote=b2", "a1"},
		{"BYE sip:b SIP/2.0", "Session-ID: a1", "a1"},
		{"BYE sip:b SIP/2.0", "Session-ID: 000;remote=b2", ""},
		{"SIP/2.0 200 OK", "Session-ID: b2 ; x=1 ; Remote = a1", "a1"},
		{"SIP/2.0 200 OK", "Session-ID: b2;remote=000", ""},
		{"SIP/2.0 200 OK", "Session-ID: b2", ""},
		{"SIP/2.0 200 OK", "X-Session-ID: b2", ""},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sip_msg msg;
		char text[200];
		int n = snprintf(text, sizeof(text),
			"%s\r\nCall-ID: c\r\n%s\r\nCSeq: 1 BYE\r\n\r\n", rows[i].start,
			rows[i].header);

		assert_int_equal(sip_msg_parse(bytes_of(text, (size_t)n), &msg), SIP_OK);
		assert_true(bytes_eq(sip_msg_session(&msg), bytes_from_str(rows[i].uuid)));
	}
}

static bool is_early(const char *text, size_t n)
{
	uint8_t *copy = guarded_copy(text, n);
	struct bytes in = bytes_of(copy, n);
	struct sip_msg msg;
	enum sip_status status = sip_msg_parse(in, &msg);
	bool is_early = status != SIP_OK && sip_msg_ended_early(in, &msg, status);

	guarded_free(copy, n);
	return is_early;
}

static void tells_what_ended_early_from_what_is_malformed(void **state)
{
	static const char usual[] = "\r\n" INVITE VIA FROM TO CALLID CSEQ "\r\n";
	static const char folded[] =
		INVITE VIA FROM TO "Call-ID:\r\n a@b\r\nCSeq:\r\n 1\r\n INVITE\r\n\r\n";
	static const char *const others[] = {INVITE VIA FROM TO CSEQ "\r\n", INVITE CALLID "\r\n",
		"INVITE\r\n" VIA, INVITE "Call-ID:\r\n" VIA, INVITE CALLID "CSeq: x\r\n" VIA,
		INVITE CALLID CSEQ "Content-Length: x\r\n"};
	size_t enough = sizeof(usual) - 1 - strlen("\r\n");

	(void)state;
	for (size_t n = 0; n < sizeof(usual); n++)
		assert_int_equal(is_early(usual, n), n < enough);
	enough = sizeof(folded) - 1 - strlen("\r\n");
	for (size_t n = 0; n < sizeof(folded); n++)
		assert_int_equal(is_early(folded, n), n < enough);
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(is_early(others[i], strlen(others[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_real_senders_do),
		cmocka_unit_test(never_mistakes_a_truncation_for_another_call),
		cmocka_unit_test(stays_linear_on_unclosed_quotes),
		cmocka_unit_test(reads_the_headers_of_a_reply),
		cmocka_unit_test(knows_who_began_the_session),
		cmocka_unit_test(knows_every_registered_method),
		cmocka_unit_test(method_that_lost_its_beginning_is_that_of_cseq),
		cmocka_unit_test(a_zero_octet_is_no_header_name),
		cmocka_unit_test(takes_to_apart_by_itself_and_each_once),
		cmocka_unit_test(tells_what_ended_early_from_what_is_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
