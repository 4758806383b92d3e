/* SPDX-License-Identifier: BSD-3-Clause */
/* What a look at a stream once a second is enough for, so that packets need not pay for it: packet delay
 * variation, the drift of the sender's clock, the length of its frames, and whether its RTP clock is what
 * it is said to be.
 * Owner: the stream. Threads: its worker. */
#ifndef QOS_LOOK_H
#define QOS_LOOK_H

#include <stdbool.h>
#include <stdint.h>

enum {
	QOS_PDV_BLOCK = 16, /* looks that share one least transit */
	QOS_PDV_BUCKETS = 32,
};

/* Packet delay variation, RFC 5481 section 4.2: transit minus the least of its time; buckets a square root of
 * two apart. */
struct qos_pdv {
	int32_t transit[QOS_PDV_BLOCK];
	uint32_t count; /* in the block */
	uint32_t bucket[QOS_PDV_BUCKETS];
};

/* Straight line through skew over time; where media time was set anew another begins, with the same slope. */
struct qos_drift {
	double n, t, s; /* points of this line, their means: seconds, nanoseconds */
	double tt, ts, ss; /* sums of squares and products about them */
	double all_n, all_tt, all_ts, all_ss; /* of the lines before */
	double lines;
};

struct qos_look {
	struct qos_pdv pdv;
	struct qos_drift drift;
	uint64_t last_ns; /* as the stream was at the last look */
	uint64_t silent_deltas;
	uint64_t packets, bytes;
	uint32_t last_ts;
	uint32_t ext_seq;
	uint32_t anchors;
	uint32_t clock_seen; /* another clock than is used, in so many looks in a row */
	uint32_t clock_looks;
	uint32_t clock_hz; /* estimated and in use; 0: the one given is */
};

void qos_pdv_add(struct qos_pdv *pdv, int32_t transit_ns);
/* What: upper border of the bucket with that share of the samples below it, in ns; NaN when there are fewer
 * than least samples. */
double qos_pdv_quantile(const struct qos_pdv *pdv, double share, uint32_t least);

void qos_drift_add(struct qos_drift *drift, double t_s, double skew_ns);
void qos_drift_break(struct qos_drift *drift);
/* What: parts per million that the sender's clock is fast; NaN while its standard error is above 2.5. */
double qos_drift_ppm(const struct qos_drift *drift);

/* What: the common RTP clock within 3 % of hz, 0 when there is none. */
uint32_t qos_clock_snap(double hz);

#endif
