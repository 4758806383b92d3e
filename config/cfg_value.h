/* SPDX-License-Identifier: BSD-3-Clause */
/* One value, from text and to text: the only place that knows how numbers, sizes, times and CPU
 * lists are written. Nothing is guessed: no octal, no sign, no blank, nothing left over.
 * Owner: the caller. Threads: start-up only. */
#ifndef CFG_VALUE_H
#define CFG_VALUE_H

#include "cfg_load.h"
#include "cfg_schema.h"

enum {
	CFG_VALUE_MAX = 2048, /* room for any value as text */
	CFG_RANGE_MAX = 160, /* room for any range */
};

/* Decimal, or hexadecimal after 0x. */
int cfg_value_number(const char *text, uint64_t *value);
/* Octets, decimal; K, M and G are powers of 1024. */
int cfg_value_size(const char *text, uint64_t *value);
/* Nanoseconds, from a decimal with ms, s, m or h; 0 needs no unit. */
int cfg_value_time(const char *text, uint64_t *value);
/* 2-5,8 in the order written. -EINVAL; -ENOSPC: more than max. */
int cfg_value_cpus(const char *text, unsigned max, struct dp_cpu_list *cpus);

/* What: sets key's member in the struct at base. Returns 0, or -1 with the reason in error; the
 * member is then undefined. Leaves error's line and column alone. Not for sections and lists. */
int cfg_value_set(const struct cfg_key *key, const char *text, void *base, struct cfg_error *error);

/* The shortest text that sets the same value, without quotes. */
void cfg_value_format(const struct cfg_key *key, const void *base, char *buf, size_t size);

/* What key may be, to follow "must be": "between 1 and 64". */
void cfg_value_range(const struct cfg_key *key, char *buf, size_t size);

#endif
