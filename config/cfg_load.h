/* SPDX-License-Identifier: BSD-3-Clause */
/* A YAML file to struct cfg_options, by the schema table. Refuses what it does not know: an unknown
 * key, a repeated key, a value out of range; never a silent default.
 * Owner: the caller. Threads: start-up only. */
#ifndef CFG_LOAD_H
#define CFG_LOAD_H

#include <stddef.h>

#include "cfg_options.h"

struct cfg_error {
	unsigned line; /* from 1; 0 when the file as a whole is meant */
	unsigned column;
	char text[512];
};

/* Fills options with the schema's defaults. */
void cfg_defaults(struct cfg_options *options);

/* What: loads path over the defaults. 0, or -1 with error filled. Does not apply cfg_check. */
int cfg_load_file(const char *path, struct cfg_options *options, struct cfg_error *error);

/* The same from memory, for tests and the fuzzer. */
int cfg_load_text(
	const char *text, size_t size, struct cfg_options *options, struct cfg_error *error);

/* "heptap.yaml:3:13: \"queues\" is 999, must be between 1 and 64", cut to size. */
void cfg_error_format(const struct cfg_error *error, const char *path, char *buf, size_t size);

#endif
