/* SPDX-License-Identifier: BSD-3-Clause */
/* What the generator's program in the kernel is told, and what it counts.
 * Owner: bench_gen.c writes the order before the first packet. Threads: one runs the program. */
#ifndef BENCH_GEN_H
#define BENCH_GEN_H

#include <linux/types.h>

enum {
	GEN_PAYLOAD = 172, /* of UDP: RTP header and 20 ms of G.711, or as much of something else */
	GEN_FRAME = 14 + 20 + 8 + GEN_PAYLOAD,
	GEN_SIP_NUMBERS = 2, /* places in the SIP text where the packet's number goes */
};

struct gen_order {
	__u64 packets_max;
	__u64 gap_q8; /* nanoseconds from one frame to the next, in 256ths; 0: flat out */
	__u32 ifindex; /* where frames leave */
	__u32 streams;
	__u32 sip_permille;
	__u32 noise_permille;
	__u32 sip_number_at[GEN_SIP_NUMBERS]; /* eight hexadecimal digits each */
	__u8 sip[GEN_PAYLOAD];
};

/* Goes on from one run to the next, so that sequence numbers do. */
struct gen_state {
	__u64 rtp;
	__u64 sip;
	__u64 noise;
	__u64 due_q8; /* when the next frame is, on the kernel's monotonic clock */
	__u32 stream; /* next */
	__u32 round; /* of all streams: their sequence number */
	__u32 sip_due; /* in thousandths of a packet */
	__u32 noise_due;
};

#endif
