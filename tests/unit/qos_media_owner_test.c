/* SPDX-License-Identifier: BSD-3-Clause */
/* Who owns an endpoint, and when it goes. */
#include <stdio.h>

#include "qos_endpoint_case.h"

static void repeated_description_changes_nothing(void **state)
{
	struct world *w = *state;
	const struct qos_media *m;

	publish(w, w->a, 0, audio(1, 4000));
	m = find(w, 1, 4000);
	publish(w, w->a, 0, audio(1, 4000));
	assert_ptr_equal(find(w, 1, 4000), m);
	assert_int_equal(published(w), 2);
	assert_int_equal(refs(w->a), 2);
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
	assert_int_equal(refs(w->a), 2);
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
	assert_int_equal(refs(w->b), 2);
	/* What is another's now does not go with the first. */
	qos_media_withdraw(w->medias, w->a, w->counters);
	assert_non_null(find(w, 1, 4000));
	assert_int_equal(atomic_load(&w->counters->media_withdrawn), 0);
}

/* As a relay's, by its own description alone. */
static void an_endpoint_of_both_sides_mixes_them(void **state)
{
	struct world *w = *state;

	publish(w, w->a, 0, audio(1, 4000));
	publish(w, w->a, 0, audio(1, 4000));
	publish(w, w->a, 1, audio(1, 4002));
	publish(w, w->a, 1, audio(1, 4001));
	publish(w, w->b, 0, audio(1, 4002));
	publish(w, w->b, 1, audio(2, 4000));
	assert_false(qos_call_media_is_mixed(w->a));
	assert_false(qos_call_media_is_mixed(w->b));
	publish(w, w->a, 1, audio(1, 4000));
	assert_true(qos_call_media_is_mixed(w->a));
	publish(w, w->b, 1, audio(1, 4000));
	assert_false(qos_call_media_is_mixed(w->b));
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

static void a_call_is_held_as_long_as_it_has_endpoints(void **state)
{
	struct world *w = *state;

	for (unsigned i = 0; i < 2; i++) {
		publish(w, w->a, 0, audio(1, 4000));
		publish(w, w->a, 1, audio(2, 5000));
		assert_int_equal(refs(w->a), 2);
		publish(w, w->b, 0, audio(1, 4000));
		assert_int_equal(refs(w->a), 2);
		assert_int_equal(refs(w->b), 2);
		publish(w, w->b, 0, audio(2, 5000));
		assert_int_equal(refs(w->a), 1);
		qos_media_withdraw(w->medias, w->b, w->counters);
		assert_int_equal(refs(w->b), 1);
	}
	publish(w, w->a, 0, audio(1, 4000));
	publish(w, w->b, 0, audio(2, 4000));
	qos_medias_destroy(w->medias);
	w->medias = NULL;
	assert_int_equal(refs(w->a), 1);
	assert_int_equal(refs(w->b), 1);
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
	assert_int_equal(refs(w->a), 2);
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

/* Two of some endpoints are in one chain: the one in front. */
static const struct qos_media *find_front(struct world *w)
{
	for (unsigned i = 0; i < 120; i++) {
		const struct qos_media *m = find(w, (uint8_t)(i / 2), (uint16_t)(4000 + i % 2));

		if (atomic_load(&m->next))
			return m;
	}
	return NULL;
}

/* A reader that stands in a chain in front of an endpoint goes on to what replaced that. */
static void readers_on_their_way_find_one_of_two(void **state)
{
	struct world *w = *state;
	const struct qos_media *front, *m;
	uint8_t x;

	destroy_world(w);
	create_world(w, 120);
	for (unsigned i = 0; i < 60; i++)
		publish(w, w->a, 0, audio((uint8_t)i, 4000));
	front = find_front(w);
	assert_non_null(front);
	x = atomic_load(&front->next)->at.addr.b[3];
	assert_int_not_equal(x, front->at.addr.b[3]);
	publish(w, w->b, 0, audio(x, 4000));
	for (m = front; m && m->at.addr.b[3] != x; m = atomic_load(&m->next))
		;
	assert_non_null(m);
	assert_ptr_equal(m->call, w->b);
	assert_ptr_equal(find(w, front->at.addr.b[3], front->at.port), front);
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
	/* Of the last description one endpoint may have been taken and the other refused. */
	urcu_qsbr_barrier();
	publish(w, w->a, 0, audio(1, 4000));
	assert_int_equal(refs(w->a), 2);
	assert_int_equal(refs(w->b), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(repeated_description_changes_nothing),
		CASE(changed_description_replaces_the_endpoint),
		CASE(newest_call_wins),
		CASE(an_endpoint_of_both_sides_mixes_them),
		CASE(an_endpoint_of_a_call_that_is_over_is_not_shared),
		CASE(withdraw_takes_all_endpoints_of_the_call_only),
		CASE(a_call_is_held_as_long_as_it_has_endpoints),
		CASE(full_table_refuses_new_endpoints_but_replaces_old_ones),
		CASE(call_that_keeps_moving_loses_its_oldest_endpoints),
		CASE(call_taken_out_publishes_nothing),
		CASE(tells_which_endpoints_come_and_go),
		CASE(readers_on_their_way_find_one_of_two),
		CASE(readers_always_find_one_of_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
