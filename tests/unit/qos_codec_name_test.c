/* SPDX-License-Identifier: BSD-3-Clause */
/* Codecs are found by name as a walk over the table finds them. */
#include "qos_codec.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* All rows that are no modes, in the table's order. */
static const struct {
	const char *name;
	uint32_t clock;
} rows[] = {
#define STATIC(pt, name, clock, ...) {name, clock},
#define CODEC(name, clock, ...)	     {name, clock},
#define MODE(...)
#include "qos_codecs.def"
};

/* COUNT(rows): none. clock 0: any. */
static size_t row_of(struct bytes name, uint32_t clock)
{
	size_t i = 0;

	while (i < COUNT(rows) && (!bytes_eq_nocase(name, bytes_from_str(rows[i].name)) ||
					  (clock && rows[i].clock != clock)))
		i++;
	return i;
}

/* As a walk over all rows has it; at the end of a page. */
static void check_name(struct bytes name, uint32_t clock)
{
	uint8_t *copy = guarded_copy(name.p, name.n);
	const struct qos_codec *codec = qos_codec_find(bytes_of(copy, name.n), clock);
	size_t row = row_of(name, clock);

	guarded_free(copy, name.n);
	if (row == COUNT(rows)) {
		assert_null(codec);
		return;
	}
	assert_non_null(codec);
	assert_string_equal(codec->name, rows[row].name);
	assert_int_equal(codec->clock, rows[row].clock);
}

/* Of every row also what is shorter, longer, spelt otherwise, and of another clock. */
static void every_name_is_found_and_none_besides(void **state)
{
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t n = strlen(rows[i].name);

		memset(text, 'x', sizeof(text));
		for (size_t k = 0; k < n; k++) {
			char c = rows[i].name[k];

			text[k] = (char)(k & 1 && c >= 'a' && c <= 'z' ? c - 0x20 : c);
		}
		for (size_t k = 0; k < sizeof(text); k++)
			check_name(bytes_of(text, k), 0);
		check_name(bytes_of(text, n), rows[i].clock);
		check_name(bytes_of(text, n), 16000);
		check_name(bytes_of(text, n), 12345);
		text[n / 2] = (char)(text[n / 2] ^ 0x01); /* its ends as before */
		check_name(bytes_of(text, n), 0);
		text[n] = '\0';
		check_name(bytes_of(text, n + 1), 0);
	}
}

/* A name's first row decides, whatever the clock. */
static void codecs_whose_mode_is_told_are_known_by_name(void **state)
{
	static const char *const names[] = {
		"amr", "amr-wb", "evs", "g723", "g7221", "ilbc", "opus"};
	struct qos_payload p;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool is_told = false;

		for (size_t k = 0; k < COUNT(names); k++)
			is_told |= strcmp(names[k], rows[i].name) == 0;
		for (uint32_t clock = 8000; clock <= 48000; clock += 8000) {
			qos_payload_init(&p, 96, bytes_from_str(rows[i].name), clock);
			assert_int_equal(p.tells_mode, is_told);
		}
	}
	qos_payload_init(&p, 4, BYTES_NONE, 0);
	assert_true(p.tells_mode);
	qos_payload_init(&p, 96, BYTES_LIT("x"), 8000);
	assert_false(p.tells_mode);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_is_found_and_none_besides),
		cmocka_unit_test(codecs_whose_mode_is_told_are_known_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
