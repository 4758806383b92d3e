/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON text: nesting, numbers and room. */
#include <float.h>
#include <locale.h>
#include <math.h>

#include "hep_json_case.h"

static struct bytes double_json(double v, int decimals)
{
	struct hep_json j;

	hep_json_init(&j, text, sizeof(text));
	hep_json_double(&j, NULL, v, decimals);
	return finish(&j);
}

static void put_nested(struct hep_json *j)
{
	hep_json_open(j, NULL, '{');
	hep_json_u64(j, "a", UINT64_MAX);
	hep_json_i64(j, "b", INT64_MIN);
	hep_json_open(j, "c", '[');
	hep_json_close(j, ']');
	hep_json_open(j, "d", '[');
	hep_json_open(j, NULL, '{');
	hep_json_null(j, "e");
	hep_json_close(j, '}');
	hep_json_string(j, NULL, BYTES_LIT("x"));
	hep_json_close(j, ']');
	hep_json_double(j, "f", -2.5, 1);
	hep_json_close(j, '}');
}

static const char nested[] = "{\"a\":18446744073709551615,\"b\":-9223372036854775808,\"c\":[],"
			     "\"d\":[{\"e\":null},\"x\"],\"f\":-2.5}";

static void nests_objects_and_arrays(void **state)
{
	struct hep_json j;

	(void)state;
	hep_json_init(&j, text, sizeof(text));
	put_nested(&j);
	assert_text(finish(&j), nested);
	assert_true(json_is_valid(finish(&j)));
}

static void has_length_0_in_every_buffer_that_is_too_small(void **state)
{
	size_t n = strlen(nested);

	(void)state;
	for (size_t room = 0; room <= n; room++) {
		uint8_t *buf = guarded_copy(nested, room);
		struct hep_json j;

		hep_json_init(&j, buf, room);
		put_nested(&j);
		assert_int_equal(hep_json_finish(&j), room == n ? n : 0);
		guarded_free(buf, room);
	}
}

static const struct hep_json_member rows[] = {
	HEP_JSON_MEMBER("a"),
	HEP_JSON_MEMBER("twentyseven_characters_are_"),
	HEP_JSON_MEMBER("c"),
	HEP_JSON_MEMBER("d"),
	HEP_JSON_MEMBER("e"),
};
static const int64_t row_values[] = {UINT32_MAX, -8388608, 0, 99999999, 123456789};
static const char in_rows[] = "{\"a\":4294967295,\"twentyseven_characters_are_\":-8388608,\"c\":0,"
			      "\"d\":99999999,\"e\":123456789,\"c\":0,\"d\":99999999}";

/* At the front, where no comma is, and behind others; the last octets where there is no room for all. */
static void writes_members_in_a_row_in_every_room(void **state)
{
	size_t n = strlen(in_rows);

	(void)state;
	for (size_t room = 0; room <= n + 300; room++) {
		uint8_t *buf = calloc(1, n + 300);
		uint8_t *guarded = guarded_copy(buf, room);
		struct hep_json j;

		hep_json_init(&j, guarded, room);
		hep_json_open(&j, NULL, '{');
		hep_json_put_members(&j, rows, row_values, 5);
		hep_json_put_members(&j, rows + 2, row_values + 2, 2);
		hep_json_close(&j, '}');
		assert_int_equal(hep_json_finish(&j), room < n ? 0 : n);
		if (room >= n)
			assert_memory_equal(guarded, in_rows, n);
		guarded_free(guarded, room);
		free(buf);
	}
}

static void writes_doubles_as_fixed_point(void **state)
{
	(void)state;
	assert_text(double_json(4.4094063, 3), "4.409");
	assert_text(double_json(93.2, 3), "93.200");
	assert_text(double_json(-0.0005001, 3), "-0.001");
	assert_text(double_json(-0.0001, 3), "0.000");
	assert_text(double_json(-0.0, 0), "0");
	assert_text(double_json(12, 0), "12");
	assert_true(json_is_valid(double_json(DBL_MAX, 9)));
	assert_true(json_is_valid(double_json(-DBL_MAX, 99)));
	assert_text(double_json(NAN, 3), "null");
	assert_text(double_json(INFINITY, 3), "null");
	assert_text(double_json(-INFINITY, 3), "null");
}

static void writes_points_in_a_locale_of_commas(void **state)
{
	(void)state;
	if (!setlocale(LC_NUMERIC, "de_DE.UTF-8"))
		return; /* not installed here */
	assert_text(double_json(-4.5, 3), "-4.500");
	setlocale(LC_NUMERIC, "C");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nests_objects_and_arrays),
		cmocka_unit_test(has_length_0_in_every_buffer_that_is_too_small),
		cmocka_unit_test(writes_members_in_a_row_in_every_room),
		cmocka_unit_test(writes_doubles_as_fixed_point),
		cmocka_unit_test(writes_points_in_a_locale_of_commas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
