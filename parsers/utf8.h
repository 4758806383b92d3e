/* SPDX-License-Identifier: BSD-3-Clause */
/* Characters of UTF-8 in text that may hold anything (RFC 3629).
 * Owner: slices into the caller's text. Threads: any; nothing here has state. */
#ifndef UTF8_H
#define UTF8_H

#include "bytes.h"

/* Octets of the well-formed character at the front, 0 when there is none; code is then not written. */
unsigned utf8_take(struct bytes text, uint32_t *code);

/* How many octets at the front are at most that many and end in no character's middle. What is no UTF-8
 * is cut anywhere. */
size_t utf8_cut(struct bytes text, size_t most);

/* What moves text instead of being some: C0, DEL and C1 (U+0080 to U+009F), which terminals obey; what
 * separates lines or turns their direction (Zl, Zp and Bidi_Control of Unicode). */
bool utf8_is_control(uint32_t code);

#endif
