/* SPDX-License-Identifier: BSD-3-Clause */
/* HEP3 framing. Every chunk goes through hep_writer_put_chunks, which looks at the room left: nothing is
 * written before it is known to fit. */
#include "hep_writer.h"

#include <assert.h>

void hep_writer_init(struct hep_writer *w, void *buf, size_t room)
{
	w->buf = buf;
	w->room = room < HEP_MESSAGE_MAX ? room : HEP_MESSAGE_MAX;
	w->used = HEP_HEADER_BYTES;
	w->is_failed = w->room < HEP_HEADER_BYTES;
	if (!w->is_failed)
		memcpy(w->buf, "HEP3\0", HEP_HEADER_BYTES); /* the length follows at the end */
}

uint8_t *hep_writer_reserve(struct hep_writer *w, enum hep_chunk chunk, size_t *room)
{
	uint8_t *p = hep_writer_put_header(w, chunk, 0);

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
	hep_writer_store16(w->buf + w->used - 2, HEP_CHUNK_HEADER_BYTES + used);
	w->used += used;
}

size_t hep_writer_finish(struct hep_writer *w)
{
	if (w->is_failed)
		return 0;
	hep_writer_store16(w->buf + 4, w->used);
	return w->used;
}
