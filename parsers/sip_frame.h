/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a SIP message ends in a stream of octets (RFC 3261 section 18.3): after as many octets of body as
 * Content-Length says.
 * Owner: offsets into the caller's buffer. Threads: any; no state, no allocation. */
#ifndef SIP_FRAME_H
#define SIP_FRAME_H

#include "bytes.h"

enum sip_frame_kind {
	SIP_FRAME_MORE = 0, /* it may begin here, but does not end yet */
	SIP_FRAME_WHOLE,
	SIP_FRAME_NONE, /* no message begins here */
};

struct sip_frame {
	size_t skip; /* CR and LF before it: keep-alives (RFC 5626 section 3.5.1) */
	size_t n; /* its length; of one that does not end yet 0 while the head does not */
	size_t searched; /* octets behind skip in which the end of the head is not */
};

enum {
	SIP_FRAME_BEGIN_MIN = 3, /* fewer octets say nothing */
};

/* What: looks at the front of in. Without Content-Length the body is empty. *frame is zero, or what an earlier
 * call said of a shorter front, from its skip on, that had more to come: then that is not searched again. */
enum sip_frame_kind sip_frame_next(struct bytes in, struct sip_frame *frame);

/* What: whether a few octets, too few to be classified, are the beginning of a Status-Line or of a request
 * with a method of RFC 3261 or its extensions. Fewer than SIP_FRAME_BEGIN_MIN are not. */
bool sip_frame_may_begin(struct bytes in);

/* The offset of the first start line of SIP behind the first octet, at the front of a line or after a body
 * that ended without a line end; in.n when there is none. */
size_t sip_frame_find(struct bytes in);

#endif
