/* SPDX-License-Identifier: BSD-3-Clause */
/* Frame headers, handshakes and the frames of a message. */
#include "sip_ws.h"

enum {
	CONTINUATION = 0,
	TEXT = 1,
	BINARY = 2,
	CLOSE = 8,
	PONG = 10,
	FIN = 0x80,
	RSV1 = 0x40, /* of the first frame: the message is compressed, RFC 7692 section 6 */
	RSV = 0x70,
	MASKED = 0x80,
	MASK_BYTES = 4,
	CONTROL_MAX = 125,
	LENGTH_16 = 126,
	LENGTH_64 = 127,
	PROOF = 16, /* octets of a payload that are looked at for SIP */
};

/* RFC 6455 section 5.2 */
struct ws_frame {
	uint8_t opcode;
	bool is_last, is_compressed, is_masked;
	uint8_t mask[MASK_BYTES];
	size_t head_n;
	uint64_t n; /* octets of its payload */
};

static bool is_control(const struct ws_frame *f)
{
	return f->opcode & 8;
}

static bool has_known_flags(uint8_t first)
{
	uint8_t opcode = first & 15, rsv = first & RSV;

	if (opcode >= CLOSE)
		return opcode <= PONG && first & FIN && !rsv;
	return opcode <= BINARY && (!rsv || (rsv == RSV1 && opcode != CONTINUATION));
}

/* Lengths have the shortest form that holds them. */
static bool read_length(struct bytes in, struct ws_frame *f)
{
	uint8_t length = in.p[1] & ~MASKED;

	f->n = length;
	f->head_n = 2;
	if (length == LENGTH_16) {
		f->n = be16(in.p + 2);
		f->head_n = 4;
		return f->n >= LENGTH_16;
	}
	if (length == LENGTH_64) {
		f->n = be64(in.p + 2);
		f->head_n = 10;
		return f->n > UINT16_MAX && f->n <= INT64_MAX;
	}
	return true;
}

static size_t head_bytes(uint8_t second)
{
	static const uint8_t longer[] = {2, 8}; /* octets, by what the length says */
	uint8_t length = second & ~MASKED;

	return 2u + (length >= LENGTH_16 ? longer[length - LENGTH_16] : 0) +
	       (second & MASKED ? MASK_BYTES : 0);
}

static enum sip_frame_kind read_head(struct bytes in, struct ws_frame *f)
{
	if (!in.n)
		return SIP_FRAME_MORE;
	if (!has_known_flags(in.p[0]))
		return SIP_FRAME_NONE;
	*f = (struct ws_frame){
		.opcode = in.p[0] & 15,
		.is_last = in.p[0] & FIN,
		.is_compressed = in.p[0] & RSV1,
	};
	if (in.n < 2 || in.n < head_bytes(in.p[1]))
		return SIP_FRAME_MORE;
	if (!read_length(in, f) || (is_control(f) && f->n > CONTROL_MAX))
		return SIP_FRAME_NONE;
	f->is_masked = in.p[1] & MASKED;
	if (f->is_masked) {
		memcpy(f->mask, in.p + f->head_n, MASK_BYTES);
		f->head_n += MASK_BYTES;
	}
	return SIP_FRAME_WHOLE;
}

/* Section 5.3; as much of its payload as is in in, which begins with its header. */
static size_t unmask(const struct ws_frame *f, struct bytes in, uint8_t *out)
{
	size_t n = in.n - f->head_n;

	if (n > f->n)
		n = (size_t)f->n;
	if (!f->is_masked) {
		memmove(out, in.p + f->head_n, n);
		return n;
	}
	for (size_t i = 0; i < n; i++)
		out[i] = in.p[f->head_n + i] ^ f->mask[i % MASK_BYTES];
	return n;
}

static bool is_http(struct bytes in)
{
	return bytes_starts(in, BYTES_LIT("GET ")) || bytes_starts(in, BYTES_LIT("HTTP/1.1 101"));
}

static struct bytes take_line(struct bytes *in)
{
	const uint8_t *end = in->n ? memchr(in->p, '\n', in->n) : NULL;
	struct bytes line = bytes_head(*in, end ? (size_t)(end - in->p) : in->n);

	*in = bytes_skip(*in, end ? line.n + 1 : line.n);
	return bytes_trim(line);
}

/* A comma separated list has the item. */
static bool has_item(struct bytes list, struct bytes item)
{
	while (list.p && list.n) {
		const uint8_t *comma = memchr(list.p, ',', list.n);
		size_t n = comma ? (size_t)(comma - list.p) : list.n;

		if (bytes_eq_nocase(bytes_trim(bytes_head(list, n)), item))
			return true;
		list = bytes_skip(list, n + 1);
	}
	return false;
}

/* RFC 7118 section 4: a request that offers, or an answer that takes the subprotocol sip. */
static bool is_handshake(struct bytes in)
{
	static const char name[] = "Sec-WebSocket-Protocol:";
	size_t n = sizeof(name) - 1;

	if (!is_http(in))
		return false;
	while (in.n) {
		struct bytes line = take_line(&in);

		if (line.n > n && bytes_eq_nocase(bytes_head(line, n), bytes_of(name, n)) &&
			has_item(bytes_skip(line, n), BYTES_LIT("sip")))
			return true;
	}
	return false;
}

/* Of what is compressed nobody knows without having seen the handshake. */
static bool begins_sip(struct bytes in)
{
	uint8_t start[PROOF];
	struct ws_frame f;

	if (read_head(in, &f) != SIP_FRAME_WHOLE || is_control(&f) || f.opcode == CONTINUATION ||
		f.is_compressed || f.n < PROOF)
		return false;
	return sip_frame_may_begin(
		bytes_of(start, unmask(&f, bytes_head(in, f.head_n + PROOF), start)));
}

bool sip_ws_begins(struct bytes in)
{
	return is_handshake(in) || begins_sip(in);
}

static enum sip_frame_kind next_http(struct bytes in, struct sip_ws_message *message)
{
	const uint8_t *end = memmem(in.p, in.n, "\r\n\r\n", 4);

	*message = (struct sip_ws_message){.n = end ? (size_t)(end - in.p) + 4 : 0};
	return end ? SIP_FRAME_WHOLE : SIP_FRAME_MORE;
}

/* A message is one data frame, or one that is not the last and continuations up to the last; control frames
 * may be anywhere (RFC 6455 section 5.4). */
enum sip_frame_kind sip_ws_next(struct bytes in, struct sip_ws_message *message)
{
	if (is_http(in))
		return next_http(in, message);
	for (;;) {
		struct bytes rest = bytes_skip(in, message->walked);
		bool is_open = message->walked;
		struct ws_frame f;
		enum sip_frame_kind kind = read_head(rest, &f);

		message->n = message->walked;
		message->payload_n = message->walked_payload;
		if (kind != SIP_FRAME_WHOLE)
			return kind;
		if (!is_control(&f) && (f.opcode == CONTINUATION) != is_open)
			return SIP_FRAME_NONE;
		if (f.n > SIZE_MAX - message->n - f.head_n)
			return SIP_FRAME_NONE;
		message->n += f.head_n + (size_t)f.n;
		message->payload_n += is_control(&f) ? 0 : (size_t)f.n;
		message->is_compressed |= f.is_compressed;
		if (f.n > rest.n - f.head_n)
			return SIP_FRAME_MORE;
		if (is_control(&f) ? !is_open : f.is_last)
			return SIP_FRAME_WHOLE;
		message->walked = message->n;
		message->walked_payload = message->payload_n;
	}
}

size_t sip_ws_payload(struct bytes in, uint8_t *out)
{
	size_t n = 0;
	struct ws_frame f;

	while (read_head(in, &f) == SIP_FRAME_WHOLE) {
		if (!is_control(&f))
			n += unmask(&f, in, out + n);
		if (f.n > in.n - f.head_n)
			break;
		in = bytes_skip(in, f.head_n + (size_t)f.n);
	}
	return n;
}

size_t sip_ws_find(struct bytes in)
{
	for (size_t at = 1; at < in.n; at++) {
		uint8_t opcode = in.p[at] & (uint8_t)~FIN;

		if ((opcode == TEXT || opcode == BINARY) && begins_sip(bytes_skip(in, at)))
			return at;
	}
	return in.n;
}
