/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports are free for anything: a header is believed only with all its fixed bits, and with something
 * inside that can be looked into. */
#include "pkt_tunnel.h"

enum {
	VXLAN_BYTES = 8,
	GENEVE_BYTES = 8,
	GTP_BYTES = 8,
	GTP_VERSION_1 = 0x30, /* version 1, protocol type GTP */
	GTP_EXTENSION = 0x04,
	GTP_OPTIONAL = 0x07, /* any of extension, sequence number, N-PDU number: all three fields */
	GTP_G_PDU = 255,
	TZSP_BYTES = 4,
	TZSP_ETHERNET = 1,
	TZSP_PADDING = 0,
	TZSP_END = 1,
	CAPWAP_BYTES = 8,
	CAPWAP_NATIVE = 0x01, /* T: 802.11 as it was on the air */
	CAPWAP_FRAGMENT = 0x80,
	CAPWAP_KEEPALIVE = 0x08,
	WIFI_BYTES = 24,
	WIFI_QOS_BYTES = 2,
	WIFI_ADDRESS_BYTES = 6,
	HP_ERM_BYTES = 12,
};

/* The I flag, or with group policy (draft-smith-vxlan-group-policy) G too. */
bool pkt_vxlan(struct pkt_layer *layer)
{
	const uint8_t *p = layer->in.p;

	if (!pkt_layer_skip(layer, VXLAN_BYTES) || (p[0] & 0x7f) != 0x08 || p[7])
		return false;
	layer->tenant = be32(p + 4) >> 8;
	layer->is_network = true;
	layer->inner = PKT_INNER_ETHERNET;
	return pkt_is_ethernet(layer->in);
}

bool pkt_geneve(struct pkt_layer *layer)
{
	const uint8_t *p = layer->in.p;

	if (!pkt_layer_skip(layer, GENEVE_BYTES) || p[0] >> 6 || p[1] & 0x3f || p[7] ||
		!pkt_layer_skip(layer, (size_t)(p[0] & 0x3f) * 4))
		return false;
	layer->tenant = be32(p + 4) >> 8;
	layer->is_network = true;
	layer->inner = PKT_INNER_ETHERTYPE;
	layer->type = be16(p + 2);
	layer->is_gre = true;
	return true;
}

/* Each extension header ends with the type of the next, 0 for none; its first octet counts its words. */
static bool skip_gtp_extensions(struct pkt_layer *layer, uint8_t next)
{
	while (next) {
		size_t size = layer->in.n ? layer->in.p[0] * 4u : 0;

		if (!size || !pkt_layer_skip(layer, size))
			return false;
		next = layer->in.p[-1];
	}
	return true;
}

bool pkt_gtp_u(struct pkt_layer *layer)
{
	const uint8_t *p = layer->in.p;

	if (!pkt_layer_skip(layer, GTP_BYTES) || (p[0] & 0xf0) != GTP_VERSION_1 ||
		p[1] != GTP_G_PDU)
		return false;
	layer->in = bytes_head(layer->in, be16(p + 2));
	layer->tenant = be32(p + 4);
	if (p[0] & GTP_OPTIONAL && !pkt_layer_skip(layer, 4))
		return false;
	if (p[0] & GTP_EXTENSION && !skip_gtp_extensions(layer, layer->in.p[-1]))
		return false;
	layer->inner = PKT_INNER_IP;
	return pkt_is_ip(layer->in);
}

/* Type 0: a received frame behind tagged fields. */
bool pkt_tzsp(struct pkt_layer *layer)
{
	const uint8_t *p = layer->in.p;
	uint8_t tag;

	if (!pkt_layer_skip(layer, TZSP_BYTES) || p[0] != 1 || p[1] > 1 ||
		be16(p + 2) != TZSP_ETHERNET)
		return false;
	do {
		if (!pkt_layer_skip(layer, 1))
			return false;
		tag = layer->in.p[-1];
		if (tag > TZSP_END &&
			(!pkt_layer_skip(layer, 1) || !pkt_layer_skip(layer, layer->in.p[-1])))
			return false;
	} while (tag != TZSP_END);
	layer->inner = PKT_INNER_ETHERNET;
	return pkt_is_ethernet(layer->in);
}

/* IEEE 802.11 data frame with LLC and SNAP. Some controllers swap the octets of frame control. */
static bool take_wifi(struct pkt_layer *layer)
{
	const uint8_t *p = layer->in.p;
	size_t header = WIFI_BYTES;
	uint8_t kind, ways;

	if (layer->in.n < WIFI_BYTES)
		return false;
	kind = (p[0] & 0x0f) == 0x08 ? p[0] : p[1];
	ways = (p[0] & 0x0f) == 0x08 ? p[1] : p[0];
	/* Data, with a payload, and clear of encryption. */
	if ((kind & 0x0f) != 0x08 || kind & 0x40 || ways & 0x40)
		return false;
	if ((ways & 3) == 3)
		header += WIFI_ADDRESS_BYTES;
	if (kind & 0x80)
		header += WIFI_QOS_BYTES;
	return pkt_layer_skip(layer, header) && pkt_snap(layer);
}

/* A datagram in DTLS has preamble 1; of a fragmented frame nothing is taken. */
bool pkt_capwap(struct pkt_layer *layer)
{
	const uint8_t *p = layer->in.p;

	if (layer->in.n < CAPWAP_BYTES || p[0] || p[3] & (CAPWAP_FRAGMENT | CAPWAP_KEEPALIVE) ||
		p[1] >> 3 < 2 || !pkt_layer_skip(layer, (size_t)(p[1] >> 3) * 4))
		return false;
	if (p[2] & CAPWAP_NATIVE)
		return take_wifi(layer);
	layer->inner = PKT_INNER_ETHERNET;
	return pkt_is_ethernet(layer->in);
}

bool pkt_hp_erm(struct pkt_layer *layer)
{
	layer->inner = PKT_INNER_ETHERNET;
	return pkt_layer_skip(layer, HP_ERM_BYTES) && pkt_is_ethernet(layer->in);
}
