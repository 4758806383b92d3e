/* SPDX-License-Identifier: BSD-3-Clause */
/* A JSON checker for tests and fuzz targets, written from RFC 8259 and sharing nothing with what it
 * checks: strict grammar, strict UTF-8, no key twice in an object. With a look-up of members. */
#ifndef JSON_CHECK_H
#define JSON_CHECK_H

#include <stdbool.h>

#include "bytes.h"

enum {
	JSON_CHECK_DEPTH = 16,
	JSON_CHECK_KEYS = 128,
};

static inline bool json_check_value(struct bytes *in, unsigned depth);

static inline bool json_check_take(struct bytes *in, char c)
{
	if (in->n == 0 || in->p[0] != (uint8_t)c)
		return false;
	*in = bytes_skip(*in, 1);
	return true;
}

static inline bool json_check_word(struct bytes *in, struct bytes word)
{
	if (!bytes_starts(*in, word))
		return false;
	*in = bytes_skip(*in, word.n);
	return true;
}

/* By the code point: 2 to 4 octets, not shorter than needed, no surrogate, at most U+10FFFF. */
static inline bool json_check_utf8(struct bytes *in)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t lead = in->p[0];
	unsigned n = lead >= 0xf8 ? 0 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 0;
	uint32_t code = n ? lead & (0x7fu >> n) : 0;

	if (n == 0 || in->n < n)
		return false;
	for (unsigned i = 1; i < n; i++) {
		if (in->p[i] >> 6 != 2)
			return false;
		code = code << 6 | (in->p[i] & 0x3f);
	}
	*in = bytes_skip(*in, n);
	return code >= least[n] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

static inline bool json_check_escape(struct bytes *in)
{
	uint8_t c = in->n ? in->p[0] : 0;

	if (c == 0 || !strchr("\"\\/bfnrtu", c))
		return false;
	*in = bytes_skip(*in, 1);
	if (c != 'u')
		return true;
	if (in->n < 4)
		return false;
	for (unsigned i = 0; i < 4; i++)
		if (in->p[i] == 0 || !strchr("0123456789abcdefABCDEF", in->p[i]))
			return false;
	*in = bytes_skip(*in, 4);
	return true;
}

static inline bool json_check_string(struct bytes *in)
{
	if (!json_check_take(in, '"'))
		return false;
	while (in->n) {
		uint8_t c = in->p[0];

		if (json_check_take(in, '"'))
			return true;
		if (c < 0x20)
			return false;
		if (c >= 0x80) {
			if (!json_check_utf8(in))
				return false;
			continue;
		}
		*in = bytes_skip(*in, 1);
		if (c == '\\' && !json_check_escape(in))
			return false;
	}
	return false;
}

static inline size_t json_check_digits(struct bytes *in)
{
	size_t n = 0;

	while (in->n && in->p[0] >= '0' && in->p[0] <= '9') {
		*in = bytes_skip(*in, 1);
		n++;
	}
	return n;
}

static inline bool json_check_number(struct bytes *in)
{
	json_check_take(in, '-');
	if (!json_check_take(in, '0') && json_check_digits(in) == 0)
		return false;
	if (json_check_take(in, '.') && json_check_digits(in) == 0)
		return false;
	if (json_check_take(in, 'e') || json_check_take(in, 'E')) {
		if (!json_check_take(in, '+'))
			json_check_take(in, '-');
		return json_check_digits(in) > 0;
	}
	return true;
}

/* Takes one member and finds the slice of its key, quotes included, and of its value. */
static inline bool json_check_member(
	struct bytes *in, struct bytes *key, struct bytes *value, unsigned depth)
{
	struct bytes start = *in;

	if (!json_check_string(in))
		return false;
	*key = bytes_head(start, start.n - in->n);
	if (!json_check_take(in, ':'))
		return false;
	start = *in;
	if (!json_check_value(in, depth))
		return false;
	*value = bytes_head(start, start.n - in->n);
	return true;
}

static inline bool json_check_object(struct bytes *in, unsigned depth)
{
	struct bytes keys[JSON_CHECK_KEYS];
	struct bytes value;
	unsigned n = 0;

	if (json_check_take(in, '}'))
		return true;
	do {
		if (n == JSON_CHECK_KEYS || !json_check_member(in, &keys[n], &value, depth))
			return false;
		for (unsigned i = 0; i < n; i++)
			if (bytes_eq(keys[i], keys[n]))
				return false;
		n++;
	} while (json_check_take(in, ','));
	return json_check_take(in, '}');
}

static inline bool json_check_array(struct bytes *in, unsigned depth)
{
	if (json_check_take(in, ']'))
		return true;
	do {
		if (!json_check_value(in, depth))
			return false;
	} while (json_check_take(in, ','));
	return json_check_take(in, ']');
}

/* No white space: heptap writes none. */
static inline bool json_check_value(struct bytes *in, unsigned depth)
{
	if (in->n == 0 || depth == JSON_CHECK_DEPTH)
		return false;
	switch (in->p[0]) {
	case '{':
		json_check_take(in, '{');
		return json_check_object(in, depth + 1);
	case '[':
		json_check_take(in, '[');
		return json_check_array(in, depth + 1);
	case '"':
		return json_check_string(in);
	case 't':
		return json_check_word(in, BYTES_LIT("true"));
	case 'f':
		return json_check_word(in, BYTES_LIT("false"));
	case 'n':
		return json_check_word(in, BYTES_LIT("null"));
	default:
		return json_check_number(in);
	}
}

/* Whether text is one JSON value from its first octet to its last. */
static inline bool json_is_valid(struct bytes text)
{
	return json_check_value(&text, 0) && text.n == 0;
}

/* The value of a member of the outer object as it is written, nothing when there is none. */
static inline struct bytes json_get(struct bytes text, const char *name)
{
	struct bytes key;
	struct bytes value;

	if (!json_check_take(&text, '{'))
		return BYTES_NONE;
	while (json_check_member(&text, &key, &value, 0)) {
		if (bytes_eq(bytes_of(key.p + 1, key.n - 2), bytes_from_str(name)))
			return value;
		if (!json_check_take(&text, ','))
			break;
	}
	return BYTES_NONE;
}

#endif
