/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports and rx without a NIC: crafted packet buffers go through DPDK's in-memory net_ring device. */
#include <errno.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "dp_meta.h"
#include "dp_rx.h"
#include "dp_unit.h"
#include "unit.h"

enum {
	MBUFS = 1023,
	MAX_FRAME = 1522,
};

struct bench {
	struct dp_port *port;
	struct rte_ring *wire; /* what is put here, the port receives */
	struct rte_mempool *pool;
	struct dp_clock clock;
	struct dp_rx rx;
};

static const struct dp_port_options ring_port = {
	.device = "net_ring0",
	.queues = 1,
	.descriptors = 256,
	.max_frame = MAX_FRAME,
	.promiscuous = true,
};

static void open_bench_with(struct bench *b, const struct dp_port_options *options)
{
	assert_int_equal(dp_port_start(options, 0, MBUFS, 0, &b->port), 0);
	b->wire = rte_ring_lookup("ETH_RXTX0_net_ring0");
	assert_non_null(b->wire);
	b->pool = rte_pktmbuf_pool_create(
		"unit", 255, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	assert_non_null(b->pool);
	dp_clock_init(&b->clock);
	dp_rx_init(&b->rx, &b->clock, NULL, NULL);
	assert_int_equal(dp_rx_add_queue(&b->rx, b->port, 0), 0);
}

static void open_bench(struct bench *b)
{
	open_bench_with(b, &ring_port);
}

static void close_bench(struct bench *b)
{
	assert_int_equal(rte_mempool_avail_count(b->pool), 255);
	rte_mempool_free(b->pool);
	dp_port_stop(b->port);
}

static void send_frame(const struct bench *b, const uint8_t *frame, uint16_t size, uint64_t flags)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(b->pool);

	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, size), frame, size);
	m->ol_flags = flags;
	m->vlan_tci = 0x602a; /* priority 3, VLAN 42 */
	assert_int_equal(rte_ring_enqueue(b->wire, m), 0);
}

/* Ethernet from 02::2 to 02::1, IPv4, and the first octets of its header. */
static const uint8_t untagged[18] = {
	2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00, 0x45, 0x00, 0x00, 0x2c};
/* The same with priority 3, VLAN 42. */
static const uint8_t tagged[22] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0x00, 0x60, 0x2a, 0x08,
	0x00, 0x45, 0x00, 0x00, 0x2c};

static void notes_time_length_and_link(void **state)
{
	struct rte_mbuf *burst[DP_BURST];
	struct bench b;
	uint64_t before, last;

	(void)state;
	open_bench(&b);
	assert_int_equal(dp_rx_poll(&b.rx, burst), 0);
	for (unsigned i = 0; i < 40; i++)
		send_frame(&b, untagged, sizeof(untagged), 0);
	before = dp_clock_now(&b.clock);
	assert_int_equal(dp_rx_poll(&b.rx, burst), DP_BURST);
	last = dp_meta(burst[0])->time_ns;
	assert_in_range(last, before, dp_clock_now(&b.clock));
	for (unsigned i = 0; i < DP_BURST; i++) {
		assert_int_equal(dp_meta(burst[i])->time_ns, last);
		assert_int_equal(dp_meta(burst[i])->wire_bytes, sizeof(untagged));
		assert_int_equal(dp_meta(burst[i])->link, DP_LINK_ETHERNET);
	}
	rte_pktmbuf_free_bulk(burst, DP_BURST);
	assert_int_equal(dp_rx_poll(&b.rx, burst), 8);
	assert_true(dp_meta(burst[0])->time_ns >= last);
	rte_pktmbuf_free_bulk(burst, 8);
	assert_int_equal(b.rx.frames, 40);
	assert_int_equal(b.rx.bytes, 40 * sizeof(untagged));
	close_bench(&b);
}

static void puts_a_stripped_tag_back(void **state)
{
	struct rte_mbuf *burst[DP_BURST];
	struct bench b;

	(void)state;
	open_bench(&b);
	send_frame(&b, untagged, sizeof(untagged), 0);
	send_frame(
		&b, untagged, sizeof(untagged), RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED);
	send_frame(&b, tagged, sizeof(tagged), RTE_MBUF_F_RX_VLAN);
	assert_int_equal(dp_rx_poll(&b.rx, burst), 3);
	assert_int_equal(burst[0]->pkt_len, sizeof(untagged));
	for (unsigned i = 1; i < 3; i++) {
		assert_int_equal(burst[i]->data_len, sizeof(tagged));
		assert_int_equal(dp_meta(burst[i])->wire_bytes, sizeof(tagged));
		assert_memory_equal(
			rte_pktmbuf_mtod(burst[i], const void *), tagged, sizeof(tagged));
	}
	rte_pktmbuf_free_bulk(burst, 3);
	close_bench(&b);
}

static uint64_t poll_one(struct bench *b)
{
	struct rte_mbuf *burst[DP_BURST];
	uint64_t time_ns;

	send_frame(b, untagged, sizeof(untagged), 0);
	assert_int_equal(dp_rx_poll(&b->rx, burst), 1);
	time_ns = dp_meta(burst[0])->time_ns;
	rte_pktmbuf_free(burst[0]);
	return time_ns;
}

/* A little back is the clock's way to be right; a lot is a clock that was set. */
static void time_goes_back_only_with_a_clock_that_was_set(void **state)
{
	struct bench b;
	uint64_t ahead, now;

	(void)state;
	open_bench(&b);
	ahead = dp_clock_now(&b.clock) + 400000000;
	b.rx.last_ns = ahead;
	assert_int_equal(poll_one(&b), ahead);
	b.rx.last_ns = ahead + 3600000000000;
	now = poll_one(&b);
	assert_in_range(now, ahead - 400000000, dp_clock_now(&b.clock));
	close_bench(&b);
}

static void filters_what_was_polled(void **state)
{
	struct dp_port_options options = ring_port;
	struct rte_mbuf *burst[DP_BURST];
	struct bench b;

	(void)state;
	open_bench_with(&b, &options);
	send_frame(&b, untagged, sizeof(untagged), 0);
	assert_int_equal(dp_rx_poll(&b.rx, burst), 1);
	assert_int_equal(dp_rx_filter(&b.rx, burst, 1), 1); /* without a filter */
	rte_pktmbuf_free(burst[0]);
	close_bench(&b);
	strncpy(options.filter, "vlan 42", sizeof(options.filter) - 1);
	open_bench_with(&b, &options);
	send_frame(&b, untagged, sizeof(untagged), 0);
	send_frame(&b, tagged, sizeof(tagged), 0);
	assert_int_equal(dp_rx_poll(&b.rx, burst), 2);
	assert_int_equal(dp_rx_filter(&b.rx, burst, 2), 1);
	assert_int_equal(burst[0]->pkt_len, sizeof(tagged));
	rte_pktmbuf_free(burst[0]);
	close_bench(&b);
}

static void a_port_tells_about_itself(void **state)
{
	struct dp_port_stats stats;
	struct bench b;

	(void)state;
	open_bench(&b);
	assert_string_equal(dp_port_name(b.port), "net_ring0");
	assert_string_equal(dp_port_driver(b.port), "net_ring");
	assert_int_equal(dp_port_queues(b.port), 1);
	dp_port_stats(b.port, &stats);
	assert_true(stats.is_up);
	assert_int_equal(stats.mbufs_total, MBUFS);
	assert_int_equal(stats.mbufs_free, MBUFS);
	assert_int_equal(stats.missed, 0);
	close_bench(&b);
}

static void refuses_what_cannot_be_opened(void **state)
{
	struct dp_port_options options = ring_port;
	struct dp_port *port = NULL;

	(void)state;
	strncpy(options.device, "nosuchif9", sizeof(options.device) - 1);
	assert_int_equal(dp_port_start(&options, 0, MBUFS, 0, &port), -ENODEV);
	options.driver = DP_AF_PACKET;
	assert_int_equal(dp_port_start(&options, 0, MBUFS, 0, &port), -ENODEV);
	options.driver = DP_PCI;
	assert_int_equal(dp_port_start(&options, 0, MBUFS, 0, &port), -EINVAL);
	options = ring_port;
	options.queues = 1000;
	assert_int_equal(dp_port_start(&options, 0, MBUFS, 0, &port), -EINVAL);
	assert_null(port);
}

static void takes_no_more_queues_than_it_has_room_for(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b);
	for (unsigned i = 1; i < DP_RX_QUEUES_MAX; i++)
		assert_int_equal(dp_rx_add_queue(&b.rx, b.port, 0), 0);
	assert_int_equal(dp_rx_add_queue(&b.rx, b.port, 0), -ENOSPC);
	close_bench(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notes_time_length_and_link),
		cmocka_unit_test(puts_a_stripped_tag_back),
		cmocka_unit_test(time_goes_back_only_with_a_clock_that_was_set),
		cmocka_unit_test(filters_what_was_polled),
		cmocka_unit_test(a_port_tells_about_itself),
		cmocka_unit_test(refuses_what_cannot_be_opened),
		cmocka_unit_test(takes_no_more_queues_than_it_has_room_for),
	};

	return cmocka_run_group_tests(tests, start_eal, stop_eal);
}
