/* SPDX-License-Identifier: BSD-3-Clause */
/* Overload in the pipeline shape: one thread drives a receiver and a worker in turn, so that what is
 * offered and what is taken are exact. */
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
	STREAMS = 400, /* two of each conversation */
	MBUFS = 4095,
	MEDIA_RING = 1024,
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
	uint32_t index; /* in the worker's table */
	uint64_t packets_before;
	uint64_t fed_before;
};

struct rig {
	struct cfg_options options;
	struct probe probe;
	struct probe_rx rx;
	struct probe_worker worker;
	struct rte_mempool *pool;
	struct stream streams[STREAMS];
	unsigned next; /* stream */
	unsigned skip; /* stream whose next packet the network loses */
	uint64_t round_ns, now_ns;
	uint64_t fed, fed_sip;
	unsigned highest_level;
};

static struct rig rig;

static void put_u32(uint8_t *p, uint32_t v)
{
	v = rte_cpu_to_be_32(v);
	memcpy(p, &v, sizeof(v));
}

/* G.711, of conversation i / 2 in direction i % 2. */
static void make_rtp(struct frame *f, unsigned i)
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

static void number(struct stream *s)
{
	s->seq++;
	s->ts += RTP_SAMPLES;
	s->frame.b[RTP_AT + 2] = (uint8_t)(s->seq >> 8);
	s->frame.b[RTP_AT + 3] = (uint8_t)s->seq;
	put_u32(s->frame.b + RTP_AT + 4, s->ts);
}

static void make_invite(struct frame *f, uint64_t i)
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

static void fill(struct rte_mbuf *m, const struct frame *f)
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

static void fill_sip(struct rte_mbuf *m)
{
	struct frame f = {.n = 0};

	make_invite(&f, rig.fed_sip++);
	fill(m, &f);
}

/* Streams in turn, evenly over the 20 ms. */
static void fill_rtp(struct rte_mbuf *m)
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

static unsigned level(void)
{
	return probe_shed_level(&rig.rx.lanes[0].shed);
}

static void feed(void)
{
	struct rte_mbuf *burst[DP_BURST];

	assert_int_equal(rte_pktmbuf_alloc_bulk(rig.pool, burst, DP_BURST), 0);
	for (unsigned i = 0; i < DP_BURST; i++) {
		if (++rig.fed % SIP_EVERY == 0)
			fill_sip(burst[i]);
		else
			fill_rtp(burst[i]);
	}
	probe_rx_burst(&rig.rx, burst, DP_BURST);
	if (level() > rig.highest_level)
		rig.highest_level = level();
}

/* So many bursts come, and the worker takes so many. */
static void turn(unsigned fed, unsigned taken)
{
	for (unsigned i = 0; i < fed; i++)
		feed();
	for (unsigned i = 0; i < taken; i++)
		probe_worker_take(&rig.worker);
	urcu_qsbr_quiescent_state();
}

static void turns_for(uint64_t ns, unsigned fed, unsigned taken)
{
	uint64_t until = rig.now_ns + ns;

	while (rig.now_ns < until)
		turn(fed, taken);
}

static void drain(void)
{
	while (probe_worker_take(&rig.worker))
		urcu_qsbr_quiescent_state();
}

static uint64_t outcome(enum probe_outcome which)
{
	return probe_totals_outcome(&rig.probe, which);
}

static uint64_t packets_of(const struct stream *s)
{
	const struct qos_table *t = &rig.worker.table;

	return qos_stream_packets(qos_table_hot(t, s->index), &t->cold[s->index]);
}

static struct qos_report report_of(const struct stream *s)
{
	const struct qos_table *t = &rig.worker.table;
	struct qos_report r;

	assert_true(t->cold[s->index].is_open);
	qos_report_build(qos_table_hot(t, s->index), &t->cold[s->index], QOS_FINAL, QOS_END_CAPTURE,
		rig.now_ns, false, &r);
	return r;
}

static void open_stream(struct stream *s, unsigned i)
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
	s->index = qos_table_open(&rig.worker.table, &first, &origin, NULL, 0, START_NS);
	assert_int_not_equal(s->index, QOS_NONE);
}

static int start_probe(void **state)
{
	struct probe *p = &rig.probe;
	int rc;

	(void)state;
	cfg_defaults(&rig.options);
	rig.options.dp.telemetry = false;
	rig.options.dp.memory = 192U << 20;
	rig.options.dp.file_mode = DP_PIPELINE;
	rig.options.dp.media_ring = MEDIA_RING;
	rig.options.qos.max_streams = 1024;
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
		rc = qos_calls_create(&rig.options.qos, &p->seed, 1, &p->calls);
	if (!rc)
		rc = qos_medias_create(&rig.options.qos, &p->seed, &p->medias);
	rig.pool = rte_pktmbuf_pool_create("feed", MBUFS, 0, 0, 2048 + 128, -1);
	return rc || !rig.pool;
}

static int stop_probe(void **state)
{
	qos_medias_destroy(rig.probe.medias);
	qos_calls_destroy(rig.probe.calls);
	cls_db_destroy(rig.probe.cls);
	urcu_qsbr_unregister_thread();
	rte_mempool_free(rig.pool);
	return stop_eal(state);
}

/* A receiver and a worker as new, and the streams open, as after probation. */
static int open_lane(void **state)
{
	struct probe *p = &rig.probe;

	(void)state;
	p->lcores.worker_count = 1;
	p->rx_count = 1;
	p->rx = &rig.rx;
	p->workers = &rig.worker;
	memset(&rig.rx, 0, sizeof(rig.rx));
	memset(&rig.worker, 0, sizeof(rig.worker));
	atomic_store(&p->time_base_ns, START_NS - SECOND_NS);
	dp_steer_init(&p->steer, p->seed.k[0], 1);
	assert_int_equal(probe_rx_init(&rig.rx, p, 0, NULL), 0);
	assert_int_equal(probe_worker_init(&rig.worker, p, 0), 0);
	for (unsigned i = 0; i < STREAMS; i++)
		open_stream(&rig.streams[i], i);
	rig.next = 0;
	rig.skip = NOBODY;
	rig.round_ns = rig.now_ns = START_NS;
	rig.fed = rig.fed_sip = 0;
	rig.highest_level = 0;
	return 0;
}

static int close_lane(void **state)
{
	(void)state;
	probe_worker_fini(&rig.worker);
	probe_rx_fini(&rig.rx);
	return 0;
}

/* Each turn two bursts come and the worker takes one: twice its capacity. */
static void overload_for(uint64_t ns)
{
	turns_for(ns, 2, 1);
}

static void expect_all_signalling(void)
{
	assert_true(rig.fed_sip > 0);
	assert_int_equal(outcome(PROBE_sip), rig.fed_sip);
	assert_int_equal(outcome(PROBE_signalling_shed), 0);
}

/* Nothing is missing, neither frames in the counters nor buffers. */
static void expect_conservation(void)
{
	uint64_t sum = atomic_load(&rig.worker.probation.pending);

	drain();
	for (unsigned i = 0; i < PKT_STATUS_COUNT; i++)
		sum += probe_read(&rig.rx.decode[i]);
	for (unsigned i = 0; i < PROBE_OUTCOME_COUNT; i++)
		sum += outcome((enum probe_outcome)i);
	assert_int_equal(sum, rig.fed);
	assert_int_equal(rte_mempool_avail_count(rig.pool), MBUFS);
}

/* What a stream misses the probe gave up itself. Only lossy, if any, lost one in the network. */
static void expect_no_loss_but_own(unsigned lossy)
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
static unsigned safest_stream(void)
{
	unsigned best = 0;

	for (unsigned i = 1; i < STREAMS; i++)
		if (rig.streams[i].bucket > rig.streams[best].bucket)
			best = i;
	return best;
}

static void note_streams(void)
{
	for (unsigned i = 0; i < STREAMS; i++) {
		rig.streams[i].packets_before = packets_of(&rig.streams[i]);
		rig.streams[i].fed_before = rig.streams[i].fed;
	}
}

/* Half the capacity from here on: nothing is shed any more about a second later, and then every
 * stream is received again. */
static void expect_recovery(void)
{
	uint64_t from_ns = rig.now_ns, shed;

	assert_true(level() > 0);
	while (level()) {
		turn(1, 2);
		assert_true(rig.now_ns - from_ns <= SECOND_NS + SECOND_NS / 10);
	}
	drain();
	note_streams();
	shed = outcome(PROBE_media_shed);
	turns_for(SECOND_NS / 2, 1, 2);
	drain();
	assert_int_equal(outcome(PROBE_media_shed), shed);
	for (unsigned i = 0; i < STREAMS; i++) {
		const struct stream *s = &rig.streams[i];

		assert_true(s->fed >= s->fed_before + 20);
		assert_int_equal(packets_of(s) - s->packets_before, s->fed - s->fed_before);
	}
}

static void both_directions_share_a_bucket(void **state)
{
	(void)state;
	for (unsigned i = 0; i < STREAMS; i += 2)
		assert_int_equal(rig.streams[i].bucket, rig.streams[i + 1].bucket);
}

static void processes_all_signalling_under_overload(void **state)
{
	(void)state;
	overload_for(4 * SECOND_NS);
	drain();
	expect_all_signalling();
}

static void counts_every_frame_once_under_overload(void **state)
{
	(void)state;
	overload_for(4 * SECOND_NS);
	expect_conservation();
}

static void sheds_half_of_twice_the_capacity(void **state)
{
	uint64_t media, shed;

	(void)state;
	overload_for(4 * SECOND_NS);
	media = rig.fed - rig.fed_sip;
	shed = outcome(PROBE_media_shed);
	assert_in_range(shed, media * 2 / 5, media * 3 / 5);
}

static void keeps_streams_above_the_level_whole(void **state)
{
	unsigned kept = 0;

	(void)state;
	overload_for(4 * SECOND_NS);
	drain();
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
	assert_true(kept * 4 >= STREAMS);
}

static void reports_no_loss_of_its_own_making(void **state)
{
	(void)state;
	overload_for(4 * SECOND_NS);
	expect_recovery();
	assert_true(outcome(PROBE_media_shed) > 0);
	expect_no_loss_but_own(NOBODY);
}

static void reports_a_network_loss_of_a_kept_stream(void **state)
{
	unsigned lossy = safest_stream();

	(void)state;
	overload_for(2 * SECOND_NS);
	rig.skip = lossy;
	overload_for(2 * SECOND_NS);
	expect_recovery();
	assert_true(rig.streams[lossy].bucket >= rig.highest_level);
	expect_no_loss_but_own(lossy);
}

static void recovers_within_a_second(void **state)
{
	(void)state;
	overload_for(2 * SECOND_NS);
	expect_recovery();
	expect_all_signalling();
	expect_conservation();
}

/* A worker that stands still: all media is shed, and with none left to hand over it must still end. */
static void recovers_after_the_worker_stood_still(void **state)
{
	(void)state;
	while (level() < PROBE_SHED_BUCKETS)
		turn(1, 0);
	turns_for(SECOND_NS / 10, 1, 0);
	assert_int_equal(level(), PROBE_SHED_BUCKETS);
	expect_recovery();
	expect_all_signalling();
	expect_conservation();
	expect_no_loss_but_own(NOBODY);
}

/* The level goes up and down while packets wait, at all lengths of the pause. */
static void reports_no_loss_when_the_worker_stops_and_goes(void **state)
{
	(void)state;
	for (unsigned pause = 15; pause < 60; pause++) {
		for (unsigned i = 0; i < pause; i++)
			turn(1, 0);
		for (unsigned i = 0; i < pause; i++)
			turn(1, 2);
	}
	overload_for(SECOND_NS / 10);
	expect_recovery();
	assert_true(outcome(PROBE_media_shed) > 0);
	expect_conservation();
	expect_no_loss_but_own(NOBODY);
}

#define LANE_TEST(name) cmocka_unit_test_setup_teardown(name, open_lane, close_lane)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LANE_TEST(both_directions_share_a_bucket),
		LANE_TEST(processes_all_signalling_under_overload),
		LANE_TEST(counts_every_frame_once_under_overload),
		LANE_TEST(sheds_half_of_twice_the_capacity),
		LANE_TEST(keeps_streams_above_the_level_whole),
		LANE_TEST(reports_no_loss_of_its_own_making),
		LANE_TEST(reports_a_network_loss_of_a_kept_stream),
		LANE_TEST(recovers_within_a_second),
		LANE_TEST(recovers_after_the_worker_stood_still),
		LANE_TEST(reports_no_loss_when_the_worker_stops_and_goes),
	};

	return cmocka_run_group_tests(tests, start_probe, stop_probe);
}
