/* SPDX-License-Identifier: BSD-3-Clause */
/* The members of a type 5 RTCP report. Collectors know one flat object with every key once, while a
 * compound may hold several packets of a kind: each list there is walks what of the compound holds its kind. */
#include <assert.h>

#include "hep_json.h"

enum {
	XR_VOIP_METRICS = 7,
	UNAVAILABLE = 127, /* RFC 3611 section 4.7, in levels, R-factors and MOS */
	APP_NAME_AT = 4, /* after the SSRC, RFC 3550 section 6.7 */
	APP_NAME_BYTES = 4,
};

/* All of an array of members, a value for each. */
#define PUT_MEMBERS(j, members, ...)                                                         \
	do {                                                                                 \
		const int64_t values[] = {__VA_ARGS__};                                      \
                                                                                             \
		static_assert(sizeof(values) / sizeof(values[0]) ==                          \
				      sizeof(members) / sizeof((members)[0]),                \
			"a value for each");                                                 \
		hep_json_put_members(                                                        \
			j, members, values, (unsigned)(sizeof(values) / sizeof(values[0]))); \
	} while (0)

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
	static const struct hep_json_member members[] = {
		HEP_JSON_MEMBER("ntp_timestamp_sec"),
		HEP_JSON_MEMBER("ntp_timestamp_usec"),
		HEP_JSON_MEMBER("rtp_timestamp"),
		HEP_JSON_MEMBER("packets"),
		HEP_JSON_MEMBER("octets"),
	};
	struct rtcp_packet packet;
	struct rtcp_sender_info info;

	if (!find_packet(payload, RTCP_SR, &packet) || !rtcp_sender_info(&packet, &info))
		return;
	hep_json_open(j, "sender_information", '{');
	PUT_MEMBERS(
		j, members, info.ntp_sec, info.ntp_frac, info.rtp_ts, info.packets, info.octets);
	hep_json_close(j, '}');
}

enum kind {
	KIND_REPORT,
	KIND_SDES,
	KIND_BYE,
	KIND_FEEDBACK,
	KIND_APP,
	KIND_XR,
	KIND_OTHER,
	KIND_COUNT,
};

static enum kind kind_of(uint8_t type)
{
	static const uint8_t kinds[] = {
		[RTCP_SR & 7] = KIND_REPORT,
		[RTCP_RR & 7] = KIND_REPORT,
		[RTCP_SDES & 7] = KIND_SDES,
		[RTCP_BYE & 7] = KIND_BYE,
		[RTCP_APP & 7] = KIND_APP,
		[RTCP_RTPFB & 7] = KIND_FEEDBACK,
		[RTCP_PSFB & 7] = KIND_FEEDBACK,
		[RTCP_XR & 7] = KIND_XR,
	};

	return type >= RTCP_SR && type <= RTCP_XR ? kinds[type & 7] : KIND_OTHER;
}

/* What one walk over a compound says of its lists. */
struct summary {
	struct bytes kinds[KIND_COUNT]; /* from the first packet of the kind to the last */
	uint32_t blocks; /* of SR and RR, as announced */
	uint32_t chunks; /* of SDES */
	struct rtcp_packet origin; /* the first SR or RR, else (RFC 5506) whatever comes first */
};

static void summarize(struct bytes payload, struct summary *s)
{
	const uint8_t *begin = payload.p, *at;
	struct rtcp_packet packet;

	*s = (struct summary){0};
	for (at = begin; rtcp_next(&payload, &packet); at = payload.p) {
		enum kind kind = kind_of(packet.type);
		struct bytes *of_kind = &s->kinds[kind];

		if (at == begin || (kind == KIND_REPORT && !of_kind->p))
			s->origin = packet;
		if (kind == KIND_REPORT)
			s->blocks += packet.count;
		else if (kind == KIND_SDES)
			s->chunks += packet.count;
		if (!of_kind->p)
			of_kind->p = at;
		of_kind->n = (size_t)(payload.p - of_kind->p);
	}
}

static void put_origin(struct hep_json *j, const struct summary *s)
{
	static const struct hep_json_member members[] = {
		HEP_JSON_MEMBER("ssrc"),
		HEP_JSON_MEMBER("type"),
		HEP_JSON_MEMBER("report_count"),
	};
	const int64_t values[] = {s->origin.ssrc, s->origin.type, s->blocks};
	unsigned skip = s->origin.has_ssrc ? 0 : 1;

	hep_json_put_members(j, members + skip, values + skip, 3 - skip);
}

static void put_block(struct hep_json *j, const struct rtcp_report_block *block)
{
	static const struct hep_json_member members[] = {
		HEP_JSON_MEMBER("source_ssrc"),
		HEP_JSON_MEMBER("fraction_lost"),
		HEP_JSON_MEMBER("packets_lost"),
		HEP_JSON_MEMBER("highest_seq_no"),
		HEP_JSON_MEMBER("ia_jitter"),
		HEP_JSON_MEMBER("lsr"),
		HEP_JSON_MEMBER("dlsr"),
	};

	hep_json_open(j, NULL, '{');
	PUT_MEMBERS(j, members, block->ssrc, block->fraction_lost, block->packets_lost,
		block->highest_seq, block->jitter, block->lsr, block->dlsr);
	hep_json_close(j, '}');
}

static void put_blocks(struct hep_json *j, const struct summary *s)
{
	struct bytes payload = s->kinds[KIND_REPORT];
	struct rtcp_packet packet;
	struct rtcp_report_block block;

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

static void put_bursts(struct hep_json *j, const struct rtcp_voip_metrics *m)
{
	static const struct hep_json_member members[] = {
		HEP_JSON_MEMBER("burst_density"),
		HEP_JSON_MEMBER("gap_density"),
		HEP_JSON_MEMBER("burst_duration"),
		HEP_JSON_MEMBER("gap_duration"),
		HEP_JSON_MEMBER("round_trip_delay"),
		HEP_JSON_MEMBER("end_system_delay"),
	};

	PUT_MEMBERS(j, members, m->burst_density, m->gap_density, m->burst_ms, m->gap_ms,
		m->round_trip_ms, m->end_system_ms);
}

/* heplify's extension, every field of the block under its name there. */
static void put_voip_metrics(struct hep_json *j, const struct rtcp_voip_metrics *m)
{
	static const struct hep_json_member rates[] = {
		HEP_JSON_MEMBER("ssrc"),
		HEP_JSON_MEMBER("loss_rate"),
		HEP_JSON_MEMBER("discard_rate"),
	};
	static const struct hep_json_member receiver[] = {
		HEP_JSON_MEMBER("rx_config"),
		HEP_JSON_MEMBER("jb_nominal"),
		HEP_JSON_MEMBER("jb_maximum"),
		HEP_JSON_MEMBER("jb_abs_max"),
	};

	hep_json_open(j, "voip_metrics", '{');
	PUT_MEMBERS(j, rates, m->ssrc, m->loss_rate, m->discard_rate);
	put_bursts(j, m);
	put_level(j, "signal_level", m->signal_level);
	put_level(j, "noise_level", m->noise_level);
	put_level(j, "rerl", m->rerl);
	hep_json_u64(j, "gmin", m->gmin);
	put_level(j, "r_factor", m->r_factor);
	put_level(j, "ext_r_factor", m->ext_r_factor);
	put_mos(j, "mos_lq", m->mos_lq);
	put_mos(j, "mos_cq", m->mos_cq);
	PUT_MEMBERS(
		j, receiver, m->rx_config, m->jb_nominal_ms, m->jb_maximum_ms, m->jb_abs_max_ms);
	hep_json_close(j, '}');
}

static void put_xr(struct hep_json *j, struct bytes payload)
{
	static const struct hep_json_member members[] = {
		HEP_JSON_MEMBER("type"),
		HEP_JSON_MEMBER("id"),
		HEP_JSON_MEMBER("fraction_lost"),
		HEP_JSON_MEMBER("fraction_discard"),
	};
	struct rtcp_voip_metrics m;

	if (!find_metrics(payload, &m))
		return;
	hep_json_open(j, "report_blocks_xr", '{');
	PUT_MEMBERS(j, members, XR_VOIP_METRICS, m.ssrc, m.loss_rate, m.discard_rate);
	put_bursts(j, &m);
	hep_json_close(j, '}');
	put_voip_metrics(j, &m);
}

/* sdes_chunk_ssrc is rtpengine's name; without it a mixer's items could not be told apart. */
static void put_sdes(struct hep_json *j, const struct summary *s)
{
	static const struct hep_json_member counts[] = {
		HEP_JSON_MEMBER("sdes_ssrc"),
		HEP_JSON_MEMBER("sdes_report_count"),
	};
	static const struct hep_json_member members[] = {
		HEP_JSON_MEMBER("sdes_chunk_ssrc"),
		HEP_JSON_MEMBER("type"),
	};
	struct bytes payload = s->kinds[KIND_SDES];
	struct rtcp_packet packet;
	struct rtcp_sdes_item item;

	if (!find_packet(payload, RTCP_SDES, &packet))
		return;
	if (packet.has_ssrc)
		PUT_MEMBERS(j, counts, packet.ssrc, s->chunks);
	else
		hep_json_u64(j, "sdes_report_count", s->chunks);
	hep_json_open(j, "sdes_information", '[');
	while (rtcp_next(&payload, &packet)) {
		size_t cursor = 0;

		while (rtcp_sdes_next(&packet, &cursor, &item)) {
			hep_json_open(j, NULL, '{');
			PUT_MEMBERS(j, members, item.ssrc, item.type);
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

	hep_json_open(j, "bye", '[');
	while (rtcp_next(&payload, &packet))
		for (unsigned i = 0; rtcp_bye_ssrc(&packet, i, &ssrc); i++)
			hep_json_u64(j, NULL, ssrc);
	hep_json_close(j, ']');
}

static void put_feedback(struct hep_json *j, struct bytes payload)
{
	struct rtcp_packet packet;

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

	hep_json_open(j, "app", '[');
	while (rtcp_next(&payload, &packet))
		if (packet.type == RTCP_APP)
			hep_json_string(j, NULL,
				bytes_head(bytes_skip(packet.body, APP_NAME_AT), APP_NAME_BYTES));
	hep_json_close(j, ']');
}

void hep_json_rtcp(struct hep_json *j, struct bytes payload)
{
	struct summary s;

	summarize(payload, &s);
	put_sender(j, s.kinds[KIND_REPORT]);
	put_origin(j, &s);
	put_blocks(j, &s);
	put_xr(j, s.kinds[KIND_XR]);
	put_sdes(j, &s);
	if (s.kinds[KIND_BYE].n)
		put_bye(j, s.kinds[KIND_BYE]);
	if (s.kinds[KIND_FEEDBACK].n)
		put_feedback(j, s.kinds[KIND_FEEDBACK]);
	if (s.kinds[KIND_APP].n)
		put_app(j, s.kinds[KIND_APP]);
}
