/* SPDX-License-Identifier: BSD-3-Clause */
/* A section has one place, by its hash; whose text it is, is compared. */
#include "sdp_memo.h"

#include "pkt_hash.h"

/* Whoever makes texts meet in one place makes the memo forget, no more. */
static uint64_t hash_of(struct bytes text)
{
	static const struct pkt_seed seed = {
		{0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89}};

	return pkt_hash_message(text, &seed);
}

static void move(struct bytes *slice, const uint8_t *from, const uint8_t *to)
{
	if (slice->p)
		slice->p = to + (slice->p - from);
}

/* to: its text, once more. */
static void copy(
	struct sdp_media *media, const struct sdp_media *m, const uint8_t *from, const uint8_t *to)
{
	memcpy(media, m,
		offsetof(struct sdp_media, formats) + m->format_count * sizeof(m->formats[0]));
	for (unsigned i = 0; i < media->format_count; i++) {
		move(&media->formats[i].name, from, to);
		move(&media->formats[i].fmtp, from, to);
	}
}

bool sdp_memo_recall(const struct sdp_memo *memo, struct bytes text, enum sdp_direction inherited,
	struct sdp_media *media)
{
	uint64_t hash;
	const struct sdp_memo_section *s;

	if (text.n > SDP_MEMO_TEXT_MAX)
		return false;
	hash = hash_of(text);
	s = &memo->sections[hash % SDP_MEMO_SECTIONS];
	if (s->hash != hash || s->inherited != inherited ||
		!bytes_eq(text, bytes_of(s->text, s->text_bytes)))
		return false;
	copy(media, &s->media, s->text, text.p);
	media->text = text;
	media->text_hash = hash;
	return true;
}

void sdp_memo_keep(struct sdp_memo *memo, struct bytes text, enum sdp_direction inherited,
	struct sdp_media *media)
{
	struct sdp_memo_section *s;

	if (text.n > SDP_MEMO_TEXT_MAX)
		return;
	media->text = text;
	media->text_hash = hash_of(text);
	s = &memo->sections[media->text_hash % SDP_MEMO_SECTIONS];
	s->hash = media->text_hash;
	s->text_bytes = text.n;
	s->inherited = inherited;
	memcpy(s->text, text.p, text.n);
	copy(&s->media, media, text.p, s->text);
}
