/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptions whose sections are remembered read as without a memo. */
#include "sdp_media_case.h"
#include "sdp_memo.h"

#define FORMATS                                                                 \
	"RTP/AVP 8 18 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:18 G729/8000\r\n" \
	"a=fmtp:18 annexb=no\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\n"
#define AT(address, port, section) HEAD "c=IN IP4 " address "\r\nt=0 0\r\nm=audio " port " " section

static struct sdp_memo memo;
static struct sdp_session told;

static void check_inside(struct bytes slice, const char *text)
{
	const char *p = (const char *)slice.p;

	assert_true(!slice.n || (p >= text && p + slice.n <= text + strlen(text)));
}

static void check_same(const struct sdp_media *a, const struct sdp_media *b, const char *text)
{
	assert_int_equal(a->kind, b->kind);
	assert_true(a->is_rtp == b->is_rtp && a->is_udptl == b->is_udptl);
	assert_true(a->is_secure == b->is_secure && a->tag_bytes == b->tag_bytes);
	assert_int_equal(a->has_rtcp_mux, b->has_rtcp_mux);
	assert_int_equal(a->port, b->port);
	assert_int_equal(a->port_count, b->port_count);
	assert_int_equal(a->rtcp_port, b->rtcp_port);
	assert_true(a->has_address == b->has_address && a->family == b->family);
	assert_memory_equal(&a->addr, &b->addr, sizeof(a->addr));
	assert_memory_equal(&a->rtcp_addr, &b->rtcp_addr, sizeof(a->rtcp_addr));
	assert_int_equal(a->direction, b->direction);
	assert_int_equal(a->ptime_ms, b->ptime_ms);
	assert_true(bytes_eq(a->mid, b->mid) && bytes_eq(a->ice_ufrag, b->ice_ufrag));
	assert_int_equal(a->candidate_count, b->candidate_count);
	assert_int_equal(a->format_count, b->format_count);
	for (unsigned i = 0; i < a->format_count; i++) {
		const struct sdp_format *f = &a->formats[i], *g = &b->formats[i];

		assert_true(f->pt == g->pt && f->clock == g->clock && f->channels == g->channels);
		assert_true(bytes_eq(f->name, g->name) && bytes_eq(f->fmtp, g->fmtp));
		check_inside(f->name, text);
		check_inside(f->fmtp, text);
	}
}

/* Reads it with the memo: as without. The section's text, empty when it is not remembered. */
static struct bytes read(const char *description)
{
	static char text[4096];

	snprintf(text, sizeof(text), "%s", description);
	parse(text);
	memset(&told, 0x5a, sizeof(told));
	assert_int_equal(sdp_media_parse_by(&memo, bytes_from_str(text), &told), SDP_OK);
	assert_int_equal(told.media_count, parsed.media_count);
	assert_int_equal(told.has_candidates, parsed.has_candidates);
	assert_true(bytes_eq(told.origin, parsed.origin) && bytes_eq(told.bundle, parsed.bundle));
	for (unsigned i = 0; i < told.media_count; i++)
		check_same(&told.media[i], &parsed.media[i], text);
	return told.media_count ? told.media[0].text : BYTES_NONE;
}

static int clear(void **state)
{
	(void)state;
	memset(&memo, 0, sizeof(memo));
	return 0;
}

static unsigned remembered(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SDP_MEMO_SECTIONS; i++)
		n += memo.sections[i].text_bytes != 0;
	return n;
}

static void knows_the_section_of_another_call(void **state)
{
	uint64_t hash;

	(void)state;
	check_text(read(AT("192.0.2.1", "4000", FORMATS)), FORMATS);
	hash = told.media[0].text_hash;
	check_text(read(AT("192.0.2.77", "40002", FORMATS)), FORMATS);
	assert_int_equal(told.media[0].port, 40002);
	assert_true(told.media[0].text_hash == hash);
	assert_int_equal(remembered(), 1);
	/* It is what is remembered that is read. */
	for (unsigned i = 0; i < SDP_MEMO_SECTIONS; i++)
		memo.sections[i].media.ptime_ms = 30;
	assert_int_equal(
		sdp_media_parse_by(&memo, bytes_from_str(AT("192.0.2.2", "5000", FORMATS)), &told),
		SDP_OK);
	assert_int_equal(told.media[0].ptime_ms, 30);
}

static void tells_sections_apart_that_differ_little(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		read(AT("192.0.2.1", "4000", FORMATS));
		read(AT("192.0.2.1", "4000", FORMATS "a=sendonly\r\n"));
		read(AT("192.0.2.1", "4000", FORMATS "a=recvonly\r\n"));
		read(AT("192.0.2.1", "0", FORMATS "a=rtcp-mux\r\n"));
		read(HEAD "a=sendonly\r\nm=audio 4000 " FORMATS);
		read(HEAD "a=inactive\r\nm=audio 4000 " FORMATS);
		read(HEAD "m=video 4000 " FORMATS);
		read(HEAD "m=audio 4000/2 " FORMATS);
	}
}

static void does_not_remember_what_is_of_one_call(void **state)
{
	static const char *const sections[] = {
		"c=IN IP4 192.0.2.3\r\n",
		"c=IN IP4 host.example\r\n",
		"a=rtcp:4007\r\n",
		"a=rtcp:0 IN IP4 192.0.2.3\r\n",
		"a=mid:1\r\n",
		"a=ice-ufrag:abcd\r\n",
		"a=candidate:1 1 UDP 1 192.0.2.3 4000 typ host\r\n",
		"m=video 4002 RTP/AVP 31\r\n",
		"m=nothing\r\n",
	};
	char text[1024];

	(void)state;
	for (unsigned i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		snprintf(text, sizeof(text), "%s%s", AT("192.0.2.1", "4000", FORMATS), sections[i]);
		assert_int_equal(read(text).n, 0);
		assert_int_equal(read(text).n, 0);
		assert_int_equal(remembered(), 0);
	}
}

static void does_not_remember_long_sections(void **state)
{
	const char *head = HEAD "m=audio 4000 ";
	char text[1024];

	(void)state;
	snprintf(text, sizeof(text), "%sRTP/AVP 8%*s", head, SDP_MEMO_TEXT_MAX - 9, "");
	assert_int_equal(read(text).n, SDP_MEMO_TEXT_MAX);
	snprintf(text, sizeof(text), "%sRTP/AVP 8%*s", head, SDP_MEMO_TEXT_MAX - 8, "");
	assert_int_equal(read(text).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(knows_the_section_of_another_call, clear),
		cmocka_unit_test_setup(tells_sections_apart_that_differ_little, clear),
		cmocka_unit_test_setup(does_not_remember_what_is_of_one_call, clear),
		cmocka_unit_test_setup(does_not_remember_long_sections, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
