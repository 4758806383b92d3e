/* SPDX-License-Identifier: BSD-3-Clause */
/* UDP to the collectors. A burst is on its way to all of them at once: each round sends what every
 * collector's pace and socket take, then sleeps until one of them can go on, so that a slow
 * collector holds up the next burst, but not the others' part of this one. */
#include "hep_sender.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	SOCKET_BUFFER_BYTES = 4 << 20,
	NS_PER_SEC = 1000000000,
	FULL_NS = 100 * 1000 * 1000, /* longest wait for a full socket, per burst */
	NAP_NS = 50 * 1000 * 1000, /* longest sleep without a look at stop */
	CONNECT_NS = NS_PER_SEC, /* between two connects */
	BUCKETS_PER_SEC = 100, /* a paced collector may be sent 10 ms worth at once */
};

#define NEVER UINT64_MAX

/* The token bucket is kept as one time, the generic cell rate algorithm: each message moves due_ns
 * on by interval_ns, and due_ns may be at most slack_ns ahead of the clock. */
struct collector {
	int fd;
	struct sockaddr_storage sockaddr;
	socklen_t sockaddr_len;
	int no_route; /* errno of the first connect, 0: it went well */
	uint64_t connect_ns; /* not before may it be connected anew */
	uint64_t interval_ns; /* 0: no pace */
	uint64_t slack_ns;
	uint64_t due_ns;
	struct hep_sender_counters counters;
};

struct hep_sender {
	unsigned count;
	struct collector collectors[HEP_COLLECTORS_MAX];
};

/* One burst on its way to one collector. */
struct flight {
	struct collector *collector;
	unsigned done;
	bool is_full;
	uint64_t full_ns; /* when the socket was last seen full */
	uint64_t patience_ns; /* how much longer it may be full */
};

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

/* One thread writes, so that a load and a store will do. */
static void bump(_Atomic uint64_t *counter, unsigned n)
{
	uint64_t v = atomic_load_explicit(counter, memory_order_relaxed);

	atomic_store_explicit(counter, v + n, memory_order_relaxed);
}

/* Best effort: without CAP_NET_ADMIN the kernel grants what net.core.wmem_max allows. Messages
 * larger than the path MTU are fragmented on their way: with path MTU discovery the kernel would
 * lose some of them to learn the MTU. */
static void tune_socket(int fd, int family)
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

static void set_pace(struct collector *collector, uint32_t rate)
{
	uint64_t depth = rate / BUCKETS_PER_SEC;

	if (rate == 0)
		return;
	if (depth < 1)
		depth = 1;
	if (depth > HEP_SEND_BURST)
		depth = HEP_SEND_BURST;
	collector->interval_ns = rate < NS_PER_SEC ? NS_PER_SEC / rate : 1;
	collector->slack_ns = (depth - 1) * collector->interval_ns;
}

static int connect_collector(const struct collector *collector)
{
	return connect(collector->fd, (const struct sockaddr *)&collector->sockaddr,
		collector->sockaddr_len);
}

/* What a network that is not up yet answers: it may come. Unconnected, the socket refuses to send until it is connected
 * anew. */
static bool is_no_route(int error)
{
	return error == ENETUNREACH || error == EHOSTUNREACH || error == EADDRNOTAVAIL;
}

static int open_collector(struct collector *collector, const struct hep_collector_options *options)
{
	int family = options->sockaddr.ss_family;
	int error;

	collector->sockaddr = options->sockaddr;
	collector->sockaddr_len = options->sockaddr_len;
	collector->fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (collector->fd < 0)
		return -errno;
	tune_socket(collector->fd, family);
	if (connect_collector(collector) < 0) {
		error = errno;
		if (!is_no_route(error)) {
			close(collector->fd);
			return -error;
		}
		collector->no_route = error;
		collector->connect_ns = clock_ns() + CONNECT_NS;
	}
	set_pace(collector, options->rate);
	return 0;
}

int hep_sender_create(const struct hep_options *options, struct hep_sender **sender)
{
	struct hep_sender *s;

	if (options->collector_count > HEP_COLLECTORS_MAX)
		return -EINVAL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	while (s->count < options->collector_count) {
		int status =
			open_collector(&s->collectors[s->count], &options->collectors[s->count]);

		if (status < 0) {
			hep_sender_destroy(s);
			return status;
		}
		s->count++;
	}
	*sender = s;
	return 0;
}

void hep_sender_destroy(struct hep_sender *sender)
{
	if (!sender)
		return;
	for (unsigned i = 0; i < sender->count; i++)
		close(sender->collectors[i].fd);
	free(sender);
}

static void count_error(struct collector *collector, int error)
{
	struct hep_sender_counters *counters = &collector->counters;

	bump(error == ECONNREFUSED ? &counters->send_refused : &counters->send_failed, 1);
}

/* A connected socket sends from the address that this host had. When it has another one, nothing gets out any more
 * until the socket is connected anew; without a route it stays unconnected, which is an error too. */
static void connect_anew(struct collector *collector)
{
	const struct sockaddr none = {.sa_family = AF_UNSPEC};
	uint64_t now = clock_ns();

	if (now < collector->connect_ns)
		return;
	collector->connect_ns = now + CONNECT_NS;
	(void)connect(collector->fd, &none, sizeof(none));
	(void)connect_collector(collector);
}

/* The first of two errors in a row. A message that is too large is no fault of the socket. */
static void mend(struct collector *collector, int error)
{
	if (error == ECONNREFUSED)
		bump(&collector->counters.unreachable, 1);
	else if (error != EMSGSIZE)
		connect_anew(collector);
}

/* Sends the burst up to limit, or until the socket is full. A connected socket reports the ICMP
 * error of an earlier datagram on the next send, which then sends nothing: only the second error in
 * a row is about the message at hand. */
static void push(struct flight *flight, struct mmsghdr *headers, unsigned limit)
{
	struct collector *collector = flight->collector;
	bool is_retry = false;

	flight->is_full = false;
	while (flight->done < limit) {
		int n = sendmmsg(collector->fd, headers + flight->done, limit - flight->done, 0);

		if (n > 0) {
			bump(&collector->counters.sent, (unsigned)n);
			flight->done += (unsigned)n;
			is_retry = false;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			flight->is_full = true;
			return;
		} else if (!is_retry) {
			mend(collector, errno);
			is_retry = true;
		} else {
			count_error(collector, errno);
			flight->done++;
			is_retry = false;
		}
	}
}

/* How many messages the pace allows at now. */
static unsigned allowance(struct collector *collector, unsigned wanted, uint64_t now)
{
	uint64_t allowed;

	if (collector->interval_ns == 0)
		return wanted;
	if (collector->due_ns < now)
		collector->due_ns = now;
	if (collector->due_ns - now > collector->slack_ns)
		return 0;
	allowed = (collector->slack_ns - (collector->due_ns - now)) / collector->interval_ns + 1;
	return allowed < wanted ? (unsigned)allowed : wanted;
}

/* Whether the socket has been full for as long as it may. */
static bool is_out_of_patience(struct flight *flight, uint64_t now)
{
	uint64_t waited = now - flight->full_ns;

	flight->patience_ns -= waited < flight->patience_ns ? waited : flight->patience_ns;
	return flight->patience_ns == 0;
}

static void give_up(struct flight *flight, unsigned n)
{
	bump(&flight->collector->counters.send_would_block, n - flight->done);
	flight->done = n;
}

/* Sends what can be sent at now. Returns when to go on, NEVER when the burst is through. */
static uint64_t advance(
	struct flight *flight, struct mmsghdr *headers, unsigned n, uint64_t now, bool is_paced)
{
	struct collector *collector = flight->collector;
	bool is_last_try = flight->is_full && is_out_of_patience(flight, now);
	unsigned wanted = n - flight->done;
	unsigned before = flight->done;

	if (is_paced)
		wanted = allowance(collector, wanted, now);
	push(flight, headers, before + wanted);
	collector->due_ns += (flight->done - before) * collector->interval_ns;
	if (flight->is_full && is_last_try)
		give_up(flight, n);
	if (flight->done == n)
		return NEVER;
	flight->full_ns = now;
	if (flight->is_full)
		return now + flight->patience_ns;
	return collector->due_ns - collector->slack_ns;
}

/* Sleeps for ns, or until a full socket has room. */
static void wait_for_room(const struct flight *flights, unsigned count, unsigned n, uint64_t ns)
{
	struct pollfd fds[HEP_COLLECTORS_MAX];
	struct timespec timeout = {.tv_nsec = (long)(ns < NAP_NS ? ns : NAP_NS)};
	nfds_t used = 0;

	for (unsigned i = 0; i < count; i++)
		if (flights[i].is_full && flights[i].done < n)
			fds[used++] =
				(struct pollfd){.fd = flights[i].collector->fd, .events = POLLOUT};
	ppoll(fds, used, &timeout, NULL);
}

static void fill_headers(
	struct mmsghdr *headers, struct iovec *vectors, const struct bytes *messages, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		vectors[i].iov_base = (void *)messages[i].p;
		vectors[i].iov_len = messages[i].n;
		headers[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &vectors[i], .msg_iovlen = 1}};
	}
}

void hep_sender_send(struct hep_sender *sender, const struct bytes *messages, unsigned n,
	const atomic_bool *stop)
{
	struct mmsghdr headers[HEP_SEND_BURST];
	struct iovec vectors[HEP_SEND_BURST];
	struct flight flights[HEP_COLLECTORS_MAX];

	uint64_t patience = stop && atomic_load_explicit(stop, memory_order_relaxed) ? 0 : FULL_NS;

	assert(n <= HEP_SEND_BURST);
	fill_headers(headers, vectors, messages, n);
	for (unsigned i = 0; i < sender->count; i++) {
		flights[i] = (struct flight){
			.collector = &sender->collectors[i], .patience_ns = patience};
		bump(&sender->collectors[i].counters.offered, n);
	}
	for (;;) {
		bool is_paced = !stop || !atomic_load_explicit(stop, memory_order_relaxed);
		uint64_t now = clock_ns();
		uint64_t next = NEVER;

		for (unsigned i = 0; i < sender->count; i++) {
			uint64_t at = flights[i].done < n
					      ? advance(&flights[i], headers, n, now, is_paced)
					      : NEVER;

			next = at < next ? at : next;
		}
		if (next == NEVER)
			return;
		wait_for_room(flights, sender->count, n, next > now ? next - now : 0);
	}
}

unsigned hep_sender_collectors(const struct hep_sender *sender)
{
	return sender->count;
}

int hep_sender_no_route(const struct hep_sender *sender, unsigned i)
{
	assert(i < sender->count);
	return sender->collectors[i].no_route;
}

const struct hep_sender_counters *hep_sender_counters(const struct hep_sender *sender, unsigned i)
{
	assert(i < sender->count);
	return &sender->collectors[i].counters;
}
