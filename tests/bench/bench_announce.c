/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_announce.h"

#include <stdbool.h>
#include <stdio.h>

#include "bench.h"
#include "bytes.h"

enum {
	SIP_PORT = 5060,
	SDP_ROOM = 256,
};

/* RFC 3264: where the side of this stream wants what it is sent, which is where it sends from. */
static unsigned put_message(char *text, size_t room, const uint8_t *frame, uint32_t stream)
{
	const uint8_t *at = frame + BENCH_SOURCE_AT;
	bool is_answer = stream & 1;
	uint32_t call = stream / 2;
	char sdp[SDP_ROOM];
	int body = snprintf(sdp, sizeof(sdp),
		"v=0\r\no=- %u 1 IN IP4 192.0.2.10\r\ns=call\r\nc=IN IP4 %u.%u.%u.%u\r\nt=0 0\r\n"
		"m=audio %u RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\n",
		call, at[0], at[1], at[2], at[3], be16(frame + BENCH_UDP_AT));
	int n = snprintf(text, room,
		"%s\r\nVia: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK%08x\r\n"
		"From: <sip:alice@192.0.2.10>;tag=a%08x\r\nTo: <sip:bob@198.51.100.7>%s\r\n"
		"Call-ID: %08x-announced@192.0.2.10\r\nCSeq: 1 INVITE\r\n"
		"Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s",
		is_answer ? "SIP/2.0 200 OK" : "INVITE sip:bob@198.51.100.7 SIP/2.0", call, call,
		is_answer ? ";tag=b" : "", call * 2654435761U, body, sdp);

	return n > 0 && (size_t)n < room ? (unsigned)n : 0;
}

unsigned bench_announce_next(void *arg, uint8_t *frame)
{
	struct bench_announce *a = arg;
	char text[BENCH_FRAME_STRIDE - BENCH_PAYLOAD_AT];
	unsigned n;

	if (a->next == a->streams)
		return 0;
	bench_rtp_frame(frame, 4, 0, a->next);
	n = put_message(text, sizeof(text), frame, a->next++);
	memcpy(frame + BENCH_PAYLOAD_AT, text, n);
	bench_put16(bench_put16(frame + BENCH_UDP_AT, SIP_PORT), SIP_PORT);
	bench_put_bytes(frame, n);
	return BENCH_PAYLOAD_AT + n;
}
