/* SPDX-License-Identifier: BSD-3-Clause */
/* mmap with madvise. */
#include "qos_mem.h"

#include <sys/mman.h>

#include <stdbool.h>
#include <stdint.h>

enum {
	HUGE_BYTES = 2 << 20,
	SMALL_BYTES = 128 << 10, /* not worth a huge page */
};

static bool small_pages;

void qos_mem_use_small_pages(void)
{
	small_pages = true;
}

static size_t whole_pages(size_t size)
{
	size_t rest = size % HUGE_BYTES;

	return size < SMALL_BYTES || !rest ? size : size + HUGE_BYTES - rest;
}

void *qos_mem_map(size_t size)
{
	void *mem = mmap(NULL, whole_pages(size), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (mem == MAP_FAILED)
		return NULL;
	if (!small_pages)
		madvise(mem, whole_pages(size), MADV_HUGEPAGE); /* a wish */
	return mem;
}

void qos_mem_populate(void *mem, size_t from, size_t to)
{
	/* Whatever the size of pages is, one begins there. */
	from -= from % HUGE_BYTES;
	if (from < to)
		madvise((uint8_t *)mem + from, to - from, MADV_POPULATE_WRITE);
}

void qos_mem_unmap(void *mem, size_t size)
{
	if (mem)
		munmap(mem, whole_pages(size));
}
