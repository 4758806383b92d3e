/* SPDX-License-Identifier: BSD-3-Clause */
/* mmap with madvise. */
#include "qos_mem.h"

#include <sys/mman.h>

void *qos_mem_map(size_t size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (mem == MAP_FAILED)
		return NULL;
	madvise(mem, size, MADV_HUGEPAGE); /* a wish */
	return mem;
}

void qos_mem_unmap(void *mem, size_t size)
{
	if (mem)
		munmap(mem, size);
}
