/* SPDX-License-Identifier: BSD-3-Clause */
/* Media sections that were read before: descriptions of one telephone or trunk are mostly the same but for address and
 * port, which stand before what is remembered.
 * Owner: the caller, who clears it at first. Threads: one. */
#ifndef SDP_MEMO_H
#define SDP_MEMO_H

#include "sdp_media.h"

enum {
	SDP_MEMO_SECTIONS = 64,
	SDP_MEMO_TEXT_MAX = 512, /* longer ones are read anew */
};

struct sdp_memo {
	struct sdp_memo_section {
		uint64_t hash; /* of text */
		size_t text_bytes; /* 0: nothing yet */
		enum sdp_direction inherited; /* the session's */
		uint8_t text[SDP_MEMO_TEXT_MAX];
		struct sdp_media media; /* slices into text */
	} sections[SDP_MEMO_SECTIONS];
};

/* What: fills media but for what stands before text if that is known; inherited: the session's direction. */
bool sdp_memo_recall(const struct sdp_memo *memo, struct bytes text, enum sdp_direction inherited,
	struct sdp_media *media);

/* What: remembers media, which was read out of text and the direction it inherited, and of nothing else that will be
 * needed. From now on media->text is text. */
void sdp_memo_keep(struct sdp_memo *memo, struct bytes text, enum sdp_direction inherited,
	struct sdp_media *media);

#endif
