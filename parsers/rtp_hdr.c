/* SPDX-License-Identifier: BSD-3-Clause */
/* RTP header parsing. Lengths are checked against the datagram on the wire; only the extension's own
 * length word and the padding count have to have been captured to be used. */
#include "rtp_hdr.h"

enum {
	RTP_FIXED_BYTES = 12,
	RTP_EXTENSION_BYTES = 4, /* profile and length, before the extension's words */
};

/* Takes the extension into account in hdr and in *header (RFC 3550 section 5.3.1). */
static bool parse_extension(
	struct bytes payload, uint32_t wire, uint32_t *header, struct rtp_hdr *hdr)
{
	const uint8_t *p;

	/* Cut: how long it is nobody knows, and the stream is one all the same. */
	if (*header + RTP_EXTENSION_BYTES > payload.n) {
		*header += RTP_EXTENSION_BYTES;
		return payload.n < wire && *header <= wire;
	}
	p = payload.p + *header;
	hdr->extension_profile = be16(p);
	*header += RTP_EXTENSION_BYTES + be16(p + 2) * 4u;
	return *header <= wire && *header <= UINT16_MAX;
}

/* The count includes itself, so that 0 is impossible (RFC 3550 section 5.1). */
static bool strip_padding(struct bytes payload, uint32_t wire, struct rtp_hdr *hdr)
{
	uint8_t count;

	if (hdr->payload_bytes == 0)
		return false;
	if (payload.n < wire)
		return true;
	count = payload.p[wire - 1];
	if (count == 0 || count > hdr->payload_bytes)
		return false;
	hdr->payload_bytes -= count;
	return true;
}

enum rtp_status rtp_hdr_parse(struct bytes payload, uint32_t wire, struct rtp_hdr *hdr)
{
	const uint8_t *p = payload.p;
	uint32_t header;

	payload = bytes_head(payload, wire);
	if (payload.n < RTP_FIXED_BYTES)
		return RTP_SHORT;
	if (p[0] >> 6 != 2)
		return RTP_VERSION;
	if (p[1] >= 192 && p[1] <= 223)
		return RTP_IS_RTCP;
	hdr->has_padding = p[0] & 0x20;
	hdr->has_extension = p[0] & 0x10;
	hdr->csrc_count = p[0] & 0x0f;
	hdr->marker = p[1] & 0x80;
	hdr->pt = p[1] & 0x7f;
	hdr->seq = be16(p + 2);
	hdr->ts = be32(p + 4);
	hdr->ssrc = be32(p + 8);
	hdr->extension_profile = 0;

	header = RTP_FIXED_BYTES + hdr->csrc_count * 4u;
	if (header > wire)
		return RTP_CSRC;
	if (hdr->has_extension && !parse_extension(payload, wire, &header, hdr))
		return RTP_EXTENSION;
	hdr->header_bytes = (uint16_t)header;
	hdr->payload_bytes = wire - header;
	if (hdr->has_padding && !strip_padding(payload, wire, hdr))
		return RTP_PADDING;
	return RTP_OK;
}
