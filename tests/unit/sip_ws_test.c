/* SPDX-License-Identifier: BSD-3-Clause */
/* WebSocket frames with SIP: RFC 6455 section 5, RFC 7118. */
#include "sip_ws.h"
#include "unit.h"

static const char request[] = "OPTIONS sip:a SIP/2.0\r\n\r\n"; /* 25 octets */

enum {
	REQUEST = sizeof(request) - 1
};

struct buffer {
	uint8_t b[70000];
	size_t n;
};

static void put(struct buffer *out, const void *data, size_t n)
{
	memcpy(out->b + out->n, data, n);
	out->n += n;
}

static void put_frame(struct buffer *out, uint8_t first, bool is_masked, const char *data, size_t n)
{
	static const uint8_t mask[4] = {0xde, 0xad, 0xbe, 0xef};
	uint8_t head[4] = {first, (uint8_t)((is_masked ? 0x80 : 0) | (n < 126 ? n : 126)),
		(uint8_t)(n >> 8), (uint8_t)n};

	put(out, head, n < 126 ? 2 : 4);
	if (is_masked)
		put(out, mask, 4);
	for (size_t i = 0; i < n; i++) {
		uint8_t c = (uint8_t)data[i] ^ (is_masked ? mask[i % 4] : 0);

		put(out, &c, 1);
	}
}

/* Every shorter front says there is more to come, or nothing. */
static void expect_message(const struct buffer *in, size_t n, const char *payload)
{
	size_t payload_n = strlen(payload);
	struct sip_ws_message message = {0};
	uint8_t out[512];

	for (size_t i = 0; i < n; i++) {
		uint8_t *copy = guarded_copy(in->b, i);

		assert_int_equal(sip_ws_next(bytes_of(copy, i), &message), SIP_FRAME_MORE);
		guarded_free(copy, i);
	}
	assert_int_equal(sip_ws_next(bytes_of(in->b, in->n), &message), SIP_FRAME_WHOLE);
	assert_int_equal(message.n, n);
	assert_int_equal(message.payload_n, payload_n);
	assert_int_equal(sip_ws_payload(bytes_of(in->b, n), out), payload_n);
	assert_memory_equal(out, payload, payload_n);
}

static void expect_none(const struct buffer *in)
{
	struct sip_ws_message message = {0};

	assert_int_equal(sip_ws_next(bytes_of(in->b, in->n), &message), SIP_FRAME_NONE);
}

static void reads_frames(void **state)
{
	(void)state;
	for (unsigned masked = 0; masked < 2; masked++) {
		struct buffer in = {.n = 0};

		put_frame(&in, 0x81, masked, request, REQUEST);
		put(&in, "\x81", 1);
		expect_message(&in, in.n - 1, request);
		assert_true(sip_ws_begins(bytes_of(in.b, in.n)));
		in.b[0] = 0x82; /* binary */
		expect_message(&in, in.n - 1, request);
		assert_true(sip_ws_begins(bytes_of(in.b, in.n)));
	}
}

static void puts_fragments_together(void **state)
{
	struct buffer in = {.n = 0};

	(void)state;
	put_frame(&in, 0x01, true, request, 9);
	put_frame(&in, 0x89, true, "ping", 4);
	put_frame(&in, 0x00, true, request + 9, 0);
	put_frame(&in, 0x00, true, request + 9, 10);
	put_frame(&in, 0x8a, true, "", 0);
	put_frame(&in, 0x80, true, request + 19, REQUEST - 19);
	expect_message(&in, in.n, request);
}

static void control_frames_are_messages_without_payload(void **state)
{
	static const uint8_t controls[] = {0x88, 0x89, 0x8a};

	(void)state;
	for (size_t i = 0; i < sizeof(controls); i++) {
		struct buffer in = {.n = 0};
		struct sip_ws_message message = {0};

		put_frame(&in, controls[i], i, "text", 4);
		assert_int_equal(sip_ws_next(bytes_of(in.b, in.n), &message), SIP_FRAME_WHOLE);
		assert_int_equal(message.n, in.n);
		assert_int_equal(message.payload_n, 0);
		assert_false(sip_ws_begins(bytes_of(in.b, in.n)));
	}
}

static void refuses_what_is_no_frame(void **state)
{
	/* Opcodes, flags, a continuation of nothing, control frames in parts. */
	static const uint8_t firsts[] = {
		0x83, 0x87, 0x8b, 0x8f, 0xa1, 0x91, 0xc0, 0xc9, 0x80, 0x00, 0x09};
	struct buffer in = {.n = 0};

	(void)state;
	for (size_t i = 0; i < sizeof(firsts); i++) {
		in.n = 0;
		put_frame(&in, firsts[i], false, "text", 4);
		expect_none(&in);
	}
	in.n = 0;
	put_frame(&in, 0x89, false, (const char *)in.b, 126);
	expect_none(&in);
	in.n = 0;
	put(&in, "\x81\x7e\0\x7d", 4); /* longer than it needs to be */
	expect_none(&in);
	in.n = 0;
	put(&in, "\x81\x7f\0\0\0\0\0\0\xff\xff", 10);
	expect_none(&in);
	in.n = 0;
	put(&in, "\x81\x7f\x80\0\0\0\0\1\0\0", 10);
	expect_none(&in);
	in.n = 0;
	put_frame(&in, 0x01, false, request, 9); /* a message within a message */
	put_frame(&in, 0x81, false, request, REQUEST);
	expect_none(&in);
}

static void reads_every_form_of_length(void **state)
{
	static const size_t sizes[] = {0, 125, 126, 65535};
	static char data[65536];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct buffer in = {.n = 0};
		struct sip_ws_message message = {0};

		put_frame(&in, 0x81, false, data, sizes[i]);
		assert_int_equal(sip_ws_next(bytes_of(in.b, in.n), &message), SIP_FRAME_WHOLE);
		assert_int_equal(message.payload_n, sizes[i]);
	}
	struct buffer in = {.n = 0};
	struct sip_ws_message message = {0};

	put(&in, "\x81\x7f\0\0\0\0\0\1\0\0", 10);
	assert_int_equal(sip_ws_next(bytes_of(in.b, in.n), &message), SIP_FRAME_MORE);
	assert_int_equal(message.n, 65536 + 10);
}

static void knows_handshakes_for_sip(void **state)
{
	static const struct {
		const char *text;
		bool is_sip;
	} cases[] = {
		{"GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Protocol: sip\r\n\r\n", true},
		{"GET / HTTP/1.1\r\nsec-websocket-protocol:xmpp ,\tSIP\r\n\r\n", true},
		{"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Protocol: sip\r\n\r\n", true},
		{"GET / HTTP/1.1\r\nSec-WebSocket-Protocol: sipp, verto\r\n\r\n", false},
		{"GET / HTTP/1.1\r\nHost: sip\r\n\r\n", false},
		{"HTTP/1.1 200 OK\r\nSec-WebSocket-Protocol: sip\r\n\r\n", false},
		{"POST / HTTP/1.1\r\nSec-WebSocket-Protocol: sip\r\n\r\n", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = strlen(cases[i].text);
		struct sip_ws_message message = {0};

		assert_int_equal(sip_ws_begins(bytes_of(cases[i].text, n)), cases[i].is_sip);
		if (!cases[i].is_sip)
			continue;
		assert_int_equal(
			sip_ws_next(bytes_of(cases[i].text, n), &message), SIP_FRAME_WHOLE);
		assert_int_equal(message.n, n);
		assert_int_equal(message.payload_n, 0);
		assert_int_equal(
			sip_ws_next(bytes_of(cases[i].text, n - 1), &message), SIP_FRAME_MORE);
	}
}

static void finds_the_next_message(void **state)
{
	struct buffer in = {.n = 0};
	size_t at;

	(void)state;
	put_frame(&in, 0x81, false, request, REQUEST); /* the first octet is not looked at */
	put(&in, "\x81\x19no", 4);
	at = in.n;
	put_frame(&in, 0x01, true, request, REQUEST);
	assert_int_equal(sip_ws_find(bytes_of(in.b, in.n)), at);
	for (size_t n = at; n < in.n; n++) {
		uint8_t *copy = guarded_copy(in.b, n);
		size_t found = sip_ws_find(bytes_of(copy, n));

		assert_int_equal(found, n < at + 6 + 3 ? n : at);
		guarded_free(copy, n);
	}
	assert_int_equal(sip_ws_find(bytes_of(in.b, 1)), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_frames),
		cmocka_unit_test(puts_fragments_together),
		cmocka_unit_test(control_frames_are_messages_without_payload),
		cmocka_unit_test(refuses_what_is_no_frame),
		cmocka_unit_test(reads_every_form_of_length),
		cmocka_unit_test(knows_handshakes_for_sip),
		cmocka_unit_test(finds_the_next_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
