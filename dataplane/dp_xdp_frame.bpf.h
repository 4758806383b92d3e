/* SPDX-License-Identifier: BSD-3-Clause */
/* A frame in the kernel, read as far as ports: tags, IPv4, IPv6 and its extension headers, UDP, TCP. Each step moves on
 * in the frame, and says false or 0 where the frame ends before. Included by dp_xdp.bpf.c only. */
#ifndef DP_XDP_FRAME_BPF_H
#define DP_XDP_FRAME_BPF_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <stdbool.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "dp_xdp_program.h"

/* As many as parsers/pkt_decode.h looks through. */
#define VLAN_MAX	   8
#define IP6_EXTENSIONS_MAX 8

#define IP4_MORE_OR_OFFSET 0x3fff /* RFC 791: MF and the fragment offset */
#define IP6_OFFSET_OR_MORE 0xfff9 /* RFC 8200 section 4.5: offset and M */
#define IP6_MOBILITY	   135
#define IP6_HIP		   139
#define IP6_SHIM6	   140
#define ETH_P_9100	   0x9100 /* S-tag before it was standardized */

/* What heptap_skip_extensions returns. Offsets are those of a frame within a page. */
#define VALID	    (1U << 31)
#define FRAGMENT    (1U << 30)
#define OFFSET_MASK 0x3fffU

struct vlan_tag {
	__be16 id;
	__be16 type;
};

/* The first octets of IPv6 extension headers (RFC 8200 section 4, RFC 4302). */
struct extension {
	__u8 next;
	__u8 length;
	__be16 offset; /* of a fragment header */
};

/* As far as a frame has been read. */
struct frame {
	void *at;
	void *end;
	__u8 protocol;
	__u8 family;
	bool is_fragment;
	__u16 sport, dport;
	__u32 payload; /* octets of payload that UDP or the frame's end say */
	struct dp_xdp_media src, dst; /* in the shape of a key */
};

/* Moves on by n octets, 0 to 2048; NULL when the frame ends before. */
static __always_inline void *take(struct frame *f, __u32 n)
{
	void *here = f->at;

	if (here + n > f->end)
		return NULL;
	f->at = here + n;
	return here;
}

/* Where the IP header is, and the EtherType in front of it: type << 16 | offset, host order. 0: the frame
 * is too short or has too many tags. Apart, as are the extension headers, so that the verifier looks
 * at what follows once and not for each number of tags. */
__noinline __u32 heptap_skip_tags(struct xdp_md *ctx)
{
	struct frame f = {
		.at = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	const struct ethhdr *eth = take(&f, sizeof(*eth));
	__u32 offset = sizeof(*eth);
	__be16 type;

	if (!eth)
		return 0;
	type = eth->h_proto;
	for (int i = 0; i <= VLAN_MAX; i++) {
		const struct vlan_tag *tag;

		if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD) &&
			type != bpf_htons(ETH_P_9100))
			return (__u32)bpf_ntohs(type) << 16 | offset;
		tag = take(&f, sizeof(*tag));
		if (!tag)
			return 0;
		type = tag->type;
		offset += sizeof(*tag);
	}
	return 0;
}

static __always_inline bool take_ip4(struct frame *f)
{
	const struct iphdr *ip = take(f, sizeof(*ip));
	__u32 options;

	if (!ip || ip->version != 4 || ip->ihl < 5)
		return false;
	options = (ip->ihl - 5) * 4;
	f->family = 4;
	f->protocol = ip->protocol;
	f->is_fragment = ip->frag_off & bpf_htons(IP4_MORE_OR_OFFSET);
	__builtin_memcpy(f->src.addr, &ip->saddr, 4);
	__builtin_memcpy(f->dst.addr, &ip->daddr, 4);
	return take(f, options);
}

static __always_inline bool is_extension(__u8 protocol)
{
	switch (protocol) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
	case IPPROTO_FRAGMENT:
	case IPPROTO_AH:
	case IP6_MOBILITY:
	case IP6_HIP:
	case IP6_SHIM6:
		return true;
	default:
		return false;
	}
}

/* What is behind the IPv6 header and its extension headers from offset on, and where: VALID, then
 * FRAGMENT, then offset << 8 | protocol. 0: they are cut or too many. A fragment ends the search. */
__noinline __u32 heptap_skip_extensions(struct xdp_md *ctx, __u32 offset, __u32 protocol)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	for (int i = 0; i <= IP6_EXTENSIONS_MAX; i++) {
		const struct extension *ext;

		protocol &= 0xff;
		if (!is_extension(protocol))
			return VALID | offset << 8 | protocol;
		offset &= OFFSET_MASK;
		ext = data + offset;
		if ((void *)(ext + 1) > end)
			return 0;
		if (protocol == IPPROTO_FRAGMENT && ext->offset & bpf_htons(IP6_OFFSET_OR_MORE))
			return VALID | FRAGMENT | offset << 8 | ext->next;
		if (protocol == IPPROTO_AH)
			offset += (ext->length + 2) * 4;
		else if (protocol == IPPROTO_FRAGMENT)
			offset += 8;
		else
			offset += (ext->length + 1) * 8;
		protocol = ext->next;
	}
	return 0;
}

static __always_inline bool take_ip6(struct frame *f, struct xdp_md *ctx, __u32 offset)
{
	const struct ipv6hdr *ip = take(f, sizeof(*ip));
	__u32 found;

	if (!ip || ip->version != 6)
		return false;
	f->family = 6;
	f->protocol = ip->nexthdr;
	__builtin_memcpy(f->src.addr, &ip->saddr, 16);
	__builtin_memcpy(f->dst.addr, &ip->daddr, 16);
	if (!is_extension(f->protocol))
		return true;
	found = heptap_skip_extensions(ctx, offset + sizeof(*ip), f->protocol);
	f->protocol = found & 0xff;
	f->is_fragment = found & FRAGMENT;
	f->at = (void *)(long)ctx->data + (found >> 8 & OFFSET_MASK);
	return found & VALID;
}

/* Ports, and at where the payload begins. Neither UDP nor TCP: true, ports 0. */
static __always_inline bool take_transport(struct frame *f)
{
	if (f->protocol == IPPROTO_UDP) {
		const struct udphdr *udp = take(f, sizeof(*udp));

		if (!udp || bpf_ntohs(udp->len) < sizeof(*udp))
			return false;
		f->sport = bpf_ntohs(udp->source);
		f->dport = bpf_ntohs(udp->dest);
		f->payload = bpf_ntohs(udp->len) - sizeof(*udp);
	} else if (f->protocol == IPPROTO_TCP) {
		const struct tcphdr *tcp = take(f, sizeof(*tcp));
		__u32 options;

		if (!tcp || tcp->doff < 5)
			return false;
		options = (tcp->doff - 5) * 4;
		f->sport = bpf_ntohs(tcp->source);
		f->dport = bpf_ntohs(tcp->dest);
		if (!take(f, options))
			return false;
		f->payload = f->end - f->at;
	}
	return true;
}

#endif
