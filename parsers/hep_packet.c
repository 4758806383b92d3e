/* SPDX-License-Identifier: BSD-3-Clause */
#include "hep_packet.h"

#include "hep_chunk.h"

enum {
	CHUNK_BYTES = 6, /* vendor, type and length, which counts them too */
};

/* What has been read of the addresses: bits 4 and 6 of each side's families. */
struct ends {
	uint8_t src, dst;
};

static void take_address(struct bytes data, struct pkt_addr *addr, uint8_t *family)
{
	if (data.n != 4 && data.n != 16)
		return;
	*addr = (struct pkt_addr){0};
	memcpy(addr->b, data.p, data.n);
	*family = data.n == 4 ? 4 : 6;
}

static void take_chunk(
	uint16_t type, struct bytes data, struct hep_packet *packet, struct ends *ends)
{
	switch (type) {
	case HEP_CHUNK_SRC_IP4:
	case HEP_CHUNK_SRC_IP6:
		take_address(data, &packet->flow.src, &ends->src);
		break;
	case HEP_CHUNK_DST_IP4:
	case HEP_CHUNK_DST_IP6:
		take_address(data, &packet->flow.dst, &ends->dst);
		break;
	case HEP_CHUNK_PAYLOAD:
		packet->payload = data;
		break;
	case HEP_CHUNK_PROTOCOL:
		if (data.n == 1)
			packet->flow.proto = data.p[0];
		break;
	case HEP_CHUNK_TYPE:
		if (data.n == 1)
			packet->type = data.p[0];
		break;
	case HEP_CHUNK_SRC_PORT:
		if (data.n == 2)
			packet->flow.sport = be16(data.p);
		break;
	case HEP_CHUNK_DST_PORT:
		if (data.n == 2)
			packet->flow.dport = be16(data.p);
		break;
	case HEP_CHUNK_VLAN:
		if (data.n == 2)
			packet->vlan = be16(data.p);
		break;
	case HEP_CHUNK_AGENT_ID:
		if (data.n == 4)
			packet->agent_id = be32(data.p);
		break;
	default:
		break;
	}
}

bool hep_packet_parse(struct bytes in, struct hep_packet *packet)
{
	struct ends ends = {0};
	size_t total;

	*packet = (struct hep_packet){0};
	if (in.n < HEP_HEADER_BYTES || !hep_packet_begins(in))
		return false;
	total = be16(in.p + 4);
	if (total < HEP_HEADER_BYTES || total > in.n)
		return false;
	in = bytes_skip(bytes_head(in, total), HEP_HEADER_BYTES);
	while (in.n) {
		size_t n = in.n >= CHUNK_BYTES ? be16(in.p + 4) : 0;

		if (n < CHUNK_BYTES || n > in.n)
			return false;
		/* Vendor 0 is HEP itself. */
		if (be16(in.p) == 0)
			take_chunk(be16(in.p + 2), bytes_skip(bytes_head(in, n), CHUNK_BYTES),
				packet, &ends);
		in = bytes_skip(in, n);
	}
	packet->flow.family = ends.src;
	return ends.src && ends.src == ends.dst;
}
