/* SPDX-License-Identifier: BSD-3-Clause */
/* Which endpoints a description publishes, who owns them, and when they go. */
#include <errno.h>
#include <stdio.h>

#include "qos_media_case.h"

static int setup(void **state)
{
	return setup_world(state, 300);
}

/* An audio line at 192.0.2.x with PCMA and telephone-event. */
static struct sdp_media audio(uint8_t x, uint16_t port)
{
	return (struct sdp_media){
		.kind = SDP_AUDIO,
		.is_rtp = true,
		.has_address = true,
		.family = 4,
		.addr = ip(x),
		.port = port,
		.rtcp_port = (uint16_t)(port + 1),
		.rtcp_family = 4,
		.rtcp_addr = ip(x),
		.ptime_ms = 20,
		.format_count = 2,
		.formats = {{.pt = 8, .channels = 1},
			{.pt = 101,
				.channels = 1,
				.clock = 8000,
				.name = BYTES_LIT("telephone-event")}},
	};
}

static void publish(struct world *w, struct qos_call *call, unsigned party, struct sdp_media media)
{
	struct sdp_session session = {.media_count = 1, .media = {media}};

	qos_media_publish(w->medias, call, party, &session, 0, w->counters);
}

static const struct qos_media *find(struct world *w, uint8_t x, uint16_t port)
{
	struct qos_media_key key = {ip(x), 0, port, 4};

	return qos_media_find(w->medias, &key);
}

static uint64_t published(struct world *w)
{
	return atomic_load(&w->counters->media_published);
}

static uint32_t refs(struct qos_call *call)
{
	return atomic_load(&call->refs);
}

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
	assert_int_equal(refs(w->a), 3);
}

static void publishes_no_rtcp_port_with_rtcp_mux(void **state)
{
	struct world *w = *state;
	struct sdp_media m = audio(1, 4000);

	m.has_rtcp_mux = true;
	m.rtcp_port = 4000;
	publish(w, w->a, 0, m);
	assert_false(find(w, 1, 4000)->is_rtcp);
	assert_int_equal(qos_medias_count(w->medias), 1);
}

static void rtcp_goes_where_it_is_said_to_go(void **state)
{
	struct world *w = *state;
	struct sdp_media m = audio(1, 4000);

	m.rtcp_port = 4000; /* same port at another address */
	m.rtcp_addr = ip(9);
	publish(w, w->a, 0, m);
	assert_true(find(w, 9, 4000)->is_rtcp);
	assert_false(find(w, 1, 4000)->is_rtcp);
}

static void port_after_media_may_be_other_media(void **state)
{
	struct world *w = *state;
	struct sdp_session session = {.media_count = 2, .media = {audio(1, 4000), audio(1, 4001)}};

	qos_media_publish(w->medias, w->a, 0, &session, 0, w->counters);
	assert_false(find(w, 1, 4001)->is_rtcp);
	assert_true(find(w, 1, 4002)->is_rtcp);
	assert_int_equal(qos_medias_count(w->medias), 3);
}

static void rtcp_port_does_not_displace_media_of_a_call_that_lasts(void **state)
{
	struct world *w = *state;

	publish(w, w->a, 0, audio(1, 4001));
	publish(w, w->b, 0, audio(1, 4000));
	assert_ptr_equal(find(w, 1, 4001)->call, w->a);
	assert_false(find(w, 1, 4001)->is_rtcp);
	atomic_store(&w->a->end_ns, 5 * S);
	publish(w, w->b, 0, audio(1, 4000));
	assert_ptr_equal(find(w, 1, 4001)->call, w->b);
	assert_true(find(w, 1, 4001)->is_rtcp);
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

/* More endpoints than a table of that size has filter octets, each found until it goes. */
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

static void repeated_description_changes_nothing(void **state)
{
	struct world *w = *state;
	const struct qos_media *m;

	publish(w, w->a, 0, audio(1, 4000));
	m = find(w, 1, 4000);
	publish(w, w->a, 0, audio(1, 4000));
	assert_ptr_equal(find(w, 1, 4000), m);
	assert_int_equal(published(w), 2);
	assert_int_equal(refs(w->a), 3);
}

static void changed_description_replaces_the_endpoint(void **state)
{
	struct world *w = *state;
	struct sdp_media m = audio(1, 4000);

	publish(w, w->a, 0, m);
	m.formats[0].pt = 0;
	publish(w, w->a, 0, m);
	assert_string_equal(qos_media_payload(find(w, 1, 4000), 0)->name, "pcmu");
	assert_null(qos_media_payload(find(w, 1, 4000), 8));
	assert_int_equal(qos_medias_count(w->medias), 2);
	assert_int_equal(published(w), 3); /* the RTCP port said nothing new */
	assert_int_equal(refs(w->a), 3);
}

static void newest_call_wins(void **state)
{
	struct world *w = *state;

	publish(w, w->a, 0, audio(1, 4000));
	assert_false(find(w, 1, 4000)->is_shared);
	publish(w, w->b, 1, audio(1, 4000));
	assert_ptr_equal(find(w, 1, 4000)->call, w->b);
	assert_true(find(w, 1, 4000)->is_shared);
	assert_int_equal(refs(w->a), 1);
	assert_int_equal(refs(w->b), 3);
	/* What is another's now does not go with the first. */
	qos_media_withdraw(w->medias, w->a, w->counters);
	assert_non_null(find(w, 1, 4000));
	assert_int_equal(atomic_load(&w->counters->media_withdrawn), 0);
}

/* Used again after the first call's end, it is the second one's alone. */
static void an_endpoint_of_a_call_that_is_over_is_not_shared(void **state)
{
	struct world *w = *state;

	publish(w, w->a, 0, audio(1, 4000));
	atomic_store(&w->a->end_ns, 1);
	publish(w, w->b, 1, audio(1, 4000));
	assert_ptr_equal(find(w, 1, 4000)->call, w->b);
	assert_false(find(w, 1, 4000)->is_shared);
}

static void withdraw_takes_all_endpoints_of_the_call_only(void **state)
{
	struct world *w = *state;

	publish(w, w->a, 0, audio(1, 4000));
	publish(w, w->a, 1, audio(2, 5000));
	publish(w, w->b, 1, audio(3, 6000));
	qos_media_withdraw(w->medias, w->a, w->counters);
	assert_null(find(w, 1, 4000));
	assert_null(find(w, 1, 4001));
	assert_null(find(w, 2, 5000));
	assert_non_null(find(w, 3, 6000));
	assert_int_equal(qos_medias_count(w->medias), 2);
	assert_int_equal(atomic_load(&w->counters->media_withdrawn), 4);
	assert_int_equal(refs(w->a), 1);
	assert_null(w->a->media);
	qos_media_withdraw(w->medias, w->a, w->counters);
	assert_int_equal(refs(w->a), 1);
}

/* Ports of the media that RTCP from 1:sport to 2:dport tells of. */
static void assert_media_ports(
	struct world *w, uint16_t sport, uint16_t dport, uint16_t rtp_sport, uint16_t rtp_dport)
{
	struct pkt_flow flow = {
		.family = 4, .src = ip(1), .dst = ip(2), .sport = sport, .dport = dport};
	struct pkt_flow rtp = qos_media_flow_of_rtcp(w->medias, &flow);

	assert_int_equal(rtp.sport, rtp_sport);
	assert_int_equal(rtp.dport, rtp_dport);
	assert_true(pkt_addr_eq(&rtp.src, &flow.src) && pkt_addr_eq(&rtp.dst, &flow.dst));
}

/* Odd ports are those above, an announced one is what it was announced for, and only while it is. */
static void knows_the_media_of_rtcp(void **state)
{
	struct world *w = *state;
	struct sdp_media m = audio(1, 4000);

	publish(w, w->b, 1, audio(2, 6000));
	assert_false(qos_medias_are_apart(w->medias));
	assert_media_ports(w, 4001, 6001, 4000, 6000);
	assert_media_ports(w, 4000, 6001, 4000, 6001);
	assert_media_ports(w, 7000, 6001, 7000, 6001);
	m.rtcp_port = 7000;
	publish(w, w->a, 0, m);
	assert_true(qos_medias_are_apart(w->medias));
	assert_media_ports(w, 7000, 6001, 4000, 6000);
	assert_media_ports(w, 7000, 6000, 4000, 6000);
	assert_media_ports(w, 4001, 6001, 4000, 6000);
	assert_media_ports(w, 9, 10, 9, 10);
	/* The same again, and elsewhere; then the call is over. */
	publish(w, w->a, 0, m);
	m.rtcp_port = 7002;
	publish(w, w->a, 0, m);
	assert_media_ports(w, 7002, 6001, 4000, 6000);
	/* On hold there is no media to point to, and what was known stays. */
	m.addr = (struct pkt_addr){0};
	publish(w, w->a, 0, m);
	assert_media_ports(w, 7002, 6001, 4000, 6000);
	qos_media_withdraw(w->medias, w->a, w->counters);
	publish(w, w->a, 0, m);
	assert_non_null(find(w, 1, 7002));
	assert_false(qos_medias_are_apart(w->medias));
	/* RTCP of a candidate is not that of the section's own address. */
	m = audio(1, 4000);
	m.candidate_count = 2;
	m.candidates[0] = (struct sdp_candidate){.family = 4, .port = 5000, .addr = ip(3)};
	m.candidates[1] =
		(struct sdp_candidate){.is_rtcp = true, .family = 4, .port = 5001, .addr = ip(3)};
	publish(w, w->a, 0, m);
	assert_non_null(find(w, 3, 5001));
	assert_false(qos_medias_are_apart(w->medias));
	qos_media_withdraw(w->medias, w->a, w->counters);
	assert_false(qos_medias_are_apart(w->medias));
	assert_media_ports(w, 7002, 6001, 7002, 6001);
}

static void full_table_refuses_new_endpoints_but_replaces_old_ones(void **state)
{
	struct world *w = *state;
	struct sdp_media m;

	destroy_world(w);
	create_world(w, 2);
	publish(w, w->a, 0, audio(1, 4000));
	publish(w, w->b, 0, audio(2, 4000));
	assert_null(find(w, 2, 4000));
	assert_int_equal(atomic_load(&w->counters->media_refused), 2);
	m = audio(1, 4000);
	m.is_secure = true;
	publish(w, w->a, 0, m);
	assert_true(find(w, 1, 4000)->is_secure);
	assert_int_equal(qos_medias_count(w->medias), 2);
}

static void call_that_keeps_moving_loses_its_oldest_endpoints(void **state)
{
	struct world *w = *state;

	publish(w, w->b, 0, audio(9, 4000));
	for (uint16_t i = 0; i < 100; i++)
		publish(w, w->a, 0, audio(1, (uint16_t)(10000 + 2 * i)));
	assert_int_equal(qos_medias_count(w->medias), 2 + QOS_MEDIA_PER_CALL_MAX);
	assert_null(find(w, 1, 10000 + 2 * 35));
	assert_null(find(w, 1, 10001 + 2 * 35));
	assert_non_null(find(w, 1, 10000 + 2 * 36));
	assert_non_null(find(w, 1, 10001 + 2 * 99));
	assert_non_null(find(w, 9, 4000));
	assert_int_equal(refs(w->a), 1 + QOS_MEDIA_PER_CALL_MAX);
	assert_int_equal(atomic_load(&w->counters->media_withdrawn), 72);
}

static void call_taken_out_publishes_nothing(void **state)
{
	struct world *w = *state;
	struct qos_call *call = qos_calls_expire(w->calls, 0, 1000 * S, false);

	assert_non_null(call);
	publish(w, call, 0, audio(1, 4000));
	assert_int_equal(qos_medias_count(w->medias), 0);
	qos_call_put(call);
}

/* The newest events that a watcher was told, as "+192.0.2.1:4000" for one that opened. */
struct seen {
	char text[256];
};

static void watch(
	void *arg, uint8_t family, const struct pkt_addr *addr, uint16_t port, bool is_open)
{
	struct seen *seen = arg;
	size_t used = strlen(seen->text);

	assert_int_equal(family, 4);
	snprintf(seen->text + used, sizeof(seen->text) - used, "%c%u:%u ", is_open ? '+' : '-',
		addr->b[3], port);
}

static void expect_seen(struct seen *seen, const char *want)
{
	assert_string_equal(seen->text, want);
	seen->text[0] = '\0';
}

static void tells_which_endpoints_come_and_go(void **state)
{
	struct world *w = *state;
	struct seen seen = {""};
	struct sdp_media other = audio(1, 4000);

	qos_medias_watch(w->medias, watch, &seen);
	publish(w, w->a, 0, audio(1, 4000));
	expect_seen(&seen, "+1:4000 +1:4001 ");
	/* The same again, with other contents, by another call: the endpoint stays. */
	publish(w, w->a, 0, audio(1, 4000));
	other.ptime_ms = 30;
	publish(w, w->a, 0, other);
	publish(w, w->b, 0, audio(1, 4000));
	publish(w, w->b, 1, audio(2, 6000));
	expect_seen(&seen, "+2:6000 +2:6001 ");
	qos_media_withdraw(w->medias, w->a, w->counters);
	expect_seen(&seen, "");
	qos_media_withdraw(w->medias, w->b, w->counters);
	assert_non_null(strstr(seen.text, "-1:4000 "));
	assert_non_null(strstr(seen.text, "-1:4001 "));
	assert_non_null(strstr(seen.text, "-2:6000 "));
	assert_non_null(strstr(seen.text, "-2:6001 "));
	assert_int_equal(strlen(seen.text), 4 * strlen("-1:4000 "));
}

static void refuses_senseless_options(void **state)
{
	const struct qos_options options = {.max_media = 0};
	struct qos_medias *medias;

	(void)state;
	assert_int_equal(qos_medias_create(&options, &seed, &medias), -EINVAL);
	qos_medias_destroy(NULL);
}

/* A reader looks on while two calls take one endpoint from each other. */
enum {
	RACE_ROUNDS = 20000,
};

struct reader {
	struct world *world;
	_Atomic bool is_done;
	_Atomic bool is_ready;
	uint64_t missing, wrong;
};

static void *read_endpoint(void *arg)
{
	struct reader *r = arg;

	urcu_qsbr_register_thread();
	atomic_store(&r->is_ready, true);
	while (!atomic_load(&r->is_done)) {
		const struct qos_media *m = find(r->world, 1, 4000);

		if (!m) {
			r->missing++;
		} else {
			r->wrong += m->at.port != 4000 || !qos_media_payload(m, 101);
			r->wrong += m->call->call_id[0] != (m->party ? 'b' : 'a');
			if (qos_call_hold(m->call))
				qos_call_put(m->call);
		}
		urcu_qsbr_quiescent_state();
	}
	urcu_qsbr_unregister_thread();
	return NULL;
}

static void readers_always_find_one_of_two(void **state)
{
	struct world *w = *state;
	struct reader reader = {.world = w};
	pthread_t thread;

	publish(w, w->a, 0, audio(1, 4000));
	assert_int_equal(pthread_create(&thread, NULL, read_endpoint, &reader), 0);
	while (!atomic_load(&reader.is_ready))
		;
	for (int i = 0; i < RACE_ROUNDS; i++) {
		publish(w, i % 2 ? w->a : w->b, !(i % 2), audio(1, 4000));
		urcu_qsbr_quiescent_state();
	}
	atomic_store(&reader.is_done, true);
	urcu_qsbr_thread_offline();
	assert_int_equal(pthread_join(thread, NULL), 0);
	urcu_qsbr_thread_online();
	assert_true(published(w) > 100); /* the rest may be refused while a grace period lasts */
	assert_int_equal(reader.missing, 0);
	assert_int_equal(reader.wrong, 0);
	assert_int_equal(refs(w->a) + refs(w->b), 4);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown_world)
	const struct CMUnitTest tests[] = {
		CASE(publishes_media_and_its_rtcp_port),
		CASE(knows_the_media_of_rtcp),
		CASE(publishes_no_rtcp_port_with_rtcp_mux),
		CASE(rtcp_goes_where_it_is_said_to_go),
		CASE(port_after_media_may_be_other_media),
		CASE(rtcp_port_does_not_displace_media_of_a_call_that_lasts),
		CASE(skips_what_is_no_endpoint),
		CASE(publishes_t38_without_rtcp),
		CASE(says_where_t38_was_announced),
		CASE(finds_what_is_there_and_nothing_else),
		CASE(families_are_told_apart),
		CASE(names_not_in_the_table_are_what_their_line_says),
		CASE(keeps_sixteen_payload_types),
		CASE(repeated_description_changes_nothing),
		CASE(changed_description_replaces_the_endpoint),
		CASE(newest_call_wins),
		CASE(an_endpoint_of_a_call_that_is_over_is_not_shared),
		CASE(withdraw_takes_all_endpoints_of_the_call_only),
		CASE(full_table_refuses_new_endpoints_but_replaces_old_ones),
		CASE(call_that_keeps_moving_loses_its_oldest_endpoints),
		CASE(call_taken_out_publishes_nothing),
		CASE(tells_which_endpoints_come_and_go),
		CASE(refuses_senseless_options),
		CASE(readers_always_find_one_of_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
