/* SPDX-License-Identifier: BSD-3-Clause */
/* The torture test of RFC 4475, section by section, in messages of our own: what is read from each,
 * or why it is refused. Sections that are not here differ only in what a user agent would do. */
#include <stdio.h>

#include "sip_case.h"

static const struct sip_case cases[] = {
	{
		.name = "wsinv, 3.1.1.1: blanks and folds wherever they are allowed",
		.text = "INVITE sip:bob@example.org;odd SIP/2.0\r\n"
			"TO :\r\n sip:bob@example.org ;   tag    = 1918\r\n"
			"from   : \"A Nn \\\\\\\"\"   <sip:ann@example.net>\r\n  ;\r\n  tag = 98a\r\n"
			"MaX-fOrWaRdS: 0068\r\n"
			"Call-ID: ws@192.0.2.1\r\n"
			"Content-Length   : 3\r\n"
			"cseq: 0009\r\n  INVITE\r\n"
			"Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390s\r\n"
			"s :\r\n"
			"NewHeader:   new\r\n continued: with a colon\r\n"
			"Odd: ;;,,;;,;\r\n"
			"v:  SIP  / 2.0  / TCP   x.example.com ;\r\n  branch  =  z9hG4bK9  ,\r\n"
			" SIP  /  2.0 / UDP  192.0.2.9   ; branch=\r\n z9hG4bK3\r\n"
			"m:\"Q \\\"\\\"\" <sip:ann@192.0.2.2> ; new =\r\n new ;\r\n q = 0.33\r\n"
			"\r\nabc",
		.method = SIP_INVITE,
		.request_uri = "sip:bob@example.org;odd",
		.call_id = "ws@192.0.2.1",
		.cseq = 9,
		.from_uri = "sip:ann@example.net",
		.from_user = "ann",
		.from_tag = "98a",
		.to_uri = "sip:bob@example.org",
		.to_user = "bob",
		.to_tag = "1918",
		.contact_uri = "sip:ann@192.0.2.2",
		.via = "SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390s",
		.branch = "390s",
		.length = 3,
		.body = "abc",
	},
	{
		.name = "intmeth, 3.1.1.2: every character a token may hold",
		.text = "!Odd-Method0_*+`.%ed'~ sip:1_u~(b!s)&n't+it$/c?,/;;*:&p+h=1,w!*p$w~d@example.org"
			" SIP/2.0\r\n"
			"Via: SIP/2.0/TCP h.example.com;branch=z9hG4bK-.!%66*_+`'~\r\n"
			"To: \"BEL:\\\x07 DEL:\\\x7f\" <sip:1_u~(b!s)&n't+it$/c?,/;;*@example.org>\r\n"
			"From: t1~` t2'+_ t3*%!.- <sip:ann@example.net>"
			";fromParam''~+*_!.-%=\"\xd1\x80;\xd0\xb0\";tag=_token~1'+`*%!-.\r\n"
			"Call-ID: w%ZK-!.*_+'@w`~)(><:\\/\"][?}{\r\n"
			"CSeq: 139122385 !Odd-Method0_*+`.%ed'~\r\n"
			"ext-!.%*+_`'~:\xef\xbb\xbf\r\n"
			"Content-Length: 0\r\n\r\n",
		.method = SIP_OTHER,
		.method_name = "!Odd-Method0_*+`.%ed'~",
		.request_uri = "sip:1_u~(b!s)&n't+it$/c?,/;;*:&p+h=1,w!*p$w~d@example.org",
		.call_id = "w%ZK-!.*_+'@w`~)(><:\\/\"][?}{",
		.cseq = 139122385,
		.from_uri = "sip:ann@example.net",
		.from_user = "ann",
		.from_tag = "_token~1'+`*%!-.",
		.to_uri = "sip:1_u~(b!s)&n't+it$/c?,/;;*@example.org",
		.to_user = "1_u~(b!s)&n't+it$/c?,/;;*",
		.via = "SIP/2.0/TCP h.example.com;branch=z9hG4bK-.!%66*_+`'~",
		.branch = "z9hG4bK-.!%66*_+`'~",
	},
	{
		.name = "esc01, escnull and esc02, 3.1.1.3 to 3.1.1.5: escapes stay as they are",
		.text = "RE%47IST%45R sip:sips%3Abob%40example.com@example.org SIP/2.0\r\n"
			"To: sip:%75se%00%72@example.org\r\n"
			"From: \"%Z%45\" <sip:I%20have%20spaces@example.net>;tag=938\r\n"
			"i: esc\r\nCSeq: 234234 RE%47IST%45R\r\n"
			"Via: SIP/2.0/UDP h.example.net;branch=z9hG4bK209%f\r\n"
			"C%6Fntact: <sip:not-a-contact@example.net>\r\n"
			"m:\r\n  <sip:cal%6Cer@example.net;%6C%72;n%61me=v%61lue%25%34%31>\r\nL:0\r\n\r\n",
		.method = SIP_OTHER,
		.method_name = "RE%47IST%45R",
		.request_uri = "sip:sips%3Abob%40example.com@example.org",
		.call_id = "esc",
		.cseq = 234234,
		.from_uri = "sip:I%20have%20spaces@example.net",
		.from_user = "I%20have%20spaces",
		.from_tag = "938",
		.to_uri = "sip:%75se%00%72@example.org",
		.to_user = "%75se%00%72",
		.contact_uri = "sip:cal%6Cer@example.net;%6C%72;n%61me=v%61lue%25%34%31",
		.via = "SIP/2.0/UDP h.example.net;branch=z9hG4bK209%f",
		.branch = "z9hG4bK209%f",
	},
	{
		.name = "lwsdisp, 3.1.1.6: no blank between display name and <",
		.text = INVITE VIA "From: ann<sip:ann@example.net>;tag=f1\r\n" TO CALLID CSEQ
				   "l: 0\r\n\r\n",
		.method = SIP_INVITE,
	},
	{
		.name = "dblreq, 3.1.1.8: the first message of two counts",
		.text = "REGISTER sip:bob@example.org SIP/2.0\r\n" VIA FROM TO CALLID
			"CSeq: 7 REGISTER\r\nContent-Length: 0\r\n\r\n\r\n"
			"INVITE sip:joe@example.com SIP/2.0\r\nCall-ID: second\r\nCSeq: 8 INVITE\r\n\r\n",
		.method = SIP_REGISTER,
	},
	{
		.name = "semiuri, 3.1.1.9: semicolons in the user part",
		.text = "OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0\r\n" VIA FROM
			"To: <sip:user;par=u%40example.net@example.com>\r\n" CALLID
			"CSeq: 8 OPTIONS\r\n\r\n",
		.method = SIP_OPTIONS,
		.request_uri = "sip:user;par=u%40example.net@example.com",
		.to_uri = "sip:user;par=u%40example.net@example.com",
		.to_user = "user;par=u%40example.net",
		.cseq = 8,
		.length = -1,
	},
	{
		.name = "transports, 3.1.1.10: the topmost of many Via headers",
		.text = INVITE "Via: SIP/2.0/UNKNOWN t1.example.com;branch=z9hG4bK1\r\n" USUAL
			       "\r\n",
		.method = SIP_INVITE,
		.via = "SIP/2.0/UNKNOWN t1.example.com;branch=z9hG4bK1",
		.branch = "z9hG4bK1",
		.length = -1,
	},
	{
		.name = "unreason, 3.1.1.12: UTF-8 and signs in the reason phrase",
		.text = "SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe\r\n" USUAL "\r\n",
		.method = SIP_INVITE,
		.code = 200,
		.reason = "= 2**3 * 5**2 \xd0\xbd\xd0\xbe",
		.length = -1,
	},
	{
		.name = "noreason, 3.1.1.13: an empty reason phrase",
		.text = "SIP/2.0 100 \r\n" USUAL "\r\n",
		.method = SIP_INVITE,
		.code = 100,
		.length = -1,
	},
	{
		.name = "badinv01, 3.1.2.1: separators with nothing between them",
		.text = INVITE "Via: SIP/2.0/UDP 192.0.2.15;;,;,,\r\n" FROM TO CALLID CSEQ
			       "Contact: \"Joe\" <sip:joe@example.org>;;;;\r\n\r\n",
		.method = SIP_INVITE,
		.via = "SIP/2.0/UDP 192.0.2.15;;",
		.branch = "",
		.contact_uri = "sip:joe@example.org",
		.length = -1,
	},
	{
		.name = "clerr, 3.1.2.2: Content-Length beyond the end",
		.text = INVITE USUAL "Content-Length: 9999\r\n\r\nv=0\r\n",
		.method = SIP_INVITE,
		.length = 9999,
		.body = "v=0\r\n",
		.is_body_cut = true,
	},
	{
		.name = "ncl, 3.1.2.3: negative Content-Length",
		.text = INVITE USUAL "Content-Length: -999\r\n\r\nv=0\r\n",
		.status = SIP_BAD_CONTENT_LENGTH,
	},
	{
		.name = "scalar02, 3.1.2.4: CSeq of 65 bits",
		.text = "REGISTER sip:example.org SIP/2.0\r\n" VIA FROM TO CALLID
			"CSeq: 36893488147419103232 REGISTER\r\n\r\n",
		.status = SIP_BAD_CSEQ,
	},
	{
		.name = "scalarlg, 3.1.2.5: the same in a response",
		.text = "SIP/2.0 503 Service Unavailable\r\n" VIA FROM TO CALLID
			"CSeq: 9292394834772304023312 OPTIONS\r\n\r\n",
		.status = SIP_BAD_CSEQ,
	},
	{
		.name = "quotbal, 3.1.2.6: a quote that does not end",
		.text = INVITE VIA FROM "To: \"Mr. Bob <sip:bob@example.org>;tag=t1\r\n" CALLID CSEQ
					"\r\n",
		.method = SIP_INVITE,
		.to_tag = "t1",
		.length = -1,
	},
	{
		.name = "ltgtruri, 3.1.2.7: Request-URI in brackets",
		.text = "INVITE <sip:bob@example.org> SIP/2.0\r\n" USUAL "\r\n",
		.method = SIP_INVITE,
		.request_uri = "<sip:bob@example.org>",
		.length = -1,
	},
	{
		.name = "lwsruri, 3.1.2.8: a blank inside the Request-URI",
		.text = "INVITE sip:bob@example.org; lr SIP/2.0\r\n" USUAL "\r\n",
		.method = SIP_INVITE,
		.request_uri = "sip:bob@example.org; lr",
		.length = -1,
	},
	{
		.name = "lwsstart and trws, 3.1.2.9 and 3.1.2.10: blanks around the Request-URI and last",
		.text = "INVITE  sip:bob@example.org  SIP/2.0  \r\n" USUAL "\r\n",
		.method = SIP_INVITE,
		.length = -1,
	},
	{
		.name = "escruri, 3.1.2.11 and regbadct, 3.1.2.13: headers in a URI",
		.text = "INVITE sip:bob@example.org?Route=%3Csip:x%3E SIP/2.0\r\n" USUAL
			"Contact: sip:ann@example.net?Route=%3Csip:x%3E\r\n\r\n",
		.method = SIP_INVITE,
		.request_uri = "sip:bob@example.org?Route=%3Csip:x%3E",
		.contact_uri = "sip:ann@example.net?Route=%3Csip:x%3E",
		.length = -1,
	},
	{
		.name = "badaspec, 3.1.2.14: blanks inside the brackets",
		.text = INVITE VIA FROM "To: \"Bob, B\" < sip:bob@example.org >\r\n" CALLID CSEQ
					"\r\n",
		.method = SIP_INVITE,
		.length = -1,
	},
	{
		.name = "baddn, 3.1.2.15: an unquoted comma in the display name",
		.text = INVITE VIA
		"From:    Nn, Ann <sip:ann@example.net>;tag=f1\r\n" TO CALLID CSEQ "\r\n",
		.method = SIP_INVITE,
		.length = -1,
	},
	{
		.name = "badvers, 3.1.2.16: a version from the future",
		.text = "INVITE sip:bob@example.org SIP/7.0\r\n" USUAL "\r\n",
		.method = SIP_INVITE,
		.length = -1,
	},
	{
		.name = "mismatch01 and 02, 3.1.2.17: another method in CSeq",
		.text = "NEWMETHOD sip:bob@example.org SIP/2.0\r\n" USUAL "\r\n",
		.method = SIP_OTHER,
		.method_name = "NEWMETHOD",
		.length = -1,
	},
	{
		.name = "bigcode, 3.1.2.19: a status of 33 bits",
		.text = "SIP/2.0 4294967301 better not break the receiver\r\n" USUAL "\r\n",
		.status = SIP_START_LINE,
	},
	{
		.name = "insuf, 3.3.1: no Call-ID, From and To",
		.text = INVITE VIA CSEQ "\r\n",
		.status = SIP_NO_CALL_ID,
	},
	{
		.name = "unkscm, novelsc and unksm2, 3.3.2 to 3.3.4: other URI schemes",
		.text = "OPTIONS nobodyKnows:opaque SIP/2.0\r\n" VIA
			"From: <http://www@example.com>;tag=f1\r\nTo: isbn:2983792873\r\n" CALLID
			"CSeq: 7 OPTIONS\r\nContact: <name:John_Smith>\r\n\r\n",
		.method = SIP_OPTIONS,
		.request_uri = "nobodyKnows:opaque",
		.from_uri = "http://www@example.com",
		.from_user = "",
		.to_uri = "isbn:2983792873",
		.to_user = "",
		.contact_uri = "name:John_Smith",
		.length = -1,
	},
	{
		.name = "multi01, 3.3.8: of repeated headers the first counts",
		.text = INVITE USUAL "CSeq: 59 INVITE\r\nCall-ID: other\r\n"
				     "To: sip:other@example.net;tag=x\r\n"
				     "From: sip:other@example.net;tag=y\r\n"
				     "Contact: <sip:c1@h1>\r\nContact: <sip:c2@h2>\r\n\r\n",
		.method = SIP_INVITE,
		.contact_uri = "sip:c1@h1",
		.length = -1,
	},
	{
		.name = "mcl01, 3.3.9: two different lengths",
		.text = INVITE USUAL "Content-Length: 13\r\nl: 5\r\n\r\nThere is no way to know.",
		.status = SIP_BAD_CONTENT_LENGTH,
	},
	{
		.name = "cparam01, 3.3.12: parameters without brackets are the header's",
		.text = "REGISTER sip:bob@example.org SIP/2.0\r\n" USUAL
			"Contact: sip:+19725552222@gw1.example.net;unknownparam\r\n\r\n",
		.method = SIP_REGISTER,
		.contact_uri = "sip:+19725552222@gw1.example.net",
		.length = -1,
	},
	{
		.name = "cparam02, 3.3.13: parameters in brackets are the URI's",
		.text = "REGISTER sip:bob@example.org SIP/2.0\r\n" USUAL
			"Contact: <sip:+19725552222@gw1.example.net;unknownparam>\r\n\r\n",
		.method = SIP_REGISTER,
		.contact_uri = "sip:+19725552222@gw1.example.net;unknownparam",
		.length = -1,
	},
	{
		.name = "inv2543, 3.4.1: no branch, no From tag",
		.text = INVITE "Via: SIP/2.0/UDP gw.example.com\r\nFrom: <sip:ann@example.net>\r\n"
			       "To: sip:bob@example.org;user=phone\r\n" CALLID CSEQ "\r\nv=0\r\n",
		.method = SIP_INVITE,
		.from_tag = "",
		.via = "SIP/2.0/UDP gw.example.com",
		.branch = "",
		.length = -1,
		.body = "v=0\r\n",
	},
};

enum {
	CASE_COUNT = sizeof(cases) / sizeof(cases[0])
};

static void reads_messages_like_those_of_rfc_4475(void **state)
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

/* longreq, 3.1.1.7: values of thousands of octets and many headers */
static void reads_long_requests(void **state)
{
	static char text[60000];
	struct sip_msg msg;
	size_t n;

	(void)state;
	n = (size_t)snprintf(text, sizeof(text),
		INVITE "To: \"%0*d\"<sip:bob@h;p=%0*d;tag=no>;"
		       "x%0*d=y;tag=%0*d\r\n",
		5000, 1, 5000, 2, 5000, 3, 5000, 4);
	for (unsigned i = 0; i < 300; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
			"v: SIP/2.0/TCP sip%u.example.com;branch=z9hG4bK%u\r\n", i, i);
	n += (size_t)snprintf(text + n, sizeof(text) - n, FROM CALLID CSEQ "\r\n");

	assert_int_equal(sip_msg_parse(bytes_of(text, n), &msg), SIP_OK);
	sip_msg_parse_parties(&msg);
	sip_msg_parse_hops(&msg);
	assert_int_equal(msg.to.tag.n, 5000);
	assert_int_equal(msg.to.tag.p[4999], '4');
	assert_int_equal(msg.to.uri.n, strlen("sip:bob@h;p=") + 5000 + strlen(";tag=no"));
	assert_true(bytes_eq(msg.via_branch, BYTES_LIT("z9hG4bK0")));
	assert_int_equal(msg.head.n, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_messages_like_those_of_rfc_4475),
		cmocka_unit_test(never_mistakes_a_truncation_for_another_call),
		cmocka_unit_test(reads_long_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
