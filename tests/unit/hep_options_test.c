/* SPDX-License-Identifier: BSD-3-Clause */
/* Collector addresses: what is accepted, and the message for what is not. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>

#include "hep_options.h"
#include "unit.h"

static struct hep_collector_options collector;
static char error[512];

static int parse(const char *text)
{
	memset(&collector, 0, sizeof(collector));
	memset(error, 0, sizeof(error));
	return hep_collector_parse(text, &collector, error, sizeof(error));
}

static void assert_refused(const char *text, const char *message)
{
	static const struct hep_collector_options untouched;

	assert_int_equal(parse(text), -1);
	assert_string_equal(error, message);
	assert_memory_equal(&collector, &untouched, sizeof(collector));
}

static void accepts_an_ipv4_address(void **state)
{
	const struct sockaddr_in *sin = (const struct sockaddr_in *)&collector.sockaddr;

	(void)state;
	assert_int_equal(parse("udp:192.0.2.9:9060"), 0);
	assert_string_equal(collector.address, "udp:192.0.2.9:9060");
	assert_int_equal(collector.sockaddr_len, sizeof(*sin));
	assert_int_equal(sin->sin_family, AF_INET);
	assert_int_equal(ntohs(sin->sin_port), 9060);
	assert_int_equal(ntohl(sin->sin_addr.s_addr), 0xc0000209);
}

static void accepts_an_ipv6_address_in_brackets(void **state)
{
	static const uint8_t want[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)&collector.sockaddr;

	(void)state;
	assert_int_equal(parse("udp:[2001:db8::1]:65535"), 0);
	assert_string_equal(collector.address, "udp:[2001:db8::1]:65535");
	assert_int_equal(collector.sockaddr_len, sizeof(*sin6));
	assert_int_equal(sin6->sin6_family, AF_INET6);
	assert_int_equal(ntohs(sin6->sin6_port), 65535);
	assert_memory_equal(&sin6->sin6_addr, want, sizeof(want));
}

/* What getaddrinfo answers to a question about a name, and how often it was asked one. */
static struct {
	int status;
	const char *addresses[3];
	unsigned questions;
} names;

/* Literals go to the real one, through its other name. */
int getaddrinfo(
	const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **found)
{
	static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	struct addrinfo numeric = *hints;
	struct addrinfo **end = found;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	if (hints->ai_flags & AI_NUMERICHOST)
		return real(host, port, hints, found);
	names.questions++;
	if (names.status)
		return names.status;
	numeric.ai_flags |= AI_NUMERICHOST;
	for (unsigned i = 0; names.addresses[i]; i++) {
		assert_int_equal(real(names.addresses[i], port, &numeric, end), 0);
		end = &(*end)->ai_next;
	}
	return 0;
}

static int reset_names(void **state)
{
	(void)state;
	memset(&names, 0, sizeof(names));
	return 0;
}

static void asks_for_the_address_of_a_name_only_when_told_to(void **state)
{
	const struct sockaddr_in *sin = (const struct sockaddr_in *)&collector.sockaddr;

	(void)state;
	assert_int_equal(parse("udp:hep.example:9060"), 0);
	assert_string_equal(collector.address, "udp:hep.example:9060");
	assert_int_equal(collector.sockaddr_len, 0);
	assert_int_equal(names.questions, 0);

	names.addresses[0] = "192.0.2.9";
	assert_int_equal(hep_collector_resolve(&collector, error, sizeof(error)), 0);
	assert_int_equal(names.questions, 1);
	assert_int_equal(collector.sockaddr_len, sizeof(*sin));
	assert_int_equal(ntohs(sin->sin_port), 9060);
	assert_int_equal(ntohl(sin->sin_addr.s_addr), 0xc0000209);
}

static void follows_a_name_to_another_address(void **state)
{
	const struct sockaddr_in *sin = (const struct sockaddr_in *)&collector.sockaddr;

	(void)state;
	assert_int_equal(parse("udp:hep.example:9060"), 0);
	names.addresses[0] = "192.0.2.9";
	assert_int_equal(hep_collector_resolve(&collector, error, sizeof(error)), 0);
	/* Still among them, in the order of the day: stays. */
	names.addresses[0] = "192.0.2.8";
	names.addresses[1] = "192.0.2.9";
	assert_int_equal(hep_collector_resolve(&collector, error, sizeof(error)), 0);
	assert_int_equal(ntohl(sin->sin_addr.s_addr), 0xc0000209);
	names.addresses[1] = "192.0.2.7";
	assert_int_equal(hep_collector_resolve(&collector, error, sizeof(error)), 0);
	assert_int_equal(ntohl(sin->sin_addr.s_addr), 0xc0000208);
	names.addresses[0] = "2001:db8::1";
	names.addresses[1] = NULL;
	assert_int_equal(hep_collector_resolve(&collector, error, sizeof(error)), 0);
	assert_int_equal(collector.sockaddr.ss_family, AF_INET6);
	assert_int_equal(collector.sockaddr_len, sizeof(struct sockaddr_in6));
}

static void keeps_its_address_while_nobody_answers(void **state)
{
	struct hep_collector_options before;

	(void)state;
	assert_int_equal(parse("udp:hep.example:9060"), 0);
	names.addresses[0] = "192.0.2.9";
	assert_int_equal(hep_collector_resolve(&collector, error, sizeof(error)), 0);
	before = collector;
	names.status = EAI_AGAIN;
	assert_int_equal(hep_collector_resolve(&collector, error, sizeof(error)), -1);
	assert_string_equal(
		error, "could not resolve \"hep.example\": Temporary failure in name resolution");
	assert_memory_equal(&collector, &before, sizeof(before));
}

static void takes_names_of_every_form(void **state)
{
	static const char *const texts[] = {"udp:h:1", "udp:localhost:1", "udp:homer-1.example:1",
		"udp:homer.example.:1", "udp:3com.example:1", "udp:10.0.0.5.example:1",
		"udp:homer_1:1", "udp:[fe80::1%vlan7]:1"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(parse(texts[i]), 0);
		assert_string_equal(collector.address, texts[i]);
		assert_int_equal(collector.sockaddr_len, 0);
	}
	assert_int_equal(names.questions, 0);
}

static void leaves_the_rate_alone(void **state)
{
	(void)state;
	memset(&collector, 0, sizeof(collector));
	collector.rate = 5000;
	assert_int_equal(
		hep_collector_parse("udp:127.0.0.1:9060", &collector, error, sizeof(error)), 0);
	assert_int_equal(collector.rate, 5000);
}

static void refuses_other_transports(void **state)
{
	(void)state;
	assert_refused("", "collector \"\" must begin with \"udp:\"");
	assert_refused("127.0.0.1:9060", "collector \"127.0.0.1:9060\" must begin with \"udp:\"");
	assert_refused("tcp:h:9060", "collector \"tcp:h:9060\" must begin with \"udp:\"");
	assert_refused("UDP:h:9060", "collector \"UDP:h:9060\" must begin with \"udp:\"");
}

static void refuses_ports_that_are_not_ports(void **state)
{
	static const char *const texts[] = {"udp:", "udp:h", "udp:h:", "udp:h:0", "udp:h:65536",
		"udp:h:9060x", "udp:h:-1", "udp:h:+1", "udp:h: 1", "udp:h:000000", "udp:h:123456",
		"udp:h:0x10", "udp:[::1]"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(parse(texts[i]), -1);
		assert_non_null(strstr(error, "must end in a port between 1 and 65535"));
	}
}

static void refuses_hosts_that_are_not_hosts(void **state)
{
	(void)state;
	assert_refused("udp:::1:9060",
		"IPv6 address of collector \"udp:::1:9060\" must stand in brackets");
	assert_refused("udp:[::1:9060",
		"IPv6 address of collector \"udp:[::1:9060\" must stand in brackets");
	assert_refused("udp::9060", "collector \"udp::9060\" has no valid host");
	assert_refused("udp:[]:9060", "collector \"udp:[]:9060\" has no valid host");
	assert_refused("udp:[h:9060", "collector \"udp:[h:9060\" has no valid host");
	assert_refused("udp:h]:9060", "collector \"udp:h]:9060\" has no valid host");
}

static void refuses_names_that_are_not_names(void **state)
{
	static const char *const texts[] = {"udp:10.0.0.300:1", "udp:10.0.0.5.6:1", "udp:h..x:1",
		"udp:.h:1", "udp:-h:1", "udp:h-.x:1", "udp:h h:1", "udp:h/9:1", "udp:h,g:1",
		"udp:h\xc3\xa9:1", "udp:.:1", "udp:h@x:1",
		"udp:a123456789b123456789c123456789d123456789e123456789f123456789g123:1",
		/* In brackets stands an IPv6 address, and nothing else. */
		"udp:[192.0.2.1]:1", "udp:[hep.example]:1", "udp:[fe80::1%]:1", "udp:[%eth0]:1"};
	char message[200];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		snprintf(message, sizeof(message), "collector \"%s\" has no valid host", texts[i]);
		assert_refused(texts[i], message);
	}
	assert_int_equal(names.questions, 0);
}

static void refuses_what_does_not_fit(void **state)
{
	char text[HEP_ADDRESS_MAX + 1] = "udp:";

	(void)state;
	memset(text + 4, '1', sizeof(text) - 5);
	memcpy(text + sizeof(text) - 6, ":9060", 6);
	assert_int_equal(strlen(text), HEP_ADDRESS_MAX);
	assert_int_equal(parse(text), -1);
	assert_non_null(strstr(error, "is longer than 263 characters"));
}

static void cuts_the_message_to_its_room(void **state)
{
	char small[8];

	(void)state;
	assert_int_equal(hep_collector_parse("tcp:h:1", &collector, small, sizeof(small)), -1);
	assert_string_equal(small, "collect");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_an_ipv4_address),
		cmocka_unit_test(accepts_an_ipv6_address_in_brackets),
		cmocka_unit_test_setup(
			asks_for_the_address_of_a_name_only_when_told_to, reset_names),
		cmocka_unit_test_setup(follows_a_name_to_another_address, reset_names),
		cmocka_unit_test_setup(keeps_its_address_while_nobody_answers, reset_names),
		cmocka_unit_test_setup(takes_names_of_every_form, reset_names),
		cmocka_unit_test_setup(refuses_names_that_are_not_names, reset_names),
		cmocka_unit_test(leaves_the_rate_alone),
		cmocka_unit_test(refuses_other_transports),
		cmocka_unit_test(refuses_ports_that_are_not_ports),
		cmocka_unit_test(refuses_hosts_that_are_not_hosts),
		cmocka_unit_test(refuses_what_does_not_fit),
		cmocka_unit_test(cuts_the_message_to_its_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
