/* SPDX-License-Identifier: BSD-3-Clause */
/* The XR blocks by which receivers that send no SR measure round trips: RRTR and DLRR (RFC 3611 sections
 * 4.4 and 4.5), and the list of all block types.
 * Owner: a block's body points into the caller's payload. Threads: any; no state. */
#ifndef RTCP_XR_H
#define RTCP_XR_H

#include "rtcp_packet.h"

enum rtcp_xr_type {
	RTCP_XR_RRTR = 4,
	RTCP_XR_DLRR = 5,
	RTCP_XR_VOIP = 7,
};

struct rtcp_dlrr {
	uint32_t ssrc; /* of the receiver whose RRTR came */
	uint32_t lrr; /* middle 32 bits of its NTP timestamp, 0: none came */
	uint32_t dlrr; /* 1/65536 s */
};

/* The middle 32 bits of an NTP timestamp, RFC 3550 section 6.4.1: what LSR and LRR repeat. */
static inline uint32_t rtcp_ntp_middle(uint32_t sec, uint32_t frac)
{
	return sec << 16 | frac >> 16;
}

/* Whether IANA has the block type. */
bool rtcp_xr_is_known(uint8_t type);

/* Returns false when the block is no RRTR or too short for one. *middle: of its NTP timestamp. */
bool rtcp_xr_rrtr(const struct rtcp_xr_block *block, uint32_t *middle);

/* Sub-block i of a DLRR. Returns false beyond the last, and for other blocks. */
bool rtcp_xr_dlrr(const struct rtcp_xr_block *block, unsigned i, struct rtcp_dlrr *dlrr);

#endif
