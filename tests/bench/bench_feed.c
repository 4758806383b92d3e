/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets out of memory: each stream's header line is copied into an mbuf and counted on, SIP and RTCP
 * are copied whole. */
#include "bench_feed.h"

#include <stdlib.h>

#include <rte_mbuf.h>

#include "bench.h"
#include "dp_meta.h"
#include "qos_mem.h"

#define PACKET_NS 20000000

enum kind {
	RTP = 0,
	SIP,
	RTCP,
	NOISE,
};

enum {
	RTP_SEQ_AT = 44, /* Ethernet 14, IPv4 20, UDP 8, then two octets */
	RTP_TS_AT = 46,
	RTP_TICKS = 160,
	UDP_AT = 34,
	HEADERS = 42,
	DIALOGUE_RATE = 2000, /* a second: an answered one lasts 6,000 others */
	DIALOGUES = 8192, /* whose frames are in memory */
	DIALOGUE_BYTES = BENCH_DIALOGUE_MESSAGES * 768,
	PORT_DIGITS = 5, /* of 10000 to 59999 */
	RTCP_BYTES = 128,
	NOISE_SIZES = 7,
	NOISE_BYTES = 704,
	NOISE_COPIED = 192, /* more than what is looked at */
	SIP_LINES = BENCH_DIALOGUE_FRAME_MAX / 64, /* fewer than packets between two messages */
	OTHER_LINES = 3,
};

bool bench_feed_init(struct bench_feed *feed, struct rte_mempool *pool, uint32_t first,
	uint32_t step, uint32_t count, uint64_t now_ns)
{
	uint32_t *order = bench_order(count);

	*feed = (struct bench_feed){.pool = pool, .count = count, .now_ns = now_ns};
	feed->headers = qos_mem_map((size_t)count * BENCH_HEADER);
	for (uint32_t i = 0; order && feed->headers && i < count; i++) {
		uint8_t frame[BENCH_FRAME_STRIDE];

		bench_rtp_frame(frame, 4, 0, first + i * step);
		memcpy(feed->headers + (size_t)order[i] * BENCH_HEADER, frame, BENCH_HEADER);
	}
	free(order);
	return order && feed->headers;
}

static void set_udp_bytes(uint8_t *frame, unsigned payload)
{
	uint16_t udp = rte_cpu_to_be_16((uint16_t)(8 + payload));
	uint16_t ip = rte_cpu_to_be_16((uint16_t)(28 + payload));

	memcpy(frame + UDP_AT + 4, &udp, sizeof(udp));
	memcpy(frame + 16, &ip, sizeof(ip));
}

static bool frames_init(struct bench_frames *f, uint32_t count, size_t bytes)
{
	*f = (struct bench_frames){.bytes = bytes};
	f->list = calloc(count, sizeof(*f->list));
	f->mem = qos_mem_map(bytes);
	return f->list && f->mem;
}

static void frames_fini(struct bench_frames *f)
{
	if (f->mem)
		qos_mem_unmap(f->mem, f->bytes);
	free(f->list);
	*f = (struct bench_frames){0};
}

/* Where the next frame goes. */
static uint8_t *frames_end(const struct bench_frames *f)
{
	const struct bench_frame *last = f->list + f->count;

	return f->count ? f->mem + last[-1].at + last[-1].bytes : f->mem;
}

static void frames_add(struct bench_frames *f, unsigned bytes)
{
	uint32_t at = (uint32_t)(frames_end(f) - f->mem);

	f->list[f->count++] = (struct bench_frame){.at = at, .bytes = bytes};
}

/* All seven messages of each dialogue, of which so many are under way that those of one are far apart.
 * They go on at their own pace; only the order of their messages counts here. */
static bool make_sip(struct bench_frames *f, uint64_t now_ns)
{
	const uint32_t count = DIALOGUES * BENCH_DIALOGUE_MESSAGES;
	struct bench_dialogues *d = malloc(sizeof(*d));
	bool is_good = d && bench_dialogues_init(d, DIALOGUE_RATE, now_ns) &&
		       frames_init(f, count, (size_t)DIALOGUES * DIALOGUE_BYTES);

	for (unsigned i = 0; i < DIALOGUES && is_good; i++) {
		d->period = DIALOGUES;
		d->next = DIALOGUES + i;
		f->count += bench_dialogues_step(
			d, f->mem, (uint32_t)(frames_end(f) - f->mem), f->list + f->count);
		is_good = (size_t)(frames_end(f) - f->mem) <= (size_t)DIALOGUE_BYTES * (i + 1);
	}
	free(d);
	return is_good && f->count == count;
}

/* Of one stream after the other, on the next ports. */
static bool make_rtcp(struct bench_frames *f, const struct bench_feed *feed)
{
	if (!frames_init(f, feed->count, (size_t)feed->count * RTCP_BYTES))
		return false;
	for (uint32_t i = 0; i < feed->count; i++) {
		uint8_t *frame = frames_end(f);
		unsigned payload;

		memcpy(frame, feed->headers + (size_t)i * BENCH_HEADER, HEADERS);
		frame[UDP_AT + 1] |= 1;
		frame[UDP_AT + 3] |= 1;
		payload = bench_rtcp(frame + HEADERS, i);
		set_udp_bytes(frame, payload);
		frames_add(f, HEADERS + payload);
	}
	return true;
}

/* DNS and TLS in turn: what a mirror port sees beside voice. */
static bool make_noise(struct bench_frames *f)
{
	const uint32_t count = BENCH_NOISE_FRAMES * NOISE_SIZES;

	if (!frames_init(f, count, (size_t)count * NOISE_BYTES))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		uint8_t *frame = frames_end(f);
		bool is_tcp = i & 1;
		unsigned payload = 40 + i % NOISE_SIZES * 100;

		bench_rtp_frame(frame, 4, 0, i % BENCH_NOISE_FRAMES);
		set_udp_bytes(frame, payload);
		memset(frame + HEADERS, (int)(i & 0x3f), payload);
		frame[UDP_AT + 2] = is_tcp ? 1 : 0;
		frame[UDP_AT + 3] = is_tcp ? 187 : 53;
		if (is_tcp) {
			frame[23] = 6;
			frame[UDP_AT + 12] = 0x50;
		}
		frames_add(f, HEADERS + payload);
	}
	return true;
}

bool bench_feed_make_trunk(struct bench_feed *feed)
{
	feed->is_trunk = true;
	return make_sip(&feed->sip, feed->now_ns) && make_rtcp(&feed->rtcp, feed) &&
	       make_noise(&feed->noise);
}

void bench_feed_fini(struct bench_feed *feed)
{
	if (feed->headers)
		qos_mem_unmap(feed->headers, (size_t)feed->count * BENCH_HEADER);
	feed->headers = NULL;
	frames_fini(&feed->sip);
	frames_fini(&feed->rtcp);
	frames_fini(&feed->noise);
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

/* A line of the frame that comes next: all at once they would be more than the CPU has miss buffers
 * for, and a NIC leaves a frame in the cache. */
static void prefetch_line(const struct bench_frames *f, unsigned line)
{
	const struct bench_frame *next = &f->list[f->next];

	if (line * 64 < next->bytes)
		__builtin_prefetch(f->mem + next->at + (size_t)line * 64);
}

static void prefetch_next(const struct bench_feed *feed)
{
	prefetch_line(&feed->sip, feed->slot % SIP_LINES);
	prefetch_line(feed->slot & 1 ? &feed->rtcp : &feed->noise, feed->slot / 2 % OTHER_LINES);
}

static unsigned put_next(struct bench_frames *f, uint8_t *frame, unsigned most)
{
	const struct bench_frame *next = &f->list[f->next];

	memcpy(frame, f->mem + next->at, next->bytes < most ? next->bytes : most);
	if (++f->next == f->count)
		f->next = 0;
	return next->bytes;
}

/* A dialogue of another round is another call on other ports. */
static void put_round(uint8_t *frame, const struct bench_frame *f, uint32_t round)
{
	if (f->port_at)
		frame[f->port_at] = (uint8_t)('1' + round % PORT_DIGITS);
	for (unsigned i = BENCH_DIALOGUE_ROUND; i-- > 0; round >>= 4)
		frame[f->id_at + i] = (uint8_t)('a' + (round & 15));
}

/* Dialogues that were under way before the first one have no messages. */
static unsigned put_sip(struct bench_feed *feed, uint8_t *frame)
{
	struct bench_frames *sip = &feed->sip;
	const struct bench_frame *f;
	uint32_t round;

	do {
		f = &sip->list[sip->next];
		round = feed->round + (uint32_t)(f->dialogue / DIALOGUES);
		if (!round && ++sip->next == sip->count)
			sip->next = 0;
	} while (!round);
	put_next(sip, frame, BENCH_DIALOGUE_FRAME_MAX);
	if (!sip->next)
		feed->round++;
	put_round(frame, f, round);
	return f->bytes;
}

static unsigned put_frame(struct bench_feed *feed, uint8_t *frame)
{
	static const uint8_t kinds[100] = {
		[10] = SIP, [60] = SIP, [35] = RTCP, [45] = NOISE, [90] = NOISE};

	if (!feed->is_trunk)
		return put_rtp(feed, frame);
	feed->slot = feed->slot == 99 ? 0 : feed->slot + 1;
	prefetch_next(feed);
	if (__builtin_expect(kinds[feed->slot] == RTP, 1))
		return put_rtp(feed, frame);
	switch (kinds[feed->slot]) {
	case SIP:
		return put_sip(feed, frame);
	case RTCP:
		return put_next(&feed->rtcp, frame, RTCP_BYTES);
	default:
		return put_next(&feed->noise, frame, NOISE_COPIED);
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
