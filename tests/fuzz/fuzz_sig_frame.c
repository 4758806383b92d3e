/* SPDX-License-Identifier: BSD-3-Clause */
/* Diameter, Megaco and syslog over TCP: each message of a stream comes out once and whole, however it is cut into
 * segments, whatever their order, and whichever come twice. The first octet says which protocol, the next ones how long
 * the messages are and what is in them; then three octets a segment: where it begins, where it ends. What has not come
 * when the input ends comes then. And the input by itself, as such a stream, gives nothing that is not in it. */
#include <stdio.h>
#include <string.h>

#include "fuzz_tcp.h"
#include "sip_ws.h"

enum {
	FLOWS = 4,
	MESSAGES = 5,
	ROOM = 2048,
	BODY_MAX = 255,
	STEP_BYTES = 3,
	STEPS_MAX = 11,
};

enum way {
	DIAMETER = 0,
	MEGACO,
	SYSLOG_COUNT,
	SYSLOG_LINE,
	WAYS,
};

struct stream {
	uint8_t octets[ROOM];
	size_t n;
	struct bytes messages[MESSAGES];
	unsigned seen[MESSAGES];
	bool is_made;
	size_t given;
};

static void put(struct stream *s, const void *p, size_t n)
{
	memcpy(s->octets + s->n, p, n);
	s->n += n;
}

/* Behind a head in front of it, which is of the message or not. */
static struct bytes write_message(struct stream *s, enum way way, struct bytes body)
{
	size_t start = s->n, n = body.n;
	char count[16];

	if (way == DIAMETER) {
		uint8_t head[20] = {1, 0, 0, 0, 0x80, 0, 1, 47, 1};

		n &= ~(size_t)3;
		head[2] = (uint8_t)((n + 20) >> 8);
		head[3] = (uint8_t)(n + 20);
		put(s, head, sizeof(head));
	} else if (way == MEGACO) {
		uint8_t head[4] = {3, 0, (uint8_t)((n + 8) >> 8), (uint8_t)(n + 8)};

		put(s, head, sizeof(head));
		start = s->n;
		put(s, "!/1 ", 4);
	} else {
		if (way == SYSLOG_COUNT)
			put(s, count, (size_t)snprintf(count, sizeof(count), "%zu ", n + 4));
		start = s->n;
		put(s, "<13>", 4);
	}
	put(s, body.p, n);
	return bytes_of(s->octets + start, s->n - start);
}

static struct bytes write_stream(struct stream *s, enum way way, struct bytes in)
{
	static const char *const ends[] = {"\r\n", "\n", "\0"};

	for (unsigned i = 0; i < MESSAGES; i++) {
		struct bytes body = bytes_head(bytes_skip(in, 1), in.n ? in.p[0] : 0);
		size_t start;

		in = bytes_skip(in, 1 + body.n);
		start = s->n;
		s->messages[i] = write_message(s, way, body);
		if (way != SYSLOG_LINE)
			continue;
		for (size_t k = start; k < s->n; k++)
			if (s->octets[k] == '\n' || s->octets[k] == '\r' || !s->octets[k])
				s->octets[k] = ' ';
		put(s, ends[i % 3], i % 3 == 0 ? 2 : 1);
	}
	return in;
}

static void on_message(void *arg, const struct pkt_view *view, uint64_t now_ns)
{
	struct stream *s = arg;

	(void)now_ns;
	s->given += view->payload.n;
	if (!s->is_made)
		return;
	/* Messages may be the same as each other, so they come in their order or behind a hole. */
	for (unsigned i = 0; i < MESSAGES; i++)
		if (!s->seen[i] && bytes_eq(view->payload, s->messages[i])) {
			s->seen[i] = 1;
			return;
		}
	check(false);
}

static void take(
	struct sip_tcp *tcp, struct stream *s, enum sip_tcp_kind kind, size_t from, size_t to)
{
	struct pkt_view view = {
		.flow = {.family = 4, .proto = PKT_TCP, .sport = s->is_made},
		.payload = bytes_of(s->octets + from, to - from),
		.payload_wire = (uint32_t)(to - from),
		.tcp_seq = (uint32_t)from - 300,
	};

	check(sip_tcp_take(tcp, &view, kind, 1000, on_message, s) != SIP_TCP_OTHER);
	check(tcp->kind == kind);
}

static void run(struct sip_tcp *tcp, struct bytes in)
{
	static const enum sip_tcp_kind kinds[WAYS] = {SIP_TCP_ALSO + SIG_DIAMETER,
		SIP_TCP_ALSO + SIG_MEGACO, SIP_TCP_ALSO + SIG_SYSLOG, SIP_TCP_ALSO + SIG_SYSLOG};
	struct stream s = {.is_made = true}, raw = {.is_made = false};
	enum way way = in.p[0] % WAYS;
	unsigned steps = 0;

	in = write_stream(&s, way, bytes_skip(in, 1));
	take(tcp, &s, kinds[way], 0, 1); /* finds the connection */
	for (; in.n >= STEP_BYTES && steps < STEPS_MAX; in = bytes_skip(in, STEP_BYTES), steps++) {
		size_t from = be16(in.p) % s.n;

		take(tcp, &s, kinds[way], from, from + 1 + in.p[2] % (s.n - from));
	}
	take(tcp, &s, kinds[way], 0, s.n);
	for (unsigned i = 0; i < MESSAGES; i++)
		check(s.seen[i] == 1);
	/* Anything at all, but SIP over WebSocket, which is looked for everywhere. */
	raw.n = in.n < ROOM ? in.n : ROOM;
	if (raw.n && !sip_ws_begins(bytes_of(in.p, raw.n))) {
		memcpy(raw.octets, in.p, raw.n);
		take(tcp, &raw, kinds[way], 0, raw.n);
		sip_tcp_tick(tcp, 1001, true, on_message, &raw);
		check(raw.given <= raw.n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_tcp(data, size, FLOWS, run);
}
