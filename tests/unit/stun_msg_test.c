/* SPDX-License-Identifier: BSD-3-Clause */
/* STUN messages: the test vectors of RFC 5769, and what is no message. */
#include "stun_msg.h"
#include "unit.h"

#define HEADER_TAIL                                                                               \
	0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, \
		0xae

/* RFC 5769 section 2.1; its SOFTWARE is 16 octets, its USERNAME is padded with blanks. */
static const uint8_t request[] = {0x00, 0x01, 0x00, 0x58, HEADER_TAIL, 0x80, 0x22, 0x00, 0x10, 0x53,
	0x54, 0x55, 0x4e, 0x20, 0x74, 0x65, 0x73, 0x74, 0x20, 0x63, 0x6c, 0x69, 0x65, 0x6e, 0x74,
	0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff, 0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9,
	0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09, 0x65, 0x76, 0x74, 0x6a, 0x3a, 0x68,
	0x36, 0x76, 0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14, 0x9a, 0xea, 0xa7, 0x0c, 0xbf,
	0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49, 0xc1, 0xb5, 0x71, 0xa2,
	0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf};

/* Sections 2.2 and 2.3 */
static const uint8_t response4[] = {0x01, 0x01, 0x00, 0x3c, HEADER_TAIL, 0x80, 0x22, 0x00, 0x0b,
	0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63, 0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00,
	0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43, 0x00, 0x08, 0x00, 0x14, 0x2b, 0x91,
	0xf5, 0x99, 0xfd, 0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9, 0x2a, 0xf9, 0xba, 0x53, 0xf0,
	0x6b, 0xe7, 0xd7, 0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96};
static const uint8_t response6[] = {0x01, 0x01, 0x00, 0x48, HEADER_TAIL, 0x80, 0x22, 0x00, 0x0b,
	0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63, 0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00,
	0x14, 0x00, 0x02, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25,
	0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9, 0x00, 0x08, 0x00, 0x14, 0xa3, 0x82, 0x95, 0x4e, 0x4b,
	0xe6, 0x7b, 0xf1, 0x17, 0x84, 0xc9, 0x7c, 0x82, 0x92, 0xc2, 0x75, 0xbf, 0xe3, 0xed, 0x41,
	0x80, 0x28, 0x00, 0x04, 0xc8, 0xfb, 0x0b, 0x4c};

static void reads_the_request_of_rfc_5769(void **state)
{
	struct bytes payload = bytes_of(request, sizeof(request)), receiver, sender;
	struct stun_msg msg;

	(void)state;
	assert_int_equal(stun_msg_parse(payload, sizeof(request), &msg), STUN_OK);
	assert_int_equal(msg.kind, STUN_REQUEST);
	assert_int_equal(msg.method, STUN_BINDING);
	assert_true(bytes_eq(msg.username, BYTES_LIT("evtj:h6vY")));
	assert_true(stun_msg_fragments(&msg, &receiver, &sender));
	assert_true(bytes_eq(receiver, BYTES_LIT("evtj")));
	assert_true(bytes_eq(sender, BYTES_LIT("h6vY")));
	assert_true(msg.has_priority && msg.priority == 0x6e0001ff);
	assert_true(msg.is_controlled && !msg.is_controlling && !msg.has_nomination);
	assert_true(msg.has_fingerprint && !msg.is_cut);
	assert_true(stun_msg_is_sound(payload, &msg));
}

static void reads_addresses_of_both_families(void **state)
{
	static const uint8_t ip4[16] = {192, 0, 2, 1};
	static const uint8_t ip6[16] = {0x20, 0x01, 0x0d, 0xb8, 0x12, 0x34, 0x56, 0x78, 0x00, 0x11,
		0x22, 0x33, 0x44, 0x55, 0x66, 0x77};
	struct stun_msg msg;

	(void)state;
	assert_int_equal(
		stun_msg_parse(bytes_of(response4, sizeof(response4)), sizeof(response4), &msg),
		STUN_OK);
	assert_int_equal(msg.kind, STUN_SUCCESS);
	assert_int_equal(msg.mapped.family, 4);
	assert_int_equal(msg.mapped.port, 32853);
	assert_memory_equal(msg.mapped.addr.b, ip4, 16);
	assert_true(stun_msg_is_sound(bytes_of(response4, sizeof(response4)), &msg));
	assert_int_equal(
		stun_msg_parse(bytes_of(response6, sizeof(response6)), sizeof(response6), &msg),
		STUN_OK);
	assert_int_equal(msg.mapped.family, 6);
	assert_int_equal(msg.mapped.port, 32853);
	assert_memory_equal(msg.mapped.addr.b, ip6, 16);
	assert_true(stun_msg_is_sound(bytes_of(response6, sizeof(response6)), &msg));
}

static void tells_classes_and_methods(void **state)
{
	static const struct {
		uint16_t type;
		enum stun_class kind;
		uint16_t method;
	} rows[] = {
		{0x0001, STUN_REQUEST, 1},
		{0x0011, STUN_INDICATION, 1},
		{0x0101, STUN_SUCCESS, 1},
		{0x0111, STUN_ERROR, 1},
		{0x0016, STUN_INDICATION, STUN_SEND},
		{0x0017, STUN_INDICATION, STUN_DATA},
		{0x3eef, STUN_REQUEST, 0xfff},
		{0x3fff, STUN_ERROR, 0xfff},
	};
	uint8_t header[] = {0, 0, 0, 0, HEADER_TAIL};
	struct stun_msg msg;

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		header[0] = (uint8_t)(rows[i].type >> 8);
		header[1] = (uint8_t)rows[i].type;
		assert_int_equal(
			stun_msg_parse(bytes_of(header, sizeof(header)), sizeof(header), &msg),
			STUN_OK);
		assert_int_equal(msg.kind, rows[i].kind);
		assert_int_equal(msg.method, rows[i].method);
	}
}

static enum stun_status parse_attributes(const uint8_t *attributes, uint8_t n, struct stun_msg *msg)
{
	static uint8_t message[256];
	const uint8_t header[] = {0x00, 0x16, 0x00, n, HEADER_TAIL};

	memcpy(message, header, sizeof(header));
	memcpy(message + sizeof(header), attributes, n);
	return stun_msg_parse(bytes_of(message, sizeof(header) + n), sizeof(header) + n, msg);
}

/* RFC 8489 sections 14 and 14.5: the first counts, and behind MESSAGE-INTEGRITY none. */
static void takes_the_first_and_what_is_protected(void **state)
{
	static const uint8_t twice[] = {0, 6, 0, 3, 'a', ':', 'b', 0, 0, 6, 0, 3, 'c', ':', 'd', 0,
		0, 0x13, 0, 5, 1, 2, 3, 4, 5, 9, 9, 9};
	static const uint8_t behind[] = {0, 8, 0, 4, 0, 0, 0, 0, 0, 6, 0, 3, 'a', ':', 'b', 0, 0,
		0x25, 0, 0, 0, 0x13, 0, 1, 1, 0, 0, 0};
	static const uint8_t long_one[] = {0, 6, 0, 5, 'a', ':', 'b', 0};
	struct stun_msg msg;

	(void)state;
	assert_int_equal(parse_attributes(twice, sizeof(twice), &msg), STUN_OK);
	assert_true(bytes_eq(msg.username, BYTES_LIT("a:b")));
	assert_true(bytes_eq(msg.data, BYTES_LIT("\1\2\3\4\5")));
	assert_int_equal(msg.data_wire, 5);
	assert_int_equal(parse_attributes(behind, sizeof(behind), &msg), STUN_OK);
	assert_true(!msg.username.n && !msg.data.n && !msg.has_nomination);
	assert_int_equal(parse_attributes(long_one, sizeof(long_one), &msg), STUN_ATTRIBUTE);
}

static void refuses_what_is_no_message(void **state)
{
	uint8_t copy[sizeof(request)];
	struct stun_msg msg;
	struct bytes payload = bytes_of(copy, sizeof(copy));

	(void)state;
	for (unsigned i = 0; i < sizeof(copy); i++) {
		memcpy(copy, request, sizeof(copy));
		copy[i] ^= 0x40;
		if (stun_msg_parse(payload, sizeof(copy), &msg) == STUN_OK)
			assert_false(stun_msg_is_sound(payload, &msg) && msg.has_fingerprint);
	}
	memcpy(copy, request, sizeof(copy));
	assert_int_equal(stun_msg_parse(payload, sizeof(copy) + 1, &msg), STUN_LENGTH);
	copy[3] -= 1;
	assert_int_equal(stun_msg_parse(payload, sizeof(copy) - 1, &msg), STUN_LENGTH);
	copy[4] = 0;
	assert_int_equal(stun_msg_parse(payload, sizeof(copy), &msg), STUN_NOT_STUN);
}

static void splits_names(void **state)
{
	static const struct {
		const char *username;
		bool is_good;
	} rows[] = {{"a:b", true}, {"a:b:c", true}, {"a:", false}, {":b", false}, {"ab", false},
		{":", false}, {"", false}};
	struct bytes receiver, sender;

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stun_msg msg = {.username = bytes_from_str(rows[i].username)};

		assert_int_equal(stun_msg_fragments(&msg, &receiver, &sender), rows[i].is_good);
	}
}

/* What was captured of a message: attributes that are there are read, and none beyond. */
static void check_truncations(const uint8_t *message, size_t size)
{
	struct stun_msg whole, cut;

	stun_msg_parse(bytes_of(message, size), (uint32_t)size, &whole);
	for (size_t n = 0; n < size; n++) {
		uint8_t *copy = guarded_copy(message, n);
		enum stun_status status = stun_msg_parse(bytes_of(copy, n), (uint32_t)size, &cut);

		assert_int_equal(status, n < STUN_HEADER_BYTES ? STUN_SHORT : STUN_OK);
		assert_int_equal(cut.is_cut, n >= STUN_HEADER_BYTES);
		assert_true(!cut.username.n || bytes_eq(cut.username, whole.username));
		assert_true(!cut.mapped.family || cut.mapped.port == whole.mapped.port);
		assert_true(stun_msg_parse(bytes_of(copy, n), (uint32_t)n, &cut) != STUN_OK);
		guarded_free(copy, n);
	}
}

static void reads_every_truncation(void **state)
{
	(void)state;
	check_truncations(request, sizeof(request));
	check_truncations(response4, sizeof(response4));
	check_truncations(response6, sizeof(response6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_request_of_rfc_5769),
		cmocka_unit_test(reads_addresses_of_both_families),
		cmocka_unit_test(tells_classes_and_methods),
		cmocka_unit_test(takes_the_first_and_what_is_protected),
		cmocka_unit_test(refuses_what_is_no_message),
		cmocka_unit_test(splits_names),
		cmocka_unit_test(reads_every_truncation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
