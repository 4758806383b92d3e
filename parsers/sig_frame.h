/* SPDX-License-Identifier: BSD-3-Clause */
/* Where messages of other signalling end in a stream of octets, beside sip_frame.h and in its terms: Diameter by its
 * own length, syslog by a count or a line end (RFC 6587), Megaco in TPKT (RFC 1006 section 6, H.248.1 annex D.2).
 * Owner: offsets into the caller's buffer. Threads: any; no state, no allocation. */
#ifndef SIG_FRAME_H
#define SIG_FRAME_H

#include "sig_kind.h"
#include "sip_frame.h"

/* What: the kind, of those that also names, whose messages a segment begins with, at one of its ports; SIG_NONE
 * without. Fewer than four octets say nothing. */
enum sig_kind sig_frame_begins(struct bytes in, uint16_t sport, uint16_t dport, uint32_t also);

/* What: sip_frame_next of these; what frames a message is part of skip. */
enum sip_frame_kind sig_frame_diameter(struct bytes in, struct sip_frame *frame);
enum sip_frame_kind sig_frame_syslog(struct bytes in, struct sip_frame *frame);
enum sip_frame_kind sig_frame_megaco(struct bytes in, struct sip_frame *frame);

/* The offset of the first message behind the first octet; in.n when there is none. */
size_t sig_frame_find_diameter(struct bytes in);
size_t sig_frame_find_syslog(struct bytes in);
size_t sig_frame_find_megaco(struct bytes in);

#endif
