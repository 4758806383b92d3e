/* SPDX-License-Identifier: BSD-3-Clause */
#include "qos_formats_memo.h"

bool qos_formats_recall(
	const struct qos_formats_memo *memo, const struct sdp_media *sdp, struct qos_media *media)
{
	const struct qos_formats_section *s = &memo->sections[sdp->text_hash % SDP_MEMO_SECTIONS];

	if (s->kind != sdp->kind || !bytes_eq(sdp->text, bytes_of(s->text, s->text_bytes)))
		return false;
	media->payload_count = s->payload_count;
	memcpy(media->payloads, s->payloads, s->payload_count * sizeof(s->payloads[0]));
	return true;
}

void qos_formats_keep(
	struct qos_formats_memo *memo, const struct sdp_media *sdp, const struct qos_media *media)
{
	struct qos_formats_section *s = &memo->sections[sdp->text_hash % SDP_MEMO_SECTIONS];

	s->kind = sdp->kind;
	s->text_bytes = sdp->text.n;
	memcpy(s->text, sdp->text.p, sdp->text.n);
	s->payload_count = media->payload_count;
	memcpy(s->payloads, media->payloads, media->payload_count * sizeof(s->payloads[0]));
}
