/* SPDX-License-Identifier: BSD-3-Clause */
/* Scalars by hand rather than with strtoull, which takes signs, blanks and octal, and stops at junk. */
#include "cfg_value.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cfg_net.h"
#include "cfg_unit.h"

const struct cfg_unit cfg_size_units[] = {
	{"", 1}, {"K", 1ULL << 10}, {"M", 1ULL << 20}, {"G", 1ULL << 30}, {0}};
const struct cfg_unit cfg_time_units[] = {
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

static int parse_with_unit(const char *text, const struct cfg_unit *units, uint64_t *value)
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
	return parse_with_unit(text, cfg_size_units, value);
}

int cfg_value_time(const char *text, uint64_t *value)
{
	if (strcmp(text, "0") == 0) {
		*value = 0;
		return 0;
	}
	return parse_with_unit(text, cfg_time_units, value);
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
