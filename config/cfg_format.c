/* SPDX-License-Identifier: BSD-3-Clause */
/* Values to text, and what a key may be. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cfg_net.h"
#include "cfg_unit.h"
#include "cfg_value.h"

static void append(char *buf, size_t size, const char *text)
{
	size_t used = strnlen(buf, size);

	snprintf(buf + used, size - used, "%s", text);
}

/* The largest unit that leaves nothing over. */
static void format_with_unit(uint64_t value, const struct cfg_unit *units, char *buf, size_t size)
{
	const struct cfg_unit *best = units;

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
		format_with_unit(value, cfg_size_units, buf, size);
	else if (key->type == CFG_TIME)
		format_with_unit(value, cfg_time_units, buf, size);
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
