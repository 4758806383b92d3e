/* SPDX-License-Identifier: BSD-3-Clause */
/* What a packet looks like to a receiver: good enough to choose a ring, and narrow, so that bulk traffic does not
 * fill that of signalling; the worker finds out what it is.
 * Owner: none. Threads: any; no state. */
#ifndef PROBE_LOOKS_H
#define PROBE_LOOKS_H

#include "pkt_decode.h"
#include "stun_msg.h"

/* RFC 5761 section 4. */
bool probe_looks_like_rtcp(struct bytes payload);

/* SIP in a datagram or at the front of a segment, a WebSocket handshake, RTCP; HEP too when it is read, and TCP at the
 * ports of what also names. */
bool probe_looks_like_signalling(const struct pkt_view *view, bool reads_hep, uint32_t also);

/* A STUN Binding request that names both sides (RFC 8445 section 7.2.2), or a success response; *msg is it. */
bool probe_may_be_ice(struct bytes payload, uint32_t wire, struct stun_msg *msg);

/* A DATA chunk of an SCTP packet begins like SIP, or like Diameter when also names that. */
bool probe_carries_signalling(const struct pkt_view *view, uint32_t also);

#endif
