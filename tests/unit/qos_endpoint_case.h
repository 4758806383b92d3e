/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of described endpoints share: audio lines, who publishes them, and what is found then. */
#ifndef QOS_ENDPOINT_CASE_H
#define QOS_ENDPOINT_CASE_H

#include "qos_media_case.h"

static inline int setup(void **state)
{
	return setup_world(state, 300);
}

/* An audio line at 192.0.2.x with PCMA and telephone-event. */
static inline struct sdp_media audio(uint8_t x, uint16_t port)
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

static inline void publish(
	struct world *w, struct qos_call *call, unsigned party, struct sdp_media media)
{
	struct sdp_session session = {.media_count = 1, .media = {media}};

	qos_media_publish(w->medias, call, party, &session, 0, w->counters);
}

static inline const struct qos_media *find(struct world *w, uint8_t x, uint16_t port)
{
	struct qos_media_key key = {ip(x), 0, port, 4};

	return qos_media_find(w->medias, &key);
}

static inline uint64_t published(struct world *w)
{
	return atomic_load(&w->counters->media_published);
}

static inline uint32_t refs(struct qos_call *call)
{
	return atomic_load(&call->refs);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown_world)

#endif
