/* SPDX-License-Identifier: BSD-3-Clause */
/* A datagram put together becomes a frame: its headers made anew, its data behind them. */
#include "probe_fragments.h"

#include <errno.h>

#include <rte_errno.h>

#include "dp_meta.h"
#include "probe_counters.h"
#include "probe_rx.h"
#include "qos_mem.h"

enum {
	ROOM = PKT_FRAG_HEADER_MAX + PKT_FRAG_DATA_MAX,
};

size_t probe_fragments_pool_memory(void)
{
	return (size_t)PROBE_FRAGMENT_MBUFS * (sizeof(struct rte_mbuf) + ROOM);
}

/* Made once and left to EAL's end, like the pools of ports and files. */
static struct rte_mempool *find_pool(void)
{
	struct rte_mempool *pool = rte_mempool_lookup("fragments");

	if (pool)
		return pool;
	return rte_pktmbuf_pool_create(
		"fragments", PROBE_FRAGMENT_MBUFS, 0, 0, ROOM, SOCKET_ID_ANY);
}

int probe_fragments_init(
	struct probe_fragments *fragments, uint32_t datagrams, const struct pkt_seed *seed)
{
	fragments->pool = find_pool();
	if (!fragments->pool)
		return -rte_errno;
	fragments->memory_bytes = pkt_frag_memory(datagrams);
	fragments->memory = qos_mem_map(fragments->memory_bytes);
	if (!fragments->memory)
		return -ENOMEM;
	pkt_frag_init(&fragments->frags, fragments->memory, datagrams, seed);
	return 0;
}

void probe_fragments_fini(struct probe_fragments *fragments)
{
	qos_mem_unmap(fragments->memory, fragments->memory_bytes);
	fragments->memory = NULL;
}

/* A file waits for what is under way, so that the same file gives the same reports. */
static struct rte_mbuf *alloc(struct probe_rx *rx)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(rx->fragments.pool);

	if (!m && rx->probe->is_offline) {
		probe_rx_drain(rx);
		m = rte_pktmbuf_alloc(rx->fragments.pool);
	}
	if (!m)
		pkt_count(&rx->fragments.no_buffer, 1);
	return m;
}

/* What is written fits ROOM, so that none of it is headroom. */
static void fill(struct rte_mbuf *m, const struct pkt_view *view, struct bytes data)
{
	uint8_t *p;
	size_t n;

	m->data_off = 0;
	p = rte_pktmbuf_mtod(m, uint8_t *);
	n = pkt_frag_header(view, data.n, p);
	memcpy(p + n, data.p, data.n);
	m->data_len = (uint16_t)(n + data.n);
	m->pkt_len = m->data_len;
}

struct rte_mbuf *probe_fragments_take(
	struct probe_rx *rx, struct rte_mbuf *m, struct pkt_view *view)
{
	struct rte_mbuf *whole;
	struct bytes data;

	if (!pkt_frag_take(&rx->fragments.frags, view, dp_meta(m)->time_ns, &data))
		return NULL;
	whole = alloc(rx);
	if (!whole)
		return NULL;
	fill(whole, view, data);
	*dp_meta(whole) = (struct dp_meta){
		.time_ns = dp_meta(m)->time_ns,
		.wire_bytes = whole->pkt_len,
		.link = view->has_mac ? DP_LINK_ETHERNET : DP_LINK_RAW,
		.network = dp_meta(m)->network + view->network,
		.behind_ns = dp_meta(m)->behind_ns,
	};
	return whole;
}
