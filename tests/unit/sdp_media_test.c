/* SPDX-License-Identifier: BSD-3-Clause */
/* Session descriptions as a whole: what is one, its lines and sections, and how many of them are kept. */
#include "sdp_media_case.h"

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
	static const char *const ends[] = {
		"\r\n", "\n", "\r", "\n\r", "\r\n\r\n", "\n\n", "\r\r", "\r\n\n", "\r\r\n"};

	(void)state;
	for (unsigned i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
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

/* RFC 8866 section 5.14. */
static void knows_how_many_ports_a_line_has(void **state)
{
	static const struct {
		const char *port;
		unsigned want;
	} rows[] = {{"4000", 1}, {"4000/1", 1}, {"4000/2", 2}, {"4000/8", 8}, {"4000/9", 8},
		{"4000/99999999999999999999", 8}, {"4000/0", 1}, {"4000/", 1}, {"4000/2x", 1},
		{"4000/-2", 1}, {"4000//2", 1}};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "m=audio %s RTP/AVP 0\r\n", rows[i].port);
		assert_int_equal(parse_lines(text)->port_count, rows[i].want);
		assert_int_equal(parsed.media[0].port, 4000);
	}
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_an_offer_of_three_media),
		cmocka_unit_test(reads_every_truncation),
		cmocka_unit_test(refuses_what_does_not_start_with_a_version),
		cmocka_unit_test(takes_any_line_end),
		cmocka_unit_test(skips_lines_that_make_no_sense),
		cmocka_unit_test(knows_how_many_ports_a_line_has),
		cmocka_unit_test(keeps_the_first_media_and_formats),
		cmocka_unit_test(takes_lines_of_any_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
