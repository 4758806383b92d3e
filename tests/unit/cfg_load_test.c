/* SPDX-License-Identifier: BSD-3-Clause */
/* Loading: every key reaches its member. */
#include <netinet/in.h>

#include <unistd.h>

#include "cfg_load_case.h"

#define SEC 1000000000ull

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
		cmocka_unit_test(takes_text_up_to_its_bound),
		cmocka_unit_test(loads_files),
		cmocka_unit_test(takes_files_up_to_one_mebibyte),
		cmocka_unit_test(formats_errors_with_and_without_a_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
