/* SPDX-License-Identifier: BSD-3-Clause */
/* The sender over loopback, and against a sendmmsg of the test's own that fails as told: errors
 * that a real socket gives only now and then. */
#include <sys/syscall.h>

#include <pthread.h>
#include <time.h>

#include "hep_sender_case.h"

/* What the next calls of sendmmsg do: an errno, or 0 for the real call with at most `most`
 * messages. When the script is over, `rest` goes on for ever. */
static struct {
	int errors[16];
	unsigned count;
	unsigned next;
	int rest;
	unsigned most;
	unsigned calls;
} script;

int sendmmsg(int fd, struct mmsghdr *headers, unsigned int n, int flags)
{
	int error = script.next < script.count ? script.errors[script.next++] : script.rest;

	script.calls++;
	if (error) {
		errno = error;
		return -1;
	}
	if (script.most && n > script.most)
		n = script.most;
	return (int)syscall(SYS_sendmmsg, fd, headers, n, flags);
}

static int reset_script(void **state)
{
	(void)state;
	memset(&script, 0, sizeof(script));
	return 0;
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void sends_to_every_collector(void **state)
{
	struct hep_options o = {.collector_count = 2};
	int fds[] = {listen_on(AF_INET, &o.collectors[0]), listen_on(AF_INET6, &o.collectors[1])};
	struct hep_sender *sender;
	struct burst burst;

	(void)state;
	fill_burst(&burst, HEP_SEND_BURST);
	assert_int_equal(hep_sender_create(&o, &sender), 0);
	assert_int_equal(hep_sender_collectors(sender), 2);
	hep_sender_send(sender, burst.messages, HEP_SEND_BURST, &go_on);
	hep_sender_send(sender, burst.messages, 0, &go_on);
	hep_sender_send(sender, burst.messages, 1, &go_on);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(receive(fds[i], HEP_SEND_BURST), HEP_SEND_BURST + 1);
		assert_counters(sender, i, HEP_SEND_BURST + 1, 0, 0, 0);
		close(fds[i]);
	}
	assert_int_equal(script.calls, 4);
	hep_sender_destroy(sender);
}

static void sends_the_largest_message(void **state)
{
	static uint8_t large[65507];
	static uint8_t got[70000];
	struct hep_options o = {.collector_count = 1};
	int fd = listen_on(AF_INET, &o.collectors[0]);
	struct bytes message = bytes_of(large, sizeof(large));
	struct hep_sender *sender;

	(void)state;
	assert_int_equal(hep_sender_create(&o, &sender), 0);
	hep_sender_send(sender, &message, 1, &go_on);
	assert_counters(sender, 0, 1, 0, 0, 0);
	assert_int_equal(recv(fd, got, sizeof(got), 0), 65507);
	hep_sender_destroy(sender);
	close(fd);
}

static void loses_nothing_once_a_closed_port_opens_again(void **state)
{
	const struct timespec nap = {.tv_nsec = 20000000};
	struct hep_options o = {.collector_count = 1};
	int fd = listen_on(AF_INET, &o.collectors[0]);
	const struct hep_sender_counters *c;
	struct hep_sender *sender;
	struct burst burst;
	unsigned sent;

	(void)state;
	fill_burst(&burst, 10);
	close(fd);
	assert_int_equal(hep_sender_create(&o, &sender), 0);
	hep_sender_send(sender, burst.messages, 10, &go_on);
	/* The error of one message comes with the next, which goes out at the retry; how many are
	 * refused twice is up to the kernel. */
	c = hep_sender_counters(sender, 0);
	sent = (unsigned)c->sent;
	assert_counters(sender, 0, sent, 10 - sent, 0, 0);
	assert_true(sent >= 5);

	nanosleep(&nap, NULL); /* for the last error to come in */
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&o.collectors[0].sockaddr,
				 o.collectors[0].sockaddr_len),
		0);
	hep_sender_send(sender, burst.messages, 10, &go_on);
	assert_int_equal(receive(fd, 10), 10);
	assert_counters(sender, 0, sent + 10, 10 - sent, 0, 0);
	hep_sender_destroy(sender);
	close(fd);
}

/* Sends five messages while sendmmsg follows the script. */
static struct hep_sender *send_five(int *fd)
{
	struct hep_options o = {.collector_count = 1};
	struct hep_sender *sender;
	struct burst burst;

	*fd = listen_on(AF_INET, &o.collectors[0]);
	fill_burst(&burst, 5);
	assert_int_equal(hep_sender_create(&o, &sender), 0);
	hep_sender_send(sender, burst.messages, 5, &go_on);
	return sender;
}

static void counts_a_refusal_only_when_the_retry_fails_too(void **state)
{
	struct hep_sender *sender;
	int fd;

	(void)state;
	script.errors[0] = ECONNREFUSED;
	script.errors[2] = ECONNREFUSED;
	script.errors[3] = ECONNREFUSED; /* m1 and its retry */
	script.count = 5;
	script.most = 1;
	sender = send_five(&fd);
	assert_counters(sender, 0, 4, 1, 0, 0);
	/* The first error of a pair is the answer to something sent before. */
	assert_int_equal(hep_sender_counters(sender, 0)->unreachable, 2);
	hep_sender_destroy(sender);
	close(fd);
}

static void counts_other_errors_and_goes_on(void **state)
{
	struct hep_sender *sender;
	int fd;

	(void)state;
	script.errors[0] = EPERM;
	script.errors[1] = EPERM; /* m0 */
	script.errors[2] = 0; /* m1 and m2 */
	script.errors[3] = EMSGSIZE;
	script.errors[4] = EMSGSIZE; /* m3 */
	script.count = 5;
	script.most = 2;
	sender = send_five(&fd);
	assert_counters(sender, 0, 3, 0, 0, 2);
	hep_sender_destroy(sender);
	close(fd);
}

static void waits_for_a_full_socket(void **state)
{
	struct hep_sender *sender;
	int fd;

	(void)state;
	script.errors[0] = EAGAIN;
	script.errors[2] = EAGAIN;
	script.count = 3;
	script.most = 2;
	sender = send_five(&fd);
	assert_counters(sender, 0, 5, 0, 0, 0);
	assert_int_equal(receive(fd, 5), 5);
	hep_sender_destroy(sender);
	close(fd);
}

static void gives_up_on_a_socket_that_stays_full(void **state)
{
	struct hep_sender *sender;
	double start = seconds();
	double took;
	int fd;

	(void)state;
	script.count = 1;
	script.most = 2; /* m0 and m1 go out */
	script.rest = EAGAIN;
	sender = send_five(&fd);
	took = seconds() - start;
	assert_counters(sender, 0, 2, 0, 3, 0);
	assert_true(took > 0.05);
	assert_true(took < 5);
	hep_sender_destroy(sender);
	close(fd);
}

static void keeps_the_pace(void **state)
{
	struct hep_options o = {.collector_count = 2};
	int fds[] = {listen_on(AF_INET, &o.collectors[0]), listen_on(AF_INET, &o.collectors[1])};
	struct hep_sender *sender;
	struct burst burst;
	double start;
	double took;

	(void)state;
	o.collectors[0].rate = 500;
	fill_burst(&burst, HEP_SEND_BURST);
	assert_int_equal(hep_sender_create(&o, &sender), 0);
	start = seconds();
	for (unsigned i = 0; i < 2; i++)
		hep_sender_send(sender, burst.messages, HEP_SEND_BURST, &go_on);
	took = seconds() - start;
	/* 128 messages, of which 5 may go at once: 0.246 s. */
	assert_true(took > 0.123);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(receive(fds[i], HEP_SEND_BURST), 128);
		assert_counters(sender, i, 128, 0, 0, 0);
		close(fds[i]);
	}
	hep_sender_destroy(sender);
}

/* A collector that waits for its pace leaves the other's messages alone: they are there at once. */
static void does_not_hold_up_other_collectors(void **state)
{
	struct hep_options o = {.collector_count = 2};
	int fds[] = {listen_on(AF_INET, &o.collectors[0]), listen_on(AF_INET, &o.collectors[1])};
	struct hep_sender *sender;
	struct burst burst;

	(void)state;
	o.collectors[0].rate = 20;
	fill_burst(&burst, 3);
	assert_int_equal(hep_sender_create(&o, &sender), 0);
	hep_sender_send(sender, burst.messages, 3, &go_on);
	/* One call for the second collector's three, one for each of the first's. */
	assert_int_equal(script.calls, 4);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(receive(fds[i], 3), 3);
		close(fds[i]);
	}
	hep_sender_destroy(sender);
}

static void *stop_soon(void *stop)
{
	const struct timespec nap = {.tv_nsec = 50000000};

	nanosleep(&nap, NULL);
	atomic_store((atomic_bool *)stop, true);
	return NULL;
}

static void sends_the_rest_at_once_when_told_to_stop(void **state)
{
	struct hep_options o = {.collector_count = 1};
	int fd = listen_on(AF_INET, &o.collectors[0]);
	atomic_bool stop = false;
	struct hep_sender *sender;
	struct burst burst;
	pthread_t thread;
	double start;

	(void)state;
	o.collectors[0].rate = 1; /* a minute's worth */
	fill_burst(&burst, HEP_SEND_BURST);
	assert_int_equal(hep_sender_create(&o, &sender), 0);
	start = seconds();
	assert_int_equal(pthread_create(&thread, NULL, stop_soon, &stop), 0);
	hep_sender_send(sender, burst.messages, HEP_SEND_BURST, &stop);
	assert_true(seconds() - start < 10);
	pthread_join(thread, NULL);
	assert_int_equal(receive(fd, HEP_SEND_BURST), HEP_SEND_BURST);
	assert_counters(sender, 0, HEP_SEND_BURST, 0, 0, 0);
	hep_sender_destroy(sender);
	close(fd);
}

static void takes_the_highest_rate(void **state)
{
	struct hep_options o = {.collector_count = 1};
	int fd = listen_on(AF_INET, &o.collectors[0]);
	struct hep_sender *sender;
	struct burst burst;

	(void)state;
	o.collectors[0].rate = UINT32_MAX;
	fill_burst(&burst, HEP_SEND_BURST);
	assert_int_equal(hep_sender_create(&o, &sender), 0);
	hep_sender_send(sender, burst.messages, HEP_SEND_BURST, &go_on);
	assert_counters(sender, 0, HEP_SEND_BURST, 0, 0, 0);
	hep_sender_destroy(sender);
	close(fd);
}

static void sends_nowhere_without_collectors(void **state)
{
	struct hep_options o = {.collector_count = 0};
	struct hep_sender *sender;
	struct burst burst;

	(void)state;
	fill_burst(&burst, 1);
	assert_int_equal(hep_sender_create(&o, &sender), 0);
	assert_int_equal(hep_sender_collectors(sender), 0);
	hep_sender_send(sender, burst.messages, 1, &go_on);
	assert_int_equal(script.calls, 0);
	hep_sender_destroy(sender);
	hep_sender_destroy(NULL);
}

static void says_why_it_cannot_be_created(void **state)
{
	struct hep_options o = {.collector_count = 2};
	struct hep_sender *sender = NULL;
	int fd = listen_on(AF_INET, &o.collectors[0]);

	(void)state;
	o.collectors[1].sockaddr.ss_family = AF_MAX;
	o.collectors[1].sockaddr_len = sizeof(struct sockaddr_in);
	assert_int_equal(hep_sender_create(&o, &sender), -EAFNOSUPPORT);
	assert_null(sender);
	o.collector_count = HEP_COLLECTORS_MAX + 1;
	assert_int_equal(hep_sender_create(&o, &sender), -EINVAL);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(sends_to_every_collector, reset_script),
		cmocka_unit_test_setup(sends_the_largest_message, reset_script),
		cmocka_unit_test_setup(loses_nothing_once_a_closed_port_opens_again, reset_script),
		cmocka_unit_test_setup(
			counts_a_refusal_only_when_the_retry_fails_too, reset_script),
		cmocka_unit_test_setup(counts_other_errors_and_goes_on, reset_script),
		cmocka_unit_test_setup(waits_for_a_full_socket, reset_script),
		cmocka_unit_test_setup(gives_up_on_a_socket_that_stays_full, reset_script),
		cmocka_unit_test_setup(keeps_the_pace, reset_script),
		cmocka_unit_test_setup(does_not_hold_up_other_collectors, reset_script),
		cmocka_unit_test_setup(sends_the_rest_at_once_when_told_to_stop, reset_script),
		cmocka_unit_test_setup(takes_the_highest_rate, reset_script),
		cmocka_unit_test_setup(sends_nowhere_without_collectors, reset_script),
		cmocka_unit_test_setup(says_why_it_cannot_be_created, reset_script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
