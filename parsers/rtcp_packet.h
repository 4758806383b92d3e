/* SPDX-License-Identifier: BSD-3-Clause */
/* RTCP compounds (RFC 3550 section 6), reduced-size RTCP (RFC 5506), feedback (RFC 4585) and
 * extended reports (RFC 3611), packet by packet and block by block.
 * Owner: every slice points into the caller's payload. Threads: any; no state, no allocation. */
#ifndef RTCP_PACKET_H
#define RTCP_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"

enum rtcp_type {
	RTCP_SR = 200,
	RTCP_RR = 201,
	RTCP_SDES = 202,
	RTCP_BYE = 203,
	RTCP_APP = 204,
	RTCP_RTPFB = 205,
	RTCP_PSFB = 206,
	RTCP_XR = 207,
};

enum {
	RTCP_HEADER_BYTES = 4,
	RTCP_SSRC_BYTES = 4,
	RTCP_PAD_UNIT = 4,
};

struct rtcp_packet {
	uint8_t type; /* enum rtcp_type, or another value 192-223 */
	uint8_t count; /* RC, SC, subtype or FMT: the low five bits of the first octet */
	bool has_ssrc;
	uint32_t ssrc; /* of the sender; SDES: of the first chunk; BYE: the first that left */
	struct bytes body; /* after the four-octet header, padding taken off */
};

enum rtcp_status {
	RTCP_OK = 0,
	RTCP_SHORT = -1, /* header or body runs beyond the payload */
	RTCP_VERSION = -2, /* version is not 2 */
	RTCP_TYPE = -3, /* packet type is not 192-223 */
	RTCP_PADDING = -4, /* padding on a packet that is not the last, or an impossible count */
	RTCP_COUNT = -5, /* more blocks announced than the length has room for */
};

/* What: checks that payload is one well-formed compound from its first octet to its last.
 * Stores in *packets how many packets it has (may be NULL). */
enum rtcp_status rtcp_validate(struct bytes payload, unsigned *packets);

/* What: the same of a compound of which the capture left the front: wire is its length before. Stores in *whole the
 * packets that are whole, which may be none; what follows them is checked as far as it goes. */
enum rtcp_status rtcp_validate_cut(struct bytes payload, uint32_t wire, struct bytes *whole);

/* What: the types of its packets, RTCP_HAS of each. Call only on a payload that rtcp_validate accepted. */
uint32_t rtcp_types(struct bytes payload);
#define RTCP_HAS(type) ((uint32_t)1 << ((type)&31)) /* 192-223 */

/* What: whether a compound is so regular that it may be believed on a flow nothing else is known of:
 * valid, SR or RR first, and with an SDES that has a CNAME (RFC 3550 section 6.1). */
bool rtcp_is_strict_compound(struct bytes payload);

/* Octets of padding at the end of a packet of size octets, or -1 when the count is impossible: zero,
 * not a multiple of four (RFC 3550 section 6.4.1), or larger than the body. */
static inline int rtcp_padding(const uint8_t *p, size_t size)
{
	uint8_t count = p[size - 1];

	if (!(p[0] & 0x20))
		return 0;
	if (count == 0 || count % RTCP_PAD_UNIT != 0 || count > size - RTCP_HEADER_BYTES)
		return -1;
	return count;
}

static inline bool rtcp_starts_with_ssrc(const struct rtcp_packet *packet)
{
	if (packet->body.n < RTCP_SSRC_BYTES)
		return false;
	if (packet->type == RTCP_SDES || packet->type == RTCP_BYE)
		return packet->count > 0;
	return true;
}

/* What: cuts the packet at the front off *rest. Inlined, since a compound is walked several times. */
static inline enum rtcp_status rtcp_take(struct bytes *rest, struct rtcp_packet *packet)
{
	const uint8_t *p = rest->p;
	size_t size;
	int padding;

	if (rest->n < RTCP_HEADER_BYTES)
		return RTCP_SHORT;
	if (p[0] >> 6 != 2)
		return RTCP_VERSION;
	if (p[1] < 192 || p[1] > 223)
		return RTCP_TYPE;
	size = ((size_t)be16(p + 2) + 1) * 4;
	if (size > rest->n)
		return RTCP_SHORT;
	if (p[0] & 0x20 && size < rest->n)
		return RTCP_PADDING;
	padding = rtcp_padding(p, size);
	if (padding < 0)
		return RTCP_PADDING;
	packet->type = p[1];
	packet->count = p[0] & 0x1f;
	packet->body =
		bytes_of(p + RTCP_HEADER_BYTES, size - RTCP_HEADER_BYTES - (unsigned)padding);
	packet->has_ssrc = rtcp_starts_with_ssrc(packet);
	packet->ssrc = packet->has_ssrc ? be32(packet->body.p) : 0;
	*rest = bytes_of(p + size, rest->n - size);
	return RTCP_OK;
}

/* What: takes the next packet off the front of *rest. Call only on a payload that rtcp_validate
 * accepted. Returns false at the end. */
static inline bool rtcp_next(struct bytes *rest, struct rtcp_packet *packet)
{
	return rest->n > 0 && rtcp_take(rest, packet) == RTCP_OK;
}

struct rtcp_sender_info {
	uint32_t ntp_sec; /* NTP seconds, since 1900 */
	uint32_t ntp_frac;
	uint32_t rtp_ts;
	uint32_t packets;
	uint32_t octets;
};

struct rtcp_report_block {
	uint32_t ssrc;
	uint8_t fraction_lost; /* of 256 */
	int32_t packets_lost; /* 24 bits, sign extended */
	uint32_t highest_seq; /* extended */
	uint32_t jitter; /* RTP clock units */
	uint32_t lsr;
	uint32_t dlsr; /* 1/65536 s */
};

struct rtcp_sdes_item {
	uint32_t ssrc; /* of the chunk the item stands in */
	uint8_t type; /* 1 CNAME ... 8 PRIV */
	struct bytes text;
};

struct rtcp_xr_block {
	uint8_t type; /* RFC 3611 section 4; 7 is VoIP metrics */
	uint8_t specific;
	struct bytes body; /* after the four-octet block header */
};

/* RFC 3611 section 4.7. Fractions are of 256; 127 in a signed or score field means unavailable. */
struct rtcp_voip_metrics {
	uint32_t ssrc;
	uint8_t loss_rate, discard_rate, burst_density, gap_density;
	uint16_t burst_ms, gap_ms, round_trip_ms, end_system_ms;
	int8_t signal_level, noise_level; /* dBm0 */
	uint8_t rerl, gmin, r_factor, ext_r_factor;
	uint8_t mos_lq, mos_cq; /* times ten */
	uint8_t rx_config;
	uint16_t jb_nominal_ms, jb_maximum_ms, jb_abs_max_ms;
};

/* SR only. Returns false for other types. */
bool rtcp_sender_info(const struct rtcp_packet *packet, struct rtcp_sender_info *info);

/* Report block i of an SR or RR, 0 <= i < count. Returns false beyond. */
bool rtcp_report_block(
	const struct rtcp_packet *packet, unsigned i, struct rtcp_report_block *block);

/* Walks the items of an SDES. *cursor starts at 0 and is the walk's own. False at the end. */
bool rtcp_sdes_next(const struct rtcp_packet *packet, size_t *cursor, struct rtcp_sdes_item *item);

/* SSRC i of a BYE. Returns false beyond. */
bool rtcp_bye_ssrc(const struct rtcp_packet *packet, unsigned i, uint32_t *ssrc);

/* Walks the blocks of an XR. *cursor starts at 0 and is the walk's own. False at the end. */
bool rtcp_xr_next(const struct rtcp_packet *packet, size_t *cursor, struct rtcp_xr_block *block);

/* Returns false when the block is not a VoIP metrics block or too short for one. */
bool rtcp_voip_metrics(const struct rtcp_xr_block *block, struct rtcp_voip_metrics *metrics);

#endif
