/* SPDX-License-Identifier: BSD-3-Clause */
/* Strings in JSON: escaping of hostile text, and octets that are no UTF-8. */
#include <stdio.h>

#include "hep_json_case.h"

static struct bytes string_json(struct bytes value)
{
	struct hep_json j;

	hep_json_init(&j, text, sizeof(text));
	hep_json_string(&j, NULL, value);
	return finish(&j);
}

static void escapes_what_json_reserves(void **state)
{
	(void)state;
	assert_text(string_json(BYTES_LIT("")), "\"\"");
	assert_text(string_json(BYTES_LIT("a\"b\\c/d")), "\"a\\\"b\\\\c/d\"");
	assert_text(
		string_json(BYTES_LIT("\r\n\t\x01\x1f\x7f")), "\"\\r\\n\\t\\u0001\\u001f\\u007f\"");
	assert_text(string_json(BYTES_LIT("sixteen and more\x7f")), "\"sixteen and more\\u007f\"");
}

/* Within the 16 octets that are looked at together, between them and behind. */
static void escapes_at_every_place(void **state)
{
	static const struct {
		uint8_t octet;
		const char *want;
	} rows[] = {
		{'\0', "\xef\xbf\xbd"},
		{0x1f, "\\u001f"},
		{'"', "\\\""},
		{'\\', "\\\\"},
		{0x7f, "\\u007f"},
		{0x80, "\xef\xbf\xbd"},
		{0xff, "\xef\xbf\xbd"},
	};
	static const char plain[] = "!#[]~ 0123456789abcdefghijklmnop";
	char in[32], want[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int at = 0; at < (int)sizeof(in); at++) {
			memcpy(in, plain, sizeof(in));
			in[at] = (char)rows[i].octet;
			snprintf(want, sizeof(want), "\"%.*s%s%s\"", at, plain, rows[i].want,
				plain + at + 1);
			assert_text(string_json(bytes_of(in, sizeof(in))), want);
		}
}

static void escapes_controls_that_are_not_ascii(void **state)
{
	(void)state;
	assert_text(string_json(BYTES_LIT("a\xe2\x80\xae"
					  "b\xe2\x81\xaa\xd8\x9c")),
		"\"a\\u202eb\xe2\x81\xaa\\u061c\"");
	assert_text(string_json(BYTES_LIT("a\xc2\x9b"
					  "31m\xc2\x80\xc2\xa0")),
		"\"a\\u009b31m\\u0080\xc2\xa0\"");
}

static void replaces_nul_because_postgresql_refuses_it(void **state)
{
	(void)state;
	assert_text(string_json(BYTES_LIT("a\0b")), "\"a\xef\xbf\xbd"
						    "b\"");
}

static void keeps_utf8(void **state)
{
	/* U+00E9, U+20AC, U+1F600, U+07FF, U+0800, U+D7FF, U+E000, U+10000, U+10FFFF */
	static const char good[] = "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xdf\xbf\xe0\xa0\x80"
				   "\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf";
	struct bytes got = string_json(BYTES_LIT(good));

	(void)state;
	assert_int_equal(got.n, sizeof(good) - 1 + 2);
	assert_memory_equal(got.p + 1, good, sizeof(good) - 1);
}

static void replaces_each_octet_that_is_not_utf8(void **state)
{
	static const struct {
		struct bytes in;
		unsigned replaced;
	} cases[] = {
		{BYTES_LIT("\x80"), 1}, /* continuation alone */
		{BYTES_LIT("\xc0\xaf"), 2}, /* overlong "/" */
		{BYTES_LIT("\xe0\x9f\xbf"), 3}, /* overlong U+07FF */
		{BYTES_LIT("\xed\xa0\x80"), 3}, /* surrogate U+D800 */
		{BYTES_LIT("\xf0\x8f\xbf\xbf"), 4}, /* overlong U+FFFF */
		{BYTES_LIT("\xf4\x90\x80\x80"), 4}, /* beyond U+10FFFF */
		{BYTES_LIT("\xf5\x80\x80\x80"), 4},
		{BYTES_LIT("\xff\xfe"), 2},
		{BYTES_LIT("\xc3"), 1}, /* cut */
		{BYTES_LIT("\xe2\x82"), 2},
		{BYTES_LIT("\xf0\x9f\x98"), 3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes got = string_json(cases[i].in);

		assert_int_equal(got.n, 2 + 3 * cases[i].replaced);
		for (unsigned k = 0; k < cases[i].replaced; k++)
			assert_memory_equal(got.p + 1 + (size_t)3 * k, "\xef\xbf\xbd", 3);
	}
	assert_text(string_json(BYTES_LIT("\xc3(\xa9")), "\"\xef\xbf\xbd(\xef\xbf\xbd\"");
}

static void is_valid_for_every_pair_of_octets(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 0x10000; i++) {
		uint8_t pair[] = {(uint8_t)(i >> 8), (uint8_t)i, 0x80, '"'};

		assert_true(json_is_valid(string_json(bytes_of(pair, 2))));
		assert_true(json_is_valid(string_json(bytes_of(pair, 4))));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_what_json_reserves),
		cmocka_unit_test(escapes_at_every_place),
		cmocka_unit_test(replaces_nul_because_postgresql_refuses_it),
		cmocka_unit_test(escapes_controls_that_are_not_ascii),
		cmocka_unit_test(keeps_utf8),
		cmocka_unit_test(replaces_each_octet_that_is_not_utf8),
		cmocka_unit_test(is_valid_for_every_pair_of_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
