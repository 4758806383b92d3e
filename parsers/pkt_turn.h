/* SPDX-License-Identifier: BSD-3-Clause */
/* What TURN (RFC 8656) carries between a client and its relay: ChannelData (section 12.4), Send and Data indications
 * (section 11). Channels from 0x5000 on, which RFC 5766 had as well, are read at the ports of TURN alone. The
 * addresses stay those of client and relay; whose the far end is stands in a ChannelBind only.
 * Owner: what comes out points into the frame. Threads: any; no state, no allocation. */
#ifndef PKT_TURN_H
#define PKT_TURN_H

#include "pkt_decode.h"

enum {
	PKT_TURN_PORT = 3478,
	PKT_TURNS_PORT = 5349,
};

static inline bool pkt_turn_is_port(uint16_t port)
{
	return port == PKT_TURN_PORT || port == PKT_TURNS_PORT;
}

/* What: moves view's UDP payload to what is inside, if that is RTP, RTCP, STUN, DTLS or SIP; else all stays as it
 * is. True: it did. */
bool pkt_turn_open(struct pkt_view *view);

/* A quick look, for nearly everything that is none. */
static inline bool pkt_turn_may_be(struct bytes payload)
{
	return payload.p[0] >> 6 == 1 || payload.p[0] == 0;
}

#endif
