/* SPDX-License-Identifier: BSD-3-Clause */
/* The score that RTPAgent gives, for comparing with its reports of the past. It is no E-model: it takes
 * the time between packets for a delay and knows no codec. Worked out from published reports, which it
 * agrees with to the last digit.
 * Owner: pure functions. Threads: any. */
#ifndef QOS_RTPAGENT_H
#define QOS_RTPAGENT_H

/* RFACTOR of DELTA and JITTER in ms and loss in percent, 0 to 93.2. */
double qos_rtpagent_r(double delta_ms, double jitter_ms, double ppl);

/* Its MOS, which is G.107's of that R. */
double qos_rtpagent_mos(double r);

#endif
