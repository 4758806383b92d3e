/* SPDX-License-Identifier: BSD-3-Clause */
/* The XDP program compiled for user space: its maps are what the target says, and a frame is memory
 * with pointers as wide as this machine's. Included once.
 * Owner: none. Threads: one. */
#ifndef XDP_USER_H
#define XDP_USER_H

#include <linux/bpf.h>
#include <linux/types.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The kernel's own has 32 bits for what the verifier makes a pointer. */
struct xdp_user_md {
	uintptr_t data, data_end;
	uint32_t rx_queue_index;
};
#define xdp_md xdp_user_md

/* In place of <bpf/bpf_helpers.h>. */
#define __BPF_HELPERS__
#define SEC(name)
#define __uint(name, value) int(*name)[value]
#define __type(name, value) __typeof__(value) *name
#undef __always_inline
#define __always_inline inline
#undef __noinline
#define __noinline static __attribute__((noinline))

static void *bpf_map_lookup_elem(const void *map, const void *key);
static long bpf_redirect_map(const void *map, uint64_t key, uint64_t flags);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas" /* gcc does not know all of these */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wmissing-variable-declarations"
#pragma GCC diagnostic ignored "-Wsign-compare"
#include "dp_xdp.bpf.c"
#pragma GCC diagnostic pop

#endif
