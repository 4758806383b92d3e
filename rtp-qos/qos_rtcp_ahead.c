/* SPDX-License-Identifier: BSD-3-Clause */
#include "qos_rtcp_ahead.h"

#include "qos_mem.h"
#include "qos_table.h"
#include "rtcp_packet.h"

enum {
	SENDER_AT = 4, /* SSRC of the sender, RFC 3550 section 6.4 */
	SR_BLOCK_AT = 28, /* of the first block, after the sender's information */
	RR_BLOCK_AT = 8,
};

static void add(const struct qos_table *t, const struct pkt_flow *flow, struct bytes payload,
	size_t at, struct qos_rtcp_ahead *ahead)
{
	struct pkt_media_key *key = &ahead->key[ahead->count];
	uint32_t slot;

	if (payload.n < at + sizeof(uint32_t))
		return;
	*key = pkt_media_key(flow, be32(payload.p + at), &t->seed);
	slot = qos_table_locate(t, qos_table_hash(t, key));
	__builtin_prefetch(&t->hot[slot]);
	__builtin_prefetch(&t->stream_of[slot]);
	ahead->slot[ahead->count++] = slot;
}

void qos_rtcp_ahead_slots(const struct qos_table *t, const struct pkt_flow *flow,
	struct bytes payload, struct qos_rtcp_ahead *ahead)
{
	struct pkt_flow back = pkt_flow_turned(flow);
	bool has_block = payload.n && payload.p[0] & 0x1f;

	ahead->count = 0;
	add(t, flow, payload, SENDER_AT, ahead);
	if (has_block && payload.n > 1 && payload.p[1] == RTCP_SR)
		add(t, &back, payload, SR_BLOCK_AT, ahead);
	else if (has_block && payload.n > 1 && payload.p[1] == RTCP_RR)
		add(t, &back, payload, RR_BLOCK_AT, ahead);
}

void qos_rtcp_ahead_streams(const struct qos_table *t, const struct qos_rtcp_ahead *ahead)
{
	for (unsigned i = 0; i < ahead->count; i++) {
		uint32_t slot = ahead->slot[i];
		const uint8_t *rtcp;

		if (!qos_table_is_of(t, slot, &ahead->key[i]))
			continue;
		rtcp = (const uint8_t *)&t->cold[t->stream_of[slot]].rtcp;
		for (size_t at = 0; at < offsetof(struct qos_rtcp, rrtr); at += QOS_LINE_BYTES)
			__builtin_prefetch(rtcp + at, 1);
	}
}
