/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON text. What a value takes at most is reserved with its key, so that it is written where it stays.
 * Values may hold anything and are escaped, also what JSON does not ask for, but a terminal obeys. */
#include "hep_json.h"

#include <math.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "hep_number.h"
#include "utf8.h"

enum {
	NS_PER_SEC = 1000000000,
	NS_PER_US = 1000,
	US_DIGITS = 6,
	END_BYTES = 64, /* of what closes a text, and says what is missing */
	MEMBER_COPY = sizeof(((struct hep_json_member *)0)->text) - 1,
	MEMBER_WIDE = MEMBER_COPY + 1 + HEP_NUMBER_MAX, /* that a member may write all over */
};

void hep_json_init(struct hep_json *j, void *buf, size_t room)
{
	*j = (struct hep_json){.buf = buf, .room = room};
}

void hep_json_fail(struct hep_json *j)
{
	j->is_failed = true;
	j->room = j->used;
}

static inline void append(struct hep_json *j, const void *text, size_t n)
{
	if (!hep_json_has_room(j, n)) {
		hep_json_fail(j);
		return;
	}
	memcpy(j->buf + j->used, text, n);
	j->used += n;
}

static inline void append_char(struct hep_json *j, char c)
{
	append(j, &c, 1);
}

/* Keys are short: less than a call of memcpy costs. */
static inline void copy_key(char *to, struct bytes key)
{
	const uint8_t *from = key.p;
	size_t n = key.n;

	if (n > 32) {
		memcpy(to, from, n);
	} else if (n >= 16) {
		memcpy(to, from, 16);
		memcpy(to + n - 16, from + n - 16, 16);
	} else if (n >= 8) {
		memcpy(to, from, 8);
		memcpy(to + n - 8, from + n - 8, 8);
	} else if (n >= 4) {
		memcpy(to, from, 4);
		memcpy(to + n - 4, from + n - 4, 4);
	} else {
		for (size_t i = 0; i < n; i++)
			to[i] = (char)from[i];
	}
}

/* Writes the key and makes sure of room for n octets of its value: where they go, or NULL. */
static inline char *begin_value(struct hep_json *j, struct bytes key, size_t n)
{
	size_t begin = (j->needs_comma ? 1 : 0) + (key.p ? key.n + 3 : 0);
	char *p = j->buf + j->used;

	if (!hep_json_has_room(j, begin + n)) {
		hep_json_fail(j);
		return NULL;
	}
	if (j->needs_comma)
		*p++ = ',';
	if (key.p) {
		*p++ = '"';
		copy_key(p, key);
		p[key.n] = '"';
		p[key.n + 1] = ':';
		p += key.n + 2;
	}
	j->needs_comma = true;
	j->used += begin;
	return p;
}

/* A value whose text is at hand. */
static void put_value(struct hep_json *j, struct bytes key, const char *text, size_t n)
{
	char *p = begin_value(j, key, n);

	if (!p)
		return;
	memcpy(p, text, n);
	j->used += n;
}

/* Whether a value of at most n octets may be written in place; near the end it is written elsewhere, for
 * it may be shorter. */
static inline bool fits(const struct hep_json *j, struct bytes key, size_t n)
{
	return hep_json_has_room(j, key.n + 4 + n);
}

/* Goes out as it is; of what is not ASCII the whole sequence. */
static inline bool is_plain(uint8_t c)
{
	return c >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
}

static void append_hex(struct hep_json *j, uint16_t c)
{
	static const char hex[] = "0123456789abcdef";
	char text[] = {'\\', 'u', hex[c >> 12], hex[c >> 8 & 15], hex[c >> 4 & 15], hex[c & 15]};

	append(j, text, sizeof(text));
}

/* NUL is legal in JSON, but PostgreSQL refuses it in jsonb and with it the collector's whole batch:
 * it becomes U+FFFD like what is not UTF-8. */
static void append_escape(struct hep_json *j, uint8_t c)
{
	if (c == '"' || c == '\\') {
		append_char(j, '\\');
		append_char(j, (char)c);
	} else if (c == '\r') {
		append(j, "\\r", 2);
	} else if (c == '\n') {
		append(j, "\\n", 2);
	} else if (c == '\t') {
		append(j, "\\t", 2);
	} else if (c == 0 || c >= 0x80) {
		append(j, "\xef\xbf\xbd", 3); /* U+FFFD */
	} else {
		append_hex(j, c);
	}
}

/* How many octets at the front are printable ASCII that goes out as it is; at least so many. */
static size_t plain_run(struct bytes text)
{
	size_t run = 0;

#ifdef __SSE2__
	for (; text.n - run >= 16; run += 16) {
		__m128i v = _mm_loadu_si128((const void *)(text.p + run));
		/* As a signed number what is not ASCII is below the blank too. */
		__m128i control = _mm_or_si128(_mm_cmplt_epi8(v, _mm_set1_epi8(' ')),
			_mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
		__m128i bad =
			_mm_or_si128(control, _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
						      _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));
		unsigned mask = (unsigned)_mm_movemask_epi8(bad);

		if (mask)
			return run + (unsigned)__builtin_ctz(mask);
	}
#endif
	while (run < text.n && text.p[run] < 0x80 && is_plain(text.p[run]))
		run++;
	return run;
}

/* The rest of a string of which run octets at the front go out as they are. */
static void append_escaped(struct hep_json *j, struct bytes text, size_t run)
{
	while (run < text.n && !j->is_failed) {
		uint8_t c = text.p[run];
		uint32_t code = c;
		unsigned n = c < 0x80 ? 1 : utf8_take(bytes_skip(text, run), &code);
		bool is_wide_control = n > 1 && utf8_is_control(code);

		if (n && is_plain(c) && !is_wide_control) {
			run += n;
			continue;
		}
		append(j, text.p, run);
		if (is_wide_control)
			append_hex(j, (uint16_t)code);
		else
			append_escape(j, c);
		text = bytes_skip(text, run + (n ? n : 1));
		run = 0;
	}
	if (run)
		append(j, text.p, run);
}

void hep_json_put_string(struct hep_json *j, struct bytes key, struct bytes text)
{
	size_t run = plain_run(text);
	char *p = begin_value(j, key, text.n + 2);

	if (!p)
		return;
	if (run == text.n) {
		p[0] = '"';
		if (text.n)
			memcpy(p + 1, text.p, text.n);
		p[1 + text.n] = '"';
		j->used += text.n + 2;
		return;
	}
	append_char(j, '"');
	append_escaped(j, text, run);
	append_char(j, '"');
}

void hep_json_put_u64(struct hep_json *j, struct bytes key, uint64_t v)
{
	char text[HEP_NUMBER_MAX];

	if (fits(j, key, HEP_NUMBER_MAX))
		j->used += hep_number_u64(begin_value(j, key, 0), v);
	else
		put_value(j, key, text, hep_number_u64(text, v));
}

void hep_json_put_i64(struct hep_json *j, struct bytes key, int64_t v)
{
	char text[HEP_NUMBER_MAX];

	if (fits(j, key, HEP_NUMBER_MAX))
		j->used += hep_number_i64(begin_value(j, key, 0), v);
	else
		put_value(j, key, text, hep_number_i64(text, v));
}

/* Where the room is short each looks for itself. */
static void put_each(struct hep_json *j, const struct hep_json_member *members,
	const int64_t *values, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		hep_json_put_i64(
			j, bytes_of(members[i].text + 2, (size_t)members[i].n - 4), values[i]);
}

void hep_json_put_members(struct hep_json *j, const struct hep_json_member *members,
	const int64_t *values, unsigned count)
{
	char *p = j->buf + j->used;
	unsigned skip = !j->needs_comma;

	if (!hep_json_has_room(j, (size_t)count * MEMBER_WIDE)) {
		put_each(j, members, values, count);
		return;
	}
	for (unsigned i = 0; i < count; i++, skip = 0) {
		bool is_negative = values[i] < 0;

		memcpy(p, members[i].text + skip, MEMBER_COPY);
		p += members[i].n - skip;
		*p = '-';
		p += is_negative;
		p += hep_number_u32_wide(p, (uint32_t)(is_negative ? -values[i] : values[i]));
	}
	j->used = (size_t)(p - j->buf);
	j->needs_comma = true;
}

void hep_json_put_double(struct hep_json *j, struct bytes key, double v, int decimals)
{
	unsigned places = decimals > 0 ? (unsigned)decimals : 0;
	char text[HEP_FIXED_MAX];

	if (!isfinite(v))
		hep_json_put_null(j, key);
	else if (fits(j, key, HEP_FIXED_MAX))
		j->used += hep_number_fixed(begin_value(j, key, 0), v, places);
	else
		put_value(j, key, text, hep_number_fixed(text, v, places));
}

void hep_json_put_bool(struct hep_json *j, struct bytes key, bool v)
{
	put_value(j, key, v ? "true" : "false", v ? 4 : 5);
}

void hep_json_put_null(struct hep_json *j, struct bytes key)
{
	put_value(j, key, "null", 4);
}

void hep_json_ip(struct hep_json *j, const char *key, struct bytes address)
{
	char text[HEP_NUMBER_IP_MAX];

	hep_json_string(j, key, bytes_of(text, hep_number_ip(text, address.p, address.n)));
}

void hep_json_time(struct hep_json *j, const char *key, uint64_t ns)
{
	char text[HEP_NUMBER_MAX + 1 + US_DIGITS];
	size_t n = hep_number_u64(text, ns / NS_PER_SEC);

	text[n++] = '.';
	n += hep_number_padded(text + n, ns % NS_PER_SEC / NS_PER_US, US_DIGITS);
	put_value(j, hep_json_key(key), text, n);
}

struct hep_json_mark hep_json_begin_part(struct hep_json *j)
{
	struct hep_json_mark mark = {j->used, j->room, j->needs_comma};
	size_t limit = HEP_JSON_MAX - END_BYTES;

	if (j->room >= HEP_JSON_MAX)
		j->room = j->used < limit ? limit : j->used;
	return mark;
}

bool hep_json_end_part(struct hep_json *j, const struct hep_json_mark *mark)
{
	if (mark->room < HEP_JSON_MAX)
		return true;
	j->room = mark->room;
	if (!j->is_failed)
		return true;
	j->used = mark->used;
	j->needs_comma = mark->needs_comma;
	j->is_failed = false;
	return false;
}

size_t hep_json_finish(const struct hep_json *j)
{
	return j->is_failed ? 0 : j->used;
}
