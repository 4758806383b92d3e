/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of JSON share: room for a text, and how it must read.
 * Owner: the program has one text. Threads: one. */
#ifndef HEP_JSON_CASE_H
#define HEP_JSON_CASE_H

#include "hep_json.h"
#include "json_check.h"
#include "unit.h"

static char text[8192];

static inline struct bytes finish(const struct hep_json *j)
{
	return bytes_of(text, hep_json_finish(j));
}

static inline void assert_text(struct bytes got, const char *want)
{
	assert_int_equal(got.n, strlen(want));
	assert_memory_equal(got.p, want, got.n);
}

#endif
