/* SPDX-License-Identifier: BSD-3-Clause */
/* SIP over WebSocket: a stream of messages, masked, in fragments, with control frames between, compressed or
 * not, as the input says, comes out message by message, each once and whole, however the stream is cut into
 * segments and whatever their order. And of any octets at all: what is said of a front keeps within it. */
#include <sys/mman.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

#include "sip_tcp.h"
#include "sip_ws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	FLOWS = 4,
	MESSAGES = 4,
	TEXT_ROOM = 256,
	ROOM = 4096,
	STEP_BYTES = 3,
	STEPS_MAX = 12, /* no more holes than there is room to remember */
};

struct stream {
	char texts[MESSAGES][TEXT_ROOM];
	unsigned seen[MESSAGES];
	uint8_t b[ROOM];
	size_t n;
	z_stream z;
};

static const char handshake[] =
	"GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sip\r\n\r\n";

static void check(bool ok)
{
	if (!ok)
		abort();
}

static uint8_t take_octet(struct bytes *in)
{
	uint8_t octet = in->n ? in->p[0] : 0;

	*in = bytes_skip(*in, 1);
	return octet;
}

static void put_frame(struct stream *s, uint8_t first, uint8_t mask, struct bytes payload)
{
	uint8_t *p = s->b + s->n;

	check(s->n + payload.n + 8 <= ROOM);
	*p++ = first;
	*p++ = (uint8_t)((mask ? 0x80 : 0) | (payload.n < 126 ? payload.n : 126));
	if (payload.n >= 126) {
		*p++ = (uint8_t)(payload.n >> 8);
		*p++ = (uint8_t)payload.n;
	}
	if (mask) {
		memset(p, mask, 4);
		p += 4;
	}
	for (size_t i = 0; i < payload.n; i++)
		*p++ = payload.p[i] ^ mask;
	s->n = (size_t)(p - s->b);
}

static struct bytes compress_message(struct stream *s, struct bytes text, uint8_t *out)
{
	s->z.next_in = text.p;
	s->z.avail_in = (unsigned)text.n;
	s->z.next_out = out;
	s->z.avail_out = TEXT_ROOM * 2;
	check(deflate(&s->z, Z_SYNC_FLUSH) == Z_OK);
	return bytes_of(out, TEXT_ROOM * 2 - s->z.avail_out - 4);
}

/* How: bits 0 mask, 1 compressed, 2 a ping before each fragment, 3 and up octets of a fragment. */
static void put_message(struct stream *s, struct bytes text, uint8_t how)
{
	uint8_t packed[TEXT_ROOM * 2], mask = how & 1 ? how | 0x40 : 0, first = 1;
	size_t size = how >> 3 ? (size_t)(how >> 3) * 8 : SIZE_MAX;

	if (how & 2) {
		text = compress_message(s, text, packed);
		first |= 0x40;
	}
	do {
		struct bytes part = bytes_head(text, size);

		text = bytes_skip(text, part.n);
		if (how & 4)
			put_frame(s, 0x89, mask, BYTES_LIT("ping"));
		put_frame(s, first | (text.n ? 0 : 0x80), mask, part);
		first = 0;
	} while (text.n);
}

static void write_stream(struct stream *s, struct bytes *in)
{
	memcpy(s->b, handshake, sizeof(handshake) - 1);
	s->n = sizeof(handshake) - 1;
	check(deflateInit2(&s->z, 6, Z_DEFLATED, -15, 1, Z_DEFAULT_STRATEGY) == Z_OK);
	for (unsigned i = 0; i < MESSAGES; i++) {
		int n = snprintf(s->texts[i], TEXT_ROOM, "INFO sip:%u SIP/2.0\r\nVia: %.*s\r\n\r\n",
			i, (int)(i * 40),
			"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"
			"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");

		put_message(s, bytes_of(s->texts[i], (size_t)n), take_octet(in));
	}
	deflateEnd(&s->z);
}

static void on_message(void *arg, const struct pkt_view *view, uint64_t now_ns)
{
	struct stream *s = arg;

	(void)now_ns;
	for (unsigned i = 0; i < MESSAGES; i++)
		if (bytes_eq(view->payload, bytes_from_str(s->texts[i]))) {
			check(s->seen[i]++ == 0);
			return;
		}
	check(false);
}

static void take(struct sip_tcp *tcp, struct stream *s, size_t from, size_t to)
{
	struct pkt_view view = {
		.flow = {.family = 4, .proto = PKT_TCP, .sport = 8080},
		.payload = bytes_of(s->b + from, to - from),
		.payload_wire = (uint32_t)(to - from),
		.tcp_seq = (uint32_t)from - 300,
	};

	check(sip_tcp_take(tcp, &view, false, 1000, on_message, s) != SIP_TCP_OTHER);
}

static void run(struct sip_tcp *tcp, struct stream *s, struct bytes in)
{
	write_stream(s, &in);
	take(tcp, s, 0, sizeof(handshake) - 1); /* finds the connection */
	for (unsigned i = 0; i < STEPS_MAX && in.n >= STEP_BYTES; i++) {
		size_t from = be16(in.p) % s->n;

		take(tcp, s, from, from + 1 + in.p[2] % (s->n - from));
		in = bytes_skip(in, STEP_BYTES);
	}
	take(tcp, s, 0, s->n);
	for (unsigned i = 0; i < MESSAGES; i++)
		check(s->seen[i] == 1);
}

/* Of any octets. */
static void look(struct bytes in)
{
	struct sip_ws_message message = {0};
	enum sip_frame_kind kind = sip_ws_next(in, &message);
	uint8_t *out = malloc(in.n + 1);
	size_t found = sip_ws_find(in), n;

	check(out);
	check(found <= in.n && (found || !in.n));
	n = sip_ws_payload(in, out);
	check(n <= in.n);
	if (kind == SIP_FRAME_WHOLE) {
		check(message.n <= in.n && message.payload_n <= message.n);
		check(!message.payload_n ||
			sip_ws_payload(bytes_head(in, message.n), out) == message.payload_n);
	}
	(void)sip_ws_begins(in);
	free(out);
}

static void on_anything(void *arg, const struct pkt_view *view, uint64_t now_ns)
{
	(void)arg;
	(void)now_ns;
	check(view->payload.n <= SIP_TCP_MESSAGE_MAX);
}

/* Any octets in a connection. */
static void take_any(struct sip_tcp *tcp, struct stream *s, struct bytes in)
{
	struct pkt_view view = {.flow = {.family = 4, .proto = PKT_TCP, .sport = 8080},
		.tcp_seq = (uint32_t)s->n - 300};

	while (in.n) {
		view.payload = bytes_head(in, 1 + in.p[0]);
		view.payload_wire = (uint32_t)view.payload.n + (in.p[0] == 7);
		sip_tcp_take(tcp, &view, false, 1000, on_anything, NULL);
		view.tcp_seq += view.payload_wire;
		in = bytes_skip(in, view.payload.n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct pkt_seed seed = {.k = {1, 2, 3, 4}};
	size_t bytes = sip_tcp_memory(FLOWS);
	static struct stream s;
	struct sip_tcp tcp;
	void *memory;

	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(memory != MAP_FAILED);
	sip_tcp_init(&tcp, memory, FLOWS, &seed);
	s = (struct stream){.n = 0};
	look(bytes_of(data, size));
	run(&tcp, &s, bytes_of(data, size));
	take_any(&tcp, &s, bytes_of(data, size));
	munmap(memory, bytes);
	return 0;
}
