/* SPDX-License-Identifier: BSD-3-Clause */
/* Takes header fields apart. Everything here meets text that no grammar promises: quotes and
 * brackets that never close count as ordinary characters (RFC 4475 section 3.1.2.6). */
#include "sip_field_pvt.h"
#include "text_pvt.h"

/* Splits text at separators. Whether a closing quote or bracket is still to come is remembered, so
 * that a text of nothing but opening ones is not searched again from each of them. */
struct splitter {
	struct bytes rest;
	bool has_no_quoted; /* an opening quote had no end: no later one has */
	bool has_no_angle; /* no > is left */
	bool skips_angle;
};

/* Length of the quoted string at the front, 0 when it does not end. */
static size_t quoted_len(struct bytes b)
{
	for (size_t i = 1; i < b.n; i++) {
		if (b.p[i] == '\\')
			i++;
		else if (b.p[i] == '"')
			return i + 1;
	}
	return 0;
}

/* Length of the piece at b's front that no separator can split: 1, or a whole "..." or <...>. */
static size_t unit_len(struct splitter *s, struct bytes b)
{
	size_t n = 0;

	if (b.p[0] == '"' && !s->has_no_quoted) {
		n = quoted_len(b);
		s->has_no_quoted = n == 0;
	} else if (b.p[0] == '<' && s->skips_angle && !s->has_no_angle) {
		n = bytes_find(b, '>') + 1;
		s->has_no_angle = n > b.n;
		if (s->has_no_angle)
			n = 0;
	}
	return n ? n : 1;
}

static bool has_unit(const struct splitter *s, struct bytes b)
{
	return (!s->has_no_quoted && bytes_find(b, '"') < b.n) ||
	       (s->skips_angle && !s->has_no_angle && bytes_find(b, '<') < b.n);
}

/* Takes the text before the next separator off the front, and the separator with it. Returns
 * whether there was one. */
static bool split(struct splitter *s, uint8_t separator, struct bytes *part)
{
	size_t i = bytes_find(s->rest, separator);
	bool is_found = i < s->rest.n;

	/* Only what begins before the first separator could hide it. */
	if (is_found && has_unit(s, bytes_head(s->rest, i))) {
		i = 0;
		while (i < s->rest.n && s->rest.p[i] != separator)
			i += unit_len(s, bytes_skip(s->rest, i));
		is_found = i < s->rest.n;
	}
	*part = bytes_head(s->rest, i);
	s->rest = bytes_skip(s->rest, i + 1);
	return is_found;
}

enum sip_line sip_field_line(struct bytes *text, struct sip_field *field)
{
	size_t end = bytes_find(*text, '\n');
	size_t colon;
	struct bytes line;

	if (end == text->n) {
		*text = bytes_skip(*text, end);
		return SIP_LINE_CUT;
	}
	if (end == 0 || (end == 1 && text->p[0] == '\r')) {
		*text = bytes_skip(*text, end + 1);
		return SIP_LINE_EMPTY;
	}
	/* RFC 3261 section 7.3.1: a line that starts with a blank continues the one before. */
	while (end + 1 < text->n && (text->p[end + 1] == ' ' || text->p[end + 1] == '\t')) {
		size_t more = bytes_find(bytes_skip(*text, end + 1), '\n');

		if (end + 1 + more == text->n) {
			*text = bytes_skip(*text, text->n);
			return SIP_LINE_CUT;
		}
		end += 1 + more;
	}
	line = bytes_head(*text, end);
	*text = bytes_skip(*text, end + 1);
	colon = bytes_find(line, ':');
	field->name = colon < line.n ? bytes_trim(bytes_head(line, colon)) : bytes_head(line, 0);
	field->value = bytes_trim(bytes_skip(line, colon + 1));
	return SIP_LINE_FIELD;
}

struct bytes sip_field_first(struct bytes list)
{
	struct splitter s = {.rest = list, .skips_angle = true};
	struct bytes first;

	split(&s, ',', &first);
	return bytes_trim(first);
}

struct bytes sip_field_param(struct bytes value, const char *name)
{
	struct splitter s = {.rest = value};
	struct bytes wanted = bytes_from_str(name);
	struct bytes param;
	bool has_more = split(&s, ';', &param);

	while (has_more) {
		size_t equals;

		has_more = split(&s, ';', &param);
		equals = bytes_find(param, '=');
		if (equals < param.n &&
			bytes_eq_nocase(bytes_trim(bytes_head(param, equals)), wanted))
			return bytes_trim(bytes_skip(param, equals + 1));
	}
	return BYTES_NONE;
}

/* RFC 3261 section 19.1.1, RFC 3966 section 3. A user may hold semicolons and question marks. */
static struct bytes uri_user(struct bytes uri)
{
	size_t colon = bytes_find(uri, ':');
	struct bytes scheme = bytes_head(uri, colon);
	struct bytes rest = bytes_skip(uri, colon + 1);
	size_t at = bytes_find(rest, '@');

	if (bytes_eq_nocase(scheme, BYTES_LIT("tel")))
		return bytes_head(rest, bytes_find(rest, ';'));
	if (at == rest.n || (!bytes_eq_nocase(scheme, BYTES_LIT("sip")) &&
				    !bytes_eq_nocase(scheme, BYTES_LIT("sips"))))
		return BYTES_NONE;
	rest = bytes_head(rest, at);
	return bytes_head(rest, bytes_find(rest, ':')); /* what follows is a password */
}

void sip_field_party(struct bytes value, struct sip_party *party)
{
	struct splitter s = {.rest = value};
	struct bytes before;
	struct bytes params;

	party->value = value;
	if (split(&s, '<', &before)) {
		size_t end = bytes_find(s.rest, '>');

		party->uri = bytes_trim(bytes_head(s.rest, end));
		params = bytes_skip(s.rest, end + 1);
	} else {
		/* Without brackets parameters are the header's, RFC 3261 sections 20.10, 20.39. */
		party->uri = bytes_trim(bytes_head(value, bytes_find(value, ';')));
		params = value;
	}
	party->user = uri_user(party->uri);
	params = sip_field_param(params, "tag");
	party->tag = text_take_word(&params);
}
