/* SPDX-License-Identifier: BSD-3-Clause */
/* The short way from a frame to a media descriptor, for what nearly all frames at line rate are:
 * Ethernet, at most one VLAN tag, IPv4 without options or IPv6 without extension headers, UDP, RTP
 * without padding, extension and CSRCs, all of it captured.
 * Owner: none. Threads: any; no state. */
#ifndef PKT_PLAIN_H
#define PKT_PLAIN_H

#include "bytes.h"
#include "pkt_media.h"

enum {
	PKT_PLAIN_ETHERNET = 14,
	PKT_PLAIN_VLAN = 4,
	PKT_PLAIN_IP4 = 20,
	PKT_PLAIN_IP6 = 40,
	PKT_PLAIN_UDP = 8,
	PKT_PLAIN_RTP = 12,
};

static inline uint32_t pkt_plain_u32(const uint8_t *p)
{
	uint32_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

static inline uint16_t pkt_plain_u16(const uint8_t *p)
{
	uint16_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* An octet pair as it stands on the wire, for comparisons without swapping. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define PKT_PLAIN_WIRE(a, b) ((uint16_t)((b) << 8 | (a)))
#else
#define PKT_PLAIN_WIRE(a, b) ((uint16_t)((a) << 8 | (b)))
#endif

/* ip: where the IP header stands; n: octets captured from there. 0, or where the UDP header stands
 * from ip, with *wire octets of it and what follows. */
static inline unsigned pkt_plain_ip4(const uint8_t *ip, size_t n, uint32_t *wire)
{
	uint32_t total = be16(ip + 2);
	/* No fragment: neither more-fragments bit nor offset; don't-fragment may be set. */
	bool is_whole = !(pkt_plain_u16(ip + 6) & PKT_PLAIN_WIRE(0x3f, 0xff));

	if ((ip[0] != 0x45) | !is_whole | (ip[9] != PKT_UDP) | (total > n))
		return 0;
	*wire = total - PKT_PLAIN_IP4;
	return total > PKT_PLAIN_IP4 ? PKT_PLAIN_IP4 : 0;
}

static inline unsigned pkt_plain_ip6(const uint8_t *ip, size_t n, uint32_t *wire)
{
	*wire = be16(ip + 4);
	if ((ip[0] >> 4 != 6) | (ip[6] != PKT_UDP) | (*wire + PKT_PLAIN_IP6 > n))
		return 0;
	return PKT_PLAIN_IP6;
}

/* The flow of an IPv6 frame that pkt_plain_media accepts: its key is a fingerprint of that. */
static inline struct pkt_media_key pkt_plain_key6(
	const uint8_t *ip, const uint8_t *udp, uint32_t ssrc, const struct pkt_seed *seed)
{
	struct pkt_flow flow = {.family = 6, .sport = be16(udp), .dport = be16(udp + 2)};

	memcpy(flow.src.b, ip + 8, 16);
	memcpy(flow.dst.b, ip + 24, 16);
	return pkt_media_key(&flow, ssrc, seed);
}

/* pkt_media_key of an IPv4 flow, read off the headers. */
static inline struct pkt_media_key pkt_plain_key4(
	const uint8_t *ip, const uint8_t *udp, uint32_t ssrc)
{
	struct pkt_media_key key;

	memcpy(&key.w[0], ip + 12, sizeof(key.w[0]));
	key.w[1] = pkt_media_key_ports(be32(udp), ssrc);
	return key;
}

/* What: fills the descriptor of a frame that arrived time_ns after the time base (at most
 * PKT_MEDIA_TIME_MAX). False: the frame is something else, or RTP that only pkt_decode and
 * rtp_hdr_parse understand. Where this says true, those say the same. Inlined whatever the compiler counts: a call costs
 * a tenth of a packet. */
static inline __attribute__((always_inline)) bool pkt_plain_media(
	struct bytes in, uint64_t time_ns, const struct pkt_seed *seed, struct pkt_media *m)
{
	const uint8_t *ip = in.p + PKT_PLAIN_ETHERNET;
	size_t n = in.n;
	const uint8_t *udp;
	const uint8_t *rtp;
	uint32_t wire, length, first;
	uint16_t type;
	unsigned at;

	/* Ethernet frames have 60 octets; from here on all fixed headers can be read, a tag included. */
	if (n < PKT_PLAIN_ETHERNET + PKT_PLAIN_VLAN + PKT_PLAIN_IP4 + PKT_PLAIN_UDP + PKT_PLAIN_RTP)
		return false;
	n -= PKT_PLAIN_ETHERNET;
	type = pkt_plain_u16(ip - 2);
	if (type == PKT_PLAIN_WIRE(0x81, 0x00)) {
		type = pkt_plain_u16(ip + 2);
		ip += PKT_PLAIN_VLAN;
		n -= PKT_PLAIN_VLAN;
	}
	if (type == PKT_PLAIN_WIRE(0x08, 0x00))
		at = pkt_plain_ip4(ip, n, &wire);
	else if (type == PKT_PLAIN_WIRE(0x86, 0xdd) && n >= PKT_PLAIN_IP6)
		at = pkt_plain_ip6(ip, n, &wire);
	else
		return false;
	if (!at || wire < PKT_PLAIN_UDP + PKT_PLAIN_RTP)
		return false;
	udp = ip + at;
	rtp = udp + PKT_PLAIN_UDP;
	length = be16(udp + 4);
	first = be32(rtp);
	/* V=2, no padding, no extension, no CSRC; and not RTCP, 192 to 223 (RFC 5761 section 4). */
	if ((first >> 24 != 0x80) | ((first >> 21 & 7) == 192 >> 5) | (length > wire) |
		(length < PKT_PLAIN_UDP + PKT_PLAIN_RTP))
		return false;
	*m = (struct pkt_media){
		.key = at == PKT_PLAIN_IP4 ? pkt_plain_key4(ip, udp, be32(rtp + 8))
					   : pkt_plain_key6(ip, udp, be32(rtp + 8), seed),
		.rtp_ts = be32(rtp + 4),
		.seq = (uint16_t)first,
		.payload_bytes = (uint16_t)(length - PKT_PLAIN_UDP - PKT_PLAIN_RTP),
	};
	pkt_media_set_time(m, time_ns, (uint8_t)(first >> 16));
	return true;
}

/* The VLAN id of a frame that pkt_plain_media took, 0 without. */
static inline uint16_t pkt_plain_vlan(struct bytes in)
{
	const uint8_t *type = in.p + PKT_PLAIN_ETHERNET - 2;

	return pkt_plain_u16(type) == PKT_PLAIN_WIRE(0x81, 0x00) ? be16(type + 2) & 0xfff : 0;
}

/* Where the two ends of a frame stand. */
struct pkt_plain_ends {
	uint8_t family; /* 4 or 6 */
	const uint8_t *src, *dst; /* addresses of 4 or 16 octets */
	uint16_t sport, dport;
};

/* Of a frame that pkt_plain_media took. */
static inline struct pkt_plain_ends pkt_plain_ends(struct bytes in)
{
	const uint8_t *ip = in.p + PKT_PLAIN_ETHERNET;
	const uint8_t *udp;
	bool is_ip4;

	if (pkt_plain_u16(ip - 2) == PKT_PLAIN_WIRE(0x81, 0x00))
		ip += PKT_PLAIN_VLAN;
	is_ip4 = ip[0] >> 4 == 4;
	udp = ip + (is_ip4 ? PKT_PLAIN_IP4 : PKT_PLAIN_IP6);
	return (struct pkt_plain_ends){
		.family = is_ip4 ? 4 : 6,
		.src = ip + (is_ip4 ? 12 : 8),
		.dst = ip + (is_ip4 ? 16 : 24),
		.sport = be16(udp),
		.dport = be16(udp + 2),
	};
}

/* The same as a flow, without tenant. */
static inline void pkt_plain_flow(struct bytes in, struct pkt_flow *flow)
{
	struct pkt_plain_ends ends = pkt_plain_ends(in);
	size_t n = ends.family == 4 ? 4 : 16;

	*flow = (struct pkt_flow){
		.family = ends.family,
		.proto = PKT_UDP,
		.sport = ends.sport,
		.dport = ends.dport,
	};
	memcpy(flow->src.b, ends.src, n);
	memcpy(flow->dst.b, ends.dst, n);
}

#endif
