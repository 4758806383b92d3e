/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses and words as tables, findings, JSON and telemetry show them.
 * Owner: the caller's buffer. Threads: any. */
#ifndef PROBE_TEXT_H
#define PROBE_TEXT_H

#include <arpa/inet.h>

#include <stdint.h>

#include "pkt_flow.h"

enum {
	PROBE_ADDRESS_MAX = INET6_ADDRSTRLEN, /* with the final NUL */
	PROBE_END_MAX = PROBE_ADDRESS_MAX + sizeof("[]:65535") - 1,
};

/* "192.0.2.1", "2001:db8::1". Returns text. */
const char *probe_text_address(
	char text[PROBE_ADDRESS_MAX], uint8_t family, const struct pkt_addr *addr);

/* "192.0.2.1:5060", "[2001:db8::1]:5060". Returns text. */
const char *probe_text_end(
	char text[PROBE_END_MAX], uint8_t family, const struct pkt_addr *addr, uint16_t port);

/* The ending of what there are so many of. */
static inline const char *probe_plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

#endif
