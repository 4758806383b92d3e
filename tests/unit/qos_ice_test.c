/* SPDX-License-Identifier: BSD-3-Clause */
/* Which call a check belongs to, which endpoints it gives it, and how many at most. */
#include <stdio.h>

#include "qos_ice.h"
#include "qos_media_case.h"

static struct qos_ice_checks checks;

static int setup(void **state)
{
	memset(&checks, 0, sizeof(checks));
	return setup_world(state, 100);
}

/* Whatever happened, the calls take all of it with them. */
static int teardown(void **state)
{
	struct world *w = *state;

	qos_media_withdraw(w->medias, w->a, w->counters);
	qos_media_withdraw(w->medias, w->b, w->counters);
	assert_int_equal(qos_medias_count(w->medias), 0);
	assert_int_equal(atomic_load(&w->a->learnt_count), 0);
	assert_int_equal(atomic_load(&w->b->learnt_count), 0);
	assert_int_equal(atomic_load(&w->a->refs), 1);
	assert_int_equal(atomic_load(&w->b->refs), 1);
	return teardown_world(state);
}

/* Audio with one payload type, behind NAT: its address is no endpoint. */
static void publish(
	struct world *w, struct qos_call *call, unsigned party, const char *ufrag, uint8_t pt)
{
	struct sdp_session session = {
		.media_count = 1,
		.media = {{
			.kind = SDP_AUDIO,
			.is_rtp = true,
			.port = 9,
			.rtcp_port = 9,
			.ptime_ms = 30,
			.ice_ufrag = bytes_from_str(ufrag),
			.format_count = 1,
			.formats = {{.pt = pt, .channels = 1}},
		}},
	};

	qos_media_publish(w->medias, call, party, &session, 0, w->counters);
}

static struct pkt_flow flow_of(uint8_t x, uint8_t y)
{
	return (struct pkt_flow){.family = 4,
		.proto = PKT_UDP,
		.sport = 1000,
		.dport = 1000,
		.src = ip(x),
		.dst = ip(y)};
}

/* From 192.0.2.x to 192.0.2.y, both port 1000. */
static bool ask(struct world *w, uint8_t x, uint8_t y, const char *receiver, const char *sender,
	bool is_nominated)
{
	struct pkt_flow flow = flow_of(x, y);
	struct qos_ice_check check = {.flow = &flow,
		.receiver = bytes_from_str(receiver),
		.sender = bytes_from_str(sender),
		.transaction = BYTES_LIT("transaction "),
		.is_nominated = is_nominated};

	return qos_ice_learn(w->medias, &checks, &check, w->counters);
}

/* From y to x. */
static bool answer(struct world *w, uint8_t x, uint8_t y, const char *transaction)
{
	struct pkt_flow flow = flow_of(y, x);

	return qos_ice_answer(w->medias, &checks, &flow, bytes_from_str(transaction), w->counters);
}

/* A check with its answer. */
static bool learn(struct world *w, uint8_t x, uint8_t y, const char *receiver, const char *sender,
	bool is_nominated)
{
	return ask(w, x, y, receiver, sender, is_nominated) && answer(w, x, y, "transaction ");
}

static const struct qos_media *find(struct world *w, uint8_t x)
{
	struct qos_media_key key = {ip(x), 0, 1000, 4};

	return qos_media_find(w->medias, &key);
}

static void learns_both_ends_with_what_each_announced(void **state)
{
	struct world *w = *state;

	publish(w, w->a, 0, "aaaa", 8);
	publish(w, w->a, 1, "bbbb", 0);
	assert_true(learn(w, 1, 2, "bbbb", "aaaa", false));
	assert_ptr_equal(find(w, 1)->call, w->a);
	assert_int_equal(find(w, 1)->party, 0);
	assert_int_equal(find(w, 2)->party, 1);
	assert_non_null(qos_media_payload(find(w, 1), 8));
	assert_non_null(qos_media_payload(find(w, 2), 0));
	assert_int_equal(find(w, 2)->ptime_ms, 30);
	assert_false(find(w, 1)->is_shared || find(w, 1)->is_rtcp || find(w, 1)->is_nominated);
	/* The same again, and back, says nothing new but that it is nominated. */
	assert_true(learn(w, 1, 2, "bbbb", "aaaa", true));
	assert_true(learn(w, 2, 1, "aaaa", "bbbb", false));
	assert_true(find(w, 1)->is_nominated && find(w, 2)->is_nominated);
	assert_int_equal(atomic_load(&w->counters->media_learnt), 2);
}

static void wants_both_names_once_both_are_known(void **state)
{
	struct world *w = *state;

	assert_false(learn(w, 1, 2, "bbbb", "aaaa", true));
	publish(w, w->a, 0, "aaaa", 8);
	assert_true(learn(w, 1, 2, "xxxx", "aaaa", false));
	assert_int_equal(find(w, 2)->party, 1);
	assert_non_null(qos_media_payload(find(w, 2), 8));
	publish(w, w->a, 1, "bbbb", 8);
	assert_false(learn(w, 3, 4, "xxxx", "aaaa", false));
	assert_false(learn(w, 3, 4, "bbbb", "xxxx", false));
	assert_true(learn(w, 3, 4, "bbbb", "aaaa", false));
	/* A description that comes again does not make it alone again. */
	publish(w, w->a, 0, "aaaa", 8);
	assert_false(learn(w, 5, 6, "xxxx", "aaaa", false));
}

static void a_name_of_two_calls(void **state)
{
	struct world *w = *state;

	publish(w, w->a, 0, "aaaa", 8);
	publish(w, w->b, 0, "aaaa", 8);
	assert_false(learn(w, 1, 2, "bbbb", "aaaa", false));
	publish(w, w->a, 1, "bbbb", 8);
	publish(w, w->b, 1, "cccc", 8);
	assert_true(learn(w, 1, 2, "bbbb", "aaaa", false));
	assert_true(learn(w, 3, 4, "cccc", "aaaa", false));
	assert_ptr_equal(find(w, 2)->call, w->a);
	assert_ptr_equal(find(w, 4)->call, w->b);
}

static void an_address_of_two_calls_is_shared(void **state)
{
	struct world *w = *state;

	publish(w, w->a, 0, "aaaa", 8);
	publish(w, w->b, 0, "cccc", 8);
	assert_true(learn(w, 1, 9, "bbbb", "aaaa", true));
	assert_true(learn(w, 2, 9, "dddd", "cccc", true));
	assert_true(find(w, 9)->is_shared);
	assert_ptr_equal(find(w, 9)->call, w->b);
	/* They do not take it from each other for ever. */
	assert_true(learn(w, 1, 9, "bbbb", "aaaa", true));
	assert_ptr_equal(find(w, 9)->call, w->b);
	assert_false(find(w, 1)->is_shared || find(w, 2)->is_shared);
}

static void a_call_that_is_over_learns_nothing(void **state)
{
	struct world *w = *state;

	publish(w, w->a, 0, "aaaa", 8);
	atomic_store(&w->a->end_ns, S);
	assert_false(learn(w, 1, 2, "bbbb", "aaaa", true));
	assert_null(find(w, 1));
}

static void learns_so_many_and_nominated_ones_first(void **state)
{
	struct world *w = *state;

	publish(w, w->a, 0, "aaaa", 8);
	publish(w, w->a, 1, "bbbb", 8);
	for (unsigned i = 0; i < QOS_ICE_LEARNT_MAX; i++)
		assert_true(learn(
			w, (uint8_t)(10 + 2 * i), (uint8_t)(11 + 2 * i), "bbbb", "aaaa", false));
	assert_int_equal(atomic_load(&w->a->learnt_count), QOS_ICE_LEARNT_MAX);
	assert_null(find(w, 10 + QOS_ICE_LEARNT_MAX));
	assert_true(learn(w, 200, 201, "bbbb", "aaaa", true));
	assert_int_equal(atomic_load(&w->a->learnt_count), QOS_ICE_LEARNT_MAX);
	assert_non_null(find(w, 200));
	assert_non_null(find(w, 201));
	assert_null(find(w, 10));
	assert_null(find(w, 11));
	assert_non_null(find(w, 12));
	/* Nominated ones without end: the bound holds. */
	for (uint8_t i = 50; i < 150; i++)
		assert_true(learn(w, i, i + 100, "bbbb", "aaaa", true));
	assert_int_equal(atomic_load(&w->a->learnt_count), QOS_ICE_LEARNT_MAX);
}

static void names_count_in_the_bound_of_endpoints(void **state)
{
	struct world *w = *state;
	char ufrag[16];

	for (unsigned i = 0; i < 500; i++) {
		snprintf(ufrag, sizeof(ufrag), "name%u", i);
		publish(w, i & 1 ? w->a : w->b, i >> 1 & 1, ufrag, 8);
		assert_true(qos_medias_count(w->medias) <= 100);
	}
	assert_true(atomic_load(&w->counters->media_refused) > 0);
}

static void only_the_client_s_end_of_a_relay(void **state)
{
	struct world *w = *state;
	struct pkt_flow there = flow_of(1, 2), here = flow_of(2, 3);
	struct qos_ice_check check = {.flow = &there,
		.receiver = BYTES_LIT("bbbb"),
		.sender = BYTES_LIT("aaaa"),
		.transaction = BYTES_LIT("transaction "),
		.has_relay = true};

	publish(w, w->a, 0, "aaaa", 8);
	publish(w, w->a, 1, "bbbb", 8);
	assert_true(qos_ice_learn(w->medias, &checks, &check, w->counters));
	assert_true(answer(w, 1, 2, "transaction "));
	assert_non_null(find(w, 1));
	assert_null(find(w, 2));
	/* What the server relays went to who wanted it. */
	check.flow = &here;
	check.is_relay_src = true;
	assert_true(qos_ice_learn(w->medias, &checks, &check, w->counters));
	assert_non_null(find(w, 3));
	assert_int_equal(find(w, 3)->party, 1);
	assert_null(find(w, 2));
}

/* RFC 8445 section 7.2.5.2.1: from where it went to where it came from. */
static void where_a_check_goes_counts_when_it_is_answered(void **state)
{
	struct world *w = *state;

	publish(w, w->a, 0, "aaaa", 8);
	publish(w, w->a, 1, "bbbb", 8);
	assert_true(ask(w, 1, 2, "bbbb", "aaaa", true));
	assert_int_equal(find(w, 1)->party, 0);
	assert_false(find(w, 1)->is_nominated);
	assert_null(find(w, 2));
	assert_false(answer(w, 1, 2, "transactioN "));
	assert_false(answer(w, 1, 3, "transaction "));
	assert_false(answer(w, 3, 2, "transaction "));
	assert_false(answer(w, 2, 1, "transaction "));
	assert_null(find(w, 2));
	assert_null(find(w, 3));
	assert_true(answer(w, 1, 2, "transaction "));
	assert_int_equal(find(w, 2)->party, 1);
	assert_true(find(w, 1)->is_nominated && find(w, 2)->is_nominated);
	assert_false(answer(w, 1, 2, "transaction "));
	/* Sent twice, answered twice. */
	assert_true(ask(w, 4, 5, "bbbb", "aaaa", false) && ask(w, 4, 5, "bbbb", "aaaa", false));
	assert_true(answer(w, 4, 5, "transaction "));
	assert_false(answer(w, 4, 5, "transaction "));
	assert_int_equal(find(w, 5)->party, 1);
}

static void what_nobody_answers_displaces_nothing(void **state)
{
	struct world *w = *state;

	publish(w, w->a, 0, "aaaa", 8);
	publish(w, w->a, 1, "bbbb", 8);
	assert_true(learn(w, 1, 2, "bbbb", "aaaa", true));
	for (uint8_t i = 10; i < 200; i++)
		assert_true(ask(w, i, 2, "bbbb", "aaaa", true));
	assert_int_equal(atomic_load(&w->a->learnt_count), QOS_ICE_LEARNT_MAX);
	assert_non_null(find(w, 1));
	assert_non_null(find(w, 2));
	assert_non_null(find(w, 10));
	assert_null(find(w, 199));
	/* An answer makes room among them. */
	assert_true(learn(w, 201, 202, "bbbb", "aaaa", true));
	assert_non_null(find(w, 202));
	assert_null(find(w, 10));
	assert_non_null(find(w, 2));
}

static void open_checks_are_so_many(void **state)
{
	enum {
		MANY = 3 * QOS_ICE_OPEN_SETS * QOS_ICE_OPEN_WAYS
	};
	struct world *w = *state;
	struct pkt_flow flow = flow_of(1, 2), back = flow_of(2, 1);
	unsigned answered[3] = {0};
	char id[16];

	publish(w, w->a, 0, "aaaa", 8);
	for (unsigned i = 0; i < MANY; i++) {
		struct qos_ice_check check = {
			.flow = &flow, .receiver = BYTES_LIT("bbbb"), .sender = BYTES_LIT("aaaa")};

		snprintf(id, sizeof(id), "%012u", i);
		check.transaction = bytes_from_str(id);
		assert_true(qos_ice_learn(w->medias, &checks, &check, w->counters));
	}
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(id, sizeof(id), "%012u", i);
		answered[3 * i / MANY] +=
			qos_ice_answer(w->medias, &checks, &back, bytes_from_str(id), w->counters);
	}
	/* The newest, but for what hashes do. */
	assert_true(answered[0] + answered[1] + answered[2] <= MANY / 3);
	assert_true(answered[2] > MANY / 3 * 7 / 10);
	assert_true(answered[0] < answered[2] / 10);
}

/* From x to y, both at that port, answered. */
static void learn_component(struct world *w, uint8_t x, uint8_t y, uint16_t port, bool is_rtcp,
	bool is_nominated, const char *receiver)
{
	struct pkt_flow flow = flow_of(x, y);
	struct qos_ice_check check = {.flow = &flow,
		.receiver = bytes_from_str(receiver),
		.sender = BYTES_LIT("aaaa"),
		.transaction = BYTES_LIT("transaction "),
		.is_rtcp = is_rtcp,
		.is_nominated = is_nominated};
	struct pkt_flow back = flow_of(y, x);

	flow.sport = flow.dport = back.sport = back.dport = port;
	assert_true(qos_ice_learn(w->medias, &checks, &check, w->counters));
	assert_true(qos_ice_answer(w->medias, &checks, &back, check.transaction, w->counters));
}

static void expect_media_of_rtcp(struct world *w, uint8_t x, uint8_t y, uint16_t port,
	uint8_t rtp_x, uint8_t rtp_y, uint16_t rtp)
{
	struct pkt_flow flow = flow_of(x, y), want = flow_of(rtp_x, rtp_y), got;

	flow.sport = flow.dport = port;
	want.sport = want.dport = rtp;
	got = qos_media_flow_of_rtcp(w->medias, &flow);
	assert_true(pkt_flow_eq(&got, &want));
}

static void rtcp_follows_its_media(void **state)
{
	struct world *w = *state;

	publish(w, w->a, 0, "aaaa", 8);
	publish(w, w->a, 1, "bbbb", 8);
	/* Before media, after it, beside it, and below it. */
	learn_component(w, 1, 2, 3000, true, false, "bbbb");
	expect_media_of_rtcp(w, 1, 2, 3000, 1, 2, 3000);
	learn_component(w, 1, 2, 2000, false, false, "bbbb");
	expect_media_of_rtcp(w, 1, 2, 3000, 1, 2, 2000);
	learn_component(w, 1, 2, 4001, true, false, "bbbb");
	expect_media_of_rtcp(w, 2, 1, 4001, 2, 1, 2000);
	learn_component(w, 1, 2, 2001, true, false, "bbbb");
	expect_media_of_rtcp(w, 1, 2, 2001, 1, 2, 2000);
	assert_true(qos_medias_are_apart(w->medias));
	/* What ICE chose is right, wherever that is. */
	learn_component(w, 3, 4, 5001, false, true, "bbbb");
	expect_media_of_rtcp(w, 1, 2, 3000, 3, 4, 5001);
	learn_component(w, 3, 4, 5000, true, true, "bbbb");
	expect_media_of_rtcp(w, 3, 4, 5000, 3, 4, 5001);
	qos_media_withdraw(w->medias, w->a, w->counters);
	assert_false(qos_medias_are_apart(w->medias));
}

/* The callee's other branch has other media. */
static void rtcp_of_a_fork_follows_its_own_media(void **state)
{
	struct qos_media_key caller = {ip(1), 0, 3000, 4}, other = {ip(4), 0, 3000, 4};
	struct world *w = *state;

	publish(w, w->a, 0, "aaaa", 8);
	publish(w, w->a, 1, "bbbb", 8);
	publish(w, w->a, 1, "cccc", 8);
	learn_component(w, 1, 2, 2000, false, true, "bbbb");
	learn_component(w, 1, 4, 3000, true, false, "cccc");
	assert_int_equal(qos_media_find(w->medias, &caller)->rtp.port, 2000);
	assert_int_equal(qos_media_find(w->medias, &other)->rtp.port, 0);
	learn_component(w, 1, 4, 4000, false, false, "cccc");
	assert_int_equal(qos_media_find(w->medias, &other)->rtp.port, 4000);
}

static void fill_section(struct sdp_media *m, const char *ufrag, enum sdp_kind kind)
{
	*m = (struct sdp_media){.kind = kind,
		.is_rtp = true,
		.port = 9,
		.rtcp_port = 9,
		.ptime_ms = kind == SDP_AUDIO ? 30 : 0,
		.ice_ufrag = bytes_from_str(ufrag),
		.format_count = 3,
		.formats = {{.pt = 96, .channels = 1, .clock = 90000, .name = BYTES_LIT("VP8")},
			{.pt = kind == SDP_AUDIO ? 0 : 98, .channels = 1},
			{.pt = 101,
				.channels = 1,
				.clock = 8000,
				.name = BYTES_LIT("telephone-event")}}};
	if (kind == SDP_AUDIO)
		m->formats[0] = (struct sdp_format){
			.pt = 96, .channels = 2, .clock = 48000, .name = BYTES_LIT("opus")};
	else
		m->formats[2].pt = 102;
}

/* Audio and video, each side with one name for both, or one each; 96 is either. */
static void a_name_of_several_sections_says_what_all_of_them_do(void **state)
{
	struct world *w = *state;
	struct sdp_session session = {.media_count = 2};

	fill_section(&session.media[0], "aaaa", SDP_AUDIO);
	fill_section(&session.media[1], "aaaa", SDP_VIDEO);
	qos_media_publish(w->medias, w->a, 0, &session, 0, w->counters);
	fill_section(&session.media[0], "bbbb", SDP_AUDIO);
	fill_section(&session.media[1], "cccc", SDP_VIDEO);
	qos_media_publish(w->medias, w->a, 1, &session, 0, w->counters);
	learn_component(w, 1, 2, 2000, false, true, "bbbb");
	learn_component(w, 3, 4, 3000, false, true, "cccc");
	for (uint8_t x = 1; x <= 4; x++) {
		struct qos_media_key key = {ip(x), 0, x < 3 ? 2000 : 3000, 4};
		const struct qos_media *media = qos_media_find(w->medias, &key);
		bool is_of_both = x & 1;

		assert_non_null(media);
		assert_int_equal(media->party, !is_of_both);
		assert_int_equal(qos_media_payload(media, 96) == NULL, is_of_both);
		assert_int_equal(qos_media_payload(media, 0) == NULL, x == 4);
		assert_int_equal(qos_media_payload(media, 98) == NULL, x == 2);
		assert_int_equal(media->ptime_ms, x == 2 ? 30 : 0);
		/* The other side tells which section it is. */
		assert_int_equal(media->section, x < 3 ? 0 : 1);
	}
	/* Reports of video are not those of audio. */
	learn_component(w, 1, 2, 2100, true, true, "bbbb");
	learn_component(w, 3, 4, 3100, true, true, "cccc");
	expect_media_of_rtcp(w, 1, 2, 2100, 1, 2, 2000);
	expect_media_of_rtcp(w, 3, 4, 3100, 3, 4, 3000);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(learns_both_ends_with_what_each_announced),
		T(wants_both_names_once_both_are_known),
		T(a_name_of_two_calls),
		T(an_address_of_two_calls_is_shared),
		T(a_call_that_is_over_learns_nothing),
		T(learns_so_many_and_nominated_ones_first),
		T(names_count_in_the_bound_of_endpoints),
		T(only_the_client_s_end_of_a_relay),
		T(where_a_check_goes_counts_when_it_is_answered),
		T(what_nobody_answers_displaces_nothing),
		T(open_checks_are_so_many),
		T(rtcp_follows_its_media),
		T(rtcp_of_a_fork_follows_its_own_media),
		T(a_name_of_several_sections_says_what_all_of_them_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
