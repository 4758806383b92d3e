/* SPDX-License-Identifier: BSD-3-Clause */
/* The probe's own receivers and workers, fed from memory: on one core in the fused shape, over the
 * number of streams and on a trunk; then both shapes on several threads. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_launch.h>
#include <rte_mbuf.h>
#include <urcu/urcu-qsbr.h>

#include "bench.h"
#include "bench_feed.h"
#include "bench_floor.h"
#include "cfg_load.h"
#include "dp_idle.h"
#include "dp_meta.h"
#include "pkt_decode.h"
#include "probe_rx.h"
#include "probe_worker.h"

#define START_NS  ((uint64_t)1770000000 * 1000000000)
#define SECOND_NS ((uint64_t)1000000000)

enum {
	WORKERS_MAX = 4,
	THREADS_MAX = WORKERS_MAX + 1,
	PACKETS_MIN = 2000000,
	ROUNDS = 5, /* of all streams in one run at least: a tick of 100 ms */
	THREADS_PACKETS = 1000000,
	MBUFS = 65535,
	POOL_CACHE = 256,
	MEMORY_MB = 640,
	HEP_MESSAGES = 16384,
	RING_ROOM = 128,
	WAIT_NS = 10000000,
};

struct pipeline;

/* One lcore: a receiver with its feed, a worker, or both. */
struct thread {
	struct pipeline *p;
	struct probe_rx *rx;
	struct probe_worker *worker;
	struct bench_feed feed;
	uint64_t left; /* packets to feed */
};

struct pipeline {
	struct cfg_options options;
	struct probe *probe;
	struct rte_mempool *pool;
	struct bench_floor floor;
	struct thread threads[THREADS_MAX];
	unsigned thread_count;
	uint32_t streams;
	uint64_t packets; /* of one run, of each feed */
	uint64_t (*job)(struct bench_floor *f); /* of on_lcore; NULL: the pipeline itself */
	uint64_t ns;
	bool is_trunk;
	atomic_bool stop;
	uint64_t discarded; /* HEP messages */
};

static void discard(struct pipeline *p, struct dp_mailbox *mailbox)
{
	struct dp_message *messages[BENCH_BURST];
	unsigned n;

	while ((n = dp_mailbox_take(mailbox, messages, BENCH_BURST))) {
		dp_mailbox_free(mailbox, messages, n);
		p->discarded += n;
	}
}

/* What a fused worker does, without waiting in between; its HEP goes to a sender that discards. */
static uint64_t run_fused(struct pipeline *p)
{
	struct thread *t = &p->threads[0];
	struct rte_mbuf *burst[DP_BURST];
	uint64_t ns = bench_cpu_ns();

	for (uint64_t done = 0; done < p->packets; done += DP_BURST) {
		probe_rx_burst(t->rx, burst, bench_feed_poll(&t->feed, burst));
		urcu_qsbr_quiescent_state();
		if (p->is_trunk)
			discard(p, t->worker->mailbox);
	}
	return bench_cpu_ns() - ns;
}

static int on_lcore(void *arg)
{
	struct pipeline *p = arg;

	urcu_qsbr_register_thread();
	p->ns = p->job ? p->job(&p->floor) : run_fused(p);
	urcu_qsbr_unregister_thread();
	return 0;
}

/* Not rte_eal_wait_lcore alone: it spins, on a CPU that an lcore needs. Nor often: each look there costs the lcore
 * its translations (TLB). */
static void wait_lcore(unsigned lcore)
{
	while (rte_eal_get_lcore_state(lcore) == RUNNING)
		nanosleep(&(struct timespec){.tv_nsec = WAIT_NS}, NULL);
	rte_eal_wait_lcore(lcore);
}

static uint64_t run_alone(struct pipeline *p, uint64_t (*job)(struct bench_floor *f))
{
	p->job = job;
	rte_eal_remote_launch(on_lcore, p, p->probe->lcores.worker[0]);
	wait_lcore(p->probe->lcores.worker[0]);
	return p->ns;
}

static uint64_t run_one_core(void *arg)
{
	return run_alone(arg, NULL);
}

static uint64_t run_free(void *arg)
{
	return run_alone(arg, bench_floor_free);
}

static uint64_t run_parse(void *arg)
{
	return run_alone(arg, bench_floor_parse);
}

static uint64_t run_touch(void *arg)
{
	return run_alone(arg, bench_floor_touch);
}

/* Nothing is shed, which begins at half full: a feed that is too fast waits. */
static bool has_room(const struct thread *t)
{
	for (unsigned i = 0; i < t->p->probe->lcores.worker_count; i++) {
		const struct dp_ring *ring = t->rx->lanes[i].media;

		if (ring && dp_ring_room(ring) < dp_ring_size(ring) / 2 + RING_ROOM)
			return false;
	}
	return true;
}

static int thread_loop(void *arg)
{
	struct thread *t = arg;
	struct rte_mbuf *burst[DP_BURST];
	struct dp_idle idle = {0};

	urcu_qsbr_register_thread();
	while (!atomic_load_explicit(&t->p->stop, memory_order_relaxed)) {
		unsigned n = t->worker ? probe_worker_take(t->worker) : 0;

		if (t->rx && t->left && has_room(t)) {
			n = bench_feed_poll(&t->feed, burst);
			probe_rx_burst(t->rx, burst, n);
			t->left -= DP_BURST;
		}
		urcu_qsbr_quiescent_state();
		if (n) {
			idle.empty = 0;
			continue;
		}
		urcu_qsbr_thread_offline();
		dp_idle_wait(&idle, false);
		urcu_qsbr_thread_online();
	}
	urcu_qsbr_unregister_thread();
	return 0;
}

static uint64_t received(const struct pipeline *p)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < p->probe->lcores.worker_count; i++)
		sum += probe_read(&p->probe->workers[i].outcome[PROBE_rtp]);
	return sum;
}

static unsigned lcore_of(const struct pipeline *p, const struct thread *t)
{
	const struct dp_lcores *lcores = &p->probe->lcores;

	return t->worker ? lcores->worker[t->worker->index] : lcores->rx[0];
}

/* Of several cores it is the time on the wall that counts. */
static uint64_t run_threads(void *arg)
{
	struct pipeline *p = arg;
	uint64_t until = received(p), ns = bench_wall_ns();

	atomic_store(&p->stop, false);
	for (unsigned i = 0; i < p->thread_count; i++) {
		p->threads[i].left = p->threads[i].rx ? p->packets : 0;
		until += p->threads[i].left;
		rte_eal_remote_launch(thread_loop, &p->threads[i], lcore_of(p, &p->threads[i]));
	}
	while (received(p) < until)
		nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
	ns = bench_wall_ns() - ns;
	atomic_store(&p->stop, true);
	for (unsigned i = 0; i < p->thread_count; i++)
		wait_lcore(lcore_of(p, &p->threads[i]));
	return ns;
}

/* A stream is open before its first packet, as after probation. */
static bool open_stream(struct pipeline *p, uint32_t i)
{
	/* Looked at once a second, reported every interval: evenly. */
	uint64_t start_ns = START_NS - SECOND_NS + SECOND_NS * i / p->streams;
	uint64_t interval = p->options.qos.report_interval_ns;
	uint8_t frame[BENCH_FRAME_STRIDE];
	struct qos_origin origin = {0};
	struct pkt_media first = {.marker_pt = 8};
	struct pkt_view view;
	struct rtp_hdr hdr = {0};
	struct qos_table *t;
	uint32_t stream;

	pkt_decode(PKT_LINK_ETHERNET, bytes_of(frame, bench_rtp_frame(frame, 4, 0, i)), &view);
	rtp_hdr_parse(view.payload, view.payload_wire, &hdr);
	first.key = pkt_media_key(&view.flow, hdr.ssrc, &p->probe->seed);
	first.seq = hdr.seq;
	origin.flow = view.flow;
	origin.ssrc = hdr.ssrc;
	t = &p->probe->workers[dp_steer_worker(&p->probe->steer, view.flow.src.b, view.flow.dst.b,
				       view.flow.sport, view.flow.dport)]
		     .table;
	stream = qos_table_open(t, &first, &origin, NULL, 0, start_ns);
	if (stream == QOS_NONE)
		return false;
	t->cold[stream].next_report_ns = START_NS + interval * i / p->streams;
	return true;
}

static bool make_threads(struct pipeline *p, bool is_fused)
{
	struct probe *probe = p->probe;
	unsigned workers = probe->lcores.worker_count;
	unsigned feeds = is_fused ? workers : 1;

	p->thread_count = is_fused ? workers : workers + 1;
	for (unsigned i = 0; i < p->thread_count; i++)
		p->threads[i] = (struct thread){.p = p};
	for (unsigned i = 0; i < workers; i++)
		p->threads[i].worker = &probe->workers[i];
	for (unsigned i = 0; i < feeds; i++) {
		struct thread *t = &p->threads[is_fused ? i : workers];

		t->rx = &probe->rx[i];
		if (probe_rx_init(t->rx, probe, i, t->worker) ||
			!bench_feed_init(&t->feed, p->pool, i, feeds, p->streams / feeds, START_NS))
			return false;
	}
	return true;
}

static bool pipeline_init(struct pipeline *p, bool is_fused, unsigned workers, uint32_t streams)
{
	struct probe *probe = p->probe;
	bool is_good;

	p->streams = streams / workers * workers;
	p->packets =
		(uint64_t)streams * ROUNDS > PACKETS_MIN ? (uint64_t)streams * ROUNDS : PACKETS_MIN;
	p->is_trunk = false;
	p->options.qos.max_streams = streams;
	p->options.fragments = 16;
	p->options.tcp_flows = 16;
	probe->lcores.worker_count = workers;
	probe->rx_count = is_fused ? workers : 1;
	dp_steer_init(&probe->steer, probe->seed.k[0], workers);
	memset(probe->rx, 0, WORKERS_MAX * sizeof(*probe->rx));
	memset(probe->workers, 0, WORKERS_MAX * sizeof(*probe->workers));
	atomic_store(&probe->time_base_ns, START_NS - SECOND_NS);
	is_good = make_threads(p, is_fused);
	for (unsigned i = 0; i < workers && is_good; i++)
		is_good = probe_worker_init(&probe->workers[i], probe, i) == 0;
	for (uint32_t i = 0; i < p->streams && is_good; i++)
		is_good = open_stream(p, i);
	if (!is_good)
		fprintf(stderr, "could not make the pipeline\n");
	return is_good;
}

static void pipeline_fini(struct pipeline *p)
{
	for (unsigned i = 0; i < WORKERS_MAX; i++)
		probe_worker_fini(&p->probe->workers[i]);
	for (unsigned i = 0; i < WORKERS_MAX; i++)
		if (p->probe->rx[i].probe)
			probe_rx_fini(&p->probe->rx[i]);
	for (unsigned i = 0; i < p->thread_count; i++)
		bench_feed_fini(&p->threads[i].feed);
}

/* Every packet must have been counted in order in its stream: else something else was measured. */
static bool check_streams(const struct pipeline *p)
{
	uint64_t updated = 0, expected = 0;

	for (unsigned w = 0; w < p->probe->lcores.worker_count; w++) {
		const struct qos_table *t = &p->probe->workers[w].table;

		for (uint32_t i = 0; i < t->high; i++) {
			updated += qos_stream_packets(qos_table_hot(t, i), &t->cold[i]);
			expected += qos_stream_expected(qos_table_hot(t, i), &t->cold[i]);
		}
	}
	if (updated == expected && updated == received(p))
		return true;
	fprintf(stderr, "%llu packets of %llu were counted\n", (unsigned long long)updated,
		(unsigned long long)expected);
	return false;
}

static void compare_floors(struct pipeline *p, const char *name)
{
	const struct bench_row facts = {.shape = "fused", .workers = 1, .streams = p->streams};
	const struct bench_code subject = {name, run_one_core, p, p->packets};
	const struct bench_code floors[] = {
		{"bare rx and free", run_free, p, p->packets},
		{"rx, parse", run_parse, p, p->packets},
		{"rx, parse, one random line", run_touch, p, p->packets},
	};

	bench_compare_row(&facts, &subject, floors, 3);
}

static bool measure_fused(struct pipeline *p, uint32_t streams)
{
	bool is_good = pipeline_init(p, true, 1, streams) &&
		       bench_floor_init(&p->floor, p->pool, streams, p->packets, START_NS);

	if (is_good) {
		compare_floors(p, "fused, one core");
		is_good = check_streams(p);
	}
	bench_floor_fini(&p->floor);
	pipeline_fini(p);
	return is_good;
}

/* Every message of the trunk must have been found and encoded. */
static bool check_trunk(const struct pipeline *p)
{
	const struct probe_worker *w = &p->probe->workers[0];
	uint64_t made = probe_read(&w->counters.hep_made);

	if (probe_read(&w->outcome[PROBE_sip]) && probe_read(&w->outcome[PROBE_rtcp]) &&
		probe_read(&w->outcome[PROBE_unknown_udp]) && made == p->discarded)
		return check_streams(p);
	fprintf(stderr, "of %llu HEP messages %llu were taken\n", (unsigned long long)made,
		(unsigned long long)p->discarded);
	return false;
}

/* The same feed with 2 % SIP, 1 % RTCP and 2 % noise, and HEP made of all that gives some; its floor is
 * the same worker with media only. */
static uint64_t run_trunk(void *arg)
{
	struct pipeline *p = arg;
	uint64_t ns;

	p->is_trunk = true;
	p->threads[0].feed.is_trunk = true;
	ns = run_one_core(p);
	p->threads[0].feed.is_trunk = false;
	return ns;
}

static bool measure_trunk(struct pipeline *p, uint32_t streams)
{
	const struct bench_row facts = {.shape = "fused", .workers = 1, .streams = streams};
	bool is_good = pipeline_init(p, true, 1, streams);
	const struct bench_code subject = {"mixed trunk, one core", run_trunk, p, p->packets};
	const struct bench_code media = {"media only", run_one_core, p, p->packets};

	p->discarded = 0;
	is_good = is_good &&
		  dp_mailbox_create(0, HEP_MESSAGES, -1, &p->probe->workers[0].mailbox) == 0 &&
		  bench_feed_make_trunk(&p->threads[0].feed);
	if (is_good) {
		bench_compare_row(&facts, &subject, &media, 1);
		is_good = check_trunk(p);
	}
	pipeline_fini(p);
	return is_good;
}

static bool measure_threads(struct pipeline *p, bool is_fused, unsigned workers, uint32_t streams)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned threads = is_fused ? workers : workers + 1;
	struct bench_row facts = {
		.shape = is_fused ? "fused" : "pipeline", .workers = workers, .streams = streams};
	struct bench_code subject = {.run = run_threads, .arg = p};
	bool is_good = pipeline_init(p, is_fused, workers, streams);
	char name[80];

	if (is_good) {
		p->packets = THREADS_PACKETS;
		subject.packets = p->packets * (is_fused ? workers : 1);
		snprintf(name, sizeof(name), "%s, %u worker%s%s", facts.shape, workers,
			workers == 1 ? "" : "s", (long)threads > cpus ? ", CPUs shared" : "");
		subject.name = name;
		bench_compare_row(&facts, &subject, NULL, 0);
		is_good = check_streams(p);
	}
	pipeline_fini(p);
	return is_good;
}

static bool measure_all_threads(struct pipeline *p)
{
	static const uint32_t streams = 100000;

	bench_print_core_to_core("before threads");
	for (unsigned workers = 1; workers <= WORKERS_MAX; workers++)
		for (int is_fused = 1; is_fused >= 0; is_fused--)
			if (!measure_threads(p, is_fused, workers, streams))
				return false;
	bench_print_core_to_core("after threads");
	return true;
}

static bool measure_all(struct pipeline *p)
{
	static const uint32_t sizes[] = {10000, 100000, 1000000, 1000, 4000000};
	/* Without the last two and the threads a run takes a few seconds. */
	unsigned count = bench_is_quick() ? 2 : sizeof(sizes) / sizeof(sizes[0]);

	for (unsigned i = 0; i < count; i++)
		if (!measure_fused(p, sizes[i]))
			return false;
	if (!measure_trunk(p, 100000))
		return false;
	return bench_is_quick() || measure_all_threads(p);
}

/* The CPUs of this process in turn, for an rx thread and all workers. */
static bool choose_cpus(struct dp_options *o)
{
	uint16_t cpus[DP_CPUS_MAX];
	unsigned count = 0;
	cpu_set_t own;

	if (sched_getaffinity(0, sizeof(own), &own))
		return false;
	for (uint16_t cpu = 0; cpu < CPU_SETSIZE && count < DP_CPUS_MAX; cpu++)
		if (CPU_ISSET(cpu, &own))
			cpus[count++] = cpu;
	for (unsigned i = 0; i < WORKERS_MAX && count; i++)
		o->workers.cpu[o->workers.count++] = cpus[i % count];
	o->rx.cpu[o->rx.count++] = cpus[count - 1];
	o->share_cpus = true;
	return count > 0;
}

static int start(struct pipeline *p)
{
	struct probe *probe = p->probe;
	int rc = dp_eal_start(&p->options.dp, true, &probe->lcores);

	if (rc)
		return rc;
	probe->options = &p->options;
	probe->seed = BENCH_SEED;
	dp_clock_init(&probe->clock);
	urcu_qsbr_register_thread();
	rc = cls_db_create(&probe->cls);
	if (!rc)
		rc = qos_calls_create(&p->options.qos, &probe->seed, WORKERS_MAX, &probe->calls);
	if (!rc)
		rc = qos_medias_create(&p->options.qos, &probe->seed, &probe->medias);
	urcu_qsbr_thread_offline();
	probe->rx = aligned_alloc(64, WORKERS_MAX * sizeof(*probe->rx));
	probe->workers = aligned_alloc(64, WORKERS_MAX * sizeof(*probe->workers));
	p->pool = rte_pktmbuf_pool_create("feed", MBUFS, POOL_CACHE, 0, 2048 + 128, -1);
	return rc ? rc : !p->pool || !probe->rx || !probe->workers;
}

int main(int argc, char **argv)
{
	struct pipeline *p = aligned_alloc(64, (sizeof(*p) + 63) / 64 * 64);
	struct probe *probe = aligned_alloc(64, sizeof(*probe));

	bench_options(argc, argv, "pipeline");
	if (!p || !probe || !bench_start("heptap, receivers and workers fed from memory")) {
		fprintf(stderr, "could not allocate memory\n");
		return 1;
	}
	memset(p, 0, sizeof(*p));
	memset(probe, 0, sizeof(*probe));
	p->probe = probe;
	cfg_defaults(&p->options);
	p->options.dp.telemetry = false;
	p->options.dp.memory = (uint64_t)MEMORY_MB << 20;
	p->options.dp.file_mode = DP_PIPELINE; /* so that there is an rx thread too */
	if (!choose_cpus(&p->options.dp) || start(p)) {
		fprintf(stderr, "could not start the probe's parts\n");
		return 1;
	}
	return measure_all(p) ? 0 : 1;
}
