/* SPDX-License-Identifier: BSD-3-Clause */
/* Loading: every mistake is named with its line and column. */
#include "cfg_load_case.h"

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
	char text[400];

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
	snprintf(text, sizeof(text), "hep: {collectors: [{address: udp:%0*d}]}",
		HEP_ADDRESS_MAX - 4, 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_unknown_repeated_and_missing_keys),
		cmocka_unit_test(refuses_values_out_of_range),
		cmocka_unit_test(refuses_what_is_no_value_of_the_type),
		cmocka_unit_test(refuses_broken_cpu_lists),
		cmocka_unit_test(refuses_text_that_does_not_fit),
		cmocka_unit_test(refuses_the_wrong_kind_of_node),
		cmocka_unit_test(refuses_a_key_without_a_value),
		cmocka_unit_test(refuses_bad_collectors),
		cmocka_unit_test(refuses_more_entries_than_there_is_room_for),
		cmocka_unit_test(refuses_anchors_aliases_tags_and_second_documents),
		cmocka_unit_test(points_at_syntax_errors),
		cmocka_unit_test(rejects_every_truncation_or_loads_what_is_left),
		cmocka_unit_test(takes_no_deeper_nesting_than_the_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
