/* SPDX-License-Identifier: BSD-3-Clause */
#include "rtcp_xr.h"

enum {
	RRTR_BYTES = 8,
	DLRR_BYTES = 12, /* a sub-block */
};

/* RFC 3611 has 1 to 7; 10 to 31, 33 and 34 came later. */
bool rtcp_xr_is_known(uint8_t type)
{
	return (type >= 1 && type <= 7) || (type >= 10 && type <= 31) || type == 33 || type == 34;
}

bool rtcp_xr_rrtr(const struct rtcp_xr_block *block, uint32_t *middle)
{
	if (block->type != RTCP_XR_RRTR || block->body.n < RRTR_BYTES)
		return false;
	*middle = rtcp_ntp_middle(be32(block->body.p), be32(block->body.p + 4));
	return true;
}

bool rtcp_xr_dlrr(const struct rtcp_xr_block *block, unsigned i, struct rtcp_dlrr *dlrr)
{
	size_t at = (size_t)i * DLRR_BYTES;
	const uint8_t *p;

	if (block->type != RTCP_XR_DLRR || at + DLRR_BYTES > block->body.n)
		return false;
	p = block->body.p + at;
	dlrr->ssrc = be32(p);
	dlrr->lrr = be32(p + 4);
	dlrr->dlrr = be32(p + 8);
	return true;
}
