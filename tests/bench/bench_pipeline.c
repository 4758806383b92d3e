/* SPDX-License-Identifier: BSD-3-Clause */
/* The probe's own rx and worker, fed from memory: on one core in turn, and on two. Beside them, with
 * the same feed, what receiving, decoding and one random cache line cost. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_launch.h>
#include <rte_mbuf.h>
#include <urcu/urcu-qsbr.h>

#include "bench.h"
#include "bench_feed.h"
#include "cfg_load.h"
#include "dp_idle.h"
#include "dp_meta.h"
#include "pkt_decode.h"
#include "probe_mem.h"
#include "probe_rx.h"
#include "probe_worker.h"

#define START_NS  ((uint64_t)1770000000 * 1000000000)
#define SECOND_NS ((uint64_t)1000000000)

enum {
	PACKETS = 1000000,
	MBUFS = 65535,
	POOL_CACHE = 256,
	MEMORY_MB = 384,
	STREAMS_MANY = 100000,
	STREAMS_FEW = 10000,
};

struct pipeline {
	struct cfg_options options;
	struct probe *probe;
	struct rte_mempool *pool;
	struct dp_ring *ring; /* for the floor of two cores */
	struct bench_feed feed; /* of the pipeline: no packet is missing */
	struct bench_feed floor_feed;
	uint64_t *lines; /* as many as streams */
	uint32_t line_count;
	uint64_t (*job)(struct pipeline *p); /* of run_on_lcore */
	uint64_t ns;
	atomic_bool stop;
	_Atomic uint64_t taken;
};

static int on_lcore(void *arg)
{
	struct pipeline *p = arg;

	urcu_qsbr_register_thread();
	p->ns = p->job(p);
	urcu_qsbr_unregister_thread();
	return 0;
}

/* Not rte_eal_wait_lcore alone: it spins, on a CPU that an lcore needs. */
static void wait_lcore(unsigned lcore)
{
	while (rte_eal_get_lcore_state(lcore) == RUNNING)
		nanosleep(&(struct timespec){.tv_nsec = DP_IDLE_SLEEP_NS}, NULL);
	rte_eal_wait_lcore(lcore);
}

static uint64_t run_on_lcore(struct pipeline *p, uint64_t (*job)(struct pipeline *p))
{
	p->job = job;
	rte_eal_remote_launch(on_lcore, p, p->probe->lcores.rx[0]);
	wait_lcore(p->probe->lcores.rx[0]);
	return p->ns;
}

static uint64_t free_only(struct pipeline *p)
{
	struct rte_mbuf *burst[DP_BURST];
	uint64_t ns = bench_cpu_ns();

	for (uint32_t done = 0; done < PACKETS; done += DP_BURST) {
		unsigned n = bench_feed_poll(&p->floor_feed, burst);

		for (unsigned i = 0; i < n; i++)
			rte_pktmbuf_free(burst[i]);
	}
	return bench_cpu_ns() - ns;
}

static inline uint64_t decode(struct rte_mbuf *m)
{
	struct pkt_view view;

	pkt_decode(PKT_LINK_ETHERNET,
		bytes_of(rte_pktmbuf_mtod(m, const uint8_t *), rte_pktmbuf_data_len(m)), &view);
	return view.payload.n;
}

static uint64_t decode_only(struct pipeline *p)
{
	struct rte_mbuf *burst[DP_BURST];
	uint64_t sum = 0, ns = bench_cpu_ns();

	for (uint32_t done = 0; done < PACKETS; done += DP_BURST) {
		unsigned n = bench_feed_poll(&p->floor_feed, burst);

		for (unsigned i = 0; i < n; i++) {
			sum += decode(burst[i]);
			rte_pktmbuf_free(burst[i]);
		}
	}
	bench_use(sum);
	return bench_cpu_ns() - ns;
}

static uint64_t decode_and_touch(struct pipeline *p)
{
	struct rte_mbuf *burst[DP_BURST];
	uint64_t state = 1, sum = 0, ns = bench_cpu_ns();

	for (uint32_t done = 0; done < PACKETS; done += DP_BURST) {
		unsigned n = bench_feed_poll(&p->floor_feed, burst);
		uint64_t *line[DP_BURST];

		for (unsigned i = 0; i < n; i++) {
			uint64_t at = (bench_random(&state) >> 32) * p->line_count >> 32;

			line[i] = &p->lines[at * 8];
			__builtin_prefetch(line[i], 1);
		}
		for (unsigned i = 0; i < n; i++) {
			sum += decode(burst[i]);
			rte_pktmbuf_free(burst[i]);
		}
		for (unsigned i = 0; i < n; i++)
			++*line[i];
	}
	bench_use(sum);
	return bench_cpu_ns() - ns;
}

static unsigned worker_turn(struct probe_worker *w)
{
	unsigned n = probe_worker_take(w);

	urcu_qsbr_quiescent_state();
	return n;
}

static uint64_t one_core(struct pipeline *p)
{
	struct rte_mbuf *burst[DP_BURST];
	uint64_t ns = bench_cpu_ns();

	for (uint32_t done = 0; done < PACKETS; done += DP_BURST) {
		unsigned n = bench_feed_poll(&p->feed, burst);

		probe_rx_burst(p->probe->rx, burst, n);
		worker_turn(p->probe->workers);
	}
	while (worker_turn(p->probe->workers))
		;
	return bench_cpu_ns() - ns;
}

/* How many packets travel whole, since their mbufs are still in use after rx. */
static uint64_t count_whole(struct pipeline *p)
{
	struct rte_mbuf *burst[DP_BURST];
	uint64_t whole = 0;

	for (uint32_t done = 0; done < PACKETS; done += DP_BURST) {
		unsigned n = bench_feed_poll(&p->feed, burst);

		probe_rx_burst(p->probe->rx, burst, n);
		whole += rte_mempool_in_use_count(p->pool);
		worker_turn(p->probe->workers);
	}
	return whole;
}

static int worker_loop(void *arg)
{
	struct pipeline *p = arg;
	struct dp_idle idle = {0};
	uint64_t taken = atomic_load(&p->taken);

	urcu_qsbr_register_thread();
	while (!atomic_load_explicit(&p->stop, memory_order_acquire)) {
		unsigned n = worker_turn(p->probe->workers);

		taken += n;
		atomic_store_explicit(&p->taken, taken, memory_order_release);
		dp_idle_wait(&idle, n > 0);
	}
	urcu_qsbr_unregister_thread();
	return 0;
}

static int ring_loop(void *arg)
{
	struct pipeline *p = arg;
	struct dp_idle idle = {0};
	struct pkt_media m[DP_BURST];
	uint64_t taken = atomic_load(&p->taken);

	while (!atomic_load_explicit(&p->stop, memory_order_acquire)) {
		unsigned n = dp_ring_take(p->ring, m, DP_BURST);

		taken += n;
		atomic_store_explicit(&p->taken, taken, memory_order_release);
		dp_idle_wait(&idle, n > 0);
	}
	return 0;
}

static void wait_taken(struct pipeline *p, uint64_t until)
{
	while (atomic_load_explicit(&p->taken, memory_order_acquire) < until)
		rte_pause();
}

/* Of two cores it is the time on the wall that counts. */
static uint64_t feed_rx(struct pipeline *p)
{
	struct rte_mbuf *burst[DP_BURST];
	uint64_t ns = bench_wall_ns();

	for (uint32_t done = 0; done < PACKETS; done += DP_BURST)
		probe_rx_burst(p->probe->rx, burst, bench_feed_poll(&p->feed, burst));
	wait_taken(p, PACKETS);
	return bench_wall_ns() - ns;
}

static uint64_t feed_ring(struct pipeline *p)
{
	struct pkt_media m[DP_BURST] = {0};
	struct rte_mbuf *burst[DP_BURST];
	uint64_t ns = bench_wall_ns();

	for (uint32_t done = 0; done < PACKETS; done += DP_BURST) {
		unsigned n = bench_feed_poll(&p->floor_feed, burst);

		for (unsigned i = 0; i < n; i++) {
			m[i].rtp_ts = burst[i]->pkt_len;
			rte_pktmbuf_free(burst[i]);
		}
		for (unsigned put = 0; put < n;)
			put += dp_ring_put(p->ring, m + put, n - put);
	}
	wait_taken(p, PACKETS);
	return bench_wall_ns() - ns;
}

static uint64_t run_on_two(
	struct pipeline *p, uint64_t (*feed)(struct pipeline *p), lcore_function_t *take)
{
	uint64_t ns;

	atomic_store(&p->taken, 0);
	atomic_store(&p->stop, false);
	rte_eal_remote_launch(take, p, p->probe->lcores.worker[0]);
	ns = run_on_lcore(p, feed);
	atomic_store(&p->stop, true);
	wait_lcore(p->probe->lcores.worker[0]);
	return ns;
}

static uint64_t run_free(void *arg)
{
	return run_on_lcore(arg, free_only);
}

static uint64_t run_decode(void *arg)
{
	return run_on_lcore(arg, decode_only);
}

static uint64_t run_touch(void *arg)
{
	return run_on_lcore(arg, decode_and_touch);
}

static uint64_t run_one_core(void *arg)
{
	return run_on_lcore(arg, one_core);
}

static uint64_t run_two_cores(void *arg)
{
	return run_on_two(arg, feed_rx, worker_loop);
}

static uint64_t run_two_rings(void *arg)
{
	return run_on_two(arg, feed_ring, ring_loop);
}

/* The streams are open before the first packet, as after probation. */
static bool open_streams(struct pipeline *p)
{
	struct qos_table *t = &p->probe->workers->table;
	uint64_t interval = p->options.qos.report_interval_ns;

	for (uint32_t i = 0; i < p->feed.count; i++) {
		/* Looked at once a second, reported every interval: evenly. */
		uint64_t start_ns = START_NS - SECOND_NS + SECOND_NS * i / p->feed.count;
		uint8_t frame[BENCH_FRAME_STRIDE];
		struct qos_origin origin = {0};
		struct pkt_media first = {.marker_pt = 8};
		struct pkt_view view;
		struct rtp_hdr hdr = {0};
		uint32_t stream;

		pkt_decode(
			PKT_LINK_ETHERNET, bytes_of(frame, bench_rtp_frame(frame, 4, 0, i)), &view);
		rtp_hdr_parse(view.payload, view.payload_wire, &hdr);
		first.key = pkt_media_key(&view.flow, hdr.ssrc, &p->probe->seed);
		first.seq = hdr.seq;
		origin.flow = view.flow;
		origin.ssrc = hdr.ssrc;
		stream = qos_table_open(t, &first, &origin, NULL, 0, start_ns);
		if (stream == QOS_NONE)
			return false;
		t->cold[stream].next_report_ns = START_NS + interval * i / p->feed.count;
	}
	return true;
}

static bool pipeline_init(struct pipeline *p, uint32_t streams)
{
	struct probe *probe = p->probe;

	p->options.qos.max_streams = streams;
	p->line_count = streams;
	p->lines = probe_mem_map((size_t)streams * 64);
	memset(probe->rx, 0, sizeof(*probe->rx));
	memset(probe->workers, 0, sizeof(*probe->workers));
	atomic_store(&probe->time_base_ns, 0);
	return p->lines && bench_feed_init(&p->feed, p->pool, streams, START_NS) &&
	       bench_feed_init(&p->floor_feed, p->pool, streams, START_NS) &&
	       probe_rx_init(probe->rx, probe, 0) == 0 &&
	       probe_worker_init(probe->workers, probe, 0) == 0 && open_streams(p);
}

static void pipeline_fini(struct pipeline *p)
{
	probe_worker_fini(p->probe->workers);
	if (p->probe->rx->probe)
		probe_rx_fini(p->probe->rx);
	bench_feed_fini(&p->feed);
	bench_feed_fini(&p->floor_feed);
	if (p->lines)
		probe_mem_unmap(p->lines, (size_t)p->line_count * 64);
}

static void compare_one(struct pipeline *p)
{
	char name[64];
	const struct bench_code subject = {name, run_one_core, p, PACKETS};
	const struct bench_code floors[] = {
		{"bare rx and free", run_free, p, PACKETS},
		{"rx, decode", run_decode, p, PACKETS},
		{"rx, decode, one random line", run_touch, p, PACKETS},
	};

	snprintf(name, sizeof(name), "pipeline on one core, %uk", p->feed.count / 1000);
	bench_compare(&subject, floors, 3);
}

static void compare_two(struct pipeline *p)
{
	char name[64];
	const struct bench_code subject = {name, run_two_cores, p, PACKETS};
	const struct bench_code floors[] = {
		{"pipeline on one core", run_one_core, p, PACKETS},
		{"rx, free, 32 octets through a ring", run_two_rings, p, PACKETS},
	};

	bench_print_core_to_core("now");
	snprintf(name, sizeof(name), "pipeline on two cores, %uk (noisy)", p->feed.count / 1000);
	bench_compare(&subject, floors, 2);
	bench_print_core_to_core("then");
}

/* Every packet must have been counted as RTP of its stream: else something else was measured. */
static bool check_streams(const struct pipeline *p)
{
	const struct qos_table *t = &p->probe->workers->table;
	uint64_t updated = 0, expected = 0;

	for (uint32_t i = 0; i < t->high; i++) {
		updated += qos_stream_packets(&t->hot[i], &t->cold[i]);
		expected += qos_stream_expected(&t->hot[i], &t->cold[i]);
	}
	if (updated == expected && updated == probe_read(&p->probe->workers->outcome[PROBE_rtp]))
		return true;
	fprintf(stderr, "%llu packets were counted of %llu\n", (unsigned long long)updated,
		(unsigned long long)expected);
	return false;
}

static bool measure(struct pipeline *p, uint32_t streams, bool has_two)
{
	bool is_good = pipeline_init(p, streams);

	if (is_good) {
		compare_one(p);
		printf("%-36s %9.1f\n", "  packets that travelled whole, %",
			100.0 * (double)run_on_lcore(p, count_whole) / PACKETS);
		if (has_two)
			compare_two(p);
		is_good = check_streams(p);
	} else {
		fprintf(stderr, "could not make the pipeline\n");
	}
	pipeline_fini(p);
	return is_good;
}

/* The first two CPUs of this process for rx and worker. */
static bool choose_cpus(struct dp_options *o)
{
	cpu_set_t own;

	if (sched_getaffinity(0, sizeof(own), &own))
		return false;
	for (uint16_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		struct dp_cpu_list *list = o->rx.count ? &o->workers : &o->rx;

		if (CPU_ISSET(cpu, &own) && !list->count)
			list->cpu[list->count++] = cpu;
	}
	return o->workers.count > 0;
}

static int start(struct pipeline *p)
{
	struct probe *probe = p->probe;
	int rc = dp_eal_start(&p->options.dp, true, &probe->lcores);

	if (rc)
		return rc;
	probe->options = &p->options;
	probe->is_offline = true; /* so that rx waits for the worker, and no packet is shed */
	probe->seed = (struct pkt_seed){{1, 2, 3, 4}};
	dp_clock_init(&probe->clock);
	dp_steer_init(&probe->steer, probe->seed.k[0], 1);
	urcu_qsbr_register_thread();
	rc = cls_db_create(&probe->cls);
	if (!rc)
		rc = qos_calls_create(&p->options.qos, &probe->seed, 1, &probe->calls);
	if (!rc)
		rc = qos_medias_create(&p->options.qos, &probe->seed, &probe->medias);
	urcu_qsbr_thread_offline();
	probe->rx = aligned_alloc(64, sizeof(*probe->rx));
	probe->workers = aligned_alloc(64, sizeof(*probe->workers));
	if (!rc)
		rc = dp_ring_create(
			"floor", sizeof(struct pkt_media), p->options.dp.media_ring, -1, &p->ring);
	p->pool = rte_pktmbuf_pool_create("feed", MBUFS, POOL_CACHE, 0, 2048 + 128, -1);
	return rc ? rc : !p->pool || !probe->rx || !probe->workers;
}

int main(void)
{
	struct pipeline *p = aligned_alloc(64, (sizeof(*p) + 63) / 64 * 64);
	struct probe *probe = aligned_alloc(64, sizeof(*probe));
	bool has_two;

	if (!p || !probe || !bench_start("heptap, rx and worker fed from memory")) {
		fprintf(stderr, "could not allocate memory\n");
		return 1;
	}
	memset(p, 0, sizeof(*p));
	memset(probe, 0, sizeof(*probe));
	p->probe = probe;
	cfg_defaults(&p->options);
	p->options.dp.telemetry = false;
	p->options.dp.memory = (uint64_t)MEMORY_MB << 20;
	has_two = choose_cpus(&p->options.dp);
	if (start(p)) {
		fprintf(stderr, "could not start the probe's parts\n");
		return 1;
	}
	if (!measure(p, STREAMS_FEW, has_two) || !measure(p, STREAMS_MANY, has_two))
		return 1;
	return 0;
}
