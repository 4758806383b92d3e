/* SPDX-License-Identifier: BSD-3-Clause */
/* The one option of HEP output that is more than a number or a name: where a collector is. */
#include "hep_options.h"

#include <arpa/inet.h>

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char scheme[] = "udp:";

#define DIGITS	   "0123456789"
#define NAME_CHARS DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"

enum {
	PORT_MAX = 65535,
	PORT_DIGITS_MAX = 5,
	LABEL_MAX = 63, /* RFC 1035 section 2.3.4 */
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
	size_t n = strspn(text, DIGITS);

	if (n == 0 || n > PORT_DIGITS_MAX || text[n])
		return false;
	for (; *text; text++)
		port = port * 10 + (unsigned)(*text - '0');
	return port > 0 && port <= PORT_MAX;
}

/* What may be asked of a name server: letters, digits, hyphens, and underscores, which some hosts have. A name that ends in
 * digits alone is an IPv4 address with a slip in it (RFC 1123 section 2.1). */
static bool is_name(const char *text)
{
	bool is_number = true;

	while (*text) {
		size_t n = strspn(text, NAME_CHARS);

		if (n == 0 || n > LABEL_MAX || text[0] == '-' || text[n - 1] == '-')
			return false;
		is_number = strspn(text, DIGITS) >= n;
		text += n;
		if (*text == '.')
			text++;
		else if (*text)
			return false;
	}
	return !is_number;
}

/* The scope behind a percent sign may be an interface that is not there yet. */
static bool is_scoped_ip6(const char *text)
{
	char address[INET6_ADDRSTRLEN];
	struct in6_addr in6;
	size_t n = strcspn(text, "%");

	if (!text[n] || !text[n + 1] || n >= sizeof(address))
		return false;
	memcpy(address, text, n);
	address[n] = 0;
	return inet_pton(AF_INET6, address, &in6) == 1;
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

/* The addresses of an endpoint; 0 or what getaddrinfo returns. */
static int look_up(const struct endpoint *endpoint, int flags, struct addrinfo **found)
{
	const struct addrinfo hints = {
		.ai_family = endpoint->is_ip6 ? AF_INET6 : AF_UNSPEC,
		.ai_socktype = SOCK_DGRAM,
		.ai_flags = AI_NUMERICSERV | (endpoint->is_ip6 ? AI_NUMERICHOST : flags),
	};

	return getaddrinfo(endpoint->host, endpoint->port, &hints, found);
}

static bool has_address(const struct addrinfo *found, const struct hep_collector_options *collector)
{
	for (; found; found = found->ai_next)
		if (found->ai_addrlen == collector->sockaddr_len &&
			memcmp(found->ai_addr, &collector->sockaddr, found->ai_addrlen) == 0)
			return true;
	return false;
}

/* A name of several addresses may have them in another order each time: the one in use stays. */
static void take_address(const struct addrinfo *found, struct hep_collector_options *collector)
{
	if (has_address(found, collector))
		return;
	memset(&collector->sockaddr, 0, sizeof(collector->sockaddr));
	memcpy(&collector->sockaddr, found->ai_addr, found->ai_addrlen);
	collector->sockaddr_len = found->ai_addrlen;
}

static bool read_text(const char *text, struct endpoint *endpoint, char *error, size_t error_size)
{
	if (strncmp(text, scheme, sizeof(scheme) - 1) != 0) {
		snprintf(
			error, error_size, "collector \"%s\" must begin with \"%s\"", text, scheme);
		return false;
	}
	if (strlen(text) >= HEP_ADDRESS_MAX) {
		snprintf(error, error_size, "collector \"%s\" is longer than %d characters", text,
			HEP_ADDRESS_MAX - 1);
		return false;
	}
	return split(text, endpoint, error, error_size);
}

int hep_collector_parse(
	const char *text, struct hep_collector_options *collector, char *error, size_t error_size)
{
	struct endpoint endpoint = {.is_ip6 = false};
	struct addrinfo *found = NULL;

	if (!read_text(text, &endpoint, error, error_size))
		return -1;
	if (look_up(&endpoint, AI_NUMERICHOST, &found) != 0 &&
		!(endpoint.is_ip6 ? is_scoped_ip6(endpoint.host) : is_name(endpoint.host))) {
		snprintf(error, error_size, "collector \"%s\" has no valid host", text);
		return -1;
	}
	collector->sockaddr_len = 0;
	if (found) {
		take_address(found, collector);
		freeaddrinfo(found);
	}
	memcpy(collector->address, text, strlen(text) + 1);
	return 0;
}

int hep_collector_resolve(struct hep_collector_options *collector, char *error, size_t error_size)
{
	struct endpoint endpoint = {.is_ip6 = false};
	struct addrinfo *found;
	int status;

	if (!read_text(collector->address, &endpoint, error, error_size))
		return -1;
	status = look_up(&endpoint, 0, &found);
	if (status) {
		snprintf(error, error_size, "could not resolve \"%s\": %s", endpoint.host,
			status == EAI_SYSTEM ? strerror(errno) : gai_strerror(status));
		return -1;
	}
	take_address(found, collector);
	freeaddrinfo(found);
	return 0;
}
