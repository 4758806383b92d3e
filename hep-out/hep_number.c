/* SPDX-License-Identifier: BSD-3-Clause */
/* Digits in pairs, and fixed-point text in integer arithmetic: a double is a whole number times a
 * power of two, so a product with ten to the decimals and a shift round it exactly. */
#include "hep_number.h"

#include <arpa/inet.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
	MANTISSA_BITS = 52,
	EXPONENT_ONE = 1023, /* of 1.0 */
	SHIFT_MAX = 127,
};

const char hep_number_pairs[200] = "00010203040506070809101112131415161718192021222324"
				   "25262728293031323334353637383940414243444546474849"
				   "50515253545556575859606162636465666768697071727374"
				   "75767778798081828384858687888990919293949596979899";

/* ALL: whatever is below the highest bit, there are n digits. FROM: n from that power of ten on, else one less. */
#define ALL(n)	       ((uint64_t)(n) << 32)
#define FROM(n, power) (ALL(n) - (power))
const uint64_t hep_number_steps[32] = {ALL(1), ALL(1), ALL(1), FROM(2, 10), ALL(2), ALL(2),
	FROM(3, 100), ALL(3), ALL(3), FROM(4, 1000), ALL(4), ALL(4), ALL(4), FROM(5, 10000), ALL(5),
	ALL(5), FROM(6, 100000), ALL(6), ALL(6), FROM(7, 1000000), ALL(7), ALL(7), ALL(7),
	FROM(8, 10000000), ALL(8), ALL(8), FROM(9, 100000000), ALL(9), ALL(9), FROM(10, 1000000000),
	ALL(10), ALL(10)};
#undef ALL
#undef FROM

static size_t put_eight(char *out, uint64_t v)
{
	uint64_t digits = hep_number_eight((uint32_t)v);

	memcpy(out, &digits, sizeof(digits));
	return sizeof(digits);
}

size_t hep_number_u64(char *out, uint64_t v)
{
	const uint64_t part = 100000000;
	uint64_t high = v / part;
	size_t n;

	if (v <= UINT32_MAX)
		return hep_number_u32_wide(out, (uint32_t)v);
	if (high <= UINT32_MAX) {
		n = hep_number_u32_wide(out, (uint32_t)high);
	} else {
		n = hep_number_u32_wide(out, (uint32_t)(high / part));
		n += put_eight(out + n, high % part);
	}
	return n + put_eight(out + n, v % part);
}

size_t hep_number_i64(char *out, int64_t v)
{
	if (v >= 0)
		return hep_number_u64(out, (uint64_t)v);
	out[0] = '-';
	return 1 + hep_number_u64(out + 1, -(uint64_t)v);
}

size_t hep_number_padded(char *out, uint64_t v, unsigned count)
{
	for (unsigned at = count; at; v /= 10)
		out[--at] = (char)('0' + v % 10);
	return count;
}

size_t hep_number_hex(char *out, const uint8_t *octets, size_t n, const char *digits)
{
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[octets[i] >> 4];
		out[2 * i + 1] = digits[octets[i] & 15];
	}
	return 2 * n;
}

static size_t dotted(char *out, const uint8_t *octets)
{
	size_t n = 0;

	for (unsigned i = 0; i < 4; i++) {
		if (i)
			out[n++] = '.';
		n += hep_number_u64(out + n, octets[i]);
	}
	return n;
}

size_t hep_number_ip(char *out, const uint8_t *octets, size_t n)
{
	if (n == 4)
		return dotted(out, octets);
	inet_ntop(AF_INET6, octets, out, HEP_NUMBER_IP_MAX);
	return strlen(out);
}

/* Whatever the locale puts between the digits becomes a point. */
static size_t large(char *out, double v, unsigned decimals)
{
	char text[HEP_FIXED_MAX + 16];
	size_t n = 0;

	snprintf(text, sizeof(text), "%.*f", (int)decimals, v);
	for (const char *from = text; *from; from++) {
		if (*from == '-' || (*from >= '0' && *from <= '9'))
			out[n++] = *from;
		else if (out[n - 1] != '.')
			out[n++] = '.';
	}
	return n;
}

/* v times scale as a whole number; v is not negative and below 1e9, scale below 2^30. */
static uint64_t round_scaled(double v, uint64_t scale)
{
	unsigned __int128 product, rest, half, whole;
	uint64_t bits, mantissa;
	unsigned exponent, shift;

	/* IEEE 754 binary64; subnormals have no hidden bit. */
	memcpy(&bits, &v, sizeof(bits));
	mantissa = bits & (((uint64_t)1 << MANTISSA_BITS) - 1);
	exponent = (unsigned)(bits >> MANTISSA_BITS);
	if (exponent)
		mantissa |= (uint64_t)1 << MANTISSA_BITS;
	else
		exponent = 1;
	shift = EXPONENT_ONE + MANTISSA_BITS - exponent; /* at least 23, 1e9 being below 2^30 */
	if (shift > SHIFT_MAX)
		return 0; /* the product has 83 bits at most */
	product = (unsigned __int128)mantissa * scale;
	half = (unsigned __int128)1 << (shift - 1);
	whole = product >> shift;
	rest = product & ((half << 1) - 1);
	return (uint64_t)whole + (rest > half || (rest == half && (whole & 1)));
}

size_t hep_number_fixed(char *out, double v, unsigned decimals)
{
	static const uint64_t scales[HEP_DECIMALS_MAX + 1] = {
		1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};
	uint64_t scaled, whole;
	size_t n = 0;

	if (decimals > HEP_DECIMALS_MAX)
		decimals = HEP_DECIMALS_MAX;
	if (!(fabs(v) < 1e9))
		return large(out, v, decimals);
	scaled = round_scaled(fabs(v), scales[decimals]);
	if (v < 0 && scaled)
		out[n++] = '-';
	whole = scaled / scales[decimals];
	n += hep_number_u64(out + n, whole);
	if (!decimals)
		return n;
	out[n++] = '.';
	return n + hep_number_padded(out + n, scaled - whole * scales[decimals], decimals);
}
