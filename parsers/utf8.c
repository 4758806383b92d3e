/* SPDX-License-Identifier: BSD-3-Clause */
#include "utf8.h"

/* By the first octet; those that begin none: 0. */
static unsigned length_of(uint8_t lead)
{
	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

unsigned utf8_take(struct bytes text, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned n = text.n ? length_of(text.p[0]) : 0;
	uint32_t c;

	if (!n || n > text.n)
		return 0;
	c = n == 1 ? text.p[0] : text.p[0] & (0xffu >> (n + 1));
	for (unsigned i = 1; i < n; i++) {
		if ((text.p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (text.p[i] & 0x3f);
	}
	/* Overlong forms, surrogates, and what is beyond Unicode (section 4). */
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*code = c;
	return n;
}

size_t utf8_cut(struct bytes text, size_t most)
{
	if (text.n <= most)
		return text.n;
	for (size_t back = 1; back <= 3 && back <= most; back++) {
		size_t at = most - back;
		uint32_t code;

		if (utf8_take(bytes_of(text.p + at, text.n - at), &code) > back)
			return at;
	}
	return most;
}

bool utf8_is_control(uint32_t code)
{
	if (code < 0xa0)
		return code < 0x20 || code >= 0x7f;
	return code == 0x61c || code == 0x200e || code == 0x200f ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}
