/* SPDX-License-Identifier: BSD-3-Clause */
/* Units that values are written in, smallest first, up to one without suffix.
 * Owner: none. Threads: any. */
#ifndef CFG_UNIT_H
#define CFG_UNIT_H

#include <stdint.h>

struct cfg_unit {
	const char *suffix;
	uint64_t factor;
};

extern const struct cfg_unit cfg_size_units[], cfg_time_units[];

#endif
