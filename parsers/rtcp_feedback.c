/* SPDX-License-Identifier: BSD-3-Clause */
#include "rtcp_feedback.h"

#include <string.h>

enum {
	FEEDBACK_BYTES = 8, /* SSRC of sender and of media source, RFC 4585 section 6.1 */
	FMT_NACK = 1,
	FMT_PLI = 1,
	FMT_FIR = 4,
	FMT_AFB = 15, /* application layer feedback */
	NACK_BYTES = 4, /* an entry */
	FIR_BYTES = 8,
	REMB_BYTES = 8, /* name, count, exponent and mantissa; SSRCs follow */
	SSRC_BYTES = 4,
};

static bool is_remb(struct bytes fci)
{
	return fci.n >= REMB_BYTES && memcmp(fci.p, "REMB", 4) == 0;
}

static enum rtcp_feedback_kind kind_of(const struct rtcp_packet *packet, struct bytes fci)
{
	if (packet->type == RTCP_RTPFB)
		return packet->count == FMT_NACK ? RTCP_FB_NACK : RTCP_FB_OTHER;
	switch (packet->count) {
	case FMT_PLI:
		return RTCP_FB_PLI;
	case FMT_FIR:
		return RTCP_FB_FIR;
	case FMT_AFB:
		return is_remb(fci) ? RTCP_FB_REMB : RTCP_FB_OTHER;
	default:
		return RTCP_FB_OTHER;
	}
}

bool rtcp_feedback(const struct rtcp_packet *packet, struct rtcp_feedback *feedback)
{
	if ((packet->type != RTCP_RTPFB && packet->type != RTCP_PSFB) ||
		packet->body.n < FEEDBACK_BYTES)
		return false;
	feedback->fci = bytes_skip(packet->body, FEEDBACK_BYTES);
	feedback->media_ssrc = be32(packet->body.p + 4);
	feedback->kind = kind_of(packet, feedback->fci);
	return true;
}

unsigned rtcp_nack_packets(const struct rtcp_feedback *feedback)
{
	unsigned n = 0;

	for (size_t at = 0; at + NACK_BYTES <= feedback->fci.n; at += NACK_BYTES)
		n += 1 + (unsigned)__builtin_popcount(be16(feedback->fci.p + at + 2));
	return n;
}

bool rtcp_fir_entry(
	const struct rtcp_feedback *feedback, unsigned i, uint32_t *ssrc, uint8_t *number)
{
	size_t at = (size_t)i * FIR_BYTES;

	if (feedback->kind != RTCP_FB_FIR || at + FIR_BYTES > feedback->fci.n)
		return false;
	*ssrc = be32(feedback->fci.p + at);
	*number = feedback->fci.p[at + 4];
	return true;
}

bool rtcp_remb_entry(
	const struct rtcp_feedback *feedback, unsigned i, uint32_t *ssrc, uint64_t *bit_rate)
{
	const uint8_t *p = feedback->fci.p;
	size_t at = REMB_BYTES + (size_t)i * SSRC_BYTES;

	if (feedback->kind != RTCP_FB_REMB || i >= p[4] || at + SSRC_BYTES > feedback->fci.n)
		return false;
	/* 6 bits of exponent, 18 of mantissa: nothing is lost while the exponent is below 46. */
	*bit_rate = (uint64_t)(be32(p + 4) & 0x3ffff) << (p[5] >> 2 < 46 ? p[5] >> 2 : 46);
	*ssrc = be32(p + at);
	return true;
}
