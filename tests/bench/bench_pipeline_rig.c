/* SPDX-License-Identifier: BSD-3-Clause */
/* Makes the probe's parts that are measured, and the feeds in place of their ports. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_mbuf.h>
#include <urcu/urcu-qsbr.h>

#include "bench.h"
#include "bench_pipeline.h"
#include "cfg_load.h"
#include "pkt_decode.h"
#include "probe_rx.h"
#include "probe_worker.h"

#define SECOND_NS ((uint64_t)1000000000)

/* A prime: streams do not come to report in the order that they are looked at, else ten thousand do in one tick. */
#define REPORT_ORDER ((uint64_t)2654435761)

enum {
	PACKETS_MIN = 2000000,
	ROUNDS = 5, /* of all streams in one run at least: a tick of 100 ms */
	MBUFS = 65535,
	POOL_CACHE = 256,
	CALLS = 150000, /* of the trunk, of which none is over so soon that it expires */
	MEDIA_PER_CALL = 4,
	MEMORY_MB = 640,
};

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
	for (unsigned i = 0; i < BENCH_WORKERS_MAX && count; i++)
		o->workers.cpu[o->workers.count++] = cpus[i % count];
	o->rx.cpu[o->rx.count++] = cpus[count - 1];
	o->share_cpus = true;
	return count > 0;
}

static int create_calls(struct bench_pipeline *p)
{
	struct probe *probe = p->probe;
	int rc;

	urcu_qsbr_thread_online();
	rc = qos_calls_create(&p->options.qos, &probe->seed, BENCH_WORKERS_MAX, &probe->calls);
	if (!rc)
		rc = qos_medias_create(&p->options.qos, &probe->seed, &probe->medias);
	urcu_qsbr_thread_offline();
	return rc;
}

static int start_parts(struct bench_pipeline *p)
{
	struct probe *probe = p->probe;
	/* As for a file, which asks for no hugepages, or as live. */
	bool is_offline = !bench_options_get()->has_hugepages;
	int rc = dp_eal_start(&p->options.dp, is_offline, &probe->lcores);

	if (rc)
		return rc;
	probe->options = &p->options;
	probe->seed = BENCH_SEED;
	dp_clock_init(&probe->clock);
	urcu_qsbr_register_thread();
	rc = cls_db_create(&probe->cls);
	if (!rc)
		rc = create_calls(p);
	probe->rx = aligned_alloc(64, BENCH_WORKERS_MAX * sizeof(*probe->rx));
	probe->workers = aligned_alloc(64, BENCH_WORKERS_MAX * sizeof(*probe->workers));
	p->pool = rte_pktmbuf_pool_create("feed", MBUFS, POOL_CACHE, 0, 2048 + 128, -1);
	return rc ? rc : !p->pool || !probe->rx || !probe->workers;
}

bool bench_pipeline_start(struct bench_pipeline *p)
{
	cfg_defaults(&p->options);
	p->options.dp.telemetry = false;
	p->options.dp.hugepages = DP_HUGEPAGES_ON;
	p->options.qos.max_calls = CALLS;
	p->options.qos.max_media = CALLS * MEDIA_PER_CALL;
	p->options.dp.memory = (uint64_t)MEMORY_MB << 20;
	p->options.dp.file_mode = DP_PIPELINE; /* so that there is an rx thread too */
	if (choose_cpus(&p->options.dp) && start_parts(p) == 0)
		return true;
	fprintf(stderr, "could not start the probe's parts\n");
	return false;
}

bool bench_pipeline_forget_calls(struct bench_pipeline *p)
{
	urcu_qsbr_thread_online();
	qos_medias_destroy(p->probe->medias);
	qos_calls_destroy(p->probe->calls);
	urcu_qsbr_thread_offline();
	return create_calls(p) == 0;
}

static void make_view(uint8_t frame[BENCH_FRAME_STRIDE], uint32_t i, struct pkt_view *view)
{
	pkt_decode(PKT_LINK_ETHERNET, bytes_of(frame, bench_rtp_frame(frame, 4, 0, i)), view);
}

static unsigned worker_of(const struct bench_pipeline *p, const struct pkt_flow *flow)
{
	return dp_steer_worker(
		&p->probe->steer, flow->src.b, flow->dst.b, flow->sport, flow->dport);
}

/* A stream is open before its first packet, as after probation. */
static bool open_stream(struct bench_pipeline *p, uint32_t i)
{
	/* Looked at once a second, reported every interval: evenly. */
	uint64_t start_ns = BENCH_START_NS - SECOND_NS + SECOND_NS * i / p->streams;
	uint64_t interval = p->options.qos.report_interval_ns;
	uint8_t frame[BENCH_FRAME_STRIDE];
	struct qos_origin origin = {0};
	struct pkt_media first = {.marker_pt = 8};
	struct pkt_view view;
	struct rtp_hdr hdr = {0};
	struct qos_table *t;
	uint32_t stream;

	make_view(frame, i, &view);
	rtp_hdr_parse(view.payload, view.payload_wire, &hdr);
	first.key = pkt_media_key(&view.flow, hdr.ssrc, &p->probe->seed);
	first.seq = hdr.seq;
	origin.flow = view.flow;
	origin.ssrc = hdr.ssrc;
	t = &p->probe->workers[worker_of(p, &view.flow)].table;
	stream = qos_table_open(t, &first, &origin, NULL, 0, start_ns);
	if (stream == QOS_NONE)
		return false;
	t->cold[stream].next_report_ns =
		BENCH_START_NS + interval * (i * REPORT_ORDER % p->streams) / p->streams;
	return true;
}

/* Of one queue: with RSS the streams of its worker, else each direction of a call may come by another. */
static uint32_t choose_streams(
	const struct bench_pipeline *p, unsigned queue, unsigned queues, uint32_t *streams)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->streams; i++) {
		uint8_t frame[BENCH_FRAME_STRIDE];
		unsigned its = i % queues;
		struct pkt_view view;

		if (p->has_rss) {
			make_view(frame, i, &view);
			its = worker_of(p, &view.flow);
		}
		if (its == queue)
			streams[n++] = i;
	}
	return n;
}

static bool make_feed(
	struct bench_pipeline *p, struct bench_feed *feed, unsigned queue, unsigned queues)
{
	uint32_t *streams = malloc(p->streams * sizeof(*streams));
	bool is_good =
		streams && bench_feed_init(feed, p->pool, streams,
				   choose_streams(p, queue, queues, streams), BENCH_START_NS);

	free(streams);
	return is_good;
}

static bool make_threads(struct bench_pipeline *p, bool is_fused)
{
	struct probe *probe = p->probe;
	unsigned workers = probe->lcores.worker_count;
	unsigned feeds = is_fused ? workers : 1;

	p->thread_count = is_fused ? workers : workers + 1;
	for (unsigned i = 0; i < p->thread_count; i++)
		p->threads[i] = (struct bench_thread){.p = p};
	for (unsigned i = 0; i < workers; i++)
		p->threads[i].worker = &probe->workers[i];
	for (unsigned i = 0; i < feeds; i++) {
		struct bench_thread *t = &p->threads[is_fused ? i : workers];

		t->rx = &probe->rx[i];
		if (probe_rx_init(t->rx, probe, i, t->worker) || !make_feed(p, &t->feed, i, feeds))
			return false;
	}
	return true;
}

bool bench_pipeline_init(
	struct bench_pipeline *p, bool is_fused, unsigned workers, uint32_t streams)
{
	struct probe *probe = p->probe;
	bool is_good;

	p->streams = streams / workers * workers;
	p->packets =
		(uint64_t)streams * ROUNDS > PACKETS_MIN ? (uint64_t)streams * ROUNDS : PACKETS_MIN;
	p->options.qos.max_streams = streams;
	p->options.fragments = 16;
	p->options.tcp_flows = 16;
	probe->lcores.worker_count = workers;
	probe->rx_count = is_fused ? workers : 1;
	dp_steer_init(&probe->steer, probe->seed.k[0], workers);
	memset(probe->rx, 0, BENCH_WORKERS_MAX * sizeof(*probe->rx));
	memset(probe->workers, 0, BENCH_WORKERS_MAX * sizeof(*probe->workers));
	atomic_store(&probe->time_base_ns, BENCH_START_NS - SECOND_NS);
	is_good = make_threads(p, is_fused);
	for (unsigned i = 0; i < workers && is_good; i++)
		is_good = probe_worker_init(&probe->workers[i], probe, i) == 0;
	for (uint32_t i = 0; i < p->streams && is_good; i++)
		is_good = open_stream(p, i);
	if (!is_good)
		fprintf(stderr, "could not make the pipeline\n");
	return is_good;
}

void bench_pipeline_attach(struct bench_pipeline *p)
{
	struct probe_worker *w = &p->probe->workers[0];

	for (uint32_t i = 0; i < w->table.high; i++)
		w->table.cold[i].attach_until_ns = UINT64_MAX;
	urcu_qsbr_thread_online();
	for (uint64_t ns = 0; ns < SECOND_NS; ns += SECOND_NS / 10)
		probe_media_tick(w, BENCH_START_NS + ns);
	urcu_qsbr_thread_offline();
}

void bench_pipeline_fini(struct bench_pipeline *p)
{
	for (unsigned i = 0; i < BENCH_WORKERS_MAX; i++)
		probe_worker_fini(&p->probe->workers[i]);
	for (unsigned i = 0; i < BENCH_WORKERS_MAX; i++)
		if (p->probe->rx[i].probe)
			probe_rx_fini(&p->probe->rx[i]);
	for (unsigned i = 0; i < p->thread_count; i++)
		bench_feed_fini(&p->threads[i].feed);
}

uint64_t bench_pipeline_received(const struct bench_pipeline *p)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < p->probe->lcores.worker_count; i++)
		sum += probe_read(&p->probe->workers[i].outcome[PROBE_rtp]);
	return sum;
}
