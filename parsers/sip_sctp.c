/* SPDX-License-Identifier: BSD-3-Clause */
/* Fragments of one message have TSNs in a row (RFC 9260 section 6.9): from the first one's to the last
 * one's it is whole. */
#include "sip_sctp.h"

#include <stdalign.h>

#include "pkt_count.h"

enum {
	CHUNK_BYTES = 4, /* type, flags, length */
	DATA_BYTES = 16, /* header of a DATA chunk */
	CHUNK_DATA = 0,
	FLAG_LAST = 1,
	FLAG_FIRST = 2,
	FLAG_UNORDERED = 4,
	PIECES_MAX = 64, /* fragments of a message */
};

struct piece {
	uint32_t tsn;
	uint32_t at, n; /* in data */
};

struct sip_sctp_partial {
	alignas(64) struct pkt_view view; /* addresses */
	uint64_t turn; /* of its first fragment; 0: nothing is kept here */
	uint32_t first, last; /* TSNs, once these fragments came */
	uint32_t bytes;
	uint16_t stream;
	uint16_t ssn;
	bool is_unordered;
	bool has_first, has_last;
	unsigned count;
	struct piece pieces[PIECES_MAX];
	uint8_t data[SIP_SCTP_MESSAGE_MAX];
};

struct pass {
	struct sip_sctp *sctp;
	const struct pkt_view *view;
	uint64_t now_ns;
	sip_sctp_message_fn fn;
	void *arg;
	bool is_sip, is_part;
};

size_t sip_sctp_memory(void)
{
	return SIP_SCTP_PARTIALS * sizeof(struct sip_sctp_partial) +
	       SIP_SCTP_SEEN * sizeof(uint64_t) + SIP_SCTP_MESSAGE_MAX;
}

void sip_sctp_init(struct sip_sctp *sctp, void *memory, const struct pkt_seed *seed)
{
	struct sip_sctp_partial *partials = memory;
	uint64_t *seen = (uint64_t *)(partials + SIP_SCTP_PARTIALS);

	*sctp = (struct sip_sctp){
		.partials = partials,
		.seen = seen,
		.whole = (uint8_t *)(seen + SIP_SCTP_SEEN),
		.seed = *seed,
	};
}

/* Chunks are padded to four octets, which the last one of a packet may lack. */
bool sip_sctp_next(struct bytes *chunks, size_t missing, struct sip_sctp_chunk *chunk)
{
	while (chunks->n >= CHUNK_BYTES) {
		const uint8_t *p = chunks->p;
		size_t length = be16(p + 2), padded = (length + 3) & ~(size_t)3;
		size_t have = length < chunks->n ? length : chunks->n;

		if (length < CHUNK_BYTES || length > chunks->n + missing ||
			(p[0] == CHUNK_DATA && length <= DATA_BYTES))
			return false;
		padded = padded < chunks->n ? padded : chunks->n;
		*chunks = bytes_of(p + padded, chunks->n - padded);
		if (p[0] != CHUNK_DATA || have <= DATA_BYTES)
			continue;
		*chunk = (struct sip_sctp_chunk){
			.tsn = be32(p + 4),
			.stream = be16(p + 8),
			.ssn = be16(p + 10),
			.is_unordered = p[1] & FLAG_UNORDERED,
			.is_first = p[1] & FLAG_FIRST,
			.is_last = p[1] & FLAG_LAST,
			.data = bytes_of(p + DATA_BYTES, have - DATA_BYTES),
			.wire = length - DATA_BYTES,
		};
		return true;
	}
	return false;
}

static bool is_cut(const struct sip_sctp_chunk *chunk)
{
	return chunk->data.n < chunk->wire;
}

/* Notes the chunk; true when it was noted before and not overwritten since. One that the capture cut may come again
 * whole, which is news. */
static bool was_seen(struct pass *p, const struct sip_sctp_chunk *chunk)
{
	uint64_t hash = pkt_hash_flow6(&p->view->flow, chunk->tsn,
		p->sctp->seed.k[0] ^ p->view->tenant, p->sctp->seed.k[1]);
	uint64_t *seen = &p->sctp->seen[hash % SIP_SCTP_SEEN];
	bool was = *seen == hash || (is_cut(chunk) && *seen == ~hash);

	if (!was)
		*seen = is_cut(chunk) ? ~hash : hash;
	return was;
}

static bool is_of(const struct sip_sctp_partial *m, const struct pkt_view *view,
	const struct sip_sctp_chunk *chunk)
{
	uint32_t off = chunk->tsn - m->pieces[0].tsn;

	return m->turn && m->stream == chunk->stream && m->is_unordered == chunk->is_unordered &&
	       (m->is_unordered || m->ssn == chunk->ssn) && off + PIECES_MAX < 2 * PIECES_MAX &&
	       m->view.tenant == view->tenant && pkt_flow_eq(&m->view.flow, &view->flow);
}

static struct sip_sctp_partial *find(
	struct sip_sctp *sctp, const struct pkt_view *view, const struct sip_sctp_chunk *chunk)
{
	for (unsigned i = 0; i < SIP_SCTP_PARTIALS; i++)
		if (is_of(&sctp->partials[i], view, chunk))
			return &sctp->partials[i];
	return NULL;
}

static struct sip_sctp_partial *begin(struct pass *p, const struct sip_sctp_chunk *chunk)
{
	struct sip_sctp_partial *m = p->sctp->partials;

	for (unsigned i = 1; i < SIP_SCTP_PARTIALS; i++)
		if (p->sctp->partials[i].turn < m->turn)
			m = &p->sctp->partials[i];
	if (m->turn)
		pkt_count(&p->sctp->counters.sctp_evicted, 1);
	m->view = *p->view;
	m->turn = ++p->sctp->turn;
	m->stream = chunk->stream;
	m->ssn = chunk->ssn;
	m->is_unordered = chunk->is_unordered;
	m->has_first = m->has_last = false;
	m->count = m->bytes = 0;
	return m;
}

static bool has_piece(const struct sip_sctp_partial *m, uint32_t tsn)
{
	for (unsigned i = 0; i < m->count; i++)
		if (m->pieces[i].tsn == tsn)
			return true;
	return false;
}

/* False: it does not fit. */
static bool put(struct sip_sctp_partial *m, const struct sip_sctp_chunk *chunk)
{
	if (m->count == PIECES_MAX || chunk->data.n > sizeof(m->data) - m->bytes)
		return false;
	memcpy(m->data + m->bytes, chunk->data.p, chunk->data.n);
	m->pieces[m->count++] = (struct piece){chunk->tsn, m->bytes, (uint32_t)chunk->data.n};
	m->bytes += (uint32_t)chunk->data.n;
	if (chunk->is_first) {
		m->has_first = true;
		m->first = chunk->tsn;
	}
	if (chunk->is_last) {
		m->has_last = true;
		m->last = chunk->tsn;
	}
	return true;
}

static bool is_whole(const struct sip_sctp_partial *m)
{
	if (!m->has_first || !m->has_last || m->last - m->first + 1 != m->count)
		return false;
	for (unsigned i = 0; i < m->count; i++)
		if (m->pieces[i].tsn - m->first >= m->count)
			return false;
	return true;
}

static struct bytes put_together(uint8_t *whole, const struct sip_sctp_partial *m)
{
	struct bytes out = {.p = whole};

	for (uint32_t k = 0; k < m->count; k++)
		for (unsigned i = 0; i < m->count; i++) {
			const struct piece *piece = &m->pieces[i];

			if (piece->tsn - m->first != k)
				continue;
			memcpy(whole + out.n, m->data + piece->at, piece->n);
			out.n += piece->n;
		}
	return out;
}

static void give(struct pass *p, struct bytes message, size_t wire)
{
	struct pkt_view view = *p->view;

	view.payload = message;
	view.payload_wire = (uint32_t)wire;
	p->is_sip |= p->fn(p->arg, &view, p->now_ns);
}

static void take_fragment(struct pass *p, const struct sip_sctp_chunk *chunk)
{
	struct sip_sctp_partial *m = find(p->sctp, p->view, chunk);

	if (!m)
		m = begin(p, chunk);
	if (has_piece(m, chunk->tsn))
		return;
	p->is_part = true;
	if (!put(m, chunk)) {
		pkt_count(&p->sctp->counters.sctp_unfit, 1);
		m->turn = 0;
		return;
	}
	if (!is_whole(m))
		return;
	m->turn = 0;
	give(p, put_together(p->sctp->whole, m), m->bytes);
}

/* What is missing never comes. The first octets of a message tell what it is. */
static void take_cut(struct pass *p, const struct sip_sctp_chunk *chunk)
{
	if (chunk->is_first)
		give(p, chunk->data, chunk->wire);
	else
		p->is_part = true;
}

static void take_chunk(struct pass *p, const struct sip_sctp_chunk *chunk)
{
	if (was_seen(p, chunk))
		pkt_count(&p->sctp->counters.sctp_repeated, 1);
	else if (is_cut(chunk))
		take_cut(p, chunk);
	else if (chunk->is_first && chunk->is_last)
		give(p, chunk->data, chunk->wire);
	else
		take_fragment(p, chunk);
}

enum sip_sctp_result sip_sctp_take(struct sip_sctp *sctp, const struct pkt_view *view,
	uint64_t now_ns, sip_sctp_message_fn fn, void *arg)
{
	struct pass p = {.sctp = sctp, .view = view, .now_ns = now_ns, .fn = fn, .arg = arg};
	struct bytes chunks = view->payload;
	size_t missing = view->payload_wire - view->payload.n;
	struct sip_sctp_chunk chunk;

	while (sip_sctp_next(&chunks, missing, &chunk))
		take_chunk(&p, &chunk);
	if (chunks.n && !missing)
		pkt_count(&sctp->counters.sctp_unfit, 1);
	if (p.is_sip)
		return SIP_SCTP_MESSAGE;
	return p.is_part ? SIP_SCTP_PART : SIP_SCTP_OTHER;
}
