/* SPDX-License-Identifier: BSD-3-Clause */
/* Diameter messages by hand: RFC 6733 sections 3 and 4. */
#include "sig_diameter.h"
#include "unit.h"

/* MAR of Cx: Session-Id "a;1" padded, Result-Code 2001, an Experimental-Result of two, Public-Identity. */
static const char message[] = "\1\0\0\x64\xc0\0\1\x2f\1\0\0\0\0\0\0\7\0\0\0\x09"
			      "\0\0\1\7\x40\0\0\x0b"
			      "a;1\0"
			      "\0\0\1\x0c\x40\0\0\x0c\0\0\7\xd1"
			      "\0\0\1\x29\x40\0\0\x20"
			      "\0\0\1\x0a\x40\0\0\x0c\0\0\x28\xaf"
			      "\0\0\1\x2a\x40\0\0\x0c\0\0\x13\x89"
			      "\0\0\2\x59\xc0\0\0\x17\0\0\x28\xaf"
			      "sip:a@b.com\0";

#define WHOLE bytes_of(message, sizeof(message) - 1)

static void reads_a_message(void **state)
{
	struct sig_diameter d;
	struct sig_avp avp, inner;
	struct bytes rest;

	(void)state;
	assert_int_equal(sizeof(message) - 1, 0x64);
	assert_true(sig_diameter_parse(WHOLE, &d));
	assert_int_equal(d.flags, SIG_DIAMETER_REQUEST | SIG_DIAMETER_PROXIABLE);
	assert_int_equal(d.command, 303);
	assert_string_equal(sig_diameter_command(d.command), "MA");
	assert_string_equal(sig_diameter_interface(d.application), "Cx");
	assert_int_equal(d.hop_by_hop, 7);
	assert_int_equal(d.end_to_end, 9);
	assert_true(bytes_eq(sig_diameter_session(&d), BYTES_LIT("a;1")));
	assert_true(sig_avp_find(d.avps, 268, &avp));
	assert_int_equal(be32(avp.data.p), 2001);
	assert_true(sig_avp_find(d.avps, 297, &avp));
	assert_int_equal(sig_avp_name(&avp)->type, SIG_AVP_GROUP);
	assert_true(sig_avp_find(avp.data, 298, &inner));
	assert_int_equal(be32(inner.data.p), 5001);
	rest = d.avps;
	while (sig_avp_next(&rest, &avp))
		;
	assert_int_equal(avp.vendor, 10415);
	assert_string_equal(sig_avp_name(&avp)->name, "Public-Identity");
	assert_true(bytes_eq(avp.data, BYTES_LIT("sip:a@b.com")));
	/* Of another vendor it is another one. */
	avp.vendor = 0;
	assert_null(sig_avp_name(&avp));
	assert_false(sig_avp_find(d.avps, 601, &avp));
}

static void every_truncation_is_refused(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(message) - 1; n++) {
		uint8_t *copy = guarded_copy(message, n);
		struct sig_diameter d;

		assert_false(sig_diameter_parse(bytes_of(copy, n), &d));
		assert_int_equal(sig_diameter_begins(bytes_of(copy, n)), n >= 4);
		if (n >= 20 && n % 4 == 0) {
			/* With a length that says so it is one where an AVP ends. */
			copy[3] = (uint8_t)n;
			assert_int_equal(sig_diameter_parse(bytes_of(copy, n), &d),
				n == 20 || n == 32 || n == 44 || n == 76);
		}
		guarded_free(copy, n);
	}
}

/* The message with another octet. */
static void change(char *in, unsigned at, uint8_t octet)
{
	memcpy(in, message, sizeof(message));
	in[at] = (char)octet;
}

static void refuses_headers_that_are_none(void **state)
{
	static const struct {
		unsigned at;
		uint8_t octet;
	} rows[] = {
		{0, 2}, /* version */
		{3, 0x65}, /* length: not by four, too long */
		{3, 0x68}, {6, 0}, /* command 47 */
		{27, 7}, /* AVP shorter than its header */
		{27, 0xff}, /* or longer than the message */
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sig_diameter d;
		char in[sizeof(message)];

		change(in, rows[i].at, rows[i].octet);
		if (sig_diameter_parse(bytes_of(in, sizeof(in) - 1), &d))
			fail_msg("row %u", i);
	}
}

/* RFC 6733 sections 3 and 11.3: no receiver minds, but what may be anything is Diameter more likely without. */
static void what_a_receiver_ignores_is_ignored_and_unlikely(void **state)
{
	static const struct {
		unsigned at;
		uint8_t octet;
		bool is_likely;
	} rows[] = {
		{4, 0xc0, true},
		{4, 0xf0, true},
		{4, 0xc1, false},
		{4, 0xc8, false},
		{8, 0, true}, /* an application of the IETF's */
		{8, 9, false}, /* of a vendor that is not registered */
		{10, 5, false},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sig_diameter d;
		char in[sizeof(message)];

		change(in, rows[i].at, rows[i].octet);
		for (size_t n = 4; n < sizeof(in) - 1; n++) {
			uint8_t *copy = guarded_copy(in, n);
			bool is_there = n >= (rows[i].at < 8 ? 5 : 12);

			assert_true(sig_diameter_begins(bytes_of(copy, n)));
			assert_int_equal(sig_diameter_is_likely(bytes_of(copy, n)),
				rows[i].is_likely || !is_there);
			guarded_free(copy, n);
		}
		assert_true(sig_diameter_parse(bytes_of(in, sizeof(in) - 1), &d));
		assert_int_equal(d.command, 303);
	}
}

/* sig_avp_name searches it by halves. */
static void names_are_in_order(void **state)
{
	static const struct sig_avp all[] = {
#define X(c, v, name, type) {.code = c, .vendor = v},
#include "sig_avps.def"
#undef X
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		assert_true(!i || all[i].code > all[i - 1].code);
		assert_non_null(sig_avp_name(&all[i]));
	}
	assert_null(sig_avp_name(&(struct sig_avp){.code = 0}));
	assert_null(sig_avp_name(&(struct sig_avp){.code = UINT32_MAX}));
}

static void knows_its_applications_alone(void **state)
{
	(void)state;
	assert_string_equal(sig_diameter_interface(16777217), "Sh");
	assert_string_equal(sig_diameter_interface(16777236), "Rx");
	assert_null(sig_diameter_interface(0));
	assert_null(sig_diameter_interface(16777238));
	assert_null(sig_diameter_command(257));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_message),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(refuses_headers_that_are_none),
		cmocka_unit_test(what_a_receiver_ignores_is_ignored_and_unlikely),
		cmocka_unit_test(names_are_in_order),
		cmocka_unit_test(knows_its_applications_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
