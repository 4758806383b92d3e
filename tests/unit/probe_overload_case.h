/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of overload share, and that of packets that wait: a receiver and a worker on one thread, so that
 * what is offered and what is taken are exact, streams that are open, and what must hold however much is shed. */
#ifndef PROBE_OVERLOAD_CASE_H
#define PROBE_OVERLOAD_CASE_H

#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <urcu/urcu-qsbr.h>

#include "cfg_load.h"
#include "dp_meta.h"
#include "dp_unit.h"
#include "frame.h"
#include "probe_rx.h"
#include "probe_totals.h"
#include "probe_worker.h"

#define SECOND_NS ((uint64_t)1000000000)
#define START_NS  (1770000000 * SECOND_NS)
#define PACKET_NS ((uint64_t)20000000)

enum {
	WORKERS_MAX = 2,
	STREAMS = 400, /* two of each conversation */
	MBUFS = 4095,
	QUEUE = 1024, /* packets that can wait, in a ring or a NIC's queue */
	SIP_EVERY = 50,
	RTP_SAMPLES = 160,
	RTP_AT = 42, /* Ethernet 14, IPv4 20, UDP 8 */
	NOBODY = STREAMS,
};

struct stream {
	struct frame frame; /* its next packet */
	uint16_t seq;
	uint32_t ts;
	uint64_t fed;
	unsigned bucket;
	unsigned worker; /* whose it is */
	uint32_t index; /* in the worker's table */
	uint64_t packets_before;
	uint64_t fed_before;
};

struct rig {
	struct cfg_options options;
	struct probe probe;
	struct probe_rx rx[WORKERS_MAX];
	struct probe_worker worker[WORKERS_MAX];
	struct rte_mempool *pool;
	struct stream streams[STREAMS];
	unsigned next; /* stream */
	unsigned skip; /* stream whose next packet the network loses */
	uint64_t round_ns, now_ns;
	uint64_t fed, fed_sip;
	unsigned highest_level;
};

static struct rig rig;

static inline void put_u32(uint8_t *p, uint32_t v)
{
	v = rte_cpu_to_be_32(v);
	memcpy(p, &v, sizeof(v));
}

/* G.711, of conversation i / 2 in direction i % 2. */
static inline void make_rtp(struct frame *f, unsigned i)
{
	uint32_t ends[2] = {0x0a000000 + i / 2, 0x0a010000 + i / 2};
	unsigned ports[2] = {10000 + i / 2 * 2, 20000 + i / 2 * 2};
	unsigned to = 1 - i % 2;

	put_ethernet(f, 0x0800);
	put_ip4(f, 17, 20 + 8 + 12 + RTP_SAMPLES, 0, 0);
	put_u32(f->b + 26, ends[1 - to]);
	put_u32(f->b + 30, ends[to]);
	put16(f, ports[1 - to]);
	put16(f, ports[to]);
	put16(f, 8 + 12 + RTP_SAMPLES);
	put16(f, 0);
	put16(f, 0x8008); /* PCMA */
	put_zeros(f, 10 + RTP_SAMPLES);
	put_u32(f->b + RTP_AT + 8, 0x5eed0000 + i);
}

static inline void number(struct stream *s)
{
	s->seq++;
	s->ts += RTP_SAMPLES;
	s->frame.b[RTP_AT + 2] = (uint8_t)(s->seq >> 8);
	s->frame.b[RTP_AT + 3] = (uint8_t)s->seq;
	put_u32(s->frame.b + RTP_AT + 4, s->ts);
}

static inline void make_invite(struct frame *f, uint64_t i)
{
	char message[512];
	int n = snprintf(message, sizeof(message),
		"INVITE sip:bob@198.51.100.2 SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK%llx\r\n"
		"From: <sip:alice@192.0.2.1>;tag=%llx\r\nTo: <sip:bob@198.51.100.2>\r\n"
		"Call-ID: %llx@192.0.2.1\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n"
		"Content-Length: 0\r\n\r\n",
		(unsigned long long)i, (unsigned long long)i, (unsigned long long)i);

	put_ethernet(f, 0x0800);
	put_ip4(f, 17, 20 + 8 + (unsigned)n, 0, 0);
	put_udp(f, 8 + (unsigned)n);
	put(f, message, (size_t)n);
}

static inline void fill(struct rte_mbuf *m, const struct frame *f)
{
	memcpy(rte_pktmbuf_mtod(m, void *), f->b, f->n);
	m->data_len = (uint16_t)f->n;
	m->pkt_len = (uint32_t)f->n;
	*dp_meta(m) = (struct dp_meta){
		.time_ns = rig.now_ns,
		.wire_bytes = (uint32_t)f->n,
		.link = DP_LINK_ETHERNET,
	};
}

static inline void fill_sip(struct rte_mbuf *m)
{
	struct frame f = {.n = 0};

	make_invite(&f, rig.fed_sip++);
	fill(m, &f);
}

/* Streams in turn, evenly over the 20 ms. */
static inline void fill_rtp(struct rte_mbuf *m)
{
	struct stream *s = &rig.streams[rig.next];

	rig.now_ns = rig.round_ns + PACKET_NS * rig.next / STREAMS;
	number(s);
	if (rig.next == rig.skip) {
		number(s);
		rig.skip = NOBODY;
	}
	fill(m, &s->frame);
	s->fed++;
	if (++rig.next == STREAMS) {
		rig.next = 0;
		rig.round_ns += PACKET_NS;
	}
}

static inline unsigned level(void)
{
	return probe_shed_level(&rig.rx[0].lanes[0].shed);
}

/* The next packets, 2 % of them SIP. */
static inline void make_burst(struct rte_mbuf **burst)
{
	assert_int_equal(rte_pktmbuf_alloc_bulk(rig.pool, burst, DP_BURST), 0);
	for (unsigned i = 0; i < DP_BURST; i++) {
		if (++rig.fed % SIP_EVERY == 0)
			fill_sip(burst[i]);
		else
			fill_rtp(burst[i]);
	}
}

static inline uint64_t outcome(enum probe_outcome which)
{
	return probe_totals_outcome(&rig.probe, which);
}

static inline uint64_t packets_of(const struct stream *s)
{
	const struct qos_table *t = &rig.worker[s->worker].table;

	return qos_stream_packets(qos_table_hot(t, s->index), &t->cold[s->index]);
}

static inline struct qos_report report_of(const struct stream *s)
{
	const struct qos_table *t = &rig.worker[s->worker].table;
	struct qos_report r;

	assert_true(t->cold[s->index].is_open);
	qos_report_build(qos_table_hot(t, s->index), &t->cold[s->index], QOS_FINAL, QOS_END_CAPTURE,
		rig.now_ns, &rig.options.qos, &r);
	return r;
}

static inline void open_stream(struct stream *s, unsigned i)
{
	struct pkt_media first = {.seq = 1, .marker_pt = 8};
	struct qos_origin origin = {.ssrc = 0x5eed0000 + i};
	struct pkt_view view;

	*s = (struct stream){.seq = 0};
	make_rtp(&s->frame, i);
	assert_int_equal(decode(&s->frame, &view), PKT_OK);
	origin.flow = view.flow;
	first.key = pkt_media_key(&view.flow, origin.ssrc, &rig.probe.seed);
	s->bucket = probe_shed_bucket(&view.flow, &rig.probe.seed);
	s->worker = dp_steer_worker(&rig.probe.steer, view.flow.src.b, view.flow.dst.b,
		view.flow.sport, view.flow.dport);
	s->index = qos_table_open(&rig.worker[s->worker].table, &first, &origin, NULL, 0, START_NS);
	assert_int_not_equal(s->index, QOS_NONE);
}

static inline int start_probe(void **state)
{
	struct probe *p = &rig.probe;
	int rc;

	(void)state;
	cfg_defaults(&rig.options);
	rig.options.dp.telemetry = false;
	rig.options.dp.memory = 192U << 20;
	rig.options.dp.file_mode = DP_PIPELINE;
	rig.options.dp.media_ring = QUEUE;
	rig.options.qos.max_streams = 1024;
	rig.options.fragments = 16;
	rig.options.tcp_flows = 16;
	rig.options.qos.max_candidates = 1024;
	rig.options.qos.max_calls = 16384;
	rig.options.qos.max_media = 16384;
	snprintf(rig.options.dp.file_prefix, sizeof(rig.options.dp.file_prefix), "heptap-unit");
	rc = dp_eal_start(&rig.options.dp, true, &p->lcores);
	if (rc)
		return rc;
	p->options = &rig.options;
	p->seed = (struct pkt_seed){{1, 2, 3, 4}};
	dp_clock_init(&p->clock);
	urcu_qsbr_register_thread();
	rc = cls_db_create(&p->cls);
	if (!rc)
		rc = qos_calls_create(&rig.options.qos, &p->seed, WORKERS_MAX, &p->calls);
	if (!rc)
		rc = qos_medias_create(&rig.options.qos, &p->seed, &p->medias);
	rig.pool = rte_pktmbuf_pool_create("feed", MBUFS, 0, 0, 2048 + 128, -1);
	return rc || !rig.pool;
}

static inline int stop_probe(void **state)
{
	qos_medias_destroy(rig.probe.medias);
	qos_calls_destroy(rig.probe.calls);
	cls_db_destroy(rig.probe.cls);
	urcu_qsbr_unregister_thread();
	rte_mempool_free(rig.pool);
	return stop_eal(state);
}

/* Receivers and workers as new, on threads of their own or two on one, and the streams open, as after probation. */
static inline int open_lanes(bool is_fused, unsigned workers)
{
	struct probe *p = &rig.probe;

	p->lcores.worker_count = workers;
	p->rx_count = is_fused ? workers : 1;
	p->rx = rig.rx;
	p->workers = rig.worker;
	memset(rig.rx, 0, sizeof(rig.rx));
	memset(rig.worker, 0, sizeof(rig.worker));
	atomic_store(&p->time_base_ns, START_NS - SECOND_NS);
	dp_steer_init(&p->steer, p->seed.k[0], workers);
	for (unsigned i = 0; i < p->rx_count; i++)
		assert_int_equal(
			probe_rx_init(&rig.rx[i], p, i, is_fused ? &rig.worker[i] : NULL), 0);
	for (unsigned i = 0; i < workers; i++)
		assert_int_equal(probe_worker_init(&rig.worker[i], p, i), 0);
	for (unsigned i = 0; i < STREAMS; i++)
		open_stream(&rig.streams[i], i);
	rig.next = 0;
	rig.skip = NOBODY;
	rig.round_ns = rig.now_ns = START_NS;
	rig.fed = rig.fed_sip = 0;
	rig.highest_level = 0;
	return 0;
}

static inline int open_lane(bool is_fused)
{
	return open_lanes(is_fused, 1);
}

static inline int close_lane(void **state)
{
	(void)state;
	for (unsigned i = 0; i < rig.probe.lcores.worker_count; i++)
		probe_worker_fini(&rig.worker[i]);
	for (unsigned i = 0; i < rig.probe.rx_count; i++)
		probe_rx_fini(&rig.rx[i]);
	return 0;
}

static inline void expect_all_signalling(void)
{
	assert_true(rig.fed_sip > 0);
	assert_int_equal(outcome(PROBE_sip), rig.fed_sip);
	assert_int_equal(outcome(PROBE_signalling_shed), 0);
}

/* Nothing is missing, neither frames in the counters nor buffers, once nothing waits any more. */
static inline void expect_conservation(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < rig.probe.lcores.worker_count; i++)
		sum += atomic_load(&rig.worker[i].probation.pending);
	for (unsigned r = 0; r < rig.probe.rx_count; r++)
		for (unsigned i = 0; i < PKT_STATUS_COUNT; i++)
			sum += probe_read(&rig.rx[r].decode[i]);
	for (unsigned i = 0; i < PROBE_OUTCOME_COUNT; i++)
		sum += outcome((enum probe_outcome)i);
	assert_int_equal(sum, rig.fed);
	assert_int_equal(rte_mempool_avail_count(rig.pool), MBUFS);
}

/* What a stream misses the probe gave up itself. Only lossy, if any, lost one in the network. */
static inline void expect_no_loss_but_own(unsigned lossy)
{
	uint64_t own = 0;

	for (unsigned i = 0; i < STREAMS; i++) {
		struct qos_report r = report_of(&rig.streams[i]);

		assert_int_equal(r.lost, i == lossy ? 1 : 0);
		assert_int_equal(r.expected, r.packets + r.lost);
		assert_int_equal(r.packets + r.own_drops, rig.streams[i].fed);
		assert_int_equal(r.restarts, 0);
		own += r.own_drops;
	}
	assert_int_equal(own, outcome(PROBE_media_shed));
}

/* The first whose bucket is the highest: what is given up last. */
static inline unsigned safest_stream(void)
{
	unsigned best = 0;

	for (unsigned i = 1; i < STREAMS; i++)
		if (rig.streams[i].bucket > rig.streams[best].bucket)
			best = i;
	return best;
}

/* Streams above the highest level there was received everything; returns how many. */
static inline unsigned expect_kept_whole(void)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < STREAMS; i++) {
		const struct stream *s = &rig.streams[i];
		struct qos_report r;

		if (s->bucket < rig.highest_level)
			continue;
		kept++;
		r = report_of(s);
		assert_int_equal(r.packets, s->fed);
		assert_int_equal(r.lost, 0);
		assert_int_equal(r.own_drops, 0);
	}
	return kept;
}

static inline void note_streams(void)
{
	for (unsigned i = 0; i < STREAMS; i++) {
		rig.streams[i].packets_before = packets_of(&rig.streams[i]);
		rig.streams[i].fed_before = rig.streams[i].fed;
	}
}

#endif
