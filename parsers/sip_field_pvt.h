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

/* Takes one line off the front of text. A last line without its end is dropped: half a Call-ID
 * would be taken for another call. */
enum sip_line sip_field_next(struct bytes *text, struct sip_field *field);

/* First element of a comma-separated list; commas in quoted strings and in <> do not separate. */
struct bytes sip_field_first(struct bytes list);

/* Value of a parameter, empty when absent. Parameters start at the first semicolon of value. */
struct bytes sip_field_param(struct bytes value, const char *name);

/* Fills the party from one name-addr or addr-spec with its parameters. */
void sip_field_party(struct bytes value, struct sip_party *party);

#endif
