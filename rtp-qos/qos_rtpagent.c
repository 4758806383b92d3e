/* SPDX-License-Identifier: BSD-3-Clause */
/* The heuristic that ping tools made popular, with DELTA in place of a latency. */
#include "qos_rtpagent.h"

#include <math.h>

#include "qos_emodel.h"

#define R_BEST	       93.2
#define CODEC_MS       10.0
#define STEEP_MS       160.0 /* from here on each millisecond costs four times as much */
#define R_PER_LOSS_PCT 2.5

double qos_rtpagent_r(double delta_ms, double jitter_ms, double ppl)
{
	double latency = delta_ms + 2 * jitter_ms + CODEC_MS;
	double r = R_BEST - R_PER_LOSS_PCT * ppl;

	r -= latency < STEEP_MS ? latency / 40 : (latency - 120) / 10;
	return fmin(fmax(r, 0), R_BEST);
}

double qos_rtpagent_mos(double r)
{
	return qos_emodel_mos(QOS_NB, r);
}
