/* SPDX-License-Identifier: BSD-3-Clause */
/* Generated input: RTP frames, an INVITE as a PBX sends it, an RTCP compound. */
#include <stdio.h>

#include "bench.h"

enum {
	RTP_PAYLOAD = 160, /* G.711, 20 ms */
	RTP_HEADER = 12,
	UDP_HEADER = 8,
};

static uint8_t *put32(uint8_t *p, uint32_t v)
{
	return bench_put16(bench_put16(p, v >> 16), v & 0xffff);
}

/* The sides of a conversation, of which stream i is one direction and stream i ^ 1 the other. */
static bool is_back(uint32_t i)
{
	return i & 1;
}

static uint32_t address_of(uint32_t i, bool is_far)
{
	return is_far ? (i & ~1u) >> 5 : (i & ~1u) >> 6;
}

static unsigned port_of(uint32_t i, bool is_far)
{
	return is_far ? 20000 + 2 * (i & 30) : 10000 + 2 * (i & 62);
}

/* RFC 791: 10.x.x.x to 10.128.x.x, EF, TTL 63, UDP. */
static uint8_t *put_ip4(uint8_t *p, unsigned payload, uint32_t i)
{
	p = bench_put16(bench_put16(p, 0x45b8), 20 + payload);
	p = put32(put32(p, 0), (uint32_t)63 << 24 | 17 << 16);
	for (unsigned end = 0; end < 2; end++) {
		bool is_far = is_back(i) != (end == 1);

		p = put32(p, (is_far ? 0x0a800000 : 0x0a000000) | address_of(i, is_far));
	}
	return p;
}

/* RFC 8200: 2001:db8::x to 2001:db8:1::x, EF, hop limit 63, UDP. */
static uint8_t *put_ip6(uint8_t *p, unsigned payload, uint32_t i)
{
	p = bench_put16(put32(p, 0x6b800000), payload);
	p = bench_put16(p, 17 << 8 | 63);
	for (unsigned end = 0; end < 2; end++) {
		bool is_far = is_back(i) != (end == 1);

		p = put32(put32(p, 0x20010db8), is_far ? 1 << 16 : 0);
		p = put32(put32(p, 0), address_of(i, is_far));
	}
	return p;
}

unsigned bench_rtp_frame(uint8_t *frame, uint8_t family, uint16_t vlan, uint32_t i)
{
	unsigned payload = UDP_HEADER + RTP_HEADER + RTP_PAYLOAD;
	uint8_t *p = frame;

	memset(p, 2, 12);
	p += 12;
	if (vlan)
		p = bench_put16(bench_put16(p, 0x8100), vlan);
	p = bench_put16(p, family == 4 ? 0x0800 : 0x86dd);
	p = family == 4 ? put_ip4(p, payload, i) : put_ip6(p, payload, i);
	p = bench_put16(bench_put16(p, port_of(i, is_back(i))), port_of(i, !is_back(i)));
	p = bench_put16(bench_put16(p, payload), 0);
	p = bench_put16(bench_put16(p, 0x8008), 1); /* PCMA */
	p = put32(put32(p, 160), BENCH_SSRC + i);
	memset(p, 0xd5, RTP_PAYLOAD);
	return (unsigned)(p + RTP_PAYLOAD - frame);
}

unsigned bench_invite(char *text, size_t size, uint32_t i)
{
	char sdp[512];
	int body = snprintf(sdp, sizeof(sdp),
		"v=0\r\no=- %u 1 IN IP4 192.0.2.10\r\ns=call\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n"
		"m=audio %u RTP/AVP 8 0 18 96 101\r\na=rtpmap:8 PCMA/8000\r\n"
		"a=rtpmap:0 PCMU/8000\r\na=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\n"
		"a=rtpmap:96 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n"
		"a=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n",
		1000 + i, 10000 + 2 * (i & 4095));
	int n = snprintf(text, size,
		"INVITE sip:+4930%06u@198.51.100.7:5060;user=phone SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 192.0.2.10:5060;rport;branch=z9hG4bK%08x\r\n"
		"Max-Forwards: 70\r\nFrom: \"Alice %u\" <sip:alice%u@192.0.2.10>;tag=%08x\r\n"
		"To: <sip:+4930%06u@198.51.100.7:5060;user=phone>\r\n"
		"Contact: <sip:alice%u@192.0.2.10:5060;transport=udp>\r\n"
		"Call-ID: %08x-1f2e-3d4c-5b6a@192.0.2.10\r\nCSeq: 102 INVITE\r\n"
		"User-Agent: PBX 18.9\r\nDate: Sun, 01 Feb 2026 12:00:00 GMT\r\n"
		"Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO\r\n"
		"Supported: replaces, timer\r\nContent-Type: application/sdp\r\n"
		"Content-Length: %d\r\n\r\n%s",
		i, i * 2654435761U, i, i, ~i, i, i, i * 40503U, body, sdp);

	return n > 0 && (size_t)n < size ? (unsigned)n : 0;
}

unsigned bench_rtcp(uint8_t *packet, uint32_t i)
{
	/* RFC 3550 section 6.5.1, and two octets that end the chunk. */
	static const uint8_t cname[20] = "\1\20alice@192.0.2.10\0";
	uint8_t *p = packet;

	p = put32(bench_put16(bench_put16(p, 0x81c8), 12), BENCH_SSRC + i); /* SR, one block */
	p = put32(put32(p, 0xe9000000 + i), 0x80000000); /* NTP */
	p = put32(put32(put32(p, 160 * i), 50 * i), 8000 * i); /* ts, packets, octets */
	p = put32(put32(p, BENCH_SSRC + (i ^ 1)), 0x02000005); /* lost */
	p = put32(put32(p, 70000 + i), 12); /* highest, jitter */
	p = put32(put32(p, 0x12345678), 0x00010000); /* LSR, DLSR */
	p = put32(bench_put16(bench_put16(p, 0x81ca), 6), BENCH_SSRC + i); /* SDES */
	memcpy(p, cname, sizeof(cname));
	return (unsigned)(p + sizeof(cname) - packet);
}
