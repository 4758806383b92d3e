/* SPDX-License-Identifier: BSD-3-Clause */
/* SIP over TCP: a stream of messages comes out message by message, each once and whole, however it is cut
 * into segments, whatever their order, and whichever come twice. Three octets a segment: where it begins,
 * where it ends. What has not come when the input ends comes then. The input's first octet says whether
 * segments of any content come in between, on a connection of their own. */
#include <stdio.h>
#include <string.h>

#include "fuzz_tcp.h"

enum {
	FLOWS = 4,
	MESSAGES = 5,
	ROOM = 1024,
	STEP_BYTES = 3,
	NOISE_MAX = 64,
};

struct stream {
	char text[ROOM];
	size_t starts[MESSAGES + 1];
	unsigned seen[MESSAGES];
};

static void write_stream(struct stream *s)
{
	size_t n = 0;

	for (unsigned i = 0; i < MESSAGES; i++) {
		const char *body = i & 1 ? "\r\n\r\nSIP/2.0 200 OK\r\n" : "";

		s->starts[i] = n;
		n += (size_t)snprintf(s->text + n, ROOM - n,
			"INFO sip:%u SIP/2.0\r\nCall-ID: %u\r\nCSeq: 1 INFO\r\n%s: %zu\r\n\r\n%s",
			i, i, i & 2 ? "l" : "Content-Length", strlen(body), body);
	}
	s->starts[MESSAGES] = n;
}

static void on_message(void *arg, const struct pkt_view *view, uint64_t now_ns)
{
	struct stream *s = arg;

	(void)now_ns;
	if (view->flow.sport != 5060)
		return; /* noise */
	for (unsigned i = 0; i < MESSAGES; i++)
		if (view->payload.n == s->starts[i + 1] - s->starts[i] &&
			memcmp(view->payload.p, s->text + s->starts[i], view->payload.n) == 0) {
			check(s->seen[i]++ == 0);
			return;
		}
	check(false);
}

static void take(struct sip_tcp *tcp, struct stream *s, size_t from, size_t to)
{
	struct pkt_view view = {
		.flow = {.family = 4, .proto = PKT_TCP, .sport = 5060},
		.payload = bytes_of(s->text + from, to - from),
		.payload_wire = (uint32_t)(to - from),
		.tcp_seq = (uint32_t)from - 300,
	};

	check(sip_tcp_take(tcp, &view, true, 1000, on_message, s) != SIP_TCP_OTHER);
}

static void take_noise(struct sip_tcp *tcp, struct stream *s, struct bytes in)
{
	struct pkt_view view = {
		.flow = {.family = 4, .proto = PKT_TCP, .sport = in.p[0] & 1},
		.payload = bytes_head(in, NOISE_MAX),
		.tcp_seq = be16(in.p + 1) * (in.p[0] & 2 ? 1u : 64u),
	};

	view.payload_wire = (uint32_t)view.payload.n + (in.p[0] >> 2 & 1);
	sip_tcp_take(tcp, &view, in.p[0] >> 3 & 1, 1000, on_message, s);
}

static void run(struct sip_tcp *tcp, struct bytes in)
{
	struct stream s = {.text = ""};
	bool is_noisy = in.p[0] & 1;
	size_t n;

	write_stream(&s);
	n = s.starts[MESSAGES];
	take(tcp, &s, 0, 1); /* finds the connection */
	for (in = bytes_skip(in, 1); in.n >= STEP_BYTES; in = bytes_skip(in, STEP_BYTES)) {
		size_t from = be16(in.p) % n;
		size_t to = from + 1 + in.p[2] % (n - from);

		/* No more holes than there is room to remember. */
		if (in.n < STEP_BYTES * 12)
			take(tcp, &s, from, to);
		if (is_noisy)
			take_noise(tcp, &s, in);
	}
	take(tcp, &s, 0, n);
	for (unsigned i = 0; i < MESSAGES; i++)
		check(s.seen[i] == 1);
	sip_tcp_tick(tcp, 1001, true, on_message, &s);
	for (unsigned i = 0; i < MESSAGES; i++)
		check(s.seen[i] == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_tcp(data, size, FLOWS, run);
}
