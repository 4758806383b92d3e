/* SPDX-License-Identifier: BSD-3-Clause */
/* Session descriptions and the media they announce. Most examples follow those of RFC 3264, 3605,
 * 4317, 5761 and 8866. */
#include <arpa/inet.h>

#include <stdio.h>

#include "sdp_media.h"
#include "unit.h"

#define HEAD "v=0\r\no=- 1 2 IN IP4 192.0.2.9\r\ns=call\r\n"

static struct sdp_session parsed;

static const struct sdp_media *parse(const char *text)
{
	memset(&parsed, 0xa5, sizeof(parsed));
	assert_int_equal(sdp_media_parse(bytes_from_str(text), &parsed), SDP_OK);
	return parsed.media;
}

/* The first media section of HEAD and these lines. */
static const struct sdp_media *parse_lines(const char *lines)
{
	static char text[4096];

	snprintf(text, sizeof(text), "%s%s", HEAD, lines);
	return parse(text);
}

static void check_text(struct bytes got, const char *want)
{
	if (!bytes_eq(got, bytes_from_str(want)))
		fail_msg("\"%.*s\" is not \"%s\"", (int)got.n, got.n ? (const char *)got.p : "",
			want);
}

static void check_address(uint8_t family, const struct pkt_addr *addr, const char *want)
{
	struct pkt_addr other = {0};

	assert_int_equal(family, strchr(want, ':') ? 6 : 4);
	assert_int_equal(inet_pton(family == 6 ? AF_INET6 : AF_INET, want, other.b), 1);
	assert_memory_equal(addr, &other, sizeof(other));
}

static void check_format(const struct sdp_media *m, unsigned i, unsigned pt, const char *name,
	unsigned clock, unsigned channels, const char *fmtp)
{
	assert_true(i < m->format_count);
	assert_int_equal(m->formats[i].pt, pt);
	check_text(m->formats[i].name, name);
	assert_int_equal(m->formats[i].clock, clock);
	assert_int_equal(m->formats[i].channels, channels);
	check_text(m->formats[i].fmtp, fmtp);
}

static const char offer[] = "v=0\r\n"
			    "o=alice 2890844526 2890844526 IN IP4 host.example.com\r\n"
			    "s= \r\n"
			    "c=IN IP4 192.0.2.1\r\n"
			    "t=0 0\r\n"
			    "a=sendonly\r\n"
			    "m=audio 49170 RTP/AVP 0 8 97 101\r\n"
			    "a=fmtp:101 0-15\r\n"
			    "a=rtpmap:97 iLBC/8000\r\n"
			    "a=rtpmap:101 telephone-event/8000\r\n"
			    "a=fmtp:97 mode=20\r\n"
			    "a=ptime:20\r\n"
			    "m=video 51372/2 RTP/SAVPF 31 32\r\n"
			    "c=IN IP6 2001:db8::42\r\n"
			    "a=rtpmap:31 H261/90000\r\n"
			    "a=recvonly\r\n"
			    "m=image 0 udptl t38\r\n";

static void reads_an_offer_of_three_media(void **state)
{
	const struct sdp_media *m = parse(offer);

	(void)state;
	assert_int_equal(parsed.media_count, 3);
	assert_false(parsed.has_more_media);
	check_text(parsed.origin, "alice 2890844526 2890844526 IN IP4 host.example.com");
	check_text(parsed.name, " ");

	assert_int_equal(m->kind, SDP_AUDIO);
	assert_true(m->is_rtp && !m->is_udptl && !m->is_secure && !m->has_rtcp_mux);
	assert_true(m->has_address);
	check_address(m->family, &m->addr, "192.0.2.1");
	assert_int_equal(m->port, 49170);
	assert_int_equal(m->rtcp_port, 49171);
	check_address(m->rtcp_family, &m->rtcp_addr, "192.0.2.1");
	assert_int_equal(m->direction, SDP_SENDONLY);
	assert_int_equal(m->ptime_ms, 20);
	assert_int_equal(m->format_count, 4);
	check_format(m, 0, 0, "", 0, 1, "");
	check_format(m, 1, 8, "", 0, 1, "");
	check_format(m, 2, 97, "iLBC", 8000, 1, "mode=20");
	check_format(m, 3, 101, "telephone-event", 8000, 1, "0-15");

	m++;
	assert_int_equal(m->kind, SDP_VIDEO);
	assert_true(m->is_rtp && m->is_secure && m->has_address);
	check_address(m->family, &m->addr, "2001:db8::42");
	assert_int_equal(m->port, 51372);
	assert_int_equal(m->rtcp_port, 51373);
	assert_int_equal(m->direction, SDP_RECVONLY);
	assert_int_equal(m->ptime_ms, 0);
	assert_int_equal(m->format_count, 2);
	check_format(m, 0, 31, "H261", 90000, 1, "");

	m++;
	assert_int_equal(m->kind, SDP_IMAGE);
	assert_true(m->is_udptl && !m->is_rtp);
	assert_int_equal(m->port, 0);
	assert_int_equal(m->rtcp_port, 0);
	assert_int_equal(m->format_count, 0);
	assert_int_equal(m->direction, SDP_SENDONLY);
	check_address(m->family, &m->addr, "192.0.2.1");
}

/* A line cut in its middle may read as another value; what stands in whole lines may not change. */
static void reads_every_truncation(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(offer) - 1; n++) {
		uint8_t *copy = guarded_copy(offer, n);
		enum sdp_status status = sdp_media_parse(bytes_of(copy, n), &parsed);
		size_t whole = n;
		unsigned count = 0;

		assert_int_equal(status, n < 2 ? SDP_NOT_SDP : SDP_OK);
		while (whole && offer[whole - 1] != '\n')
			whole--;
		for (size_t i = 1; i < whole; i++)
			count += offer[i - 1] == '\n' && offer[i] == 'm';
		assert_true(parsed.media_count >= count && parsed.media_count <= count + 1);
		if (count >= 2) {
			assert_int_equal(parsed.media[0].format_count, 4);
			check_format(&parsed.media[0], 2, 97, "iLBC", 8000, 1, "mode=20");
		}
		guarded_free(copy, n);
	}
}

static void refuses_what_does_not_start_with_a_version(void **state)
{
	static const char *const texts[] = {
		"", "v", "V=0\r\n", "o=- 1 1 IN IP4 h\r\nv=0\r\n", " v=0"};

	(void)state;
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		memset(&parsed, 0xa5, sizeof(parsed));
		assert_int_equal(sdp_media_parse(bytes_from_str(texts[i]), &parsed), SDP_NOT_SDP);
		assert_int_equal(parsed.media_count, 0);
	}
	assert_int_equal(sdp_media_parse(BYTES_NONE, &parsed), SDP_NOT_SDP);
}

static void takes_any_line_end(void **state)
{
	static const char *const ends[] = {"\r\n", "\n", "\r", "\n\r"};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		char text[400];

		snprintf(text, sizeof(text),
			"v=0%sc=IN IP4 192.0.2.7%sm=audio 4000 RTP/AVP 96%s"
			"a=rtpmap:96 opus/48000/2%sa=fmtp:96 a=1; b=2 ",
			ends[i], ends[i], ends[i], ends[i]);
		parse(text);
		assert_int_equal(parsed.media_count, 1);
		check_address(parsed.media[0].family, &parsed.media[0].addr, "192.0.2.7");
		check_format(&parsed.media[0], 0, 96, "opus", 48000, 2, "a=1; b=2");
	}
}

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

/* The attributes after a line that is no m= line belong to nobody, not to the section before. */
static void skips_lines_that_make_no_sense(void **state)
{
	const struct sdp_media *m =
		parse_lines("x\r\n=\r\nm\r\na=\r\na=:\r\na=rtpmap\r\n"
			    "m=audio 4000 RTP/AVP 0 96\r\n"
			    "m =video 3227 RTP/AVP 31\r\n"
			    "m=video 70000 RTP/AVP 31\r\na=rtpmap:96 no/1\r\na=inactive\r\n"
			    "m=video 1x RTP/AVP 31\r\nc=IN IP4 1.1.1.1\r\n"
			    "m=video -1 RTP/AVP 31\r\na=rtcp:5\r\n"
			    "m=video 4000\r\na=ptime:20\r\n"
			    "m=video 65535 RTP/AVP\r\n"
			    "o=late\r\ns=late\r\n");

	(void)state;
	assert_int_equal(parsed.media_count, 2);
	assert_int_equal(m[0].format_count, 2);
	check_format(m, 1, 96, "", 0, 1, "");
	assert_int_equal(m[0].direction, SDP_SENDRECV);
	assert_int_equal(m[0].rtcp_port, 4001);
	assert_int_equal(m[0].ptime_ms, 0);
	assert_false(m[0].has_address);
	assert_int_equal(m[1].port, 65535);
	assert_int_equal(m[1].direction, SDP_SENDRECV);
	assert_int_equal(m[1].format_count, 0);
	check_text(parsed.origin, "- 1 2 IN IP4 192.0.2.9");
	check_text(parsed.name, "call");
}

static void keeps_the_first_media_and_formats(void **state)
{
	char text[4000] = HEAD;
	const struct sdp_media *m;
	size_t n = strlen(text);

	(void)state;
	for (unsigned i = 0; i < SDP_MEDIA_MAX; i++)
		n += (size_t)snprintf(
			text + n, sizeof(text) - n, "m=audio %u RTP/AVP 0\r\n", 4000 + i);
	parse(text);
	assert_int_equal(parsed.media_count, 16);
	assert_false(parsed.has_more_media);

	snprintf(text + n, sizeof(text) - n, "m=audio 5000 RTP/AVP 0\r\na=inactive\r\n");
	m = parse(text);
	assert_int_equal(parsed.media_count, 16);
	assert_true(parsed.has_more_media);
	assert_int_equal(m[15].port, 4015);
	assert_int_equal(m[15].direction, SDP_SENDRECV);

	n = (size_t)snprintf(text, sizeof(text), HEAD "m=audio 4000 RTP/AVP");
	for (unsigned i = 0; i <= SDP_FORMATS_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " %u", i);
	snprintf(text + n, sizeof(text) - n, "\r\na=rtpmap:31 kept/1\r\na=rtpmap:32 dropped/1\r\n");
	m = parse(text);
	assert_int_equal(m->format_count, 32);
	check_format(m, 31, 31, "kept", 1, 1, "");
}

static void takes_lines_of_any_length(void **state)
{
	static char text[60000];

	(void)state;
	snprintf(text, sizeof(text),
		HEAD "a=x:%0*d\r\nm=audio%*s4000 RTP/AVP 96\r\n"
		     "a=rtpmap:96 x%0*d/8000\r\na=ptime:20\r\n",
		20000, 1, 10000, " ", 20000, 2);
	parse(text);
	assert_int_equal(parsed.media_count, 1);
	assert_int_equal(parsed.media[0].port, 4000);
	assert_int_equal(parsed.media[0].formats[0].name.n, 20001);
	assert_int_equal(parsed.media[0].ptime_ms, 20);
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
		cmocka_unit_test(reads_an_offer_of_three_media),
		cmocka_unit_test(reads_every_truncation),
		cmocka_unit_test(refuses_what_does_not_start_with_a_version),
		cmocka_unit_test(takes_any_line_end),
		cmocka_unit_test(reads_connection_addresses),
		cmocka_unit_test(an_address_with_a_zero_octet_is_none),
		cmocka_unit_test(the_section_s_address_wins),
		cmocka_unit_test(knows_transport_protocols),
		cmocka_unit_test(knows_the_tag_of_srtp),
		cmocka_unit_test(knows_media_kinds),
		cmocka_unit_test(finds_where_rtcp_goes),
		cmocka_unit_test(reads_candidates),
		cmocka_unit_test(keeps_the_first_candidates),
		cmocka_unit_test(knows_sections_with_one_transport),
		cmocka_unit_test(reads_payload_types),
		cmocka_unit_test(reads_directions_and_packet_times),
		cmocka_unit_test(skips_lines_that_make_no_sense),
		cmocka_unit_test(keeps_the_first_media_and_formats),
		cmocka_unit_test(takes_lines_of_any_length),
		cmocka_unit_test(reads_ufrags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
