/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening, connecting anew, and following a name. */
#include "hep_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hep_clock.h"

enum {
	SOCKET_BUFFER_BYTES = 4 << 20,
};

#define CONNECT_NS HEP_NS_PER_SEC /* between two connects, and two questions for a name */

/* Best effort: without CAP_NET_ADMIN the kernel grants what net.core.wmem_max allows. Messages
 * larger than the path MTU are fragmented on their way: with path MTU discovery the kernel would
 * lose some of them to learn the MTU. */
static void tune(int fd, int family)
{
	int bytes = SOCKET_BUFFER_BYTES;
	int discover = IP_PMTUDISC_DONT;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	if (family == AF_INET)
		setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof(discover));
	else
		setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &discover, sizeof(discover));
}

static void close_fd(struct hep_socket *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

/* Of the address's family. 0 or an errno. */
static int make_fd(struct hep_socket *s)
{
	int family = s->collector.sockaddr.ss_family;

	if (s->fd >= 0 && s->family == family)
		return 0;
	close_fd(s);
	s->fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		return errno;
	s->family = family;
	tune(s->fd, family);
	return 0;
}

/* 0 or an errno: nothing can be sent then. Unconnected, the socket refuses to send. */
static int connect_to_address(struct hep_socket *s)
{
	const struct sockaddr none = {.sa_family = AF_UNSPEC};
	int error = make_fd(s);

	if (error)
		return error;
	(void)connect(s->fd, &none, sizeof(none));
	return connect(s->fd, (const struct sockaddr *)&s->collector.sockaddr,
		       s->collector.sockaddr_len) < 0
		       ? errno
		       : 0;
}

/* A connected socket sends from the address that this host had. When it has another one, nothing gets out any more
 * until the socket is connected anew; without a route it stays unconnected, which is an error too. */
static void connect_anew(struct hep_socket *s)
{
	uint64_t now = hep_clock_ns();

	if (now < s->connect_ns)
		return;
	s->connect_ns = now + CONNECT_NS;
	(void)connect_to_address(s);
}

/* What a network that is not up yet answers: it may come. */
static bool is_no_route(int error)
{
	return error == ENETUNREACH || error == EHOSTUNREACH || error == EADDRNOTAVAIL;
}

static void set_no_way(struct hep_socket *s, int error)
{
	snprintf(s->no_way, sizeof(s->no_way), "%s", error ? strerror(error) : "");
	s->connect_ns = error ? hep_clock_ns() + CONNECT_NS : 0;
}

int hep_socket_open(struct hep_socket *s, const struct hep_collector_options *collector)
{
	int error;

	*s = (struct hep_socket){.fd = -1, .collector = *collector};
	if (!collector->sockaddr_len)
		return hep_resolver_create(collector, &s->resolver);
	error = connect_to_address(s);
	if (error && !is_no_route(error)) {
		close_fd(s);
		return -error;
	}
	set_no_way(s, error);
	return 0;
}

void hep_socket_close(struct hep_socket *s)
{
	hep_resolver_destroy(s->resolver);
	close_fd(s);
}

static bool takes_address(struct hep_socket *s)
{
	return s->resolver && hep_resolver_take(s->resolver, &s->addresses, &s->collector);
}

void hep_socket_wait(struct hep_socket *s, uint64_t end_ns)
{
	if (s->resolver && hep_resolver_wait(s->resolver, end_ns, s->no_way, sizeof(s->no_way)) &&
		takes_address(s))
		set_no_way(s, connect_to_address(s));
}

bool hep_socket_is_ready(struct hep_socket *s)
{
	if (takes_address(s))
		(void)connect_to_address(s);
	else if (s->fd < 0 && s->collector.sockaddr_len)
		connect_anew(s);
	return s->fd >= 0;
}

void hep_socket_mend(struct hep_socket *s, int error)
{
	uint64_t now = hep_clock_ns();

	/* A message that is too large is no fault of the socket. */
	if (error == EMSGSIZE)
		return;
	if (s->resolver && now >= s->ask_ns) {
		s->ask_ns = now + CONNECT_NS;
		hep_resolver_ask(s->resolver);
	}
	if (error != ECONNREFUSED)
		connect_anew(s);
}

bool hep_socket_has_moved(const struct hep_socket *s, unsigned *seen, char *text, size_t size)
{
	struct hep_collector_options now;

	return s->resolver && hep_resolver_take(s->resolver, seen, &now) &&
	       getnameinfo((const struct sockaddr *)&now.sockaddr, now.sockaddr_len, text,
		       (socklen_t)size, NULL, 0, NI_NUMERICHOST) == 0;
}
