/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets out of memory: each stream's header line is copied into an mbuf and counted on. */
#include "bench_feed.h"

#include <stdlib.h>

#include <rte_mbuf.h>

#include "bench.h"
#include "bench_trunk.h"
#include "dp_meta.h"
#include "qos_mem.h"

#define PACKET_NS 20000000

enum {
	RTP_SEQ_AT = 44, /* Ethernet 14, IPv4 20, UDP 8, then two octets */
	RTP_TS_AT = 46,
	RTP_TICKS = 160,
};

bool bench_feed_init(struct bench_feed *feed, struct rte_mempool *pool, const uint32_t *streams,
	uint32_t count, uint64_t now_ns)
{
	uint32_t *order = bench_order(count);

	*feed = (struct bench_feed){.pool = pool, .count = count, .now_ns = now_ns};
	feed->headers = qos_mem_map((size_t)count * BENCH_HEADER);
	for (uint32_t i = 0; order && feed->headers && i < count; i++) {
		uint8_t frame[BENCH_FRAME_STRIDE];

		bench_rtp_frame(frame, 4, 0, streams ? streams[i] : i);
		memcpy(feed->headers + (size_t)order[i] * BENCH_HEADER, frame, BENCH_HEADER);
	}
	free(order);
	return order && feed->headers;
}

bool bench_feed_make_trunk(struct bench_feed *feed)
{
	feed->is_trunk = true;
	feed->trunk = bench_trunk_create(feed->headers, feed->count, feed->now_ns);
	return feed->trunk;
}

void bench_feed_fini(struct bench_feed *feed)
{
	if (feed->headers)
		qos_mem_unmap(feed->headers, (size_t)feed->count * BENCH_HEADER);
	feed->headers = NULL;
	bench_trunk_destroy(feed->trunk);
	feed->trunk = NULL;
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

static unsigned put_frame(struct bench_feed *feed, uint8_t *frame)
{
	unsigned bytes = feed->is_trunk ? bench_trunk_put(feed->trunk, frame) : 0;

	return bytes ? bytes : put_rtp(feed, frame);
}

unsigned bench_feed_poll(struct bench_feed *feed, struct rte_mbuf **burst)
{
	if (rte_pktmbuf_alloc_bulk(feed->pool, burst, DP_BURST))
		return 0;
	for (unsigned i = 0; i < DP_BURST; i++) {
		struct rte_mbuf *m = burst[i];
		unsigned bytes = put_frame(feed, rte_pktmbuf_mtod(m, uint8_t *));

		bench_feed_note(feed, m, bytes);
	}
	return DP_BURST;
}
