/* SPDX-License-Identifier: BSD-3-Clause */
/* What the two formats' readers share.
 * Owner: none. Threads: any. */
#ifndef DP_FILE_READER_PVT_H
#define DP_FILE_READER_PVT_H

#include <string.h>

#include "dp_file_reader.h"

#define DP_FILE_NS_PER_S 1000000000ULL

static inline uint16_t dp_file_load16(const struct dp_file_reader *r, const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return r->is_swapped ? __builtin_bswap16(v) : v;
}

static inline uint32_t dp_file_load32(const struct dp_file_reader *r, const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return r->is_swapped ? __builtin_bswap32(v) : v;
}

static inline uint64_t dp_file_load64(const struct dp_file_reader *r, const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return r->is_swapped ? __builtin_bswap64(v) : v;
}

static inline uint32_t dp_file_min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Notes why reading ends here, and says that it does. */
enum dp_file_status dp_file_damaged(struct dp_file_reader *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same after a peek that failed: what was being read. DP_FILE_LATER when the rest may come. */
enum dp_file_status dp_file_cut(struct dp_file_reader *r, const char *what);

enum dp_file_status dp_file_pcap_next(struct dp_file_reader *r, struct dp_file_frame *frame);
enum dp_file_status dp_file_pcapng_next(struct dp_file_reader *r, struct dp_file_frame *frame);

#endif
