/* SPDX-License-Identifier: BSD-3-Clause */
/* Which call a check belongs to, which endpoints it gives it, and how many at most. */
#include <stdio.h>

#include "qos_ice.h"
#include "qos_media_case.h"

static int setup(void **state)
{
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

/* From 192.0.2.x to 192.0.2.y, both port 1000. */
static bool learn(struct world *w, uint8_t x, uint8_t y, const char *receiver, const char *sender,
	bool is_nominated)
{
	struct pkt_flow flow = {.family = 4,
		.proto = PKT_UDP,
		.sport = 1000,
		.dport = 1000,
		.src = ip(x),
		.dst = ip(y)};
	struct qos_ice_check check = {.flow = &flow,
		.receiver = bytes_from_str(receiver),
		.sender = bytes_from_str(sender),
		.is_nominated = is_nominated};

	return qos_ice_learn(w->medias, &check, w->counters);
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
	struct pkt_flow flow = {
		.family = 4, .sport = 1000, .dport = 1000, .src = ip(1), .dst = ip(2)};
	struct qos_ice_check check = {.flow = &flow,
		.receiver = BYTES_LIT("bbbb"),
		.sender = BYTES_LIT("aaaa"),
		.has_relay = true};

	publish(w, w->a, 0, "aaaa", 8);
	publish(w, w->a, 1, "bbbb", 8);
	assert_true(qos_ice_learn(w->medias, &check, w->counters));
	assert_non_null(find(w, 1));
	assert_null(find(w, 2));
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
