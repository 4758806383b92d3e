/* SPDX-License-Identifier: BSD-3-Clause */
/* HEP3 messages by hand, octet by octet. */
#include "hep_packet.h"
#include "unit.h"

static uint8_t message[256];
static size_t used;

static void begin(void)
{
	memcpy(message, "HEP3\0\0", 6);
	used = 6;
}

static void chunk(uint16_t vendor, uint16_t type, const void *data, size_t n)
{
	const uint8_t head[6] = {(uint8_t)(vendor >> 8), (uint8_t)vendor, (uint8_t)(type >> 8),
		(uint8_t)type, (uint8_t)((n + 6) >> 8), (uint8_t)(n + 6)};

	memcpy(message + used, head, 6);
	memcpy(message + used + 6, data, n);
	used += 6 + n;
	message[4] = (uint8_t)(used >> 8);
	message[5] = (uint8_t)used;
}

static void whole(void)
{
	begin();
	chunk(0, 1, "\2", 1);
	chunk(0, 2, "\6", 1);
	chunk(0, 3, "\xc0\0\2\1", 4);
	chunk(0, 4, "\xc0\0\2\2", 4);
	chunk(0, 7, "\x13\xc5", 2);
	chunk(0, 8, "\x13\xc4", 2);
	chunk(0, 11, "\1", 1);
	chunk(0, 12, "\0\0\x07\xd1", 4);
	chunk(0, 18, "\0\x64", 2);
	chunk(9, 11, "\x05", 1);
	chunk(0, 0x7777, "x", 1);
	chunk(0, 15, "INVITE", 6);
}

static bool parse(struct hep_packet *packet)
{
	return hep_packet_parse(bytes_of(message, used), packet);
}

static void reads_a_message(void **state)
{
	struct pkt_addr src = {{192, 0, 2, 1}};
	struct hep_packet p;

	(void)state;
	whole();
	assert_true(parse(&p));
	assert_int_equal(p.type, 1);
	assert_int_equal(p.agent_id, 2001);
	assert_int_equal(p.vlan, 100);
	assert_int_equal(p.flow.family, 4);
	assert_int_equal(p.flow.proto, PKT_TCP);
	assert_int_equal(p.flow.sport, 5061);
	assert_int_equal(p.flow.dport, 5060);
	assert_true(pkt_addr_eq(&p.flow.src, &src));
	assert_true(bytes_eq(p.payload, BYTES_LIT("INVITE")));
	/* What follows the message is not of it. */
	assert_true(hep_packet_parse(bytes_of(message, used + 3), &p));
}

static void needs_two_addresses_of_a_family(void **state)
{
	struct hep_packet p;

	(void)state;
	begin();
	assert_false(parse(&p));
	chunk(0, 5, "0123456789abcdef", 16);
	assert_false(parse(&p));
	chunk(0, 4, "\xc0\0\2\2", 4);
	assert_false(parse(&p));
	chunk(0, 6, "0123456789abcdeg", 16);
	assert_true(parse(&p));
	assert_int_equal(p.flow.family, 6);
	chunk(0, 4, "abc", 3);
	assert_true(parse(&p));
}

static void refuses_lengths_that_do_not_fit(void **state)
{
	struct hep_packet p;

	(void)state;
	whole();
	for (size_t n = 0; n < used; n++)
		assert_false(hep_packet_parse(bytes_of(message, n), &p));
	message[5]--;
	assert_false(parse(&p));
	whole();
	message[6 + 5] = 5; /* the first chunk's */
	assert_false(parse(&p));
	whole();
	message[3] = '2';
	assert_false(parse(&p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_message),
		cmocka_unit_test(needs_two_addresses_of_a_family),
		cmocka_unit_test(refuses_lengths_that_do_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
