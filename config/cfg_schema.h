/* SPDX-License-Identifier: BSD-3-Clause */
/* Every key an operator may write: name, type, place in struct cfg_options, range, default and help.
 * Loading, defaults, printing and the reference page are all driven by this one table.
 * Owner: constant. Threads: any. */
#ifndef CFG_SCHEMA_H
#define CFG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cfg_type {
	CFG_BOOL = 0, /* bool: true, false */
	CFG_NUMBER, /* uint32_t: decimal or 0x */
	CFG_POWER_OF_TWO, /* uint32_t: the same, powers of two only */
	CFG_SIZE, /* uint64_t, octets: 4096, 4K, 1M, 2G */
	CFG_TIME, /* uint64_t, nanoseconds: 0, 20ms, 10s, 5m, 1h */
	CFG_WORD, /* uint32_t: index into words */
	CFG_WORDS, /* uint32_t: bit i is words[i]; at most 32 */
	CFG_TEXT, /* char[size] */
	CFG_NAME, /* char[size], fit to be a file name */
	CFG_CPUS, /* struct dp_cpu_list: 2-5,8 */
	CFG_PORTS, /* struct dp_port_ranges: 5060-5061,5080 */
	CFG_NETWORKS, /* struct dp_networks: 192.0.2.0/24,2001:db8::/32 */
	CFG_COLLECTOR, /* struct hep_collector_options but its rate: udp:HOST:PORT */
	CFG_SECTION, /* keys, in the struct of the parent */
	CFG_LIST, /* items of keys, each item in its own struct */
};

struct cfg_key {
	const char *name; /* NULL ends a table */
	enum cfg_type type;
	bool is_required;
	bool or_zero; /* 0 is allowed below min */
	size_t offset; /* in the struct the table is about; a list: of its first item */
	size_t size; /* of the member; a list: of all items */
	uint64_t min; /* numbers: the value, text: its length */
	uint64_t max; /* numbers: the value, CPUs: how many, lists: items */
	const char *const *words; /* in the order of the enum, NULL ends them */
	const char *unit;
	/* As an operator would write it, read by the same code. NULL: none, the key is required. */
	const char *default_text;
	const char *help;

	const struct cfg_key *keys; /* of a section or of a list's item */
	size_t item_size;
	size_t count_offset; /* unsigned: items in use */
};

/* The top level, offsets in struct cfg_options. No table is longer than CFG_KEYS_MAX. */
enum {
	CFG_KEYS_MAX = 32
};
extern const struct cfg_key cfg_schema[];

#endif
