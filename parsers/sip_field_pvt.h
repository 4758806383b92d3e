/* SPDX-License-Identifier: BSD-3-Clause */
/* What header fields are made of: folded lines, list elements, parameters and addresses (RFC 3261
 * sections 7.3 and 25.1). For sip_msg.c and sip_body.c.
 * Owner: slices into the caller's text. Threads: any; every call is linear in its input. */
#ifndef SIP_FIELD_PVT_H
#define SIP_FIELD_PVT_H

#include "sip_msg.h"

struct sip_field {
	struct bytes name; /* without the blanks before the colon; empty in a line with no colon */
	struct bytes value; /* trimmed, folded lines as they stand */
};

enum sip_line {
	SIP_LINE_FIELD, /* a header field with its folded lines */
	SIP_LINE_EMPTY, /* the empty line that ends a head */
	SIP_LINE_CUT, /* the text ended before a line end */
};

#ifdef __SSE2__
/* Bit i: octet i of the 64 at p is c. */
static inline uint64_t sip_field_mask64(const uint8_t *p, uint8_t c)
{
	return (uint64_t)bytes_mask16(p, c, c) | (uint64_t)bytes_mask16(p + 16, c, c) << 16 |
	       (uint64_t)bytes_mask16(p + 32, c, c) << 32 |
	       (uint64_t)bytes_mask16(p + 48, c, c) << 48;
}

/* The usual line, of at most 63 octets and not folded, in one look; false: look closer.
 * Inlined, since each line waits for the one before: text is in registers then. */
static inline bool sip_field_short(struct bytes *text, struct sip_field *field)
{
	uint64_t end_mask, colon_mask;
	unsigned end, colon;

	if (text->n < 64)
		return false;
	end_mask = sip_field_mask64(text->p, '\n');
	end = end_mask ? (unsigned)__builtin_ctzll(end_mask) : 63;
	colon_mask = sip_field_mask64(text->p, ':') & (((uint64_t)1 << end) - 1);
	if (end == 63 || !colon_mask || text->p[end + 1] == ' ' || text->p[end + 1] == '\t')
		return false;
	colon = (unsigned)__builtin_ctzll(colon_mask);
	field->name = bytes_trim(bytes_of(text->p, colon));
	field->value = bytes_trim(bytes_of(text->p + colon + 1, end - colon - 1));
	*text = bytes_of(text->p + end + 1, text->n - end - 1);
	return true;
}
#else
static inline bool sip_field_short(struct bytes *text, struct sip_field *field)
{
	(void)text;
	(void)field;
	return false;
}
#endif

/* Any other line; see sip_field_next. */
enum sip_line sip_field_line(struct bytes *text, struct sip_field *field);

/* Takes one line off the front of text. A last line without its end is dropped: half a Call-ID
 * would be taken for another call. */
static inline enum sip_line sip_field_next(struct bytes *text, struct sip_field *field)
{
	struct bytes rest = *text;
	enum sip_line line = SIP_LINE_FIELD;

	if (!sip_field_short(text, field)) {
		line = sip_field_line(&rest, field);
		*text = rest;
	}
	return line;
}

/* First element of a comma-separated list; commas in quoted strings and in <> do not separate. */
struct bytes sip_field_first(struct bytes list);

/* Value of a parameter, empty when absent. Parameters start at the first semicolon of value. */
struct bytes sip_field_param(struct bytes value, const char *name);

/* Fills the party from one name-addr or addr-spec with its parameters. */
void sip_field_party(struct bytes value, struct sip_party *party);

#endif
