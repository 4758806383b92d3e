/* SPDX-License-Identifier: BSD-3-Clause */
/* HEP3 framing. Every chunk goes through put_header, which is the only place that looks at the room
 * left: nothing is written before it is known to fit. */
#include "hep_writer.h"

#include <assert.h>

enum {
	CHUNK_HEADER_BYTES = 6, /* vendor, type, length */
	VENDOR_GENERIC = 0,
};

static void store16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Appends a chunk of n octets of data, header filled in. Returns where the data goes, or NULL. */
static uint8_t *put_header(struct hep_writer *w, enum hep_chunk chunk, size_t n)
{
	uint8_t *p;

	if (w->is_failed || w->room - w->used < CHUNK_HEADER_BYTES ||
		w->room - w->used - CHUNK_HEADER_BYTES < n) {
		w->is_failed = true;
		return NULL;
	}
	p = w->buf + w->used;
	store16(p, VENDOR_GENERIC);
	store16(p + 2, chunk);
	store16(p + 4, CHUNK_HEADER_BYTES + n);
	w->used += CHUNK_HEADER_BYTES + n;
	return p + CHUNK_HEADER_BYTES;
}

void hep_writer_init(struct hep_writer *w, void *buf, size_t room)
{
	w->buf = buf;
	w->room = room < HEP_MESSAGE_MAX ? room : HEP_MESSAGE_MAX;
	w->used = HEP_HEADER_BYTES;
	w->is_failed = w->room < HEP_HEADER_BYTES;
	if (!w->is_failed)
		memcpy(w->buf, "HEP3\0", HEP_HEADER_BYTES); /* the length follows at the end */
}

void hep_writer_put_u8(struct hep_writer *w, enum hep_chunk chunk, uint8_t v)
{
	uint8_t *p = put_header(w, chunk, 1);

	if (p)
		p[0] = v;
}

void hep_writer_put_u16(struct hep_writer *w, enum hep_chunk chunk, uint16_t v)
{
	uint8_t *p = put_header(w, chunk, 2);

	if (p)
		store16(p, v);
}

void hep_writer_put_u32(struct hep_writer *w, enum hep_chunk chunk, uint32_t v)
{
	uint8_t *p = put_header(w, chunk, 4);

	if (p) {
		store16(p, v >> 16);
		store16(p + 2, v);
	}
}

void hep_writer_put_bytes(struct hep_writer *w, enum hep_chunk chunk, struct bytes v)
{
	uint8_t *p = put_header(w, chunk, v.n);

	if (p && v.n)
		memcpy(p, v.p, v.n);
}

uint8_t *hep_writer_reserve(struct hep_writer *w, enum hep_chunk chunk, size_t *room)
{
	uint8_t *p = put_header(w, chunk, 0);

	*room = w->room - w->used;
	if (!p || *room == 0) {
		w->is_failed = true;
		*room = 0;
		return NULL;
	}
	return p;
}

/* A chunk's length is the last field of its header, so right before what was reserved. */
void hep_writer_commit(struct hep_writer *w, size_t used)
{
	if (w->is_failed)
		return;
	assert(used <= w->room - w->used);
	store16(w->buf + w->used - 2, CHUNK_HEADER_BYTES + used);
	w->used += used;
}

size_t hep_writer_finish(struct hep_writer *w)
{
	if (w->is_failed)
		return 0;
	store16(w->buf + 4, w->used);
	return w->used;
}
