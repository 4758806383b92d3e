/* SPDX-License-Identifier: BSD-3-Clause */
/* Bounded append of HEP3 chunks to a caller's buffer: header, chunks, total length at the end.
 * Owner: the caller owns writer and buffer. Threads: one at a time.
 * Once something did not fit the writer stays failed and hep_writer_finish returns 0, so that a
 * caller checks once. */
#ifndef HEP_WRITER_H
#define HEP_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "hep_chunk.h"

enum {
	HEP_CHUNK_HEADER_BYTES = 6, /* vendor, type, length */
	HEP_VENDOR_GENERIC = 0,
};

struct hep_writer {
	uint8_t *buf;
	size_t room;
	size_t used;
	bool is_failed;
};

void hep_writer_init(struct hep_writer *w, void *buf, size_t room);

static inline void hep_writer_store16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void hep_writer_store32(uint8_t *p, uint32_t v)
{
	hep_writer_store16(p, v >> 16);
	hep_writer_store16(p + 2, v);
}

/* Appends n octets, of whole chunks. Returns where they go, or NULL. */
static inline void *hep_writer_put_chunks(struct hep_writer *w, size_t n)
{
	uint8_t *p = w->buf + w->used;

	if (w->is_failed || w->room - w->used < n) {
		w->is_failed = true;
		return NULL;
	}
	w->used += n;
	return p;
}

/* Appends a chunk of n octets of data, however many, header filled in. Returns where the data goes, or NULL. */
static inline uint8_t *hep_writer_put_header(struct hep_writer *w, enum hep_chunk chunk, size_t n)
{
	uint8_t *p =
		n <= HEP_MESSAGE_MAX ? hep_writer_put_chunks(w, HEP_CHUNK_HEADER_BYTES + n) : NULL;

	if (!p) {
		w->is_failed = true;
		return NULL;
	}
	hep_writer_store16(p, HEP_VENDOR_GENERIC);
	hep_writer_store16(p + 2, chunk);
	hep_writer_store16(p + 4, HEP_CHUNK_HEADER_BYTES + n);
	return p + HEP_CHUNK_HEADER_BYTES;
}

static inline void hep_writer_put_u8(struct hep_writer *w, enum hep_chunk chunk, uint8_t v)
{
	uint8_t *p = hep_writer_put_header(w, chunk, 1);

	if (p)
		p[0] = v;
}

static inline void hep_writer_put_u16(struct hep_writer *w, enum hep_chunk chunk, uint16_t v)
{
	uint8_t *p = hep_writer_put_header(w, chunk, 2);

	if (p)
		hep_writer_store16(p, v);
}

static inline void hep_writer_put_u32(struct hep_writer *w, enum hep_chunk chunk, uint32_t v)
{
	uint8_t *p = hep_writer_put_header(w, chunk, 4);

	if (p)
		hep_writer_store32(p, v);
}

static inline void hep_writer_put_bytes(struct hep_writer *w, enum hep_chunk chunk, struct bytes v)
{
	uint8_t *p = hep_writer_put_header(w, chunk, v.n);

	if (p && v.n)
		memcpy(p, v.p, v.n);
}

/* Room for a payload that the caller writes in place: *room octets at the returned address. Then
 * hep_writer_commit with what was used. NULL when nothing fits. */
uint8_t *hep_writer_reserve(struct hep_writer *w, enum hep_chunk chunk, size_t *room);
void hep_writer_commit(struct hep_writer *w, size_t used);
/* Writes the total length. Returns the message's length, 0 when it did not fit. */
size_t hep_writer_finish(struct hep_writer *w);

#endif
