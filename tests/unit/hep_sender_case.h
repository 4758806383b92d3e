/* SPDX-License-Identifier: BSD-3-Clause */
/* What tests of the sender share: collectors on loopback, and what they got. */
#ifndef HEP_SENDER_CASE_H
#define HEP_SENDER_CASE_H

#include <netinet/in.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "hep_sender.h"
#include "unit.h"

static const atomic_bool go_on = false;

/* A socket on a loopback port of its own, and where to find it. */
static inline int listen_on(int family, struct hep_collector_options *collector)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int bytes = 4 << 20;

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	assert_int_equal(family == AF_INET ? bind(fd, (struct sockaddr *)&sin, sizeof(sin))
					   : bind(fd, (struct sockaddr *)&sin6, sizeof(sin6)),
		0);
	memset(collector, 0, sizeof(*collector));
	collector->sockaddr_len = sizeof(collector->sockaddr);
	assert_int_equal(
		getsockname(fd, (struct sockaddr *)&collector->sockaddr, &collector->sockaddr_len),
		0);
	return fd;
}

struct burst {
	struct bytes messages[HEP_SEND_BURST];
	char text[HEP_SEND_BURST][8];
};

static inline void fill_burst(struct burst *burst, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		int size = snprintf(burst->text[i], sizeof(burst->text[i]), "m%u", i);

		burst->messages[i] = bytes_of(burst->text[i], (size_t)size);
	}
}

/* Takes everything that has arrived and checks that it is m0, m1, ... in order, n at a time. */
static inline unsigned receive(int fd, unsigned n)
{
	unsigned count = 0;
	char got[16];
	char want[16];

	for (;;) {
		ssize_t size = recv(fd, got, sizeof(got) - 1, 0);

		if (size < 0)
			return count;
		got[size] = 0;
		snprintf(want, sizeof(want), "m%u", count % n);
		assert_string_equal(got, want);
		count++;
	}
}

static inline void assert_counters(const struct hep_sender *sender, unsigned i, unsigned sent,
	unsigned refused, unsigned would_block, unsigned failed)
{
	const struct hep_sender_counters *c = hep_sender_counters(sender, i);

	assert_int_equal(c->sent, sent);
	assert_int_equal(c->send_refused, refused);
	assert_int_equal(c->send_would_block, would_block);
	assert_int_equal(c->send_failed, failed);
	assert_int_equal(c->offered, sent + refused + would_block + failed);
}

#endif
