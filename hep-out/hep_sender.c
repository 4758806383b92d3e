/* SPDX-License-Identifier: BSD-3-Clause */
/* UDP to the collectors. A burst is on its way to all of them at once: each round sends what every
 * collector's pace and socket take, then sleeps until one of them can go on, so that a slow
 * collector holds up the next burst, but not the others' part of this one. */
#include "hep_sender.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "hep_clock.h"
#include "hep_socket.h"

enum {
	FULL_NS = 100 * 1000 * 1000, /* longest wait for a full socket, per burst */
	NAP_NS = 50 * 1000 * 1000, /* longest sleep without a look at stop */
	BUCKETS_PER_SEC = 100, /* a paced collector may be sent 10 ms worth at once */
};

#define NEVER	   UINT64_MAX
#define RESOLVE_NS HEP_NS_PER_SEC /* longest wait for the addresses of names at the start */

/* The token bucket is kept as one time, the generic cell rate algorithm: each message moves due_ns
 * on by interval_ns, and due_ns may be at most slack_ns ahead of the clock. */
struct collector {
	struct hep_socket socket;
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

/* One thread writes, so that a load and a store will do. */
static void bump(_Atomic uint64_t *counter, unsigned n)
{
	uint64_t v = atomic_load_explicit(counter, memory_order_relaxed);

	atomic_store_explicit(counter, v + n, memory_order_relaxed);
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
	collector->interval_ns = rate < HEP_NS_PER_SEC ? HEP_NS_PER_SEC / rate : 1;
	collector->slack_ns = (depth - 1) * collector->interval_ns;
}

static int add_collector(struct collector *collector, const struct hep_collector_options *options)
{
	set_pace(collector, options->rate);
	return hep_socket_open(&collector->socket, options);
}

/* All names at once have a second, so that where name servers answer nothing is lost. */
static void wait_for_names(struct hep_sender *sender)
{
	uint64_t end_ns = hep_clock_ns() + RESOLVE_NS;

	for (unsigned i = 0; i < sender->count; i++)
		hep_socket_wait(&sender->collectors[i].socket, end_ns);
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
			add_collector(&s->collectors[s->count], &options->collectors[s->count]);

		if (status < 0) {
			hep_sender_destroy(s);
			return status;
		}
		s->count++;
	}
	wait_for_names(s);
	*sender = s;
	return 0;
}

void hep_sender_destroy(struct hep_sender *sender)
{
	if (!sender)
		return;
	for (unsigned i = 0; i < sender->count; i++)
		hep_socket_close(&sender->collectors[i].socket);
	free(sender);
}

static void count_error(struct collector *collector, int error)
{
	struct hep_sender_counters *counters = &collector->counters;

	bump(error == ECONNREFUSED ? &counters->send_refused : &counters->send_failed, 1);
}

/* The first of two errors in a row. */
static void mend(struct collector *collector, int error)
{
	if (error == ECONNREFUSED)
		bump(&collector->counters.unreachable, 1);
	hep_socket_mend(&collector->socket, error);
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
		int n = sendmmsg(
			collector->socket.fd, headers + flight->done, limit - flight->done, 0);

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

static void give_up(struct flight *flight, _Atomic uint64_t *counter, unsigned n)
{
	bump(counter, n - flight->done);
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
		give_up(flight, &collector->counters.send_would_block, n);
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
			fds[used++] = (struct pollfd){
				.fd = flights[i].collector->socket.fd, .events = POLLOUT};
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

/* Without a socket the burst is over before it began. */
static struct flight take_off(struct collector *collector, unsigned n, uint64_t patience)
{
	struct flight flight = {.collector = collector, .patience_ns = patience};

	bump(&collector->counters.offered, n);
	if (!hep_socket_is_ready(&collector->socket))
		give_up(&flight, &collector->counters.send_failed, n);
	return flight;
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
	for (unsigned i = 0; i < sender->count; i++)
		flights[i] = take_off(&sender->collectors[i], n, patience);
	for (;;) {
		bool is_paced = !stop || !atomic_load_explicit(stop, memory_order_relaxed);
		uint64_t now = hep_clock_ns();
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

const char *hep_sender_no_way(const struct hep_sender *sender, unsigned i)
{
	assert(i < sender->count);
	return sender->collectors[i].socket.no_way[0] ? sender->collectors[i].socket.no_way : NULL;
}

bool hep_sender_has_moved(
	const struct hep_sender *sender, unsigned i, unsigned *seen, char *text, size_t size)
{
	assert(i < sender->count);
	return hep_socket_has_moved(&sender->collectors[i].socket, seen, text, size);
}

const struct hep_sender_counters *hep_sender_counters(const struct hep_sender *sender, unsigned i)
{
	assert(i < sender->count);
	return &sender->collectors[i].counters;
}
