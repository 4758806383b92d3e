/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_trunk.h"

#include <stdlib.h>
#include <string.h>

#include <rte_byteorder.h>

#include "bench.h"
#include "bench_dialogue.h"
#include "bench_feed.h"

enum kind {
	RTP = 0,
	SIP,
	RTCP,
	NOISE,
};

enum {
	SLOTS = 1000,
	ETHERTYPE_AT = 12,
	PROTO_AT = 23,
	SSRC_AT = 50, /* RTP */
	RTCP_BYTES = 128,
	RTCP_SSRC_AT = 4, /* SR; of its SDES: */
	RTCP_SDES_SSRC_AT = 56,
	RTCP_BLOCK_AT = 28,
	RTP_RATE = 50, /* packets a second of a stream */
	NOISE_SIZES = 7,
	NOISE_KINDS = 2 * NOISE_SIZES,
	TCP_BYTES = 20,
	NOISE_COPIED = 192, /* more than what is looked at */
	DNS_PORT = 53,
	HTTPS_PORT = 443,
};

struct noise {
	uint8_t frame[NOISE_COPIED];
	unsigned bytes;
};

struct bench_trunk {
	const uint8_t *headers;
	uint32_t count;
	uint8_t kinds[SLOTS]; /* enum kind */
	uint16_t gaps[SLOTS]; /* RTP packets from a place on */
	uint32_t slot;
	uint32_t stream; /* whose RTCP comes next */
	uint32_t noises;
	uint8_t rtcp[RTCP_BYTES];
	unsigned rtcp_bytes;
	struct noise noise[NOISE_KINDS];
	struct bench_dialogues dialogues;
};

/* DNS and TLS in turn: what a mirror port sees beside voice. */
static void make_noise(struct noise *n, unsigned i)
{
	static const uint8_t tls[] = {0x17, 3, 3}; /* application data */
	static const uint8_t dns[] = {0, 0, 1, 0, 0, 1}; /* a question, whose id is random */
	uint8_t frame[BENCH_FRAME_STRIDE];
	bool is_tcp = i & 1;
	unsigned payload = 40 + i % NOISE_SIZES * 100;

	bench_rtp_frame(frame, 4, 0, i);
	memset(frame + BENCH_PAYLOAD_AT, 0, NOISE_COPIED - BENCH_PAYLOAD_AT);
	bench_put_bytes(frame, payload);
	bench_put16(frame + BENCH_UDP_AT + 2, is_tcp ? HTTPS_PORT : DNS_PORT);
	if (is_tcp) {
		frame[PROTO_AT] = 6;
		frame[BENCH_UDP_AT + 12] = 0x50;
		memcpy(frame + BENCH_UDP_AT + TCP_BYTES, tls, sizeof(tls));
	} else {
		memcpy(frame + BENCH_PAYLOAD_AT, dns, sizeof(dns));
	}
	memcpy(n->frame, frame, NOISE_COPIED);
	n->bytes = BENCH_PAYLOAD_AT + payload;
}

/* That begin in a second of packet time. */
static uint64_t dialogue_rate(uint32_t streams, const struct bench_mix *mix)
{
	const unsigned rtp = SLOTS - mix->sip - mix->rtcp - mix->noise;

	return (uint64_t)streams * RTP_RATE * mix->sip / rtp / BENCH_DIALOGUE_MESSAGES + 1;
}

/* n of a kind, as far apart as they can be, in the next places that are free. */
static void spread(struct bench_trunk *t, enum kind kind, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned at = (2 * i + 1) * SLOTS / (2 * n);

		while (t->kinds[at % SLOTS] != RTP)
			at++;
		t->kinds[at % SLOTS] = (uint8_t)kind;
	}
}

/* A NIC does not count them either. */
static void measure_gaps(struct bench_trunk *t)
{
	for (unsigned at = 0; at < SLOTS; at++)
		while (t->kinds[(at + t->gaps[at]) % SLOTS] == RTP)
			t->gaps[at]++;
}

struct bench_trunk *bench_trunk_create(
	const uint8_t *headers, uint32_t count, const struct bench_mix *mix, uint64_t now_ns)
{
	struct bench_trunk *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->headers = headers;
	t->count = count;
	t->rtcp_bytes = bench_rtcp(t->rtcp, 0);
	for (unsigned i = 0; i < NOISE_KINDS; i++)
		make_noise(&t->noise[i], i);
	spread(t, SIP, mix->sip);
	spread(t, RTCP, mix->rtcp);
	spread(t, NOISE, mix->noise);
	measure_gaps(t);
	if (bench_dialogues_init(&t->dialogues, dialogue_rate(count, mix), now_ns))
		return t;
	free(t);
	return NULL;
}

void bench_trunk_destroy(struct bench_trunk *t)
{
	free(t);
}

/* The stream the other way. */
static void put_far(uint8_t *ssrc, const uint8_t *header)
{
	uint32_t far = rte_cpu_to_be_32(((be32(header + SSRC_AT) - BENCH_SSRC) ^ 1) + BENCH_SSRC);

	memcpy(ssrc, &far, sizeof(far));
}

/* An SR of one stream after the other, on the next ports, about the one that comes back. */
static unsigned put_rtcp(struct bench_trunk *t, uint8_t *frame)
{
	const uint8_t *header = t->headers + (size_t)t->stream * BENCH_HEADER;
	uint8_t *rtcp = frame + BENCH_PAYLOAD_AT;

	memcpy(frame, header, BENCH_PAYLOAD_AT);
	frame[BENCH_UDP_AT + 1] |= 1;
	frame[BENCH_UDP_AT + 3] |= 1;
	bench_put_bytes(frame, t->rtcp_bytes);
	memcpy(rtcp, t->rtcp, RTCP_BYTES);
	memcpy(rtcp + RTCP_SSRC_AT, header + SSRC_AT, sizeof(uint32_t));
	memcpy(rtcp + RTCP_SDES_SSRC_AT, header + SSRC_AT, sizeof(uint32_t));
	put_far(rtcp + RTCP_BLOCK_AT, header);
	t->stream = t->stream + 1 == t->count ? 0 : t->stream + 1;
	return BENCH_PAYLOAD_AT + t->rtcp_bytes;
}

/* Of many hosts. */
static unsigned put_noise(struct bench_trunk *t, uint8_t *frame)
{
	const struct noise *n = &t->noise[t->noises++ % NOISE_KINDS];
	uint32_t source = t->noises * 2654435761U;

	memcpy(frame, n->frame, NOISE_COPIED);
	memcpy(frame + BENCH_SOURCE_AT, &source, sizeof(source));
	/* The id of DNS: one in four looks like the version of RTP. */
	if (frame[PROTO_AT] != 6)
		memcpy(frame + BENCH_PAYLOAD_AT, &source, sizeof(uint16_t));
	return n->bytes;
}

unsigned bench_trunk_begin(void *trunk, uint8_t *frame)
{
	struct bench_trunk *t = trunk;

	if (t->dialogues.next > bench_dialogues_span(&t->dialogues))
		return 0;
	return bench_dialogues_next(&t->dialogues, frame);
}

unsigned bench_trunk_gap(const struct bench_trunk *t)
{
	return t->gaps[t->slot];
}

unsigned bench_trunk_put(struct bench_trunk *t, uint8_t *frame)
{
	enum kind kind;

	t->slot = (t->slot + t->gaps[t->slot]) % SLOTS;
	kind = (enum kind)t->kinds[t->slot];
	t->slot = (t->slot + 1) % SLOTS;
	switch (kind) {
	case SIP:
		return bench_dialogues_next(&t->dialogues, frame);
	case RTCP:
		return put_rtcp(t, frame);
	default:
		return put_noise(t, frame);
	}
}
