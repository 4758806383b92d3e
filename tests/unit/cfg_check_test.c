/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules between keys: CPUs, devices and packet buffers. */
#include <stdio.h>

#include "cfg_check.h"
#include "unit.h"

static struct cfg_options load(const char *text)
{
	struct cfg_options options;
	struct cfg_error error;

	if (cfg_load_text(text, strlen(text), &options, &error) != 0)
		fail_msg("%u:%u: %s", error.line, error.column, error.text);
	return options;
}

static void expect_passes(const char *text)
{
	struct cfg_options options = load(text);
	struct cfg_error error;

	if (cfg_check(&options, 8, &error) != 0)
		fail_msg("%s", error.text);
	assert_string_equal(error.text, "");
}

static void expect_fails(const char *text, const char *want)
{
	struct cfg_options options = load(text);
	struct cfg_error error = {7, 7, ""};

	assert_int_equal(cfg_check(&options, 8, &error), -1);
	assert_string_equal(error.text, want);
	assert_int_equal(error.line, 0);
}

static void passes_the_defaults(void **state)
{
	struct cfg_options options;
	struct cfg_error error;

	(void)state;
	cfg_defaults(&options);
	assert_int_equal(cfg_check(&options, 1, &error), 0);
}

static void wants_cpus_that_exist(void **state)
{
	(void)state;
	expect_passes("cores: {workers: [0-7]}\n");
	expect_fails("cores: {workers: [0-8]}\n",
		"cores.workers names CPU 8, but the last of this machine is CPU 7");
	expect_fails("cores: {control: 65535}\n",
		"cores.control names CPU 65535, but the last of this machine is CPU 7");
	expect_fails("cores: {sender: 9, share: true}\n",
		"cores.sender names CPU 9, but the last of this machine is CPU 7");
}

static void wants_each_cpu_in_one_list_unless_shared(void **state)
{
	(void)state;
	expect_passes("cores: {control: 0, rx: [1-2], workers: [3-6], sender: 7}\n");
	expect_passes("cores: {control: 0, rx: 0, workers: [0-1], sender: 1, share: true}\n");
	expect_fails("cores: {rx: [1-2], workers: [2-3]}\n",
		"CPU 2 is in both cores.rx and cores.workers, which needs cores.share to be true");
	expect_passes("cores: {workers: [1, 1, 0, 1], share: true}\n");
	expect_fails("cores: {workers: [2-4, 3]}\n",
		"CPU 3 is in cores.workers twice, which needs cores.share to be true");
	expect_fails("cores: {control: 3, sender: 3}\n",
		"CPU 3 is in both cores.control and cores.sender, which needs cores.share to be "
		"true");
}

static void bounds_lists_that_did_not_come_from_a_file(void **state)
{
	struct cfg_options options;
	struct cfg_error error;

	(void)state;
	cfg_defaults(&options);
	options.dp.rx.count = DP_CPUS_MAX + 1;
	assert_int_equal(cfg_check(&options, 8, &error), -1);
	assert_string_equal(error.text, "cores.rx names 65 CPUs, at most 64 are possible");
}

static void wants_each_device_once(void **state)
{
	(void)state;
	expect_passes(
		"ports: [{device: eth1}, {device: eth10}, {device: 'net_pcap0,a=1'},"
		"{device: 'net_pcap1,a=1'}, {device: '0000:3b:00.0'}, {device: '0001:3b:00.0'}]");
	expect_fails("ports: [{device: eth1}, {device: eth2}, {device: eth1, driver: af_xdp}]",
		"two ports have the same device, \"eth1\"");
	expect_fails("ports: [{device: 'net_pcap0,a=1'}, {device: 'net_pcap0,a=2'}]",
		"two ports have the same device, \"net_pcap0,a=2\"");
	expect_fails("ports: [{device: '0000:3b:00.0'}, {device: '3b:00.0'}]",
		"two ports have the same device, \"3b:00.0\"");
}

static void wants_each_collector_once(void **state)
{
	(void)state;
	expect_passes(
		"hep: {collectors: [{address: 'udp:192.0.2.1:9060'}, {address: 'udp:192.0.2.1:9061'},"
		"{address: 'udp:homer.example:9060'}]}\n");
	expect_fails(
		"hep: {collectors: [{address: 'udp:192.0.2.1:9060'}, {address: 'udp:192.0.2.2:9060'},"
		"{address: 'udp:192.0.2.1:9060', rate: 100}]}\n",
		"two collectors have the same address, \"udp:192.0.2.1:9060\"");
	expect_fails("hep: {collectors: [{address: 'udp:homer.example:9060'},"
		     "{address: 'udp:Homer.example:9060'}]}\n",
		"two collectors have the same address, \"udp:Homer.example:9060\"");
}

static void wants_a_buffer_for_every_descriptor(void **state)
{
	(void)state;
	expect_passes(
		"ports: [{device: a, queues: 4, descriptors: 1024}]\nmemory: {mbufs: 4097}\n");
	expect_fails("ports: [{device: a, queues: 4, descriptors: 1024}]\nmemory: {mbufs: 4096}\n",
		"memory.mbufs is 4096, must be more than the 4096 descriptors of port \"a\"");
}

static void wants_xdp_keys_on_af_xdp_ports_only(void **state)
{
	static const char *const keys[] = {
		"mode: voice", "mode: listed", "rest: drop", "take_over: true"};
	char text[256];

	(void)state;
	expect_passes("ports: [{device: a, xdp: {mode: all, rest: pass}}]\n");
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		snprintf(text, sizeof(text), "ports: [{device: a, driver: af_xdp, xdp: {%s}}]\n",
			keys[i]);
		expect_passes(text);
		snprintf(text, sizeof(text), "ports: [{device: a, xdp: {%s}}]\n", keys[i]);
		expect_fails(text, "port \"a\" has keys of xdp, which need driver af_xdp");
		snprintf(text, sizeof(text), "ports: [{device: a, driver: af_packet, xdp: {%s}}]\n",
			keys[i]);
		expect_fails(text, "port \"a\" has keys of xdp, which need driver af_xdp");
	}
	expect_fails("ports: [{device: net_null0, driver: vdev, xdp: {networks: [10.0.0.0/8]}}]\n",
		"port \"net_null0\" has keys of xdp, which need driver af_xdp");
	expect_fails("ports: [{device: a, driver: af_xdp, xdp: {networks: [10.0.0.0/8]}}]\n",
		"port \"a\" has xdp.networks, which need xdp.mode voice or listed");
	expect_fails("ports: [{device: a, driver: af_xdp, xdp: {mode: listed}}]\n"
		     "capture: {tenants: vlan}\n",
		"port \"a\" has xdp.mode listed, which knows no capture.tenants");
}

static void wants_the_small_buffer_to_be_small(void **state)
{
	(void)state;
	expect_passes("quality: {buffer_small: 200ms}\n");
	expect_fails("quality: {buffer_small: 201ms}\n",
		"quality.buffer_small is 201ms, must be at most quality.buffer_large, 200ms");
	expect_fails("quality: {buffer_max: 40ms}\n",
		"quality.buffer_small is 50ms, must be at most quality.buffer_max, 40ms");
}

static void wants_rx_cpus_only_where_threads_receive(void **state)
{
	(void)state;
	expect_passes("ports: [{device: a, mode: fused}]\n");
	expect_passes("cores: {rx: 1}\nports: [{device: a, mode: fused}, {device: b}]\n");
	expect_fails("cores: {rx: 1}\nports: [{device: a, mode: fused}]\n",
		"cores.rx names CPUs, but ports[].mode fused has no receive threads");
}

static void wants_the_interval_between_its_bounds(void **state)
{
	(void)state;
	expect_passes("quality: {report_interval: 0}\n");
	expect_passes("quality: {report_interval: 2m}\n");
	expect_passes("quality: {adaptive: {shortest: 10s, longest: 10s}}\n");
	expect_fails("quality: {adaptive: {shortest: 11s}}\n",
		"quality.adaptive.shortest is 11s, must be at most quality.report_interval, 10s");
	expect_fails("quality: {adaptive: {shortest: 20s, longest: 5500ms}}\n",
		"quality.adaptive.shortest is 20000ms, must be at most quality.adaptive.longest, "
		"5500ms");
	expect_fails("quality: {adaptive: {shortest: 1s, longest: 9s}}\n",
		"quality.report_interval is 10s, must be at most quality.adaptive.longest, 9s");
	expect_fails("quality: {report_interval: 0, adaptive: {shortest: 1s}}\n",
		"quality.adaptive.shortest is 1s, must be at most quality.report_interval, 0s");
}

static void wants_name_and_text_of_a_header(void **state)
{
	static const char *const keys[] = {"sip_only_headers", "sip_except_headers"};
	static const char *const wrong[][2] = {
		{"X", "X"},
		{"X=", "X="},
		{"X= ", "X= "},
		{"=y", "=y"},
		{" =y", " =y"},
		{"X,Route=sbc", "X"},
		{"Route=sbc, ,X=y", " "},
		{",X=y", ""},
	};
	char text[128];
	char want[128];

	(void)state;
	expect_passes(
		"hep: {sip_only_headers: 'Route=sbc1, X = a=b ', sip_except_headers: 'A=b'}\n");
	for (unsigned k = 0; k < 2; k++) {
		for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
			snprintf(text, sizeof(text), "hep: {%s: '%s'}\n", keys[k], wrong[i][0]);
			snprintf(want, sizeof(want), "hep.%s has \"%s\", must be HEADER=TEXT",
				keys[k], wrong[i][1]);
			expect_fails(text, want);
		}
	}
	expect_fails("hep: {sip_only_headers: 'X=y,'}\n", "hep.sip_only_headers ends in a comma");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_the_defaults),
		cmocka_unit_test(wants_name_and_text_of_a_header),
		cmocka_unit_test(wants_cpus_that_exist),
		cmocka_unit_test(wants_each_cpu_in_one_list_unless_shared),
		cmocka_unit_test(bounds_lists_that_did_not_come_from_a_file),
		cmocka_unit_test(wants_each_device_once),
		cmocka_unit_test(wants_each_collector_once),
		cmocka_unit_test(wants_a_buffer_for_every_descriptor),
		cmocka_unit_test(wants_xdp_keys_on_af_xdp_ports_only),
		cmocka_unit_test(wants_the_interval_between_its_bounds),
		cmocka_unit_test(wants_the_small_buffer_to_be_small),
		cmocka_unit_test(wants_rx_cpus_only_where_threads_receive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
