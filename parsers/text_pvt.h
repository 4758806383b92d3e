/* SPDX-License-Identifier: BSD-3-Clause */
/* Small steps over text that several parsers of text take.
 * Owner: slices into the caller's text. Threads: any. */
#ifndef TEXT_PVT_H
#define TEXT_PVT_H

#include <arpa/inet.h>

#include "bytes.h"
#include "pkt_flow.h"

/* By octet: what tokens are made of, RFC 3261 section 25.1. */
extern const bool text_is_token[256];

/* Takes the blanks and then the run of other octets off the front; empty at the end. CR and LF are
 * blanks too, as in folded lines of SIP; a line of SDP holds neither. */
static inline struct bytes text_take_word(struct bytes *text)
{
	const uint8_t *p = text->p, *end;
	struct bytes word;

	if (!text->n)
		return *text;
	end = p + text->n;
	while (p < end && ascii_is_blank(*p))
		p++;
	word.p = p;
	while (p < end && !ascii_is_blank(*p))
		p++;
	word.n = (size_t)(p - word.p);
	*text = bytes_of(p, (size_t)(end - p));
	return word;
}

/* Takes the digits off the front; false when there are none. A number beyond 32 bits comes out as
 * some value above UINT32_MAX. */
static inline bool text_take_number(struct bytes *text, uint64_t *value)
{
	uint64_t v = 0;
	size_t n = 0;

	for (; n < text->n && ascii_is_digit(text->p[n]); n++)
		if (v <= UINT32_MAX)
			v = v * 10 + (uint64_t)(text->p[n] - '0');
	*value = v;
	*text = bytes_skip(*text, n);
	return n > 0;
}

/* As inet_pton has it: four numbers up to 255 without leading zeros. */
static inline bool text_ipv4(struct bytes text, uint8_t *octets)
{
	unsigned value = 0, count = 0;
	bool has_digit = false;

	for (size_t i = 0; i < text.n; i++) {
		unsigned digit = (unsigned)text.p[i] - '0';

		if (digit <= 9 && !(has_digit && value == 0) && value * 10 + digit <= 255) {
			value = value * 10 + digit;
			has_digit = true;
		} else if (text.p[i] == '.' && has_digit && count < 3) {
			octets[count++] = (uint8_t)value;
			value = 0;
			has_digit = false;
		} else {
			return false;
		}
	}
	octets[3] = (uint8_t)value;
	return count == 3 && has_digit;
}

/* What: an IP address, the family that it returns, or 0 when the text is none. */
static inline uint8_t text_address(struct bytes text, struct pkt_addr *addr)
{
	char copy[INET6_ADDRSTRLEN];

	*addr = (struct pkt_addr){0};
	if (text_ipv4(text, addr->b))
		return 4;
	*addr = (struct pkt_addr){0};
	if (!text.p || text.n == 0 || text.n >= sizeof(copy) || bytes_find(text, 0) < text.n)
		return 0;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	return inet_pton(AF_INET6, copy, addr->b) == 1 ? 6 : 0;
}

#endif
