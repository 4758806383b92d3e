/* SPDX-License-Identifier: BSD-3-Clause */
/* The three equations of ITU-T G.107 that a passive probe needs; everything else of the model is in
 * QOS_EMODEL_R_DEFAULT. */
#include "qos_emodel.h"

/* Comparisons are written so that a NaN ends in the first branch. */
static double clamp(double x, double low, double high)
{
	if (!(x > low))
		return low;
	return x < high ? x : high;
}

double qos_emodel_ie_eff(double ie, double bpl, double ppl, double burst_r)
{
	ppl = clamp(ppl, 0, 100);
	burst_r = burst_r > 1 ? burst_r : 1;
	if (ppl == 0)
		return ie;
	return ie + (95 - ie) * ppl / (ppl / burst_r + bpl);
}

double qos_emodel_r(double ie_eff, double id)
{
	return clamp(QOS_EMODEL_R_DEFAULT - ie_eff - id, 0, 100);
}

double qos_emodel_mos(double r)
{
	r = clamp(r, 0, 100);
	/* The cubic dips below 1 for R under 6.5. */
	return clamp(1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r), 1, 4.5);
}
