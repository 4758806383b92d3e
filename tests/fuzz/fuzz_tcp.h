/* SPDX-License-Identifier: BSD-3-Clause */
/* What fuzz targets of signalling over TCP share: connections of their own for each input.
 * Owner: the memory is given back behind each. Threads: one; no state. */
#ifndef FUZZ_TCP_H
#define FUZZ_TCP_H

#include <sys/mman.h>

#include "fuzz_check.h"
#include "sip_tcp.h"

/* Gives run an input of one octet or more. */
static inline int fuzz_tcp(const uint8_t *data, size_t size, uint32_t flows,
	void (*run)(struct sip_tcp *tcp, struct bytes in))
{
	static const struct pkt_seed seed = {.k = {1, 2, 3, 4}};
	size_t bytes = sip_tcp_memory(flows);
	struct sip_tcp tcp;
	void *memory;

	if (size < 1)
		return 0;
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(memory != MAP_FAILED);
	sip_tcp_init(&tcp, memory, flows, &seed);
	run(&tcp, bytes_of(data, size));
	munmap(memory, bytes);
	return 0;
}

#endif
