/* SPDX-License-Identifier: BSD-3-Clause */
/* What is in ChannelData and in indications of TURN, and what only looks like them. */
#include "frame.h"
#include "pkt_turn.h"

#define RTP	    0x80, 0x00, 0x00, 0x01, 0, 0, 0, 0xa0, 0, 0, 0, 0x07
#define TRANSACTION 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
#define STUN_OF(n)  0x00, 0x01, 0x00, n, TRANSACTION
#define DTLS	    0x16, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0
#define RTCP	    0x80, 0xc9, 0x00, 0x01, 0, 0, 0, 7
#define SEND_OF(n)  0x00, 0x16, 0x00, n, TRANSACTION
#define DATA_OF(n)  0x00, 0x17, 0x00, n, TRANSACTION
#define PEER	    0, 0x12, 0, 8, 0, 1, 0x21, 0x13, 0xe1, 0x12, 0xa6, 0x43

struct row {
	const uint8_t *octets;
	uint8_t n;
	uint8_t at, inner; /* where what is inside begins, and its length; 0: none is */
	enum pkt_relay relay;
};

#define ROW(at, inner, relay, ...)                                                                 \
	{                                                                                          \
		(const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), at, inner, \
			relay                                                                      \
	}

static const struct row rows[] = {
	ROW(4, 12, PKT_RELAY_CHANNEL, 0x40, 0x00, 0, 12, RTP),
	ROW(4, 12, PKT_RELAY_CHANNEL, 0x4f, 0xff, 0, 12, RTP),
	/* Padding, which nobody needs here. */
	ROW(4, 13, PKT_RELAY_CHANNEL, 0x40, 0x01, 0, 13, RTP, 1, 0, 0, 0),
	ROW(4, 8, PKT_RELAY_CHANNEL, 0x40, 0x01, 0, 8, RTCP),
	ROW(4, 20, PKT_RELAY_CHANNEL, 0x40, 0x01, 0, 20, STUN_OF(0)),
	ROW(4, 14, PKT_RELAY_CHANNEL, 0x40, 0x01, 0, 14, DTLS),
	ROW(4, 12, PKT_RELAY_CHANNEL, 0x40, 0x01, 0, 12, 'S', 'I', 'P', '/', '2', '.', '0', ' ',
		'2', '0', '0', ' '),
	ROW(36, 12, PKT_RELAY_SEND, SEND_OF(28), PEER, 0, 0x13, 0, 12, RTP),
	ROW(24, 12, PKT_RELAY_DATA, DATA_OF(28), 0, 0x13, 0, 12, RTP, PEER),
	ROW(24, 13, PKT_RELAY_DATA, DATA_OF(20), 0, 0x13, 0, 13, RTP, 1, 0, 0, 0),
	/* Of another number, of a length too large or too small, of nothing that is known. */
	ROW(0, 0, PKT_RELAY_NONE, 0x50, 0x00, 0, 12, RTP),
	ROW(0, 0, PKT_RELAY_NONE, 0x40, 0x00, 0, 13, RTP),
	ROW(0, 0, PKT_RELAY_NONE, 0x40, 0x00, 0, 8, RTP),
	ROW(0, 0, PKT_RELAY_NONE, 0x40, 0x00, 0, 0),
	ROW(0, 0, PKT_RELAY_NONE, 0x40),
	ROW(0, 0, PKT_RELAY_NONE, 0x40, 0x00, 0, 12, 0x40, 0x00, 0, 8, RTCP),
	ROW(0, 0, PKT_RELAY_NONE, 0x40, 0x00, 0, 12, 'G', 'E', 'T', ' ', '/', ' ', 'H', 'T', 'T',
		'P', '/', '1'),
	/* A request of that method, another indication, none with DATA. */
	ROW(0, 0, PKT_RELAY_NONE, 0x00, 0x06, 0x00, 16, TRANSACTION, 0, 0x13, 0, 12, RTP),
	ROW(0, 0, PKT_RELAY_NONE, 0x00, 0x11, 0x00, 16, TRANSACTION, 0, 0x13, 0, 12, RTP),
	ROW(0, 0, PKT_RELAY_NONE, SEND_OF(12), PEER),
	ROW(0, 0, PKT_RELAY_NONE, SEND_OF(8), 0, 0x13, 0, 12, RTP),
	ROW(0, 0, PKT_RELAY_NONE, 0),
};

static void opens_what_is_known(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct pkt_view view = {
			.payload = bytes_of(row->octets, row->n), .payload_wire = row->n};

		if (pkt_turn_open(&view) != (row->inner != 0))
			fail_msg("row %u", i);
		assert_int_equal(view.relay, row->relay);
		assert_ptr_equal(view.payload.p, row->octets + row->at);
		assert_int_equal(view.payload.n, row->inner ? row->inner : row->n);
		assert_int_equal(view.payload_wire, view.payload.n);
	}
}

/* What was captured of it: the length on the wire stays, or it is left alone. */
/* RFC 5766 had them, text begins like them. */
static void opens_high_channels_at_the_ports_of_turn_only(void **state)
{
	static const uint8_t reply[] = "RE\0\x0cSIP/2.0 200 ",
			     words[] = "REGISTER sip:a SIP/2.0\r\n";
	uint8_t octets[] = {0x50, 0x00, 0, 12, RTP};

	(void)state;
	for (unsigned first = 0x40; first < 0x80; first++)
		for (unsigned i = 0; i < 4; i++) {
			static const uint16_t ports[] = {5060, PKT_TURN_PORT, PKT_TURNS_PORT, 3477};
			struct pkt_view view = {.payload = bytes_of(octets, sizeof(octets)),
				.payload_wire = sizeof(octets),
				.flow = {.sport = first & 1 ? ports[i] : 40000,
					.dport = first & 1 ? 40000 : ports[i]}};

			octets[0] = (uint8_t)first;
			assert_true(pkt_turn_may_be(view.payload));
			assert_int_equal(
				pkt_turn_open(&view), first < 0x50 || pkt_turn_is_port(ports[i]));
		}
	for (unsigned i = 0; i < 2; i++) {
		struct pkt_view view = {.payload = i ? bytes_of(words, sizeof(words) - 1)
						     : bytes_of(reply, sizeof(reply) - 1),
			.flow = {.dport = i ? PKT_TURN_PORT : 5060}};

		view.payload_wire = (uint32_t)view.payload.n;
		assert_false(pkt_turn_open(&view));
	}
}

static void opens_every_truncation(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t n = 1; n < rows[i].n; n++) {
			uint8_t *copy = guarded_copy(rows[i].octets, n);
			struct pkt_view view = {
				.payload = bytes_of(copy, n), .payload_wire = rows[i].n};

			if (pkt_turn_open(&view)) {
				assert_int_equal(view.payload_wire, rows[i].inner);
				assert_ptr_equal(view.payload.p, copy + rows[i].at);
				assert_true(view.payload.n <= n - rows[i].at);
			} else {
				assert_ptr_equal(view.payload.p, copy);
				assert_int_equal(view.payload_wire, rows[i].n);
			}
			guarded_free(copy, n);
		}
}

static void is_found_in_frames_with_the_addresses_of_the_relay(void **state)
{
	static const uint8_t octets[] = {0x40, 0x01, 0, 12, RTP};
	struct frame f = {.n = 0};
	struct pkt_view view;

	(void)state;
	put_ethernet(&f, 0x0800);
	put_ip4(&f, 17, 20 + 8 + sizeof(octets), 0, 0);
	put16(&f, 40000);
	put16(&f, 3478);
	put16(&f, 8 + sizeof(octets));
	put16(&f, 0);
	put(&f, octets, sizeof(octets));
	put_zeros(&f, 2); /* of Ethernet */
	assert_int_equal(pkt_decode(PKT_LINK_ETHERNET, bytes_of(f.b, f.n), &view), PKT_OK);
	assert_int_equal(view.flow.sport, 40000);
	assert_int_equal(view.flow.dport, 3478);
	assert_int_equal(view.payload_wire, 12);
	assert_int_equal(view.payload.n, 12);
	assert_int_equal(view.payload.p[0], 0x80);
	assert_int_equal(view.relay, PKT_RELAY_CHANNEL);
	assert_int_equal(view.depth, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_what_is_known),
		cmocka_unit_test(opens_high_channels_at_the_ports_of_turn_only),
		cmocka_unit_test(opens_every_truncation),
		cmocka_unit_test(is_found_in_frames_with_the_addresses_of_the_relay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
