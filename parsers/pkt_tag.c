/* SPDX-License-Identifier: BSD-3-Clause */
#include "pkt_tunnel.h"

enum {
	VN_TAG_BYTES = 4,
	E_TAG_BYTES = 6,
	PPPOE_BYTES = 6,
	SNAP_BYTES = 6,
	PPP_IP4 = 0x0021,
	PPP_IP6 = 0x0057,
};

/* A tag's octets, then the EtherType of what follows. */
static bool skip_tag(struct pkt_layer *layer, size_t n)
{
	if (!pkt_layer_skip(layer, n + 2))
		return false;
	layer->inner = PKT_INNER_ETHERTYPE;
	layer->type = be16(layer->in.p - 2);
	return true;
}

bool pkt_vn_tag(struct pkt_layer *layer)
{
	return skip_tag(layer, VN_TAG_BYTES);
}

bool pkt_e_tag(struct pkt_layer *layer)
{
	return skip_tag(layer, E_TAG_BYTES);
}

/* Organization code 0; others, as Cisco's, have types of their own. */
bool pkt_snap(struct pkt_layer *layer)
{
	static const uint8_t snap[SNAP_BYTES] = {0xaa, 0xaa, 0x03};

	return layer->in.n >= SNAP_BYTES && memcmp(layer->in.p, snap, SNAP_BYTES) == 0 &&
	       skip_tag(layer, SNAP_BYTES);
}

/* A protocol of one octet is odd (protocol field compression, RFC 1661 section 6.5). */
bool pkt_ppp(struct pkt_layer *layer)
{
	uint16_t proto;

	if (layer->in.n >= 2 && layer->in.p[0] == 0xff && layer->in.p[1] == 0x03)
		pkt_layer_skip(layer, 2);
	if (!pkt_layer_skip(layer, 1))
		return false;
	proto = layer->in.p[-1];
	if (!(proto & 1)) {
		if (!pkt_layer_skip(layer, 1))
			return false;
		proto = (uint16_t)(proto << 8 | layer->in.p[-1]);
	}
	layer->inner = PKT_INNER_IP;
	return proto == PPP_IP4 || proto == PPP_IP6;
}

bool pkt_pppoe(struct pkt_layer *layer)
{
	const uint8_t *p = layer->in.p;

	/* Version and type 1, code 0: data of a session. */
	if (!pkt_layer_skip(layer, PPPOE_BYTES) || be16(p) != 0x1100)
		return false;
	layer->tenant = be16(p + 2);
	layer->in = bytes_head(layer->in, be16(p + 4));
	return pkt_ppp(layer);
}
