/* SPDX-License-Identifier: BSD-3-Clause */
/* Time-stamps of a port, through net_pcap: it stamps frames with the microseconds of its file. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include "dp_meta.h"
#include "dp_nic_time.h"
#include "dp_rx.h"
#include "dp_unit.h"
#include "unit.h"

#define MS	  ((uint64_t)1000000)
#define SECOND_NS (1000 * MS)

enum {
	FRAMES = 100,
};

struct bench {
	char file[64];
	struct dp_port *port;
	struct dp_clock clock;
	struct dp_rx rx;
	uint64_t times_ns[FRAMES]; /* in the file */
};

/* A millisecond apart, the last one at ns. */
static void write_file(struct bench *b, uint64_t ns)
{
	static const uint32_t header[6] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, 1};
	static const uint8_t frame[60] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00, 0x45};
	int fd;

	snprintf(b->file, sizeof(b->file), "/tmp/dp_nic_time_test.XXXXXX");
	fd = mkstemp(b->file);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, header, sizeof(header)), sizeof(header));
	for (unsigned i = 0; i < FRAMES; i++) {
		uint64_t us = (ns - (FRAMES - 1 - i) * MS) / 1000;
		uint32_t record[4] = {(uint32_t)(us / 1000000), (uint32_t)(us % 1000000),
			sizeof(frame), sizeof(frame)};

		b->times_ns[i] = us * 1000;
		assert_int_equal(write(fd, record, sizeof(record)), sizeof(record));
		assert_int_equal(write(fd, frame, sizeof(frame)), sizeof(frame));
	}
	close(fd);
}

/* The file's last frame is so old. */
static void open_bench(struct bench *b, uint64_t age_ns, uint32_t timestamps)
{
	struct dp_port_options options = {
		.driver = DP_VDEV,
		.queues = 1,
		.descriptors = 256,
		.max_frame = 1522,
		.timestamps = timestamps,
	};

	dp_clock_init(&b->clock);
	write_file(b, dp_clock_now(&b->clock) - age_ns);
	snprintf(options.device, sizeof(options.device), "net_pcap0,rx_pcap=%s", b->file);
	assert_int_equal(dp_port_start(&options, 0, 1023, 0, &b->port), 0);
	dp_rx_init(&b->rx, &b->clock, NULL, NULL);
	assert_int_equal(dp_rx_add_queue(&b->rx, b->port, 0), 0);
}

static void close_bench(struct bench *b)
{
	dp_port_stop(b->port);
	unlink(b->file);
}

/* Reads all; true: each has the file's time, false: each has that of its poll. */
static void expect_times(struct bench *b, bool is_files)
{
	struct rte_mbuf *burst[DP_BURST];
	unsigned seen = 0, n;

	while ((n = dp_rx_poll(&b->rx, burst)) > 0) {
		for (unsigned i = 0; i < n; i++)
			assert_int_equal(dp_meta(burst[i])->time_ns,
				is_files ? b->times_ns[seen + i] : b->rx.last_ns);
		seen += n;
		rte_pktmbuf_free_bulk(burst, n);
	}
	assert_int_equal(seen, FRAMES);
}

static void expect_stats(const struct bench *b, uint64_t used, uint64_t refused)
{
	struct dp_port_stats stats;

	dp_port_stats(b->port, &stats);
	assert_int_equal(stats.nic_time.used, used);
	assert_int_equal(stats.nic_time.refused, refused);
	assert_int_equal(stats.nic_time.is_in_use, used > 0);
}

static void takes_the_time_of_a_port_that_stamps(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, 200 * MS, DP_TIMESTAMPS_NIC);
	assert_non_null(dp_port_nic_time(b.port));
	expect_times(&b, true);
	expect_stats(&b, FRAMES, 0);
	close_bench(&b);
}

static void refuses_stamps_that_are_old_or_to_come(void **state)
{
	static const uint64_t ages_ns[] = {3600 * SECOND_NS, 2 * SECOND_NS, -3600 * SECOND_NS};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct bench b;

		open_bench(&b, ages_ns[i], DP_TIMESTAMPS_NIC);
		expect_times(&b, false);
		/* Then it is not looked at any more. */
		expect_stats(&b, 0, DP_NIC_TIME_REFUSED_MAX);
		close_bench(&b);
	}
}

static void takes_the_poll_s_time_when_asked(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, 200 * MS, DP_TIMESTAMPS_PROBE);
	assert_null(dp_port_nic_time(b.port));
	expect_times(&b, false);
	expect_stats(&b, 0, 0);
	close_bench(&b);
}

/* One frame that was polled at now_ns. flag: it has a stamp. */
static uint64_t stamped(
	struct dp_nic_time *time, struct rte_mbuf *m, bool flag, uint64_t stamp, uint64_t now_ns)
{
	uint64_t bit;
	int offset;

	assert_int_equal(rte_mbuf_dyn_rx_timestamp_register(&offset, &bit), 0);
	m->ol_flags = flag ? bit : 0;
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): what DPDK's macro does */
	*RTE_MBUF_DYNFIELD(m, offset, rte_mbuf_timestamp_t *) = stamp;
	dp_meta(m)->time_ns = now_ns;
	dp_nic_time_stamp(time, 0, &m, 1, now_ns);
	return dp_meta(m)->time_ns;
}

struct stamper {
	struct rte_mempool *pool;
	struct dp_nic_time *time;
	struct dp_clock clock;
	struct rte_mbuf *m;
	uint64_t now_ns;
};

static void open_stamper(struct stamper *s)
{
	struct dp_port_options options = {.queues = 1};

	s->pool =
		rte_pktmbuf_pool_create("unit", 63, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	dp_clock_init(&s->clock);
	s->now_ns = dp_clock_now(&s->clock);
	s->time = dp_nic_time_create(&options, 0, "net_pcap", 0);
	s->m = rte_pktmbuf_alloc(s->pool);
	assert_true(s->time && s->m);
}

static void close_stamper(struct stamper *s)
{
	rte_pktmbuf_free(s->m);
	dp_nic_time_destroy(s->time);
	rte_mempool_free(s->pool);
}

/* So many frames that were stamped that long after the poll; how many of them have the NIC's time. */
static unsigned stamp(struct stamper *s, unsigned n, int64_t ahead_ns)
{
	unsigned used = 0;

	for (unsigned i = 0; i < n; i++)
		used += stamped(s->time, s->m, true, s->now_ns + (uint64_t)ahead_ns, s->now_ns) !=
			s->now_ns;
	return used;
}

static void looks_again_after_the_next_anchor(void **state)
{
	struct stamper s;

	(void)state;
	open_stamper(&s);
	assert_int_equal(stamp(&s, 1, -5), 1);
	/* Without the flag the field means nothing, and is no refusal. */
	for (unsigned i = 0; i < 2 * DP_NIC_TIME_REFUSED_MAX; i++)
		assert_int_equal(stamped(s.time, s.m, false, s.now_ns - 5, s.now_ns), s.now_ns);
	assert_int_equal(stamp(&s, 1, -5), 1);
	assert_int_equal(stamp(&s, DP_NIC_TIME_REFUSED_MAX, -7200 * (int64_t)SECOND_NS), 0);
	assert_int_equal(stamp(&s, 2 * DP_NIC_TIME_PROOF, -5), 0);
	/* A whole second has to fit, with some stamps in it. */
	dp_nic_time_anchor(s.time, &s.clock);
	assert_int_equal(stamp(&s, DP_NIC_TIME_PROOF - 1, -5), 0);
	dp_nic_time_anchor(s.time, &s.clock);
	assert_int_equal(stamp(&s, 1, -5), 0);
	dp_nic_time_anchor(s.time, &s.clock);
	assert_int_equal(stamp(&s, 100, -5), 100);
	close_stamper(&s);
}

/* A clock about as far ahead as is allowed: some stamps fit, some do not. */
static void a_queue_has_one_clock(void **state)
{
	static const int64_t edge_ns = 1000000;
	unsigned used = 0;
	struct stamper s;

	(void)state;
	open_stamper(&s);
	for (unsigned second = 0; second < 100; second++) {
		/* Also seconds that do not reach the edge by themselves. */
		int64_t wander_ns = second % 10 < 5 ? 2000 : -2000;

		for (unsigned i = 0; i < 50; i++)
			used += stamp(&s, 1, edge_ns + wander_ns + (i % 2 ? 1500 : -1500));
		dp_nic_time_anchor(s.time, &s.clock);
	}
	/* Those before the first that does not fit. */
	assert_int_equal(used, 0);
	/* Once it was set right, it is believed again. */
	assert_int_equal(stamp(&s, 50, -5), 0);
	dp_nic_time_anchor(s.time, &s.clock);
	assert_int_equal(stamp(&s, 50, -5), 50);
	assert_int_equal(stamp(&s, 50, edge_ns - 2000), 50);
	assert_int_equal(stamp(&s, 1, edge_ns + 1000), 0);
	assert_int_equal(stamp(&s, 50, -5), 0);
	close_stamper(&s);
}

static void asks_only_for_what_the_device_has(void **state)
{
	struct dp_port_options options = {.timestamps = DP_TIMESTAMPS_NIC, .queues = 1};
	struct rte_eth_dev_info info = {.rx_offload_capa = ~RTE_ETH_RX_OFFLOAD_TIMESTAMP};
	struct dp_nic_time *time;

	(void)state;
	assert_int_equal(dp_nic_time_offload(&options, &info), 0);
	assert_null(dp_nic_time_create(&options, 0, "net_ice", 0));
	assert_int_equal(rte_errno, 0);
	info.rx_offload_capa = RTE_ETH_RX_OFFLOAD_TIMESTAMP | RTE_ETH_RX_OFFLOAD_SCATTER;
	assert_int_equal(dp_nic_time_offload(&options, &info), RTE_ETH_RX_OFFLOAD_TIMESTAMP);
	time = dp_nic_time_create(&options, 0, "net_ice", RTE_ETH_RX_OFFLOAD_TIMESTAMP);
	assert_non_null(time);
	dp_nic_time_destroy(time);
	options.timestamps = DP_TIMESTAMPS_PROBE;
	assert_int_equal(dp_nic_time_offload(&options, &info), 0);
	assert_null(dp_nic_time_create(&options, 0, "net_pcap", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_time_of_a_port_that_stamps),
		cmocka_unit_test(refuses_stamps_that_are_old_or_to_come),
		cmocka_unit_test(takes_the_poll_s_time_when_asked),
		cmocka_unit_test(looks_again_after_the_next_anchor),
		cmocka_unit_test(a_queue_has_one_clock),
		cmocka_unit_test(asks_only_for_what_the_device_has),
	};

	return cmocka_run_group_tests(tests, start_eal, stop_eal);
}
