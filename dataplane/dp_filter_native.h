/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether machine code that DPDK made of a filter jumps where the filter does. DPDK 22.11 takes an instruction's place
 * for known when the code got no longer since it was looked at last, though one jump may have got shorter and another
 * one longer by as much: then jumps end amid instructions. Of a thousand filters that is one.
 * Owner: none. Threads: any; no state. */
#ifndef DP_FILTER_NATIVE_H
#define DP_FILTER_NATIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ebpf_insn;

/* What: code of size octets, made of count instructions. False also where that cannot be told, as on another
 * architecture. */
bool dp_filter_native_is_right(
	const struct ebpf_insn *ins, uint32_t count, const uint8_t *code, size_t size);

#endif
