/* SPDX-License-Identifier: BSD-3-Clause */
/* Loads a text that ends at an unmapped page, and says what is expected of that. */
#ifndef CFG_LOAD_CASE_H
#define CFG_LOAD_CASE_H

#include <stdio.h>

#include "cfg_load.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* The text goes into a buffer that ends at an unmapped page. */
static inline int load(
	const char *text, size_t size, struct cfg_options *options, struct cfg_error *error)
{
	uint8_t *copy = guarded_copy(text, size);
	int rc = cfg_load_text((const char *)copy, size, options, error);

	guarded_free(copy, size);
	return rc;
}

static inline void expect_loads(const char *text, struct cfg_options *options)
{
	struct cfg_error error;

	if (load(text, strlen(text), options, &error) != 0)
		fail_msg("%u:%u: %s", error.line, error.column, error.text);
	assert_int_equal(error.line, 0);
	assert_string_equal(error.text, "");
}

static inline void expect_error(const char *text, const char *want)
{
	struct cfg_options options;
	struct cfg_error error;
	char message[512];

	if (load(text, strlen(text), &options, &error) == 0)
		fail_msg("this is accepted:\n%s", text);
	cfg_error_format(&error, "f", message, sizeof(message));
	assert_string_equal(message, want);
}

#endif
