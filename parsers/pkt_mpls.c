/* SPDX-License-Identifier: BSD-3-Clause */
#include "pkt_tunnel.h"

enum {
	LABEL_BYTES = 4,
	LABELS_MAX = 16,
	CONTROL_WORD_BYTES = 4,
	IMPLICIT_LABELS = 16, /* 0 to 15 are reserved and name nobody (RFC 3032 section 2.1) */
};

/* Behind the last label nothing says what follows: IP by its first nibble, else a pseudowire, whose
 * control word begins with a nibble of 0 as many MAC addresses do. */
static bool find_inner(struct pkt_layer *layer)
{
	if (pkt_is_ip(layer->in)) {
		layer->inner = PKT_INNER_IP;
		return true;
	}
	layer->inner = PKT_INNER_ETHERNET;
	if (layer->in.n && layer->in.p[0] >> 4 == 0 &&
		pkt_is_ethernet(bytes_skip(layer->in, CONTROL_WORD_BYTES)))
		return pkt_layer_skip(layer, CONTROL_WORD_BYTES);
	return pkt_is_ethernet(layer->in);
}

bool pkt_mpls(struct pkt_layer *layer)
{
	uint32_t label = 0;

	for (unsigned i = 0; i < LABELS_MAX; i++) {
		if (!pkt_layer_skip(layer, LABEL_BYTES))
			return false;
		label = be32(layer->in.p - LABEL_BYTES);
		if (label >> 12 >= IMPLICIT_LABELS)
			layer->tenant = label >> 12;
		if (label >> 8 & 1) /* bottom of stack */
			return find_inner(layer);
	}
	return false;
}
