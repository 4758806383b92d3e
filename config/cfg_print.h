/* SPDX-License-Identifier: BSD-3-Clause */
/* The effective configuration as YAML that loads back, and the reference page of all keys; both from
 * the schema table.
 * Owner: the caller. Threads: start-up only. */
#ifndef CFG_PRINT_H
#define CFG_PRINT_H

#include <stdio.h>

#include "cfg_options.h"

void cfg_print(const struct cfg_options *options, FILE *out);
/* Markdown: key, type, default, range, unit, help. */
void cfg_print_schema(FILE *out);

#endif
