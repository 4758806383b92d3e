/* SPDX-License-Identifier: BSD-3-Clause */
/* UTF-8: every code point, what is none (RFC 3629 sections 3, 4 and 10), and where text is cut. */
#include "unit.h"
#include "utf8.h"

/* The table of RFC 3629 section 3. */
static unsigned encode(uint32_t code, uint8_t out[4])
{
	unsigned n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (unsigned i = n; i-- > 1; code >>= 6)
		out[i] = (uint8_t)(0x80 | (code & 0x3f));
	out[0] = (uint8_t)(leads[n] | code);
	return n;
}

static void takes_every_code_point_but_surrogates(void **state)
{
	(void)state;
	for (uint32_t code = 0; code < 0x110000; code++) {
		uint8_t octets[4] = {0};
		unsigned n = encode(code, octets);
		bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
		uint32_t got = UINT32_MAX;

		if (utf8_take(bytes_of(octets, sizeof(octets)), &got) != (is_surrogate ? 0 : n))
			fail_msg("U+%04X", code);
		assert_int_equal(got, is_surrogate ? UINT32_MAX : code);
	}
}

static void reads_no_octet_that_is_not_there(void **state)
{
	(void)state;
	for (uint32_t code = 0x7f; code < 0x110000; code += 0x7f) {
		uint8_t octets[4];
		unsigned n = encode(code, octets);

		for (unsigned cut = 0; cut < n; cut++) {
			uint8_t *p = guarded_copy(octets, cut);

			assert_int_equal(utf8_take(bytes_of(p, cut), &code), 0);
			guarded_free(p, cut);
		}
	}
}

static void takes_no_other_octets(void **state)
{
	static const struct bytes rows[] = {
		BYTES_LIT("\x80"), /* continuation alone */
		BYTES_LIT("\xc0\xaf"), /* overlong "/" */
		BYTES_LIT("\xc1\xbf"),
		BYTES_LIT("\xe0\x9f\xbf"), /* overlong U+07FF */
		BYTES_LIT("\xf0\x8f\xbf\xbf"), /* overlong U+FFFF */
		BYTES_LIT("\xf4\x90\x80\x80"), /* beyond U+10FFFF */
		BYTES_LIT("\xf5\x80\x80\x80"),
		BYTES_LIT("\xff\xfe"),
		BYTES_LIT("\xc3("), /* no continuation */
		BYTES_LIT("\xe2\x82("),
		BYTES_LIT("\xf0\x9f\x98("),
	};
	uint32_t code;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(utf8_take(rows[i], &code), 0);
}

static void cuts_between_characters(void **state)
{
	static const struct {
		struct bytes text;
		size_t most, want;
	} rows[] = {
		{BYTES_LIT(""), 3, 0},
		{BYTES_LIT("abc"), 3, 3},
		{BYTES_LIT("abc"), 2, 2},
		{BYTES_LIT("abc"), 0, 0},
		{BYTES_LIT("a\xc3\xb6"), 3, 3},
		{BYTES_LIT("a\xc3\xb6"), 2, 1},
		{BYTES_LIT("\xc3\xb6z"), 2, 2},
		{BYTES_LIT("\xc3\xb6"), 1, 0},
		{BYTES_LIT("a\xf0\x9f\x98\x80"), 4, 1},
		{BYTES_LIT("a\xf0\x9f\x98\x80"), 3, 1},
		{BYTES_LIT("a\xf0\x9f\x98\x80"), 2, 1},
		{BYTES_LIT("a\xf0\x9f\x98\x80"), 1, 1},
		/* No characters: nothing to keep together. */
		{BYTES_LIT("1000\x80\x80\x80\x80\x80"), 8, 8},
		{BYTES_LIT("1000\xc3\x80\x80\x80\x80"), 8, 8},
		{BYTES_LIT("1000\xc0\xaf"), 5, 5},
		{BYTES_LIT("1000\xf0\x9f\x98"), 6, 6},
		{BYTES_LIT("\x80\x80\x80"), 2, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(utf8_cut(rows[i].text, rows[i].most), rows[i].want);
}

static void knows_control_characters(void **state)
{
	/* Unicode's Cc, Zl, Zp and Bidi_Control: first and last. */
	static const uint32_t rows[][2] = {{0, 0x1f}, {0x7f, 0x9f}, {0x61c, 0x61c},
		{0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069}};
	size_t row = 0;

	(void)state;
	for (uint32_t code = 0; code < 0x110000; code++) {
		bool is_control = row < sizeof(rows) / sizeof(rows[0]) && code >= rows[row][0];

		assert_int_equal(utf8_is_control(code), is_control);
		if (is_control && code == rows[row][1])
			row++;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_every_code_point_but_surrogates),
		cmocka_unit_test(reads_no_octet_that_is_not_there),
		cmocka_unit_test(takes_no_other_octets),
		cmocka_unit_test(cuts_between_characters),
		cmocka_unit_test(knows_control_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
