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

bool bench_feed_make_trunk(struct bench_feed *feed, const struct bench_mix *mix)
{
	feed->is_trunk = true;
	feed->trunk = bench_trunk_create(feed->headers, feed->count, mix, feed->now_ns);
	feed->gap = feed->trunk ? bench_trunk_gap(feed->trunk) : 0;
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

static void put_media(struct bench_feed *feed, struct rte_mbuf **burst, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned bytes = put_rtp(feed, rte_pktmbuf_mtod(burst[i], uint8_t *));

		bench_feed_note(feed, burst[i], bytes);
	}
}

static void put_other(struct bench_feed *feed, struct rte_mbuf *m)
{
	unsigned bytes = bench_trunk_put(feed->trunk, rte_pktmbuf_mtod(m, uint8_t *));

	bench_feed_note(feed, m, bytes);
	feed->gap = bench_trunk_gap(feed->trunk);
}

unsigned bench_feed_poll(struct bench_feed *feed, struct rte_mbuf **burst)
{
	unsigned i = 0;

	if (rte_pktmbuf_alloc_bulk(feed->pool, burst, DP_BURST))
		return 0;
	if (!feed->is_trunk) {
		put_media(feed, burst, DP_BURST);
		return DP_BURST;
	}
	/* Asks once for each other frame, not for each packet, what comes next: a NIC does not ask either. */
	while (i + feed->gap < DP_BURST) {
		put_media(feed, burst + i, feed->gap);
		i += feed->gap;
		put_other(feed, burst[i++]);
	}
	put_media(feed, burst + i, DP_BURST - i);
	feed->gap -= DP_BURST - i;
	return DP_BURST;
}
