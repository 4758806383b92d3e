/* SPDX-License-Identifier: BSD-3-Clause */
/* A run of bytes in somebody else's memory, and big-endian reads.
 * Owner: whoever owns the packet; a slice never outlives it.
 * Threads: any; nothing here has state. */
#ifndef BYTES_H
#define BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

struct bytes {
	const uint8_t *p;
	size_t n;
};

#define BYTES_LIT(s) ((struct bytes){(const uint8_t *)(s), sizeof(s) - 1})
#define BYTES_NONE   ((struct bytes){NULL, 0})

static inline uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t be64(const uint8_t *p)
{
	return (uint64_t)be32(p) << 32 | be32(p + 4);
}

static inline struct bytes bytes_of(const void *p, size_t n)
{
	return (struct bytes){p, n};
}

static inline struct bytes bytes_from_str(const char *s)
{
	return (struct bytes){(const uint8_t *)s, strlen(s)};
}

/* Drops n bytes from the front; all of them when there are fewer. */
static inline struct bytes bytes_skip(struct bytes b, size_t n)
{
	if (n > b.n)
		n = b.n;
	return (struct bytes){b.p ? b.p + n : NULL, b.n - n};
}

/* Keeps the first n bytes; all when there are fewer. */
static inline struct bytes bytes_head(struct bytes b, size_t n)
{
	return (struct bytes){b.p, n < b.n ? n : b.n};
}

static inline bool bytes_eq(struct bytes a, struct bytes b)
{
	/* b is a literal mostly, whose length the compiler knows. */
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, b.n) == 0);
}

static inline uint8_t ascii_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static inline bool ascii_is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* ASCII case only, whatever the locale. Text that is meant to be the same is mostly spelt the
 * same. */
static inline bool bytes_eq_nocase(struct bytes a, struct bytes b)
{
	if (a.n != b.n)
		return false;
	if (bytes_eq(a, b))
		return true;
	for (size_t i = 0; i < b.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return true;
}

static inline bool bytes_starts(struct bytes b, struct bytes prefix)
{
	return b.n >= prefix.n && memcmp(b.p, prefix.p, prefix.n) == 0;
}

/* SP, HTAB, CR, LF (SIP LWS, RFC 3261 section 25.1). */
static inline bool ascii_is_blank(uint8_t c)
{
	const uint64_t blanks = (uint64_t)1 << ' ' | 1 << '\t' | 1 << '\r' | 1 << '\n';

	return c <= ' ' && blanks >> c & 1;
}

/* Strips blanks from both ends. */
static inline struct bytes bytes_trim(struct bytes b)
{
	while (b.n && ascii_is_blank(b.p[0])) {
		b.p++;
		b.n--;
	}
	while (b.n && ascii_is_blank(b.p[b.n - 1]))
		b.n--;
	return b;
}

#ifdef __SSE2__
/* Bit i: octet i of v is a or b. */
static inline unsigned bytes_mask(__m128i v, uint8_t a, uint8_t b)
{
	return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8((char)a)),
		_mm_cmpeq_epi8(v, _mm_set1_epi8((char)b))));
}

/* Bit i: octet i of the 16 at p is a or b. */
static inline unsigned bytes_mask16(const uint8_t *p, uint8_t a, uint8_t b)
{
	return bytes_mask(_mm_loadu_si128((const void *)p), a, b);
}
#endif

/* Offset of the first octet that is a or b, or b.n when there is none. Inlined, since most of what
 * is looked for is near. */
static inline size_t bytes_find_either(struct bytes text, uint8_t a, uint8_t b)
{
	size_t i = 0;

#ifdef __SSE2__
	for (; text.n - i >= 16; i += 16) {
		unsigned mask = bytes_mask16(text.p + i, a, b);

		if (mask)
			return i + (unsigned)__builtin_ctz(mask);
	}
	/* The last 16 octets again: the first of them are known. */
	if (i && i < text.n) {
		unsigned mask = bytes_mask16(text.p + text.n - 16, a, b);

		return mask ? text.n - 16 + (unsigned)__builtin_ctz(mask) : text.n;
	}
	/* Of 8 to 15 the first 8 and the last 8. */
	if (text.n >= 8) {
		uint64_t first, last;
		unsigned mask;

		memcpy(&first, text.p, 8);
		memcpy(&last, text.p + text.n - 8, 8);
		mask = bytes_mask(_mm_set_epi64x((int64_t)last, (int64_t)first), a, b);
		if (mask & 0xff)
			return (unsigned)__builtin_ctz(mask);
		return mask ? text.n - 16 + (unsigned)__builtin_ctz(mask) : text.n;
	}
#endif
	while (i < text.n && text.p[i] != a && text.p[i] != b)
		i++;
	return i;
}

/* Offset of the first c, or b.n when there is none. */
static inline size_t bytes_find(struct bytes b, uint8_t c)
{
	return bytes_find_either(b, c, c);
}

#endif
