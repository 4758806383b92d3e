/* SPDX-License-Identifier: BSD-3-Clause */
/* Any UDP payload may begin like this: a header is believed only if its length is the datagram's, and with something
 * inside that is looked for. Media from it has to pass what all media has to pass. */
#include "pkt_turn.h"

#include "sip_frame.h"
#include "stun_msg.h"

enum {
	CHANNEL_NIBBLE = 4, /* 0x4000 to 0x4fff (RFC 8656 section 12) */
	CHANNEL_BYTES = 4, /* number and length */
	CHANNEL_PADDING = 3, /* octets at most, which UDP does not need (section 12.5) */
	MEDIA_BYTES = 8, /* the least: an RTCP packet of one SSRC */
	DTLS_BYTES = 13,
	SIP_BYTES = 12,
	SIP_LOOKED = 8, /* octets of a start line that tell */
};

/* RFC 7983 section 7. wire: octets that there are of inner. */
static bool is_known(struct bytes inner, uint32_t wire)
{
	if (inner.n < 3)
		return false;
	if (inner.p[0] >> 6 == 2)
		return wire >= MEDIA_BYTES;
	if (inner.p[0] >= 20 && inner.p[0] <= 25)
		return wire >= DTLS_BYTES && inner.p[1] == 0xfe;
	return stun_may_be(inner) ||
	       (wire >= SIP_BYTES && sip_frame_may_begin(bytes_head(inner, SIP_LOOKED)));
}

static bool move(struct pkt_view *view, struct bytes inner, uint32_t wire, enum pkt_relay relay)
{
	if (!is_known(inner, wire))
		return false;
	view->payload = inner;
	view->payload_wire = wire;
	view->relay = relay;
	return true;
}

/* RFC 5766 section 11 had channels up to 0x7fff. Text begins like that, and other protocols: so where TURN's port says
 * what it is, and nowhere else. */
static bool may_be_channel(const struct pkt_view *view)
{
	return view->payload.p[0] >> 4 == CHANNEL_NIBBLE || pkt_turn_is_port(view->flow.sport) ||
	       pkt_turn_is_port(view->flow.dport);
}

static bool open_channel(struct pkt_view *view)
{
	struct bytes inner = bytes_skip(view->payload, CHANNEL_BYTES);
	uint32_t length, there;

	if (view->payload.n < CHANNEL_BYTES || !may_be_channel(view))
		return false;
	length = be16(view->payload.p + 2);
	there = view->payload_wire - CHANNEL_BYTES;
	if (length > there || there - length > CHANNEL_PADDING)
		return false;
	return move(view, bytes_head(inner, length), length, PKT_RELAY_CHANNEL);
}

static bool open_indication(struct pkt_view *view)
{
	struct stun_msg msg;

	if (stun_msg_parse(view->payload, view->payload_wire, &msg) != STUN_OK ||
		msg.kind != STUN_INDICATION)
		return false;
	if (msg.method != STUN_SEND && msg.method != STUN_DATA)
		return false;
	return move(view, msg.data, msg.data_wire,
		msg.method == STUN_SEND ? PKT_RELAY_SEND : PKT_RELAY_DATA);
}

bool pkt_turn_open(struct pkt_view *view)
{
	if (view->payload.p[0] >> 6 == 1)
		return open_channel(view);
	return open_indication(view);
}
