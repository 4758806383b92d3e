/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of ports and networks: what is read, what is refused, and that printing reads back. */
#include <errno.h>
#include <stdio.h>

#include "cfg_load.h"
#include "cfg_net.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void reads_ports_and_ranges(void **state)
{
	struct dp_port_ranges ports;

	(void)state;
	assert_int_equal(cfg_net_ports("", &ports), 0);
	assert_int_equal(ports.count, 0);
	assert_int_equal(cfg_net_ports("1,5060-5061,65535,7-7", &ports), 0);
	assert_int_equal(ports.count, 4);
	assert_int_equal(ports.range[0].first, 1);
	assert_int_equal(ports.range[0].last, 1);
	assert_int_equal(ports.range[1].first, 5060);
	assert_int_equal(ports.range[1].last, 5061);
	assert_int_equal(ports.range[2].first, 65535);
	assert_int_equal(ports.range[3].last, 7);
}

static void refuses_what_is_no_list_of_ports(void **state)
{
	static const char *const texts[] = {"0", "65536", "0-5", "5061-5060", "5060-", "-5060",
		"5060-65536", "5060,", ",5060", "5060,,5061", " 5060", "5060 ", "sip", "+5060",
		"05060", "1-2-3", "18446744073709556676",
		"1111111111111111111111111111111111111111111111111111111111111111111111"};
	struct dp_port_ranges ports;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		if (cfg_net_ports(texts[i], &ports) != -EINVAL)
			fail_msg("\"%s\" is not refused", texts[i]);
}

static void reads_networks_of_both_families(void **state)
{
	struct dp_networks n;

	(void)state;
	assert_int_equal(cfg_net_networks("192.0.2.0/24,203.0.113.7,2001:db8::/32,::/0", &n), 0);
	assert_int_equal(n.count, 4);
	assert_int_equal(n.network[0].family, 4);
	assert_int_equal(n.network[0].prefix, 24);
	assert_memory_equal(n.network[0].address, ((uint8_t[16]){192, 0, 2}), 16);
	assert_int_equal(n.network[1].prefix, 32);
	assert_memory_equal(n.network[1].address, ((uint8_t[16]){203, 0, 113, 7}), 16);
	assert_int_equal(n.network[2].family, 6);
	assert_int_equal(n.network[2].prefix, 32);
	assert_memory_equal(n.network[2].address, ((uint8_t[16]){0x20, 0x01, 0x0d, 0xb8}), 16);
	assert_int_equal(n.network[3].prefix, 0);
}

static void refuses_what_is_no_list_of_networks(void **state)
{
	static const char *const texts[] = {"192.0.2.0/33", "2001:db8::/129", "192.0.2.1/24",
		"2001:db8::1/32", "128.0.0.0/0", "192.0.2", "192.0.2.0/", "192.0.2.0/-1", "/24",
		"192.0.2.0/24,", "192.0.2.0/24/24", "sip.example", "192.0.2.0 /24",
		"[2001:db8::]/32", "fe80::1%eth0", "192.0.2.0/0x18x"};
	struct dp_networks networks;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		if (cfg_net_networks(texts[i], &networks) != -EINVAL)
			fail_msg("\"%s\" is not refused", texts[i]);
}

static void bounds_both_lists(void **state)
{
	struct dp_networks networks;
	struct dp_port_ranges ports;
	char text[2048] = "10.0.0.0";

	(void)state;
	for (unsigned i = 1; i < DP_NETWORKS_MAX; i++)
		strcat(text, ",10.0.0.0");
	assert_int_equal(cfg_net_networks(text, &networks), 0);
	assert_int_equal(networks.count, DP_NETWORKS_MAX);
	strcat(text, ",10.0.0.0");
	assert_int_equal(cfg_net_networks(text, &networks), -ENOSPC);
	strcpy(text, "1");
	for (unsigned i = 1; i < DP_PORT_RANGES_MAX; i++)
		strcat(text, ",1");
	assert_int_equal(cfg_net_ports(text, &ports), 0);
	strcat(text, ",1");
	assert_int_equal(cfg_net_ports(text, &ports), -ENOSPC);
}

static void prints_the_longest_lists_in_full(void **state)
{
	static const char item[] = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128";
	struct dp_networks networks, again;
	char text[2048] = "", printed[2048];

	(void)state;
	for (unsigned i = 0; i < DP_NETWORKS_MAX; i++) {
		strcat(text, i ? "," : "");
		strcat(text, item);
	}
	assert_int_equal(cfg_net_networks(text, &networks), 0);
	cfg_net_format_networks(&networks, printed, sizeof(printed));
	assert_string_equal(printed, text);
	assert_int_equal(cfg_net_networks(printed, &again), 0);
	assert_memory_equal(&again, &networks, sizeof(again));
}

static void prints_ports_as_they_were_written(void **state)
{
	struct dp_port_ranges ports;
	char text[256];

	(void)state;
	assert_int_equal(cfg_net_ports("5080,5060-5061,1-65535", &ports), 0);
	cfg_net_format_ports(&ports, text, sizeof(text));
	assert_string_equal(text, "5080,5060-5061,1-65535");
}

static void expect_error(const char *text, const char *want)
{
	struct cfg_options options;
	struct cfg_error error;

	assert_int_equal(cfg_load_text(text, strlen(text), &options, &error), -1);
	assert_string_equal(error.text, want);
}

static void names_mistakes_in_the_file(void **state)
{
	(void)state;
	expect_error("ports: [{device: a, xdp: {ports: [5060, 5061-]}}]\n",
		"invalid list of ports for \"ports\": \"5060,5061-\", written 5060-5061,5080");
	expect_error("ports: [{device: a, xdp: {networks: 192.0.2.1/24}}]\n",
		"invalid list of networks for \"networks\": \"192.0.2.1/24\", written "
		"192.0.2.0/24,2001:db8::/32");
	expect_error("ports: [{device: a, xdp: {mode: none}}]\n",
		"\"mode\" must be all, voice or listed, not \"none\"");
	expect_error("ports: [{device: a, xdp: voice}]\n",
		"\"xdp\" must be a section of keys, not a single value");
	expect_error(
		"ports: [{device: a, xdp: {mode: all, mode: all}}]\n", "repeated key \"mode\"");
	expect_error("ports: [{device: a, xdp: {port: 5060}}]\n", "unrecognized key \"port\"");
}

static void gives_each_port_the_defaults(void **state)
{
	static const char text[] = "ports: [{device: a, xdp: {ports: ''}}, {device: b}]\n";
	struct cfg_options o;
	struct cfg_error error;

	(void)state;
	assert_int_equal(cfg_load_text(text, strlen(text), &o, &error), 0);
	assert_int_equal(o.dp.ports[0].xdp.ports.count, 0);
	assert_int_equal(o.dp.ports[1].xdp.ports.count, 1);
	assert_int_equal(o.dp.ports[1].xdp.ports.range[0].first, 5060);
	assert_int_equal(o.dp.ports[1].xdp.ports.range[0].last, 5061);
	assert_int_equal(o.dp.ports[1].xdp.mode, DP_XDP_ALL);
	assert_int_equal(o.dp.ports[1].xdp.rest, DP_XDP_REST_PASS);
	assert_false(o.dp.ports[1].xdp.take_over);
	assert_int_equal(o.dp.ports[1].xdp.networks.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_ports_and_ranges),
		cmocka_unit_test(refuses_what_is_no_list_of_ports),
		cmocka_unit_test(reads_networks_of_both_families),
		cmocka_unit_test(refuses_what_is_no_list_of_networks),
		cmocka_unit_test(bounds_both_lists),
		cmocka_unit_test(prints_the_longest_lists_in_full),
		cmocka_unit_test(prints_ports_as_they_were_written),
		cmocka_unit_test(names_mistakes_in_the_file),
		cmocka_unit_test(gives_each_port_the_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
