/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of calls share: a table that exists for one case, and SIP messages of call "c1"
 * from Alice to Bob, made from what differs. */
#ifndef QOS_CALL_CASE_H
#define QOS_CALL_CASE_H

#include <stdatomic.h>
#include <stdio.h>

#include "qos_call_message.h"
#include "unit.h"

#define S 1000000000ull

enum {
	SETUP_S = 180,
	CALL_S = 3600,
	TRANSACTION_S = 32,
};

static const struct pkt_seed seed = {{1, 2, 3, 4}};

/* What a message is besides its start line and CSeq method. */
struct line {
	const char *start;
	const char *method;
	const char *to_tag;
};

static inline struct qos_calls *create_calls(uint32_t max_calls, uint64_t linger_ns)
{
	const struct qos_options options = {
		.bye_linger_ns = linger_ns,
		.call_timeout_ns = CALL_S * S,
		.setup_timeout_ns = SETUP_S * S,
		.max_calls = max_calls,
	};
	struct qos_calls *calls;

	assert_int_equal(qos_calls_create(&options, &seed, 2, &calls), 0);
	return calls;
}

static inline int setup(void **state)
{
	urcu_qsbr_register_thread();
	*state = create_calls(100, 0);
	return 0;
}

static inline int teardown(void **state)
{
	qos_calls_destroy(*state);
	urcu_qsbr_unregister_thread();
	return 0;
}

/* Of a transaction after so many others. */
static inline struct sip_msg parse_after(unsigned transactions, char *text, size_t size,
	const char *call_id, const char *from, const struct line *line)
{
	struct sip_msg msg;
	int n = snprintf(text, size,
		"%s\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK%u\r\n"
		"From: %s\r\nTo: <sip:bob@b.example>%s%s\r\nCall-ID: %s\r\nCSeq: 1 %s\r\n\r\n",
		line->start, transactions + 1, from, line->to_tag ? ";tag=" : "",
		line->to_tag ? line->to_tag : "", call_id, line->method);

	assert_true(n > 0 && (size_t)n < size);
	assert_int_equal(sip_msg_parse(bytes_of(text, (size_t)n), &msg), SIP_OK);
	return msg;
}

static inline struct sip_msg parse(
	char *text, size_t size, const char *call_id, const char *from, const struct line *line)
{
	return parse_after(0, text, size, call_id, from, line);
}

static const char alice[] = "<sip:alice@a.example>;tag=a1";

/* worker 0 sees one message of call "c1" at so many seconds, of a transaction after so many
 * others. */
static inline enum qos_call_change see_after(struct qos_calls *calls, unsigned transactions,
	uint64_t at_s, const char *start, const char *method, const char *to_tag)
{
	const struct line line = {start, method, to_tag};
	char text[1024];
	struct sip_msg msg = parse_after(transactions, text, sizeof(text), "c1", alice, &line);
	struct qos_call *call;

	return take_message(calls, 0, &msg, at_s * S, &call);
}

static inline enum qos_call_change see(struct qos_calls *calls, uint64_t at_s, const char *start,
	const char *method, const char *to_tag)
{
	return see_after(calls, 0, at_s, start, method, to_tag);
}

#define INVITE	     "INVITE sip:bob@b.example SIP/2.0"
#define ACK	     "ACK sip:bob@b.example SIP/2.0"
#define BYE	     "BYE sip:bob@b.example SIP/2.0"
#define CANCEL	     "CANCEL sip:bob@b.example SIP/2.0"
#define OPTIONS	     "OPTIONS sip:bob@b.example SIP/2.0"
#define REGISTER     "REGISTER sip:b.example SIP/2.0"
#define UPDATE	     "UPDATE sip:bob@b.example SIP/2.0"
#define ANSWER(code) "SIP/2.0 " #code " x"

static inline struct qos_call *the_call(struct qos_calls *calls)
{
	struct qos_call *call = qos_call_find(calls, BYTES_LIT("c1"));

	assert_non_null(call);
	return call;
}

static inline uint64_t end_s(struct qos_call *call)
{
	return atomic_load(&call->end_ns) / S;
}

static inline void assert_state(struct qos_calls *calls, enum qos_call_state want, unsigned code)
{
	struct qos_call *call = the_call(calls);

	assert_string_equal(qos_call_state_name(call->state), qos_call_state_name(want));
	assert_int_equal(call->code, code);
}

/* Expires worker 0's only call at so many seconds, and not a second before. */
static inline void assert_expires(struct qos_calls *calls, uint64_t at_s, enum qos_call_state want)
{
	struct qos_call *call;

	assert_null(qos_calls_expire(calls, 0, (at_s - 1) * S, false));
	call = qos_calls_expire(calls, 0, at_s * S, false);
	assert_non_null(call);
	assert_string_equal(qos_call_state_name(call->state), qos_call_state_name(want));
	assert_null(qos_calls_expire(calls, 0, at_s * S, false));
	assert_null(qos_call_find(calls, BYTES_LIT("c1")));
	assert_int_equal(qos_calls_count(calls), 0);
	qos_call_put(call);
}

/* The capture ends with worker 0's only call, whose last message was at so many seconds. */
static inline void assert_ends_failed(struct qos_calls *calls, uint64_t last_s, unsigned code)
{
	struct qos_call *call = qos_calls_expire(calls, 0, (last_s + 1) * S, true);

	assert_non_null(call);
	assert_string_equal(qos_call_state_name(call->state), qos_call_state_name(QOS_CALL_FAILED));
	assert_int_equal(call->code, code);
	assert_int_equal(end_s(call), last_s);
	qos_call_put(call);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
