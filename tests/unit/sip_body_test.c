/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the session description stands in a body, plain and in multiparts. */
#include <stdio.h>

#include "sip_body.h"
#include "unit.h"

#define SDP	       "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
#define PART_SDP(line) "Content-Type: application/sdp\r\n" line "\r\n" SDP

struct body_case {
	const char *name;
	const char *type; /* of the message; empty when absent */
	const char *encoding;
	const char *body;
	const char *sdp; /* NULL: none is found */
};

static const struct body_case cases[] = {
	{"alone", "application/sdp", "", SDP, SDP},
	{"any case and parameters", "Application / SDP ; charset=utf-8", "", SDP, SDP},
	{"no Content-Type but v=0", "", "", SDP, SDP},
	{"no Content-Type, other text", "", "", "hello", NULL},
	{"no body", "application/sdp", "", "", NULL},
	{"another type", "text/plain", "", SDP, NULL},
	{"a longer subtype", "application/sdp2", "", SDP, NULL},
	{"no subtype", "application", "", SDP, NULL},
	{"compressed", "application/sdp", "gzip", SDP, NULL},
	{"multipart without boundary", "multipart/mixed", "", "--\r\n" PART_SDP("") "\r\n--", NULL},
	{"multipart with empty boundary", "multipart/mixed;boundary=\"\"", "",
		"--\r\n" PART_SDP("") "\r\n----", NULL},
	{"second part, quoted boundary, preamble and epilogue",
		"multipart/mixed; x=\";boundary=no\"; boundary=\"b 1=\"", "",
		"This is the preamble.\r\n--b 1=\r\nContent-Type: text/plain\r\n\r\nv=0\r\n"
		"--b 1=\r\n" PART_SDP("") "\r\n--b 1=--\r\nepilogue\r\n--b 1=\r\n" PART_SDP(""),
		SDP},
	{"the line end before the boundary is not the part's", "multipart/mixed;boundary=b", "",
		"--b\r\nc:application/sdp\r\n\r\nv=0\r\n--b--\r\n", "v=0"},
	{"LF alone", "multipart/alternative;boundary=b", "",
		"--b\nC : application/sdp\n\nv=0\ns=-\n\n--b--\n", "v=0\ns=-\n"},
	{"blanks after the boundary", "multipart/mixed;boundary=b", "",
		"--b \t\r\n" PART_SDP("") "\r\n--b-- \r\n", SDP},
	{"folded type in the part", "multipart/mixed;\r\n boundary=b", "",
		"--b\r\nContent-Type:\r\n application/sdp\r\n\r\nv=0\r\n--b--", "v=0"},
	{"the first description of two", "multipart/mixed;boundary=b", "",
		"--b\r\nc:application/sdp\r\n\r\nv=1\r\n--b\r\n" PART_SDP("") "\r\n--b--", "v=1"},
	{"no closing boundary: the capture cut it", "multipart/mixed;boundary=b", "",
		"--b\r\n" PART_SDP(""), SDP},
	{"parts after the closing boundary do not count", "multipart/mixed;boundary=b", "",
		"--b\r\nc: text/plain\r\n\r\nx\r\n--b--\r\n--b\r\n" PART_SDP("") "\r\n--b--", NULL},
	{"a boundary inside a line", "multipart/mixed;boundary=b", "",
		"--b\r\nc:application/sdp\r\n\r\nv=0\r\ns= --b\r\n --b\r\n--b--",
		"v=0\r\ns= --b\r\n --b"},
	{"a longer boundary is another", "multipart/mixed;boundary=b", "",
		"--b\r\nc:application/sdp\r\n\r\nv=0\r\n--bb\r\n--b-\r\n--b--",
		"v=0\r\n--bb\r\n--b-"},
	{"a part without headers", "multipart/mixed;boundary=b", "", "--b\r\n\r\n" SDP "\r\n--b--",
		NULL},
	{"a part without a head's end", "multipart/mixed;boundary=b", "",
		"--b\r\nc:application/sdp\r\n--b--", NULL},
	{"a compressed part", "multipart/mixed;boundary=b", "",
		"--b\r\n" PART_SDP("e: gzip\r\n") "\r\n--b--", NULL},
	{"a base64 part before a plain one", "multipart/mixed;boundary=b", "",
		"--b\r\n" PART_SDP(
			"Content-Transfer-Encoding: base64\r\n") "\r\n"
								 "--b\r\nContent-Transfer-Encoding: 8BIT\r\nc:application/sdp\r\n\r\nv=2\r\n--b--",
		"v=2"},
	{"the first type of a part counts", "multipart/mixed;boundary=b", "",
		"--b\r\nc: text/plain\r\nc: application/sdp\r\n\r\nv=0\r\n--b--", NULL},
	{"a multipart in a multipart", "multipart/mixed;boundary=out", "",
		"--out\r\nContent-Type: multipart/alternative; boundary=\"in\"\r\n\r\n"
		"--in\r\nc: text/plain\r\n\r\nx\r\n--in\r\n" PART_SDP(
			"") "\r\n--in--\r\n\r\n--out--",
		SDP},
	{"after a multipart that holds none", "multipart/mixed;boundary=out", "",
		"--out\r\nc: multipart/alternative; boundary=in\r\n\r\n--in\r\n\r\nx\r\n--in--\r\n"
		"--out\r\n" PART_SDP("") "\r\n--out--",
		SDP},
	{"three levels are one too many", "multipart/mixed;boundary=a", "",
		"--a\r\nc: multipart/mixed;boundary=b\r\n\r\n--b\r\nc: multipart/mixed;boundary=c\r\n\r\n"
		"--c\r\n" PART_SDP("") "\r\n--c--\r\n--b--\r\n--a--",
		NULL},
};

enum {
	CASE_COUNT = sizeof(cases) / sizeof(cases[0])
};

/* A message whose body alone stands against the guard page. */
static bool find(const struct body_case *c, const uint8_t *body, size_t n, struct bytes *sdp)
{
	struct sip_msg msg = {
		.content_type = bytes_from_str(c->type),
		.content_encoding = bytes_from_str(c->encoding),
		.body = bytes_of(body, n),
	};

	return sip_body_sdp(&msg, sdp);
}

static void finds_the_description(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CASE_COUNT; i++) {
		size_t n = strlen(cases[i].body);
		uint8_t *copy = guarded_copy(cases[i].body, n);
		const char *want = cases[i].sdp ? cases[i].sdp : "";
		struct bytes sdp;
		bool is_found = find(&cases[i], copy, n, &sdp);

		if (is_found != (cases[i].sdp != NULL) || !bytes_eq(sdp, bytes_from_str(want)))
			fail_msg("%s: found %d \"%.*s\"", cases[i].name, is_found, (int)sdp.n,
				sdp.n ? (const char *)sdp.p : "");
		guarded_free(copy, n);
	}
}

/* What is found in a cut body is not more than in the whole, and nothing where there is nothing. */
static void finds_no_more_in_any_truncation(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CASE_COUNT; i++) {
		for (size_t n = 0; n < strlen(cases[i].body); n++) {
			uint8_t *copy = guarded_copy(cases[i].body, n);
			struct bytes sdp;

			if (find(&cases[i], copy, n, &sdp)) {
				assert_true(sdp.n > 0);
				assert_true(sdp.p >= copy && sdp.p + sdp.n <= copy + n);
				assert_non_null(cases[i].sdp);
			}
			guarded_free(copy, n);
		}
	}
}

/* RFC 2046 section 5.1.1: at most 70 characters */
static void takes_boundaries_up_to_their_limit(void **state)
{
	char type[200];
	char body[400];

	(void)state;
	for (int len = 69; len <= 71; len++) {
		struct body_case c = {.type = type, .encoding = ""};
		struct bytes sdp;

		snprintf(type, sizeof(type), "multipart/mixed;boundary=%0*d", len, 1);
		snprintf(body, sizeof(body), "--%0*d\r\n" PART_SDP("") "\r\n--%0*d--", len, 1, len,
			1);
		assert_int_equal(find(&c, (uint8_t *)body, strlen(body), &sdp), len <= 70);
	}
}

static void a_message_without_a_body_has_none(void **state)
{
	struct sip_msg msg = {0};
	struct bytes sdp = BYTES_LIT("stale");

	(void)state;
	assert_false(sip_body_sdp(&msg, &sdp));
	assert_int_equal(sdp.n, 0);
}

static void follows_the_message_from_its_first_octet(void **state)
{
	static const char text[] = "INVITE sip:b@h SIP/2.0\r\ni: 1\r\nCSeq: 1 INVITE\r\n"
				   "c: multipart/mixed;\r\n boundary=\"x\"\r\n\r\n"
				   "--x\r\n" PART_SDP("") "\r\n--x--\r\n";
	struct sip_msg msg;
	struct bytes sdp;

	(void)state;
	assert_int_equal(sip_msg_parse(bytes_from_str(text), &msg), SIP_OK);
	assert_true(sip_body_sdp(&msg, &sdp));
	assert_true(bytes_eq(sdp, BYTES_LIT(SDP)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_description),
		cmocka_unit_test(finds_no_more_in_any_truncation),
		cmocka_unit_test(takes_boundaries_up_to_their_limit),
		cmocka_unit_test(a_message_without_a_body_has_none),
		cmocka_unit_test(follows_the_message_from_its_first_octet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
