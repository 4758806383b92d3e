/* SPDX-License-Identifier: BSD-3-Clause */
/* The sender where collectors have names: a getaddrinfo of the test's own answers as told, or not at all. */
#include <arpa/inet.h>

#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include "hep_sender_case.h"

#define HANGING "hanging.example"

/* What "hep.example" is answered. Without an address: name servers cannot be reached. */
static struct {
	pthread_mutex_t lock;
	const char *address;
	sem_t hang; /* HANGING waits for it */
	sem_t hung; /* has waited */
	_Atomic unsigned questions;
} names = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void set_address(const char *address)
{
	pthread_mutex_lock(&names.lock);
	names.address = address;
	pthread_mutex_unlock(&names.lock);
}

int getaddrinfo(
	const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **found)
{
	static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	const char *address;

	pthread_mutex_lock(&names.lock);
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	address = names.address;
	pthread_mutex_unlock(&names.lock);
	names.questions++;
	if (strcmp(host, HANGING) == 0) {
		sem_wait(&names.hang);
		sem_post(&names.hung);
		address = NULL;
	}
	return address ? real(address, port, hints, found) : EAI_AGAIN;
}

static int reset_names(void **state)
{
	(void)state;
	set_address(NULL);
	names.questions = 0;
	sem_init(&names.hang, 0, 0);
	sem_init(&names.hung, 0, 0);
	return 0;
}

static void name_collector(
	struct hep_collector_options *collector, const char *host, in_port_t port)
{
	memset(collector, 0, sizeof(*collector));
	snprintf(collector->address, sizeof(collector->address), "udp:%s:%u", host, ntohs(port));
}

/* A socket on an address of loopback. Port 0: any, which it tells. */
static int listen_at(const char *address, in_port_t *port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = *port};
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6, .sin6_port = *port};
	bool is_ip6 = strchr(address, ':');
	int fd = socket(is_ip6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	struct sockaddr *bound = is_ip6 ? (struct sockaddr *)&sin6 : (struct sockaddr *)&sin;
	socklen_t size = is_ip6 ? sizeof(sin6) : sizeof(sin);

	inet_pton(is_ip6 ? AF_INET6 : AF_INET, address,
		is_ip6 ? (void *)&sin6.sin6_addr : (void *)&sin.sin_addr);
	assert_int_equal(bind(fd, bound, size), 0);
	assert_int_equal(getsockname(fd, bound, &size), 0);
	*port = is_ip6 ? sin6.sin6_port : sin.sin_port;
	return fd;
}

static struct hep_sender *create(struct hep_options *options)
{
	struct hep_sender *sender;

	assert_int_equal(hep_sender_create(options, &sender), 0);
	return sender;
}

/* Sends until some arrive at fd, 15 s at most. Returns how many messages that took. */
static unsigned send_until_received(struct hep_sender *sender, int fd)
{
	const struct timespec nap = {.tv_nsec = 10000000};
	struct burst burst;
	unsigned sent = 0;

	fill_burst(&burst, 1);
	for (unsigned i = 0; i < 1500; i++) {
		hep_sender_send(sender, burst.messages, 1, &go_on);
		sent++;
		nanosleep(&nap, NULL);
		if (receive(fd, 1) > 0)
			return sent;
	}
	fail_msg("nothing arrives");
	return 0;
}

static void assert_all_counted(const struct hep_sender *sender, unsigned i, unsigned offered)
{
	const struct hep_sender_counters *c = hep_sender_counters(sender, i);

	assert_int_equal(c->offered, offered);
	assert_int_equal(
		c->offered, c->sent + c->send_refused + c->send_would_block + c->send_failed);
}

/* What a name server says at once costs no message. */
static void sends_to_a_name_from_the_start(void **state)
{
	struct hep_options o = {.collector_count = 1};
	in_port_t port = 0;
	int fd = listen_at("127.0.0.1", &port);
	char address[HEP_ADDRESS_MAX];
	struct hep_sender *sender;
	struct burst burst;
	unsigned seen = 0;

	(void)state;
	set_address("127.0.0.1");
	name_collector(&o.collectors[0], "hep.example", port);
	fill_burst(&burst, 20);
	sender = create(&o);
	assert_null(hep_sender_no_way(sender, 0));
	assert_true(hep_sender_has_moved(sender, 0, &seen, address, sizeof(address)));
	assert_string_equal(address, "127.0.0.1");
	assert_false(hep_sender_has_moved(sender, 0, &seen, address, sizeof(address)));
	hep_sender_send(sender, burst.messages, 20, &go_on);
	assert_int_equal(receive(fd, 20), 20);
	assert_counters(sender, 0, 20, 0, 0, 0);
	assert_int_equal(names.questions, 1);
	hep_sender_destroy(sender);
	close(fd);
}

static void starts_before_the_name_is_known_and_sends_when_it_is(void **state)
{
	struct hep_options o = {.collector_count = 2};
	int known = listen_on(AF_INET, &o.collectors[0]);
	in_port_t port = 0;
	int fd = listen_at("127.0.0.1", &port);
	char address[HEP_ADDRESS_MAX];
	struct hep_sender *sender;
	struct burst burst;
	unsigned seen = 0, took;

	(void)state;
	name_collector(&o.collectors[1], "hep.example", port);
	fill_burst(&burst, 20);
	sender = create(&o);
	assert_null(hep_sender_no_way(sender, 0));
	assert_string_equal(hep_sender_no_way(sender, 1),
		"could not resolve \"hep.example\": Temporary failure in name resolution");
	assert_false(hep_sender_has_moved(sender, 0, &seen, address, sizeof(address)));
	assert_false(hep_sender_has_moved(sender, 1, &seen, address, sizeof(address)));
	hep_sender_send(sender, burst.messages, 20, &go_on);
	assert_counters(sender, 0, 20, 0, 0, 0);
	assert_counters(sender, 1, 0, 0, 0, 20);
	assert_int_equal(receive(known, 20), 20);

	set_address("127.0.0.1");
	took = send_until_received(sender, fd);
	assert_all_counted(sender, 0, 20 + took);
	assert_all_counted(sender, 1, 20 + took);
	assert_true(hep_sender_counters(sender, 1)->sent > 0);
	/* Once a second, whatever is sent. */
	assert_true(names.questions < 20);
	hep_sender_destroy(sender);
	close(fd);
	close(known);
}

/* Nor does it hold up the end: getaddrinfo may take its time. */
static void a_name_that_hangs_holds_up_nobody(void **state)
{
	struct hep_options o = {.collector_count = 3};
	int known = listen_on(AF_INET, &o.collectors[0]);
	in_port_t port = 0;
	int fd = listen_at("127.0.0.1", &port);
	struct hep_sender *sender;
	struct burst burst;

	(void)state;
	set_address("127.0.0.1");
	name_collector(&o.collectors[1], HANGING, port);
	name_collector(&o.collectors[2], "hep.example", port);
	fill_burst(&burst, 20);
	sender = create(&o);
	assert_null(hep_sender_no_way(sender, 0));
	assert_string_equal(hep_sender_no_way(sender, 1), "no name server has answered");
	assert_null(hep_sender_no_way(sender, 2));
	hep_sender_send(sender, burst.messages, 20, &go_on);
	assert_int_equal(receive(known, 20), 20);
	assert_int_equal(receive(fd, 20), 20);
	assert_counters(sender, 0, 20, 0, 0, 0);
	assert_counters(sender, 1, 0, 0, 0, 20);
	assert_counters(sender, 2, 20, 0, 0, 0);
	hep_sender_destroy(sender);
	sem_post(&names.hang);
	sem_wait(&names.hung);
	close(fd);
	close(known);
}

static void follows_a_name_to_another_address(void **state)
{
	struct hep_options o = {.collector_count = 1};
	in_port_t port = 0;
	int first = listen_at("127.0.0.1", &port);
	int second = listen_at("127.0.0.2", &port);
	int third = listen_at("::1", &port);
	char address[HEP_ADDRESS_MAX];
	struct hep_sender *sender;
	unsigned seen = 0, took;

	(void)state;
	set_address("127.0.0.1");
	name_collector(&o.collectors[0], "hep.example", port);
	sender = create(&o);
	took = send_until_received(sender, first);
	/* Nobody listens there any more, and the name says where. */
	close(first);
	set_address("127.0.0.2");
	took += send_until_received(sender, second);
	assert_true(hep_sender_has_moved(sender, 0, &seen, address, sizeof(address)));
	assert_string_equal(address, "127.0.0.2");
	/* While nobody knows the name the address stays. */
	set_address(NULL);
	took += send_until_received(sender, second);
	close(second);
	set_address("::1");
	took += send_until_received(sender, third);
	assert_all_counted(sender, 0, took);
	hep_sender_destroy(sender);
	close(third);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(sends_to_a_name_from_the_start, reset_names),
		cmocka_unit_test_setup(
			starts_before_the_name_is_known_and_sends_when_it_is, reset_names),
		cmocka_unit_test_setup(a_name_that_hangs_holds_up_nobody, reset_names),
		cmocka_unit_test_setup(follows_a_name_to_another_address, reset_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
