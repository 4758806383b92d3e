/* SPDX-License-Identifier: BSD-3-Clause */
/* RTCP parsing. One function, rtcp_take, cuts a packet off a compound and checks its header; validation and the
 * walk both use it, and so do the block walks, so that what was accepted is what is read. */
#include "rtcp_packet.h"

#include <assert.h>

enum {
	SENDER_INFO_BYTES = 20,
	REPORT_BLOCK_BYTES = 24,
	FEEDBACK_BYTES = 8, /* SSRC of sender and of media source, RFC 4585 section 6.1 */
	APP_BYTES = 8, /* SSRC and name, RFC 3550 section 6.7 */
	SDES_ITEM_BYTES = 2,
	SDES_CNAME = 1,
	XR_BLOCK_BYTES = 4,
	XR_VOIP_METRICS = 7,
	XR_VOIP_METRICS_BYTES = 32,
};

uint32_t rtcp_types(struct bytes payload)
{
	struct rtcp_packet packet;
	uint32_t types = 0;

	while (rtcp_next(&payload, &packet))
		types |= RTCP_HAS(packet.type);
	return types;
}

/* Where the report blocks of an SR or RR begin, 0 for other types. */
static size_t report_blocks_at(uint8_t type)
{
	if (type == RTCP_SR)
		return RTCP_SSRC_BYTES + SENDER_INFO_BYTES;
	return type == RTCP_RR ? RTCP_SSRC_BYTES : 0;
}

bool rtcp_sender_info(const struct rtcp_packet *packet, struct rtcp_sender_info *info)
{
	const uint8_t *p = packet->body.p;

	if (packet->type != RTCP_SR || packet->body.n < RTCP_SSRC_BYTES + SENDER_INFO_BYTES)
		return false;
	info->ntp_sec = be32(p + 4);
	info->ntp_frac = be32(p + 8);
	info->rtp_ts = be32(p + 12);
	info->packets = be32(p + 16);
	info->octets = be32(p + 20);
	return true;
}

bool rtcp_report_block(
	const struct rtcp_packet *packet, unsigned i, struct rtcp_report_block *block)
{
	size_t at = report_blocks_at(packet->type);
	const uint8_t *p;
	int32_t lost;

	if (at == 0 || i >= packet->count)
		return false;
	at += (size_t)i * REPORT_BLOCK_BYTES;
	if (at + REPORT_BLOCK_BYTES > packet->body.n)
		return false;
	p = packet->body.p + at;
	lost = (int32_t)(be32(p + 4) & 0xffffff);
	block->ssrc = be32(p);
	block->fraction_lost = p[4];
	block->packets_lost = lost < 0x800000 ? lost : lost - 0x1000000;
	block->highest_seq = be32(p + 8);
	block->jitter = be32(p + 12);
	block->lsr = be32(p + 16);
	block->dlsr = be32(p + 20);
	return true;
}

/* Position in an SDES. It travels between calls in the one size_t that the caller keeps: a body has
 * at most 65535 words, so that offsets fit in 24 bits. */
struct sdes_walk {
	size_t at;
	size_t chunk; /* where the current chunk begins */
	unsigned chunks; /* chunks begun */
	bool is_in_chunk;
};

static_assert(sizeof(size_t) == 8, "an SDES cursor has 57 bits");

static struct sdes_walk sdes_unpack(size_t cursor)
{
	return (struct sdes_walk){
		.at = cursor & 0xffffff,
		.chunk = cursor >> 24 & 0xffffff,
		.chunks = cursor >> 48 & 0xff,
		.is_in_chunk = cursor >> 56,
	};
}

static size_t sdes_pack(const struct sdes_walk *walk)
{
	return walk->at | walk->chunk << 24 | (size_t)walk->chunks << 48 |
	       (size_t)walk->is_in_chunk << 56;
}

enum sdes_step {
	SDES_ITEM,
	SDES_END,
	SDES_BAD, /* a chunk or an item runs beyond the body */
};

static bool sdes_begin_chunk(struct bytes body, struct sdes_walk *walk)
{
	if (body.n - walk->at < RTCP_SSRC_BYTES)
		return false;
	walk->chunk = walk->at;
	walk->at += RTCP_SSRC_BYTES;
	walk->chunks++;
	walk->is_in_chunk = true;
	return true;
}

/* Null octets fill up to the next 32-bit boundary (RFC 3550 section 6.5). Some senders leave them
 * out where the packet ends on one; that is taken as the end of the list too. */
static void sdes_end_chunk(struct bytes body, struct sdes_walk *walk)
{
	size_t boundary = (walk->at / 4 + 1) * 4;

	walk->at = boundary < body.n ? boundary : body.n;
	walk->is_in_chunk = false;
}

static enum sdes_step sdes_take_item(
	struct bytes body, struct sdes_walk *walk, struct rtcp_sdes_item *item)
{
	const uint8_t *p = body.p + walk->at;
	size_t room = body.n - walk->at;

	if (room < SDES_ITEM_BYTES || room - SDES_ITEM_BYTES < p[1])
		return SDES_BAD;
	item->ssrc = be32(body.p + walk->chunk);
	item->type = p[0];
	item->text = bytes_of(p + SDES_ITEM_BYTES, p[1]);
	walk->at += SDES_ITEM_BYTES + (size_t)p[1];
	return SDES_ITEM;
}

static enum sdes_step sdes_step(
	const struct rtcp_packet *packet, struct sdes_walk *walk, struct rtcp_sdes_item *item)
{
	struct bytes body = packet->body;

	for (;;) {
		if (!walk->is_in_chunk) {
			if (walk->chunks >= packet->count)
				return SDES_END;
			if (!sdes_begin_chunk(body, walk))
				return SDES_BAD;
		}
		if (walk->at < body.n && body.p[walk->at] != 0)
			return sdes_take_item(body, walk, item);
		sdes_end_chunk(body, walk);
	}
}

bool rtcp_sdes_next(const struct rtcp_packet *packet, size_t *cursor, struct rtcp_sdes_item *item)
{
	struct sdes_walk walk = sdes_unpack(*cursor);

	if (packet->type != RTCP_SDES || walk.at > packet->body.n ||
		sdes_step(packet, &walk, item) != SDES_ITEM)
		return false;
	*cursor = sdes_pack(&walk);
	return true;
}

static bool sdes_fits(const struct rtcp_packet *packet)
{
	struct sdes_walk walk = {0};
	struct rtcp_sdes_item item;
	enum sdes_step step;

	do
		step = sdes_step(packet, &walk, &item);
	while (step == SDES_ITEM);
	return step == SDES_END;
}

bool rtcp_bye_ssrc(const struct rtcp_packet *packet, unsigned i, uint32_t *ssrc)
{
	size_t at = (size_t)i * RTCP_SSRC_BYTES;

	if (packet->type != RTCP_BYE || i >= packet->count || at + RTCP_SSRC_BYTES > packet->body.n)
		return false;
	*ssrc = be32(packet->body.p + at);
	return true;
}

/* The reason for leaving is optional and has a length octet (RFC 3550 section 6.6). */
static bool bye_fits(const struct rtcp_packet *packet)
{
	struct bytes body = packet->body;
	size_t sources = (size_t)packet->count * RTCP_SSRC_BYTES;

	if (sources > body.n)
		return false;
	return sources == body.n || body.p[sources] < body.n - sources;
}

bool rtcp_xr_next(const struct rtcp_packet *packet, size_t *cursor, struct rtcp_xr_block *block)
{
	struct bytes rest;
	size_t size;

	if (packet->type != RTCP_XR || packet->body.n < RTCP_SSRC_BYTES)
		return false;
	rest = bytes_skip(bytes_skip(packet->body, RTCP_SSRC_BYTES), *cursor);
	if (rest.n < XR_BLOCK_BYTES)
		return false;
	size = XR_BLOCK_BYTES + be16(rest.p + 2) * 4u;
	if (size > rest.n)
		return false;
	block->type = rest.p[0];
	block->specific = rest.p[1];
	block->body = bytes_of(rest.p + XR_BLOCK_BYTES, size - XR_BLOCK_BYTES);
	*cursor += size;
	return true;
}

static bool xr_fits(const struct rtcp_packet *packet)
{
	struct rtcp_xr_block block;
	size_t cursor = 0;

	while (rtcp_xr_next(packet, &cursor, &block))
		;
	return packet->body.n == RTCP_SSRC_BYTES + cursor;
}

bool rtcp_voip_metrics(const struct rtcp_xr_block *block, struct rtcp_voip_metrics *metrics)
{
	const uint8_t *p = block->body.p;

	if (block->type != XR_VOIP_METRICS || block->body.n < XR_VOIP_METRICS_BYTES)
		return false;
	*metrics = (struct rtcp_voip_metrics){
		.ssrc = be32(p),
		.loss_rate = p[4],
		.discard_rate = p[5],
		.burst_density = p[6],
		.gap_density = p[7],
		.burst_ms = be16(p + 8),
		.gap_ms = be16(p + 10),
		.round_trip_ms = be16(p + 12),
		.end_system_ms = be16(p + 14),
		.signal_level = (int8_t)p[16],
		.noise_level = (int8_t)p[17],
		.rerl = p[18],
		.gmin = p[19],
		.r_factor = p[20],
		.ext_r_factor = p[21],
		.mos_lq = p[22],
		.mos_cq = p[23],
		.rx_config = p[24],
		.jb_nominal_ms = be16(p + 26),
		.jb_maximum_ms = be16(p + 28),
		.jb_abs_max_ms = be16(p + 30),
	};
	return true;
}

/* Whether the body has room for all that the type and the count announce. What follows the report
 * blocks of an SR or RR is a profile's extension (RFC 3550 section 6.4.3). */
static bool body_fits(const struct rtcp_packet *packet)
{
	size_t n = packet->body.n;

	switch (packet->type) {
	case RTCP_SR:
	case RTCP_RR:
		return n >=
		       report_blocks_at(packet->type) + (size_t)packet->count * REPORT_BLOCK_BYTES;
	case RTCP_SDES:
		return sdes_fits(packet);
	case RTCP_BYE:
		return bye_fits(packet);
	case RTCP_APP:
		return n >= APP_BYTES;
	case RTCP_RTPFB:
	case RTCP_PSFB:
		return n >= FEEDBACK_BYTES;
	case RTCP_XR:
		return xr_fits(packet);
	default:
		return true;
	}
}

enum rtcp_status rtcp_validate(struct bytes payload, unsigned *packets)
{
	struct rtcp_packet packet;
	unsigned count = 0;

	do {
		enum rtcp_status status = rtcp_take(&payload, &packet);

		if (status != RTCP_OK)
			return status;
		if (!body_fits(&packet))
			return RTCP_COUNT;
		count++;
	} while (payload.n > 0);
	if (packets)
		*packets = count;
	return RTCP_OK;
}

/* The header at the front of what is not whole; wire is what there was from there on. */
static enum rtcp_status check_front(struct bytes rest, uint32_t wire)
{
	size_t size = RTCP_HEADER_BYTES;

	if (rest.n >= 1 && rest.p[0] >> 6 != 2)
		return RTCP_VERSION;
	if (rest.n >= 2 && (rest.p[1] < 192 || rest.p[1] > 223))
		return RTCP_TYPE;
	if (rest.n >= RTCP_HEADER_BYTES)
		size = ((size_t)be16(rest.p + 2) + 1) * 4;
	if (size > wire)
		return RTCP_SHORT;
	if (rest.n >= RTCP_HEADER_BYTES && rest.p[0] & 0x20 && size < wire)
		return RTCP_PADDING;
	return RTCP_OK;
}

enum rtcp_status rtcp_validate_cut(struct bytes payload, uint32_t wire, struct bytes *whole)
{
	struct bytes rest = bytes_head(payload, wire);
	struct rtcp_packet packet;

	*whole = bytes_head(payload, 0);
	/* SRTCP most often is none, with its index and authentication tag. */
	if (wire % 4)
		return RTCP_SHORT;
	do {
		enum rtcp_status status = check_front(rest, wire);
		size_t before = rest.n;

		if (status != RTCP_OK)
			return status;
		status = rtcp_take(&rest, &packet);
		if (status == RTCP_SHORT)
			break; /* what is missing was on the wire */
		if (status != RTCP_OK)
			return status;
		if (!body_fits(&packet))
			return RTCP_COUNT;
		wire -= (uint32_t)(before - rest.n);
		*whole = bytes_head(payload, whole->n + before - rest.n);
	} while (wire > 0);
	return RTCP_OK;
}

static bool has_cname(const struct rtcp_packet *packet)
{
	struct rtcp_sdes_item item;
	size_t cursor = 0;

	while (rtcp_sdes_next(packet, &cursor, &item))
		if (item.type == SDES_CNAME && item.text.n > 0)
			return true;
	return false;
}

bool rtcp_is_strict_compound(struct bytes payload)
{
	struct rtcp_packet packet;

	if (rtcp_validate(payload, NULL) != RTCP_OK)
		return false;
	if (payload.p[1] != RTCP_SR && payload.p[1] != RTCP_RR)
		return false;
	while (rtcp_next(&payload, &packet))
		if (has_cname(&packet))
			return true;
	return false;
}
