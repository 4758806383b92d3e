/* SPDX-License-Identifier: BSD-3-Clause */
/* Which endpoints a description publishes, and what is known of them. */
#include <errno.h>
#include <stdio.h>

#include "qos_endpoint_case.h"
#include "sdp_memo.h"

static void publishes_media_and_its_rtcp_port(void **state)
{
	struct world *w = *state;
	const struct qos_media *m;

	publish(w, w->a, 1, audio(1, 4000));
	m = find(w, 1, 4000);
	assert_non_null(m);
	assert_ptr_equal(m->call, w->a);
	assert_int_equal(m->party, 1);
	assert_int_equal(m->ptime_ms, 20);
	assert_int_equal(m->kind, SDP_AUDIO);
	assert_false(m->is_rtcp || m->is_udptl || m->is_secure);
	assert_int_equal(m->payload_count, 2);
	assert_string_equal(qos_media_payload(m, 8)->name, "pcma");
	assert_int_equal(qos_media_payload(m, 8)->clock, 8000);
	assert_int_equal(qos_media_payload(m, 101)->kind, QOS_EVENT);
	assert_null(qos_media_payload(m, 0));

	m = find(w, 1, 4001);
	assert_non_null(m);
	assert_true(m->is_rtcp);
	assert_int_equal(m->party, 1);
	assert_null(find(w, 1, 4002));
	assert_null(find(w, 2, 4000));
	assert_int_equal(qos_medias_count(w->medias), 2);
	assert_int_equal(published(w), 2);
	assert_int_equal(refs(w->a), 2);
}

/* Each with its RTCP, up to the last port that there is; another line's port is that line's. */
static void publishes_every_pair_of_ports(void **state)
{
	struct world *w = *state;
	struct sdp_session session = {.media_count = 2, .media = {audio(1, 4000), audio(1, 4004)}};
	struct sdp_media last = audio(2, 65530);

	session.media[0].port_count = 3;
	session.media[1].formats[0].pt = 0;
	qos_media_publish(w->medias, w->a, 0, &session, 0, w->counters);
	for (uint16_t port = 4000; port < 4006; port++)
		assert_int_equal(find(w, 1, port)->is_rtcp, port & 1);
	assert_non_null(qos_media_payload(find(w, 1, 4002), 8));
	assert_non_null(qos_media_payload(find(w, 1, 4004), 0));
	assert_int_equal(qos_medias_count(w->medias), 6);

	last.port_count = 8;
	last.has_rtcp_mux = true;
	last.rtcp_port = last.port;
	publish(w, w->a, 1, last);
	assert_non_null(find(w, 2, 65534));
	assert_int_equal(qos_medias_count(w->medias), 6 + 3);
}

/* Each with its RTCP, as far as the first octet allows. */
static void publishes_every_address(void **state)
{
	struct world *w = *state;
	struct sdp_media m = audio(254, 4000);

	m.address_count = 3;
	publish(w, w->a, 0, m);
	for (uint16_t port = 4000; port < 4002; port++) {
		struct qos_media_key next = {{{192, 0, 3, 0}}, 0, port, 4};

		assert_int_equal(find(w, 254, port)->is_rtcp, port & 1);
		assert_int_equal(find(w, 255, port)->is_rtcp, port & 1);
		assert_non_null(qos_media_find(w->medias, &next));
	}
	assert_int_equal(qos_medias_count(w->medias), 6);

	m.addr = m.rtcp_addr = (struct pkt_addr){{239, 255, 255, 254}};
	m.address_count = SDP_ADDRESSES_MAX;
	publish(w, w->a, 0, m);
	assert_int_equal(qos_medias_count(w->medias), 6 + 4);
	memset(&m.addr, 0xff, sizeof(m.addr));
	m.addr.b[15] = 0xfe;
	m.family = m.rtcp_family = 6;
	m.rtcp_addr = m.addr;
	m.port = m.rtcp_port = UINT16_MAX;
	publish(w, w->a, 0, m);
	assert_int_equal(qos_medias_count(w->medias), 6 + 4 + 2);
}

/* RFC 8866 section 5.14: each pair of ports has the address of its number. */
static void ports_and_addresses_go_together(void **state)
{
	struct world *w = *state;
	struct sdp_media m = audio(1, 4000);

	m.address_count = 3;
	m.port_count = 2;
	publish(w, w->a, 0, m);
	assert_non_null(find(w, 1, 4000));
	assert_true(find(w, 2, 4003)->is_rtcp);
	assert_false(find(w, 2, 4002)->is_rtcp);
	assert_int_equal(qos_medias_count(w->medias), 4);
}

static void skips_what_is_no_endpoint(void **state)
{
	struct world *w = *state;
	struct sdp_media rejected = audio(1, 4000), named = audio(1, 4000), held = audio(1, 4000),
			 other = audio(1, 4000), held6 = audio(1, 4000);

	rejected.port = 0;
	named.has_address = false; /* a host name */
	named.rtcp_family = 0;
	memset(&held.addr, 0, sizeof(held.addr)); /* 0.0.0.0 */
	held.rtcp_addr = held.addr;
	held6.family = held6.rtcp_family = 6; /* :: */
	held6.addr = held6.rtcp_addr = held.addr;
	other.is_rtp = false; /* MSRP, BFCP */
	publish(w, w->a, 0, rejected);
	publish(w, w->a, 0, named);
	publish(w, w->a, 0, held);
	publish(w, w->a, 0, held6);
	publish(w, w->a, 0, other);
	assert_int_equal(qos_medias_count(w->medias), 0);
	assert_int_equal(refs(w->a), 1);
}

static void publishes_t38_without_rtcp(void **state)
{
	struct world *w = *state;
	struct sdp_media m = audio(1, 4000);

	m.kind = SDP_IMAGE;
	m.is_rtp = false;
	m.is_udptl = true;
	m.format_count = 0;
	publish(w, w->a, 0, m);
	assert_true(find(w, 1, 4000)->is_udptl);
	assert_int_equal(find(w, 1, 4000)->payload_count, 0);
	assert_int_equal(qos_medias_count(w->medias), 1);
}

static bool is_udptl(const struct world *w, uint8_t x, uint16_t port)
{
	struct qos_media_key key = {ip(x), 0, port, 4};

	return qos_media_is_udptl(w->medias, &key);
}

/* Also after a call turned audio into T.38 and back on the same port. */
static void says_where_t38_was_announced(void **state)
{
	struct world *w = *state;
	struct sdp_media voice = audio(1, 4000), fax = audio(1, 4000);

	fax.is_rtp = false;
	fax.is_udptl = true;
	assert_false(is_udptl(w, 1, 4000));
	for (unsigned i = 0; i < 2; i++) {
		publish(w, w->a, 0, voice);
		assert_false(is_udptl(w, 1, 4000));
		publish(w, w->a, 0, fax);
		assert_true(is_udptl(w, 1, 4000));
		assert_false(is_udptl(w, 1, 4002));
	}
	qos_media_withdraw(w->medias, w->a, w->counters);
	assert_false(is_udptl(w, 1, 4000));
}

/* Many endpoints, each found until it goes. */
static void finds_what_is_there_and_nothing_else(void **state)
{
	struct world *w = *state;

	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 60; i++)
			publish(w, w->a, 0, audio((uint8_t)(1 + round), (uint16_t)(4000 + 2 * i)));
		for (unsigned i = 0; i < 120; i++) {
			assert_non_null(find(w, (uint8_t)(1 + round), (uint16_t)(4000 + i)));
			assert_null(find(w, 9, (uint16_t)(4000 + i)));
		}
		qos_media_withdraw(w->medias, w->a, w->counters);
		for (unsigned i = 0; i < 120; i++)
			assert_null(find(w, (uint8_t)(1 + round), (uint16_t)(4000 + i)));
	}
}

static void families_are_told_apart(void **state)
{
	struct world *w = *state;
	struct sdp_media m = audio(1, 4000);
	struct qos_media_key key = {ip(1), 0, 4000, 6};

	m.family = m.rtcp_family = 6; /* c000:201:: */
	publish(w, w->a, 0, m);
	assert_null(find(w, 1, 4000));
	assert_non_null(qos_media_find(w->medias, &key));
	key.tenant = 1;
	assert_null(qos_media_find(w->medias, &key));
}

static void names_not_in_the_table_are_what_their_line_says(void **state)
{
	struct world *w = *state;
	struct sdp_media m = audio(1, 4000);

	m.kind = SDP_VIDEO;
	m.formats[0] = (struct sdp_format){.pt = 96, .clock = 90000, .name = BYTES_LIT("new")};
	publish(w, w->a, 0, m);
	assert_int_equal(qos_media_payload(find(w, 1, 4000), 96)->kind, QOS_VIDEO);
	assert_int_equal(qos_media_payload(find(w, 1, 4000), 101)->kind, QOS_EVENT);
}

/* RFC 4588: of whichever kind what is sent again is. */
static void what_repairs_video_is_of_video(void **state)
{
	struct world *w = *state;
	struct sdp_media m = audio(1, 4000);

	m.formats[0] = (struct sdp_format){.pt = 97, .clock = 90000, .name = BYTES_LIT("rtx")};
	publish(w, w->a, 0, m);
	assert_false(qos_media_payload(find(w, 1, 4000), 97)->is_of_video);
	m.kind = SDP_VIDEO;
	m.formats[1] = (struct sdp_format){.pt = 96, .clock = 90000, .name = BYTES_LIT("vp8")};
	publish(w, w->a, 0, m);
	assert_true(qos_media_payload(find(w, 1, 4000), 97)->is_of_video);
	assert_int_equal(qos_media_payload(find(w, 1, 4000), 97)->kind, QOS_REDUNDANCY);
	assert_false(qos_media_payload(find(w, 1, 4000), 96)->is_of_video);
}

static void keeps_sixteen_payload_types(void **state)
{
	struct world *w = *state;
	struct sdp_media m = audio(1, 4000);

	m.format_count = SDP_FORMATS_MAX;
	for (unsigned i = 0; i < SDP_FORMATS_MAX; i++)
		m.formats[i] = (struct sdp_format){.pt = (uint8_t)i};
	publish(w, w->a, 0, m);
	assert_int_equal(find(w, 1, 4000)->payload_count, 16);
	assert_non_null(qos_media_payload(find(w, 1, 4000), 15));
	assert_null(qos_media_payload(find(w, 1, 4000), 16));
}

static void announce(struct world *w, const char *section)
{
	static struct sdp_memo memo;
	struct sdp_session session;
	char text[512];

	snprintf(text, sizeof(text), "v=0\r\nc=IN IP4 192.0.2.1\r\n%s", section);
	assert_int_equal(sdp_media_parse_by(&memo, bytes_from_str(text), &session), SDP_OK);
	assert_true(session.media[0].text.n > 0);
	publish(w, w->a, 0, session.media[0]);
}

/* The same text in all of them. */
static void formats_that_are_known_mean_the_same(void **state)
{
	struct world *w = *state;
	const struct qos_media *first, *again, *video;

#define FORMATS " RTP/AVP 96 18\r\na=rtpmap:96 strange/16000\r\na=ptime:40\r\n"
	announce(w, "m=audio 4000" FORMATS);
	announce(w, "m=audio 4002" FORMATS);
	announce(w, "m=video 4004" FORMATS);
#undef FORMATS
	first = find(w, 1, 4000);
	again = find(w, 1, 4002);
	video = find(w, 1, 4004);
	assert_int_equal(again->ptime_ms, 40);
	assert_int_equal(again->payload_count, 2);
	assert_memory_equal(again->payloads, first->payloads, 2 * sizeof(first->payloads[0]));
	assert_string_equal(again->payloads[1].name, "g729");
	assert_int_equal(again->payloads[0].kind, QOS_AUDIO);
	assert_int_equal(video->payloads[0].kind, QOS_VIDEO);
}

static void refuses_senseless_options(void **state)
{
	const struct qos_options options = {.max_media = 0};
	struct qos_medias *medias;

	(void)state;
	assert_int_equal(qos_medias_create(&options, &seed, &medias), -EINVAL);
	qos_medias_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(publishes_media_and_its_rtcp_port),
		CASE(publishes_every_pair_of_ports),
		CASE(publishes_every_address),
		CASE(ports_and_addresses_go_together),
		CASE(skips_what_is_no_endpoint),
		CASE(publishes_t38_without_rtcp),
		CASE(says_where_t38_was_announced),
		CASE(finds_what_is_there_and_nothing_else),
		CASE(families_are_told_apart),
		CASE(names_not_in_the_table_are_what_their_line_says),
		CASE(what_repairs_video_is_of_video),
		CASE(keeps_sixteen_payload_types),
		CASE(formats_that_are_known_mean_the_same),
		CASE(refuses_senseless_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
