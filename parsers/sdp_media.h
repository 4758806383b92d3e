/* SPDX-License-Identifier: BSD-3-Clause */
/* The media of a session description (RFC 4566, RFC 8866): where each stream is to be sent and
 * what its payload types mean (RFC 3264, RFC 3605, RFC 5761).
 * Owner: slices into the SDP text. Threads: any; no state, no allocation. */
#ifndef SDP_MEDIA_H
#define SDP_MEDIA_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "pkt_flow.h"

enum {
	SDP_MEDIA_MAX = 16, /* m= lines kept of one description */
	SDP_FORMATS_MAX = 32, /* payload types kept of one m= line */
	SDP_CANDIDATES_MAX = 8, /* kept of one m= line */
	SDP_PORTS_MAX = 8, /* pairs of ports kept of one m= line */
	SDP_ADDRESSES_MAX = 8, /* multicast addresses kept of one c= line */
	SDP_UFRAG_MIN = 4, /* octets of a=ice-ufrag (RFC 8839 section 5.4) */
	SDP_UFRAG_MAX = 256,
};

enum sdp_kind {
	SDP_AUDIO = 0,
	SDP_VIDEO,
	SDP_IMAGE, /* T.38 over UDPTL */
	SDP_TEXT,
	SDP_APPLICATION,
	SDP_OTHER,
};

enum sdp_direction {
	SDP_SENDRECV = 0,
	SDP_SENDONLY,
	SDP_RECVONLY,
	SDP_INACTIVE,
};

struct sdp_format {
	uint8_t pt; /* RTP payload type 0-127 */
	uint8_t channels; /* from rtpmap, 1 when not given */
	uint32_t clock; /* Hz from rtpmap; 0 without one (static types: RFC 3551) */
	struct bytes name; /* encoding name from rtpmap as spelt, empty without one */
	struct bytes fmtp;
};

/* Where media may go as well, or instead (RFC 8839 section 5.1); UDP with an IP address only. */
struct sdp_candidate {
	bool is_rtcp; /* component 2 */
	uint8_t family; /* 4 or 6 */
	uint16_t port; /* not 0 */
	struct pkt_addr addr;
};

struct sdp_media {
	enum sdp_kind kind;
	bool is_rtp; /* proto is RTP/AVP, RTP/SAVP, RTP/AVPF, RTP/SAVPF, UDP/TLS/RTP/... */
	bool is_udptl; /* proto is udptl */
	bool has_rtcp_mux;
	bool is_secure; /* SAVP or SAVPF */
	uint8_t tag_bytes; /* SRTP's authentication tag by a=crypto; 0 without, or when they differ */
	bool has_address; /* family and addr are set; false for host names */
	uint8_t family; /* 4 or 6 */
	struct pkt_addr addr;
	uint8_t address_count; /* from addr on, one above the other, mostly 1 */
	uint8_t port_count; /* pairs of RTP and RTCP from port on, mostly 1 */
	uint16_t port; /* 0: rejected or disabled */
	uint16_t rtcp_port; /* a=rtcp, else port with rtcp-mux, else port + 1; 0 when port is 0 */
	uint8_t rtcp_family; /* address of a=rtcp when it has one, else that of the media; 0 if unknown */
	struct pkt_addr rtcp_addr;
	enum sdp_direction direction; /* media level, else session level, else sendrecv */
	uint16_t ptime_ms; /* a=ptime rounded, 0 when absent */
	struct bytes mid; /* RFC 5888, empty without */
	struct bytes ice_ufrag; /* of the section, else of the session; empty without */
	/* Of the only section: all that follows its port, if formats and attributes are what that says and no more,
	 * and its hash; empty else, and without a memo (sdp_memo.h). */
	struct bytes text;
	uint64_t text_hash;
	unsigned format_count;
	unsigned candidate_count;
	struct sdp_format formats[SDP_FORMATS_MAX];
	struct sdp_candidate candidates[SDP_CANDIDATES_MAX];
};

struct sdp_memo;

struct sdp_session {
	unsigned media_count;
	struct sdp_media media[SDP_MEDIA_MAX];
	bool has_more_media; /* more m= lines than SDP_MEDIA_MAX */
	bool has_candidates; /* a section has some, of whatever kind: ICE (RFC 8839) */
	struct bytes origin; /* o= value */
	struct bytes name; /* s= value */
	struct bytes bundle; /* mids of the first a=group:BUNDLE (RFC 9143), empty without */
};

enum sdp_status {
	SDP_OK = 0,
	SDP_NOT_SDP = -1, /* does not start with v= */
};

/* What: parses a description. Lines end in CR LF, LF or CR; a line that makes no sense is skipped,
 * the rest still counts. c= of a media section wins over the session's. */
enum sdp_status sdp_media_parse(struct bytes text, struct sdp_session *session);

/* The same, quicker where the memo (sdp_memo.h) knows the section of the last ones; it learns from text. */
enum sdp_status sdp_media_parse_by(
	struct sdp_memo *memo, struct bytes text, struct sdp_session *session);

/* Whether two sections of a session have one transport: by BUNDLE, or by naming the same address and port. */
bool sdp_media_shares(
	const struct sdp_session *session, const struct sdp_media *a, const struct sdp_media *b);

#endif
