/* SPDX-License-Identifier: BSD-3-Clause */
/* The codec of a call: of the first stream that has one, and whole or not there. */
#include <sched.h>

#include "qos_call_case.h"
#include "qos_codec.h"

static const char pcma[QOS_CODEC_NAME_MAX] = "pcma";
static const char longest[QOS_CODEC_NAME_MAX] = "telephone-event-of-them";

static void the_first_one_counts(void **state)
{
	struct qos_call *call;

	see(*state, 1, INVITE, "INVITE", NULL);
	call = the_call(*state);
	assert_string_equal(qos_call_codec(call), "");
	qos_call_note_codec(call, longest);
	assert_string_equal(qos_call_codec(call), longest);
	qos_call_note_codec(call, pcma);
	assert_string_equal(qos_call_codec(call), longest);
}

/* Another worker is at it. */
static void half_a_name_is_none(void **state)
{
	struct qos_call *call;

	see(*state, 1, INVITE, "INVITE", NULL);
	call = the_call(*state);
	atomic_store(&call->codec_state, QOS_CALL_CODEC_COMES);
	memcpy(call->codec, longest, sizeof(longest) / 2);
	assert_string_equal(qos_call_codec(call), "");
	qos_call_note_codec(call, pcma);
	assert_string_equal(qos_call_codec(call), "");
	assert_memory_equal(call->codec, longest, sizeof(longest) / 2);
}

enum {
	RACE_ROUNDS = 20000,
	WRITERS = 2,
};

static struct qos_call race_calls[RACE_ROUNDS];

static void *write_names(void *arg)
{
	unsigned writer = *(unsigned *)arg;

	for (unsigned i = 0; i < RACE_ROUNDS; i++)
		qos_call_note_codec(&race_calls[i], writer ? longest : pcma);
	return NULL;
}

static void who_reads_meanwhile_finds_a_whole_name(void **state)
{
	unsigned writers[WRITERS] = {0, 1}, wrong = 0;
	pthread_t threads[WRITERS];

	(void)state;
	for (unsigned i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_names, &writers[i]), 0);
	for (unsigned i = 0; i < RACE_ROUNDS; i++) {
		const char *name;

		while (!*(name = qos_call_codec(&race_calls[i])))
			sched_yield();
		wrong += memcmp(name, pcma, sizeof(pcma)) && memcmp(name, longest, sizeof(longest));
	}
	for (unsigned i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_first_one_counts),
		CASE(half_a_name_is_none),
		cmocka_unit_test(who_reads_meanwhile_finds_a_whole_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
