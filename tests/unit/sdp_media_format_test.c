/* SPDX-License-Identifier: BSD-3-Clause */
/* What a section says of its media: kind, transport protocol, payload types, direction and packet time. */
#include "sdp_media_case.h"

struct proto_case {
	const char *proto;
	bool is_rtp;
	bool is_secure;
	bool is_udptl;
};

static void knows_transport_protocols(void **state)
{
	static const struct proto_case cases[] = {
		{"RTP/AVP", true, false, false},
		{"RTP/AVPF", true, false, false},
		{"RTP/SAVP", true, true, false},
		{"rtp/savpf", true, true, false},
		{"UDP/TLS/RTP/SAVP", true, true, false},
		{"UDP/TLS/RTP/SAVPF", true, true, false},
		{"udptl", false, false, true},
		{"UDPTL", false, false, true},
		{"TCP", false, false, false},
		{"TCP/RTP/AVP", false, false, false},
		{"UDP/DTLS/SCTP", false, false, false},
		{"RTP/AV", false, false, false},
		{"RTP/AVPFX", false, false, false},
		{"RTP/", false, false, false},
		{"udp", false, false, false},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char lines[100];
		const struct sdp_media *m;

		snprintf(lines, sizeof(lines), "m=audio 4000 %s 9\r\n", cases[i].proto);
		m = parse_lines(lines);
		assert_int_equal(parsed.media_count, 1);
		assert_int_equal(m->is_rtp, cases[i].is_rtp);
		assert_int_equal(m->is_secure, cases[i].is_secure);
		assert_int_equal(m->is_udptl, cases[i].is_udptl);
		assert_int_equal(m->format_count, cases[i].is_rtp ? 1 : 0);
	}
}

/* RFC 4568: the tag of one suite; of several that differ none, and of the next section its own. */
static void knows_the_tag_of_srtp(void **state)
{
	static const struct {
		const char *lines;
		unsigned octets;
	} cases[] = {
		{"", 0},
		{"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n",
			10},
		{"a=crypto:1 AES_256_CM_HMAC_SHA1_32 inline:x\r\n", 4},
		{"a=crypto:1 AEAD_AES_256_GCM inline:x\r\n", 16},
		{"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n"
		 "a=crypto:2 AES_256_CM_HMAC_SHA1_80 inline:x\r\n",
			10},
		{"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n"
		 "a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:x\r\n"
		 "a=crypto:3 AES_CM_128_HMAC_SHA1_32 inline:x\r\n",
			0},
		{"a=crypto:1 SEED_128_CCM_80 inline:x\r\n"
		 "a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:x\r\n",
			0},
		{"a=crypto:1\r\n", 0},
		{"a=crypto\r\n", 0},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char lines[400];
		const struct sdp_media *m;

		snprintf(lines, sizeof(lines),
			"m=audio 4000 RTP/SAVP 9\r\n%sm=video 4002 RTP/SAVP 99\r\n"
			"a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:x\r\n",
			cases[i].lines);
		m = parse_lines(lines);
		assert_int_equal(m[0].tag_bytes, cases[i].octets);
		assert_int_equal(m[1].tag_bytes, 4);
	}
}

static void knows_media_kinds(void **state)
{
	const struct sdp_media *m = parse_lines(
		"m=audio 1 RTP/AVP 0\nm=video 1 RTP/AVP 31\nm=image 1 udptl t38\nm=text 1 RTP/AVP 98\n"
		"m=application 1 UDP/BFCP *\nm=message 1 TCP/MSRP *\nm=AUDIO 1 RTP/AVP 0\n");

	(void)state;
	assert_int_equal(parsed.media_count, 7);
	assert_int_equal(m[0].kind, SDP_AUDIO);
	assert_int_equal(m[1].kind, SDP_VIDEO);
	assert_int_equal(m[2].kind, SDP_IMAGE);
	assert_int_equal(m[3].kind, SDP_TEXT);
	assert_int_equal(m[4].kind, SDP_APPLICATION);
	assert_int_equal(m[5].kind, SDP_OTHER);
	assert_int_equal(m[6].kind, SDP_AUDIO);
}

static void reads_payload_types(void **state)
{
	const struct sdp_media *m =
		parse_lines("m=audio 4000 RTP/AVP 0 127 128 x 96 0 -1 9x 99999999999 \t13\r\n"
			    "a=rtpmap:96 L16/44100/6\r\n"
			    "a=rtpmap:96 later/1\r\n"
			    "a=rtpmap:97 absent/8000\r\n"
			    "a=rtpmap:13 CN/8000x2\r\n"
			    "a=rtpmap:0 PCMU\r\n"
			    "a=rtpmap:127 /8000\r\n"
			    "a=rtpmap:127 wide/4294967296\r\n"
			    "a=rtpmap:127 wide/4294967295/256\r\n"
			    "a=fmtp:97 absent\r\na=fmtp:x y\r\na=fmtp:0\r\n"
			    "a=fmtp:0 first ;second\r\na=fmtp:0 other\r\n");

	(void)state;
	assert_int_equal(m->format_count, 4);
	check_format(m, 0, 0, "", 0, 1, "first ;second");
	check_format(m, 1, 127, "wide", 4294967295, 1, "");
	check_format(m, 2, 96, "L16", 44100, 6, "");
	check_format(m, 3, 13, "CN", 8000, 1, "");
}

static void reads_directions_and_packet_times(void **state)
{
	const struct sdp_media *m =
		parse_lines("a=recvonly\r\na=ptime:10\r\n"
			    "m=audio 1 RTP/AVP 0\r\na=ptime:20.5\r\n"
			    "m=audio 1 RTP/AVP 0\r\na=inactive\r\na=ptime: 30.49\r\n"
			    "m=audio 1 RTP/AVP 0\r\na=sendrecv\r\na=ptime:65537\r\n"
			    "m=audio 1 RTP/AVP 0\r\na=sendonly \r\na=ptime:65535\r\n"
			    "m=audio 1 RTP/AVP 0\r\na=sendonlyx\r\na=ptime:x\r\n");

	(void)state;
	assert_int_equal(parsed.media_count, 5);
	assert_int_equal(m[0].direction, SDP_RECVONLY);
	assert_int_equal(m[0].ptime_ms, 21);
	assert_int_equal(m[1].direction, SDP_INACTIVE);
	assert_int_equal(m[1].ptime_ms, 30);
	assert_int_equal(m[2].direction, SDP_SENDRECV);
	assert_int_equal(m[2].ptime_ms, 0);
	assert_int_equal(m[3].direction, SDP_SENDONLY);
	assert_int_equal(m[3].ptime_ms, 65535);
	assert_int_equal(m[4].direction, SDP_RECVONLY);
	assert_int_equal(m[4].ptime_ms, 0);
	m = parse_lines("m=audio 1 RTP/AVP 0\r\n");
	assert_int_equal(m->direction, SDP_SENDRECV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_transport_protocols),
		cmocka_unit_test(knows_the_tag_of_srtp),
		cmocka_unit_test(knows_media_kinds),
		cmocka_unit_test(reads_payload_types),
		cmocka_unit_test(reads_directions_and_packet_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
