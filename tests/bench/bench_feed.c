/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets out of memory: each stream's header line is copied into an mbuf and counted on. */
#include "bench_feed.h"

#include <stdlib.h>

#include <rte_mbuf.h>

#include "bench.h"
#include "dp_meta.h"
#include "probe_mem.h"

#define PACKET_NS 20000000

enum {
	RTP_SEQ_AT = 44, /* Ethernet 14, IPv4 20, UDP 8, then two octets */
	RTP_TS_AT = 46,
	RTP_TICKS = 160,
	UDP_AT = 34,
	HEADERS = 42,
	DIALOGUE_RATE = 20000,
};

bool bench_feed_init(struct bench_feed *feed, struct rte_mempool *pool, uint32_t first,
	uint32_t step, uint32_t count, uint64_t now_ns)
{
	uint32_t *order = bench_order(count);

	*feed = (struct bench_feed){.pool = pool, .count = count, .now_ns = now_ns};
	feed->headers = probe_mem_map((size_t)count * BENCH_HEADER);
	for (uint32_t i = 0; order && feed->headers && i < count; i++) {
		uint8_t frame[BENCH_FRAME_STRIDE];

		bench_rtp_frame(frame, 4, 0, first + i * step);
		memcpy(feed->headers + (size_t)order[i] * BENCH_HEADER, frame, BENCH_HEADER);
	}
	free(order);
	return order && feed->headers;
}

bool bench_feed_make_trunk(struct bench_feed *feed)
{
	feed->is_trunk = true;
	return bench_dialogues_init(&feed->dialogues, DIALOGUE_RATE, feed->now_ns);
}

void bench_feed_fini(struct bench_feed *feed)
{
	if (feed->headers)
		probe_mem_unmap(feed->headers, (size_t)feed->count * BENCH_HEADER);
	feed->headers = NULL;
}

static void count_on(uint8_t *header)
{
	uint16_t seq = (uint16_t)(be16(header + RTP_SEQ_AT) + 1);
	uint32_t ts = rte_cpu_to_be_32(be32(header + RTP_TS_AT) + RTP_TICKS);

	seq = rte_cpu_to_be_16(seq);
	memcpy(header + RTP_SEQ_AT, &seq, sizeof(seq));
	memcpy(header + RTP_TS_AT, &ts, sizeof(ts));
}

static unsigned put_rtp(struct bench_feed *feed, uint8_t *frame)
{
	uint8_t *header = feed->headers + (size_t)feed->next * BENCH_HEADER;

	memcpy(frame, header, BENCH_HEADER);
	count_on(header);
	if (++feed->next == feed->count) {
		feed->next = 0;
		feed->now_ns += PACKET_NS;
	}
	return BENCH_RTP_BYTES;
}

/* Dialogues go on at their own pace; only the order of their messages counts here. */
static unsigned put_sip(struct bench_feed *feed, uint8_t *frame)
{
	const struct bench_frame *f;

	if (feed->sip_next == feed->sip_count) {
		feed->sip_count =
			bench_dialogues_step(&feed->dialogues, feed->sip_mem, 0, feed->sip);
		feed->sip_next = 0;
	}
	f = &feed->sip[feed->sip_next++];
	memcpy(frame, feed->sip_mem + f->at, f->bytes);
	return f->bytes;
}

static void set_udp_bytes(uint8_t *frame, unsigned payload)
{
	uint16_t udp = rte_cpu_to_be_16((uint16_t)(8 + payload));
	uint16_t ip = rte_cpu_to_be_16((uint16_t)(28 + payload));

	memcpy(frame + UDP_AT + 4, &udp, sizeof(udp));
	memcpy(frame + 16, &ip, sizeof(ip));
}

/* Of one stream after the other, on the next ports. */
static unsigned put_rtcp(struct bench_feed *feed, uint8_t *frame)
{
	unsigned payload;

	memcpy(frame, feed->headers + (size_t)feed->next_rtcp * BENCH_HEADER, HEADERS);
	frame[UDP_AT + 1] |= 1;
	frame[UDP_AT + 3] |= 1;
	payload = bench_rtcp(frame + HEADERS, feed->next_rtcp);
	set_udp_bytes(frame, payload);
	if (++feed->next_rtcp == feed->count)
		feed->next_rtcp = 0;
	return HEADERS + payload;
}

/* DNS and TLS in turn: what a mirror port sees beside voice. */
static unsigned put_noise(struct bench_feed *feed, uint8_t *frame)
{
	uint32_t i = feed->next_noise++;
	bool is_tcp = i & 1;
	unsigned payload = 40 + i % 7 * 100;

	bench_rtp_frame(frame, 4, 0, i % BENCH_NOISE_FRAMES);
	set_udp_bytes(frame, payload);
	memset(frame + HEADERS, (int)(i & 0x3f), payload);
	frame[UDP_AT + 2] = is_tcp ? 1 : 0;
	frame[UDP_AT + 3] = is_tcp ? 187 : 53;
	if (is_tcp) {
		frame[23] = 6;
		frame[UDP_AT + 12] = 0x50;
	}
	return HEADERS + payload;
}

static unsigned put_frame(struct bench_feed *feed, uint8_t *frame)
{
	if (!feed->is_trunk)
		return put_rtp(feed, frame);
	feed->slot = feed->slot == 99 ? 0 : feed->slot + 1;
	switch (feed->slot) {
	case 10:
	case 60:
		return put_sip(feed, frame);
	case 35:
		return put_rtcp(feed, frame);
	case 45:
	case 90:
		return put_noise(feed, frame);
	default:
		return put_rtp(feed, frame);
	}
}

unsigned bench_feed_poll(struct bench_feed *feed, struct rte_mbuf **burst)
{
	if (rte_pktmbuf_alloc_bulk(feed->pool, burst, DP_BURST))
		return 0;
	for (unsigned i = 0; i < DP_BURST; i++) {
		struct rte_mbuf *m = burst[i];
		unsigned bytes = put_frame(feed, rte_pktmbuf_mtod(m, uint8_t *));

		m->data_len = (uint16_t)bytes;
		m->pkt_len = bytes;
		*dp_meta(m) = (struct dp_meta){
			.time_ns = feed->now_ns,
			.wire_bytes = bytes,
			.link = DP_LINK_ETHERNET,
		};
	}
	return DP_BURST;
}
