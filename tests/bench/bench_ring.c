/* SPDX-License-Identifier: BSD-3-Clause */
/* What handing a packet from one core to another costs: a 32-octet descriptor by value, after which the
 * mbuf is freed where it came from, and the mbuf itself. The other core reads what a worker would. */
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_pause.h>

#include "bench.h"
#include "dp_ring.h"

enum {
	PACKETS = 4 << 20,
	PACKETS_QUICK = 512 << 10,
	RING = 4096,
	MBUFS = 16383,
	POOL_CACHE = 256,
	OTHER_LCORE = 1,
	TOUCHED = 44, /* RTP's sequence number */
};

struct ring_bench {
	_Alignas(64) _Atomic uint64_t taken; /* by the other core */
	_Alignas(64) struct rte_mempool *pool; /* from here on both only read */
	struct dp_ring *media; /* of struct pkt_media */
	struct dp_ring *mbufs; /* of pointers */
	uint64_t packets;
	uint8_t header[64];
};

static void make_media(struct pkt_media *m, unsigned n, uint64_t at)
{
	for (unsigned i = 0; i < n; i++)
		m[i] = (struct pkt_media){.seq = (uint16_t)(at + i), .rtp_ts = (uint32_t)at};
}

static void put_all(struct dp_ring *ring, const uint8_t *elements, unsigned size, unsigned n)
{
	for (unsigned put = 0; put < n;) {
		unsigned done = dp_ring_put(ring, elements + (size_t)put * size, n - put);

		put += done;
		if (!done)
			rte_pause();
	}
}

static int take_media(void *arg)
{
	struct ring_bench *b = arg;
	struct pkt_media m[BENCH_BURST];
	uint64_t sum = 0;

	for (uint64_t taken = 0; taken < b->packets;) {
		unsigned n = dp_ring_take(b->media, m, BENCH_BURST);

		for (unsigned i = 0; i < n; i++)
			sum += m[i].seq;
		taken += n;
		if (!n)
			rte_pause();
	}
	bench_use(sum);
	atomic_store_explicit(&b->taken, b->packets, memory_order_release);
	return 0;
}

static int take_mbufs(void *arg)
{
	struct ring_bench *b = arg;
	struct rte_mbuf *m[BENCH_BURST];
	uint64_t sum = 0;

	for (uint64_t taken = 0; taken < b->packets;) {
		unsigned n = dp_ring_take(b->mbufs, m, BENCH_BURST);

		for (unsigned i = 0; i < n; i++)
			rte_prefetch0(rte_pktmbuf_mtod(m[i], void *));
		for (unsigned i = 0; i < n; i++)
			sum += rte_pktmbuf_mtod(m[i], const uint8_t *)[TOUCHED];
		rte_pktmbuf_free_bulk(m, n);
		taken += n;
		if (!n)
			rte_pause();
	}
	bench_use(sum);
	atomic_store_explicit(&b->taken, b->packets, memory_order_release);
	return 0;
}

/* A burst as a driver makes it. The pool runs dry while the other core holds all. */
static void poll_mbufs(struct ring_bench *b, struct rte_mbuf **burst)
{
	while (rte_pktmbuf_alloc_bulk(b->pool, burst, BENCH_BURST))
		rte_pause();
	for (unsigned i = 0; i < BENCH_BURST; i++)
		memcpy(rte_pktmbuf_mtod(burst[i], void *), b->header, sizeof(b->header));
}

static void give_media(struct ring_bench *b)
{
	struct pkt_media m[BENCH_BURST];

	for (uint64_t at = 0; at < b->packets; at += BENCH_BURST) {
		make_media(m, BENCH_BURST, at);
		put_all(b->media, (const uint8_t *)m, sizeof(m[0]), BENCH_BURST);
	}
}

static void give_media_of_mbufs(struct ring_bench *b)
{
	struct rte_mbuf *burst[BENCH_BURST];
	struct pkt_media m[BENCH_BURST];

	for (uint64_t at = 0; at < b->packets; at += BENCH_BURST) {
		poll_mbufs(b, burst);
		make_media(m, BENCH_BURST, at);
		rte_pktmbuf_free_bulk(burst, BENCH_BURST);
		put_all(b->media, (const uint8_t *)m, sizeof(m[0]), BENCH_BURST);
	}
}

static void give_mbufs(struct ring_bench *b)
{
	struct rte_mbuf *burst[BENCH_BURST];

	for (uint64_t at = 0; at < b->packets; at += BENCH_BURST) {
		poll_mbufs(b, burst);
		put_all(b->mbufs, (const uint8_t *)burst, sizeof(void *), BENCH_BURST);
	}
}

/* Of two cores it is the time on the wall that counts. */
static uint64_t on_two(
	struct ring_bench *b, void (*give)(struct ring_bench *), lcore_function_t *take)
{
	uint64_t ns;

	atomic_store(&b->taken, 0);
	rte_eal_remote_launch(take, b, OTHER_LCORE);
	ns = bench_wall_ns();
	give(b);
	while (atomic_load_explicit(&b->taken, memory_order_acquire) < b->packets)
		rte_pause();
	ns = bench_wall_ns() - ns;
	rte_eal_wait_lcore(OTHER_LCORE);
	return ns;
}

static uint64_t run_media(void *arg)
{
	return on_two(arg, give_media, take_media);
}

static uint64_t run_media_of_mbufs(void *arg)
{
	return on_two(arg, give_media_of_mbufs, take_media);
}

static uint64_t run_mbufs(void *arg)
{
	return on_two(arg, give_mbufs, take_mbufs);
}

/* In and out on one core: what is left when no cache line has to travel. */
static uint64_t run_one_core(void *arg)
{
	struct ring_bench *b = arg;
	struct pkt_media m[BENCH_BURST];
	uint64_t sum = 0, ns = bench_cpu_ns();

	for (uint64_t at = 0; at < b->packets; at += BENCH_BURST) {
		make_media(m, BENCH_BURST, at);
		put_all(b->media, (const uint8_t *)m, sizeof(m[0]), BENCH_BURST);
		dp_ring_take(b->media, m, BENCH_BURST);
		for (unsigned i = 0; i < BENCH_BURST; i++)
			sum += m[i].seq;
	}
	bench_use(sum);
	return bench_cpu_ns() - ns;
}

/* lcores 0 and 1 on the first two CPUs of this process; on one CPU only lcore 0. Returns how many. */
static unsigned choose_lcores(char *lcores, size_t size)
{
	cpu_set_t own;
	unsigned count = 0;
	size_t used = 0;

	if (sched_getaffinity(0, sizeof(own), &own))
		return 0;
	for (unsigned cpu = 0; cpu < CPU_SETSIZE && count < 2; cpu++)
		if (CPU_ISSET(cpu, &own)) {
			used += (size_t)snprintf(lcores + used, size - used, "%s%u@%u",
				count ? "," : "", count, cpu);
			count++;
		}
	return count;
}

static bool start(struct ring_bench *b, char *lcores)
{
	char prefix[32];
	char *args[] = {"bench_ring", "--lcores", lcores, "--no-huge", "-m", "512", "--no-pci",
		"--no-shconf", "--no-telemetry", "--log-level=error", "--file-prefix", prefix,
		NULL};

	snprintf(prefix, sizeof(prefix), "bench-ring-%d", (int)getpid());
	if (rte_eal_init((int)(sizeof(args) / sizeof(args[0])) - 1, args) < 0) {
		fprintf(stderr, "could not start EAL: %s\n", rte_strerror(rte_errno));
		return false;
	}
	b->pool = rte_pktmbuf_pool_create(
		"ring", MBUFS, POOL_CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE, -1);
	return b->pool &&
	       dp_ring_create("media", sizeof(struct pkt_media), RING, -1, &b->media) == 0 &&
	       dp_ring_create("mbufs", sizeof(void *), RING, -1, &b->mbufs) == 0;
}

static void compare(struct ring_bench *b)
{
	const struct bench_row facts = {.shape = "pipeline", .workers = 1};
	const struct bench_code media = {"32 octets by value", run_media, b, b->packets};
	const struct bench_code own = {"the same ring on one core", run_one_core, b, b->packets};
	const struct bench_code freed = {
		"32 octets, mbuf freed by rx", run_media_of_mbufs, b, b->packets};
	const struct bench_code mbufs = {"mbuf pointers", run_mbufs, b, b->packets};

	bench_compare_row(&facts, &media, &own, 1);
	bench_print_core_to_core("between");
	bench_compare_row(&facts, &mbufs, &freed, 1);
	bench_print_core_to_core("after");
}

int main(int argc, char **argv)
{
	struct ring_bench *b = aligned_alloc(64, (sizeof(*b) + 63) / 64 * 64);
	char lcores[64];
	unsigned count;

	bench_options(argc, argv, "ring");
	if (!b || !bench_start("heptap, from one core to another")) {
		fprintf(stderr, "could not allocate memory\n");
		return 1;
	}
	memset(b, 0, sizeof(*b));
	b->packets = bench_is_quick() ? PACKETS_QUICK : PACKETS;
	count = choose_lcores(lcores, sizeof(lcores));
	if (count && !start(b, lcores)) {
		fprintf(stderr, "could not make a pool and rings\n");
		return 1;
	}
	if (count < 2)
		fprintf(stderr, "ring: only one CPU to run on, nothing to hand over\n");
	else
		compare(b);
	rte_eal_cleanup();
	free(b);
	return 0;
}
