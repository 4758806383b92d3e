/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers as text. A report is mostly numbers, and printf spends ten times as long on each.
 * Owner: the caller's buffer; nothing ends in NUL. Threads: any; no state. */
#ifndef HEP_NUMBER_H
#define HEP_NUMBER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __AVX512IFMA__
#include <immintrin.h>
#endif

enum {
	HEP_NUMBER_MAX = 20, /* octets of UINT64_MAX; of INT64_MIN too */
	HEP_NUMBER_WIDE = 10,
	HEP_NUMBER_IP_MAX = 46, /* octets of an IPv6 address with an IPv4 one in it, and a NUL */
	HEP_DECIMALS_MAX = 9,
	HEP_FIXED_MAX = 320, /* octets of -DBL_MAX with nine decimals */
};

extern const char hep_number_pairs[200]; /* "00" to "99" */
extern const uint64_t hep_number_steps[32]; /* by the highest bit of a number */

/* By the highest bit alone a number has one of two counts of digits; the carry of the lower half tells which. */
static inline unsigned hep_number_digits(uint32_t v)
{
	return (unsigned)((v + hep_number_steps[31 - __builtin_clz(v | 1)]) >> 32);
}

#ifdef __AVX512IFMA__
/* Eight digits of v, which is below 10^8, the first in the lowest octet. v / 10^8 to v / 10 side by side, of which what
 * is behind the point stays, in 52 bits; ten times that is the digit. The parts are rounded off, v + 1 of them make it
 * good for every v there is. */
static inline uint64_t hep_number_eight(uint32_t v)
{
	const uint64_t one = (uint64_t)1 << 52;
	const __m512i parts =
		_mm512_setr_epi64((int64_t)(one / 100000000), (int64_t)(one / 10000000),
			(int64_t)(one / 1000000), (int64_t)(one / 100000), (int64_t)(one / 10000),
			(int64_t)(one / 1000), (int64_t)(one / 100), (int64_t)(one / 10));
	__m512i rest = _mm512_madd52lo_epu64(parts, _mm512_set1_epi64(v), parts);
	__m512i digits = _mm512_madd52hi_epu64(_mm512_set1_epi64('0'), rest, _mm512_set1_epi64(10));

	return (uint64_t)_mm_cvtsi128_si64(_mm512_cvtepi64_epi8(digits));
}
#else
/* Eight digits of v, which is below 10^8, the first in the lowest octet: halves, then pairs, then digits side by
 * side. The factors are 1/100 and 1/10, exact for what stands there. */
static inline uint64_t hep_number_eight(uint32_t v)
{
	uint64_t x = v / 10000 | (uint64_t)(v % 10000) << 32, y;

	y = x * 10486 >> 20 & 0x0000007f0000007f;
	x = y | (x - y * 100) << 16;
	y = x * 103 >> 10 & 0x000f000f000f000f;
	return (y | (x - y * 10) << 8) + 0x3030303030303030;
}
#endif

/* Each returns how many octets the number has. */

/* Without a branch but for more than eight digits. May write all over HEP_NUMBER_WIDE octets. */
static inline size_t hep_number_u32_wide(char *out, uint32_t v)
{
	unsigned digits = hep_number_digits(v);
	uint64_t last;

	if (digits > 8) {
		/* One or two before the last eight. */
		memcpy(out, hep_number_pairs + (size_t)(v / 100000000) * 2 + (digits == 9), 2);
		last = hep_number_eight(v % 100000000);
		memcpy(out + digits - 8, &last, 8);
		return digits;
	}
	last = hep_number_eight(v) >> 8 * (8 - digits);
	memcpy(out, &last, 8);
	return digits;
}

/* These may write all over HEP_NUMBER_MAX octets. */
size_t hep_number_u64(char *out, uint64_t v);
size_t hep_number_i64(char *out, int64_t v);
/* Exactly count digits, zeros in front. */
size_t hep_number_padded(char *out, uint64_t v, unsigned count);
/* Two digits for each octet, out of digits: 16 characters. */
size_t hep_number_hex(char *out, const uint8_t *octets, size_t n, const char *digits);
/* An address of 4 or 16 octets, dotted or by RFC 5952; out has room for HEP_NUMBER_IP_MAX. */
size_t hep_number_ip(char *out, const uint8_t *octets, size_t n);

/* What: a finite v with so many decimals, at most HEP_DECIMALS_MAX; the last is rounded as the exact
 * value of v demands, to even if it is in the middle. It is the text that "%.*f" makes in the C
 * locale, but that zero has no sign. */
size_t hep_number_fixed(char *out, double v, unsigned decimals);

#endif
