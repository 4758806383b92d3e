/* SPDX-License-Identifier: BSD-3-Clause */
/* What every unit test includes: cmocka in the order it needs, and input buffers that end at an
 * unmapped page, so that one octet read too far is a crash. */
#ifndef UNIT_H
#define UNIT_H

#include <sys/mman.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Copies n octets so that the octet after the last is not mapped. Free with guarded_free. */
static inline uint8_t *guarded_copy(const void *data, size_t n)
{
	size_t room = (n + 4095) / 4096 * 4096 + 4096;
	uint8_t *map =
		mmap(NULL, room + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(map != MAP_FAILED);
	assert_int_equal(mprotect(map + room, 4096, PROT_NONE), 0);
	if (n)
		memcpy(map + room - n, data, n);
	return map + room - n;
}

/* Zeroed, aligned to 64 as tables want it. Free with free. */
static inline void *zeroed(size_t n)
{
	void *p = aligned_alloc(64, (n + 63) / 64 * 64);

	assert_non_null(p);
	return memset(p, 0, n);
}

static inline void guarded_free(uint8_t *p, size_t n)
{
	size_t room = (n + 4095) / 4096 * 4096 + 4096;

	munmap(p + n - room, room + 4096);
}

#endif
