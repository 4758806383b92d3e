/* SPDX-License-Identifier: BSD-3-Clause */
/* Where messages of Diameter, syslog and Megaco end in a stream. */
#include "sig_frame.h"
#include "unit.h"

#define DIAMETER "\1\0\0\x18\x80\0\1\x2f\1\0\0\0hop1end1avps"
#define ALL	 (1u << SIG_NONE) - 1

typedef enum sip_frame_kind (*next_fn)(struct bytes in, struct sip_frame *frame);

struct row {
	next_fn next;
	const char *text;
	size_t n;
	enum sip_frame_kind kind;
	size_t skip, length;
};

#define ROW(fn, text, kind, skip, length)                                              \
	{                                                                              \
		sig_frame_##fn, text, sizeof(text) - 1, SIP_FRAME_##kind, skip, length \
	}

static const struct row rows[] = {
	ROW(diameter, DIAMETER "next", WHOLE, 0, 24),
	ROW(diameter, "\1\0\0\x18\x80\0\1\x2f\1\0\0\0hop1end1", MORE, 0, 24),
	ROW(diameter, "\1\0", MORE, 0, 0),
	ROW(diameter, "\2\0", NONE, 0, 0),
	ROW(diameter, "\1\0\0\x17\x80\0\1\x2f", NONE, 0, 0),
	ROW(diameter, "\1\0\0\x18\x8f\0\1\x2f\xee\xee\0\0hop1end1avps", WHOLE, 0, 24),
	ROW(syslog, "7 <13>abc8 <13>abcd", WHOLE, 2, 7),
	ROW(syslog, "\n\r\n7 <13>abc", WHOLE, 5, 7),
	ROW(syslog, "7 <13>ab", MORE, 0, 9),
	ROW(syslog, "12345", MORE, 0, 0),
	ROW(syslog, "123456", NONE, 0, 0),
	ROW(syslog, "0 <1>a", NONE, 0, 0),
	ROW(syslog, "7 abc", NONE, 0, 0),
	ROW(syslog, "<13>a b\n<13>c", WHOLE, 0, 7),
	ROW(syslog, "<13>a b\r\n", WHOLE, 0, 7),
	ROW(syslog, "<13>a b\0<13>c\n", WHOLE, 0, 7),
	ROW(syslog, "\n\0<13>a b\n\0", WHOLE, 2, 7),
	ROW(syslog, "9 <13>a\0b\nc", WHOLE, 2, 9),
	ROW(syslog, "<13>a b", MORE, 0, 0),
	ROW(syslog, "<13", MORE, 0, 0),
	ROW(syslog, "<1313>", NONE, 0, 0),
	ROW(syslog, "<>", NONE, 0, 0),
	ROW(syslog, "GET /", NONE, 0, 0),
	ROW(megaco, "\3\0\0\x0c!/1 [a]b\3\0", WHOLE, 4, 8),
	ROW(megaco, "\3\0\0\x0cMEGACO/1", WHOLE, 4, 8),
	ROW(megaco, "\3\0\0\x0cMEG", MORE, 0, 12),
	ROW(megaco, "\3\0\0", MORE, 0, 0),
	ROW(megaco, "\3\0\0\4", NONE, 0, 0),
	ROW(megaco, "\3\0\0\x0c\x30\x80", NONE, 0, 0),
};

static void finds_the_end_of_messages(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		uint8_t *copy = guarded_copy(r->text, r->n);
		struct sip_frame frame = {0};

		if (r->next(bytes_of(copy, r->n), &frame) != r->kind)
			fail_msg("row %u: kind", i);
		if (r->kind != SIP_FRAME_NONE && (frame.skip != r->skip || frame.n != r->length))
			fail_msg("row %u: %zu, %zu", i, frame.skip, frame.n);
		guarded_free(copy, r->n);
	}
}

/* A front of what is whole is more to come, whatever its length. */
static void every_truncation_has_more_to_come(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];

		for (size_t n = 0; r->kind == SIP_FRAME_WHOLE && n < r->skip + r->length; n++) {
			uint8_t *copy = guarded_copy(r->text, n);
			struct sip_frame frame = {0};

			if (r->next(bytes_of(copy, n), &frame) != SIP_FRAME_MORE)
				fail_msg("row %u: %zu", i, n);
			guarded_free(copy, n);
		}
	}
}

static void finds_the_next_message(void **state)
{
	static const struct {
		size_t (*find)(struct bytes in);
		const char *text;
		size_t n, at;
	} finds[] = {
		{sig_frame_find_diameter, "\1x\1\0\0\x19" DIAMETER, 30, 6},
		{sig_frame_find_diameter, "xxxx\1\0\0", 7, 4},
		{sig_frame_find_diameter, "xx\1\0\0\x18\x8f\0\1\x2f\xee\xee", 12, 12},
		{sig_frame_find_diameter, "xx\1\0\0\x18\x80\0\1\x2f\xee\xee\0\0", 14, 14},
		{sig_frame_find_diameter, "xxxxxxx", 7, 7},
		{sig_frame_find_syslog, "tail\n<13>a", 10, 5},
		{sig_frame_find_syslog, "tail\0<13>a", 10, 5},
		{sig_frame_find_syslog, "tail7 <13>abc", 13, 4},
		{sig_frame_find_syslog, "a <b> <13>abc", 13, 13},
		{sig_frame_find_megaco, "\3\0..\3\0\0\x0c!/1 [a]b", 16, 4},
		{sig_frame_find_megaco, "", 0, 0},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(finds) / sizeof(finds[0]); i++) {
		uint8_t *copy = guarded_copy(finds[i].text, finds[i].n);
		size_t at = finds[i].find(bytes_of(copy, finds[i].n));

		if (at != finds[i].at)
			fail_msg("row %u: %zu", i, at);
		guarded_free(copy, finds[i].n);
	}
}

static void believes_a_beginning_at_its_port_only(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		uint16_t port;
		uint32_t also;
		enum sig_kind kind;
	} begins[] = {
		{DIAMETER, 24, 3868, ALL, SIG_DIAMETER},
		{DIAMETER, 4, 3868, ALL, SIG_DIAMETER},
		{DIAMETER, 3, 3868, ALL, SIG_NONE},
		{DIAMETER, 24, 3869, ALL, SIG_NONE},
		{DIAMETER, 24, 3868, 1 << SIG_SYSLOG, SIG_NONE},
		{"7 <13>abc", 9, 514, ALL, SIG_SYSLOG},
		{"<13>abc", 7, 601, ALL, SIG_SYSLOG},
		{"1023\0", 5, 514, ALL, SIG_NONE},
		{"\n<13>", 5, 514, ALL, SIG_NONE},
		{"<13>abc", 7, 600, ALL, SIG_NONE},
		{"\3\0\0\x0c!/1 [a]b", 12, 2944, ALL, SIG_MEGACO},
		{"\3\0\0\x0c!/1 [a]b", 12, 1720, ALL, SIG_NONE},
		{"\3\0\0\x0c\x08\x02", 6, 2944, ALL, SIG_NONE},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		struct bytes in = bytes_of(begins[i].text, begins[i].n);

		if (sig_frame_begins(in, 1, begins[i].port, begins[i].also) != begins[i].kind ||
			sig_frame_begins(in, begins[i].port, 1, begins[i].also) != begins[i].kind)
			fail_msg("row %u", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_end_of_messages),
		cmocka_unit_test(every_truncation_has_more_to_come),
		cmocka_unit_test(finds_the_next_message),
		cmocka_unit_test(believes_a_beginning_at_its_port_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
