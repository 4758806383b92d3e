/* SPDX-License-Identifier: BSD-3-Clause */
/* The sender where there is no route to a collector: a connect of the test's own answers as told. */
#include <sys/syscall.h>

#include <time.h>

#include "hep_sender_case.h"

/* What every connect to an address answers, 0: the real call. */
static struct {
	int error;
	unsigned calls;
} route;

int connect(int fd, const struct sockaddr *address, socklen_t size)
{
	if (address->sa_family != AF_UNSPEC) {
		route.calls++;
		errno = route.error;
		if (route.error)
			return -1;
	}
	return (int)syscall(SYS_connect, fd, address, size);
}

static int reset_route(void **state)
{
	(void)state;
	memset(&route, 0, sizeof(route));
	return 0;
}

/* As at boot, before the network is up. */
static void starts_without_a_route_and_goes_on_when_there_is_one(void **state)
{
	static const int errors[] = {ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL};
	const struct timespec connect_again = {.tv_sec = 1, .tv_nsec = 100000000};
	struct hep_options o = {.collector_count = 2};
	int fds[] = {listen_on(AF_INET, &o.collectors[0]), listen_on(AF_INET6, &o.collectors[1])};
	struct hep_sender *senders[3];
	struct burst burst;

	(void)state;
	fill_burst(&burst, 20);
	for (unsigned i = 0; i < 3; i++) {
		route.error = errors[i];
		route.calls = 0;
		assert_int_equal(hep_sender_create(&o, &senders[i]), 0);
		hep_sender_send(senders[i], burst.messages, 20, &go_on);
		/* Not for each message. */
		assert_in_range(route.calls, 2, 8);
		for (unsigned k = 0; k < 2; k++) {
			assert_string_equal(hep_sender_no_way(senders[i], k), strerror(errors[i]));
			assert_counters(senders[i], k, 0, 0, 0, 20);
		}
	}
	route.error = 0;
	nanosleep(&connect_again, NULL);
	for (unsigned i = 0; i < 3; i++) {
		hep_sender_send(senders[i], burst.messages, 20, &go_on);
		for (unsigned k = 0; k < 2; k++) {
			assert_counters(senders[i], k, 20, 0, 0, 20);
			assert_int_equal(receive(fds[k], 20), 20);
		}
		hep_sender_destroy(senders[i]);
	}
	close(fds[0]);
	close(fds[1]);
}

static void other_errors_of_connect_are_fatal(void **state)
{
	struct hep_options o = {.collector_count = 1};
	int fd = listen_on(AF_INET, &o.collectors[0]);
	struct hep_sender *sender = NULL;

	(void)state;
	route.error = EACCES;
	assert_int_equal(hep_sender_create(&o, &sender), -EACCES);
	assert_null(sender);
	route.error = 0;
	assert_int_equal(hep_sender_create(&o, &sender), 0);
	assert_null(hep_sender_no_way(sender, 0));
	hep_sender_destroy(sender);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			starts_without_a_route_and_goes_on_when_there_is_one, reset_route),
		cmocka_unit_test_setup(other_errors_of_connect_are_fatal, reset_route),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
