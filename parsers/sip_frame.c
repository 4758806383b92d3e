/* SPDX-License-Identifier: BSD-3-Clause */
/* Start line, empty line, Content-Length. */
#include "sip_frame.h"

#include "sip_msg.h"
#include "text_pvt.h"

enum {
	LINE_MAX = 4096, /* of a start line */
	VERSION_BYTES = 7, /* SIP/2.0 */
	METHOD_MAX = 32,
	SHORT_MAX = 16,
	EMPTY_LINE =
		3, /* octets with which one and the end of the line before it can begin: LF CR */
};

static struct bytes take_line(struct bytes in)
{
	const uint8_t *end = in.p ? memchr(in.p, '\n', in.n) : NULL;
	size_t n = end ? (size_t)(end - in.p) : in.n;

	if (end && n && in.p[n - 1] == '\r')
		n--;
	return bytes_head(in, n);
}

static bool is_version(struct bytes text)
{
	return text.n == VERSION_BYTES && bytes_eq_nocase(text, BYTES_LIT("SIP/2.0"));
}

static bool is_token(struct bytes word)
{
	if (!word.n || word.n > METHOD_MAX)
		return false;
	for (size_t i = 0; i < word.n; i++)
		if (!text_is_token[word.p[i]])
			return false;
	return true;
}

/* Status-Line, or Method SP Request-URI SP SIP-Version. */
static bool is_start_line(struct bytes line)
{
	const uint8_t *blank;

	if (!line.p)
		return false;
	while (line.n && ascii_is_blank(line.p[line.n - 1]))
		line.n--;
	if (line.n > VERSION_BYTES && is_version(bytes_head(line, VERSION_BYTES)))
		return line.p[VERSION_BYTES] == ' ';
	if (line.n < VERSION_BYTES + 4 || !is_version(bytes_skip(line, line.n - VERSION_BYTES)) ||
		line.p[line.n - VERSION_BYTES - 1] != ' ')
		return false;
	blank = memchr(line.p, ' ', line.n);
	return is_token(bytes_head(line, (size_t)(blank - line.p)));
}

static const char *const beginnings[] = {"INVITE ", "ACK ", "BYE ", "CANCEL ", "OPTIONS ",
	"REGISTER ", "PRACK ", "SUBSCRIBE ", "NOTIFY ", "PUBLISH ", "INFO ", "REFER ", "MESSAGE ",
	"UPDATE ", "SIP/2.0 "};

enum {
	BEGINNINGS = sizeof(beginnings) / sizeof(beginnings[0])
};

bool sip_frame_may_begin(struct bytes in)
{
	for (unsigned i = 0; i < BEGINNINGS; i++) {
		struct bytes beginning = bytes_from_str(beginnings[i]);

		if (in.n >= SIP_FRAME_BEGIN_MIN && in.n <= SHORT_MAX &&
			bytes_eq(bytes_head(in, beginning.n), bytes_head(beginning, in.n)))
			return true;
	}
	return false;
}

/* The offset of a start line that ends a line: the body before it may end without a line end. line.n:
 * there is none. */
static size_t find_in_line(struct bytes line)
{
	if (!line.p || is_start_line(line))
		return 0;
	for (unsigned i = 0; i < BEGINNINGS; i++) {
		const uint8_t *p = memmem(line.p, line.n, beginnings[i], strlen(beginnings[i]));

		if (p && is_start_line(bytes_of(p, (size_t)(line.p + line.n - p))))
			return (size_t)(p - line.p);
	}
	return line.n;
}

/* What has no line end yet may become a start line. */
static bool may_begin(struct bytes in)
{
	if (in.n > LINE_MAX)
		return false;
	for (size_t i = 0; i < in.n; i++)
		if (in.p[i] < ' ' && in.p[i] != '\t' && in.p[i] != '\r')
			return false;
	return true;
}

/* Octets up to and with the empty line, which does not end before from; 0: it is missing. */
static size_t head_bytes(struct bytes in, size_t from)
{
	const uint8_t *end = in.p + in.n, *p = in.p + from;

	while ((p = memchr(p, '\n', (size_t)(end - p)))) {
		p++;
		if (p < end && *p == '\n')
			return (size_t)(p + 1 - in.p);
		if (p + 1 < end && p[0] == '\r' && p[1] == '\n')
			return (size_t)(p + 2 - in.p);
	}
	return 0;
}

static size_t body_bytes(struct bytes head)
{
	struct sip_msg msg = {.content_length = 0};

	if (sip_msg_parse(head, &msg) == SIP_BAD_CONTENT_LENGTH || msg.content_length < 0)
		return 0;
	return (size_t)msg.content_length;
}

enum sip_frame_kind sip_frame_next(struct bytes in, struct sip_frame *frame)
{
	size_t head, searched = frame->searched;

	*frame = (struct sip_frame){0};
	while (frame->skip < in.n && (in.p[frame->skip] == '\r' || in.p[frame->skip] == '\n'))
		frame->skip++;
	in = bytes_skip(in, frame->skip);
	if (!in.p || !in.n)
		return SIP_FRAME_MORE;
	if (!memchr(in.p, '\n', in.n < LINE_MAX ? in.n : LINE_MAX))
		return may_begin(in) ? SIP_FRAME_MORE : SIP_FRAME_NONE;
	if (!is_start_line(take_line(in)))
		return SIP_FRAME_NONE;
	head = head_bytes(in, searched < in.n ? searched : 0);
	if (!head) {
		/* The line end before an empty line may be its last octets. */
		frame->searched = in.n > EMPTY_LINE ? in.n - EMPTY_LINE : 0;
		return SIP_FRAME_MORE;
	}
	frame->n = head + body_bytes(bytes_head(in, head));
	return frame->n <= in.n ? SIP_FRAME_WHOLE : SIP_FRAME_MORE;
}

/* Name, blanks, colon; or nothing is there yet. */
static bool is_field(struct bytes line)
{
	const uint8_t *colon = line.p ? memchr(line.p, ':', line.n) : NULL;
	struct bytes name = bytes_head(line, colon ? (size_t)(colon - line.p) : 0);

	while (name.n && ascii_is_blank(name.p[name.n - 1]))
		name.n--;
	return !line.n || is_token(name);
}

size_t sip_frame_find(struct bytes in)
{
	const uint8_t *end;
	size_t at = 1;

	while (at < in.n && (end = memchr(in.p + at, '\n', in.n - at))) {
		struct bytes line = take_line(bytes_of(in.p + at, in.n - at));
		size_t found = at + find_in_line(line);

		if (found < at + line.n &&
			is_field(take_line(bytes_of(end + 1, in.n - (size_t)(end + 1 - in.p)))))
			return found;
		at = (size_t)(end + 1 - in.p);
	}
	return in.n;
}
