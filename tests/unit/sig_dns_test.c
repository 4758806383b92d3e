/* SPDX-License-Identifier: BSD-3-Clause */
/* DNS messages by hand, with the examples of RFC 1035 section 4.1.4, RFC 2782, RFC 6116 section 3.2. */
#include "sig_dns.h"
#include "unit.h"

/* A response: one question for NAPTR of +442079460148, an answer with a pointer to its name, an OPT. */
static const char naptr[] =
	"\x12\x34\x85\x80\0\1\0\1\0\0\0\1"
	"\1\x38\1\x34\1\x31\1\x30\1\x36\1\x34\1\x39\1\x37\1\x30\1\x32\1\x34\1\x34\4e164\4arpa\0\0\x23\0\1"
	"\xc0\x0c\0\x23\0\1\0\0\x0e\x10\0\x2b"
	"\0\x64\0\x0a\1u\7E2U+sip\x1b!^.*$!sip:info@example.com!\0"
	"\0\0\x29\x10\0\0\0\0\0\0\0";

/* A response: SRV of _sip._udp.example.com, its target with a pointer. */
static const char srv[] = "\0\1\x81\x80\0\1\0\1\0\0\0\0"
			  "\4_sip\4_udp\7example\3com\0\0\x21\0\1"
			  "\xc0\x0c\0\x21\0\1\0\0\0\x3c\0\x0b"
			  "\0\1\0\2\x13\xc4\2s1\xc0\x16";

#define LIT(text) bytes_of(text, sizeof(text) - 1)

static void is_text(const struct sig_dns_name *name, const char *text)
{
	if (!bytes_eq(bytes_of(name->text, name->n), bytes_from_str(text)))
		fail_msg("%.*s, not %s", (int)name->n, name->text, text);
}

static void reads_naptr_of_enum(void **state)
{
	char number[SIG_DNS_NAME_MAX];
	struct sig_dns_record record;
	struct sig_dns_naptr n;
	struct sig_dns_name name;
	struct sig_dns dns;
	uint16_t type, class;
	size_t at = 0;

	(void)state;
	assert_true(sig_dns_parse(LIT(naptr), &dns));
	assert_false(dns.is_cut);
	assert_true(sig_dns_is_voice(&dns));
	assert_int_equal(dns.id, 0x1234);
	assert_int_equal(dns.flags, SIG_DNS_QR | SIG_DNS_AA | SIG_DNS_RD | SIG_DNS_RA);
	assert_true(sig_dns_question(&dns, &at, &name, &type, &class));
	is_text(&name, "8.4.1.0.6.4.9.7.0.2.4.4.e164.arpa");
	assert_int_equal(sig_dns_number(&name, number), 13);
	assert_memory_equal(number, "+442079460148", 13);
	assert_int_equal(at, sig_dns_records(&dns));
	assert_true(sig_dns_record(&dns, &at, &record));
	assert_int_equal(record.type, SIG_DNS_NAPTR);
	assert_int_equal(record.ttl, 3600);
	assert_true(sig_dns_naptr(&dns, &record, &n));
	assert_int_equal(n.order, 100);
	assert_int_equal(n.preference, 10);
	assert_true(bytes_eq(n.flags, BYTES_LIT("u")));
	assert_true(bytes_eq(n.service, BYTES_LIT("E2U+sip")));
	assert_true(bytes_eq(n.regexp, BYTES_LIT("!^.*$!sip:info@example.com!")));
	is_text(&n.replacement, ".");
	assert_true(sig_dns_record(&dns, &at, &record));
	assert_int_equal(record.type, SIG_DNS_OPT);
	assert_false(sig_dns_record(&dns, &at, &record));
}

static void reads_srv(void **state)
{
	struct sig_dns_record record;
	struct sig_dns_name name;
	struct sig_dns_srv s;
	struct sig_dns dns;
	size_t at;

	(void)state;
	assert_true(sig_dns_parse(LIT(srv), &dns));
	at = sig_dns_records(&dns);
	assert_true(sig_dns_record(&dns, &at, &record));
	assert_true(sig_dns_srv(&dns, &record, &s));
	assert_int_equal(s.priority, 1);
	assert_int_equal(s.weight, 2);
	assert_int_equal(s.port, 5060);
	is_text(&s.target, "s1.example.com");
	assert_true(sig_dns_name(dns.in, &record.name, &name));
	is_text(&name, "_sip._udp.example.com");
}

/* Each octet string behind a header of 12. */
static void reads_names_and_refuses_what_is_none(void **state)
{
	static const struct {
		const char *octets;
		size_t n, at;
		const char *text;
	} rows[] = {
		/* RFC 1035 section 4.1.4, here from 12 on. */
		{"\1F\3ISI\4ARPA\0\3FOO\xc0\x0c\xc0\x0e\0", 22, 12, "F.ISI.ARPA"},
		{"\1F\3ISI\4ARPA\0\3FOO\xc0\x0c\xc0\x0e\0", 22, 24, "FOO.F.ISI.ARPA"},
		{"\1F\3ISI\4ARPA\0\3FOO\xc0\x0c\xc0\x0e\0", 22, 30, "ISI.ARPA"},
		{"\0", 1, 12, "."},
		{"\4a.\\\x80\0", 6, 12, "a\\046\\092\\128"},
		{"\xc0\x0c", 2, 12, NULL}, /* itself */
		{"\xc0\x0e\xc0\x0c", 4, 14, NULL}, /* each other */
		{"\xc0\x0e\1a\0", 5, 12, NULL}, /* forwards */
		{"\1a\xc0\x0c", 4, 12, NULL}, /* round and round */
		{"\xc0\x00\0", 3, 12, NULL}, /* the header */
		{"\x40\0", 2, 12, NULL},
		{"\x80\0", 2, 12, NULL},
		{"\1a", 2, 12, NULL},
		{"\xc0", 1, 12, NULL},
		{"", 0, 12, NULL},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = 12 + rows[i].n, at = rows[i].at;
		uint8_t in[64] = {0}, *copy;
		struct sig_dns_name name;

		memcpy(in + 12, rows[i].octets, rows[i].n);
		copy = guarded_copy(in, n);
		if (sig_dns_name(bytes_of(copy, n), &at, &name) != (rows[i].text != NULL))
			fail_msg("row %u", i);
		if (rows[i].text)
			is_text(&name, rows[i].text);
		guarded_free(copy, n);
	}
}

static void refuses_names_above_255_octets(void **state)
{
	uint8_t in[12 + 4 * 64 + 1] = {0};
	struct sig_dns_name name;
	size_t at = 12;

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		in[12 + i * 64] = i < 3 ? 63 : 61;
	in[12 + 3 * 64 + 62] = 0;
	assert_true(sig_dns_name(bytes_of(in, sizeof(in)), &at, &name));
	assert_int_equal(at, 12 + 255);
	assert_true(name.n <= SIG_DNS_NAME_MAX);
	in[12 + 3 * 64] = 62;
	at = 12;
	assert_false(sig_dns_name(bytes_of(in, sizeof(in)), &at, &name));
}

/* Nothing is read behind the end, and what is missing is said. */
static void every_truncation_is_cut_or_refused(void **state)
{
	const size_t question = 12 + 35 + 4;

	(void)state;
	for (size_t n = 0; n < sizeof(naptr) - 1; n++) {
		uint8_t *copy = guarded_copy(naptr, n);
		struct sig_dns_record record;
		struct sig_dns_naptr data;
		struct sig_dns dns;

		assert_int_equal(sig_dns_parse(bytes_of(copy, n), &dns), n >= question);
		assert_int_equal(sig_dns_ended_early(bytes_of(copy, n)), n < question);
		if (n >= question) {
			size_t at = sig_dns_records(&dns);

			assert_true(dns.is_cut);
			if (sig_dns_record(&dns, &at, &record))
				assert_true(sig_dns_naptr(&dns, &record, &data));
		}
		guarded_free(copy, n);
	}
}

static void what_is_malformed_did_not_end_early(void **state)
{
	static const struct {
		size_t at;
		char octet;
	} wrong[] = {{5, 0}, {4, 1}, {2, 0x78}, {12, 0x40}};

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char in[sizeof(naptr)];

		memcpy(in, naptr, sizeof(in));
		in[wrong[i].at] = wrong[i].octet;
		assert_false(sig_dns_ended_early(bytes_of(in, 20)));
	}
}

static void malformed_data_is_refused(void **state)
{
	char in[sizeof(naptr)];
	struct sig_dns_record record;
	struct sig_dns_naptr n;
	struct sig_dns_srv s;
	struct sig_dns dns;
	size_t at;

	(void)state;
	memcpy(in, naptr, sizeof(in));
	in[sizeof(in) - 1 - 11 - 29] = 9; /* length of a string */
	assert_true(sig_dns_parse(LIT(in), &dns));
	at = sig_dns_records(&dns);
	assert_true(sig_dns_record(&dns, &at, &record));
	assert_false(sig_dns_naptr(&dns, &record, &n));
	record.data.n = 5;
	assert_false(sig_dns_srv(&dns, &record, &s));
	record.data.n = 3;
	assert_false(sig_dns_naptr(&dns, &record, &n));
}

static void voice_is_its_srv_naptr_and_enum(void **state)
{
	static const struct {
		const char *question;
		size_t n;
		bool is_voice;
	} rows[] = {
		{"\7example\3com\0\0\1\0\1", 17, false},
		{"\7example\3com\0\0\x21\0\1", 17, false},
		{"\4_sip\4_udp\1a\0\0\x21\0\1", 17, true},
		{"\x11_SipFederationTLS\1a\0\0\x21\0\1", 25, true},
		{"\6_stuns\1a\0\0\x21\0\1", 14, true},
		{"\6_turns\1a\0\0\x21\0\1", 14, true},
		{"\6_h323c\1a\0\0\x21\0\1", 14, true},
		{"\x9_diameter\1a\0\0\x21\0\1", 17, true},
		{"\4_aaa\1a\0\0\x21\0\1", 12, true},
		{"\5_ldap\1a\0\0\x21\0\1", 13, false},
		{"\x9_kerberos\4_sip\0\0\x21\0\1", 20, false},
		{"\3_gc\1a\0\0\x21\0\1", 11, false},
		{"\4_sip\1a\0\0\1\0\1", 12, false},
		{"\0\0\x21\0\1", 5, false},
		{"\7example\3com\0\0\x23\0\1", 17, true},
		{"\1\x31\4E164\4arpa\0\0\xff\0\1", 17, true},
		{"\5xe164\4arpa\0\0\1\0\1", 16, false},
		{"\4e164\4arpa\0\0\6\0\1", 15, true},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t in[64] = {0};
		struct sig_dns dns;

		in[5] = 1;
		memcpy(in + 12, rows[i].question, rows[i].n);
		assert_true(sig_dns_parse(bytes_of(in, 12 + rows[i].n), &dns));
		if (sig_dns_is_voice(&dns) != rows[i].is_voice)
			fail_msg("row %u", i);
	}
}

static void numbers_are_digits_alone(void **state)
{
	static const char *const rows[][2] = {{"4.3.e164.arpa", "+34"}, {"e164.arpa", ""},
		{"43.e164.arpa", ""}, {"a.3.e164.arpa", ""}, {"3.E164.ARPA", "+3"}, {"3.arpa", ""},
		{"", ""}, {".", ""}};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sig_dns_name name = {.n = strlen(rows[i][0])};
		char out[SIG_DNS_NAME_MAX];

		memcpy(name.text, rows[i][0], name.n);
		assert_int_equal(sig_dns_number(&name, out), strlen(rows[i][1]));
		assert_memory_equal(out, rows[i][1], strlen(rows[i][1]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_naptr_of_enum),
		cmocka_unit_test(reads_srv),
		cmocka_unit_test(reads_names_and_refuses_what_is_none),
		cmocka_unit_test(refuses_names_above_255_octets),
		cmocka_unit_test(every_truncation_is_cut_or_refused),
		cmocka_unit_test(what_is_malformed_did_not_end_early),
		cmocka_unit_test(malformed_data_is_refused),
		cmocka_unit_test(voice_is_its_srv_naptr_and_enum),
		cmocka_unit_test(numbers_are_digits_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
