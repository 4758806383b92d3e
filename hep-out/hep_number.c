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

static const char pairs[] = "00010203040506070809101112131415161718192021222324"
			    "25262728293031323334353637383940414243444546474849"
			    "50515253545556575859606162636465666768697071727374"
			    "75767778798081828384858687888990919293949596979899";

/* log10 is 1233 / 4096 of log2, to one digit that the comparison takes off again. */
static unsigned count_digits(uint64_t v)
{
	static const uint64_t powers[HEP_NUMBER_MAX] = {0, 10, 100, 1000, 10000, 100000, 1000000,
		10000000, 100000000, 1000000000, 10000000000, 100000000000, 1000000000000,
		10000000000000, 100000000000000, 1000000000000000, 10000000000000000,
		100000000000000000, 1000000000000000000, 10000000000000000000u};
	unsigned bits = 64 - (unsigned)__builtin_clzll(v | 1);
	unsigned n = bits * 1233 >> 12;

	return n + (v >= powers[n]);
}

size_t hep_number_u64(char *out, uint64_t v)
{
	unsigned digits, at;

	if (v < 10) {
		out[0] = (char)('0' + v);
		return 1;
	}
	digits = at = count_digits(v);
	for (; v >= 100; v /= 100) {
		at -= 2;
		memcpy(out + at, pairs + v % 100 * 2, 2);
	}
	if (at == 2)
		memcpy(out, pairs + v * 2, 2);
	else
		out[0] = (char)('0' + v);
	return digits;
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
