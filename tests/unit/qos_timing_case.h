/* SPDX-License-Identifier: BSD-3-Clause */
/* Figures of timing that a stream is expected to have. */
#ifndef QOS_TIMING_CASE_H
#define QOS_TIMING_CASE_H

#include "qos_stream_case.h"

/* Half of the last digit of tshark's figures. */
#define DIGIT 0.0005

struct timing {
	double delta, max_delta, jitter, mean_jitter, max_jitter, skew, max_skew;
};

static inline void assert_timing(struct rig *rig, struct timing want)
{
	struct qos_report r = report_of(rig, QOS_FINAL);

	assert_near(r.delta_ms, want.delta, DIGIT);
	assert_near(r.max_delta_ms, want.max_delta, DIGIT);
	assert_near(r.jitter_ms, want.jitter, DIGIT);
	assert_near(r.mean_jitter_ms, want.mean_jitter, DIGIT);
	assert_near(r.max_jitter_ms, want.max_jitter, DIGIT);
	assert_near(r.skew_ms, want.skew, DIGIT);
	assert_near(r.max_skew_ms, want.max_skew, DIGIT);
}

#endif
