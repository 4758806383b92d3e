/* SPDX-License-Identifier: BSD-3-Clause */
/* The delay from mouth to ear, as far as a probe can know it, and what the E-model makes of it.
 * Owner: pure functions on a report. Threads: any. */
#ifndef QOS_DELAY_H
#define QOS_DELAY_H

#include "qos_options.h"
#include "qos_report.h"

/* "none", "conf", "xr", "rtcp": the report's DELAY_SRC. */
const char *qos_delay_source_name(enum qos_delay_source source);

/* A stream's MOS-CQ so far. */
struct qos_cq {
	double min, sum;
	uint64_t weight; /* 0: none */
	enum qos_scale scale;
};

/* What: sets delay_source, ta_ms, id, r_cq and mos_cq of a report that is complete otherwise, adds its interval
 * to cq and sets min_mos_cq and mean_mos_cq.
 *
 * Ta (G.107) = half a round trip + jitter buffer + packet + look-ahead of the codec. The round trip is that
 * from end to end by RTCP at the probe, where both sides were measured; else that of the receiver's XR VoIP
 * metrics (RFC 3611 section 4.7.3). Half of it is the way of the stream only if both ways are as long: there
 * is no telling without synchronized clocks. The buffer is the nominal one of XR, else options say what to
 * assume. Without any round trip Ta is the configured delay as a whole, and without that there is none. */
void qos_delay_describe(
	const struct qos_options *options, struct qos_cq *cq, struct qos_report *report);

#endif
