/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of media endpoints share: two calls, and a table that exists for one case. */
#ifndef QOS_MEDIA_CASE_H
#define QOS_MEDIA_CASE_H

#include "qos_call_message.h"
#include "qos_media.h"
#include "unit.h"

#define S 1000000000ull

static const struct pkt_seed seed = {{5, 6, 7, 8}};

struct world {
	struct qos_calls *calls;
	struct qos_medias *medias;
	struct qos_call *a, *b;
	struct qos_call_counters *counters;
};

static inline struct qos_call *open_call(struct qos_calls *calls, const char *call_id)
{
	struct sip_msg msg = {
		.is_request = true, .method = SIP_INVITE, .call_id = bytes_from_str(call_id)};
	struct qos_call *call;

	take_message(calls, 0, &msg, S, &call);
	assert_non_null(call);
	return call;
}

static inline void create_world(struct world *w, uint32_t max_media)
{
	const struct qos_options options = {.max_calls = 10,
		.max_media = max_media,
		.setup_timeout_ns = 60 * S,
		.call_timeout_ns = 60 * S};

	assert_int_equal(qos_calls_create(&options, &seed, 1, &w->calls), 0);
	assert_int_equal(qos_medias_create(&options, &seed, &w->medias), 0);
	w->a = open_call(w->calls, "a");
	w->b = open_call(w->calls, "b");
	w->counters = qos_calls_counters(w->calls, 0);
}

static inline void destroy_world(struct world *w)
{
	qos_medias_destroy(w->medias);
	qos_calls_destroy(w->calls);
}

static inline int setup_world(void **state, uint32_t max_media)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	urcu_qsbr_register_thread();
	create_world(w, max_media);
	*state = w;
	return 0;
}

static inline int teardown_world(void **state)
{
	destroy_world(*state);
	urcu_qsbr_unregister_thread();
	free(*state);
	return 0;
}

/* 192.0.2.x */
static inline struct pkt_addr ip(uint8_t x)
{
	return (struct pkt_addr){{192, 0, 2, x}};
}

#endif
