/* SPDX-License-Identifier: BSD-3-Clause */
#include "pkt_tunnel.h"

enum {
	ETHER_IP_BYTES = 2,
	SESSION_BYTES = 4,
	L2TP_BYTES = 2,
	L2TP_CONTROL = 0x8000,
	L2TP_LENGTH = 0x4000,
	L2TP_SEQUENCE = 0x0800,
	L2TP_OFFSET = 0x0200,
	L2TP_VERSION = 0x000f,
};

bool pkt_ip_in_ip(struct pkt_layer *layer)
{
	layer->inner = PKT_INNER_IP;
	return true;
}

bool pkt_ether_ip(struct pkt_layer *layer)
{
	layer->inner = PKT_INNER_ETHERNET;
	return pkt_layer_skip(layer, ETHER_IP_BYTES) && layer->in.p[-2] >> 4 == 3;
}

/* The two ends agreed on the length of the cookie and on a sublayer, which a probe did not hear: it is
 * as many octets as leave a frame. */
static bool take_session(struct pkt_layer *layer)
{
	if (!pkt_layer_skip(layer, SESSION_BYTES))
		return false;
	layer->tenant = be32(layer->in.p - SESSION_BYTES);
	if (layer->tenant == 0) /* a control message */
		return false;
	for (size_t n = 0; n <= 12; n += 4) {
		struct bytes in = bytes_skip(layer->in, n);

		if (!pkt_is_ethernet(in) && !pkt_is_ip(in))
			continue;
		layer->inner = pkt_is_ethernet(in) ? PKT_INNER_ETHERNET : PKT_INNER_IP;
		layer->in = in;
		return true;
	}
	return false;
}

bool pkt_l2tp3_ip(struct pkt_layer *layer)
{
	return take_session(layer);
}

/* Version 2: optional length, tunnel and session, optional sequence numbers and padding, then PPP. */
static bool take_version_2(struct pkt_layer *layer, uint16_t flags)
{
	if (flags & L2TP_LENGTH && !pkt_layer_skip(layer, 2))
		return false;
	if (!pkt_layer_skip(layer, 4))
		return false;
	layer->tenant = be32(layer->in.p - 4);
	if (flags & L2TP_SEQUENCE && !pkt_layer_skip(layer, 4))
		return false;
	if (flags & L2TP_OFFSET &&
		(!pkt_layer_skip(layer, 2) || !pkt_layer_skip(layer, be16(layer->in.p - 2))))
		return false;
	return pkt_ppp(layer);
}

bool pkt_l2tp_udp(struct pkt_layer *layer)
{
	uint16_t flags;

	if (!pkt_layer_skip(layer, L2TP_BYTES))
		return false;
	flags = be16(layer->in.p - L2TP_BYTES);
	if (flags & L2TP_CONTROL)
		return false;
	if ((flags & L2TP_VERSION) == 2)
		return take_version_2(layer, flags);
	return flags == 3 && pkt_layer_skip(layer, 2) && take_session(layer);
}
