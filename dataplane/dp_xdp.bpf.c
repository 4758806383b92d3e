/* SPDX-License-Identifier: BSD-3-Clause */
/* The XDP program in front of an AF_XDP port: takes what the probe wants to see and leaves the rest to
 * the kernel, or drops it. Runs in the kernel for each received frame. net_af_xdp takes the first
 * program of the object and puts its sockets into "xsks_map" by itself. Loads on Linux 5.10 and later. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>

#include <stdbool.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "dp_xdp_frame.bpf.h"
#include "dp_xdp_program.h"

#define ETH_P_VN_TAG	0x8926
#define ETH_P_E_TAG	0x893f
#define IPPROTO_ETHERIP 97
#define LLC_LENGTH_MAX	1500 /* IEEE 802.3 section 3.2.6: no type up to there */

#define STUN_COOKIE 0x2112a442 /* RFC 8489 section 5 */

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, DP_XDP_QUEUES_MAX);
	__type(key, __u32);
	__type(value, __u32);
} xsks_map SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dp_xdp_config);
} heptap_config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DP_XDP_REASON_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} heptap_counts SEC(".maps");

/* A bit for each port, in 8 KiB: an element for each would not stay in a CPU's first cache. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DP_XDP_PORT_WORDS);
	__type(key, __u32);
	__type(value, __u64);
} heptap_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, DP_XDP_NETWORKS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct dp_xdp_net4);
	__type(value, __u32);
} heptap_net4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, DP_XDP_NETWORKS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct dp_xdp_net6);
	__type(value, __u32);
} heptap_net6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, DP_XDP_MEDIA_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct dp_xdp_media);
	__type(value, __u32);
} heptap_media SEC(".maps");

static __always_inline bool is_listed_port(__u16 port)
{
	__u32 word = port / 64;
	const __u64 *bits = bpf_map_lookup_elem(&heptap_ports, &word);

	return bits && *bits >> (port % 64) & 1;
}

static __always_inline bool is_listed_network(
	const struct dp_xdp_config *config, const struct frame *f)
{
	if (f->family == 4 && config->networks4) {
		struct dp_xdp_net4 key = {.bits = 32};

		__builtin_memcpy(key.addr, f->src.addr, 4);
		if (bpf_map_lookup_elem(&heptap_net4, &key))
			return true;
		__builtin_memcpy(key.addr, f->dst.addr, 4);
		return bpf_map_lookup_elem(&heptap_net4, &key);
	}
	if (f->family == 6 && config->networks6) {
		struct dp_xdp_net6 key = {.bits = 128};

		__builtin_memcpy(key.addr, f->src.addr, 16);
		if (bpf_map_lookup_elem(&heptap_net6, &key))
			return true;
		__builtin_memcpy(key.addr, f->dst.addr, 16);
		return bpf_map_lookup_elem(&heptap_net6, &key);
	}
	return false;
}

static __always_inline bool is_learnt(struct frame *f)
{
	f->dst.port = f->dport;
	f->dst.family = f->family;
	if (bpf_map_lookup_elem(&heptap_media, &f->dst))
		return true;
	f->src.port = f->sport;
	f->src.family = f->family;
	return bpf_map_lookup_elem(&heptap_media, &f->src);
}

static __always_inline __u32 word(char a, char b, char c, char d)
{
	return bpf_htonl((__u32)a << 24 | b << 16 | c << 8 | d);
}

/* The first four octets of a start line in any case: SIP-Version or a method of RFC 3261 and those that
 * extend it. */
static __always_inline bool is_sip_word(__u32 octets)
{
	octets |= 0x20202020;
	return octets == word('s', 'i', 'p', '/') || octets == word('i', 'n', 'v', 'i') ||
	       octets == word('a', 'c', 'k', ' ') || octets == word('b', 'y', 'e', ' ') ||
	       octets == word('c', 'a', 'n', 'c') || octets == word('o', 'p', 't', 'i') ||
	       octets == word('r', 'e', 'g', 'i') || octets == word('p', 'r', 'a', 'c') ||
	       octets == word('s', 'u', 'b', 's') || octets == word('n', 'o', 't', 'i') ||
	       octets == word('p', 'u', 'b', 'l') || octets == word('i', 'n', 'f', 'o') ||
	       octets == word('r', 'e', 'f', 'e') || octets == word('m', 'e', 's', 's') ||
	       octets == word('u', 'p', 'd', 'a');
}

/* Line ends may stand before a start line (RFC 3261 section 7.5). */
static __always_inline bool is_sip(const struct frame *f)
{
	const __u8 *p = f->at;
	__u32 octets;

	if (f->payload < 12)
		return false;
	for (int i = 0; i < 3; i++, p += 2) {
		if ((void *)(p + 4) > f->end)
			return false;
		__builtin_memcpy(&octets, p, 4);
		if (p[0] != '\r' || p[1] != '\n')
			return is_sip_word(octets);
	}
	return false;
}

static __always_inline bool is_turn_port(__u16 port)
{
	return port == 3478 || port == 5349;
}

/* ChannelData (RFC 8656 section 12.4) whose length is the datagram's, give or take the padding; as in
 * parsers/pkt_turn.c. */
static __always_inline bool is_channel(const struct frame *f, const __u8 *p)
{
	__u32 rest = f->payload - 4 - ((__u32)p[2] << 8 | p[3]);

	if (rest > 3)
		return false;
	return (p[0] & 0xf0) == 0x40 ||
	       ((p[0] & 0xc0) == 0x40 && (is_turn_port(f->sport) || is_turn_port(f->dport)));
}

/* RFC 7983: the first octet tells apart what shares a media port. DP_XDP_other: none of it. */
static __always_inline enum dp_xdp_reason media_kind(const struct frame *f)
{
	const __u8 *p = f->at;
	__u32 cookie;

	if (f->payload < 4 || (void *)(p + 4) > f->end)
		return DP_XDP_other;
	if ((p[0] & 0xc0) == 0x80 && (p[1] & 0xe0) == 0xc0)
		return DP_XDP_rtcp;
	if (f->payload < 12 || (void *)(p + 12) > f->end)
		return DP_XDP_other;
	if ((p[0] & 0xc0) == 0x80)
		return DP_XDP_rtp;
	if (p[0] >= 20 && p[0] <= 25 && p[1] == 0xfe &&
		(p[2] == 0xff || p[2] == 0xfd || p[2] == 0xfc))
		return DP_XDP_dtls;
	if (is_channel(f, p))
		return DP_XDP_turn;
	__builtin_memcpy(&cookie, p + 4, 4);
	return p[0] < 0x40 && cookie == bpf_htonl(STUN_COOKIE) ? DP_XDP_stun : DP_XDP_other;
}

/* What parsers/pkt_tunnel.c looks into: what is inside shows there only. */
static __always_inline bool is_tunnel_type(__u16 type)
{
	switch (type) {
	case ETH_P_MPLS_UC:
	case ETH_P_MPLS_MC:
	case ETH_P_PPP_SES:
	case ETH_P_VN_TAG:
	case ETH_P_E_TAG:
		return true;
	default:
		return false;
	}
}

/* A length, then LLC and SNAP of Ethernet's types. Spanning tree and the like are left to the kernel. */
static __always_inline bool is_snap(struct frame *f, __u16 type)
{
	const __be32 *llc = type <= LLC_LENGTH_MAX ? take(f, 2 * sizeof(*llc)) : NULL;

	return llc && llc[0] == bpf_htonl(0xaaaa0300) && !(llc[1] & bpf_htonl(0xffff0000));
}

static __always_inline bool is_tunnel_protocol(__u8 protocol)
{
	switch (protocol) {
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
	case IPPROTO_GRE:
	case IPPROTO_ETHERIP:
	case IPPROTO_L2TP:
	case IPPROTO_MPLS:
		return true;
	default:
		return false;
	}
}

static __always_inline bool is_tunnel_port(__u16 port)
{
	switch (port) {
	case 1701: /* L2TP */
	case 2152: /* GTP-U */
	case 4754: /* GRE */
	case 4789: /* VXLAN */
	case 5247: /* CAPWAP */
	case 6081: /* Geneve */
	case 6635: /* MPLS */
	case 7932: /* HP-ERM */
	case 8472: /* VXLAN */
	case 37008: /* TZSP */
		return true;
	default:
		return false;
	}
}

static __always_inline enum dp_xdp_reason look(const struct dp_xdp_config *config, struct frame *f)
{
	if (config->filter == DP_XDP_FILTER_VOICE) {
		enum dp_xdp_reason kind = f->protocol == IPPROTO_UDP ? media_kind(f) : DP_XDP_other;

		if (kind != DP_XDP_other)
			return kind;
		if (is_sip(f))
			return DP_XDP_sip;
		if (f->protocol == IPPROTO_UDP &&
			(is_tunnel_port(f->sport) || is_tunnel_port(f->dport)))
			return DP_XDP_tunnel;
	}
	if (is_listed_port(f->sport) || is_listed_port(f->dport))
		return DP_XDP_port;
	if (config->filter == DP_XDP_FILTER_LISTED && f->protocol == IPPROTO_UDP && is_learnt(f))
		return DP_XDP_learnt;
	return DP_XDP_other;
}

static __always_inline enum dp_xdp_reason judge(
	const struct dp_xdp_config *config, struct frame *f, struct xdp_md *ctx)
{
	__u32 found = heptap_skip_tags(ctx), offset = found & OFFSET_MASK;
	__u16 type = found >> 16;

	if (!found)
		return DP_XDP_malformed;
	f->at += offset;
	if (config->filter == DP_XDP_FILTER_VOICE && (is_tunnel_type(type) || is_snap(f, type)))
		return DP_XDP_tunnel;
	if (type != ETH_P_IP && type != ETH_P_IPV6)
		return DP_XDP_not_ip;
	if (type == ETH_P_IP ? !take_ip4(f) : !take_ip6(f, ctx, offset))
		return DP_XDP_malformed;
	if (is_listed_network(config, f))
		return DP_XDP_network;
	if (f->is_fragment)
		return DP_XDP_fragment;
	if (config->filter == DP_XDP_FILTER_VOICE && is_tunnel_protocol(f->protocol))
		return DP_XDP_tunnel;
	if (f->protocol != IPPROTO_UDP && f->protocol != IPPROTO_TCP)
		return DP_XDP_other;
	if (!take_transport(f))
		return DP_XDP_malformed;
	return look(config, f);
}

static __always_inline void count(__u32 reason)
{
	__u64 *counter = bpf_map_lookup_elem(&heptap_counts, &reason);

	if (counter)
		*counter += 1;
}

SEC("xdp")
int heptap_xdp(struct xdp_md *ctx)
{
	struct frame f = {
		.at = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	__u32 first = 0, reason;
	const struct dp_xdp_config *config = bpf_map_lookup_elem(&heptap_config, &first);
	int action;

	if (!config || config->filter == DP_XDP_FILTER_NONE) {
		count(DP_XDP_not_ready);
		return XDP_PASS;
	}
	reason = config->filter == DP_XDP_FILTER_ALL ? DP_XDP_everything : judge(config, &f, ctx);
	/* Wanted are the reasons before "other". */
	action = config->rest == XDP_DROP ? XDP_DROP : XDP_PASS;
	if (reason < DP_XDP_other) {
		action = (int)bpf_redirect_map(&xsks_map, ctx->rx_queue_index, action);
		if (action != XDP_REDIRECT)
			reason = DP_XDP_no_socket;
	}
	count(reason);
	return action;
}

char heptap_license[] SEC("license") = "BSD-3-Clause";
