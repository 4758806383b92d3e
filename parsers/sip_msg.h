/* SPDX-License-Identifier: BSD-3-Clause */
/* One SIP message (RFC 3261 section 7): start line and the headers that calls and HOMER need.
 * Owner: every slice points into the caller's buffer. Threads: any; no state, no allocation. */
#ifndef SIP_MSG_H
#define SIP_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"

enum sip_method {
	SIP_OTHER = 0, /* any other token: extension-method, RFC 3261 section 25.1 */
	SIP_INVITE,
	SIP_ACK,
	SIP_BYE,
	SIP_CANCEL,
	SIP_OPTIONS,
	SIP_REGISTER,
	SIP_PRACK, /* RFC 3262 */
	SIP_SUBSCRIBE, /* RFC 6665 */
	SIP_NOTIFY,
	SIP_PUBLISH, /* RFC 3903 */
	SIP_INFO, /* RFC 6086 */
	SIP_REFER, /* RFC 3515 */
	SIP_MESSAGE, /* RFC 3428 */
	SIP_UPDATE, /* RFC 3311 */
};

/* A From, To, Contact or P-Asserted-Identity value. */
struct sip_party {
	struct bytes value; /* whole header value, folded lines as they stand */
	struct bytes uri; /* between < and >, or the addr-spec */
	struct bytes user; /* user part of the URI; number of a tel: URI */
	struct bytes tag; /* From and To */
};

struct sip_msg {
	bool is_request;
	/* Of the request line; of CSeq in a response, or where that lost its beginning. */
	enum sip_method method;
	struct bytes method_name; /* as spelt */
	struct bytes request_uri;
	uint16_t status; /* 100-699, 0 in a request */
	struct bytes reason; /* reason phrase */

	struct bytes call_id;
	struct sip_party from; /* sip_msg_parse: value alone, as of to */
	struct sip_party to;
	bool has_from, has_to; /* were taken apart */
	struct sip_party contact; /* sip_msg_parse: value alone, of the first header, as a list */
	uint32_t cseq;
	struct bytes cseq_method;
	struct bytes via; /* sip_msg_parse: the topmost header, as a list */
	struct bytes via_branch; /* sip_msg_parse: empty */
	struct bytes user_agent; /* User-Agent or Server */
	struct bytes content_type;
	struct bytes content_encoding;
	int64_t content_length; /* -1 when the header is absent */

	struct bytes head; /* start line and headers, with the empty line */
	struct bytes body; /* as much of it as is there, at most Content-Length */
	bool is_body_cut; /* fewer octets follow than Content-Length says */
	bool is_head_cut; /* the input ended before the empty line */
};

enum sip_status {
	SIP_OK = 0,
	SIP_START_LINE = -1, /* neither Request-Line nor Status-Line */
	SIP_NO_CALL_ID = -2, /* Call-ID missing or empty */
	SIP_BAD_CSEQ = -3, /* CSeq missing or not "number method" */
	SIP_BAD_CONTENT_LENGTH = -4, /* not a number, or repeated with another value */
};

/* What: parses the message at the front of in, after leading CR LF. Takes compact forms (RFC 3261
 * section 7.3.3), folded lines, any header case, LF alone as line end, several values in one
 * header; of a repeated single-value header the first counts. Lenient by design, since a probe
 * reports what was on the wire: only what makes the message unusable is an error. A message cut by
 * the capture is parsed as far as it goes. Header names in the body part of a multipart are not
 * headers.
 * Returns SIP_OK or the reason. */
enum sip_status sip_msg_parse(struct bytes in, struct sip_msg *msg);

/* What: whether a message that sip_msg_parse made msg of and refused ended too early for what it
 * says: in its start line, or before the end of the header that is missing or that lacks
 * something. */
bool sip_msg_ended_early(struct bytes in, const struct sip_msg *msg, enum sip_status status);

/* What: of a message that was parsed takes From and To apart, unless that was done. Most messages
 * of a call need neither. */
void sip_msg_parse_parties(struct sip_msg *msg);
/* To alone. */
void sip_msg_parse_to(struct sip_msg *msg);

/* What: of a message that was parsed the first Contact, the topmost Via value and its branch. No
 * call needs these, and they take a fifth of the time. */
void sip_msg_parse_hops(struct sip_msg *msg);

/* What: of a message that was parsed the value of the first header of this name in any case, folded
 * lines as they stand; empty without one. Looks through the whole head. */
struct bytes sip_msg_header(const struct sip_msg *msg, struct bytes name);

/* What: of a message that was parsed the UUID of who began the session, RFC 7989 section 5: the
 * sender's own in a request, in a response the remote one. Empty without, and for the nil UUID,
 * which stands for one not known yet. */
struct bytes sip_msg_session(const struct sip_msg *msg);

/* "INVITE" ...; "OTHER" for SIP_OTHER. */
const char *sip_method_name(enum sip_method method);

#endif
