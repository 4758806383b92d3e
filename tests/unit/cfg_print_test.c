/* SPDX-License-Identifier: BSD-3-Clause */
/* Printing loads back, and heptap.yaml and the reference page say what the schema says. */
#include <stdio.h>

#include "cfg_load.h"
#include "cfg_print.h"
#include "cfg_schema.h"
#include "cfg_value.h"
#include "unit.h"

enum {
	TEXT_MAX = 65536
};

/* Where the build did not say, the source tree is found from this file. */
static char *sample_path(void)
{
	static const char name[] = "config/heptap.yaml";
	char *path = malloc(4096);

#ifdef SOURCE_ROOT
	snprintf(path, 4096, "%s/%s", SOURCE_ROOT, name);
#else
	const char *slash = strrchr(__FILE__, '/');

	assert_non_null(slash);
	snprintf(path, 4096, "%.*s/../../%s", (int)(slash - __FILE__), __FILE__, name);
#endif
	return path;
}

static char *read_sample(void)
{
	char *path = sample_path();
	FILE *file = fopen(path, "rb");
	char *text = calloc(1, TEXT_MAX);

	if (!file)
		fail_msg("could not open \"%s\"", path);
	assert_in_range(fread(text, 1, TEXT_MAX - 1, file), 1, TEXT_MAX - 2);
	fclose(file);
	free(path);
	return text;
}

static char *print(const struct cfg_options *options)
{
	char *text = calloc(1, TEXT_MAX);
	FILE *out = fmemopen(text, TEXT_MAX, "w");

	assert_non_null(out);
	cfg_print(options, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static char *print_schema(void)
{
	char *text = calloc(1, TEXT_MAX);
	FILE *out = fmemopen(text, TEXT_MAX, "w");

	assert_non_null(out);
	cfg_print_schema(out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static struct cfg_options load(const char *text)
{
	struct cfg_options options;
	struct cfg_error error;

	if (cfg_load_text(text, strlen(text), &options, &error) != 0)
		fail_msg("%u:%u: %s", error.line, error.column, error.text);
	return options;
}

static void expect_loads_back(const struct cfg_options *options)
{
	char *text = print(options);
	struct cfg_options again = load(text);

	assert_memory_equal(&again, options, sizeof(again));
	free(text);
}

static void prints_what_loads_back(void **state)
{
	struct cfg_options options;

	(void)state;
	cfg_defaults(&options);
	expect_loads_back(&options);
	options = load(
		"ports:\n"
		"  - {device: 'net_pcap0,rx_pcap=\"a\\b\".pcap', driver: vdev, queues: 3}\n"
		"  - {device: 'true', promiscuous: false, max_frame: 9000}\n"
		"  - {device: '# no comment: - [x] '}\n"
		"  - device: eth1\n"
		"    xdp: {mode: listed, rest: drop, take_over: true, ports: [80, 5060-5070],\n"
		"          networks: [192.0.2.0/24, '2001:db8::/32', 203.0.113.7]}\n"
		"cores: {control: 0, rx: [9, 1-3], workers: [4, 6, 8], sender: 7, share: true}\n"
		"memory: {hugepages: off, packet: 1536M, mbufs: 100000}\n"
		"capture: {tcp: false}\n"
		"quality: {report_interval: 1500ms, bye_linger: 1ms, g711_plc: false}\n"
		"hep:\n"
		"  auth_key: '\\ \" '' % : # {}'\n"
		"  node_name: ''\n"
		"  final_type: HANGUP\n"
		"  sip: false\n"
		"  collectors:\n"
		"    - {address: 'udp:127.0.0.1:9060', rate: 10}\n"
		"    - {address: 'udp:[::1]:9060'}\n"
		"telemetry: {enabled: false, prefix: '0'}\n"
		"log: {level: warning}\n"
		"limits: {media_ring: 64, result_rows: 1}\n");
	expect_loads_back(&options);
}

static void prints_lists_and_sections_as_blocks(void **state)
{
	struct cfg_options options =
		load("ports: [{device: a}, {device: \"b\\\"\"}]\ncores: {rx: [1, 2]}\n");
	char *text = print(&options);

	(void)state;
	assert_non_null(strstr(text,
		"ports:\n"
		"  - device: \"a\"\n"
		"    driver: auto\n"
		"    mode: auto\n"
		"    queues: 1\n"
		"    descriptors: 1024\n"
		"    max_frame: 2048\n"
		"    promiscuous: true\n    timestamps: nic\n    interrupts: false\n    filter: \"\"\n"
		"    xdp:\n"
		"      mode: all\n"
		"      rest: pass\n"
		"      take_over: false\n"
		"      ports: \"5060-5061\"\n"
		"      networks: \"\"\n"
		"  - device: \"b\\\"\"\n"));
	assert_non_null(strstr(text, "\ncores:\n"
				     "  control: \"\"\n"
				     "  rx: \"1-2\"\n"));
	assert_non_null(strstr(text, "\n  collectors: []\ntelemetry:\n"));
	free(text);
}

static void loads_the_sample_as_exactly_the_defaults(void **state)
{
	struct cfg_options options;
	struct cfg_options defaults;
	struct cfg_error error;
	char *path = sample_path();

	(void)state;
	if (cfg_load_file(path, &options, &error) != 0)
		fail_msg("%s:%u:%u: %s", path, error.line, error.column, error.text);
	cfg_defaults(&defaults);
	assert_memory_equal(&options, &defaults, sizeof(options));
	free(path);
}

/* Finds want behind from, and returns where it ends. */
static const char *expect_text(const char *from, const char *want)
{
	const char *found = strstr(from, want);

	if (!found)
		fail_msg("this is missing or in another place:\n%s", want);
	return found + strlen(want);
}

static const char *quote_of(const struct cfg_key *key)
{
	switch (key->type) {
	case CFG_TEXT:
	case CFG_NAME:
	case CFG_CPUS:
	case CFG_WORDS:
	case CFG_PORTS:
	case CFG_NETWORKS:
		return "\"";
	default:
		return "";
	}
}

/* "between 1s and 1h; default 10s" */
static void describe(const struct cfg_key *key, char *buf, size_t size)
{
	char range[CFG_RANGE_MAX];
	const char *quote = quote_of(key);
	const char *blank = key->unit ? " " : "";
	const char *unit = key->unit ? key->unit : "";

	cfg_value_range(key, range, sizeof(range));
	if (key->is_required)
		snprintf(buf, size, "%s%s%s; required", range, blank, unit);
	else
		snprintf(buf, size, "%s%s%s; default %s%s%s", range, blank, unit, quote,
			key->default_text, quote);
}

/* The keys of a list's item, behind so much of a comment; those of a section in it two blanks deeper. */
static const char *expect_item(const char *at, const struct cfg_key *keys, const char *comment)
{
	char want[1024];
	char about[256];
	char deeper[48];

	snprintf(deeper, sizeof(deeper), "%s  ", comment);
	for (const struct cfg_key *key = keys; key->name; key++) {
		if (key->type == CFG_SECTION) {
			snprintf(want, sizeof(want), "\n%s%s: %s\n", comment, key->name, key->help);
			at = expect_item(expect_text(at, want) - 1, key->keys, deeper);
			continue;
		}
		describe(key, about, sizeof(about));
		snprintf(want, sizeof(want), "\n%s%s: %s\n%s%s\n", comment, key->name, key->help,
			deeper, about);
		at = expect_text(at, want) - 1;
	}
	return at;
}

static const char *expect_list(const char *at, const struct cfg_key *list, const char *indent)
{
	char comment[64];
	char want[1024];

	snprintf(comment, sizeof(comment), "%s#   ", indent);
	at = expect_item(at, list->keys, comment);
	snprintf(want, sizeof(want), "\n%s%s: []\n", indent, list->name);
	return expect_text(at, want) - 1;
}

/* Blanks before a section, and two more before each of its keys. */
static const char *expect_section(const char *at, const struct cfg_key *section, const char *indent)
{
	char want[1024];
	char about[256];
	char deeper[48];

	snprintf(want, sizeof(want), "\n%s# %s\n%s%s:\n", indent, section->help, indent,
		section->name);
	at = expect_text(at, want) - 1;
	snprintf(deeper, sizeof(deeper), "%s  ", indent);
	for (const struct cfg_key *key = section->keys; key->name; key++) {
		const char *quote = quote_of(key);

		if (key->type == CFG_SECTION) {
			at = expect_section(at, key, deeper);
			continue;
		}
		if (key->type == CFG_LIST) {
			at = expect_list(at, key, deeper);
			continue;
		}
		describe(key, about, sizeof(about));
		snprintf(want, sizeof(want), "\n%s# %s\n%s# %s\n%s%s: %s%s%s\n", deeper, key->help,
			deeper, about, deeper, key->name, quote, key->default_text, quote);
		at = expect_text(at, want) - 1;
	}
	return at;
}

static void describes_every_key_in_the_sample_in_order(void **state)
{
	char *text = read_sample();
	const char *at = text;

	(void)state;
	for (const struct cfg_key *key = cfg_schema; key->name; key++)
		at = key->type == CFG_LIST ? expect_list(at, key, "") : expect_section(at, key, "");
	assert_string_equal(at, "\n");
	free(text);
}

/* The commented example between "#   first" and the next empty comment, as YAML. */
static void expect_example_loads(
	const char *sample, const char *first, size_t indent, struct cfg_options *options)
{
	const char *at = strstr(sample, first);
	char text[2048] = "";
	size_t used = indent ? (size_t)snprintf(text, sizeof(text), "hep:\n") : 0;

	assert_non_null(at);
	for (; strncmp(at, "#\n", 2) != 0; at += strspn(at, " ")) {
		size_t n = strcspn(at, "\n") + 1;

		used += (size_t)snprintf(
			text + used, sizeof(text) - used, "%.*s", (int)(n - 1), at + 1);
		assert_true(used < sizeof(text) - 1);
		used += (size_t)snprintf(text + used, sizeof(text) - used, "\n");
		at += n;
	}
	*options = load(text);
}

static void shows_examples_that_load(void **state)
{
	struct cfg_options options;
	char *text = read_sample();

	(void)state;
	expect_example_loads(text, "#   ports:", 0, &options);
	assert_int_equal(options.dp.port_count, 4);
	assert_int_equal(options.dp.ports[1].driver, DP_AF_XDP);
	assert_int_equal(options.dp.ports[1].xdp.mode, DP_XDP_VOICE);
	assert_int_equal(options.dp.ports[1].xdp.ports.count, 2);
	assert_string_equal(options.dp.ports[2].device, "0000:3b:00.0");
	assert_int_equal(options.dp.ports[3].driver, DP_VDEV);
	expect_example_loads(text, "#   collectors:", 2, &options);
	assert_int_equal(options.hep.collector_count, 2);
	assert_int_equal(options.hep.collectors[1].rate, 20000);
	free(text);
}

static void prints_the_schema_as_a_markdown_table(void **state)
{
	char *text = print_schema();
	const char *at;

	(void)state;
	at = expect_text(text,
		"| Key | Type | Default | Range | Unit | Meaning |\n"
		"|---|---|---|---|---|---|\n"
		"| `ports` | list | `[]` | a list of at most 16 |  | Where packets come "
		"from |\n"
		"| `ports[].device` | text | required | 1 to 255 printable ASCII "
		"characters |  | ");
	at = expect_text(at,
		"| `ports[].max_frame` | number | `2048` | between 128 and 9728 | octets "
		"| Largest frame taken; raise it for jumbo frames |\n");
	at = expect_text(at, "| `ports[].xdp.mode` | word | `all` | all, voice or listed |  | ");
	at = expect_text(at, "| `ports[].xdp.networks` | networks | `\"\"` | at most 32 ");
	at = expect_text(at, "| `cores.rx` | CPU list | `\"\"` | at most 64 CPUs |  | ");
	at = expect_text(
		at, "| `memory.packet` | size | `0` | 0 or between 16M and 1024G | octets | ");
	at = expect_text(
		at, "| `quality.report_interval` | time | `10s` | 0 or between 1s and 1h | ");
	at = expect_text(at, "| `hep.final_type` | word | `FINAL` | FINAL or HANGUP |  | ");
	at = expect_text(
		at, "| `hep.collectors[].address` | address | required | udp:HOST:PORT |  | ");
	at = expect_text(at,
		"| `limits.media_ring` | number | `16384` | a power of two between 64 and "
		"1048576 | packets | ");
	expect_text(at, "| `limits.result_rows` | ");
	free(text);
}

static void gives_every_row_of_the_schema_six_cells(void **state)
{
	char *text = print_schema();
	size_t rows = 0;

	(void)state;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), rows++) {
		size_t bars = 0;

		for (const char *c = line; *c; c++)
			bars += *c == '|';
		assert_int_equal(bars, 7);
	}
	/* Two of head, 2 lists, 17 keys of their items, 71 keys in sections. */
	assert_int_equal(rows, 2 + 2 + 17 + 71);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_what_loads_back),
		cmocka_unit_test(prints_lists_and_sections_as_blocks),
		cmocka_unit_test(loads_the_sample_as_exactly_the_defaults),
		cmocka_unit_test(describes_every_key_in_the_sample_in_order),
		cmocka_unit_test(shows_examples_that_load),
		cmocka_unit_test(prints_the_schema_as_a_markdown_table),
		cmocka_unit_test(gives_every_row_of_the_schema_six_cells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
