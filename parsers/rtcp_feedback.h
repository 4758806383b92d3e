/* SPDX-License-Identifier: BSD-3-Clause */
/* AVPF feedback (RFC 4585): NACK and PLI, FIR (RFC 5104 section 4.3.1) and REMB
 * (draft-alvestrand-rmcat-remb-03 section 2).
 * Owner: slices point into the caller's payload. Threads: any; no state. */
#ifndef RTCP_FEEDBACK_H
#define RTCP_FEEDBACK_H

#include "rtcp_packet.h"

enum rtcp_feedback_kind {
	RTCP_FB_OTHER = 0,
	RTCP_FB_NACK, /* generic NACK: RTPFB, FMT 1 */
	RTCP_FB_PLI, /* PSFB, FMT 1 */
	RTCP_FB_FIR, /* PSFB, FMT 4: about the sources of its entries, not about one media source */
	RTCP_FB_REMB, /* PSFB, FMT 15 with the name REMB: the same */
};

struct rtcp_feedback {
	enum rtcp_feedback_kind kind;
	uint32_t media_ssrc;
	struct bytes fci; /* feedback control information */
};

/* Returns false when the packet is no feedback. Call only on a packet that rtcp_validate accepted. */
bool rtcp_feedback(const struct rtcp_packet *packet, struct rtcp_feedback *feedback);

/* How many packets a NACK asks for: each entry for one, and for one by each bit of its mask. */
unsigned rtcp_nack_packets(const struct rtcp_feedback *feedback);

/* Entry i of a FIR. A request that is sent again has the same number. Returns false beyond. */
bool rtcp_fir_entry(
	const struct rtcp_feedback *feedback, unsigned i, uint32_t *ssrc, uint8_t *number);

/* Source i of a REMB, and the bit/s that it estimates. Returns false beyond. */
bool rtcp_remb_entry(
	const struct rtcp_feedback *feedback, unsigned i, uint32_t *ssrc, uint64_t *bit_rate);

#endif
