/* SPDX-License-Identifier: BSD-3-Clause */
/* Scalars by hand rather than with strtoull, which takes signs, blanks and octal, and stops at junk. */
#include "cfg_value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cfg_net.h"

/* Smallest first. */
struct unit {
	const char *suffix;
	uint64_t factor;
};

static const struct unit size_units[] = {
	{"", 1}, {"K", 1ULL << 10}, {"M", 1ULL << 20}, {"G", 1ULL << 30}, {0}};
static const struct unit time_units[] = {
	{"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000}, {0}};

/* Not <ctype.h>: that depends on the locale and is undefined for negative char. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Moves text behind the digits. A leading zero is refused: some would read 010 as 8. */
static int take_decimal(const char **text, uint64_t *value)
{
	const char *p = *text;

	if (!is_digit(p[0]) || (p[0] == '0' && is_digit(p[1])))
		return -1;
	for (*value = 0; is_digit(*p); p++)
		if (__builtin_mul_overflow(*value, 10, value) ||
			__builtin_add_overflow(*value, (uint64_t)(*p - '0'), value))
			return -1;
	*text = p;
	return 0;
}

static int parse_hex(const char *text, uint64_t *value)
{
	size_t n = strlen(text);

	if (n == 0 || n > 16)
		return -1;
	*value = 0;
	for (; *text; text++) {
		int digit = hex_digit(*text);

		if (digit < 0)
			return -1;
		*value = *value << 4 | (uint64_t)digit;
	}
	return 0;
}

int cfg_value_number(const char *text, uint64_t *value)
{
	if (text[0] == '0' && text[1] == 'x')
		return parse_hex(text + 2, value);
	return take_decimal(&text, value) == 0 && *text == '\0' ? 0 : -1;
}

static int parse_with_unit(const char *text, const struct unit *units, uint64_t *value)
{
	if (take_decimal(&text, value) != 0)
		return -1;
	for (; units->suffix; units++)
		if (strcmp(text, units->suffix) == 0)
			return __builtin_mul_overflow(*value, units->factor, value) ? -1 : 0;
	return -1;
}

int cfg_value_size(const char *text, uint64_t *value)
{
	return parse_with_unit(text, size_units, value);
}

int cfg_value_time(const char *text, uint64_t *value)
{
	if (strcmp(text, "0") == 0) {
		*value = 0;
		return 0;
	}
	return parse_with_unit(text, time_units, value);
}

static int add_cpu(struct dp_cpu_list *cpus, unsigned max, uint16_t cpu)
{
	if (cpus->count >= max || cpus->count >= DP_CPUS_MAX)
		return -ENOSPC;
	cpus->cpu[cpus->count++] = cpu;
	return 0;
}

/* One CPU or one range of them. */
static int take_cpus(const char **text, unsigned max, struct dp_cpu_list *cpus)
{
	uint64_t first;
	uint64_t last;

	if (take_decimal(text, &first) != 0)
		return -EINVAL;
	last = first;
	if (**text == '-') {
		(*text)++;
		if (take_decimal(text, &last) != 0)
			return -EINVAL;
	}
	if (last < first || last > UINT16_MAX)
		return -EINVAL;
	for (uint64_t cpu = first; cpu <= last; cpu++) {
		int rc = add_cpu(cpus, max, (uint16_t)cpu);

		if (rc != 0)
			return rc;
	}
	return 0;
}

int cfg_value_cpus(const char *text, unsigned max, struct dp_cpu_list *cpus)
{
	int rc = 0;

	memset(cpus, 0, sizeof(*cpus));
	if (*text == '\0')
		return 0;
	while ((rc = take_cpus(&text, max, cpus)) == 0 && *text == ',')
		text++;
	if (rc == 0 && *text != '\0')
		rc = -EINVAL;
	return rc;
}

static void append(char *buf, size_t size, const char *text)
{
	size_t used = strnlen(buf, size);

	snprintf(buf + used, size - used, "%s", text);
}

/* The largest unit that leaves nothing over. */
static void format_with_unit(uint64_t value, const struct unit *units, char *buf, size_t size)
{
	const struct unit *best = units;

	for (; units->suffix; units++)
		if (value % units->factor == 0)
			best = units;
	if (value == 0)
		snprintf(buf, size, "0");
	else
		snprintf(buf, size, "%" PRIu64 "%s", value / best->factor, best->suffix);
}

static void format_number(const struct cfg_key *key, uint64_t value, char *buf, size_t size)
{
	if (key->type == CFG_SIZE)
		format_with_unit(value, size_units, buf, size);
	else if (key->type == CFG_TIME)
		format_with_unit(value, time_units, buf, size);
	else
		snprintf(buf, size, "%" PRIu64, value);
}

static void format_cpus(const struct dp_cpu_list *cpus, char *buf, size_t size)
{
	char range[32];

	buf[0] = '\0';
	for (unsigned i = 0, last; i < cpus->count; i = last + 1) {
		last = i;
		while (last + 1 < cpus->count && cpus->cpu[last + 1] == cpus->cpu[last] + 1)
			last++;
		if (last > i)
			snprintf(range, sizeof(range), "%u-%u", (unsigned)cpus->cpu[i],
				(unsigned)cpus->cpu[last]);
		else
			snprintf(range, sizeof(range), "%u", (unsigned)cpus->cpu[i]);
		if (i > 0)
			append(buf, size, ",");
		append(buf, size, range);
	}
}

static void format_words(const struct cfg_key *key, char *buf, size_t size)
{
	buf[0] = '\0';
	for (const char *const *word = key->words; *word; word++) {
		if (word != key->words)
			append(buf, size, word[1] ? ", " : " or ");
		append(buf, size, *word);
	}
}

static void format_set(const struct cfg_key *key, uint32_t set, char *buf, size_t size)
{
	buf[0] = '\0';
	for (uint32_t i = 0; key->words[i]; i++)
		if (set >> i & 1) {
			append(buf, size, buf[0] ? "," : "");
			append(buf, size, key->words[i]);
		}
}

static void format_number_range(const struct cfg_key *key, char *buf, size_t size)
{
	char min[32];
	char max[32];

	format_number(key, key->min, min, sizeof(min));
	format_number(key, key->max, max, sizeof(max));
	snprintf(buf, size, "%s%sbetween %s and %s", key->or_zero ? "0 or " : "",
		key->type == CFG_POWER_OF_TWO ? "a power of two " : "", min, max);
}

static void append_any_of(const struct cfg_key *key, char *buf, size_t size)
{
	char words[CFG_RANGE_MAX];

	format_words(key, words, sizeof(words));
	snprintf(buf, size, "any of %s", words);
}

void cfg_value_range(const struct cfg_key *key, char *buf, size_t size)
{
	switch (key->type) {
	case CFG_BOOL:
		snprintf(buf, size, "true or false");
		break;
	case CFG_NUMBER:
	case CFG_POWER_OF_TWO:
	case CFG_SIZE:
	case CFG_TIME:
		format_number_range(key, buf, size);
		break;
	case CFG_WORD:
		format_words(key, buf, size);
		break;
	case CFG_WORDS:
		append_any_of(key, buf, size);
		break;
	case CFG_TEXT:
		snprintf(buf, size, "%" PRIu64 " to %zu printable ASCII characters", key->min,
			key->size - 1);
		break;
	case CFG_NAME:
		snprintf(buf, size, "1 to %zu of A-Z a-z 0-9 _ . -, the first a letter or digit",
			key->size - 1);
		break;
	case CFG_CPUS:
		snprintf(
			buf, size, "at most %" PRIu64 " CPU%s", key->max, key->max == 1 ? "" : "s");
		break;
	case CFG_PORTS:
		snprintf(buf, size, "at most %d ports or ranges of them", DP_PORT_RANGES_MAX);
		break;
	case CFG_NETWORKS:
		snprintf(buf, size, "at most %d addresses or ADDRESS/PREFIX", DP_NETWORKS_MAX);
		break;
	case CFG_COLLECTOR:
		snprintf(buf, size, "udp:HOST:PORT");
		break;
	case CFG_SECTION:
		snprintf(buf, size, "a section of keys");
		break;
	case CFG_LIST:
		snprintf(buf, size, "a list of at most %" PRIu64, key->max);
		break;
	}
}

void cfg_value_format(const struct cfg_key *key, const void *base, char *buf, size_t size)
{
	const void *member = (const char *)base + key->offset;
	uint64_t value = 0;

	switch (key->type) {
	case CFG_BOOL:
		snprintf(buf, size, "%s", *(const bool *)member ? "true" : "false");
		break;
	case CFG_NUMBER:
	case CFG_POWER_OF_TWO:
	case CFG_SIZE:
	case CFG_TIME:
		value = key->size == sizeof(uint32_t) ? *(const uint32_t *)member
						      : *(const uint64_t *)member;
		format_number(key, value, buf, size);
		break;
	case CFG_WORD:
		snprintf(buf, size, "%s", key->words[*(const uint32_t *)member]);
		break;
	case CFG_WORDS:
		format_set(key, *(const uint32_t *)member, buf, size);
		break;
	case CFG_TEXT:
	case CFG_NAME:
	case CFG_COLLECTOR:
		snprintf(buf, size, "%s", (const char *)member);
		break;
	case CFG_CPUS:
		format_cpus(member, buf, size);
		break;
	case CFG_PORTS:
		cfg_net_format_ports(member, buf, size);
		break;
	case CFG_NETWORKS:
		cfg_net_format_networks(member, buf, size);
		break;
	case CFG_SECTION:
	case CFG_LIST:
		buf[0] = '\0';
		break;
	}
}

/* For text that is no value at all, where the range alone would not tell why. */
static int fail_invalid(const struct cfg_key *key, const char *kind, const char *hint,
	const char *text, struct cfg_error *error)
{
	snprintf(error->text, sizeof(error->text), "invalid %s for \"%s\": \"%.60s\"%.150s", kind,
		key->name, text, hint);
	return -1;
}

static int fail_number(const struct cfg_key *key, const char *kind, const char *hint,
	const char *text, struct cfg_error *error)
{
	char range[CFG_RANGE_MAX], rule[CFG_RANGE_MAX + 64];

	cfg_value_range(key, range, sizeof(range));
	snprintf(rule, sizeof(rule), ", must be %s%s", range, hint);
	return fail_invalid(key, kind, rule, text, error);
}

static int fail_range(const struct cfg_key *key, const char *text, struct cfg_error *error)
{
	char range[CFG_RANGE_MAX];

	cfg_value_range(key, range, sizeof(range));
	snprintf(error->text, sizeof(error->text), "\"%s\" must be %s, not \"%.60s\"", key->name,
		range, text);
	return -1;
}

static bool is_in_range(const struct cfg_key *key, uint64_t value)
{
	if (key->or_zero && value == 0)
		return true;
	if (key->type == CFG_POWER_OF_TWO && (value & (value - 1)) != 0)
		return false;
	return value >= key->min && value <= key->max;
}

static int set_number(
	const struct cfg_key *key, const char *text, void *member, struct cfg_error *error)
{
	char range[CFG_RANGE_MAX];
	uint64_t value = 0;

	if (key->type == CFG_SIZE) {
		if (cfg_value_size(text, &value) != 0)
			return fail_number(
				key, "size", ", written 4096, 4K, 1M or 2G", text, error);
	} else if (key->type == CFG_TIME) {
		if (cfg_value_time(text, &value) != 0)
			return fail_number(
				key, "time", ", written 500ms, 10s, 5m or 1h", text, error);
	} else if (cfg_value_number(text, &value) != 0) {
		return fail_number(key, "number", "", text, error);
	}
	if (!is_in_range(key, value)) {
		cfg_value_range(key, range, sizeof(range));
		snprintf(error->text, sizeof(error->text), "\"%s\" is %.60s, must be %s", key->name,
			text, range);
		return -1;
	}
	if (key->size == sizeof(uint32_t))
		*(uint32_t *)member = (uint32_t)value;
	else
		*(uint64_t *)member = value;
	return 0;
}

static int set_bool(
	const struct cfg_key *key, const char *text, bool *member, struct cfg_error *error)
{
	*member = strcmp(text, "true") == 0;
	if (!*member && strcmp(text, "false") != 0)
		return fail_range(key, text, error);
	return 0;
}

static int set_word(
	const struct cfg_key *key, const char *text, uint32_t *member, struct cfg_error *error)
{
	for (uint32_t i = 0; key->words[i]; i++)
		if (strcmp(text, key->words[i]) == 0) {
			*member = i;
			return 0;
		}
	return fail_range(key, text, error);
}

/* Words with commas and blanks between them. */
static int set_words(
	const struct cfg_key *key, const char *text, uint32_t *member, struct cfg_error *error)
{
	uint32_t set = 0;

	for (const char *at = text + strspn(text, ", "); *at; at += strspn(at, ", ")) {
		size_t n = strcspn(at, ", ");
		uint32_t i = 0;

		while (key->words[i] &&
			(strlen(key->words[i]) != n || strncmp(at, key->words[i], n) != 0))
			i++;
		if (!key->words[i])
			return fail_range(key, text, error);
		set |= 1u << i;
		at += n;
	}
	*member = set;
	return 0;
}

static bool is_printable(const char *text)
{
	while (*text >= ' ' && *text <= '~')
		text++;
	return *text == '\0';
}

static bool is_name(const char *text)
{
	if (!is_letter(*text) && !is_digit(*text))
		return false;
	while (is_letter(*text) || is_digit(*text) || (*text && strchr("_.-", *text)))
		text++;
	return *text == '\0';
}

static int set_text(
	const struct cfg_key *key, const char *text, char *member, struct cfg_error *error)
{
	size_t n = strlen(text);

	if (n < key->min || n >= key->size || !is_printable(text) ||
		(key->type == CFG_NAME && !is_name(text)))
		return fail_range(key, text, error);
	memset(member, 0, key->size);
	memcpy(member, text, n + 1);
	return 0;
}

/* rc is what the reader of a list returned. */
static int set_list(const struct cfg_key *key, int rc, const char *kind, const char *hint,
	const char *text, struct cfg_error *error)
{
	if (rc == -ENOSPC)
		return fail_range(key, text, error);
	return rc == 0 ? 0 : fail_invalid(key, kind, hint, text, error);
}

/* Keeps the rate, whichever of the two keys comes first. */
static int set_collector(const struct cfg_key *key, const char *text,
	struct hep_collector_options *member, struct cfg_error *error)
{
	struct hep_collector_options parsed;
	size_t n = strlen(text);

	memset(&parsed, 0, sizeof(parsed));
	if (n >= sizeof(member->address) || !is_printable(text))
		return fail_range(key, text, error);
	if (hep_collector_parse(text, &parsed, error->text, sizeof(error->text)) != 0)
		return -1;
	memset(member->address, 0, sizeof(member->address));
	memcpy(member->address, text, n + 1);
	member->sockaddr = parsed.sockaddr;
	member->sockaddr_len = parsed.sockaddr_len;
	return 0;
}

int cfg_value_set(const struct cfg_key *key, const char *text, void *base, struct cfg_error *error)
{
	void *member = (char *)base + key->offset;

	switch (key->type) {
	case CFG_BOOL:
		return set_bool(key, text, member, error);
	case CFG_NUMBER:
	case CFG_POWER_OF_TWO:
	case CFG_SIZE:
	case CFG_TIME:
		return set_number(key, text, member, error);
	case CFG_WORD:
		return set_word(key, text, member, error);
	case CFG_WORDS:
		return set_words(key, text, member, error);
	case CFG_TEXT:
	case CFG_NAME:
		return set_text(key, text, member, error);
	case CFG_CPUS:
		return set_list(key, cfg_value_cpus(text, (unsigned)key->max, member), "CPU list",
			"", text, error);
	case CFG_PORTS:
		return set_list(key, cfg_net_ports(text, member), "list of ports",
			", written 5060-5061,5080", text, error);
	case CFG_NETWORKS:
		return set_list(key, cfg_net_networks(text, member), "list of networks",
			", written 192.0.2.0/24,2001:db8::/32", text, error);
	case CFG_COLLECTOR:
		return set_collector(key, text, base, error);
	case CFG_SECTION:
	case CFG_LIST:
		break;
	}
	return fail_range(key, text, error);
}
