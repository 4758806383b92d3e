/* SPDX-License-Identifier: BSD-3-Clause */
/* getaddrinfo blocks and cannot be called off, so each name has a thread that may hang in it. */
#include "hep_resolver.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hep_clock.h"

#define RETRY_NS   HEP_NS_PER_SEC
#define REFRESH_NS (60 * HEP_NS_PER_SEC)

struct hep_resolver {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t change;
	_Atomic unsigned addresses; /* how many there have been, one after the other */
	/* The rest with the lock held, which is for as long as copies take. */
	struct hep_collector_options collector; /* with the address of the last good answer */
	char error[HEP_RESOLVER_ERROR_MAX]; /* why there is no address */
	bool has_answer; /* good or bad */
	bool is_asking;
	bool is_wanted; /* before the minute is over */
	bool is_stopped;
	bool is_alone; /* whoever created it has gone */
};

/* Until something changes, or end_ns. */
static void wait_until(struct hep_resolver *r, uint64_t end_ns)
{
	const struct timespec end = {.tv_sec = (time_t)(end_ns / HEP_NS_PER_SEC),
		.tv_nsec = (long)(end_ns % HEP_NS_PER_SEC)};

	pthread_cond_timedwait(&r->change, &r->lock, &end);
}

static void take_answer(
	struct hep_resolver *r, const struct hep_collector_options *answer, const char *error)
{
	const struct hep_collector_options *now = &r->collector;

	r->has_answer = true;
	snprintf(r->error, sizeof(r->error), "%s", error);
	/* An address that was good once is kept while there is no better one. */
	if (answer && (answer->sockaddr_len != now->sockaddr_len ||
			      memcmp(&answer->sockaddr, &now->sockaddr, now->sockaddr_len) != 0)) {
		r->collector = *answer;
		atomic_fetch_add_explicit(&r->addresses, 1, memory_order_relaxed);
	}
	pthread_cond_broadcast(&r->change);
}

/* Between two questions. */
static void rest(struct hep_resolver *r, bool is_good)
{
	uint64_t now = hep_clock_ns();
	uint64_t soon = now + RETRY_NS;
	uint64_t late = is_good ? now + REFRESH_NS : soon;

	while (!r->is_stopped && now < (r->is_wanted ? soon : late)) {
		wait_until(r, r->is_wanted ? soon : late);
		now = hep_clock_ns();
	}
}

static void fini(struct hep_resolver *r)
{
	pthread_cond_destroy(&r->change);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static void *run(void *arg)
{
	struct hep_resolver *r = arg;
	bool is_alone;

	pthread_mutex_lock(&r->lock);
	while (!r->is_stopped) {
		struct hep_collector_options answer = r->collector;
		char error[HEP_RESOLVER_ERROR_MAX] = "";
		bool is_good;

		r->is_asking = true;
		r->is_wanted = false;
		pthread_mutex_unlock(&r->lock);
		is_good = hep_collector_resolve(&answer, error, sizeof(error)) == 0;
		pthread_mutex_lock(&r->lock);
		r->is_asking = false;
		take_answer(r, is_good ? &answer : NULL, error);
		rest(r, is_good);
	}
	is_alone = r->is_alone;
	pthread_mutex_unlock(&r->lock);
	if (is_alone)
		fini(r);
	return NULL;
}

/* Signals are for control. */
static int start(struct hep_resolver *r)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&r->thread, NULL, run, r);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!err)
		pthread_setname_np(r->thread, "hep-resolver");
	return -err;
}

int hep_resolver_create(
	const struct hep_collector_options *collector, struct hep_resolver **resolver)
{
	struct hep_resolver *r = calloc(1, sizeof(*r));
	pthread_condattr_t attributes;
	int err;

	if (!r)
		return -ENOMEM;
	r->collector = *collector;
	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&r->change, &attributes);
	pthread_condattr_destroy(&attributes);
	err = start(r);
	if (err) {
		fini(r);
		return err;
	}
	*resolver = r;
	return 0;
}

void hep_resolver_destroy(struct hep_resolver *resolver)
{
	pthread_t thread;
	bool is_asking;

	if (!resolver)
		return;
	thread = resolver->thread;
	pthread_mutex_lock(&resolver->lock);
	is_asking = resolver->is_asking;
	resolver->is_stopped = true;
	resolver->is_alone = is_asking;
	pthread_cond_broadcast(&resolver->change);
	pthread_mutex_unlock(&resolver->lock);
	if (is_asking) {
		pthread_detach(thread);
		return;
	}
	pthread_join(thread, NULL);
	fini(resolver);
}

bool hep_resolver_wait(
	struct hep_resolver *resolver, uint64_t end_ns, char *error, size_t error_size)
{
	bool has_address;

	pthread_mutex_lock(&resolver->lock);
	while (!resolver->has_answer && hep_clock_ns() < end_ns)
		wait_until(resolver, end_ns);
	has_address = resolver->collector.sockaddr_len > 0;
	snprintf(error, error_size, "%s",
		resolver->has_answer ? resolver->error : "no name server has answered");
	pthread_mutex_unlock(&resolver->lock);
	return has_address;
}

bool hep_resolver_take(
	struct hep_resolver *resolver, unsigned *seen, struct hep_collector_options *collector)
{
	if (atomic_load_explicit(&resolver->addresses, memory_order_relaxed) == *seen ||
		pthread_mutex_trylock(&resolver->lock) != 0)
		return false;
	*seen = atomic_load_explicit(&resolver->addresses, memory_order_relaxed);
	collector->sockaddr = resolver->collector.sockaddr;
	collector->sockaddr_len = resolver->collector.sockaddr_len;
	pthread_mutex_unlock(&resolver->lock);
	return true;
}

void hep_resolver_ask(struct hep_resolver *resolver)
{
	if (pthread_mutex_trylock(&resolver->lock) != 0)
		return;
	resolver->is_wanted = true;
	pthread_cond_broadcast(&resolver->change);
	pthread_mutex_unlock(&resolver->lock);
}
