/* SPDX-License-Identifier: BSD-3-Clause */
/* Where media goes: connection addresses, RTCP, candidates, and transports that sections share. */
#include "sdp_media_case.h"

struct address_case {
	const char *line;
	const char *want; /* NULL: a host name or nothing */
};

static void reads_connection_addresses(void **state)
{
	static const struct address_case cases[] = {
		{"c=IN IP4 1.2.3.4", "1.2.3.4"},
		{"c=IN IP4 224.2.36.42/127", "224.2.36.42"},
		{"c=IN IP4 224.2.1.1/127/3", "224.2.1.1"},
		{"c=IN IP6 ff15::101/3", "ff15::101"},
		{"c=IN IP6 ::ffff:192.0.2.1", "::ffff:192.0.2.1"},
		{"c=in ip4 0.0.0.0", "0.0.0.0"},
		{"c=IN  IP4   1.2.3.4 ", "1.2.3.4"},
		{"c=IN IP4 2001:db8::1", "2001:db8::1"},
		{"c=IN IP4 1.2.3.4\r\nc=IN IP4 5.6.7.8", "1.2.3.4"},
		{"c=IN IP4\r\nc=IN IP4 5.6.7.8", "5.6.7.8"},
		{"c=ATM NSAP 1.2.3.4", NULL},
		{"c=IN IP4 media.example.com", NULL},
		{"c=IN IP4 1.2.3", NULL},
		{"c=IN IP4 1.2.3.256", NULL},
		{"c=IN IP6 2001:db8:::1", NULL},
		{"c=IN IP6 1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb", NULL},
		{"c=", NULL},
		{"s=no connection at all", NULL},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char lines[200];
		const struct sdp_media *m;

		snprintf(lines, sizeof(lines), "%s\r\nm=audio 4000 RTP/AVP 0\r\n", cases[i].line);
		for (unsigned level = 0; level < 2; level++) {
			m = parse_lines(lines);
			assert_int_equal(m->has_address, cases[i].want != NULL);
			if (cases[i].want)
				check_address(m->family, &m->addr, cases[i].want);
			else
				assert_int_equal(m->family, 0);
			assert_int_equal(m->rtcp_family, m->family);
			/* the same inside the section */
			snprintf(lines, sizeof(lines), "m=audio 4000 RTP/AVP 0\r\n%s\r\n",
				cases[i].line);
		}
	}
}

/* RFC 8866 section 5.7 */
static void counts_multicast_addresses(void **state)
{
	static const struct {
		const char *address;
		unsigned count;
	} rows[] = {{"233.252.0.1/127/3", 3}, {"233.252.0.1/127", 1}, {"233.252.0.1", 1},
		{"ff15::101/3", 3}, {"ff15::101", 1}, {"239.1.1.1/1/8", 8},
		{"233.252.0.1/127/4294967295", SDP_ADDRESSES_MAX},
		{"ff15::101/99999999999999999999", SDP_ADDRESSES_MAX}, {"233.252.0.1/127/0", 1},
		{"233.252.0.1/127/", 1}, {"233.252.0.1/127/3x", 1}, {"233.252.0.1/127/3/4", 1},
		{"233.252.0.1//3", 3}, {"ff15::101/127/3", 1}, {"ff15::101/-3", 1},
		{"192.0.2.1/127/3", 1}, {"240.0.0.1/127/3", 1}, {"2001:db8::1/3", 1},
		{"media.example/127/3", 1}};
	const struct sdp_media *m;
	char lines[200];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(lines, sizeof(lines),
			"c=IN IP4 %s\r\nm=audio 4000 RTP/AVP 0\r\n"
			"m=audio 4002 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\n"
			"m=audio 4004/2 RTP/AVP 0\r\na=rtcp:4100 IN IP4 233.252.0.9/1/5\r\n",
			rows[i].address);
		m = parse_lines(lines);
		if (m[0].address_count != rows[i].count)
			fail_msg("%s: %u", rows[i].address, m[0].address_count);
		assert_int_equal(m[1].address_count, 1);
		assert_int_equal(m[2].address_count, rows[i].count);
		assert_int_equal(m[2].port_count, 2);
	}
	assert_int_equal(parse_lines("m=audio 4000 RTP/AVP 0\r\n")->address_count, 1);
}

static void check_as_inet_pton(const char *address)
{
	uint8_t want[16] = {0};
	uint8_t family = inet_pton(AF_INET, address, want) == 1	   ? 4
			 : inet_pton(AF_INET6, address, want) == 1 ? 6
								   : 0;
	const struct sdp_media *m;
	char lines[200];

	snprintf(lines, sizeof(lines), "c=IN IP4 %s\r\nm=audio 4000 RTP/AVP 0\r\n", address);
	m = parse_lines(lines);
	if (m->family != family || memcmp(m->addr.b, want, sizeof(want)) != 0)
		fail_msg("%s", address);
}

/* Good ones with up to three octets changed, left out or put in. */
static void addresses_are_what_inet_pton_takes_for_such(void **state)
{
	static const char *const good[] = {"192.0.2.10", "0.0.0.0", "255.255.255.255", "10.20.30.4",
		"2001:db8::1", "::ffff:192.0.2.1"};
	static const char octets[] = "0123456789.:af";
	char text[64];

	(void)state;
	srand(1);
	for (unsigned i = 0; i < 50000; i++) {
		snprintf(text, sizeof(text), "%s", good[i % (sizeof(good) / sizeof(good[0]))]);
		for (int changes = rand() % 4; changes; changes--) {
			size_t n = strlen(text), at = (size_t)rand() % n;
			char c = octets[(size_t)rand() % (sizeof(octets) - 1)];

			if (rand() % 3 == 0 && n > 1)
				memmove(text + at, text + at + 1, n - at);
			else if (rand() % 2)
				memmove(text + at + 1, text + at, n - at + 1);
			text[at < strlen(text) ? at : 0] = c;
		}
		check_as_inet_pton(text);
	}
}

static void an_address_with_a_zero_octet_is_none(void **state)
{
	static const char text[] = "v=0\r\nc=IN IP4 1.2.3.4\0x\r\nm=audio 4000 RTP/AVP 0\r\n";

	(void)state;
	assert_int_equal(sdp_media_parse(bytes_of(text, sizeof(text) - 1), &parsed), SDP_OK);
	assert_int_equal(parsed.media_count, 1);
	assert_false(parsed.media[0].has_address);
}

static void the_section_s_address_wins(void **state)
{
	const struct sdp_media *m =
		parse_lines("c=IN IP4 192.0.2.1\r\n"
			    "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 media.example.com\r\n"
			    "m=audio 4002 RTP/AVP 0\r\nc=nonsense\r\n"
			    "m=audio 4004 RTP/AVP 0\r\nc=IN IP4 192.0.2.3\r\n"
			    "m=audio 4006 RTP/AVP 0\r\n");

	(void)state;
	assert_int_equal(parsed.media_count, 4);
	assert_false(m[0].has_address);
	check_address(m[1].family, &m[1].addr, "192.0.2.1");
	check_address(m[2].family, &m[2].addr, "192.0.2.3");
	check_address(m[3].family, &m[3].addr, "192.0.2.1");
}

/* RFC 3605 and RFC 5761 */
static void finds_where_rtcp_goes(void **state)
{
	const struct sdp_media *m = parse_lines(
		"c=IN IP4 192.0.2.1\r\na=rtcp:1\r\na=rtcp-mux\r\n"
		"m=audio 49170 RTP/AVP 0\r\na=rtcp:53020\r\na=rtcp:53021\r\n"
		"m=audio 49172 RTP/AVP 0\r\na=rtcp:53020 IN IP6 2001:2345:6789:ABCD:EF01:2345:6789:ABCD\r\n"
		"m=audio 49174 RTP/AVP 0\r\na=rtcp:53022 IN IP4 rtcp.example.com\r\n"
		"m=audio 49176 RTP/AVP 0\r\na=rtcp-mux\r\n"
		"m=audio 49178 RTP/AVP 0\r\na=rtcp:9\r\na=rtcp-mux\r\n"
		"m=audio 0 RTP/AVP 0\r\na=rtcp:53024\r\n"
		"m=audio 65535 RTP/AVP 0\r\n"
		"m=audio 49180 RTP/AVP 0\r\na=rtcp:99999\r\na=rtcp:x\r\n"
		"m=audio 49182 RTP/AVP 0\r\nc=IN IP4 192.0.2.2\r\n");

	(void)state;
	assert_int_equal(parsed.media_count, 9);
	assert_int_equal(m[0].rtcp_port, 53020);
	check_address(m[0].rtcp_family, &m[0].rtcp_addr, "192.0.2.1");
	assert_int_equal(m[1].rtcp_port, 53020);
	check_address(m[1].rtcp_family, &m[1].rtcp_addr, "2001:2345:6789:abcd:ef01:2345:6789:abcd");
	check_address(m[1].family, &m[1].addr, "192.0.2.1");
	assert_int_equal(m[2].rtcp_port, 53022);
	assert_int_equal(m[2].rtcp_family, 0);
	assert_false(m[2].has_rtcp_mux);
	assert_int_equal(m[3].rtcp_port, 49176);
	assert_true(m[3].has_rtcp_mux);
	assert_int_equal(m[4].rtcp_port, 9);
	assert_true(m[4].has_rtcp_mux);
	assert_int_equal(m[5].rtcp_port, 0);
	assert_int_equal(m[6].rtcp_port, 0);
	assert_int_equal(m[7].rtcp_port, 49181);
	check_address(m[8].rtcp_family, &m[8].rtcp_addr, "192.0.2.2");
}

/* RFC 8839 section 5.1 */
static void reads_candidates(void **state)
{
	const struct sdp_media *m = parse_lines(
		"a=candidate:1 1 UDP 1 192.0.2.9 9 typ host\r\n"
		"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n"
		"a=candidate:1 1 UDP 2130706431 192.0.2.1 50000 typ host generation 0\r\n"
		"a=candidate:2 2 udp 2130706430 2001:db8::2 50001 typ srflx raddr 10.0.0.1 rport 9\r\n"
		"a=candidate:3 1 TCP 1 192.0.2.3 9 typ host tcptype active\r\n"
		"a=candidate:4 1 UDP 1 0f1e2d.local 50004 typ host\r\n"
		"a=candidate:5 3 UDP 1 192.0.2.5 50005 typ host\r\n"
		"a=candidate:6 1 UDP 1 192.0.2.6 0 typ host\r\n"
		"a=candidate:7 1 UDP 1 192.0.2.7 65536 typ host\r\n"
		"a=candidate:8 1 UDP 1 192.0.2.8\r\na=candidate:\r\n"
		"m=audio 4000 RTP/AVP 0\r\n");

	(void)state;
	assert_int_equal(parsed.media_count, 2);
	assert_int_equal(m[0].candidate_count, 2);
	check_address(m[0].candidates[0].family, &m[0].candidates[0].addr, "192.0.2.1");
	assert_int_equal(m[0].candidates[0].port, 50000);
	assert_false(m[0].candidates[0].is_rtcp);
	check_address(m[0].candidates[1].family, &m[0].candidates[1].addr, "2001:db8::2");
	assert_true(m[0].candidates[1].is_rtcp);
	assert_int_equal(m[1].candidate_count, 0);
	assert_true(parsed.has_candidates);
	/* A name says that there is ICE as well; above the sections it says nothing. */
	parse_lines("m=audio 9 RTP/AVP 0\r\na=candidate:4 1 UDP 1 0f1e2d.local 50004 typ host\r\n");
	assert_true(parsed.has_candidates);
	parse_lines("a=candidate:1 1 UDP 1 192.0.2.9 9 typ host\r\nm=audio 9 RTP/AVP 0\r\n");
	assert_false(parsed.has_candidates);
}

static void keeps_the_first_candidates(void **state)
{
	char text[2048] = "m=audio 9 RTP/AVP 0\r\n";

	(void)state;
	for (unsigned i = 0; i < SDP_CANDIDATES_MAX + 3; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			"a=candidate:%u 1 UDP 1 192.0.2.1 %u typ host\r\n", i, 1000 + i);
	parse_lines(text);
	assert_int_equal(parsed.media[0].candidate_count, SDP_CANDIDATES_MAX);
	assert_int_equal(parsed.media[0].candidates[SDP_CANDIDATES_MAX - 1].port,
		1000 + SDP_CANDIDATES_MAX - 1);
}

/* RFC 9143, and plain sharing */
static void knows_sections_with_one_transport(void **state)
{
	const struct sdp_media *m =
		parse_lines("a=group:LS 0 4\r\na=group:BUNDLE 0 v  2\r\na=group:BUNDLE 3 4\r\n"
			    "m=audio 9 RTP/AVP 0\r\na=mid:0\r\n"
			    "m=video 0 RTP/AVP 96\r\na=mid:v\r\na=bundle-only\r\n"
			    "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\na=mid:3\r\n"
			    "m=video 4000 RTP/AVP 96\r\nc=IN IP4 192.0.2.1\r\n"
			    "m=video 4000 RTP/AVP 96\r\nc=IN IP4 192.0.2.2\r\n"
			    "m=audio 0 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\n"
			    "m=audio 0 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\n");
	static const bool shares[7][7] = {
		{1, 1}, {1, 1}, {[2] = 1, [3] = 1}, {[2] = 1, [3] = 1}, {[4] = 1}};

	(void)state;
	assert_int_equal(parsed.media_count, 7);
	for (unsigned i = 0; i < 7; i++)
		for (unsigned k = 0; k < 7; k++)
			assert_int_equal(sdp_media_shares(&parsed, &m[i], &m[k]), shares[i][k]);
}

static void reads_ufrags(void **state)
{
	const struct sdp_media *m =
		parse_lines("a=ice-ufrag:aaaa\r\nm=audio 9 RTP/AVP 0\r\n"
			    "m=video 9 RTP/AVP 96\r\na=ice-ufrag: b+/1 \r\n"
			    "a=ice-ufrag:cccc\r\nm=bad\r\na=ice-ufrag:dddd\r\n");

	(void)state;
	check_text(m[0].ice_ufrag, "aaaa");
	check_text(m[1].ice_ufrag, "b+/1");
	m = parse_lines("m=audio 9 RTP/AVP 0\r\na=ice-ufrag:abc\r\na=ice-ufrag:ab:cd\r\n"
			"m=audio 9 RTP/AVP 0\r\na=ice-ufrag\r\n");
	check_text(m[0].ice_ufrag, "");
	check_text(m[1].ice_ufrag, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_connection_addresses),
		cmocka_unit_test(counts_multicast_addresses),
		cmocka_unit_test(addresses_are_what_inet_pton_takes_for_such),
		cmocka_unit_test(an_address_with_a_zero_octet_is_none),
		cmocka_unit_test(the_section_s_address_wins),
		cmocka_unit_test(finds_where_rtcp_goes),
		cmocka_unit_test(reads_candidates),
		cmocka_unit_test(keeps_the_first_candidates),
		cmocka_unit_test(knows_sections_with_one_transport),
		cmocka_unit_test(reads_ufrags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
