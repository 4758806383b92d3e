/* SPDX-License-Identifier: BSD-3-Clause */
/* Loading: every key reaches its member, and every mistake is named with its line and column. */
#include <netinet/in.h>

#include <stdio.h>
#include <unistd.h>

#include "cfg_load.h"
#include "unit.h"

#define SEC 1000000000ull

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* The text goes into a buffer that ends at an unmapped page. */
static int load(const char *text, size_t size, struct cfg_options *options, struct cfg_error *error)
{
	uint8_t *copy = guarded_copy(text, size);
	int rc = cfg_load_text((const char *)copy, size, options, error);

	guarded_free(copy, size);
	return rc;
}

static void expect_loads(const char *text, struct cfg_options *options)
{
	struct cfg_error error;

	if (load(text, strlen(text), options, &error) != 0)
		fail_msg("%u:%u: %s", error.line, error.column, error.text);
	assert_int_equal(error.line, 0);
	assert_string_equal(error.text, "");
}

static void expect_error(const char *text, const char *want)
{
	struct cfg_options options;
	struct cfg_error error;
	char message[512];

	if (load(text, strlen(text), &options, &error) == 0)
		fail_msg("this is accepted:\n%s", text);
	cfg_error_format(&error, "f", message, sizeof(message));
	assert_string_equal(message, want);
}

static void expect_is_default(const struct cfg_options *options)
{
	struct cfg_options defaults;

	cfg_defaults(&defaults);
	assert_memory_equal(options, &defaults, sizeof(defaults));
}

static void gives_the_documented_defaults(void **state)
{
	struct cfg_options o;

	(void)state;
	memset(&o, 0xff, sizeof(o));
	cfg_defaults(&o);
	assert_int_equal(o.dp.port_count, 0);
	assert_int_equal(o.dp.control.count + o.dp.rx.count + o.dp.workers.count, 0);
	assert_int_equal(o.dp.sender.count, 0);
	assert_false(o.dp.share_cpus);
	assert_int_equal(o.dp.hugepages, DP_HUGEPAGES_AUTO);
	assert_int_equal(o.dp.memory, 0);
	assert_int_equal(o.dp.mbufs, 0);
	assert_int_equal(o.dp.media_ring, 16384);
	assert_int_equal(o.dp.signalling_ring, 4096);
	assert_int_equal(o.dp.hep_messages, 8192);
	assert_string_equal(o.dp.file_prefix, "heptap");
	assert_true(o.dp.telemetry);
	assert_int_equal(o.qos.report_interval_ns, 10000000000);
	assert_int_equal(o.qos.stream_timeout_ns, 30000000000);
	assert_int_equal(o.qos.bye_linger_ns, 500000000);
	assert_int_equal(o.qos.call_timeout_ns, 14400000000000);
	assert_int_equal(o.qos.setup_timeout_ns, 180000000000);
	assert_int_equal(o.qos.probation_packets, 25);
	assert_true(o.qos.g711_plc);
	assert_int_equal(o.qos.buffer, QOS_BUFFER_ADAPTIVE);
	assert_int_equal(o.qos.buffer_small_ns, 50000000);
	assert_int_equal(o.qos.buffer_large_ns, 200000000);
	assert_int_equal(o.qos.buffer_max_ns, 500000000);
	assert_int_equal(o.qos.delay_ms, 0);
	assert_int_equal(o.qos.jitter_buffer_ms, 40);
	assert_int_equal(o.qos.one_way_ns, 10 * SEC);
	assert_int_equal(o.qos.no_media_ns, 5 * SEC);
	assert_int_equal(o.qos.orphan_ns, 30 * SEC);
	assert_int_equal(o.qos.late_ns, 3 * SEC);
	assert_true(o.qos.finds_codec && o.qos.finds_timeout);
	assert_int_equal(o.qos.report_interval_min_ns, 0);
	assert_int_equal(o.qos.report_interval_max_ns, 60 * SEC);
	assert_int_equal(o.qos.suspect_loss_milli, 1000);
	assert_int_equal(o.qos.suspect_jitter_ms, 30);
	assert_int_equal(o.qos.suspect_mos_milli, 3600);
	assert_int_equal(o.qos.reports_per_second, 0);
	assert_int_equal(o.qos.max_streams, 100000);
	assert_int_equal(o.qos.max_candidates, 16384);
	assert_int_equal(o.qos.max_calls, 100000);
	assert_int_equal(o.qos.max_media, 200000);
	assert_int_equal(o.hep.node_id, 2001);
	assert_string_equal(o.hep.node_name, "heptap");
	assert_string_equal(o.hep.auth_key, "");
	assert_int_equal(o.hep.final_type, HEP_FINAL);
	assert_int_equal(o.hep.collector_count, 0);
	assert_int_equal(o.log_level, CFG_LOG_INFO);
	assert_true(
		o.capture_tcp && o.send_sip && o.send_rtcp && o.send_reports && o.send_findings);
	assert_int_equal(o.result_rows, 200000);
}

static void takes_a_file_without_keys_as_all_defaults(void **state)
{
	static const char *const texts[] = {"", "\n", "# nothing\n", "{}", "---\n{}\n...\n",
		"\xef\xbb\xbf# byte order mark\n", "ports: []\nhep: {collectors: []}\n"};
	struct cfg_options options;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		expect_loads(texts[i], &options);
		expect_is_default(&options);
	}
}

static void loads_ports(void **state)
{
	struct cfg_options o;

	(void)state;
	expect_loads("ports:\n"
		     "  - device: 0000:3b:00.0\n"
		     "    driver: pci\n"
		     "    queues: 4\n"
		     "    descriptors: 4096\n"
		     "    max_frame: 9728\n"
		     "    promiscuous: false\n"
		     "  - {device: 'net_pcap0,rx_pcap=a b.pcap', driver: vdev}\n"
		     "  - device: eth1\n",
		&o);
	assert_int_equal(o.dp.port_count, 3);
	assert_string_equal(o.dp.ports[0].device, "0000:3b:00.0");
	assert_int_equal(o.dp.ports[0].driver, DP_PCI);
	assert_int_equal(o.dp.ports[0].queues, 4);
	assert_int_equal(o.dp.ports[0].descriptors, 4096);
	assert_int_equal(o.dp.ports[0].max_frame, 9728);
	assert_false(o.dp.ports[0].promiscuous);
	assert_string_equal(o.dp.ports[1].device, "net_pcap0,rx_pcap=a b.pcap");
	assert_int_equal(o.dp.ports[1].driver, DP_VDEV);
	assert_string_equal(o.dp.ports[2].device, "eth1");
	assert_int_equal(o.dp.ports[2].driver, DP_AUTO);
	assert_int_equal(o.dp.ports[2].queues, 1);
	assert_int_equal(o.dp.ports[2].descriptors, 1024);
	assert_int_equal(o.dp.ports[2].max_frame, 2048);
	assert_true(o.dp.ports[2].promiscuous);
}

static void loads_cores_and_memory(void **state)
{
	static const uint16_t workers[] = {4, 5, 6, 9};
	struct cfg_options o;

	(void)state;
	expect_loads(
		"cores: {control: 1, rx: 2-3, workers: [4-6, 9], sender: \"12\", share: true}\n"
		"memory: {hugepages: on, packet: 2G, mbufs: 65535}\n",
		&o);
	assert_int_equal(o.dp.control.count, 1);
	assert_int_equal(o.dp.control.cpu[0], 1);
	assert_int_equal(o.dp.rx.count, 2);
	assert_int_equal(o.dp.rx.cpu[1], 3);
	assert_int_equal(o.dp.workers.count, 4);
	assert_memory_equal(o.dp.workers.cpu, workers, sizeof(workers));
	assert_int_equal(o.dp.sender.cpu[0], 12);
	assert_true(o.dp.share_cpus);
	assert_int_equal(o.dp.hugepages, DP_HUGEPAGES_ON);
	assert_int_equal(o.dp.memory, 2147483648);
	assert_int_equal(o.dp.mbufs, 65535);
	expect_loads("cores: {control: [], rx: '', workers: \"\"}\n", &o);
	expect_is_default(&o);
}

static void loads_capture_quality_and_log(void **state)
{
	struct cfg_options o;

	(void)state;
	expect_loads("capture: {tcp: false}\n"
		     "quality:\n"
		     "  report_interval: 0\n"
		     "  stream_timeout: 1h\n"
		     "  bye_linger: 0\n"
		     "  call_timeout: 1m\n"
		     "  setup_timeout: 10s\n"
		     "  probation_packets: 4\n"
		     "  g711_plc: false\n"
		     "  buffer: large\n"
		     "  buffer_small: 40ms\n"
		     "  buffer_large: 1s\n"
		     "  buffer_max: 10ms\n"
		     "  delay_ms: 150\n"
		     "  jitter_buffer_ms: 60\n"
		     "  adaptive: {shortest: 1s, longest: 2m, loss: 500, jitter: 20, mos: 4000}\n"
		     "  findings:\n"
		     "    one_way_audio: 1s\n"
		     "    signalling_without_rtp: 2s\n"
		     "    rtp_without_signalling: 0\n"
		     "    late_rtp: 100ms\n"
		     "    codec_not_in_answer: false\n"
		     "    rtp_timeout: false\n"
		     "log: {level: debug}\n",
		&o);
	assert_false(o.capture_tcp);
	assert_int_equal(o.qos.report_interval_ns, 0);
	assert_int_equal(o.qos.stream_timeout_ns, 3600000000000);
	assert_int_equal(o.qos.bye_linger_ns, 0);
	assert_int_equal(o.qos.call_timeout_ns, 60000000000);
	assert_int_equal(o.qos.setup_timeout_ns, 10000000000);
	assert_int_equal(o.qos.probation_packets, 4);
	assert_false(o.qos.g711_plc);
	assert_int_equal(o.qos.buffer, QOS_BUFFER_LARGE);
	assert_int_equal(o.qos.buffer_small_ns, 40000000);
	assert_int_equal(o.qos.buffer_large_ns, 1000000000);
	assert_int_equal(o.qos.buffer_max_ns, 10000000);
	assert_int_equal(o.qos.delay_ms, 150);
	assert_int_equal(o.qos.jitter_buffer_ms, 60);
	assert_int_equal(o.qos.one_way_ns, SEC);
	assert_int_equal(o.qos.no_media_ns, 2 * SEC);
	assert_int_equal(o.qos.orphan_ns, 0);
	assert_int_equal(o.qos.late_ns, SEC / 10);
	assert_false(o.qos.finds_codec || o.qos.finds_timeout);
	assert_int_equal(o.qos.report_interval_min_ns, SEC);
	assert_int_equal(o.qos.report_interval_max_ns, 120 * SEC);
	assert_int_equal(o.qos.suspect_loss_milli, 500);
	assert_int_equal(o.qos.suspect_jitter_ms, 20);
	assert_int_equal(o.qos.suspect_mos_milli, 4000);
	assert_int_equal(o.log_level, CFG_LOG_DEBUG);
}

static void loads_hep_and_resolves_collectors(void **state)
{
	struct cfg_options o;
	const struct sockaddr_in *v4;

	(void)state;
	/* The rate of the first stands before its address. */
	expect_loads("hep:\n"
		     "  node_id: 0xffffffff\n"
		     "  node_name: n\n"
		     "  auth_key: \"my \\\"key\\\"\"\n"
		     "  final_type: HANGUP\n"
		     "  sip: false\n"
		     "  rtcp: false\n"
		     "  reports: false\n"
		     "  findings: false\n"
		     "  collectors:\n"
		     "    - rate: 20000\n"
		     "      address: udp:127.0.0.1:9060\n"
		     "    - address: \"udp:[::1]:9061\"\n",
		&o);
	assert_int_equal(o.hep.node_id, UINT32_MAX);
	assert_string_equal(o.hep.node_name, "n");
	assert_string_equal(o.hep.auth_key, "my \"key\"");
	assert_int_equal(o.hep.final_type, HEP_HANGUP);
	assert_false(o.send_sip || o.send_rtcp || o.send_reports || o.send_findings);
	assert_int_equal(o.hep.collector_count, 2);
	assert_string_equal(o.hep.collectors[0].address, "udp:127.0.0.1:9060");
	assert_int_equal(o.hep.collectors[0].rate, 20000);
	v4 = (const struct sockaddr_in *)&o.hep.collectors[0].sockaddr;
	assert_int_equal(v4->sin_family, AF_INET);
	assert_int_equal(ntohs(v4->sin_port), 9060);
	assert_int_equal(o.hep.collectors[0].sockaddr_len, sizeof(*v4));
	assert_string_equal(o.hep.collectors[1].address, "udp:[::1]:9061");
	assert_int_equal(o.hep.collectors[1].sockaddr.ss_family, AF_INET6);
	assert_int_equal(o.hep.collectors[1].rate, 0);
}

static void loads_telemetry_and_limits(void **state)
{
	struct cfg_options o;

	(void)state;
	expect_loads("telemetry: {enabled: false, prefix: probe-2.a_b}\n"
		     "limits:\n"
		     "  streams: 1000\n"
		     "  candidates: 64\n"
		     "  calls: 1001\n"
		     "  media: 20000000\n"
		     "  media_ring: 64\n"
		     "  signalling_ring: 1048576\n"
		     "  hep_messages: 128\n"
		     "  result_rows: 1\n",
		&o);
	assert_false(o.dp.telemetry);
	assert_string_equal(o.dp.file_prefix, "probe-2.a_b");
	assert_int_equal(o.qos.max_streams, 1000);
	assert_int_equal(o.qos.max_candidates, 64);
	assert_int_equal(o.qos.max_calls, 1001);
	assert_int_equal(o.qos.max_media, 20000000);
	assert_int_equal(o.dp.media_ring, 64);
	assert_int_equal(o.dp.signalling_ring, 1048576);
	assert_int_equal(o.dp.hep_messages, 128);
	assert_int_equal(o.result_rows, 1);
}

static void refuses_unknown_repeated_and_missing_keys(void **state)
{
	(void)state;
	expect_error(
		"ports:\n  - device: x\n    queuez: 1\n", "f:3:5: unrecognized key \"queuez\"");
	expect_error("port: []\n", "f:1:1: unrecognized key \"port\"");
	expect_error("<<: {}\n", "f:1:1: unrecognized key \"<<\"");
	expect_error("\"log\\0\": {}\n", "f:1:1: unrecognized key \"log\"");
	expect_error("\"a\\nb\": 1\n", "f:1:1: unrecognized key \"a?b\"");
	expect_error("log: {level: info, level: info}\n", "f:1:20: repeated key \"level\"");
	expect_error("ports: []\nports: []\n", "f:2:1: repeated key \"ports\"");
	expect_error("ports:\n  - queues: 1\n", "f:2:5: missing required key \"device\"");
	expect_error(
		"hep: {collectors: [{rate: 1}]}\n", "f:1:20: missing required key \"address\"");
	expect_error("? [a]\n: b\n", "f:1:3: expected the name of a key");
}

static void refuses_values_out_of_range(void **state)
{
	(void)state;
	expect_error("ports:\n  - device: x\n    queues: 999\n",
		"f:3:13: \"queues\" is 999, must be between 1 and 64");
	expect_error("ports: [{device: x, queues: 0}]\n",
		"f:1:29: \"queues\" is 0, must be between 1 and 64");
	expect_error("hep: {node_id: 4294967296}\n",
		"f:1:16: \"node_id\" is 4294967296, must be between 0 and 4294967295");
	expect_error("quality: {report_interval: 999ms}\n",
		"f:1:28: \"report_interval\" is 999ms, must be 0 or between 1s and 1h");
	expect_error("quality: {buffer_small: 9ms}\n",
		"f:1:25: \"buffer_small\" is 9ms, must be between 10ms and 1s");
	expect_error("quality: {stream_timeout: 0}\n",
		"f:1:27: \"stream_timeout\" is 0, must be between 1s and 1h");
	expect_error("quality: {call_timeout: 49h}\n",
		"f:1:25: \"call_timeout\" is 49h, must be between 1m and 48h");
	expect_error("memory: {packet: 1M}\n",
		"f:1:18: \"packet\" is 1M, must be 0 or between 16M and 1024G");
	expect_error("limits: {media_ring: 1000}\n",
		"f:1:22: \"media_ring\" is 1000, must be a power of two between 64 and 1048576");
	expect_error("limits: {media_ring: 32}\n",
		"f:1:22: \"media_ring\" is 32, must be a power of two between 64 and 1048576");
	expect_error("limits: {hep_messages: 0}\n",
		"f:1:24: \"hep_messages\" is 0, must be a power of two between 64 and 1048576");
}

static void refuses_what_is_no_value_of_the_type(void **state)
{
	(void)state;
	expect_error("ports:\n  - device: x\n    queues: 4kk\n",
		"f:3:13: invalid number for \"queues\": \"4kk\", must be between 1 and 64");
	expect_error("ports: [{device: x, queues: 010}]\n",
		"f:1:29: invalid number for \"queues\": \"010\", must be between 1 and 64");
	expect_error("ports: [{device: x, queues: -1}]\n",
		"f:1:29: invalid number for \"queues\": \"-1\", must be between 1 and 64");
	expect_error(
		"ports: [{device: x, queues: '4'}]\n", "f:1:29: \"queues\" must not be quoted");
	expect_error("ports: [{device: x, promiscuous: yes}]\n",
		"f:1:34: \"promiscuous\" must be true or false, not \"yes\"");
	expect_error(
		"capture: {tcp: True}\n", "f:1:16: \"tcp\" must be true or false, not \"True\"");
	expect_error("capture: {tcp: \"true\"}\n", "f:1:16: \"tcp\" must not be quoted");
	expect_error("memory: {packet: 4k}\n",
		"f:1:18: invalid size for \"packet\": \"4k\", must be 0 or between 16M and 1024G, "
		"written 4096, 4K, 1M or 2G");
	expect_error("quality: {bye_linger: 5}\n",
		"f:1:23: invalid time for \"bye_linger\": \"5\", must be between 0 and 10s, "
		"written 500ms, 10s, 5m or 1h");
	expect_error("quality: {report_interval: 0.5s}\n",
		"f:1:28: invalid time for \"report_interval\": \"0.5s\", must be 0 or between 1s and 1h, "
		"written 500ms, 10s, 5m or 1h");
	expect_error("ports: [{device: x, driver: AF_XDP}]\n",
		"f:1:29: \"driver\" must be auto, af_packet, af_xdp, pci or vdev, not \"AF_XDP\"");
	expect_error("hep: {final_type: BYE}\n",
		"f:1:19: \"final_type\" must be FINAL or HANGUP, not \"BYE\"");
}

static void refuses_broken_cpu_lists(void **state)
{
	(void)state;
	expect_error("cores:\n  rx: 5-2\n", "f:2:7: invalid CPU list for \"rx\": \"5-2\"");
	expect_error("cores:\n  rx: 0-64\n", "f:2:7: \"rx\" must be at most 64 CPUs, not \"0-64\"");
	expect_error("cores:\n  control: 1,2\n",
		"f:2:12: \"control\" must be at most 1 CPU, not \"1,2\"");
	expect_error(
		"cores: {rx: [1, [2]]}\n", "f:1:17: \"rx\" must be at most 64 CPUs, not a list");
	expect_error("cores: {rx: [1, ~]}\n", "f:1:17: missing value for \"rx\"");
	expect_error("cores: {rx: [1, two]}\n", "f:1:13: invalid CPU list for \"rx\": \"1,two\"");
}

static void refuses_text_that_does_not_fit(void **state)
{
	char text[400];

	(void)state;
	expect_error("ports:\n  - device: ''\n",
		"f:2:13: \"device\" must be 1 to 255 printable ASCII characters, not \"\"");
	expect_error("hep: {node_name: \"a\\tb\"}\n",
		"f:1:18: \"node_name\" must be 0 to 63 printable ASCII characters, not \"a?b\"");
	expect_error("hep: {node_name: Z\xc3\xbcrich}\n",
		"f:1:18: \"node_name\" must be 0 to 63 "
		"printable ASCII characters, not \"Z??rich\"");
	expect_error(
		"hep: {node_name: \"a\\0b\"}\n", "f:1:18: \"node_name\" holds a NUL character");
	expect_error("telemetry: {prefix: ../x}\n",
		"f:1:21: \"prefix\" must be 1 to 63 of A-Z a-z 0-9 _ . -, the first a letter or "
		"digit, not \"../x\"");
	expect_error("telemetry: {prefix: a/b}\n",
		"f:1:21: \"prefix\" must be 1 to 63 of A-Z a-z 0-9 _ . -, the first a letter or "
		"digit, not \"a/b\"");
	snprintf(text, sizeof(text), "hep: {auth_key: %064d}", 0);
	expect_error(text, "f:1:17: \"auth_key\" must be 0 to 63 printable ASCII characters, not "
			   "\"000000000000000000000000000000000000000000000000000000000000\"");
}

static void takes_text_up_to_its_bound(void **state)
{
	struct cfg_options options;
	char text[400];

	(void)state;
	snprintf(text, sizeof(text), "hep: {auth_key: %063d}", 0);
	expect_loads(text, &options);
	assert_int_equal(strlen(options.hep.auth_key), HEP_NAME_MAX - 1);
	snprintf(text, sizeof(text), "ports: [{device: %0255d}]", 0);
	expect_loads(text, &options);
	assert_int_equal(strlen(options.dp.ports[0].device), DP_DEVICE_MAX - 1);
}

static void refuses_the_wrong_kind_of_node(void **state)
{
	(void)state;
	expect_error("ports: eth0\n", "f:1:8: \"ports\" must be a list of at most 16, not a single "
				      "value");
	expect_error("ports: {device: x}\n",
		"f:1:8: \"ports\" must be a list of at most 16, not a section of keys");
	expect_error("ports: [eth0]\n", "f:1:9: each entry of \"ports\" must be a section of keys");
	expect_error("ports: [{device: [x]}]\n",
		"f:1:18: \"device\" must be 1 to 255 printable ASCII characters, not a list");
	expect_error("cores:\n", "f:1:7: \"cores\" must be a section of keys, not a single value");
	expect_error("cores: [1]\n", "f:1:8: \"cores\" must be a section of keys, not a list");
	expect_error("log: {level: {a: b}}\n", "f:1:14: \"level\" must be error, warning, info or "
					       "debug, not a section of keys");
	expect_error("[]", "f:1:1: expected keys at the top level");
	expect_error("heptap", "f:1:1: expected keys at the top level");
}

static void refuses_a_key_without_a_value(void **state)
{
	(void)state;
	expect_error("hep:\n  auth_key:\n", "f:2:12: missing value for \"auth_key\"");
	expect_error("hep:\n  auth_key: ~\n", "f:2:13: missing value for \"auth_key\"");
	expect_error("hep:\n  node_id: null\n", "f:2:12: missing value for \"node_id\"");
}

static void refuses_bad_collectors(void **state)
{
	struct cfg_options options;
	struct cfg_error error;
	static const char *const addresses[] = {"9060", "udp:", "udp:127.0.0.1", "udp:127.0.0.1:0",
		"udp:127.0.0.1:65536", "sctp:127.0.0.1:9060", "'udp:127.0.0.1:9060 '",
		"udp:::1:9060"};
	char text[200];

	(void)state;
	for (size_t i = 0; i < COUNT(addresses); i++) {
		snprintf(text, sizeof(text), "hep:\n  collectors:\n    - address: %s\n",
			addresses[i]);
		if (load(text, strlen(text), &options, &error) == 0)
			fail_msg("\"%s\" is accepted", addresses[i]);
		assert_int_equal(error.line, 3);
		assert_int_equal(error.column, 16);
		assert_true(strlen(error.text) > 0);
	}
	snprintf(text, sizeof(text), "hep: {collectors: [{address: udp:%076d}]}", 0);
	assert_int_equal(load(text, strlen(text), &options, &error), -1);
	assert_non_null(strstr(error.text, "\"address\" must be udp:HOST:PORT"));
}

static void refuses_more_entries_than_there_is_room_for(void **state)
{
	struct cfg_options options;
	char text[1024] = "ports:\n";

	(void)state;
	for (int i = 0; i < DP_PORTS_MAX; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "  - device: d%d\n", i);
	expect_loads(text, &options);
	assert_int_equal(options.dp.port_count, DP_PORTS_MAX);
	assert_string_equal(options.dp.ports[15].device, "d15");
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "  - device: one more\n");
	expect_error(text, "f:18:5: \"ports\" has more than 16 entries");
}

static void refuses_anchors_aliases_tags_and_second_documents(void **state)
{
	(void)state;
	expect_error("log: &a {level: info}\n", "f:1:6: anchors are not supported");
	expect_error("log: {level: &a info}\n", "f:1:14: anchors are not supported");
	expect_error("ports: &a []\n", "f:1:8: anchors are not supported");
	expect_error("log: {level: *a}\n", "f:1:14: aliases are not supported");
	expect_error("*a : 1\n", "f:1:1: aliases are not supported");
	expect_error("log: {level: !!str info}\n", "f:1:14: tags are not supported");
	expect_error("log: !x {level: info}\n", "f:1:6: tags are not supported");
	expect_error("ports: !!seq []\n", "f:1:8: tags are not supported");
	expect_error("log: {}\n---\nlog: {}\n", "f:2:1: more than one document");
	expect_error("log: {}\n...\n---\n", "f:3:1: more than one document");
}

static void points_at_syntax_errors(void **state)
{
	struct cfg_options options;
	struct cfg_error error;

	(void)state;
	expect_error("log:\n\tlevel: info\n", "f:2:1: while scanning for the next token, found "
					      "character that cannot start any token");
	expect_error("log: {level: info\n",
		"f:2:1: while parsing a flow mapping, did not find expected ',' or '}'");
	expect_error("log:\n  level: \xff\n", "f:2:10: invalid leading UTF-8 octet");
	expect_error("log:\n  level: \x01\n", "f:2:10: control characters are not allowed");
	/* "log: {}" in UTF-16, which libyaml would otherwise detect and read. */
	assert_int_equal(load("\xff\xfel\0o\0g\0:\0 \0{\0}\0", 16, &options, &error), -1);
	assert_int_equal(error.line, 1);
	assert_int_equal(error.column, 1);
}

static void rejects_every_truncation_or_loads_what_is_left(void **state)
{
	static const char text[] = "ports: [{device: \"x\", queues: 0x10}]\n"
				   "cores: {rx: [1-2, 3]}\n"
				   "quality:\n  bye_linger: 20ms\n";
	struct cfg_options options;
	struct cfg_error error;

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		int rc = load(text, n, &options, &error);

		assert_true(rc == 0 || rc == -1);
		assert_int_equal(rc == 0, error.text[0] == '\0');
	}
}

static void takes_no_deeper_nesting_than_the_schema(void **state)
{
	enum {
		DEPTH = 200000
	};
	struct cfg_options options;
	struct cfg_error error;
	char *text = malloc(DEPTH);

	(void)state;
	memset(text, '[', DEPTH);
	assert_int_equal(cfg_load_text(text, DEPTH, &options, &error), -1);
	assert_string_equal(error.text, "expected keys at the top level");
	memset(text, '{', DEPTH);
	assert_int_equal(cfg_load_text(text, DEPTH, &options, &error), -1);
	free(text);
}

static char *write_file(char *path, const char *text, size_t size)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), size);
	close(fd);
	return path;
}

static void loads_files(void **state)
{
	static const char text[] = "log: {level: error}\n";
	char path[] = "/tmp/cfg_load_test.XXXXXX";
	struct cfg_options options;
	struct cfg_error error;

	(void)state;
	write_file(path, text, sizeof(text) - 1);
	assert_int_equal(cfg_load_file(path, &options, &error), 0);
	assert_int_equal(options.log_level, CFG_LOG_ERROR);
	unlink(path);
	assert_int_equal(cfg_load_file(path, &options, &error), -1);
	assert_int_equal(error.line, 0);
	assert_string_equal(error.text, "could not open file: No such file or directory");
	assert_int_equal(cfg_load_file("/", &options, &error), -1);
	assert_string_equal(error.text, "could not read file: Is a directory");
}

static void takes_files_up_to_one_mebibyte(void **state)
{
	enum {
		MAX = 1048576
	};
	char path[] = "/tmp/cfg_load_test.XXXXXX";
	struct cfg_options options;
	struct cfg_error error;
	char *text = malloc(MAX + 1);

	(void)state;
	memset(text, '\n', MAX + 1);
	write_file(path, text, MAX + 1);
	assert_int_equal(cfg_load_file(path, &options, &error), -1);
	assert_string_equal(error.text, "file is larger than 1048576 octets");
	assert_int_equal(truncate(path, MAX), 0);
	assert_int_equal(cfg_load_file(path, &options, &error), 0);
	unlink(path);
	free(text);
}

static void formats_errors_with_and_without_a_place(void **state)
{
	static const struct cfg_error at = {3, 13, "\"queues\" is 999"};
	static const struct cfg_error whole = {0, 0, "could not open file"};
	char text[64];
	char cut[10];

	(void)state;
	cfg_error_format(&at, "heptap.yaml", text, sizeof(text));
	assert_string_equal(text, "heptap.yaml:3:13: \"queues\" is 999");
	cfg_error_format(&whole, "heptap.yaml", text, sizeof(text));
	assert_string_equal(text, "heptap.yaml: could not open file");
	cfg_error_format(&at, "heptap.yaml", cut, sizeof(cut));
	assert_string_equal(cut, "heptap.ya");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_documented_defaults),
		cmocka_unit_test(takes_a_file_without_keys_as_all_defaults),
		cmocka_unit_test(loads_ports),
		cmocka_unit_test(loads_cores_and_memory),
		cmocka_unit_test(loads_capture_quality_and_log),
		cmocka_unit_test(loads_hep_and_resolves_collectors),
		cmocka_unit_test(loads_telemetry_and_limits),
		cmocka_unit_test(refuses_unknown_repeated_and_missing_keys),
		cmocka_unit_test(refuses_values_out_of_range),
		cmocka_unit_test(refuses_what_is_no_value_of_the_type),
		cmocka_unit_test(refuses_broken_cpu_lists),
		cmocka_unit_test(refuses_text_that_does_not_fit),
		cmocka_unit_test(takes_text_up_to_its_bound),
		cmocka_unit_test(refuses_the_wrong_kind_of_node),
		cmocka_unit_test(refuses_a_key_without_a_value),
		cmocka_unit_test(refuses_bad_collectors),
		cmocka_unit_test(refuses_more_entries_than_there_is_room_for),
		cmocka_unit_test(refuses_anchors_aliases_tags_and_second_documents),
		cmocka_unit_test(points_at_syntax_errors),
		cmocka_unit_test(rejects_every_truncation_or_loads_what_is_left),
		cmocka_unit_test(takes_no_deeper_nesting_than_the_schema),
		cmocka_unit_test(loads_files),
		cmocka_unit_test(takes_files_up_to_one_mebibyte),
		cmocka_unit_test(formats_errors_with_and_without_a_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
