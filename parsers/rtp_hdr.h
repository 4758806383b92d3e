/* SPDX-License-Identifier: BSD-3-Clause */
/* The RTP fixed header, CSRC list, extension and padding (RFC 3550 section 5.1, 5.3.1).
 * Owner: value type, no pointers. Threads: any; no state, no allocation. */
#ifndef RTP_HDR_H
#define RTP_HDR_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"

/*  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 * |                           timestamp                           |
 * |           synchronization source (SSRC) identifier            |
 * |            contributing source (CSRC) identifiers ...         |
 */
struct rtp_hdr {
	uint32_t ts;
	uint32_t ssrc;
	uint16_t seq;
	uint8_t pt;
	uint8_t csrc_count;
	bool marker;
	bool has_extension;
	bool has_padding;
	uint16_t extension_profile;
	uint16_t header_bytes; /* fixed header, CSRCs and extension */
	uint32_t payload_bytes; /* octets after the header on the wire, padding taken off */
};

enum rtp_status {
	RTP_OK = 0,
	RTP_SHORT = -1, /* fewer than 12 octets */
	RTP_VERSION = -2, /* version is not 2 */
	RTP_IS_RTCP = -3, /* second octet 192-223: RTCP, RFC 5761 section 4 */
	RTP_CSRC = -4, /* CSRC list runs beyond the packet */
	RTP_EXTENSION = -5, /* extension runs beyond the packet */
	RTP_PADDING = -6, /* padding count zero or larger than the payload */
};

/* What: parses the header at the front of payload; wire is the datagram's payload length, which is
 * larger than payload.n when the capture cut it. When the octet that holds the padding count was
 * not captured, padding counts as payload, and so do the words of an extension whose length was not. Returns RTP_OK
 * or why it is no RTP packet. */
enum rtp_status rtp_hdr_parse(struct bytes payload, uint32_t wire, struct rtp_hdr *hdr);

#endif
