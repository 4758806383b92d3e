/* SPDX-License-Identifier: BSD-3-Clause */
/* Delta, jitter, skew and the jitter buffers of a packet that the fast path did not take: talkspurts,
 * silence, jumps, late packets, and those that some buffer throws away.
 * Owner: the stream. Threads: its worker. */
#ifndef QOS_TIMING_H
#define QOS_TIMING_H

#include "qos_stream.h"

/* What: files a voice or video packet that was counted. step: sequence numbers it is beyond the highest
 * before it; negative for a late packet, how far it is behind the highest. */
void qos_timing_file(struct qos_stream_env *env, struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, const struct pkt_media *m, uint64_t now_ns, int32_t step);

/* What: brings the window of the fast path to where the buffers are now. */
void qos_timing_set_window(
	const struct qos_stream_env *env, struct qos_stream_hot *hot, struct qos_stream_cold *cold);

/* What: the clock was wrong, hz is right (one of qos_clocks): all that was measured with it begins anew. */
void qos_timing_set_clock(struct qos_stream_env *env, struct qos_stream_hot *hot,
	struct qos_stream_cold *cold, uint32_t hz);

#endif
