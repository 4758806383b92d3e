/* SPDX-License-Identifier: BSD-3-Clause */
/* What begins like MGCP, Megaco or a syslog line, in the manner of RFC 3435, 3525, 5424 and
 * 3164. */
#include "sig_text.h"
#include "unit.h"

static void tells_protocols_by_their_beginning(void **state)
{
	static const struct {
		const char *text;
		uint16_t port;
		enum sig_kind kind;
		const char *id;
	} rows[] = {
		{"CRCX 1204 aaln/1@rgw.example MGCP 1.0\r\nC: A3C47F21456789F0\r\nL: p:10\r\n", 9,
			SIG_MGCP, "A3C47F21456789F0"},
		{"rsip 7 *@rgw.example mgcp 1.0 NCS 1.0\n", 9, SIG_MGCP, "7"},
		{"200 1204 OK\r\nI: FDE234C8\r\nc:  1f \r\n", 2427, SIG_MGCP, "1f"},
		{"250 1210 OK\r\n", 2727, SIG_MGCP, "1210"},
		{"250 1210 OK\r\n", 2428, SIG_NONE, ""},
		{"CRCX 1204 aaln/1@rgw.example SIP/2.0\r\n", 2427, SIG_NONE, ""},
		{"CRCX x aaln/1 MGCP 1.0\r\n", 2427, SIG_NONE, ""},
		{"CRCX 1234567890 aaln/1 MGCP 1.0\r\n", 2427, SIG_NONE, ""},
		{"MEGACO/1 [192.0.2.1]:2944\nTransaction = 9998 {Context = - {", 9, SIG_MEGACO,
			"9998"},
		{"!/2 <mgc>\nT=14{C=-{", 9, SIG_MEGACO, "14"},
		{"!/1 <mgc> K{1-2}", 9, SIG_MEGACO, "megaco"},
		{"!/1", 9, SIG_NONE, ""},
		{"!/x {", 9, SIG_NONE, ""},
		{"<34>1 2003-10-11T22:14:15.003Z host app - - - Call-ID: 1@a gone", 514, SIG_SYSLOG,
			"1@a"},
		{"<191>Oct 11 22:14:15 host kamailio: c callid=\"x y\"", 514, SIG_SYSLOG, "x"},
		{"<0>callid= , CALL-ID=[z];", 514, SIG_SYSLOG, "z"},
		{"<1>c", 514, SIG_SYSLOG, "syslog"},
		{"<192>x", 514, SIG_NONE, ""},
		{"<34>", 514, SIG_NONE, ""},
		{"<34>x", 515, SIG_NONE, ""},
		{"", 514, SIG_NONE, ""},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes id = BYTES_NONE, text = bytes_from_str(rows[i].text);

		if (sig_text_parse(text, 1, rows[i].port, &id) != rows[i].kind)
			fail_msg("%s", rows[i].text);
		assert_int_equal(sig_text_parse(text, rows[i].port, 1, &id), rows[i].kind);
		if (rows[i].kind != SIG_NONE && !bytes_eq(id, bytes_from_str(rows[i].id)))
			fail_msg("%s: %.*s", rows[i].text, (int)id.n, (const char *)id.p);
	}
}

static void a_nul_is_no_sign_before_a_value(void **state)
{
	static const char line[] = "<14>callid=\0a; call-id=b";
	struct bytes id = BYTES_NONE;

	(void)state;
	assert_int_equal(sig_text_parse(bytes_of(line, sizeof(line) - 1), 1, 514, &id), SIG_SYSLOG);
	assert_true(bytes_eq(id, BYTES_LIT("b")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_protocols_by_their_beginning),
		cmocka_unit_test(a_nul_is_no_sign_before_a_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
