/* SPDX-License-Identifier: BSD-3-Clause */
#include "qos_head.h"

enum {
	EVS_H = 0x80, /* the octet is a CMR, not of the table of contents */
	EVS_F = 0x40, /* more frames follow */
	EVS_IO = 0x20,
	EVS_RATE = 0x0f,
	EVS_RATES = 12, /* further ones are silence, and what has no speech in it */
	EVS_IO_RATES = 9,
};

struct qos_band qos_head_opus(const struct qos_head *head)
{
	/* Configurations stand four together, but the hybrid ones, of two bands with two each. */
	static const struct qos_band bands[] = {
		{QOS_NB, true, false}, /* SILK */
		{QOS_WB, true, true},
		{QOS_WB, true, false},
		{QOS_FB, true, false}, /* hybrid: superwideband and fullband */
		{QOS_NB, true, false}, /* CELT, which has no mediumband */
		{QOS_WB, true, false},
		{QOS_FB, true, false},
		{QOS_FB, true, false},
	};

	return head->octets ? bands[head->octet[0] >> 5] : (struct qos_band){0};
}

struct qos_evs_toc qos_head_evs(const struct qos_head *head)
{
	bool has_cmr = head->octets && head->octet[0] & EVS_H;
	uint8_t toc = head->octet[has_cmr];
	bool is_io = toc & EVS_IO;

	/* A second CMR there is not; of several frames the first is not all. */
	if (head->octets <= has_cmr || toc & (EVS_H | EVS_F) ||
		(toc & EVS_RATE) >= (is_io ? EVS_IO_RATES : EVS_RATES))
		return (struct qos_evs_toc){0};
	return (struct qos_evs_toc){
		.is_known = true,
		.has_cmr = has_cmr,
		.is_io = is_io,
		.rate = toc & EVS_RATE,
	};
}
