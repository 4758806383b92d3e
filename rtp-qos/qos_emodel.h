/* SPDX-License-Identifier: BSD-3-Clause */
/* The E-model, ITU-T G.107 (06/2015), narrowband, all other parameters at their defaults.
 * Owner: pure functions. Threads: any. Equation numbers are those of the Recommendation. */
#ifndef QOS_EMODEL_H
#define QOS_EMODEL_H

/* R of the default parameters without delay, loss or coding: Ro - Is - Id (G.107 section 7.7). */
#define QOS_EMODEL_R_DEFAULT 93.20620772

/* Equation 7-29. ppl: packet loss in percent, 0-100. burst_r: burst ratio, >= 1; 1 is random loss. */
double qos_emodel_ie_eff(double ie, double bpl, double ppl, double burst_r);

/* Equation 7-1 with A = 0. ie_eff from above; id: delay impairment above the default, 0 without a
 * measured delay. Clamped to 0-100. */
double qos_emodel_r(double ie_eff, double id);

/* Annex B, B-4: estimated mean opinion score, 1 to 4.5, monotone: never below 1. */
double qos_emodel_mos(double r);

#endif
