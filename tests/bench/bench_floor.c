/* SPDX-License-Identifier: BSD-3-Clause */
/* Parsing is the probe's own: into a descriptor where that goes, else into a packet view. */
#include "bench_floor.h"

#include <rte_mbuf.h>

#include "bench.h"
#include "pkt_decode.h"
#include "pkt_plain.h"
#include "qos_mem.h"

bool bench_floor_init(struct bench_floor *f, struct rte_mempool *pool, uint32_t streams,
	uint64_t packets, uint64_t now_ns)
{
	*f = (struct bench_floor){.packets = packets, .line_count = streams};
	f->seed = BENCH_SEED;
	f->lines = qos_mem_map((size_t)streams * 64);
	return f->lines && bench_feed_init(&f->feed, pool, NULL, streams, now_ns);
}

void bench_floor_fini(struct bench_floor *f)
{
	bench_feed_fini(&f->feed);
	if (f->lines)
		qos_mem_unmap(f->lines, (size_t)f->line_count * 64);
	f->lines = NULL;
}

uint64_t bench_floor_free(struct bench_floor *f)
{
	struct rte_mbuf *burst[DP_BURST];
	uint64_t ns = bench_cpu_ns();

	for (uint64_t done = 0; done < f->packets; done += DP_BURST)
		rte_pktmbuf_free_bulk(burst, bench_feed_poll(&f->feed, burst));
	return bench_cpu_ns() - ns;
}

static inline uint64_t parse(const struct bench_floor *f, struct rte_mbuf *m)
{
	struct bytes frame =
		bytes_of(rte_pktmbuf_mtod(m, const uint8_t *), rte_pktmbuf_data_len(m));
	struct pkt_media media;
	struct pkt_view view;

	if (pkt_plain_media(frame, 0, &f->seed, &media))
		return media.key.w[0] + media.key.w[1] + media.rtp_ts + media.seq;
	pkt_decode(PKT_LINK_ETHERNET, frame, &view);
	return view.payload.n;
}

uint64_t bench_floor_parse(struct bench_floor *f)
{
	struct rte_mbuf *burst[DP_BURST];
	uint64_t sum = 0, ns = bench_cpu_ns();

	for (uint64_t done = 0; done < f->packets; done += DP_BURST) {
		unsigned n = bench_feed_poll(&f->feed, burst);

		for (unsigned i = 0; i < n; i++)
			sum += parse(f, burst[i]);
		rte_pktmbuf_free_bulk(burst, n);
	}
	bench_use(sum);
	return bench_cpu_ns() - ns;
}

uint64_t bench_floor_touch(struct bench_floor *f)
{
	struct rte_mbuf *burst[DP_BURST];
	uint64_t state = 1, sum = 0, ns = bench_cpu_ns();

	for (uint64_t done = 0; done < f->packets; done += DP_BURST) {
		unsigned n = bench_feed_poll(&f->feed, burst);
		uint64_t *line[DP_BURST];

		for (unsigned i = 0; i < n; i++) {
			uint64_t at = (bench_random(&state) >> 32) * f->line_count >> 32;

			line[i] = &f->lines[at * 8];
			__builtin_prefetch(line[i], 1);
		}
		for (unsigned i = 0; i < n; i++)
			sum += parse(f, burst[i]);
		rte_pktmbuf_free_bulk(burst, n);
		for (unsigned i = 0; i < n; i++)
			++*line[i];
	}
	bench_use(sum);
	return bench_cpu_ns() - ns;
}
