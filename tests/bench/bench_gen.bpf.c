/* SPDX-License-Identifier: BSD-3-Clause */
/* Traffic made in the kernel: each run makes a frame's next contents and sends it out of a device. RTP
 * of all streams in turn, each with sequence numbers and time-stamps of its own; now and then a SIP
 * message or noise. Addresses and ports are those of bench_frames.c. */
#include "bench_gen.h"

#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define RTP_TICKS     160
#define BEHIND_MAX_NS 2000000 /* who was kept off the CPU for longer does not make up for it */
#define IP_SUM_CONSTANT \
	(0x45b8 + 20 + 8 + GEN_PAYLOAD + 0x3f11) /* RFC 791: all but the addresses */

struct frame {
	__u8 ethernet[14];
	__be16 version_tos, total, id, fragment, ttl_protocol, ip_sum;
	__be32 src, dst;
	__be16 sport, dport, udp_length, udp_sum;
	union {
		struct {
			__be16 flags_pt, seq;
			__be32 ts, ssrc;
		} __attribute__((packed)) rtp;
		__u8 payload[GEN_PAYLOAD];
	};
} __attribute__((packed));

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct gen_order);
} gen_order SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct gen_state);
} gen_state SEC(".maps");

static __always_inline void put_flow(
	struct frame *f, __u32 src, __u32 dst, __u16 sport, __u16 dport)
{
	__u32 sum = IP_SUM_CONSTANT + (src >> 16) + (src & 0xffff) + (dst >> 16) + (dst & 0xffff);

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	f->src = bpf_htonl(src);
	f->dst = bpf_htonl(dst);
	f->ip_sum = bpf_htons((__u16)~sum);
	f->sport = bpf_htons(sport);
	f->dport = bpf_htons(dport);
}

static __always_inline void put_rtp(
	struct frame *f, const struct gen_order *order, struct gen_state *state)
{
	__u32 i = state->stream;

	put_flow(f, 0x0a000000 | (i >> 6), 0x0a800000 | (i >> 5), 10000 + 2 * (i & 63),
		20000 + 2 * (i & 31));
	f->rtp.flags_pt = bpf_htons(0x8008);
	f->rtp.seq = bpf_htons((__u16)state->round);
	f->rtp.ts = bpf_htonl(state->round * RTP_TICKS);
	f->rtp.ssrc = bpf_htonl(0x5eed0000 + i);
	state->rtp++;
	if (++state->stream >= order->streams) {
		state->stream = 0;
		state->round++;
	}
}

static __always_inline void put_sip(
	struct frame *f, struct gen_order *order, struct gen_state *state)
{
	put_flow(f, 0xc0000201, 0xc6336407, 5060, 5060);
	/* In the map first: the verifier knows its bounds where it has lost the packet's. */
	for (__u32 n = 0; n < GEN_SIP_NUMBERS; n++) {
		__u32 at = order->sip_number_at[n];

		if (at > GEN_PAYLOAD - 8)
			continue;
		for (__u32 digit = 0; digit < 8; digit++) {
			__u8 v = (state->sip >> (28 - 4 * digit)) & 15;

			order->sip[at + digit] = v < 10 ? '0' + v : 'a' + v - 10;
		}
	}
	__builtin_memcpy(f->payload, order->sip, GEN_PAYLOAD);
	state->sip++;
}

/* No first octet that any protocol here begins with. */
static __always_inline void put_noise(struct frame *f, struct gen_state *state)
{
	__u32 r = bpf_get_prandom_u32();

	put_flow(f, 0x0a400000 | (r & 0xffff), 0x0a410001, 40000 + (r & 1023), 50000);
	f->rtp.ts = r;
	f->rtp.flags_pt = bpf_htons(0xf000 | (r & 0xff));
	state->noise++;
}

/* False: not yet. The frame goes back to where it came from, and this runs again at once. */
static __always_inline int is_due(const struct gen_order *order, struct gen_state *state)
{
	__u64 now = bpf_ktime_get_ns();

	if (state->rtp + state->sip + state->noise >= order->packets_max)
		return 0;
	if (!order->gap_q8)
		return 1;
	if (now << 8 < state->due_q8)
		return 0;
	if ((now - BEHIND_MAX_NS) << 8 > state->due_q8)
		state->due_q8 = (now - BEHIND_MAX_NS) << 8;
	state->due_q8 += order->gap_q8;
	return 1;
}

SEC("xdp")
int generate(struct xdp_md *ctx)
{
	struct frame *f = (void *)(long)ctx->data;
	struct gen_order *order;
	struct gen_state *state;
	__u32 zero = 0;

	order = bpf_map_lookup_elem(&gen_order, &zero);
	state = bpf_map_lookup_elem(&gen_state, &zero);
	if (!order || !state || (void *)(f + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	if (!is_due(order, state))
		return XDP_DROP;
	state->sip_due += order->sip_permille;
	state->noise_due += order->noise_permille;
	if (state->sip_due >= 1000) {
		state->sip_due -= 1000;
		put_sip(f, order, state);
	} else if (state->noise_due >= 1000) {
		state->noise_due -= 1000;
		put_noise(f, state);
	} else {
		put_rtp(f, order, state);
	}
	return (int)bpf_redirect(order->ifindex, 0);
}

char _license[] SEC("license") = "Dual BSD/GPL";
