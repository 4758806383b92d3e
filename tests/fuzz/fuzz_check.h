/* SPDX-License-Identifier: BSD-3-Clause */
/* What fuzz targets share: an assertion that is there in release builds too.
 * Owner: none. Threads: one; no state. */
#ifndef FUZZ_CHECK_H
#define FUZZ_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void check(bool is_true)
{
	if (!is_true)
		abort();
}

#endif
