/* SPDX-License-Identifier: BSD-3-Clause */
/* Waiting: what it costs a thread without work, and how late it makes the work that comes. */
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "dp_idle.h"
#include "unit.h"

enum {
	STAMPS = 200,
	STAMP_EVERY_NS = 3000000, /* long enough to reach the longest sleep */
	CPU_TRIAL_NS = 500000000,
	WARM_UP_LOOPS = DP_IDLE_PAUSES + 2 * DP_IDLE_STEPS + DP_IDLE_QUIET_STEPS,
};

/* A thread that polls a word, as workers poll rings. */
struct poller {
	uint32_t mode;
	_Atomic uint64_t stamp; /* when it was put there, 0: nothing */
	atomic_bool stop;
	unsigned seen;
	uint64_t late_ns[STAMPS];
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static uint64_t cpu_ns(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return ((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) * 1000000000 +
	       ((uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec) * 1000;
}

static void *poll_word(void *arg)
{
	struct poller *p = arg;
	struct dp_idle idle = dp_idle_begin(p->mode);

	while (!atomic_load(&p->stop)) {
		uint64_t stamp = atomic_exchange(&p->stamp, 0);

		if (stamp && p->seen < STAMPS)
			p->late_ns[p->seen++] = clock_ns(CLOCK_MONOTONIC) - stamp;
		dp_idle_wait(&idle, stamp > 0);
	}
	return NULL;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The median of how late stamps are seen, in nanoseconds. */
static uint64_t latency_ns(const char *name, uint32_t mode)
{
	struct poller p = {.mode = mode};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, poll_word, &p), 0);
	for (unsigned i = 0; i < STAMPS; i++) {
		/* Another part of the longest sleep each time. */
		nanosleep(&(struct timespec){.tv_nsec = STAMP_EVERY_NS + i * 7919L}, NULL);
		atomic_store(&p.stamp, clock_ns(CLOCK_MONOTONIC));
	}
	nanosleep(&(struct timespec){.tv_nsec = 20 * STAMP_EVERY_NS}, NULL);
	atomic_store(&p.stop, true);
	pthread_join(thread, NULL);
	assert_in_range(p.seen, STAMPS / 2, STAMPS);
	qsort(p.late_ns, p.seen, sizeof(p.late_ns[0]), compare);
	print_message("# %s: seen after %.1f us (median), %.1f us (90 %%), %.1f us (last)\n", name,
		(double)p.late_ns[p.seen / 2] / 1e3, (double)p.late_ns[p.seen * 9 / 10] / 1e3,
		(double)p.late_ns[p.seen - 1] / 1e3);
	return p.late_ns[p.seen / 2];
}

/* Share of a CPU that an idle loop takes, in percent. */
static double idle_percent(const char *name, uint32_t mode)
{
	struct dp_idle idle = dp_idle_begin(mode);
	uint64_t wall, cpu;
	double percent;

	for (unsigned i = 0; i < WARM_UP_LOOPS; i++)
		dp_idle_wait(&idle, false);
	wall = clock_ns(CLOCK_MONOTONIC);
	cpu = cpu_ns();
	while (clock_ns(CLOCK_MONOTONIC) - wall < CPU_TRIAL_NS)
		dp_idle_wait(&idle, false);
	percent = (double)(cpu_ns() - cpu) * 100 / (double)(clock_ns(CLOCK_MONOTONIC) - wall);
	print_message("# %s: %.2f %% of a CPU\n", name, percent);
	return percent;
}

static void adaptive_is_cheap_and_quick(void **state)
{
	(void)state;
	/* Waking up is dear in a virtual machine: a fifth of a CPU was seen. Polling takes all of it. */
	assert_true(idle_percent("adaptive", DP_IDLE_ADAPTIVE) < 60);
	assert_true(latency_ns("adaptive", DP_IDLE_ADAPTIVE) < 5000000);
}

static void sleep_is_cheaper(void **state)
{
	(void)state;
	assert_true(idle_percent("sleep", DP_IDLE_SLEEP) < 20);
	assert_true(latency_ns("sleep", DP_IDLE_SLEEP) < 20000000);
}

static void spin_never_sleeps(void **state)
{
	struct dp_idle idle = dp_idle_begin(DP_IDLE_SPIN);
	struct rusage before, after;

	(void)state;
	getrusage(RUSAGE_THREAD, &before);
	for (unsigned i = 0; i < 100000; i++)
		dp_idle_wait(&idle, false);
	getrusage(RUSAGE_THREAD, &after);
	/* Each sleep would be a switch that the thread asked for. */
	assert_int_equal(after.ru_nvcsw, before.ru_nvcsw);
}

static void begins_anew_after_work(void **state)
{
	struct dp_idle idle = {0};
	struct rusage before, after;

	(void)state;
	for (unsigned i = 0; i < WARM_UP_LOOPS; i++)
		dp_idle_wait(&idle, false);
	dp_idle_wait(&idle, true);
	getrusage(RUSAGE_THREAD, &before);
	for (unsigned i = 0; i < DP_IDLE_PAUSES; i++)
		dp_idle_wait(&idle, false);
	getrusage(RUSAGE_THREAD, &after);
	assert_int_equal(after.ru_nvcsw, before.ru_nvcsw);
	for (unsigned i = 0; i < DP_IDLE_STEPS; i++)
		dp_idle_wait(&idle, false);
	assert_int_equal(idle.empty, DP_IDLE_PAUSES + DP_IDLE_STEPS);
	getrusage(RUSAGE_THREAD, &after);
	/* The shortest may be over before the thread is switched out. */
	assert_in_range(after.ru_nvcsw - before.ru_nvcsw, 1, DP_IDLE_STEPS);
}

static void reach_the_longest_wait(struct dp_idle *idle)
{
	for (unsigned i = 0; i < DP_IDLE_PAUSES + DP_IDLE_STEPS; i++)
		dp_idle_wait(idle, false);
}

/* A pipe stands for a port's socket. */
static void is_woken_by_a_socket(void **state)
{
	struct dp_idle idle = {0};
	struct dp_wake wake = {0};
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	dp_wake_add(&wake, ends[0]);
	dp_idle_wake_by(&idle, &wake, false);
	reach_the_longest_wait(&idle);
	dp_idle_wait(&idle, false);
	assert_false(idle.is_woken);
	assert_int_equal(write(ends[1], "", 1), 1);
	dp_idle_wait(&idle, false);
	assert_true(idle.is_woken);
	assert_true(wake.fds[0].revents & POLLIN);
	/* Still readable, and nothing came of it: a sleep, then another look. */
	dp_idle_wait(&idle, false);
	assert_false(idle.is_woken);
	dp_idle_wait(&idle, false);
	assert_true(idle.is_woken);
	dp_idle_wait(&idle, true);
	assert_false(idle.is_woken);
	close(ends[0]);
	close(ends[1]);
}

/* A port that nobody listens on: the answer to what is sent there is an error of the socket, as an interface that goes
 * down is one of a packet socket. */
static void is_woken_once_by_an_error(void **state)
{
	struct sockaddr_in nobody = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(nobody);
	struct dp_idle idle = {0};
	struct dp_wake wake = {0};
	int closed = socket(AF_INET, SOCK_DGRAM, 0);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	(void)state;
	assert_int_equal(bind(closed, (struct sockaddr *)&nobody, sizeof(nobody)), 0);
	assert_int_equal(getsockname(closed, (struct sockaddr *)&nobody, &size), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&nobody, sizeof(nobody)), 0);
	close(closed);
	dp_wake_add(&wake, fd);
	dp_idle_wake_by(&idle, &wake, false);
	reach_the_longest_wait(&idle);
	assert_int_equal(write(fd, "", 1), 1);
	dp_idle_wait(&idle, false);
	assert_true(idle.is_woken);
	assert_true(wake.fds[0].revents & POLLERR);
	dp_idle_wait(&idle, false);
	dp_idle_wait(&idle, false);
	assert_false(idle.is_woken);
	close(fd);
}

static void trusts_sockets_only_if_every_queue_has_one(void **state)
{
	struct dp_idle idle = {0};
	struct dp_wake wake = {0};

	(void)state;
	dp_idle_wake_by(&idle, &wake, false);
	assert_null(idle.wake);
	dp_wake_add(&wake, 3);
	dp_idle_wake_by(&idle, &wake, false);
	assert_ptr_equal(idle.wake, &wake);
	dp_wake_add(&wake, -1);
	dp_idle_wake_by(&idle, &wake, false);
	assert_null(idle.wake);
	wake = (struct dp_wake){0};
	for (unsigned i = 0; i < DP_WAKE_MAX; i++)
		dp_wake_add(&wake, 3);
	dp_idle_wake_by(&idle, &wake, false);
	assert_ptr_equal(idle.wake, &wake);
	dp_wake_add(&wake, 3);
	dp_idle_wake_by(&idle, &wake, false);
	assert_null(idle.wake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adaptive_is_cheap_and_quick),
		cmocka_unit_test(sleep_is_cheaper),
		cmocka_unit_test(spin_never_sleeps),
		cmocka_unit_test(begins_anew_after_work),
		cmocka_unit_test(is_woken_by_a_socket),
		cmocka_unit_test(is_woken_once_by_an_error),
		cmocka_unit_test(trusts_sockets_only_if_every_queue_has_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
