/* SPDX-License-Identifier: BSD-3-Clause */
#include "pkt_tunnel.h"

enum {
	GRE_BYTES = 4,
	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000, /* RFC 1701 only, and deprecated */
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_ACK = 0x0080, /* version 1 */
	GRE_VERSION = 0x0007,
	TYPE_IP4 = 0x0800,
	TYPE_IP6 = 0x86dd,
	TYPE_PPP = 0x880b,
	TYPE_TEB = 0x6558,
	ERSPAN2_BYTES = 8,
	ERSPAN3_BYTES = 12,
	ERSPAN3_PLATFORM_BYTES = 8,
	SESSION_MASK = 0x03ff,
};

/* PPTP: the key is a length and a call, each half always there; packets without a sequence number carry
 * nothing. */
static bool take_version_1(struct pkt_layer *layer, uint16_t flags)
{
	uint16_t length;

	if (layer->type != TYPE_PPP || !(flags & GRE_KEY) || !(flags & GRE_SEQUENCE) ||
		!pkt_layer_skip(layer, 8))
		return false;
	length = be16(layer->in.p - 8);
	layer->tenant = be16(layer->in.p - 6);
	if (flags & GRE_ACK && !pkt_layer_skip(layer, 4))
		return false;
	layer->in = bytes_head(layer->in, length);
	return true;
}

static bool take_version_0(struct pkt_layer *layer, uint16_t flags)
{
	if (flags & GRE_CHECKSUM && !pkt_layer_skip(layer, 4))
		return false;
	if (flags & GRE_KEY) {
		if (!pkt_layer_skip(layer, 4))
			return false;
		layer->tenant = be32(layer->in.p - 4);
		/* NVGRE: 24 bits of network, then 8 of flow. */
		layer->is_network = layer->type == TYPE_TEB;
		if (layer->is_network)
			layer->tenant >>= 8;
	}
	layer->has_seq = flags & GRE_SEQUENCE;
	return !layer->has_seq || pkt_layer_skip(layer, 4);
}

bool pkt_gre(struct pkt_layer *layer)
{
	uint16_t flags;

	if (!pkt_layer_skip(layer, GRE_BYTES))
		return false;
	flags = be16(layer->in.p - 4);
	layer->inner = PKT_INNER_ETHERTYPE;
	layer->type = be16(layer->in.p - 2);
	layer->is_gre = true;
	if (flags & GRE_ROUTING || (flags & GRE_VERSION) > 1)
		return false;
	return flags & GRE_VERSION ? take_version_1(layer, flags) : take_version_0(layer, flags);
}

/* A port is free for anything: only with something inside that can be looked into. */
bool pkt_gre_udp(struct pkt_layer *layer)
{
	if (!pkt_gre(layer))
		return false;
	if (layer->type == TYPE_IP4 || layer->type == TYPE_IP6)
		return pkt_is_ip(layer->in);
	return layer->type == TYPE_TEB && pkt_is_ethernet(layer->in);
}

bool pkt_teb(struct pkt_layer *layer)
{
	layer->inner = PKT_INNER_ETHERNET;
	return true;
}

/* Type I is GRE alone; type II has sequence numbers and a header of its own. */
bool pkt_erspan(struct pkt_layer *layer)
{
	layer->inner = PKT_INNER_ETHERNET;
	if (!layer->has_seq)
		return true;
	if (!pkt_layer_skip(layer, ERSPAN2_BYTES) || layer->in.p[-ERSPAN2_BYTES] >> 4 != 1)
		return false;
	layer->tenant = be16(layer->in.p - 6) & SESSION_MASK;
	return true;
}

bool pkt_erspan3(struct pkt_layer *layer)
{
	const uint8_t *p = layer->in.p;
	unsigned frame_type;

	if (!pkt_layer_skip(layer, ERSPAN3_BYTES) || p[0] >> 4 != 2)
		return false;
	layer->tenant = be16(p + 2) & SESSION_MASK;
	layer->stamp.value = be32(p + 4);
	layer->stamp.clock = layer->tenant << 6 | (be16(p + 10) >> 4 & 0x3f);
	layer->stamp.unit = (uint8_t)(PKT_STAMP_100US + (p[11] >> 1 & 3));
	frame_type = p[10] >> 2 & 0x1f;
	if (p[11] & 1 && !pkt_layer_skip(layer, ERSPAN3_PLATFORM_BYTES))
		return false;
	layer->inner = frame_type == 2 ? PKT_INNER_IP : PKT_INNER_ETHERNET;
	return frame_type == 0 || frame_type == 2;
}
