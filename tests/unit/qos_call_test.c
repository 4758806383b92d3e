/* SPDX-License-Identifier: BSD-3-Clause */
/* The call table: bounds, expiry, references, and two workers at once. */
#include <errno.h>

#include "qos_call_case.h"
#include "qos_legs.h"

static void long_linger_keeps_ended_calls(void **state)
{
	struct qos_calls *calls;

	qos_calls_destroy(*state);
	*state = calls = create_calls(100, 50 * S);
	see(calls, 1, BYE, "BYE", "b1");
	assert_expires(calls, 51, QOS_CALL_COMPLETED);
}

/* What was fetched of the first entry does not lead to it any more. */
static void a_call_id_that_comes_again_is_a_new_call(void **state)
{
	struct qos_calls *calls = *state;
	uint64_t hash = qos_call_hash(calls, BYTES_LIT("c1"));
	uint64_t at_s = 1;

	qos_call_prefetch_chain(calls, hash);
	qos_call_prefetch(calls, hash, true);
	for (unsigned i = 0; i < 3; i++, at_s += 2 * SETUP_S) {
		assert_int_equal(see(calls, at_s, INVITE, "INVITE", NULL), QOS_CALL_OPENED);
		assert_int_equal(see(calls, at_s, INVITE, "INVITE", NULL), QOS_CALL_UPDATED);
		qos_call_prefetch(calls, hash, true);
		assert_int_equal(the_call(calls)->messages, 2);
		assert_expires(calls, at_s + SETUP_S, QOS_CALL_TIMEOUT);
		assert_null(qos_call_find(calls, BYTES_LIT("c1")));
	}
}

/* Its memory is that of one that was, of which it knows nothing. */
static void a_new_call_is_blank(void **state)
{
	static const struct qos_call_media silent;
	struct qos_calls *calls = *state;
	struct qos_call *former, *call;

	see(calls, 1, INVITE, "INVITE", NULL);
	former = the_call(calls);
	assert_expires(calls, 1 + SETUP_S, QOS_CALL_TIMEOUT);
	urcu_qsbr_barrier();
	memset((char *)former + sizeof(void *), 0xa5, sizeof(*former) - sizeof(void *));
	see(calls, 1000, INVITE, "INVITE", NULL);
	call = the_call(calls);
	assert_ptr_equal(call, former);
	assert_memory_equal(&call->talk, &silent, sizeof(silent));
	assert_null(call->media);
	assert_null(atomic_load(&call->leg));
	assert_null(atomic_load(&call->ahead[0]));
	assert_int_equal(call->media_count + call->learnt_count + call->streams + call->worst, 0);
	assert_int_equal(call->answer_count + call->done[0] + call->former + call->code, 0);
	assert_int_equal(call->end_ns + call->answer_ns + call->streams_open, 0);
	assert_int_equal(qos_leg_named(call).n, 0);
	assert_string_equal(qos_call_codec(call), "");
	assert_string_equal(qos_call_method_name(call), "INVITE");
	assert_string_equal(call->call_id, "c1");
	assert_expires(calls, 1000 + SETUP_S, QOS_CALL_TIMEOUT);
}

static void call_with_open_streams_does_not_expire(void **state)
{
	struct qos_calls *calls = *state;
	struct qos_call *call;

	see(calls, 1, INVITE, "INVITE", NULL);
	call = the_call(calls);
	atomic_store(&call->streams_open, 1);
	assert_null(qos_calls_expire(calls, 0, 100000 * S, false));
	atomic_store(&call->streams_open, 0);
	atomic_store(&call->last_ns, 99999 * S); /* the last report of the stream */
	assert_expires(calls, 99999 + SETUP_S, QOS_CALL_TIMEOUT);
}

static void drain_takes_every_call_as_it_is(void **state)
{
	struct qos_calls *calls = *state;
	struct qos_call *call;

	see(calls, 1, ANSWER(200), "INVITE", "b1");
	assert_null(qos_calls_expire(calls, 1, 2 * S, true)); /* not its home */
	call = qos_calls_expire(calls, 0, 2 * S, true);
	assert_non_null(call);
	assert_int_equal(call->state, QOS_CALL_ANSWERED);
	assert_int_equal(end_s(call), 0);
	qos_call_put(call);
	assert_null(qos_calls_expire(calls, 0, 2 * S, true));
}

static enum qos_call_change open_call(
	struct qos_calls *calls, unsigned worker, const char *call_id, struct qos_call **call)
{
	static const struct line line = {INVITE, "INVITE", NULL};
	char text[2048];
	struct sip_msg msg = parse(text, sizeof(text), call_id, alice, &line);

	return take_message(calls, worker, &msg, S, call);
}

static void ring(struct qos_call *call)
{
	call->state = QOS_CALL_RINGING;
	call->code = 180;
}

static void full_table_refuses_and_counts(void **state)
{
	struct qos_calls *calls = *state;
	struct qos_call *call;
	char id[16];

	for (int i = 0; i < 100; i++) {
		snprintf(id, sizeof(id), "id-%d", i);
		assert_int_equal(open_call(calls, 0, id, &call), QOS_CALL_OPENED);
		ring(call);
	}
	assert_int_equal(open_call(calls, 0, "one more", &call), QOS_CALL_REFUSED);
	assert_null(call);
	assert_int_equal(open_call(calls, 1, "one more", &call), QOS_CALL_REFUSED);
	assert_int_equal(open_call(calls, 1, "id-7", &call), QOS_CALL_UPDATED);
	assert_int_equal(qos_calls_count(calls), 100);

	call = qos_calls_expire(calls, 0, 1000 * S, false);
	assert_non_null(call);
	qos_call_put(call);
	assert_int_equal(qos_calls_count(calls), 99);
	assert_int_equal(open_call(calls, 1, "one more", &call), QOS_CALL_OPENED);
	assert_int_equal(call->home, 1);

	assert_int_equal(atomic_load(&qos_calls_counters(calls, 0)->calls_opened), 100);
	assert_int_equal(atomic_load(&qos_calls_counters(calls, 0)->calls_refused), 1);
	assert_int_equal(atomic_load(&qos_calls_counters(calls, 0)->calls_closed), 1);
	assert_int_equal(atomic_load(&qos_calls_counters(calls, 1)->calls_opened), 1);
}

/* Requests of calls that are older than the capture, as they are made up. */
static void a_flood_amid_calls_makes_room_for_itself(void **state)
{
	static const struct line lines[] = {
		{ACK, "ACK", "b1"},
		{UPDATE, "UPDATE", "b1"},
		{"PRACK sip:bob@b.example SIP/2.0", "PRACK", "b1"},
	};
	struct qos_calls *calls = *state;
	char text[2048], id[16];
	struct qos_call *call;

	for (int i = 0; i < 300; i++) {
		struct sip_msg msg;

		snprintf(id, sizeof(id), "id-%d", i);
		msg = parse(text, sizeof(text), id, alice, &lines[i % 3]);
		assert_int_equal(take_message(calls, 0, &msg, S, &call), QOS_CALL_OPENED);
	}
	assert_int_equal(qos_calls_count(calls), 100);
	while ((call = qos_calls_expire(calls, 0, S, true)))
		qos_call_put(call);
}

/* Of a flood of requests that nobody answers the oldest go; what goes on, has media or belongs to another
 * worker stays. */
static void a_flood_makes_room_for_itself(void **state)
{
	struct qos_calls *calls = *state;
	struct qos_call *call, *with_media;
	char id[16];

	assert_int_equal(open_call(calls, 0, "ringing", &call), QOS_CALL_OPENED);
	ring(call);
	assert_int_equal(open_call(calls, 0, "with media", &with_media), QOS_CALL_OPENED);
	atomic_store(&with_media->streams_open, 1);
	assert_int_equal(open_call(calls, 1, "another's", &call), QOS_CALL_OPENED);
	assert_int_equal(open_call(calls, 0, "over", &call), QOS_CALL_OPENED);
	call->state = QOS_CALL_COMPLETED;
	atomic_store(&call->end_ns, S);
	for (int i = 0; i < 596; i++) {
		snprintf(id, sizeof(id), "id-%d", i);
		assert_int_equal(open_call(calls, 0, id, &call), QOS_CALL_OPENED);
	}
	assert_int_equal(qos_calls_count(calls), 100);
	assert_null(qos_call_find(calls, BYTES_LIT("over")));
	assert_null(qos_call_find(calls, BYTES_LIT("id-498")));
	assert_non_null(qos_call_find(calls, BYTES_LIT("id-499")));
	assert_non_null(qos_call_find(calls, BYTES_LIT("ringing")));
	assert_non_null(qos_call_find(calls, BYTES_LIT("with media")));
	assert_non_null(qos_call_find(calls, BYTES_LIT("another's")));
	assert_int_equal(qos_calls_own(calls, 0), 99 + 500);
	for (int i = 0; i < 500; i++) {
		call = qos_calls_expire(calls, 0, S, false);
		assert_non_null(call);
		assert_int_equal(call->state, i ? QOS_CALL_TIMEOUT : QOS_CALL_COMPLETED);
		qos_call_put(call);
	}
	assert_null(qos_calls_expire(calls, 0, S, false));
	assert_int_equal(atomic_load(&qos_calls_counters(calls, 0)->calls_evicted), 500);
	assert_int_equal(atomic_load(&qos_calls_counters(calls, 0)->calls_closed), 500);
	assert_int_equal(atomic_load(&qos_calls_counters(calls, 0)->calls_refused), 0);
	atomic_store(&with_media->streams_open, 0);
}

/* However many are due, a tick looks at so many; the next goes on from there. */
static void a_tick_looks_at_a_bounded_number(void **state)
{
	struct qos_calls *calls;
	struct qos_call *call;
	unsigned expired[4] = {0};
	char id[16];

	qos_calls_destroy(*state);
	*state = calls = create_calls(20000, 0);
	for (int i = 0; i < 20000; i++) {
		snprintf(id, sizeof(id), "id-%d", i);
		assert_int_equal(open_call(calls, 0, id, &call), QOS_CALL_OPENED);
	}
	for (unsigned tick = 0; tick < 4; tick++)
		while ((call = qos_calls_expire(
				calls, 0, SETUP_S * S + S + tick * S / 10, false))) {
			qos_call_put(call);
			expired[tick]++;
		}
	assert_int_equal(expired[0], 8192);
	assert_int_equal(expired[1], 8192);
	assert_int_equal(expired[2], 20000 - 2 * 8192);
	assert_int_equal(expired[3], 0);
	assert_int_equal(qos_calls_count(calls), 0);
}

/* 20,000 calls a second that last a second and stay for 32 more: what opens expires in time. */
static void expiry_keeps_up_with_many_short_calls(void **state)
{
	enum {
		A_TICK = 2000,
		TICKS = 400,
	};
	struct qos_calls *calls;
	struct qos_call *call;
	unsigned expired = 0;

	qos_calls_destroy(*state);
	*state = calls = create_calls(A_TICK * 340, 0);
	for (unsigned tick = 0; tick < TICKS; tick++) {
		uint64_t now = 1000 * S + tick * (S / 10);

		for (unsigned i = 0; i < A_TICK; i++) {
			const struct line line = {BYE, "BYE", "b1"};
			char text[1024], id[24];
			struct sip_msg msg;

			snprintf(id, sizeof(id), "%u-%u", tick, i);
			msg = parse(text, sizeof(text), id, alice, &line);
			assert_int_equal(take_message(calls, 0, &msg, now, &call), QOS_CALL_OPENED);
		}
		while ((call = qos_calls_expire(calls, 0, now, false))) {
			assert_true(call->start_ns + TRANSACTION_S * S <= now);
			qos_call_put(call);
			expired++;
		}
		urcu_qsbr_quiescent_state();
	}
	assert_int_equal(expired, (TICKS - TRANSACTION_S * 10) * A_TICK);
}

/* Ends in a second after its limit, whatever packet time did before. */
static void time_that_leaps_makes_no_call_late(void **state)
{
	static const unsigned at_s[] = {100, 5000, 4990, 1000000, 200};
	struct qos_calls *calls = *state;
	struct qos_call *call;

	for (size_t i = 0; i < sizeof(at_s) / sizeof(at_s[0]); i++) {
		see(calls, at_s[i], INVITE, "INVITE", NULL);
		assert_null(qos_calls_expire(calls, 0, at_s[i] * S, false));
		assert_null(qos_calls_expire(calls, 0, (at_s[i] + SETUP_S - 1) * S, false));
		call = qos_calls_expire(calls, 0, (at_s[i] + SETUP_S) * S, false);
		assert_non_null(call);
		qos_call_put(call);
	}
}

static bool count_two(struct qos_call *call, void *arg)
{
	assert_non_null(call);
	return ++*(int *)arg < 2;
}

static void each_goes_on_until_told_to_stop(void **state)
{
	struct qos_calls *calls = *state;
	struct qos_call *call;
	int seen = 0;

	open_call(calls, 0, "a", &call);
	qos_calls_each(calls, count_two, &seen);
	assert_int_equal(seen, 1);
	open_call(calls, 0, "b", &call);
	open_call(calls, 1, "c", &call);
	seen = 0;
	qos_calls_each(calls, count_two, &seen);
	assert_int_equal(seen, 2);
}

static void long_call_ids_are_told_apart_by_their_end(void **state)
{
	struct qos_calls *calls = *state;
	struct qos_call *a, *b, *c;
	char id[400];

	memset(id, 'x', sizeof(id));
	id[399] = '\0';
	assert_int_equal(open_call(calls, 0, id, &a), QOS_CALL_OPENED);
	id[398] = 'y';
	assert_int_equal(open_call(calls, 0, id, &b), QOS_CALL_OPENED);
	assert_ptr_not_equal(a, b);
	assert_int_equal(open_call(calls, 1, id, &c), QOS_CALL_UPDATED);
	assert_ptr_equal(b, c);
	assert_int_equal(strlen(a->call_id), QOS_CALL_ID_MAX - 1);
	assert_string_equal(a->call_id, b->call_id);
	id[255] = '\0'; /* exactly as much as is stored of the others */
	assert_null(qos_call_find(calls, bytes_from_str(id)));
	assert_null(qos_call_find(calls, BYTES_NONE));
}

static void dead_call_cannot_be_held(void **state)
{
	struct qos_calls *calls = *state;
	struct qos_call *call, *taken;

	open_call(calls, 0, "a", &call);
	assert_true(qos_call_hold(call));
	taken = qos_calls_expire(calls, 0, 0, true);
	assert_ptr_equal(taken, call);
	qos_call_put(taken);
	assert_true(qos_call_hold(call));
	qos_call_put(call);
	qos_call_put(call);
	/* Readers may still look at it, until they are quiescent. */
	assert_false(qos_call_hold(call));
	assert_string_equal(call->call_id, "a");
}

static void refuses_senseless_options(void **state)
{
	struct qos_options options = {.max_calls = 0};
	struct qos_calls *calls = NULL;

	(void)state;
	assert_int_equal(qos_calls_create(&options, &seed, 1, &calls), -EINVAL);
	options.max_calls = 10;
	assert_int_equal(qos_calls_create(&options, &seed, 0, &calls), -EINVAL);
	assert_int_equal(qos_calls_create(&options, &seed, 65, &calls), -EINVAL);
	qos_calls_destroy(NULL);
}

/* Two workers that see the same few calls, more than there is room for, and expire their own. */
enum {
	RACE_IDS = 12,
	RACE_ROOM = 8,
	RACE_ROUNDS = 20000,
};

struct racer {
	struct qos_calls *calls;
	_Atomic uint64_t *clock_s;
	unsigned worker;
	bool is_wrong; /* assertions are for the main thread only */
	uint64_t opened, closed, refused;
};

static struct sip_msg race_message(char *text, size_t size, unsigned id, unsigned what)
{
	static const struct line lines[] = {
		{INVITE, "INVITE", NULL},
		{ANSWER(180), "INVITE", "b1"},
		{ANSWER(200), "INVITE", "b1"},
		{BYE, "BYE", "b1"},
	};
	char call_id[16];

	snprintf(call_id, sizeof(call_id), "race-%u", id);
	return parse(text, size, call_id, alice, &lines[what % 4]);
}

static void race_round(struct racer *r, unsigned random)
{
	uint64_t now = atomic_fetch_add(r->clock_s, 10) * S;
	struct qos_call *call;
	char text[1024];
	struct sip_msg msg = race_message(text, sizeof(text), random % RACE_IDS, random >> 8);

	switch (take_message(r->calls, r->worker, &msg, now, &call)) {
	case QOS_CALL_REFUSED:
		r->refused++;
		r->is_wrong |= call != NULL;
		break;
	case QOS_CALL_OPENED:
		r->opened++;
		r->is_wrong |= call->home != r->worker;
		/* fall through */
	default:
		r->is_wrong |= !bytes_eq(bytes_from_str(call->call_id), msg.call_id);
		if (qos_call_hold(call))
			qos_call_put(call);
	}
	while ((call = qos_calls_expire(r->calls, r->worker, now, false))) {
		r->closed++;
		r->is_wrong |= call->home != r->worker || atomic_load(&call->end_ns) == 0;
		qos_call_put(call);
	}
}

static void *race(void *arg)
{
	struct racer *r = arg;
	unsigned random = r->worker + 1;
	struct qos_call *call;

	urcu_qsbr_register_thread();
	for (int i = 0; i < RACE_ROUNDS; i++) {
		random = random * 1103515245 + 12345;
		race_round(r, random >> 4);
		urcu_qsbr_quiescent_state();
	}
	for (; (call = qos_calls_expire(r->calls, r->worker, 0, true)); r->closed++)
		qos_call_put(call);
	urcu_qsbr_unregister_thread();
	return NULL;
}

static void two_workers_agree_on_every_call(void **state)
{
	struct racer racers[2] = {0};
	_Atomic uint64_t clock_s = 1000;
	pthread_t threads[2];

	qos_calls_destroy(*state);
	*state = create_calls(RACE_ROOM, 0);
	urcu_qsbr_thread_offline();
	for (unsigned i = 0; i < 2; i++) {
		racers[i].calls = *state;
		racers[i].clock_s = &clock_s;
		racers[i].worker = i;
		assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	}
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	urcu_qsbr_thread_online();
	for (unsigned i = 0; i < 2; i++) {
		const struct qos_call_counters *c = qos_calls_counters(*state, i);

		assert_false(racers[i].is_wrong);
		assert_int_equal(racers[i].opened, racers[i].closed);
		assert_int_equal(atomic_load(&c->calls_opened), racers[i].opened);
		assert_int_equal(atomic_load(&c->calls_closed), racers[i].closed);
		assert_int_equal(atomic_load(&c->calls_refused), racers[i].refused);
	}
	assert_int_equal(qos_calls_count(*state), 0);
	assert_true(racers[0].opened + racers[1].opened > 500);
	assert_true(racers[0].refused + racers[1].refused > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(long_linger_keeps_ended_calls),
		CASE(a_call_id_that_comes_again_is_a_new_call),
		CASE(call_with_open_streams_does_not_expire),
		CASE(a_new_call_is_blank),
		CASE(drain_takes_every_call_as_it_is),
		CASE(full_table_refuses_and_counts),
		CASE(a_flood_makes_room_for_itself),
		CASE(a_flood_amid_calls_makes_room_for_itself),
		CASE(a_tick_looks_at_a_bounded_number),
		CASE(expiry_keeps_up_with_many_short_calls),
		CASE(time_that_leaps_makes_no_call_late),
		CASE(each_goes_on_until_told_to_stop),
		CASE(long_call_ids_are_told_apart_by_their_end),
		CASE(dead_call_cannot_be_held),
		CASE(refuses_senseless_options),
		CASE(two_workers_agree_on_every_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
