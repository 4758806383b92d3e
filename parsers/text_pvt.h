/* SPDX-License-Identifier: BSD-3-Clause */
/* Small steps over text that both the SIP and the SDP parser take.
 * Owner: slices into the caller's text. Threads: any. */
#ifndef TEXT_PVT_H
#define TEXT_PVT_H

#include "bytes.h"

/* Folded SIP lines make CR and LF blanks too; a line of SDP holds neither. */
static inline bool text_is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Takes the blanks and then the run of other octets off the front; empty at the end. */
static inline struct bytes text_take_word(struct bytes *text)
{
	struct bytes word;
	size_t n = 0;

	while (text->n && text_is_blank(text->p[0]))
		*text = bytes_skip(*text, 1);
	while (n < text->n && !text_is_blank(text->p[n]))
		n++;
	word = bytes_head(*text, n);
	*text = bytes_skip(*text, n);
	return word;
}

/* Takes the digits off the front; false when there are none. A number beyond 32 bits comes out as
 * some value above UINT32_MAX. */
static inline bool text_take_number(struct bytes *text, uint64_t *value)
{
	bool has_digit = false;

	*value = 0;
	while (text->n && text->p[0] >= '0' && text->p[0] <= '9') {
		if (*value <= UINT32_MAX)
			*value = *value * 10 + (uint64_t)(text->p[0] - '0');
		*text = bytes_skip(*text, 1);
		has_digit = true;
	}
	return has_digit;
}

#endif
