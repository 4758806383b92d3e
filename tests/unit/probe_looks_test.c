/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>

#include "probe_looks.h"
#include "unit.h"

static bool looks(uint8_t proto, const void *payload, size_t n)
{
	uint8_t *copy = guarded_copy(payload, n);
	struct pkt_view view = {
		.flow = {.family = 4, .proto = proto, .sport = 5060, .dport = 5060},
		.payload = bytes_of(copy, n),
		.payload_wire = (uint32_t)n,
	};
	bool is_signalling = probe_looks_like_signalling(&view, true, 0);

	guarded_free(copy, n);
	return is_signalling;
}

/* Every prefix too: a look reads what was captured and nothing behind it. */
static bool looks_at_all_of(uint8_t proto, const void *payload, size_t n)
{
	for (size_t part = 0; part < n; part++)
		looks(proto, payload, part);
	return looks(proto, payload, n);
}

static void knows_sip_by_its_beginning(void **state)
{
	static const char request[] = "INVITE sip:bob@192.0.2.1 SIP/2.0\r\n";
	static const char response[] = "\r\n\r\nSIP/2.0 200 OK\r\n";
	static const char text[] = "hello";

	(void)state;
	assert_true(looks_at_all_of(PKT_UDP, request, sizeof(request) - 1));
	assert_true(looks_at_all_of(PKT_TCP, request, sizeof(request) - 1));
	assert_true(looks_at_all_of(PKT_UDP, response, sizeof(response) - 1));
	assert_false(looks_at_all_of(PKT_UDP, text, sizeof(text) - 1));
}

static void tells_rtcp_from_rtp(void **state)
{
	/* Version 2; packet type 201, one word more, SSRC. Then payload type 0, SSRC and one
	 * octet. */
	static const uint8_t rtcp[] = {0x80, 201, 0, 1, 1, 2, 3, 4};
	static const uint8_t rtp[] = {0x80, 0, 0, 1, 0, 0, 0, 160, 1, 2, 3, 4, 0xff};

	(void)state;
	assert_true(looks_at_all_of(PKT_UDP, rtcp, sizeof(rtcp)));
	assert_false(looks_at_all_of(PKT_UDP, rtp, sizeof(rtp)));
	/* Nobody sends RTCP in TCP without a frame of its own. */
	assert_false(looks_at_all_of(PKT_TCP, rtcp, sizeof(rtcp)));
}

static void reads_nothing_of_an_empty_payload(void **state)
{
	(void)state;
	assert_false(looks(PKT_UDP, NULL, 0));
	assert_false(looks(PKT_TCP, NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_sip_by_its_beginning),
		cmocka_unit_test(tells_rtcp_from_rtp),
		cmocka_unit_test(reads_nothing_of_an_empty_payload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
