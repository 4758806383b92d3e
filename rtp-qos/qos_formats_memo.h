/* SPDX-License-Identifier: BSD-3-Clause */
/* What payload types meant in sections that were read before, by their text (sdp_memo.h).
 * Owner: the table of endpoints. Threads: under its publishing mutex. */
#ifndef QOS_FORMATS_MEMO_H
#define QOS_FORMATS_MEMO_H

#include "qos_media.h"
#include "sdp_memo.h"

struct qos_formats_memo {
	struct qos_formats_section {
		enum sdp_kind kind;
		size_t text_bytes; /* 0: nothing yet */
		uint8_t text[SDP_MEMO_TEXT_MAX];
		unsigned payload_count;
		struct qos_payload payloads[QOS_MEDIA_PAYLOADS_MAX];
	} sections[SDP_MEMO_SECTIONS];
};

/* What: fills the payloads of media if they are known; sdp has a text. */
bool qos_formats_recall(
	const struct qos_formats_memo *memo, const struct sdp_media *sdp, struct qos_media *media);
/* What: remembers those of media, which all are of that text. */
void qos_formats_keep(
	struct qos_formats_memo *memo, const struct sdp_media *sdp, const struct qos_media *media);

#endif
