/* SPDX-License-Identifier: BSD-3-Clause */
/* Finds the session description in a SIP body: application/sdp alone or as a part of multipart
 * (RFC 2046 section 5.1, RFC 5621).
 * Owner: slices into the message. Threads: any. */
#ifndef SIP_BODY_H
#define SIP_BODY_H

#include "sip_msg.h"

/* What: the first application/sdp part of the body, looking into at most two levels of multipart.
 * A body without Content-Type that starts with "v=0" counts as SDP. Returns false when none. */
bool sip_body_sdp(const struct sip_msg *msg, struct bytes *sdp);

#endif
