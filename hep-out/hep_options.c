/* SPDX-License-Identifier: BSD-3-Clause */
/* The one option of HEP output that is more than a number or a name: where a collector is. */
#include "hep_options.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char scheme[] = "udp:";

enum {
	PORT_MAX = 65535,
	PORT_DIGITS_MAX = 5,
};

/* HOST and PORT as they stand in the text, brackets taken off. */
struct endpoint {
	char host[HEP_ADDRESS_MAX];
	char port[PORT_DIGITS_MAX + 1];
	bool is_ip6;
};

static bool is_port(const char *text)
{
	unsigned port = 0;
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > PORT_DIGITS_MAX || text[n])
		return false;
	for (; *text; text++)
		port = port * 10 + (unsigned)(*text - '0');
	return port > 0 && port <= PORT_MAX;
}

/* Splits at the last colon. An IPv6 address has colons of its own and must stand in brackets, or
 * its last group would be read as the port. */
static bool split(const char *text, struct endpoint *endpoint, char *error, size_t error_size)
{
	const char *host = text + sizeof(scheme) - 1;
	const char *colon = strrchr(host, ':');
	size_t n = colon ? (size_t)(colon - host) : 0;

	if (!colon || !is_port(colon + 1)) {
		snprintf(error, error_size,
			"collector \"%s\" must end in a port between 1 and 65535", text);
		return false;
	}
	endpoint->is_ip6 = n > 2 && host[0] == '[' && colon[-1] == ']';
	if (endpoint->is_ip6) {
		host++;
		n -= 2;
	} else if (memchr(host, ':', n)) {
		snprintf(error, error_size,
			"IPv6 address of collector \"%s\" must stand in brackets", text);
		return false;
	} else if (n == 0 || memchr(host, '[', n) || memchr(host, ']', n)) {
		snprintf(error, error_size, "collector \"%s\" has no valid host", text);
		return false;
	}
	memcpy(endpoint->host, host, n);
	endpoint->host[n] = 0;
	memcpy(endpoint->port, colon + 1, strlen(colon + 1) + 1);
	return true;
}

static bool resolve(const struct endpoint *endpoint, struct hep_collector_options *collector,
	char *error, size_t error_size)
{
	const struct addrinfo hints = {
		.ai_family = endpoint->is_ip6 ? AF_INET6 : AF_UNSPEC,
		.ai_socktype = SOCK_DGRAM,
		.ai_flags = AI_NUMERICSERV | (endpoint->is_ip6 ? AI_NUMERICHOST : 0),
	};
	struct addrinfo *found;
	int status = getaddrinfo(endpoint->host, endpoint->port, &hints, &found);

	if (status) {
		snprintf(error, error_size, "could not resolve \"%s\": %s", endpoint->host,
			status == EAI_SYSTEM ? strerror(errno) : gai_strerror(status));
		return false;
	}
	memset(&collector->sockaddr, 0, sizeof(collector->sockaddr));
	memcpy(&collector->sockaddr, found->ai_addr, found->ai_addrlen);
	collector->sockaddr_len = found->ai_addrlen;
	freeaddrinfo(found);
	return true;
}

int hep_collector_parse(
	const char *text, struct hep_collector_options *collector, char *error, size_t error_size)
{
	struct endpoint endpoint = {.is_ip6 = false};
	size_t n = strlen(text);

	if (strncmp(text, scheme, sizeof(scheme) - 1) != 0) {
		snprintf(
			error, error_size, "collector \"%s\" must begin with \"%s\"", text, scheme);
		return -1;
	}
	if (n >= HEP_ADDRESS_MAX) {
		snprintf(error, error_size, "collector \"%s\" is longer than %d characters", text,
			HEP_ADDRESS_MAX - 1);
		return -1;
	}
	if (!split(text, &endpoint, error, error_size) ||
		!resolve(&endpoint, collector, error, error_size))
		return -1;
	memcpy(collector->address, text, n + 1);
	return 0;
}
