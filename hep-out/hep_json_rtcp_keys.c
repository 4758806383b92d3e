/* SPDX-License-Identifier: BSD-3-Clause */
/* The members of a quality report that come from RTCP, and those of delay. What no receiver reported is
 * left out: most streams have no XR and no feedback, and a report should fit into one packet. */
#include "hep_json.h"
#include "qos_delay.h"

enum {
	UNAVAILABLE = 127, /* RFC 3611 section 4.7, in levels, R-factors and MOS */
	XR_SHIFT_PLC = 6,
	XR_SHIFT_JBA = 4,
};

static void put_known(struct hep_json *j, const char *key, bool is_known, double v)
{
	if (is_known)
		hep_json_double(j, key, v, 3);
	else
		hep_json_null(j, key);
}

static void put_delay(struct hep_json *j, const struct qos_report *r)
{
	bool has_delay = r->delay_source != QOS_DELAY_NONE;
	bool has_cq = has_delay && r->has_score;

	put_known(j, "RTT", r->has_rtt_a && r->has_rtt_b, r->rtt_a_ms + r->rtt_b_ms);
	put_known(j, "RTT_A", r->has_rtt_a, r->rtt_a_ms);
	put_known(j, "RTT_B", r->has_rtt_b, r->rtt_b_ms);
	put_known(j, "TA_MS", has_delay, r->ta_ms);
	hep_json_string(j, "DELAY_SRC", bytes_from_str(qos_delay_source_name(r->delay_source)));
	put_known(j, "ID", has_cq, r->id);
	put_known(j, "MOS_LQ", r->has_score, r->mos);
	put_known(j, "MOS_CQ", has_cq, r->mos_cq);
	put_known(j, "RFACTOR_CQ", has_cq, r->r_cq);
}

static void put_far_end(struct hep_json *j, const struct qos_report *r)
{
	hep_json_u64(j, "RTCP_PK", r->rtcp_packets);
	hep_json_u64(j, "SRTCP_PK", r->srtcp_packets);
	hep_json_u64(j, "FAR_REPORTS", r->far_reports);
	if (!r->far_reports)
		return;
	hep_json_double(j, "FAR_LOSS_PCT", r->far_loss_pct, 3);
	hep_json_double(j, "FAR_MAX_LOSS_PCT", r->far_max_loss_pct, 3);
	hep_json_i64(j, "FAR_LOST", r->far_lost);
	hep_json_double(j, "FAR_JITTER", r->far_jitter_ms, 3);
	hep_json_double(j, "FAR_MAX_JITTER", r->far_max_jitter_ms, 3);
}

static void put_feedback(struct hep_json *j, const struct qos_report *r)
{
	if (!r->nacks && !r->plis && !r->firs && !r->rembs)
		return;
	hep_json_u64(j, "NACK", r->nacks);
	hep_json_u64(j, "NACK_PK", r->nack_packets);
	hep_json_u64(j, "PLI", r->plis);
	hep_json_u64(j, "FIR", r->firs);
	hep_json_u64(j, "REMB", r->rembs);
	hep_json_u64(j, "REMB_BPS", r->remb_bit_rate);
}

static void put_level(struct hep_json *j, const char *key, int v)
{
	if (v == UNAVAILABLE)
		hep_json_null(j, key);
	else
		hep_json_i64(j, key, v);
}

static double percent(uint8_t of_256)
{
	return of_256 * 100.0 / 256;
}

static void put_xr(struct hep_json *j, const struct rtcp_voip_metrics *m)
{
	hep_json_double(j, "XR_LOSS_PCT", percent(m->loss_rate), 3);
	hep_json_double(j, "XR_DISCARD_PCT", percent(m->discard_rate), 3);
	hep_json_double(j, "XR_BURST_DENSITY", m->burst_density / 256.0, 3);
	hep_json_u64(j, "XR_BURST_MS", m->burst_ms);
	hep_json_double(j, "XR_GAP_DENSITY", m->gap_density / 256.0, 3);
	hep_json_u64(j, "XR_GAP_MS", m->gap_ms);
	hep_json_u64(j, "XR_GMIN", m->gmin);
	hep_json_u64(j, "XR_RTT", m->round_trip_ms);
	hep_json_u64(j, "XR_END_DELAY", m->end_system_ms);
	put_level(j, "XR_SIGNAL", m->signal_level);
	put_level(j, "XR_NOISE", m->noise_level);
	put_level(j, "XR_RERL", m->rerl);
	put_level(j, "XR_RFACTOR", m->r_factor);
	put_level(j, "XR_EXT_RFACTOR", m->ext_r_factor);
	put_known(j, "XR_MOS_LQ", m->mos_lq != UNAVAILABLE, m->mos_lq / 10.0);
	put_known(j, "XR_MOS_CQ", m->mos_cq != UNAVAILABLE, m->mos_cq / 10.0);
	hep_json_u64(j, "XR_PLC", m->rx_config >> XR_SHIFT_PLC);
	hep_json_u64(j, "XR_JBA", m->rx_config >> XR_SHIFT_JBA & 3);
	hep_json_u64(j, "XR_JB_RATE", m->rx_config & 15);
	hep_json_u64(j, "XR_JB_NOMINAL", m->jb_nominal_ms);
	hep_json_u64(j, "XR_JB_MAX", m->jb_maximum_ms);
	hep_json_u64(j, "XR_JB_ABS_MAX", m->jb_abs_max_ms);
}

void hep_json_rtcp_keys(struct hep_json *j, const struct qos_report *report)
{
	put_delay(j, report);
	put_far_end(j, report);
	put_feedback(j, report);
	if (report->has_xr)
		put_xr(j, &report->xr);
}
