/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of packet sources that are files share: captures written octet by octet, and the frames that are polled.
 * Owner: none. Threads: one. */
#ifndef DP_FILE_DISK_H
#define DP_FILE_DISK_H

#include <stdio.h>

#include <rte_mbuf.h>

#include "dp_file.h"
#include "dp_meta.h"
#include "unit.h"

/* pcap's magic numbers (draft-ietf-opsawg-pcap, section 4) and link types (its registry). */
enum {
	MAGIC_US = 0xa1b2c3d4,
	MAGIC_NS = 0xa1b23c4d,
	TYPE_NULL = 0,
	TYPE_ETHERNET = 1,
	TYPE_RAW = 101,
	TYPE_IEEE802_11 = 105,
	TYPE_LOOP = 108,
	TYPE_SLL = 113,
	TYPE_IPV4 = 228,
	TYPE_IPV6 = 229,
	TYPE_SLL2 = 276,
};

struct writer {
	FILE *stream;
	bool is_big_endian;
};

static inline void put(const struct writer *w, uint32_t value, unsigned octets)
{
	for (unsigned i = 0; i < octets; i++) {
		unsigned shift = 8 * (w->is_big_endian ? octets - 1 - i : i);

		fputc((int)(value >> shift & 0xff), w->stream);
	}
}

static inline void header(const struct writer *w, uint32_t magic, uint32_t type)
{
	put(w, magic, 4);
	put(w, 2, 2); /* version 2.4 */
	put(w, 4, 2);
	put(w, 0, 4);
	put(w, 0, 4);
	put(w, 262144, 4); /* snapshot length */
	put(w, type, 4);
}

static inline struct writer begin(
	const char *path, uint32_t magic, uint32_t type, bool is_big_endian)
{
	struct writer w = {.stream = fopen(path, "wb"), .is_big_endian = is_big_endian};

	assert_non_null(w.stream);
	header(&w, magic, type);
	return w;
}

/* A frame whose octets are all tag. */
static inline void frame(const struct writer *w, uint32_t sec, uint32_t fraction, uint8_t tag,
	uint32_t captured, uint32_t wire)
{
	put(w, sec, 4);
	put(w, fraction, 4);
	put(w, captured, 4);
	put(w, wire, 4);
	for (uint32_t i = 0; i < captured; i++)
		fputc(tag, w->stream);
}

static inline struct dp_file *open_files(const char *const *paths, unsigned count)
{
	char error[256] = "";
	struct dp_file *file = NULL;
	int err = dp_file_open(paths, count, NULL, &file, error, sizeof(error));

	if (err)
		print_message("%s\n", error);
	assert_int_equal(err, 0);
	return file;
}

static inline struct rte_mbuf *next(struct dp_file *file)
{
	struct rte_mbuf *m = NULL;

	return dp_file_poll(file, &m, 1) ? m : NULL;
}

static inline void expect(struct dp_file *file, uint64_t time_ns, uint8_t tag, uint32_t captured,
	uint32_t wire, enum dp_link link)
{
	struct rte_mbuf *m = next(file);
	const uint8_t *data;

	assert_non_null(m);
	data = rte_pktmbuf_mtod(m, const uint8_t *);
	assert_int_equal(dp_meta(m)->time_ns, time_ns);
	assert_int_equal(dp_meta(m)->wire_bytes, wire);
	assert_int_equal(dp_meta(m)->link, link);
	assert_int_equal(m->data_len, captured);
	assert_int_equal(m->pkt_len, captured);
	for (uint32_t i = 0; i < captured; i++)
		assert_int_equal(data[i], tag);
	rte_pktmbuf_free(m);
}

static inline void expect_end(struct dp_file *file)
{
	assert_null(next(file));
	assert_null(next(file));
}

#endif
