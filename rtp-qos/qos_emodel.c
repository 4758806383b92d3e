/* SPDX-License-Identifier: BSD-3-Clause */
/* The equations of G.107, G.107.1 and G.107.2 that a passive probe needs. What noise, loudness and
 * quantizing do at the default parameters is in a constant per scale. */
#include "qos_emodel.h"

#include <math.h>

/* G.107 with the defaults of its Table 3. */
#define NO	    (-61.179214) /* noise, equation 7-3 */
#define RO	    94.76882158 /* signal to noise, 7-2 */
#define RO_MINUS_IS 93.3552534482 /* without the simultaneous impairment of 1.4136, 7-8 */
#define RLR	    2.0 /* receive loudness rating */
#define TELR	    65.0 /* talker echo loudness rating */
#define WEPL	    110.0 /* weighted echo path loss */
#define MINIMUM_TA  100.0 /* mT: delay that is not noticed, default sensitivity */
#define LONGEST_TA  60000.0

struct model {
	const char *name;
	double r0; /* Ro - Is */
	double r_high; /* where MOS has reached 4.5 */
	double loss; /* what Ie,eff tends to as all packets are lost */
	double stretch; /* of the scale, against that of G.107 */
};

static const struct model models[QOS_SCALES] = {
	[QOS_NB] = {"NB", RO_MINUS_IS, 100, 95, 1},
	[QOS_WB] = {"WB", 129, 129, 95, 1.29}, /* G.107.1 equations 7-2, 7-15, A-1; the 95 stays */
	[QOS_FB] = {"FB", 148, 148, 132, 1.48}, /* G.107.2 */
};

/* Comparisons are written so that a NaN ends in the first branch. */
static double clamp(double x, double low, double high)
{
	if (!(x > low))
		return low;
	return x < high ? x : high;
}

const char *qos_scale_name(enum qos_scale scale)
{
	return models[scale].name;
}

double qos_emodel_r_best(enum qos_scale scale)
{
	return qos_emodel_r(scale, 0, qos_emodel_id(scale, 0));
}

double qos_emodel_ie_eff(enum qos_scale scale, double ie, double bpl, double ppl, double burst_r)
{
	ppl = clamp(ppl, 0, 100);
	burst_r = burst_r > 1 && scale == QOS_NB ? burst_r : 1;
	if (ppl == 0)
		return ie;
	return ie + (models[scale].loss - ie) * ppl / (ppl / burst_r + bpl);
}

/* G.107 equations 7-19 to 7-22: what the talker hears of himself. Below 2 ms, where it is sidetone, the
 * equation would make it an improvement. */
static double talker_echo(double t)
{
	double terv = TELR - 40 * log10((1 + t / 10) / (1 + t / 150)) + 6 * exp(-.3 * t * t);
	double re = 80 + 2.5 * (terv - 14);
	double roe = -1.5 * (NO - RLR);
	double half = (roe - re) / 2;

	return fmax(0, (half + sqrt(half * half + 100) - 1) * (1 - exp(-t)));
}

/* G.107 equations 7-25 and 7-26, for a round trip of tr. */
static double listener_echo(double tr)
{
	double rle = 10.5 * (WEPL + 7) * pow(tr + 1, -.25);
	double half = (RO - rle) / 2;

	return half + sqrt(half * half + 169);
}

/* G.107 equations 7-27 and 7-28 with sT = 1: what delay does to a conversation. */
static double absolute_delay(double ta)
{
	double x;

	if (ta <= MINIMUM_TA)
		return 0;
	x = log2(ta / MINIMUM_TA);
	return 25 * (pow(1 + pow(x, 6), 1. / 6) - 3 * pow(1 + pow(x / 3, 6), 1. / 6) + 2);
}

/* Wideband (G.107.1 equation 7-13) and fullband stretch the last term only. G.107.1 has echo too, but
 * by a noise level that it does not define, and G.107.2 leaves echo for further study. */
double qos_emodel_id(enum qos_scale scale, double ta_ms)
{
	double ta = clamp(ta_ms, 0, LONGEST_TA);

	if (scale != QOS_NB)
		return models[scale].stretch * absolute_delay(ta);
	return talker_echo(ta) + listener_echo(2 * ta) + absolute_delay(ta);
}

double qos_emodel_r(enum qos_scale scale, double ie_eff, double id)
{
	return clamp(models[scale].r0 - ie_eff - id, 0, models[scale].r_high);
}

double qos_emodel_mos(enum qos_scale scale, double r)
{
	/* Rx of Annex A of G.107.1: the scale pressed into that of G.107. */
	double rx = clamp(r / models[scale].stretch, 0, 100);

	/* The cubic dips below 1 for R under 6.5. */
	return clamp(1 + 0.035 * rx + 7e-6 * rx * (rx - 60) * (100 - rx), 1, 4.5);
}

/* The normal distribution, in percent. */
static double share(double x)
{
	return 50 * erfc(-x / M_SQRT2);
}

double qos_emodel_gob(double r)
{
	return share((r - 60) / 16);
}

double qos_emodel_pow(double r)
{
	return share((45 - r) / 16);
}
