/* SPDX-License-Identifier: BSD-3-Clause */
/* What a trunk has beside RTP: SIP dialogues, RTCP of the streams, and noise, in fixed places among 1000 packets.
 * Owner: the feed. Threads: one lcore at a time. */
#ifndef BENCH_TRUNK_H
#define BENCH_TRUNK_H

#include <stdint.h>

struct bench_trunk;

/* Of 1000 packets, one at least; the rest is RTP. */
struct bench_mix {
	unsigned sip, rtcp, noise;
};

/* headers: of the streams, BENCH_HEADER octets each; they stay the caller's. NULL: no memory. */
struct bench_trunk *bench_trunk_create(
	const uint8_t *headers, uint32_t count, const struct bench_mix *mix, uint64_t now_ns);
void bench_trunk_destroy(struct bench_trunk *t);

/* What: before that, makes the next frame of dialogues until as many end as begin. Returns its octets, 0 at the end.
 * trunk: a struct bench_trunk. */
unsigned bench_trunk_begin(void *trunk, uint8_t *frame);

/* RTP packets before the next other frame. */
unsigned bench_trunk_gap(const struct bench_trunk *t);

/* What: makes the next other frame. Returns its octets. */
unsigned bench_trunk_put(struct bench_trunk *t, uint8_t *frame);

#endif
