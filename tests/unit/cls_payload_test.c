/* SPDX-License-Identifier: BSD-3-Clause */
/* Classification: what is SIP, RTP, RTCP, STUN or DTLS, and above all what is not. */
#include <stdio.h>

#include "cls_payload.h"
#include "unit.h"

struct env {
	struct cls_db *db;
	struct cls_scratch *scratch;
};

static int setup(void **state)
{
	struct env *env = calloc(1, sizeof(*env));

	if (!env || cls_db_create(&env->db) != 0 || cls_scratch_create(env->db, &env->scratch) != 0)
		return -1;
	*state = env;
	return 0;
}

static int teardown(void **state)
{
	struct env *env = *state;

	cls_scratch_destroy(env->scratch);
	cls_db_destroy(env->db);
	free(env);
	return 0;
}

static enum cls_kind kind_of(const struct env *env, const void *data, size_t n)
{
	uint8_t *copy = guarded_copy(data, n);
	enum cls_kind kind = cls_payload(env->db, env->scratch, bytes_of(copy, n));

	guarded_free(copy, n);
	return kind;
}

static enum cls_kind kind_of_text(const struct env *env, const char *text)
{
	return kind_of(env, text, strlen(text));
}

static void expect_all(
	const struct env *env, const char *const *texts, size_t n, enum cls_kind want)
{
	for (size_t i = 0; i < n; i++)
		if (kind_of_text(env, texts[i]) != want)
			fail_msg("\"%s\" is not %s", texts[i], cls_kind_name(want));
}

#define EXPECT_ALL(env, texts, want) expect_all(env, texts, sizeof(texts) / sizeof(*(texts)), want)

static void knows_every_method_as_sip(void **state)
{
	static const char *const methods[] = {"INVITE", "ACK", "BYE", "CANCEL", "OPTIONS",
		"REGISTER", "PRACK", "SUBSCRIBE", "NOTIFY", "PUBLISH", "INFO", "REFER", "MESSAGE",
		"UPDATE", "NEWMETHOD", "!interesting-Method0123456789_*+`.%indeed'~",
		"RE%47IST%45R"};
	char line[256];

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		snprintf(line, sizeof(line), "%s sip:a@example.com SIP/2.0\r\n", methods[i]);
		assert_int_equal(kind_of_text(*state, line), CLS_SIP);
		snprintf(line, sizeof(line), "%s urn:service:sos SIP/2.0\r\n", methods[i]);
		assert_int_equal(kind_of_text(*state, line), CLS_SIP);
	}
}

/* Start lines in the spirit of RFC 4475: odd, and some of them wrong, but SIP. */
static void knows_odd_start_lines_as_sip(void **state)
{
	static const char *const lines[] = {
		"INVITE  sip:user@example.com  SIP/2.0\r\n",
		"INVITE <sip:user@example.com> SIP/2.0\r\n",
		"INVITE sip:user@example.com; lr SIP/2.0\r\n",
		"OPTIONS sip:t.watson@example.org SIP/7.0\r\n",
		"OPTIONS sip:remote-target@example.com SIP/2.0  \r\n",
		"OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0\r\n",
		"OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0\r\n",
		"OPTIONS * SIP/2.0\r\n",
		"invite SIP:user@example.com sip/2.0\r\n",
		"INVITE SIPS:user@example.com SIP/2.0\r\n",
		"INVITE tel:+15551234567 SIP/2.0\r\n",
		"MESSAGE im:user@example.com SIP/2.0\r\n",
	};

	EXPECT_ALL(*state, lines, CLS_SIP);
}

/* What a look tells and what a scan does, which these need for their case or their spelling. */
static void knows_the_same_by_a_look_and_by_a_scan(void **state)
{
	static const char *const sip[] = {"INVITE sip:a", "INVITE SIP:a", "invite sip:a",
		"INVITE  sip:a",
		"SUBSCRIBE sip:", "EXTENSION sip:", "EXTENSIONS sip:", "X-Y sip:abcd",
		"SIP/2.0 100 ", "sip/2.0 699 "};
	static const char *const unknown[] = {"INVITE sip;ab", "INVITEsip:ab",
		" INVITE sip:", "SIP/2.0 700 ", "SIP/2.0 099 ", "SIP/2.0 1x0 ", "SIP/2.0 10x ",
		"SIP/2.1 100 ", "INVITE sip:"};

	EXPECT_ALL(*state, sip, CLS_SIP);
	EXPECT_ALL(*state, unknown, CLS_UNKNOWN);
}

static void knows_requests_whose_uri_is_longer_than_the_scan(void **state)
{
	static const char *const starts[] = {"INVITE urn:", "NEWMETHOD sip:"};
	char line[400];

	for (size_t i = 0; i < 2; i++) {
		snprintf(line, sizeof(line), "%s%0300d SIP/2.0\r\n", starts[i], 0);
		assert_int_equal(kind_of_text(*state, line), CLS_SIP);
	}
}

static void knows_responses_as_sip(void **state)
{
	static const char *const lines[] = {
		"SIP/2.0 100 \r\n",
		"SIP/2.0 200 OK\r\n",
		"SIP/2.0 699 x\r\n",
		"sip/2.0 200 ok\r\n",
		"SIP/2.0 4294967301 better not break the receiver\r\n",
	};
	static const char *const no_status[] = {
		"SIP/2.0 000 x\r\n", "SIP/2.0 700 x\r\n", "SIP/2.0 2x0 OK\r\n", "SIP/2.0 \r\n"};

	EXPECT_ALL(*state, lines, CLS_SIP);
	EXPECT_ALL(*state, no_status, CLS_UNKNOWN);
}

static void knows_its_relatives_as_not_sip(void **state)
{
	static const char *const lines[] = {
		"GET / HTTP/1.1\r\nHost: sip:example.com\r\n",
		"GET http://example.com/sip:1 HTTP/1.1\r\n",
		"OPTIONS * HTTP/1.1\r\n",
		"OPTIONS http://example.com/ HTTP/1.1\r\n",
		"HTTP/1.1 200 OK\r\n",
		"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n",
		"SUBSCRIBE /upnp/event/1 HTTP/1.1\r\n",
		"M-SEARCH * HTTP/1.1\r\n",
		"OPTIONS rtsp://example.com/media.mp4 RTSP/1.0\r\n",
		"DESCRIBE rtsp://example.com/media.mp4 RTSP/1.0\r\n",
		"REGISTER rtsp://example.com/media.mp4 RTSP/2.0\r\n",
		"RTSP/1.0 200 OK\r\n",
		"MSRP d93kswow SEND\r\nTo-Path: msrp://bob.example.com:8888/9di4eae923wzd;tcp\r\n",
		"MSRP d93kswow 200 OK\r\n",
		"INFO {\"server_id\":\"x\"}\r\n",
		"MESSAGE\ndestination:/queue/a\n",
		"INVITE nick #channel\r\n",
		"Via: SIP/2.0/UDP 192.0.2.1\r\n",
		"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n",
		"INVITE\r\n",
		"INVITE sip",
		" INVITE sip:user@example.com SIP/2.0\r\n",
		"xxxx\r\nINVITE sip:user@example.com SIP/2.0\r\n",
	};

	EXPECT_ALL(*state, lines, CLS_UNKNOWN);
}

static void looks_through_leading_empty_lines(void **state)
{
	/* CR LF CR LF and an RTP header. */
	static const uint8_t rtp[] = {
		'\r', '\n', '\r', '\n', 0x80, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3};
	char line[512];

	assert_int_equal(kind_of_text(*state, "\r\n\r\nINVITE sip:a@b SIP/2.0\r\n"), CLS_SIP);
	assert_int_equal(kind_of_text(*state, "\n\nSIP/2.0 200 OK\r\n"), CLS_SIP);
	assert_int_equal(kind_of(*state, rtp, sizeof(rtp)), CLS_UNKNOWN);
	assert_int_equal(kind_of(*state, rtp + 4, sizeof(rtp) - 4), CLS_RTP);

	memset(line, '\n', sizeof(line));
	memcpy(line + 128, "SIP/2.0 200 OK", 15);
	assert_int_equal(kind_of_text(*state, line), CLS_SIP);
	memcpy(line + 128, "\nSIP/2.0 200 OK", 16);
	assert_int_equal(kind_of_text(*state, line), CLS_UNKNOWN);
}

/* RFC 5626 section 4.4.1. */
static void knows_keep_alives_as_nothing(void **state)
{
	assert_int_equal(kind_of_text(*state, "\r\n\r\n"), CLS_UNKNOWN);
	assert_int_equal(kind_of_text(*state, "\r\n"), CLS_UNKNOWN);
	assert_int_equal(kind_of_text(*state, ""), CLS_UNKNOWN);
	assert_int_equal(kind_of(*state, "\0\0\0\0", 4), CLS_UNKNOWN);
}

/* RFC 7983 demultiplexes on the first octet, RFC 5761 section 4 on the second. */
static void tells_rtp_from_rtcp_by_the_first_two_octets(void **state)
{
	uint8_t packet[12] = {0};

	for (unsigned i = 0; i < 65536; i += 7) {
		bool is_v2 = i >> 14 == 2;
		unsigned second = i & 0xff;
		enum cls_kind want = CLS_UNKNOWN;

		packet[0] = (uint8_t)(i >> 8);
		packet[1] = (uint8_t)second;
		if (is_v2)
			want = second >= 192 && second <= 223 ? CLS_RTCP : CLS_RTP;
		if (cls_payload(((struct env *)*state)->db, ((struct env *)*state)->scratch,
			    bytes_of(packet, sizeof(packet))) != want)
			fail_msg("%02x %02x is not %s", packet[0], packet[1], cls_kind_name(want));
	}
}

static void wants_room_for_the_fixed_header(void **state)
{
	/* RTP: V=2, PT 0; RTCP: an empty RR; STUN: Binding request; DTLS 1.2: handshake record. */
	static const uint8_t rtp[12] = {0x80, 0x00};
	static const uint8_t rtcp[4] = {0x80, 0xc9};
	static const uint8_t stun[20] = {0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42};
	static const uint8_t dtls[13] = {0x16, 0xfe, 0xfd};
	const struct {
		const uint8_t *p;
		size_t n;
		enum cls_kind kind;
	} cases[] = {
		{rtp, sizeof(rtp), CLS_RTP},
		{rtcp, sizeof(rtcp), CLS_RTCP},
		{stun, sizeof(stun), CLS_STUN},
		{dtls, sizeof(dtls), CLS_DTLS},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t n = 0; n <= cases[i].n; n++)
			assert_int_equal(kind_of(*state, cases[i].p, n),
				n < cases[i].n ? CLS_UNKNOWN : cases[i].kind);
}

/* RFC 3261 section 25.1: what is none begins no method. */
static void a_method_begins_with_an_octet_of_a_token(void **state)
{
	static const char others[] = "-.!%*_+`'~0123456789";
	char line[] = "?x sip:bob@b.example SIP/2.0";

	for (unsigned c = 0; c < 256; c++) {
		unsigned lower = c | 0x20;
		bool is_token =
			(lower >= 'a' && lower <= 'z' && c < 128) || (c && strchr(others, (int)c));

		line[0] = (char)c;
		/* Those go before SIP, and those are RTP's. */
		if (c == '\r' || c == '\n' || c >> 6 == 2)
			continue;
		if (kind_of(*state, line, sizeof(line) - 1) != (is_token ? CLS_SIP : CLS_UNKNOWN))
			fail_msg("octet %u", c);
	}
}

static void knows_stun_by_its_cookie(void **state)
{
	uint8_t packet[20] = {0x01, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42};

	assert_int_equal(kind_of(*state, packet, sizeof(packet)), CLS_STUN);
	for (unsigned i = 4; i < 8; i++) {
		packet[i] ^= 1;
		assert_int_equal(kind_of(*state, packet, sizeof(packet)), CLS_UNKNOWN);
		packet[i] ^= 1;
	}
	packet[0] = 0x40; /* TURN ChannelData, RFC 8656 section 12 */
	assert_int_equal(kind_of(*state, packet, sizeof(packet)), CLS_UNKNOWN);
	/* New lines among the octets that may be anything. */
	packet[0] = 0x01;
	packet[1] = packet[2] = packet[3] = '\n';
	assert_int_equal(kind_of(*state, packet, sizeof(packet)), CLS_STUN);
}

static void knows_dtls_by_type_and_version(void **state)
{
	static const uint8_t versions[] = {0xff, 0xfd, 0xfc};
	uint8_t record[13] = {0};

	for (unsigned type = 0; type < 256; type++) {
		record[0] = (uint8_t)type;
		record[1] = 0xfe;
		for (size_t i = 0; i < sizeof(versions); i++) {
			enum cls_kind want = type >= 20 && type <= 25 ? CLS_DTLS : CLS_UNKNOWN;

			record[2] = versions[i];
			if (type >= 128 && type < 192)
				want = CLS_RTP;
			assert_int_equal(kind_of(*state, record, sizeof(record)), want);
		}
	}
	record[0] = 22;
	record[2] = 0xfe; /* there is no DTLS 1.1 */
	assert_int_equal(kind_of(*state, record, sizeof(record)), CLS_UNKNOWN);
}

static void decides_every_truncation(void **state)
{
	static const char line[] = "INVITE sip:user@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a\r\n";

	for (size_t n = 0; n < sizeof(line); n++)
		assert_int_equal(kind_of(*state, line, n), n < 12 ? CLS_UNKNOWN : CLS_SIP);
}

static void names_every_kind(void **state)
{
	static const char *const names[] = {"unknown", "sip", "rtp", "rtcp", "stun", "dtls"};

	(void)state;
	for (unsigned i = 0; i < CLS_KIND_COUNT; i++)
		assert_string_equal(cls_kind_name((enum cls_kind)i), names[i]);
	assert_string_equal(cls_kind_name(CLS_KIND_COUNT), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_every_method_as_sip),
		cmocka_unit_test(knows_odd_start_lines_as_sip),
		cmocka_unit_test(knows_the_same_by_a_look_and_by_a_scan),
		cmocka_unit_test(knows_requests_whose_uri_is_longer_than_the_scan),
		cmocka_unit_test(knows_responses_as_sip),
		cmocka_unit_test(knows_its_relatives_as_not_sip),
		cmocka_unit_test(looks_through_leading_empty_lines),
		cmocka_unit_test(knows_keep_alives_as_nothing),
		cmocka_unit_test(tells_rtp_from_rtcp_by_the_first_two_octets),
		cmocka_unit_test(wants_room_for_the_fixed_header),
		cmocka_unit_test(a_method_begins_with_an_octet_of_a_token),
		cmocka_unit_test(knows_stun_by_its_cookie),
		cmocka_unit_test(knows_dtls_by_type_and_version),
		cmocka_unit_test(decides_every_truncation),
		cmocka_unit_test(names_every_kind),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
