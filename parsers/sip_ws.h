/* SPDX-License-Identifier: BSD-3-Clause */
/* SIP over WebSocket (RFC 7118) in a stream of octets: the opening handshake is passed over, and each
 * WebSocket message (RFC 6455 section 5), which may be in fragments with control frames between, is one SIP
 * message.
 * Owner: offsets into the caller's buffer. Threads: any; no state, no allocation. */
#ifndef SIP_WS_H
#define SIP_WS_H

#include "sip_frame.h"

struct sip_ws_message {
	size_t n; /* octets of its frames; of a frame that does not end yet, as many as it will have */
	size_t payload_n; /* at most; 0: a control frame, or the handshake */
	bool is_compressed; /* by permessage-deflate (RFC 7692) */
	size_t walked, walked_payload; /* of frames that are whole */
};

/* What: whether SIP over WebSocket begins here: a handshake for the subprotocol sip, in either direction, or
 * a frame in whose payload SIP begins. */
bool sip_ws_begins(struct bytes in);

/* What: looks at the front of in. SIP_FRAME_NONE: no frame with which a message begins. *message is zero, or what
 * an earlier call said of a shorter front that had more to come: frames that were whole are not read again. */
enum sip_frame_kind sip_ws_next(struct bytes in, struct sip_ws_message *message);

/* What: puts the payload of the frames of one message together, unmasked; of a frame that is cut as much as
 * there is. out has room for in.n octets. Returns the octets written. */
size_t sip_ws_payload(struct bytes in, uint8_t *out);

/* The offset of the first frame with SIP behind the first octet; in.n when there is none. */
size_t sip_ws_find(struct bytes in);

#endif
