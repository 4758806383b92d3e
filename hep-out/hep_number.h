/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers as text. A report is mostly numbers, and printf spends ten times as long on each.
 * Owner: the caller's buffer; nothing ends in NUL. Threads: any; no state. */
#ifndef HEP_NUMBER_H
#define HEP_NUMBER_H

#include <stddef.h>
#include <stdint.h>

enum {
	HEP_NUMBER_MAX = 20, /* octets of UINT64_MAX; of INT64_MIN too */
	HEP_NUMBER_IP_MAX = 46, /* octets of an IPv6 address with an IPv4 one in it, and a NUL */
	HEP_DECIMALS_MAX = 9,
	HEP_FIXED_MAX = 320, /* octets of -DBL_MAX with nine decimals */
};

/* Each returns how many octets it wrote. */

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
