/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls and endpoints that stay are found all the time, whatever comes and goes in their chains: two workers open calls,
 * publish, withdraw and expire, a third thread looks on, a fourth has memory ready. */
#include <stdio.h>

#include "qos_endpoint_case.h"

enum {
	WORKERS = 2,
	KEPT = 16, /* calls as many as endpoints: each of those is published by two calls in turn */
	PASSING = 24,
	ROUNDS = 60000,
	MOST_CALLS = 32, /* few chains, so that many meet in each */
	MOST_MEDIA = 128,
};

struct race {
	struct qos_calls *calls;
	struct qos_medias *medias;
	struct qos_call *kept[KEPT];
	_Atomic uint64_t clock_s;
	_Atomic unsigned working;
};

struct racer {
	struct race *race;
	unsigned worker;
	bool is_wrong; /* assertions are for the main thread only */
	uint64_t opened, closed, looks, missing;
};

static struct qos_call *send(const struct racer *r, char kind, unsigned id, enum sip_method method,
	uint16_t status, enum qos_call_change *change)
{
	struct qos_call *call;
	char call_id[16];
	struct sip_msg msg = {.is_request = !status, .method = method, .status = status};

	snprintf(call_id, sizeof(call_id), "%c-%u", kind, id);
	msg.call_id = bytes_from_str(call_id);
	*change = take_message(
		r->race->calls, r->worker, &msg, atomic_load(&r->race->clock_s) * S, &call);
	return call;
}

static void announce(const struct racer *r, struct qos_call *call, uint8_t x, unsigned id)
{
	struct sdp_session session = {
		.media_count = 1, .media = {audio(x, (uint16_t)(4000 + 2 * id))}};

	qos_media_publish(r->race->medias, call, r->worker, &session, 0,
		qos_calls_counters(r->race->calls, r->worker));
}

static void expire(struct racer *r, bool is_last)
{
	uint64_t now_ns = atomic_load(&r->race->clock_s) * S;
	struct qos_call *call;

	while ((call = qos_calls_expire(r->race->calls, r->worker, now_ns, is_last))) {
		r->closed++;
		r->is_wrong |= !is_last && call->call_id[0] == 'k';
		qos_media_withdraw(
			r->race->medias, call, qos_calls_counters(r->race->calls, r->worker));
		qos_call_put(call);
	}
}

static void work(struct racer *r, unsigned random)
{
	unsigned id = random % PASSING, kept = (random >> 8) % KEPT;
	enum qos_call_change change;
	struct qos_call *call =
		send(r, 'p', id, (random >> 16) % 4 ? SIP_INVITE : SIP_BYE, 0, &change);

	atomic_fetch_add(&r->race->clock_s, 10);
	r->opened += change == QOS_CALL_OPENED;
	if (call)
		announce(r, call, 2, id);
	announce(r, r->race->kept[(kept + r->worker) % KEPT], 1, kept);
	expire(r, false);
}

static void *work_on(void *arg)
{
	struct racer *r = arg;
	unsigned random = r->worker + 1;

	urcu_qsbr_register_thread();
	for (unsigned i = 0; i < ROUNDS; i++) {
		random = random * 1103515245 + 12345;
		work(r, random >> 4);
		urcu_qsbr_quiescent_state();
	}
	atomic_fetch_sub(&r->race->working, 1);
	urcu_qsbr_unregister_thread();
	return NULL;
}

static void look_at_calls(struct racer *r)
{
	char call_id[16];

	for (unsigned i = 0; i < KEPT + PASSING; i++) {
		bool is_kept = i < KEPT;
		struct qos_call *call;

		snprintf(call_id, sizeof(call_id), "%c-%u", is_kept ? 'k' : 'p',
			is_kept ? i : i - KEPT);
		call = qos_call_find(r->race->calls, bytes_from_str(call_id));
		r->missing += is_kept && call != r->race->kept[i];
		r->is_wrong |= call && strcmp(call->call_id, call_id) != 0;
	}
}

static void look_at_media(struct racer *r)
{
	for (unsigned i = 0; i < KEPT + PASSING; i++) {
		bool is_kept = i < KEPT;
		uint16_t port = (uint16_t)(4000 + 2 * (is_kept ? i : i - KEPT));
		struct qos_media_key key = {ip(is_kept ? 1 : 2), 0, port, 4};
		const struct qos_media *m = qos_media_find(r->race->medias, &key);

		r->missing += is_kept && !m;
		if (m)
			r->is_wrong |= m->at.port != port || !qos_media_payload(m, 101) ||
				       m->call->call_id[0] != (is_kept ? 'k' : 'p');
	}
}

static void *look_on(void *arg)
{
	struct racer *r = arg;

	urcu_qsbr_register_thread();
	for (; atomic_load(&r->race->working); r->looks++) {
		look_at_calls(r);
		look_at_media(r);
		urcu_qsbr_quiescent_state();
	}
	urcu_qsbr_unregister_thread();
	return NULL;
}

static void *populate(void *arg)
{
	struct race *race = arg;

	while (atomic_load(&race->working)) {
		qos_calls_populate(race->calls);
		qos_medias_populate(race->medias);
	}
	return NULL;
}

static void open_kept(struct racer *r, unsigned id)
{
	struct race *race = r->race;
	enum qos_call_change change;

	race->kept[id] = send(r, 'k', id, SIP_INVITE, 0, &change);
	assert_int_equal(change, QOS_CALL_OPENED);
	send(r, 'k', id, SIP_INVITE, 200, &change);
	announce(r, race->kept[id], 1, id);
}

static void create_race(struct race *race, struct racer *racers, bool may_wait)
{
	const struct qos_options options = {.max_calls = MOST_CALLS,
		.max_media = MOST_MEDIA,
		.setup_timeout_ns = 60 * S,
		.call_timeout_ns = 100000000 * S};

	assert_int_equal(qos_calls_create(&options, &seed, WORKERS, &race->calls), 0);
	assert_int_equal(qos_medias_create(&options, &seed, &race->medias), 0);
	if (may_wait) {
		qos_calls_may_wait(race->calls);
		qos_medias_may_wait(race->medias);
	}
	race->clock_s = 1000;
	race->working = WORKERS;
	for (unsigned i = 0; i <= WORKERS; i++)
		racers[i] = (struct racer){.race = race, .worker = i};
	for (unsigned i = 0; i < KEPT; i++)
		open_kept(&racers[i % WORKERS], i);
}

static void run_race(bool may_wait)
{
	struct racer racers[WORKERS + 1];
	pthread_t threads[WORKERS + 2];
	struct race race = {0};

	urcu_qsbr_register_thread();
	create_race(&race, racers, may_wait);
	urcu_qsbr_thread_offline();
	for (unsigned i = 0; i <= WORKERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, i < WORKERS ? work_on : look_on,
					 &racers[i]),
			0);
	assert_int_equal(pthread_create(&threads[WORKERS + 1], NULL, populate, &race), 0);
	for (unsigned i = 0; i < WORKERS + 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	urcu_qsbr_thread_online();

	assert_int_equal(racers[WORKERS].missing, 0);
	look_at_calls(&racers[WORKERS]);
	look_at_media(&racers[WORKERS]);
	assert_int_equal(racers[WORKERS].missing, 0);
	for (unsigned i = 0; i < WORKERS; i++)
		expire(&racers[i], true);
	for (unsigned i = 0; i <= WORKERS; i++)
		assert_false(racers[i].is_wrong);
	assert_int_equal(
		racers[0].closed + racers[1].closed, racers[0].opened + racers[1].opened + KEPT);
	assert_int_equal(qos_calls_count(race.calls), 0);
	assert_int_equal(qos_medias_count(race.medias), 0);
	assert_true(racers[0].opened + racers[1].opened > 1000);
	assert_true(racers[WORKERS].looks > 100);
	qos_medias_destroy(race.medias);
	qos_calls_destroy(race.calls);
	urcu_qsbr_unregister_thread();
}

static void what_stays_is_found_while_others_come_and_go(void **state)
{
	(void)state;
	run_race(false);
}

/* A worker that waits for memory is not waited for by one that waits for it. */
static void so_it_is_while_memory_is_waited_for(void **state)
{
	(void)state;
	run_race(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_stays_is_found_while_others_come_and_go),
		cmocka_unit_test(so_it_is_while_memory_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
