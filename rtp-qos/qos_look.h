/* SPDX-License-Identifier: BSD-3-Clause */
/* What a look at a stream once a second is enough for, so that packets need not pay for it: packet delay
 * variation, the drift of the sender's clock, the length of its frames, and whether its RTP clock is what
 * it is said to be.
 * Owner: the stream. Threads: its worker. */
#ifndef QOS_LOOK_H
#define QOS_LOOK_H

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	QOS_LOOK_BLOCK = 16, /* looks that are filed together, and share one least transit */
	QOS_PDV_BUCKETS = 32,
};

struct qos_look_sample {
	int32_t transit_ns;
	uint32_t at_us; /* since the first of the block */
};

/* Packet delay variation, RFC 5481 section 4.2: transit minus the least of its block; buckets a square root of
 * two apart. */
struct qos_pdv {
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
	/* One line that every look touches: the stream as it was at the last one. */
	uint64_t last_ns;
	uint64_t silent_deltas;
	uint64_t packets, bytes;
	uint32_t last_ts;
	uint32_t number; /* of the packet of last_ts */
	uint32_t anchors;
	uint32_t clock_seen; /* another clock than is used, in so many looks in a row */
	uint32_t clock_hz; /* estimated and in use; 0: the one given is */
	uint16_t clock_looks;
	uint16_t count; /* samples of the block */
	uint64_t block_ns; /* its first sample */

	/* Two more, in turn. */
	alignas(64) struct qos_look_sample sample[QOS_LOOK_BLOCK];

	/* When a block is full. */
	uint64_t followed_ns; /* until when the buffers followed the drift */
	/* Of a codec with modes only. */
	double kbps; /* mean of so many looks at speech */
	double rated_kbps; /* when the mode was chosen by it; 0: it was not */
	uint16_t rate_looks;
	uint16_t pauses; /* looks in a row at far less */
	uint16_t packet_bytes; /* of every packet up to the last look; 0: they were not all alike */
	uint16_t sized_bytes; /* the mode was chosen by so many; 0: it was not */
	int64_t skew_base_ns; /* what the hot half's skew is counted from */
	struct qos_drift drift;
	struct qos_pdv pdv;
};

/* What: n transits that share their least. */
void qos_pdv_add(struct qos_pdv *pdv, const struct qos_look_sample *sample, uint32_t n);
/* What: upper border of the bucket with that share of the samples below it, in ns; NaN when there are fewer
 * than least samples. */
double qos_pdv_quantile(const struct qos_pdv *pdv, double share, uint32_t least);

void qos_drift_add(struct qos_drift *drift, double t_s, double skew_ns);
void qos_drift_break(struct qos_drift *drift);
/* What: parts per million that the sender's clock is fast; NaN while its standard error is above 2.5. */
double qos_drift_ppm(const struct qos_drift *drift);

/* What: files the samples that wait for their block to be full. first_ns: of the stream. */
void qos_look_settle(struct qos_look *look, uint64_t first_ns);

/* What: the common RTP clock within 3 % of hz, 0 when there is none. */
uint32_t qos_clock_snap(double hz);

#endif
