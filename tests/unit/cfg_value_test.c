/* SPDX-License-Identifier: BSD-3-Clause */
/* Scalars: what is read, what is refused, and that the table of keys is sound. */
#include <errno.h>
#include <stdio.h>

#include "cfg_options.h"
#include "cfg_schema.h"
#include "cfg_value.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

typedef int (*parse_fn)(const char *text, uint64_t *value);

struct value_case {
	const char *text;
	uint64_t want;
};

static void expect_values(parse_fn parse, const struct value_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t value = 12345;

		if (parse(cases[i].text, &value) != 0 || value != cases[i].want)
			fail_msg(
				"\"%s\" is read as %llu", cases[i].text, (unsigned long long)value);
	}
}

static void expect_refused(parse_fn parse, const char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t value;

		if (parse(texts[i], &value) == 0)
			fail_msg("\"%s\" is read as %llu", texts[i], (unsigned long long)value);
	}
}

static void reads_numbers(void **state)
{
	static const struct value_case cases[] = {
		{"0", 0},
		{"7", 7},
		{"100000", 100000},
		{"18446744073709551615", UINT64_MAX},
		{"0x0", 0},
		{"0x7d1", 2001},
		{"0x7D1", 2001},
		{"0x0010", 16},
		{"0xffffffffffffffff", UINT64_MAX},
	};

	(void)state;
	expect_values(cfg_value_number, cases, COUNT(cases));
}

static void refuses_everything_else_as_a_number(void **state)
{
	static const char *const texts[] = {"", " ", "010", "00", "0o10", "0b1", "0X10", "0x",
		"0xg", "0x10000000000000000", "18446744073709551616", "99999999999999999999", "-1",
		"+1", " 1", "1 ", "4k", "4kk", "4K", "1_000", "1,000", "1e3", "1.0", "1h", "one",
		"true", ".inf"};

	(void)state;
	expect_refused(cfg_value_number, texts, COUNT(texts));
}

static void reads_sizes_in_powers_of_1024(void **state)
{
	static const struct value_case cases[] = {
		{"0", 0},
		{"4096", 4096},
		{"4K", 4096},
		{"1M", 1048576},
		{"2G", 2147483648},
		{"17179869183G", 18446744072635809792U},
	};
	static const char *const refused[] = {"", "K", "4k", "4KB", "4KiB", "4 K", "1T", "010K",
		"0x10", "17179869184G", "-1K", "1.5G", "4KK"};

	(void)state;
	expect_values(cfg_value_size, cases, COUNT(cases));
	expect_refused(cfg_value_size, refused, COUNT(refused));
}

static void reads_times_with_a_unit(void **state)
{
	static const struct value_case cases[] = {
		{"0", 0},
		{"0s", 0},
		{"20ms", 20000000},
		{"10s", 10000000000},
		{"5m", 300000000000},
		{"1h", 3600000000000},
		{"48h", 172800000000000},
	};
	static const char *const refused[] = {"", "10", "s", "10 s", "10S", "10sec", "1h30m",
		"0x10s", "-1s", "1.5s", "010s", "10us", "10ns", "1d", "5124096h",
		"18446744073710s"};

	(void)state;
	expect_values(cfg_value_time, cases, COUNT(cases));
	expect_refused(cfg_value_time, refused, COUNT(refused));
}

static void expect_cpus(const char *text, const uint16_t *want, unsigned n)
{
	struct dp_cpu_list cpus;

	assert_int_equal(cfg_value_cpus(text, DP_CPUS_MAX, &cpus), 0);
	assert_int_equal(cpus.count, n);
	assert_memory_equal(cpus.cpu, want, n * sizeof(*want));
}

static void reads_cpu_lists_in_the_order_written(void **state)
{
	static const uint16_t mixed[] = {2, 3, 4, 5, 8};
	static const uint16_t backwards[] = {8, 2, 3};
	static const uint16_t last[] = {65535};

	(void)state;
	expect_cpus("2-5,8", mixed, 5);
	expect_cpus("8,2-3", backwards, 3);
	expect_cpus("8,2,3-3", backwards, 3);
	expect_cpus("65535", last, 1);
	expect_cpus("", NULL, 0);
}

static void refuses_broken_cpu_lists(void **state)
{
	static const char *const texts[] = {",", "1,", ",1", "1,,2", "-", "1-", "-1", "5-2",
		"1-2-3", "2--5", "1 2", " 1", "1, 2", "0x1", "01", "65536", "65535-65536", "all",
		"2-5;8", "18446744073709551616"};
	struct dp_cpu_list cpus;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		if (cfg_value_cpus(texts[i], DP_CPUS_MAX, &cpus) != -EINVAL)
			fail_msg("\"%s\" is accepted", texts[i]);
	assert_int_equal(cfg_value_cpus("2-5,3", DP_CPUS_MAX, &cpus), 0);
	assert_int_equal(cpus.count, 5);
	assert_int_equal(cpus.cpu[4], 3);
	assert_int_equal(cfg_value_cpus("1-2", 1, &cpus), -ENOSPC);
	assert_int_equal(cfg_value_cpus("0-63", DP_CPUS_MAX, &cpus), 0);
	assert_int_equal(cfg_value_cpus("0-64", DP_CPUS_MAX, &cpus), -ENOSPC);
	assert_int_equal(cfg_value_cpus("0-65535", UINT16_MAX, &cpus), -ENOSPC);
}

static void expect_format(const struct cfg_key *key, const void *base, const char *want)
{
	char text[CFG_VALUE_MAX];

	cfg_value_format(key, base, text, sizeof(text));
	assert_string_equal(text, want);
}

static void formats_times_and_sizes_in_the_largest_whole_unit(void **state)
{
	static const struct cfg_key time_key = {"t", CFG_TIME, .size = sizeof(uint64_t)};
	static const struct cfg_key size_key = {"s", CFG_SIZE, .size = sizeof(uint64_t)};
	static const struct value_case times[] = {{"0", 0}, {"1500ms", 1500000000},
		{"1s", 1000000000}, {"90s", 90000000000}, {"3m", 180000000000},
		{"4h", 14400000000000}};
	static const struct value_case sizes[] = {{"0", 0}, {"1", 1}, {"1025", 1025}, {"1K", 1024},
		{"1536M", 1610612736}, {"2G", 2147483648}};

	(void)state;
	for (size_t i = 0; i < COUNT(times); i++)
		expect_format(&time_key, &times[i].want, times[i].text);
	for (size_t i = 0; i < COUNT(sizes); i++)
		expect_format(&size_key, &sizes[i].want, sizes[i].text);
}

static void formats_cpu_lists_with_ranges(void **state)
{
	static const struct cfg_key key = {"c", CFG_CPUS, .size = sizeof(struct dp_cpu_list)};
	struct dp_cpu_list cpus = {.count = 6, .cpu = {8, 2, 3, 4, 3, 65535}};
	char text[CFG_VALUE_MAX];

	(void)state;
	expect_format(&key, &cpus, "8,2-4,3,65535");
	cpus.count = 0;
	expect_format(&key, &cpus, "");

	/* The longest list there is. */
	cpus.count = DP_CPUS_MAX;
	for (unsigned i = 0; i < DP_CPUS_MAX; i++)
		cpus.cpu[i] = (uint16_t)(10000 + 2 * i);
	cfg_value_format(&key, &cpus, text, sizeof(text));
	assert_int_equal(strlen(text), DP_CPUS_MAX * 6 - 1);
}

static size_t size_of_type(const struct cfg_key *key)
{
	switch (key->type) {
	case CFG_BOOL:
		return sizeof(bool);
	case CFG_NUMBER:
	case CFG_POWER_OF_TWO:
	case CFG_WORD:
	case CFG_WORDS:
		return sizeof(uint32_t);
	case CFG_SIZE:
	case CFG_TIME:
		return sizeof(uint64_t);
	case CFG_CPUS:
		return sizeof(struct dp_cpu_list);
	case CFG_PORTS:
		return sizeof(struct dp_port_ranges);
	case CFG_NETWORKS:
		return sizeof(struct dp_networks);
	case CFG_COLLECTOR:
		return HEP_ADDRESS_MAX;
	case CFG_LIST:
		return key->max * key->item_size;
	case CFG_TEXT:
	case CFG_NAME:
	case CFG_SECTION:
		break;
	}
	return key->size;
}

static void check_key(const struct cfg_key *key)
{
	char range[CFG_RANGE_MAX];

	assert_int_equal(key->size, size_of_type(key));
	assert_true(key->help && strlen(key->help) > 4);
	/* Help is part of a table row. */
	assert_null(strchr(key->help, '|'));
	cfg_value_range(key, range, sizeof(range));
	assert_in_range(strlen(range), 1, CFG_RANGE_MAX - 2);
	if (key->type != CFG_SECTION && key->type != CFG_LIST)
		assert_true(key->is_required != (key->default_text != NULL));
	if (key->size == sizeof(uint32_t))
		assert_true(key->max <= UINT32_MAX);
}

/* Marks the octets of every member in used, and fails when one is taken twice. */
static void check_keys(const struct cfg_key *keys, uint8_t *used, size_t size)
{
	size_t n = 0;

	for (const struct cfg_key *key = keys; key->name; key++, n++) {
		check_key(key);
		for (const struct cfg_key *other = keys; other != key; other++)
			assert_string_not_equal(other->name, key->name);
		for (size_t i = key->offset; i < key->offset + key->size; i++) {
			assert_true(i < size);
			assert_int_equal(used[i]++, 0);
		}
		if (key->type == CFG_LIST) {
			uint8_t *item = calloc(1, key->item_size);

			check_keys(key->keys, item, key->item_size);
			free(item);
		} else if (key->type == CFG_SECTION) {
			check_keys(key->keys, used, size);
		}
	}
	assert_in_range(n, 1, CFG_KEYS_MAX);
}

static void gives_every_key_its_own_place_and_the_right_width(void **state)
{
	uint8_t used[sizeof(struct cfg_options)] = {0};

	(void)state;
	check_keys(cfg_schema, used, sizeof(used));
}

static void check_defaults(const struct cfg_key *keys, void *base)
{
	for (const struct cfg_key *key = keys; key->name; key++) {
		struct cfg_error error;

		if (key->keys)
			check_defaults(key->keys, base);
		if (!key->default_text)
			continue;
		if (cfg_value_set(key, key->default_text, base, &error) != 0)
			fail_msg("%s", error.text);
		expect_format(key, base, key->default_text);
	}
}

static void writes_every_default_as_it_would_print_it(void **state)
{
	static struct cfg_options options;

	(void)state;
	check_defaults(cfg_schema, &options);
}

static const struct cfg_key *find_key(const struct cfg_key *keys, const char *name)
{
	while (keys->name && strcmp(keys->name, name) != 0)
		keys++;
	return keys;
}

static void sets_of_words_are_bits(void **state)
{
	const struct cfg_key *key = find_key(find_key(cfg_schema, "hep")->keys, "sip_except");
	static struct cfg_options options;
	struct cfg_error error;
	char text[CFG_VALUE_MAX];

	(void)state;
	assert_string_equal(key->words[0], "OTHER");
	assert_string_equal(key->words[5], "OPTIONS");
	assert_string_equal(key->words[6], "REGISTER");
	assert_int_equal(cfg_value_set(key, " REGISTER, OPTIONS,", &options, &error), 0);
	assert_int_equal(options.sip_except, 1u << 5 | 1u << 6);
	cfg_value_format(key, &options, text, sizeof(text));
	assert_string_equal(text, "OPTIONS,REGISTER");
	assert_int_equal(cfg_value_set(key, "OPTIONS,OPTION", &options, &error), -1);
	assert_int_equal(cfg_value_set(key, "options", &options, &error), -1);
	assert_int_equal(options.sip_except, 1u << 5 | 1u << 6);
	assert_int_equal(cfg_value_set(key, "", &options, &error), 0);
	assert_int_equal(options.sip_except, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_numbers),
		cmocka_unit_test(refuses_everything_else_as_a_number),
		cmocka_unit_test(reads_sizes_in_powers_of_1024),
		cmocka_unit_test(reads_times_with_a_unit),
		cmocka_unit_test(reads_cpu_lists_in_the_order_written),
		cmocka_unit_test(refuses_broken_cpu_lists),
		cmocka_unit_test(formats_times_and_sizes_in_the_largest_whole_unit),
		cmocka_unit_test(formats_cpu_lists_with_ranges),
		cmocka_unit_test(gives_every_key_its_own_place_and_the_right_width),
		cmocka_unit_test(writes_every_default_as_it_would_print_it),
		cmocka_unit_test(sets_of_words_are_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
