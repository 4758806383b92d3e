/* SPDX-License-Identifier: BSD-3-Clause */
/* permessage-deflate, RFC 7692 section 7: its own examples, contexts, losses, bombs. */
#include <stdio.h>

#define ZLIB_CONST
#include <zlib.h>

#include "sip_inflate.h"
#include "unit.h"

enum {
	ROOM = 4096
};

struct rig {
	struct sip_inflate inflate;
	void *memory;
};

static int setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	rig->memory = zeroed(sip_inflate_memory());
	sip_inflate_init(&rig->inflate, rig->memory);
	*state = rig;
	return 0;
}

static int teardown(void **state)
{
	struct rig *rig = *state;

	free(rig->memory);
	free(rig);
	return 0;
}

static bool reads(struct rig *rig, uint32_t number, struct bytes in, const char *text)
{
	uint8_t *copy = guarded_copy(in.p, in.n), out[ROOM];
	size_t n = sizeof(out);
	bool ok = sip_inflate_message(&rig->inflate, number, bytes_of(copy, in.n), out, &n);

	guarded_free(copy, in.n);
	if (ok && text) {
		assert_int_equal(n, strlen(text));
		assert_memory_equal(out, text, n);
	}
	return ok;
}

static void examples_of_the_standard(void **state)
{
	(void)state;
	/* Section 7.2.3.1 and .2: once, and again out of the window. */
	assert_true(reads(*state, 1, BYTES_LIT("\xf2\x48\xcd\xc9\xc9\x07\x00"), "Hello"));
	assert_true(reads(*state, 1, BYTES_LIT("\xf2\x00\x11\x00\x00"), "Hello"));
	/* 7.2.3.3: not compressed. 7.2.3.4: a final block. 7.2.3.5: two blocks. */
	assert_true(reads(
		*state, 2, BYTES_LIT("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"), "Hello"));
	assert_true(reads(*state, 2, BYTES_LIT("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), "Hello"));
	assert_true(reads(*state, 2,
		BYTES_LIT("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"), "Hello"));
}

static void what_points_to_the_unseen_is_refused(void **state)
{
	struct rig *rig = *state;

	assert_false(reads(rig, 1, BYTES_LIT("\xf2\x00\x11\x00\x00"), NULL));
	assert_true(reads(rig, 1, BYTES_LIT("\xf2\x48\xcd\xc9\xc9\x07\x00"), "Hello"));
	assert_false(reads(rig, 2, BYTES_LIT("\xf2\x00\x11\x00\x00"), NULL));
	sip_inflate_forget(&rig->inflate, 1);
	assert_false(reads(rig, 1, BYTES_LIT("\xf2\x00\x11\x00\x00"), NULL));
	assert_false(reads(rig, 1, BYTES_LIT("\xff\xff\xff"), NULL));
}

/* Two octets of text in the deflate stream make the same two again many times over. */
static void bombs_are_refused(void **state)
{
	static uint8_t zeros[ROOM + 1], packed[ROOM];
	z_stream z = {.next_in = zeros,
		.avail_in = sizeof(zeros),
		.next_out = packed,
		.avail_out = sizeof(packed)};

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_SYNC_FLUSH), Z_OK);
	assert_false(reads(*state, 1, bytes_of(packed, sizeof(packed) - z.avail_out - 4), NULL));
	deflateEnd(&z);
}

static void the_context_not_used_for_longest_makes_room(void **state)
{
	struct bytes first = BYTES_LIT("\xf2\x48\xcd\xc9\xc9\x07\x00");
	struct bytes again = BYTES_LIT("\xf2\x00\x11\x00\x00");

	for (uint32_t i = 1; i <= SIP_INFLATE_CONTEXTS; i++)
		assert_true(reads(*state, i, first, "Hello"));
	assert_true(reads(*state, 1, again, "Hello"));
	assert_true(reads(*state, 1000, first, "Hello"));
	assert_false(reads(*state, 2, again, NULL)); /* took the place of 3, and dropped it */
	assert_true(reads(*state, 1, again, "Hello"));
	assert_true(reads(*state, 1000, again, "Hello"));
	for (uint32_t i = 4; i <= SIP_INFLATE_CONTEXTS; i++)
		assert_true(reads(*state, i, again, "Hello"));
}

/* As much as the largest window holds, at all levels. */
static void a_long_conversation(void **state)
{
	for (int level = 0; level <= 9; level++) {
		z_stream z = {.avail_in = 0};

		assert_int_equal(
			deflateInit2(&z, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
		for (unsigned i = 0; i < 300; i++) {
			char text[600];
			uint8_t packed[1200];

			snprintf(text, sizeof(text), "%u %u %*u", i, i * 2654435761u,
				(int)(i % 500) + 1, i);
			z.next_in = (const uint8_t *)text;
			z.avail_in = (unsigned)strlen(text);
			z.next_out = packed;
			z.avail_out = sizeof(packed);
			assert_int_equal(deflate(&z, Z_SYNC_FLUSH), Z_OK);
			assert_true(reads(*state, (uint32_t)level + 1,
				bytes_of(packed, sizeof(packed) - z.avail_out - 4), text));
		}
		deflateEnd(&z);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(examples_of_the_standard, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_points_to_the_unseen_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(bombs_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_context_not_used_for_longest_makes_room, setup, teardown),
		cmocka_unit_test_setup_teardown(a_long_conversation, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
