/* SPDX-License-Identifier: BSD-3-Clause */
/* The members of a type 5 RTCP report. Collectors know one flat object with every key once, while a
 * compound may hold several packets of a kind: each list there is walks the whole compound for itself. */
#include "hep_json.h"

enum {
	XR_VOIP_METRICS = 7,
	UNAVAILABLE = 127, /* RFC 3611 section 4.7, in levels, R-factors and MOS */
	APP_NAME_AT = 4, /* after the SSRC, RFC 3550 section 6.7 */
	APP_NAME_BYTES = 4,
};

static bool is_report(const struct rtcp_packet *packet)
{
	return packet->type == RTCP_SR || packet->type == RTCP_RR;
}

/* The first packet of the type, false when there is none. */
static bool find_packet(struct bytes payload, uint8_t type, struct rtcp_packet *packet)
{
	while (rtcp_next(&payload, packet))
		if (packet->type == type)
			return true;
	return false;
}

/* ntp_timestamp_usec is the raw fraction of 2^32 and not microseconds: that is what the agents in
 * the field put there, and what receivers expect. */
static void put_sender(struct hep_json *j, struct bytes payload)
{
	struct rtcp_packet packet;
	struct rtcp_sender_info info;

	if (!find_packet(payload, RTCP_SR, &packet) || !rtcp_sender_info(&packet, &info))
		return;
	hep_json_open(j, "sender_information", '{');
	hep_json_u64(j, "ntp_timestamp_sec", info.ntp_sec);
	hep_json_u64(j, "ntp_timestamp_usec", info.ntp_frac);
	hep_json_u64(j, "rtp_timestamp", info.rtp_ts);
	hep_json_u64(j, "packets", info.packets);
	hep_json_u64(j, "octets", info.octets);
	hep_json_close(j, '}');
}

/* What one walk over a compound says of its lists. */
struct summary {
	uint32_t types; /* RTCP_HAS */
	uint32_t blocks; /* of SR and RR, as announced */
	uint32_t chunks; /* of SDES */
	struct rtcp_packet origin; /* the first SR or RR, else (RFC 5506) whatever comes first */
};

static struct summary summarize(struct bytes payload)
{
	const uint32_t reports = RTCP_HAS(RTCP_SR) | RTCP_HAS(RTCP_RR);
	struct summary s = {0};
	struct rtcp_packet packet;

	while (rtcp_next(&payload, &packet)) {
		if (!s.types || (is_report(&packet) && !(s.types & reports)))
			s.origin = packet;
		if (is_report(&packet))
			s.blocks += packet.count;
		else if (packet.type == RTCP_SDES)
			s.chunks += packet.count;
		s.types |= RTCP_HAS(packet.type);
	}
	return s;
}

static void put_origin(struct hep_json *j, const struct summary *s)
{
	if (!s->types)
		return;
	if (s->origin.has_ssrc)
		hep_json_u64(j, "ssrc", s->origin.ssrc);
	hep_json_u64(j, "type", s->origin.type);
}

static void put_block(struct hep_json *j, const struct rtcp_report_block *block)
{
	hep_json_open(j, NULL, '{');
	hep_json_u64(j, "source_ssrc", block->ssrc);
	hep_json_u64(j, "fraction_lost", block->fraction_lost);
	hep_json_i64(j, "packets_lost", block->packets_lost);
	hep_json_u64(j, "highest_seq_no", block->highest_seq);
	hep_json_u64(j, "ia_jitter", block->jitter);
	hep_json_u64(j, "lsr", block->lsr);
	hep_json_u64(j, "dlsr", block->dlsr);
	hep_json_close(j, '}');
}

static void put_blocks(struct hep_json *j, const struct summary *s, struct bytes payload)
{
	struct rtcp_packet packet;
	struct rtcp_report_block block;

	hep_json_u64(j, "report_count", s->blocks);
	hep_json_open(j, "report_blocks", '[');
	while (rtcp_next(&payload, &packet))
		for (unsigned i = 0; rtcp_report_block(&packet, i, &block); i++)
			put_block(j, &block);
	hep_json_close(j, ']');
}

static bool find_metrics(struct bytes payload, struct rtcp_voip_metrics *metrics)
{
	struct rtcp_packet packet;
	struct rtcp_xr_block block;

	while (rtcp_next(&payload, &packet)) {
		size_t cursor = 0;

		while (rtcp_xr_next(&packet, &cursor, &block))
			if (rtcp_voip_metrics(&block, metrics))
				return true;
	}
	return false;
}

static void put_level(struct hep_json *j, const char *key, int v)
{
	if (v == UNAVAILABLE)
		hep_json_null(j, key);
	else
		hep_json_i64(j, key, v);
}

static void put_mos(struct hep_json *j, const char *key, uint8_t mos_x10)
{
	if (mos_x10 == UNAVAILABLE)
		hep_json_null(j, key);
	else
		hep_json_double(j, key, mos_x10 / 10.0, 1);
}

/* heplify's extension, every field of the block under its name there. */
static void put_voip_metrics(struct hep_json *j, const struct rtcp_voip_metrics *m)
{
	hep_json_open(j, "voip_metrics", '{');
	hep_json_u64(j, "ssrc", m->ssrc);
	hep_json_u64(j, "loss_rate", m->loss_rate);
	hep_json_u64(j, "discard_rate", m->discard_rate);
	hep_json_u64(j, "burst_density", m->burst_density);
	hep_json_u64(j, "gap_density", m->gap_density);
	hep_json_u64(j, "burst_duration", m->burst_ms);
	hep_json_u64(j, "gap_duration", m->gap_ms);
	hep_json_u64(j, "round_trip_delay", m->round_trip_ms);
	hep_json_u64(j, "end_system_delay", m->end_system_ms);
	put_level(j, "signal_level", m->signal_level);
	put_level(j, "noise_level", m->noise_level);
	put_level(j, "rerl", m->rerl);
	hep_json_u64(j, "gmin", m->gmin);
	put_level(j, "r_factor", m->r_factor);
	put_level(j, "ext_r_factor", m->ext_r_factor);
	put_mos(j, "mos_lq", m->mos_lq);
	put_mos(j, "mos_cq", m->mos_cq);
	hep_json_u64(j, "rx_config", m->rx_config);
	hep_json_u64(j, "jb_nominal", m->jb_nominal_ms);
	hep_json_u64(j, "jb_maximum", m->jb_maximum_ms);
	hep_json_u64(j, "jb_abs_max", m->jb_abs_max_ms);
	hep_json_close(j, '}');
}

static void put_xr(struct hep_json *j, struct bytes payload)
{
	struct rtcp_voip_metrics m;

	if (!find_metrics(payload, &m))
		return;
	hep_json_open(j, "report_blocks_xr", '{');
	hep_json_u64(j, "type", XR_VOIP_METRICS);
	hep_json_u64(j, "id", m.ssrc);
	hep_json_u64(j, "fraction_lost", m.loss_rate);
	hep_json_u64(j, "fraction_discard", m.discard_rate);
	hep_json_u64(j, "burst_density", m.burst_density);
	hep_json_u64(j, "gap_density", m.gap_density);
	hep_json_u64(j, "burst_duration", m.burst_ms);
	hep_json_u64(j, "gap_duration", m.gap_ms);
	hep_json_u64(j, "round_trip_delay", m.round_trip_ms);
	hep_json_u64(j, "end_system_delay", m.end_system_ms);
	hep_json_close(j, '}');
	put_voip_metrics(j, &m);
}

/* sdes_chunk_ssrc is rtpengine's name; without it a mixer's items could not be told apart. */
static void put_sdes(struct hep_json *j, const struct summary *s, struct bytes payload)
{
	struct rtcp_packet packet;
	struct rtcp_sdes_item item;

	if (!find_packet(payload, RTCP_SDES, &packet))
		return;
	if (packet.has_ssrc)
		hep_json_u64(j, "sdes_ssrc", packet.ssrc);
	hep_json_u64(j, "sdes_report_count", s->chunks);
	hep_json_open(j, "sdes_information", '[');
	while (rtcp_next(&payload, &packet)) {
		size_t cursor = 0;

		while (rtcp_sdes_next(&packet, &cursor, &item)) {
			hep_json_open(j, NULL, '{');
			hep_json_u64(j, "sdes_chunk_ssrc", item.ssrc);
			hep_json_u64(j, "type", item.type);
			hep_json_string(j, "text", item.text);
			hep_json_close(j, '}');
		}
	}
	hep_json_close(j, ']');
}

static void put_bye(struct hep_json *j, struct bytes payload)
{
	struct rtcp_packet packet;
	uint32_t ssrc;

	if (!find_packet(payload, RTCP_BYE, &packet))
		return;
	hep_json_open(j, "bye", '[');
	while (rtcp_next(&payload, &packet))
		for (unsigned i = 0; rtcp_bye_ssrc(&packet, i, &ssrc); i++)
			hep_json_u64(j, NULL, ssrc);
	hep_json_close(j, ']');
}

static void put_feedback(struct hep_json *j, struct bytes payload)
{
	struct rtcp_packet packet;

	if (!find_packet(payload, RTCP_RTPFB, &packet) && !find_packet(payload, RTCP_PSFB, &packet))
		return;
	hep_json_open(j, "feedback", '[');
	while (rtcp_next(&payload, &packet)) {
		if (packet.type != RTCP_RTPFB && packet.type != RTCP_PSFB)
			continue;
		hep_json_open(j, NULL, '{');
		hep_json_u64(j, "type", packet.type);
		hep_json_u64(j, "fmt", packet.count);
		hep_json_u64(j, "ssrc", packet.ssrc);
		hep_json_close(j, '}');
	}
	hep_json_close(j, ']');
}

static void put_app(struct hep_json *j, struct bytes payload)
{
	struct rtcp_packet packet;

	if (!find_packet(payload, RTCP_APP, &packet))
		return;
	hep_json_open(j, "app", '[');
	while (rtcp_next(&payload, &packet))
		if (packet.type == RTCP_APP)
			hep_json_string(j, NULL,
				bytes_head(bytes_skip(packet.body, APP_NAME_AT), APP_NAME_BYTES));
	hep_json_close(j, ']');
}

void hep_json_rtcp(struct hep_json *j, struct bytes payload)
{
	struct summary s = summarize(payload);
	uint32_t types = s.types;

	if (types & RTCP_HAS(RTCP_SR))
		put_sender(j, payload);
	put_origin(j, &s);
	put_blocks(j, &s, payload);
	if (types & RTCP_HAS(RTCP_XR))
		put_xr(j, payload);
	if (types & RTCP_HAS(RTCP_SDES))
		put_sdes(j, &s, payload);
	if (types & RTCP_HAS(RTCP_BYE))
		put_bye(j, payload);
	if (types & (RTCP_HAS(RTCP_RTPFB) | RTCP_HAS(RTCP_PSFB)))
		put_feedback(j, payload);
	if (types & RTCP_HAS(RTCP_APP))
		put_app(j, payload);
}
