/* SPDX-License-Identifier: BSD-3-Clause */
#include "qos_delay.h"

#include <math.h>

enum {
	XR_UNAVAILABLE = 65535, /* of the two-octet fields; 0 is in use for it too */
};

/* What an encoder waits for beyond its frame, milliseconds: G.729 section 2, G.723.1 section 2.1, TS 26.090
 * and 26.190 (AMR, AMR-WB), TS 26.445 (EVS), RFC 6716 section 2 (Opus at its default). */
static const struct {
	const char *name;
	double ms;
} look_aheads[] = {
	{"g729", 5},
	{"g723", 7.5},
	{"amr", 5},
	{"amr-wb", 5},
	{"evs", 12},
	{"opus", 6.5},
};

const char *qos_delay_source_name(enum qos_delay_source source)
{
	static const char *const names[] = {
		[QOS_DELAY_NONE] = "none",
		[QOS_DELAY_CONF] = "conf",
		[QOS_DELAY_XR] = "xr",
		[QOS_DELAY_RTCP] = "rtcp",
	};

	return names[source];
}

static double look_ahead_ms(const char *name)
{
	for (unsigned i = 0; i < sizeof(look_aheads) / sizeof(look_aheads[0]); i++)
		if (strcmp(look_aheads[i].name, name) == 0)
			return look_aheads[i].ms;
	return 0;
}

static bool is_available(uint16_t ms)
{
	return ms != 0 && ms != XR_UNAVAILABLE;
}

/* What a packet holds. Where that is not known, the time between packets that were sent, to half a
 * millisecond: lost ones make that between received ones longer, and bursts of them as much as
 * they are long. */
static double packet_ms(const struct qos_report *report)
{
	if (report->frame_ms > 0)
		return report->frame_ms;
	if (!report->expected)
		return 0;
	return round(2 * report->delta_ms * (double)report->packets / (double)report->expected) / 2;
}

static double ends_ms(const struct qos_options *options, const struct qos_report *report)
{
	double buffer_ms = report->has_xr && is_available(report->xr.jb_nominal_ms)
				   ? report->xr.jb_nominal_ms
				   : options->jitter_buffer_ms;

	return buffer_ms + packet_ms(report) + look_ahead_ms(report->payload.name);
}

static void find_delay(const struct qos_options *options, struct qos_report *report)
{
	report->ta_ms = 0;
	if (report->has_rtt_a && report->has_rtt_b) {
		report->delay_source = QOS_DELAY_RTCP;
		report->ta_ms =
			(report->rtt_a_ms + report->rtt_b_ms) / 2 + ends_ms(options, report);
	} else if (report->has_xr && is_available(report->xr.round_trip_ms)) {
		report->delay_source = QOS_DELAY_XR;
		report->ta_ms = report->xr.round_trip_ms / 2.0 + ends_ms(options, report);
	} else if (options->delay_ms) {
		report->delay_source = QOS_DELAY_CONF;
		report->ta_ms = options->delay_ms;
	} else {
		report->delay_source = QOS_DELAY_NONE;
	}
}

/* As the scores without delay: begins anew on another scale. */
static void add_cq(struct qos_cq *cq, struct qos_report *report)
{
	if (cq->weight && cq->scale != report->scale)
		cq->weight = 0;
	if (report->scored) {
		cq->scale = report->scale;
		cq->min = cq->weight ? fmin(cq->min, report->mos_cq) : report->mos_cq;
		cq->sum = (cq->weight ? cq->sum : 0) + report->mos_cq * (double)report->scored;
		cq->weight += report->scored;
	}
	report->min_mos_cq = cq->weight ? cq->min : NAN;
	report->mean_mos_cq = cq->weight ? cq->sum / (double)cq->weight : NAN;
}

/* R has the impairment of no delay in it already. Where R stopped at 0 the difference stops there too. */
void qos_delay_describe(
	const struct qos_options *options, struct qos_cq *cq, struct qos_report *report)
{
	double more;

	find_delay(options, report);
	if (!report->has_score || report->delay_source == QOS_DELAY_NONE)
		return;
	report->id = qos_emodel_id(report->scale, report->ta_ms);
	more = report->id - qos_emodel_id(report->scale, 0);
	/* fmax() would make 0 of an interval without score. */
	report->r_cq = isnan(report->r) ? NAN : fmax(0, report->r - more);
	report->mos_cq = isnan(report->r) ? NAN : qos_emodel_mos(report->scale, report->r_cq);
	add_cq(cq, report);
}
