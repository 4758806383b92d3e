/* SPDX-License-Identifier: BSD-3-Clause */
#include "sig_frame.h"

#include "sig_diameter.h"

enum {
	BEGIN_MIN = 4, /* octets */
	COUNT_DIGITS = 5, /* of a syslog message */
	PRIORITY_DIGITS = 3,
	LINE_MAX = 65536, /* octets of a syslog line */
	TPKT_BYTES = 4,
	TPKT_VERSION = 3,
};

/* A message that begins at the front. */
static enum sip_frame_kind frame_of(struct sip_frame *frame, size_t skip, size_t n, size_t room)
{
	/* What is not there whole waits with what frames it. */
	if (skip + n > room) {
		*frame = (struct sip_frame){.n = skip + n};
		return SIP_FRAME_MORE;
	}
	*frame = (struct sip_frame){.skip = skip, .n = n};
	return SIP_FRAME_WHOLE;
}

enum sip_frame_kind sig_frame_diameter(struct bytes in, struct sip_frame *frame)
{
	*frame = (struct sip_frame){0};
	if (in.n < BEGIN_MIN)
		return in.n && in.p[0] != 1 ? SIP_FRAME_NONE : SIP_FRAME_MORE;
	if (!sig_diameter_begins(in))
		return SIP_FRAME_NONE;
	return frame_of(frame, 0, sig_diameter_length(in), in.n);
}

size_t sig_frame_find_diameter(struct bytes in)
{
	for (size_t at = 1; at < in.n; at++) {
		struct bytes rest = bytes_of(in.p + at, in.n - at);

		if (rest.p[0] == 1 && (rest.n < BEGIN_MIN || sig_diameter_is_likely(rest)))
			return at;
	}
	return in.n;
}

/* How much of "<123>" stands at the front; 0: something else does. */
static size_t priority_bytes(struct bytes in)
{
	size_t n = 1;

	if (!in.n || in.p[0] != '<')
		return 0;
	while (n < in.n && n <= PRIORITY_DIGITS && ascii_is_digit(in.p[n]))
		n++;
	if (n == in.n)
		return n;
	return n > 1 && in.p[n] == '>' ? n + 1 : 0;
}

/* MSG-LEN SP of RFC 6587 section 3.4.1: how long it is, and what it says; 0: it is none, or not all
 * of it is there. */
static size_t count_bytes(struct bytes in, size_t *count)
{
	size_t n = 0;

	*count = 0;
	while (n < in.n && n < COUNT_DIGITS && ascii_is_digit(in.p[n]))
		*count = *count * 10 + (size_t)(in.p[n++] - '0');
	return n && n < in.n && in.p[n] == ' ' && in.p[0] != '0' ? n + 1 : 0;
}

static bool are_digits(struct bytes in)
{
	for (size_t i = 0; i < in.n; i++)
		if (!ascii_is_digit(in.p[i]))
			return false;
	return true;
}

/* From searched on; the line end itself, LF or NUL, goes with what follows (RFC 6587 section
 * 3.4.2). */
static enum sip_frame_kind syslog_line(struct bytes in, size_t searched, struct sip_frame *frame)
{
	size_t end = searched + bytes_find_either(bytes_skip(in, searched), '\n', '\0');

	if (end == in.n) {
		frame->searched = in.n;
		return in.n < LINE_MAX ? SIP_FRAME_MORE : SIP_FRAME_NONE;
	}
	frame->n = end;
	if (in.p[frame->n - 1] == '\r')
		frame->n--;
	return SIP_FRAME_WHOLE;
}

enum sip_frame_kind sig_frame_syslog(struct bytes in, struct sip_frame *frame)
{
	size_t searched = frame->searched, skip = 0, count, n;
	enum sip_frame_kind kind;

	*frame = (struct sip_frame){0};
	/* Of the line before. */
	while (skip < in.n && (in.p[skip] == '\n' || in.p[skip] == '\r' || !in.p[skip]))
		skip++;
	in = bytes_skip(in, skip);
	n = count_bytes(in, &count);
	if (!in.n || (!n && in.n <= COUNT_DIGITS && are_digits(in))) {
		kind = SIP_FRAME_MORE;
	} else if (n) {
		if (!count || (n < in.n && !priority_bytes(bytes_skip(in, n))))
			return SIP_FRAME_NONE;
		kind = frame_of(frame, n, count, in.n);
	} else if (priority_bytes(in)) {
		kind = syslog_line(in, searched < in.n ? searched : 0, frame);
	} else {
		return SIP_FRAME_NONE;
	}
	frame->skip += skip;
	return kind;
}

size_t sig_frame_find_syslog(struct bytes in)
{
	for (size_t at = 1; at < in.n; at++) {
		size_t from = at;

		if (in.p[at] != '<' || !priority_bytes(bytes_skip(in, at)))
			continue;
		if (in.p[at - 1] == '\n' || !in.p[at - 1])
			return at;
		if (in.p[at - 1] != ' ')
			continue;
		from--;
		while (from > 1 && at - from <= COUNT_DIGITS && ascii_is_digit(in.p[from - 1]))
			from--;
		if (from < at - 1)
			return from;
	}
	return in.n;
}

/* How Megaco in text begins, as far as it goes. */
static bool begins_megaco(struct bytes text)
{
	struct bytes word = BYTES_LIT("MEGACO/"), mark = BYTES_LIT("!/");

	return bytes_eq_nocase(bytes_head(text, word.n), bytes_head(word, text.n)) ||
	       bytes_eq(bytes_head(text, mark.n), bytes_head(mark, text.n));
}

static bool begins_tpkt(struct bytes in)
{
	return in.p[0] == TPKT_VERSION && (in.n < 2 || in.p[1] == 0) &&
	       (in.n < TPKT_BYTES || be16(in.p + 2) > TPKT_BYTES) &&
	       begins_megaco(bytes_skip(in, TPKT_BYTES));
}

enum sip_frame_kind sig_frame_megaco(struct bytes in, struct sip_frame *frame)
{
	*frame = (struct sip_frame){0};
	if (in.n && !begins_tpkt(in))
		return SIP_FRAME_NONE;
	if (in.n < TPKT_BYTES)
		return SIP_FRAME_MORE;
	return frame_of(frame, TPKT_BYTES, be16(in.p + 2) - (size_t)TPKT_BYTES, in.n);
}

size_t sig_frame_find_megaco(struct bytes in)
{
	for (size_t at = 1; at < in.n; at++)
		if (begins_tpkt(bytes_of(in.p + at, in.n - at)))
			return at;
	return in.n;
}

enum sig_kind sig_frame_begins(struct bytes in, uint16_t sport, uint16_t dport, uint32_t also)
{
	struct sip_frame frame = {0};

	if (in.n < BEGIN_MIN)
		return SIG_NONE;
	if (sig_has(also, SIG_DIAMETER) && sig_is_port(SIG_DIAMETER, sport, dport) &&
		sig_frame_diameter(in, &frame) != SIP_FRAME_NONE)
		return SIG_DIAMETER;
	if (sig_has(also, SIG_MEGACO) && sig_is_port(SIG_MEGACO, sport, dport) &&
		sig_frame_megaco(in, &frame) != SIP_FRAME_NONE)
		return SIG_MEGACO;
	if (sig_has(also, SIG_SYSLOG) && sig_is_port(SIG_SYSLOG, sport, dport) &&
		(in.p[0] == '<' || ascii_is_digit(in.p[0])) &&
		sig_frame_syslog(in, &frame) != SIP_FRAME_NONE)
		return SIG_SYSLOG;
	return SIG_NONE;
}
