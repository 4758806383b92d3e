/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls that announce the streams of bench_rtp_frame: of each two directions an INVITE and a 200 that answers it.
 * Owner: the caller. Threads: one lcore at a time. */
#ifndef BENCH_ANNOUNCE_H
#define BENCH_ANNOUNCE_H

#include <stdint.h>

struct bench_announce {
	uint32_t streams; /* even */
	uint32_t next;
};

/* What: makes the next frame, which the side sends that stream next is of. Returns its octets, 0 when all streams are
 * announced. arg: a struct bench_announce. */
unsigned bench_announce_next(void *arg, uint8_t *frame);

#endif
