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

struct hep_writer {
	uint8_t *buf;
	size_t room;
	size_t used;
	bool is_failed;
};

void hep_writer_init(struct hep_writer *w, void *buf, size_t room);
void hep_writer_put_u8(struct hep_writer *w, enum hep_chunk chunk, uint8_t v);
void hep_writer_put_u16(struct hep_writer *w, enum hep_chunk chunk, uint16_t v);
void hep_writer_put_u32(struct hep_writer *w, enum hep_chunk chunk, uint32_t v);
void hep_writer_put_bytes(struct hep_writer *w, enum hep_chunk chunk, struct bytes v);
/* Room for a payload that the caller writes in place: *room octets at the returned address. Then
 * hep_writer_commit with what was used. NULL when nothing fits. */
uint8_t *hep_writer_reserve(struct hep_writer *w, enum hep_chunk chunk, size_t *room);
void hep_writer_commit(struct hep_writer *w, size_t used);
/* Writes the total length. Returns the message's length, 0 when it did not fit. */
size_t hep_writer_finish(struct hep_writer *w);

#endif
