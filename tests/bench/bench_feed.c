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
};

bool bench_feed_init(
	struct bench_feed *feed, struct rte_mempool *pool, uint32_t streams, uint64_t now_ns)
{
	uint32_t *order = bench_order(streams);

	*feed = (struct bench_feed){.pool = pool, .count = streams, .now_ns = now_ns};
	feed->headers = probe_mem_map((size_t)streams * BENCH_HEADER);
	for (uint32_t i = 0; order && feed->headers && i < streams; i++) {
		uint8_t frame[BENCH_FRAME_STRIDE];

		bench_rtp_frame(frame, 4, 0, i);
		memcpy(feed->headers + (size_t)order[i] * BENCH_HEADER, frame, BENCH_HEADER);
	}
	free(order);
	return order && feed->headers;
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

unsigned bench_feed_poll(struct bench_feed *feed, struct rte_mbuf **burst)
{
	if (rte_pktmbuf_alloc_bulk(feed->pool, burst, DP_BURST))
		return 0;
	for (unsigned i = 0; i < DP_BURST; i++) {
		struct rte_mbuf *m = burst[i];
		uint8_t *header = feed->headers + (size_t)feed->next * BENCH_HEADER;

		memcpy(rte_pktmbuf_mtod(m, uint8_t *), header, BENCH_HEADER);
		count_on(header);
		m->data_len = BENCH_RTP_BYTES;
		m->pkt_len = BENCH_RTP_BYTES;
		*dp_meta(m) = (struct dp_meta){
			.time_ns = feed->now_ns,
			.wire_bytes = BENCH_RTP_BYTES,
			.link = DP_LINK_ETHERNET,
		};
		if (++feed->next == feed->count) {
			feed->next = 0;
			feed->now_ns += PACKET_NS;
		}
	}
	return DP_BURST;
}
