/* SPDX-License-Identifier: BSD-3-Clause */
/* One walk through a compound. Streams are looked up by SSRC and addresses: those of the one who reports,
 * and, with the addresses turned round, those that he reports on. */
#include "qos_rtcp.h"

#include <math.h>

#include "qos_report.h"
#include "qos_rtcp_ahead.h"
#include "qos_table.h"
#include "rtcp_feedback.h"
#include "rtcp_xr.h"

#define COPY_NS ((uint64_t)50 * 1000000)

enum {
	ABOUT_MAX = 4, /* streams of one compound that an RRTR in it is noted for */
	JITTER_MAX_S = 10, /* more is no jitter but a broken sender */
	PERCENT = 100,
};

struct walk {
	struct qos_table *table;
	const struct pkt_flow *flow; /* from the one who reports */
	struct pkt_flow back; /* to him */
	const struct qos_rtcp_ahead *ahead;
	uint64_t now_ns;
	bool has_own;
	uint32_t own_ssrc;
	struct qos_rtcp *own; /* the stream of own_ssrc, of the one who reports; NULL: none */
	unsigned about_count;
	struct qos_rtcp *about[ABOUT_MAX]; /* streams that this compound has blocks about */
};

/* The number of a stream: where it was found ahead, if it is there still. */
static uint32_t number_of(const struct walk *w, const struct pkt_media_key *key)
{
	const struct qos_rtcp_ahead *ahead = w->ahead;

	for (unsigned i = 0; ahead && i < ahead->count; i++)
		if (pkt_media_key_eq(&ahead->key[i], key) &&
			qos_table_is_of(w->table, ahead->slot[i], key))
			return w->table->stream_of[ahead->slot[i]];
	return qos_table_find(w->table, key);
}

static struct qos_rtcp *find(const struct walk *w, const struct pkt_flow *flow, uint32_t ssrc)
{
	struct pkt_media_key key = pkt_media_key(flow, ssrc, &w->table->seed);
	uint32_t stream = number_of(w, &key);

	return stream == QOS_NONE ? NULL : &w->table->cold[stream].rtcp;
}

/* The packets of a compound are all of one sender, mostly. */
static struct qos_rtcp *find_own(struct walk *w, uint32_t ssrc)
{
	if (!w->has_own || ssrc != w->own_ssrc) {
		w->own = find(w, w->flow, ssrc);
		w->own_ssrc = ssrc;
		w->has_own = true;
	}
	return w->own;
}

bool qos_rtcp_is_repeated(struct qos_rtcp_recent *recent, const struct pkt_flow *flow,
	struct bytes payload, const struct pkt_seed *seed, uint64_t now_ns)
{
	/* Both directions have one hash of their ends, so the source comes in once more. */
	uint64_t ends = pkt_hash_ends(flow, seed) ^ pkt_hash_word(flow->src.b) ^
			(uint64_t)flow->tenant << 32 ^ (uint64_t)flow->sport << 16;
	uint64_t hash = pkt_hash_mix(pkt_hash_message(payload, seed), ends);
	unsigned i = hash % QOS_RTCP_RECENT;
	bool is_repeated =
		recent->seen[i].hash == hash && now_ns - recent->seen[i].at_ns <= COPY_NS;

	if (!is_repeated) {
		recent->seen[i].hash = hash;
		recent->seen[i].at_ns = now_ns;
	}
	return is_repeated;
}

/* An answer of the one who reports: how far he is. That is to the receiver of the stream it is about, and
 * to the source of his own. */
static void note_round_trip(struct walk *w, struct qos_rtcp *about, struct qos_rtcp *own,
	const struct rtcp_report_block *block)
{
	uint32_t us;

	switch (qos_rtt_answer(&about->sr, block->lsr, block->dlsr, w->now_ns, &us)) {
	case QOS_RTT_OK:
		pkt_count(&w->table->counters.rtcp_round_trips, 1);
		qos_rtt_add(&about->to_receiver, us);
		if (own)
			qos_rtt_add(&own->to_source, us);
		break;
	case QOS_RTT_NOTHING:
		break;
	default:
		pkt_count(&w->table->counters.rtcp_round_trips_refused, 1);
	}
}

static void note_block(struct walk *w, struct qos_rtcp *own, const struct rtcp_report_block *block)
{
	struct qos_rtcp *about = find(w, &w->back, block->ssrc);

	if (!about) {
		pkt_count(&w->table->counters.rtcp_blocks_unknown, 1);
		return;
	}
	pkt_count(&w->table->counters.rtcp_blocks, 1);
	about->blocks++;
	about->fraction = block->fraction_lost;
	about->lost = block->packets_lost;
	about->jitter = block->jitter;
	if (block->fraction_lost > about->max_fraction)
		about->max_fraction = block->fraction_lost;
	if (block->jitter > about->max_jitter)
		about->max_jitter = block->jitter;
	note_round_trip(w, about, own, block);
	if (w->about_count < ABOUT_MAX)
		w->about[w->about_count++] = about;
}

static void note_report(struct walk *w, const struct rtcp_packet *packet)
{
	struct qos_rtcp *own = find_own(w, packet->ssrc);
	struct rtcp_sender_info info;
	struct rtcp_report_block block;

	if (own && rtcp_sender_info(packet, &info))
		qos_rtt_pass(&own->sr, rtcp_ntp_middle(info.ntp_sec, info.ntp_frac), w->now_ns);
	for (unsigned i = 0; rtcp_report_block(packet, i, &block); i++)
		note_block(w, own, &block);
}

/* A receiver that sends no media answers no SR, but asks by RRTR, and the source answers him. */
static void note_dlrr(struct walk *w, struct qos_rtcp *own, const struct rtcp_xr_block *block)
{
	struct rtcp_dlrr d;
	uint32_t us;

	for (unsigned i = 0; own && rtcp_xr_dlrr(block, i, &d); i++) {
		if (qos_rtt_answer(&own->rrtr, d.lrr, d.dlrr, w->now_ns, &us) != QOS_RTT_OK)
			continue;
		pkt_count(&w->table->counters.rtcp_round_trips, 1);
		qos_rtt_add(&own->to_source, us);
	}
}

static void note_xr_block(struct walk *w, struct qos_rtcp *own, const struct rtcp_xr_block *block)
{
	struct rtcp_voip_metrics metrics;
	struct qos_rtcp *about;
	uint32_t middle;

	if (rtcp_voip_metrics(block, &metrics)) {
		pkt_count(&w->table->counters.rtcp_xr_voip, 1);
		about = find(w, &w->back, metrics.ssrc);
		if (about) {
			about->has_xr = true;
			about->xr = metrics;
		}
	} else if (rtcp_xr_rrtr(block, &middle)) {
		pkt_count(&w->table->counters.rtcp_xr_times, 1);
		for (unsigned i = 0; i < w->about_count; i++)
			qos_rtt_pass(&w->about[i]->rrtr, middle, w->now_ns);
	} else if (block->type == RTCP_XR_DLRR) {
		pkt_count(&w->table->counters.rtcp_xr_times, 1);
		note_dlrr(w, own, block);
	} else {
		pkt_count(rtcp_xr_is_known(block->type) ? &w->table->counters.rtcp_xr_other
							: &w->table->counters.rtcp_xr_unknown,
			1);
	}
}

static void note_xr(struct walk *w, const struct rtcp_packet *packet)
{
	struct qos_rtcp *own = find_own(w, packet->ssrc);
	struct rtcp_xr_block block;
	size_t cursor = 0;

	while (rtcp_xr_next(packet, &cursor, &block))
		note_xr_block(w, own, &block);
}

static void note_fir(struct walk *w, const struct rtcp_feedback *feedback)
{
	struct qos_rtcp *about;
	uint32_t ssrc;
	uint8_t number;

	for (unsigned i = 0; rtcp_fir_entry(feedback, i, &ssrc, &number); i++) {
		about = find(w, &w->back, ssrc);
		if (!about || (about->has_fir && about->fir_number == number))
			continue;
		about->has_fir = true;
		about->fir_number = number;
		about->firs++;
	}
}

static void note_remb(struct walk *w, const struct rtcp_feedback *feedback)
{
	struct qos_rtcp *about;
	uint64_t bit_rate;
	uint32_t ssrc;

	for (unsigned i = 0; rtcp_remb_entry(feedback, i, &ssrc, &bit_rate); i++) {
		about = find(w, &w->back, ssrc);
		if (!about)
			continue;
		about->rembs++;
		about->remb_bit_rate = bit_rate;
	}
}

static void note_feedback(struct walk *w, const struct rtcp_packet *packet)
{
	struct qos_counters *counters = &w->table->counters;
	struct rtcp_feedback feedback;
	struct qos_rtcp *about;

	if (!rtcp_feedback(packet, &feedback))
		return;
	about = find(w, &w->back, feedback.media_ssrc);
	switch (feedback.kind) {
	case RTCP_FB_NACK:
		pkt_count(&counters->rtcp_nacks, 1);
		if (about) {
			about->nacks++;
			about->nack_packets += rtcp_nack_packets(&feedback);
		}
		break;
	case RTCP_FB_PLI:
		pkt_count(&counters->rtcp_plis, 1);
		if (about)
			about->plis++;
		break;
	case RTCP_FB_FIR:
		pkt_count(&counters->rtcp_firs, 1);
		note_fir(w, &feedback);
		break;
	case RTCP_FB_REMB:
		pkt_count(&counters->rtcp_rembs, 1);
		note_remb(w, &feedback);
		break;
	case RTCP_FB_OTHER:
		pkt_count(&counters->rtcp_feedback_other, 1);
		break;
	}
}

void qos_rtcp_on_compound(struct qos_table *t, const struct pkt_flow *flow, struct bytes payload,
	const struct qos_rtcp_ahead *ahead, uint64_t now_ns)
{
	struct walk w = {.table = t,
		.flow = flow,
		.back = pkt_flow_turned(flow),
		.ahead = ahead,
		.now_ns = now_ns};
	struct bytes rest = payload;
	struct rtcp_packet packet;
	struct qos_rtcp *own;

	if (rtcp_next(&rest, &packet) && packet.has_ssrc) {
		own = find_own(&w, packet.ssrc);
		if (own)
			own->compounds++;
	}
	while (rtcp_next(&payload, &packet)) {
		switch (packet.type) {
		case RTCP_SR:
		case RTCP_RR:
			note_report(&w, &packet);
			break;
		case RTCP_XR:
			note_xr(&w, &packet);
			break;
		case RTCP_RTPFB:
		case RTCP_PSFB:
			note_feedback(&w, &packet);
			break;
		default:
			break;
		}
	}
}

bool qos_rtcp_on_srtcp(
	struct qos_table *t, const struct pkt_flow *flow, struct bytes payload, uint32_t *ssrc)
{
	struct walk w = {.table = t};
	struct qos_rtcp *own;

	*ssrc = be32(payload.p + 4);
	own = find(&w, flow, *ssrc);
	if (own)
		own->srtcp++;
	return payload.p[1] == RTCP_BYE;
}

static double jitter_ms(uint32_t jitter, uint32_t clock)
{
	if (!clock || jitter > (uint64_t)clock * JITTER_MAX_S)
		return NAN;
	return jitter * 1000.0 / clock;
}

void qos_rtcp_describe(const struct qos_rtcp *rtcp, uint32_t clock, struct qos_report *report)
{
	report->has_rtt_a = qos_rtt_ms(&rtcp->to_source, &report->rtt_a_ms);
	report->has_rtt_b = qos_rtt_ms(&rtcp->to_receiver, &report->rtt_b_ms);
	report->rtcp_packets = rtcp->compounds;
	report->srtcp_packets = rtcp->srtcp;
	report->far_reports = rtcp->blocks;
	report->far_loss_pct = rtcp->fraction * (double)PERCENT / 256;
	report->far_max_loss_pct = rtcp->max_fraction * (double)PERCENT / 256;
	report->far_lost = rtcp->lost;
	report->far_jitter_ms = jitter_ms(rtcp->jitter, clock);
	report->far_max_jitter_ms = jitter_ms(rtcp->max_jitter, clock);
	report->nacks = rtcp->nacks;
	report->nack_packets = rtcp->nack_packets;
	report->plis = rtcp->plis;
	report->firs = rtcp->firs;
	report->rembs = rtcp->rembs;
	report->remb_bit_rate = rtcp->remb_bit_rate;
	report->has_xr = rtcp->has_xr;
	report->xr = rtcp->xr;
}
