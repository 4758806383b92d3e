/* SPDX-License-Identifier: BSD-3-Clause */
/* What the benchmarks share: options, cycles, calibration of the machine, and one row per floor that a
 * piece of code is compared with. A figure is never judged: machines differ, ratios less.
 * Owner: the program. Threads: one, but for the measurement between two CPUs. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "pkt_media.h"

enum {
	BENCH_REPEATS = 5, /* unless --quick or --repeats say else */
	BENCH_REPEATS_MAX = 99,
	BENCH_BURST = 32,
	BENCH_FRAME_STRIDE = 2048, /* as far apart as mbufs are */
	BENCH_RTP_BYTES = 214, /* G.711, 20 ms, over IPv4 without a tag */
	BENCH_SSRC = 0x5eed0000, /* of stream 0; the next have the next */
};

/* As good as one drawn at random. */
#define BENCH_SEED          \
	((struct pkt_seed){ \
		{0x452821e638d01377, 0xbe5466cf34e90c6c, 0xc0ac29b7c97c50dd, 0x3f84d5b5b5470917}})

/* bench_options.c: what all programs take on their command line. */
struct bench_options {
	const char *bench; /* "stage", "ring", "pipeline": the rows' field of that name */
	const char *json; /* rows are appended here, one object a line; NULL for the table only */
	unsigned repeats;
	bool is_quick; /* one repeat, less of everything */
	bool has_hugepages; /* of bench_pipeline: packet buffers on them, as a live probe's */
};

/* Reads [--quick] [--repeats N] [--json PATH] [--hugepages]. First thing in main; ends the program with exit code 2
 * and the usage when it is given anything else. */
void bench_options(int argc, char **argv, const char *bench);
/* What was read; before, the defaults. */
const struct bench_options *bench_options_get(void);
static inline bool bench_is_quick(void)
{
	return bench_options_get()->is_quick;
}

/* bench_row.c: one line of the table, one object of the JSON array. 0 and NULL: does not apply. */
struct bench_row {
	const char *name;
	const char *shape; /* "fused", "pipeline" */
	unsigned workers;
	uint32_t streams;
	double cycles; /* of the TSC, per packet */
	double mpps; /* of one core unless workers say else; 0: from cycles */
	const char *floor;
	double floor_cycles;
	double calls_per_second;
};

/* Prints the row and appends it to the file of --json. */
void bench_row(const struct bench_row *row);

/* One way to spend cycles on packets. */
struct bench_code {
	const char *name;
	uint64_t (*run)(void *arg); /* the nanoseconds that it took for all packets */
	void *arg;
	uint64_t packets;
};

/* bench_machine.c: prints what the machine is and the head of the table, and appends the calibration
 * rows. False when memory is short. */
bool bench_start(const char *title);
void bench_print_core_to_core(const char *when);
/* Of the TSC, measured once. */
double bench_tsc_hz(void);

/* bench_core.c: one way latency of a cache line between two CPUs, in cycles; 0 with fewer than two. */
double bench_core_to_core(void);

/* What: runs the subject and its floors in turn, as often as the options say after once for nothing,
 * and makes a row of the medians for each floor; one without a floor when count is 0. */
void bench_compare(
	const struct bench_code *subject, const struct bench_code *floors, unsigned count);
/* The same; shape, workers and streams of the rows are those of facts. */
void bench_compare_row(const struct bench_row *facts, const struct bench_code *subject,
	const struct bench_code *floors, unsigned count);
/* Sorts them. */
double bench_median(double *values, unsigned n);

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

/* Of a frame of Ethernet, IPv4 and UDP. */
enum {
	BENCH_IP_BYTES_AT = 16,
	BENCH_SOURCE_AT = 26,
	BENCH_UDP_AT = 34, /* sport, dport, octets, checksum */
	BENCH_PAYLOAD_AT = 42,
};

/* In network order. Returns what is behind. */
static inline uint8_t *bench_put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return p + 2;
}

/* Says how long the payload of such a frame is. */
static inline void bench_put_bytes(uint8_t *frame, size_t payload)
{
	bench_put16(frame + BENCH_IP_BYTES_AT, BENCH_PAYLOAD_AT - 14 + payload);
	bench_put16(frame + BENCH_UDP_AT + 4, 8 + payload);
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
