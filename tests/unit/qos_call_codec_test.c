/* SPDX-License-Identifier: BSD-3-Clause */
/* The codec of a call: of the stream that was heard first, whichever worker says so first. */
#include "qos_call_case.h"
#include "qos_codec.h"

static const char pcma[QOS_CODEC_NAME_MAX] = "pcma";
static const char longest[QOS_CODEC_NAME_MAX] = "telephone-event-of-them";

static struct qos_call *begin(struct qos_calls *calls)
{
	see(calls, 1, INVITE, "INVITE", NULL);
	assert_string_equal(qos_call_codec(the_call(calls)), "");
	return the_call(calls);
}

/* A stream says what its codec is; want: the call's then. */
static void say(struct qos_call *call, unsigned party, uint64_t first_ns, uint32_t ssrc,
	const char *name, const char *want)
{
	qos_call_note_codec(call, party, first_ns, ssrc, name);
	assert_string_equal(qos_call_codec(call), want);
}

static void that_of_the_stream_heard_first_counts(void **state)
{
	struct qos_call *call = begin(*state);

	say(call, 0, 20, 7, longest, longest);
	say(call, 0, 21, 6, pcma, longest);
	say(call, 0, 19, 8, pcma, pcma);
	say(call, 0, 20, 7, longest, pcma);
}

static void of_two_heard_at_once_the_callers_counts(void **state)
{
	struct qos_call *call = begin(*state);

	say(call, 1, 20, 7, longest, longest);
	say(call, 0, 21, 7, pcma, longest);
	say(call, 0, 20, 7, pcma, pcma);
	say(call, 1, 20, 6, longest, pcma);
}

static void of_two_of_one_side_at_once_the_lower_ssrc_counts(void **state)
{
	struct qos_call *call = begin(*state);

	say(call, 0, 20, 7, longest, longest);
	say(call, 0, 20, 8, pcma, longest);
	say(call, 0, 20, 6, pcma, pcma);
}

/* It may change its codec later. */
static void what_a_stream_said_first_stays(void **state)
{
	struct qos_call *call = begin(*state);

	say(call, 0, 0, 7, pcma, pcma);
	say(call, 0, 0, 7, longest, pcma);
}

enum {
	RACE_ROUNDS = 20000,
	WRITERS = 2,
};

static struct qos_call race_calls[RACE_ROUNDS];

/* Each with the same streams, in another order. */
static void *write_names(void *arg)
{
	unsigned writer = *(unsigned *)arg;

	for (unsigned i = 0; i < RACE_ROUNDS; i++)
		for (unsigned n = 0; n < 4; n++) {
			unsigned stream = writer ? n : 3 - n;

			qos_call_note_codec(&race_calls[i], stream & 1, 10 + stream / 2, 7,
				stream ? longest : pcma);
		}
	return NULL;
}

static void the_order_in_which_workers_say_so_is_all_one(void **state)
{
	unsigned writers[WRITERS] = {0, 1}, wrong = 0;
	pthread_t threads[WRITERS];

	(void)state;
	for (unsigned i = 0; i < RACE_ROUNDS; i++)
		pthread_spin_init(&race_calls[i].lock, PTHREAD_PROCESS_PRIVATE);
	for (unsigned i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_names, &writers[i]), 0);
	for (unsigned i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (unsigned i = 0; i < RACE_ROUNDS; i++)
		wrong += memcmp(qos_call_codec(&race_calls[i]), pcma, sizeof(pcma)) != 0;
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(that_of_the_stream_heard_first_counts),
		CASE(of_two_heard_at_once_the_callers_counts),
		CASE(of_two_of_one_side_at_once_the_lower_ssrc_counts),
		CASE(what_a_stream_said_first_stays),
		cmocka_unit_test(the_order_in_which_workers_say_so_is_all_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
