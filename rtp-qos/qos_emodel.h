/* SPDX-License-Identifier: BSD-3-Clause */
/* The E-model on its three scales, all parameters that a passive probe cannot know at their defaults:
 * ITU-T G.107 (06/2015) narrowband, G.107.1 (06/2019) wideband, G.107.2 (06/2019) fullband. A scale has
 * its own impairments, its own R and its own way to a MOS; figures of two scales never meet in one
 * formula or one mean. What comes out is an estimate for planning (MOS-CQE), not a listening test.
 * Owner: pure functions. Threads: any. Equation numbers are those of the Recommendation. */
#ifndef QOS_EMODEL_H
#define QOS_EMODEL_H

enum qos_scale {
	QOS_NB = 0, /* G.107: MOS 4.41 is the most a telephone band can reach */
	QOS_WB, /* G.107.1 */
	QOS_FB, /* G.107.2, superwideband codecs as well */
	QOS_SCALES,
};

/* R of the default narrowband connection without delay, loss or coding (G.107 section 7.7). */
#define QOS_EMODEL_R_DEFAULT 93.20620772

/* "NB", "WB", "FB": the report's MOS_SCALE. */
const char *qos_scale_name(enum qos_scale scale);

/* R without delay, loss and coding: 93.2, 129 or 148. */
double qos_emodel_r_best(enum qos_scale scale);

/* G.107 equation 7-29, G.107.1 equation 7-15 and its fullband twin. ppl: packet loss in percent, 0-100.
 * burst_r: burst ratio, >= 1; 1 is random loss. Only narrowband knows it: the two other Recommendations
 * have no such term. */
double qos_emodel_ie_eff(enum qos_scale scale, double ie, double bpl, double ppl, double burst_r);

/* Delay impairment Id of a one-way delay of ta_ms, mouth to ear. Narrowband with talker and listener
 * echo at the default losses, which is 0.149 without any delay; the others without echo, 0 up to 100 ms.
 * Of 0 for MOS-LQ, of the measured delay for MOS-CQ. */
double qos_emodel_id(enum qos_scale scale, double ta_ms);

/* Equation 7-1 with A = 0; ie_eff and id from above. At least 0, at most 100, 129 or 148. */
double qos_emodel_r(enum qos_scale scale, double ie_eff, double id);

/* G.107 Annex B, G.107.1 Annex A: estimated mean opinion score, 1 to 4.5, monotone: never below 1. */
double qos_emodel_mos(enum qos_scale scale, double r);

/* G.107 Annex B, B-1 and B-2, narrowband only: percent who find the connection good or better, poor or
 * worse. */
double qos_emodel_gob(double r);
double qos_emodel_pow(double r);

#endif
