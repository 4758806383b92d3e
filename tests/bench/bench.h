/* SPDX-License-Identifier: BSD-3-Clause */
/* What the benchmarks share: cycles, calibration of the machine, and one line of the table per floor
 * that a piece of code is compared with. A figure is never judged: machines differ, ratios less.
 * Owner: the program. Threads: one, but for the measurement between two CPUs. */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>

#include "bytes.h"
#include "pkt_media.h"

enum {
	BENCH_REPEATS = 5,
	BENCH_BURST = 32,
	BENCH_FRAME_STRIDE = 2048, /* as far apart as mbufs are */
	BENCH_RTP_BYTES = 214, /* G.711, 20 ms, over IPv4 without a tag */
};

/* One way to spend cycles on packets. */
struct bench_code {
	const char *name;
	uint64_t (*run)(void *arg); /* the nanoseconds that it took for all packets */
	void *arg;
	uint64_t packets;
};

/* Prints what the machine is and the head of the table. False when memory is short. */
bool bench_start(const char *title);

/* One way latency of a cache line between two CPUs, in cycles; 0 with fewer than two. */
double bench_core_to_core(void);
void bench_print_core_to_core(const char *when);

/* What: runs the subject and its floors in turn, BENCH_REPEATS times after one for nothing, and prints
 * for each floor the medians of both and their ratio. */
void bench_compare(
	const struct bench_code *subject, const struct bench_code *floors, unsigned count);

/* Time that this thread had a CPU: what others take from it on a busy machine does not count. */
uint64_t bench_cpu_ns(void);
uint64_t bench_wall_ns(void);

/* The same sequence in every run. */
uint64_t bench_random(uint64_t *state);
/* A random order of 0 to n - 1. NULL when memory is short. */
uint32_t *bench_order(uint32_t n);

/* So that the compiler computes v. */
static inline void bench_use(uint64_t v)
{
	__asm__ volatile("" : : "r"(v) : "memory");
}

/* bench_frames.c: what is on the wire. Stream i has its own addresses, ports and SSRC. */

/* An Ethernet frame of family 4 or 6, with a VLAN tag when vlan is not 0. Returns its length. */
unsigned bench_rtp_frame(uint8_t *frame, uint8_t family, uint16_t vlan, uint32_t i);
/* An INVITE with a session description. Returns its length. */
unsigned bench_invite(char *text, size_t size, uint32_t i);
/* Sender report with one block, and SDES with a CNAME. Returns its length. */
unsigned bench_rtcp(uint8_t *packet, uint32_t i);

/* bench_table.c, bench_message.c: parts of bench_stage. False when memory is short. */
bool bench_table(void);
bool bench_message(void);

#endif
