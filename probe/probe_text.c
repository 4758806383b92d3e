/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe_text.h"

#include <stdio.h>

const char *probe_text_address(
	char text[PROBE_ADDRESS_MAX], uint8_t family, const struct pkt_addr *addr)
{
	text[0] = '\0';
	inet_ntop(family == 4 ? AF_INET : AF_INET6, addr->b, text, PROBE_ADDRESS_MAX);
	return text;
}

const char *probe_text_end(
	char text[PROBE_END_MAX], uint8_t family, const struct pkt_addr *addr, uint16_t port)
{
	char address[PROBE_ADDRESS_MAX];

	snprintf(text, PROBE_END_MAX, family == 4 ? "%s:%u" : "[%s]:%u",
		probe_text_address(address, family, addr), port);
	return text;
}
