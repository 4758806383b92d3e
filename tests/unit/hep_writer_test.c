/* SPDX-License-Identifier: BSD-3-Clause */
/* HEP3 framing: exact octets, and every size of buffer that is too small. */
#include "hep_writer.h"
#include "unit.h"

static void put_all(struct hep_writer *w)
{
	hep_writer_put_u8(w, HEP_CHUNK_FAMILY, 2);
	hep_writer_put_u16(w, HEP_CHUNK_SRC_PORT, 5060);
	hep_writer_put_u32(w, HEP_CHUNK_AGENT_ID, 0x01020304);
	hep_writer_put_bytes(w, HEP_CHUNK_PAYLOAD, BYTES_LIT("hi"));
}

/* Header and total length; family 2; source port 5060; agent id 0x01020304; payload "hi". */
static const uint8_t expected[] = {
	'H', 'E', 'P', '3', 0x00, 0x27, /* 39 octets */
	0x00, 0x00, 0x00, 0x01, 0x00, 0x07, 0x02, /* family */
	0x00, 0x00, 0x00, 0x07, 0x00, 0x08, 0x13, 0xc4, /* source port */
	0x00, 0x00, 0x00, 0x0c, 0x00, 0x0a, 0x01, 0x02, 0x03, 0x04, /* agent id */
	0x00, 0x00, 0x00, 0x0f, 0x00, 0x08, 'h', 'i', /* payload */
};

static void writes_exactly_these_octets(void **state)
{
	uint8_t buf[sizeof(expected)];
	struct hep_writer w;

	(void)state;
	hep_writer_init(&w, buf, sizeof(buf));
	put_all(&w);
	assert_int_equal(hep_writer_finish(&w), sizeof(expected));
	assert_memory_equal(buf, expected, sizeof(expected));
}

static void fails_in_every_buffer_that_is_too_small(void **state)
{
	(void)state;
	for (size_t room = 0; room < sizeof(expected); room++) {
		uint8_t *buf = guarded_copy(expected, room);
		struct hep_writer w;

		hep_writer_init(&w, buf, room);
		put_all(&w);
		assert_int_equal(hep_writer_finish(&w), 0);
		guarded_free(buf, room);
	}
}

static void stays_failed_when_a_later_chunk_would_fit(void **state)
{
	uint8_t buf[20];
	struct hep_writer w;

	(void)state;
	hep_writer_init(&w, buf, sizeof(buf));
	hep_writer_put_bytes(&w, HEP_CHUNK_PAYLOAD, BYTES_LIT("does not fit here"));
	hep_writer_put_u8(&w, HEP_CHUNK_FAMILY, 2);
	assert_int_equal(hep_writer_finish(&w), 0);
}

static void writes_an_empty_chunk(void **state)
{
	static const uint8_t want[] = {
		'H', 'E', 'P', '3', 0, 12, 0, 0, 0, 0x0f, 0, 6}; /* payload of no octets */
	uint8_t buf[12];
	struct hep_writer w;

	(void)state;
	hep_writer_init(&w, buf, sizeof(buf));
	hep_writer_put_bytes(&w, HEP_CHUNK_PAYLOAD, BYTES_NONE);
	assert_int_equal(hep_writer_finish(&w), sizeof(want));
	assert_memory_equal(buf, want, sizeof(want));
}

static void commits_what_was_written_in_place(void **state)
{
	static const uint8_t want[] = {
		'H', 'E', 'P', '3', 0, 15, 0, 0, 0, 0x0f, 0, 9, 'a', 'b', 'c'};
	uint8_t buf[64];
	struct hep_writer w;
	size_t room = 0;
	uint8_t *p;

	(void)state;
	hep_writer_init(&w, buf, sizeof(buf));
	p = hep_writer_reserve(&w, HEP_CHUNK_PAYLOAD, &room);
	assert_ptr_equal(p, buf + 12);
	assert_int_equal(room, sizeof(buf) - 12);
	p[0] = 'a';
	p[1] = 'b';
	p[2] = 'c';
	hep_writer_commit(&w, 3);
	assert_int_equal(hep_writer_finish(&w), sizeof(want));
	assert_memory_equal(buf, want, sizeof(want));
}

static void reserves_nothing_when_nothing_fits(void **state)
{
	(void)state;
	for (size_t size = 0; size <= 13; size++) {
		uint8_t buf[13];
		struct hep_writer w;
		size_t room = 99;
		uint8_t *p;

		hep_writer_init(&w, buf, size);
		p = hep_writer_reserve(&w, HEP_CHUNK_PAYLOAD, &room);
		if (size == 13) {
			assert_non_null(p);
			assert_int_equal(room, 1);
			continue;
		}
		assert_null(p);
		assert_int_equal(room, 0);
		hep_writer_commit(&w, 0);
		assert_int_equal(hep_writer_finish(&w), 0);
	}
}

static void keeps_to_the_largest_udp_payload(void **state)
{
	static uint8_t buf[70000];
	static uint8_t payload[HEP_MESSAGE_MAX];
	struct hep_writer w;
	size_t fits = HEP_MESSAGE_MAX - HEP_HEADER_BYTES - 6;

	(void)state;
	hep_writer_init(&w, buf, sizeof(buf));
	hep_writer_put_bytes(&w, HEP_CHUNK_PAYLOAD, bytes_of(payload, fits));
	assert_int_equal(hep_writer_finish(&w), 65507);
	assert_int_equal(be16(buf + 4), 65507);

	hep_writer_init(&w, buf, sizeof(buf));
	hep_writer_put_bytes(&w, HEP_CHUNK_PAYLOAD, bytes_of(payload, fits + 1));
	assert_int_equal(hep_writer_finish(&w), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_exactly_these_octets),
		cmocka_unit_test(fails_in_every_buffer_that_is_too_small),
		cmocka_unit_test(stays_failed_when_a_later_chunk_would_fit),
		cmocka_unit_test(writes_an_empty_chunk),
		cmocka_unit_test(commits_what_was_written_in_place),
		cmocka_unit_test(reserves_nothing_when_nothing_fits),
		cmocka_unit_test(keeps_to_the_largest_udp_payload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
