/* SPDX-License-Identifier: BSD-3-Clause */
/* A stream of SIP over TCP, of which tests take segments in any order, and what came out of it. */
#ifndef SIP_TCP_CASE_H
#define SIP_TCP_CASE_H

#include <stdio.h>

#include "sip_tcp.h"
#include "unit.h"

enum {
	FLOWS = 16,
	MESSAGES = 6,
	ROOM = 4096,
};

#define SECOND ((uint64_t)1000000000)

struct rig {
	struct sip_tcp tcp;
	void *memory;
	uint64_t now_ns;
	uint32_t seq; /* of the stream's first octet */
	char stream[ROOM];
	size_t starts[MESSAGES + 1];
	unsigned seen[MESSAGES]; /* how often a message came out */
	unsigned others; /* messages that are none of these */
};

/* Different lengths, a body in every other one; keep-alives between some. */
static inline void write_stream(struct rig *rig)
{
	size_t n = 0;

	for (unsigned i = 0; i < MESSAGES; i++) {
		const char *body = i & 1 ? "v=0\r\n\r\no=INVITE sip:x SIP/2.0 \r\n" : "";

		rig->starts[i] = n;
		n += (size_t)snprintf(rig->stream + n, ROOM - n,
			"INVITE sip:%u@example.com SIP/2.0\r\nVia: %.*s\r\nCall-ID: %u\r\n"
			"CSeq: 1 INVITE\r\nContent-Length: %zu\r\n\r\n%s%s",
			i, (int)(i * 7), "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", i,
			strlen(body), body, i == 2 ? "\r\n\r\n" : "");
	}
	rig->starts[MESSAGES] = n;
}

static inline int setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	rig->memory = zeroed(sip_tcp_memory(FLOWS));
	sip_tcp_init(&rig->tcp, rig->memory, FLOWS, &(struct pkt_seed){.k = {1, 2, 3, 4}});
	rig->now_ns = 1000000 * SECOND;
	rig->seq = UINT32_MAX - 300; /* wraps within the stream */
	write_stream(rig);
	*state = rig;
	return 0;
}

static inline int teardown(void **state)
{
	struct rig *rig = *state;

	free(rig->memory);
	free(rig);
	return 0;
}

static inline void on_message(void *arg, const struct pkt_view *view, uint64_t now_ns)
{
	struct rig *rig = arg;

	assert_true(now_ns <= rig->now_ns && rig->now_ns - now_ns <= 2 * SIP_TCP_HOLE_NS);
	assert_int_equal(view->flow.sport, 5060);
	for (unsigned i = 0; i < MESSAGES; i++) {
		size_t n = rig->starts[i + 1] - rig->starts[i] - (i == 2 ? 4 : 0);

		if (view->payload.n == n &&
			memcmp(view->payload.p, rig->stream + rig->starts[i], n) == 0) {
			rig->seen[i]++;
			return;
		}
	}
	rig->others++;
}

/* Octets from up to to of the stream, sport tells the connection. */
static inline enum sip_tcp_result take_of(struct rig *rig, size_t from, size_t to, bool begins_sip)
{
	uint8_t *copy = guarded_copy(rig->stream + from, to - from);
	struct pkt_view view = {
		.flow = {.family = 4, .proto = PKT_TCP, .sport = 5060, .dport = 40000},
		.payload = bytes_of(copy, to - from),
		.payload_wire = (uint32_t)(to - from),
		.tcp_seq = rig->seq + (uint32_t)from,
	};
	enum sip_tcp_result result =
		sip_tcp_take(&rig->tcp, &view, begins_sip, rig->now_ns, on_message, rig);

	guarded_free(copy, to - from);
	return result;
}

static inline bool is_start(const struct rig *rig, size_t from)
{
	for (unsigned i = 0; i < MESSAGES; i++)
		if (from == rig->starts[i])
			return true;
	return false;
}

static inline enum sip_tcp_result take(struct rig *rig, size_t from, size_t to)
{
	return take_of(rig, from, to, is_start(rig, from));
}

static inline void tick(struct rig *rig, uint64_t later_ns, bool drain)
{
	rig->now_ns += later_ns;
	sip_tcp_tick(&rig->tcp, rig->now_ns, drain, on_message, rig);
}

/* Bit i of mask: message i came out, once. */
static inline void expect_messages(const struct rig *rig, unsigned mask)
{
	for (unsigned i = 0; i < MESSAGES; i++)
		assert_int_equal(rig->seen[i], mask >> i & 1);
	assert_int_equal(rig->others, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
