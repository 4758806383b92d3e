/* SPDX-License-Identifier: BSD-3-Clause */
/* Looks through a SIP body for its session description. Parts are found by their boundary lines
 * alone, in one pass over each level. */
#include "sip_body.h"

#include "sip_field_pvt.h"
#include "text_pvt.h"

enum {
	LEVELS_MAX = 2, /* multiparts looked into, one in another */
	BOUNDARY_MAX = 70, /* RFC 2046 section 5.1.1 */
};

/* How the octets of a body or of a part are to be understood. */
struct content {
	struct bytes type;
	struct bytes encoding; /* Content-Encoding: compressed when present */
	struct bytes transfer; /* Content-Transfer-Encoding, RFC 2045 section 6 */
	struct bytes octets;
};

enum delimiter {
	NO_DELIMITER,
	PART_FOLLOWS,
	LAST_DELIMITER,
};

/* Whether the media type is main/sub; any subtype when sub is NULL. */
static bool is_type(struct bytes content_type, const char *main_type, const char *sub_type)
{
	struct bytes type = bytes_head(content_type, bytes_find(content_type, ';'));
	size_t slash = bytes_find(type, '/');

	if (slash == type.n)
		return false;
	if (!bytes_eq_nocase(bytes_trim(bytes_head(type, slash)), bytes_from_str(main_type)))
		return false;
	return !sub_type ||
	       bytes_eq_nocase(bytes_trim(bytes_skip(type, slash + 1)), bytes_from_str(sub_type));
}

/* The octets stand as they are, RFC 2045 section 6.2; the others would have to be decoded. */
static bool is_plain_transfer(struct bytes transfer)
{
	return !transfer.n || bytes_eq_nocase(transfer, BYTES_LIT("7bit")) ||
	       bytes_eq_nocase(transfer, BYTES_LIT("8bit")) ||
	       bytes_eq_nocase(transfer, BYTES_LIT("binary"));
}

static struct bytes boundary_of(struct bytes content_type)
{
	struct bytes boundary = sip_field_param(content_type, "boundary");

	if (boundary.n >= 2 && boundary.p[0] == '"' && boundary.p[boundary.n - 1] == '"')
		boundary = bytes_of(boundary.p + 1, boundary.n - 2);
	return boundary.n <= BOUNDARY_MAX ? boundary : BYTES_NONE;
}

/* "--" boundary, "--" more after the last part, then nothing but blanks up to the line end. */
static enum delimiter delimiter_of(struct bytes line, struct bytes boundary)
{
	enum delimiter kind = PART_FOLLOWS;

	if (!bytes_starts(line, BYTES_LIT("--")) || !bytes_starts(bytes_skip(line, 2), boundary))
		return NO_DELIMITER;
	line = bytes_skip(line, 2 + boundary.n);
	if (bytes_starts(line, BYTES_LIT("--"))) {
		kind = LAST_DELIMITER;
		line = bytes_skip(line, 2);
	}
	return bytes_trim(line).n ? NO_DELIMITER : kind;
}

/* Takes everything up to the next delimiter line off the front of body; the line end before that
 * line belongs to it, not to the part. Without one the rest is taken: the capture cut it. */
static enum delimiter next_part(struct bytes *body, struct bytes boundary, struct bytes *part)
{
	struct bytes rest = *body;

	while (rest.p && rest.n) {
		size_t end = bytes_find(rest, '\n');
		enum delimiter kind = delimiter_of(bytes_head(rest, end), boundary);

		if (kind != NO_DELIMITER) {
			size_t n = body->n - rest.n;

			if (n && body->p[n - 1] == '\n')
				n--;
			if (n && body->p[n - 1] == '\r')
				n--;
			*part = bytes_head(*body, n);
			*body = bytes_skip(rest, end + 1);
			return kind;
		}
		rest = bytes_skip(rest, end + 1);
	}
	*part = *body;
	*body = rest;
	return LAST_DELIMITER;
}

/* Reads a part's header fields (RFC 2045 section 3); a repeated one does not change the first. */
static struct content content_of(struct bytes part)
{
	struct content content = {0};
	struct sip_field field;

	while (sip_field_next(&part, &field) == SIP_LINE_FIELD) {
		struct bytes *slot = NULL;

		if (bytes_eq_nocase(field.name, BYTES_LIT("Content-Type")) ||
			bytes_eq_nocase(field.name, BYTES_LIT("c")))
			slot = &content.type;
		else if (bytes_eq_nocase(field.name, BYTES_LIT("Content-Encoding")) ||
			 bytes_eq_nocase(field.name, BYTES_LIT("e")))
			slot = &content.encoding;
		else if (bytes_eq_nocase(field.name, BYTES_LIT("Content-Transfer-Encoding")))
			slot = &content.transfer;
		if (slot && !slot->p)
			*slot = field.value;
	}
	content.octets = part;
	return content;
}

static bool find_sdp(const struct content *content, unsigned levels, struct bytes *sdp)
{
	struct bytes body = content->octets;
	struct bytes boundary;
	struct bytes part;
	enum delimiter kind;

	if (!body.n || content->encoding.n || !is_plain_transfer(content->transfer))
		return false;
	if (bytes_eq(content->type, BYTES_LIT("application/sdp")) || /* as nearly all spell it */
		is_type(content->type, "application", "sdp")) {
		*sdp = body;
		return true;
	}
	if (!levels || !is_type(content->type, "multipart", NULL))
		return false;
	boundary = boundary_of(content->type);
	if (!boundary.n)
		return false;
	kind = next_part(&body, boundary, &part); /* the preamble */
	while (kind == PART_FOLLOWS) {
		struct content inner;

		kind = next_part(&body, boundary, &part);
		inner = content_of(part);
		if (find_sdp(&inner, levels - 1, sdp))
			return true;
	}
	return false;
}

bool sip_body_sdp(const struct sip_msg *msg, struct bytes *sdp)
{
	struct content content = {
		.type = msg->content_type,
		.encoding = msg->content_encoding,
		.octets = msg->body,
	};

	*sdp = BYTES_NONE;
	if (!content.type.n && bytes_starts(content.octets, BYTES_LIT("v=0")))
		content.type = BYTES_LIT("application/sdp");
	return find_sdp(&content, LEVELS_MAX, sdp);
}
