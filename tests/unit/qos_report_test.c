/* SPDX-License-Identifier: BSD-3-Clause */
/* Reports: what an interval is, how intervals are scored and weighted, and who the stream is. */
#include "qos_emodel.h"
#include "qos_interval.h"
#include "qos_stream_case.h"

/* R-factor by G.107 for a loss in percent, random. */
static double r_of(double ie, double bpl, double loss)
{
	return qos_emodel_r(
		QOS_NB, qos_emodel_ie_eff(QOS_NB, ie, bpl, loss, 1), qos_emodel_id(QOS_NB, 0));
}

/* From to to, every period-th packet lost. */
static void feed_lossy(struct rig *rig, uint32_t from, uint32_t to, uint32_t period, uint8_t pt)
{
	for (uint32_t i = from; i <= to; i++) {
		struct rtp p = voice(i);

		p.pt = pt;
		p.ts *= pt == AMR_WB ? 2 : pt == OPUS ? 6 : 1;
		if (!period || i % period != period / 2)
			feed(rig, p);
	}
}

static struct qos_report build(struct rig *rig, enum qos_report_type type, bool g711_plc)
{
	struct qos_options options = options_of(g711_plc);
	struct qos_report r;

	qos_report_build(&rig->hot, &rig->cold, type, QOS_END_BYE, START_NS + 7, &options, &r);
	return r;
}

static void scores_loss_by_g107(void **state)
{
	/* MOS: the vectors of G.113's codecs, worked out with R of 93.2 instead of 93.206. */
	static const struct {
		uint8_t pt;
		bool plc;
		uint32_t period;
		double ie, bpl, loss, mos;
	} rows[] = {
		{PCMU, true, 0, 0, 25.1, 0, 4.4093},
		{PCMU, false, 0, 0, 4.3, 0, 4.4093},
		{PCMU, true, 50, 0, 25.1, 2, 4.2348},
		{PCMU, false, 50, 0, 4.3, 2, 3.2560},
		{PCMU, true, 100, 0, 25.1, 1, 4.3281},
		{PCMU, true, 20, 0, 25.1, 5, 3.9228},
		{PCMU, false, 5, 0, 4.3, 20, 1.1236},
		{G729, true, 50, 10, 19, 2, 3.8264},
		{G729, true, 0, 10, 19, 0, 4.1390},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		double want = r_of(rows[i].ie, rows[i].bpl, rows[i].loss);
		struct qos_report r;
		struct rig rig;

		rig_init(&rig);
		feed_lossy(&rig, 1000, 1999, rows[i].period, rows[i].pt);
		r = build(&rig, QOS_FINAL, rows[i].plc);
		assert_true(r.has_score);
		assert_int_equal(r.expected, 1000);
		assert_near(r.r, want, 1e-5);
		assert_near(r.mos, qos_emodel_mos(QOS_NB, want), 1e-6);
		assert_near(r.mos, rows[i].mos, 0.001);
		assert_near(r.min_r, r.r, 0);
		assert_near(r.mean_r, r.r, 1e-9);
		assert_near(r.min_mos, r.mos, 0);
		assert_near(r.mean_mos, r.mos, 1e-9);
	}
}

static void codecs_without_figures_get_no_score(void **state)
{
	static const uint8_t types[] = {L16, UNKNOWN, H264, CN, EVENT};

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct qos_report r;
		struct rig rig;

		rig_init(&rig);
		feed_lossy(&rig, 0, 99, 10, types[i]);
		r = build(&rig, QOS_FINAL, true);
		assert_false(r.has_score);
		assert_near(r.mos, 0, 0);
		assert_near(r.mean_r, 0, 0);
		assert_int_equal(r.is_video, types[i] == H264);
		assert_int_equal(r.lost, 10);
	}
}

/* A codec without figures took over: the interval has no score, and the mean is that of before. One without
 * packets says what the last one said. */
static void an_interval_without_score_repeats_none(void **state)
{
	struct qos_options options = options_of(true);
	struct qos_report r;
	struct rig rig;

	(void)state;
	options.report_interval_min_ns = S;
	options.suspect_mos_milli = 4000;
	rig_init(&rig);
	feed_lossy(&rig, 0, 99, 10, PCMU);
	r = build(&rig, QOS_PERIODIC, true);
	assert_true(r.mos < 4);
	assert_true(qos_interval_is_suspect(&options, &rig.hot, &rig.cold, true));
	assert_near(build(&rig, QOS_PERIODIC, true).mos, r.mos, 0);
	feed_lossy(&rig, 100, 199, 0, UNKNOWN);
	for (unsigned i = 0; i < 2; i++) {
		struct qos_report none = build(&rig, i ? QOS_FINAL : QOS_PERIODIC, true);

		assert_true(none.has_score && isnan(none.mos) && isnan(none.r));
		assert_true(isnan(none.ie_eff));
		assert_near(none.mean_mos, r.mean_mos, 0);
		assert_near(none.min_r, r.min_r, 0);
		assert_false(qos_interval_is_suspect(&options, &rig.hot, &rig.cold, true));
	}
}

/* Wideband and fullband codecs score on their own scale; expected from the formulas of G.107.1 and
 * G.107.2, the MOS without loss as G.113 users have published it. */
static void scores_each_codec_on_its_own_scale(void **state)
{
	static const struct {
		uint8_t pt;
		enum qos_scale scale;
		uint32_t period;
		double r, mos;
	} rows[] = {
		{AMR_WB, QOS_WB, 0, 129 - 13, 4.3371},
		/* 13 + 82 * 2 / 6.3 */
		{AMR_WB, QOS_WB, 50, 129 - 39.031746, 3.5849},
		{OPUS, QOS_FB, 0, 148 - 16.8, 4.3045},
		/* 16.8 + 115.2 * 2 / 12.4 */
		{OPUS, QOS_FB, 50, 148 - 35.380645, 3.8682},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct qos_report r;
		struct rig rig;

		rig_init(&rig);
		feed_lossy(&rig, 1000, 1999, rows[i].period, rows[i].pt);
		r = build(&rig, QOS_FINAL, true);
		assert_true(r.has_score);
		assert_int_equal(r.scale, rows[i].scale);
		assert_near(r.r, rows[i].r, 1e-5);
		assert_near(r.mean_r, rows[i].r, 1e-5);
		assert_near(r.mos, rows[i].mos, 1e-4);
	}
}

/* A stream that changes to a codec of another scale has no mean over both. */
static void scores_of_two_scales_are_not_averaged(void **state)
{
	struct qos_report r;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_lossy(&rig, 0, 99, 4, PCMU);
	r = build(&rig, QOS_PERIODIC, true);
	assert_int_equal(r.scale, QOS_NB);
	assert_true(r.min_mos < 3);
	/* Until the last loss is decided. */
	feed_lossy(&rig, 100, 139, 0, PCMU);
	(void)build(&rig, QOS_PERIODIC, true);
	feed_lossy(&rig, 140, 199, 0, AMR_WB);
	r = build(&rig, QOS_PERIODIC, true);
	assert_int_equal(r.scale, QOS_WB);
	assert_near(r.r, 116, 1e-9);
	assert_near(r.min_r, 116, 1e-9);
	assert_near(r.mean_r, 116, 1e-9);
	assert_near(r.min_mos, r.mean_mos, 1e-9);
	feed_lossy(&rig, 200, 299, 0, PCMU);
	r = build(&rig, QOS_FINAL, true);
	assert_int_equal(r.scale, QOS_NB);
	assert_near(r.min_r, r_of(0, 25.1, 0), 1e-9);
}

/* The order is that of R: a wideband stream at R of 100 is still better than narrowband ever is. */
static void worst_stream_of_a_call_is_that_of_the_least_r(void **state)
{
	static const struct {
		enum qos_scale scale;
		double r, mos;
	} rows[] = {
		{QOS_NB, 0, 1},
		{QOS_FB, 0.5, 1},
		{QOS_WB, 50, 1.5},
		{QOS_NB, 60.015, 3.1},
		{QOS_NB, 93.2, 4.409},
		{QOS_WB, 100.5, 3.943},
		{QOS_WB, 129, 4.5},
		{QOS_FB, 148, 4.5},
	};
	uint32_t last = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct qos_report r = {.has_score = true,
			.scale = rows[i].scale,
			.mean_r = rows[i].r,
			.mean_mos = rows[i].mos + 0.0001};
		uint32_t worst = qos_worst_pack(&r);

		assert_true(worst > last);
		assert_int_equal(qos_worst_scale(worst), rows[i].scale);
		assert_near(qos_worst_mos(worst), rows[i].mos, 1e-9);
		last = worst;
	}
	assert_int_equal(qos_worst_pack(&(struct qos_report){0}), 0);
}

static void intervals_sum_to_the_final(void **state)
{
	uint64_t packets = 0, expected = 0;
	struct qos_report r, last = {0};
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < 10; i++) {
		feed_lossy(&rig, 200 + 100 * i, 299 + 100 * i, 10 + i, PCMU);
		r = build(&rig, QOS_PERIODIC, true);
		assert_int_equal(rig.cold.interval_packets, r.packets);
		assert_int_equal(rig.cold.interval_expected, r.expected);
		packets += r.packets - last.packets;
		expected += r.expected - last.expected;
		last = r;
	}
	r = build(&rig, QOS_FINAL, true);
	assert_int_equal(r.packets, packets);
	assert_int_equal(r.expected, expected);
	assert_int_equal(r.lost, expected - packets);
	/* Nothing came since the last one: its score stays, and is not counted twice. */
	assert_near(r.r, last.r, 0);
	assert_near(r.mean_r, last.mean_r, 0);
	assert_near(r.mean_mos, last.mean_mos, 0);
}

/* Beside the E-model's own, and where that has none: H.264 of 20 ms. 10 of 200 are lost. */
static void rtpagent_scores_when_asked(void **state)
{
	static const uint8_t pts[] = {PCMU, H264};

	(void)state;
	for (size_t n = 0; n < COUNT(pts); n++) {
		struct qos_options options = options_of(true);
		struct qos_report r;
		struct rig rig;
		double worst;

		rig_init(&rig);
		feed_lossy(&rig, 0, 199, 20, pts[n]);
		r = build(&rig, QOS_PERIODIC, true);
		assert_false(r.has_agent);
		options.compat = QOS_COMPAT_RTPAGENT;
		feed_lossy(&rig, 200, 399, 0, pts[n]);
		qos_report_build(
			&rig.hot, &rig.cold, QOS_PERIODIC, QOS_END_NONE, START_NS, &options, &r);
		assert_true(r.has_agent);
		assert_int_equal(r.has_score, pts[n] == PCMU);
		/* Nothing lost in the interval, 2.5 % of all, and one delta of 40 ms. */
		assert_near(r.agent.r, 93.2 - (r.delta_ms + 2 * r.jitter_ms + 10) / 40, 1e-6);
		assert_near(r.agent.mean_r,
			93.2 - (r.delta_ms + 2 * r.mean_jitter_ms + 10) / 40 - 2.5 * 2.5, 1e-6);
		worst = 93.2 - (r.max_delta_ms + 2 * r.max_jitter_ms + 10) / 40 - 2.5 * 2.5;
		assert_near(r.agent.min_r, worst, 1e-6);
		assert_near(r.agent.mos, qos_emodel_mos(QOS_NB, r.agent.r), 1e-6);
		/* The least stays when the share of loss falls. */
		feed_lossy(&rig, 400, 999, 0, pts[n]);
		qos_report_build(
			&rig.hot, &rig.cold, QOS_FINAL, QOS_END_BYE, START_NS, &options, &r);
		assert_near(r.agent.min_r, worst, 1e-6);
		assert_true(r.agent.mean_r > worst + 3);
	}
}

static void minimum_and_mean_are_over_intervals_by_packets_expected(void **state)
{
	double good = r_of(0, 25.1, 0), bad = r_of(0, 25.1, 3), fair = r_of(0, 25.1, 1);
	struct qos_report r;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_lossy(&rig, 0, 299, 0, PCMU);
	r = build(&rig, QOS_PERIODIC, true);
	assert_near(r.mean_r, good, 1e-9);
	/* 3 of 100; the fourth, 12 behind the last, may yet come and is the next interval's. */
	feed_lossy(&rig, 300, 399, 25, PCMU);
	r = build(&rig, QOS_PERIODIC, true);
	assert_near(r.r, bad, 1e-5);
	assert_near(r.min_r, bad, 1e-5);
	assert_near(r.min_mos, qos_emodel_mos(QOS_NB, bad), 1e-6);
	assert_near(r.mean_r, (300 * good + 100 * bad) / 400, 1e-5);
	feed_lossy(&rig, 400, 499, 0, PCMU);
	r = build(&rig, QOS_FINAL, true);
	assert_near(r.r, fair, 1e-5);
	assert_near(r.mos, qos_emodel_mos(QOS_NB, fair), 1e-5);
	assert_near(r.min_r, bad, 1e-5);
	assert_near(r.mean_r, (300 * good + 100 * bad + 100 * fair) / 500, 1e-5);
	assert_near(r.mean_mos,
		(300 * qos_emodel_mos(QOS_NB, good) + 100 * qos_emodel_mos(QOS_NB, bad) +
			100 * qos_emodel_mos(QOS_NB, fair)) /
			500,
		1e-5);
}

static void a_loss_repaired_in_the_next_interval_is_not_negative(void **state)
{
	struct qos_report r;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 48);
	feed(&rig, voice(50));
	r = build(&rig, QOS_PERIODIC, true);
	assert_int_equal(r.lost, 1);
	/* Missing, but too young to be lost: the score waits. */
	assert_near(r.r, r_of(0, 25.1, 0), 1e-9);
	assert_near(r.min_r, r_of(0, 25.1, 0), 1e-9);
	feed(&rig, voice(49));
	feed_voice(&rig, 51, 99);
	r = build(&rig, QOS_FINAL, true);
	assert_int_equal(r.lost, 0);
	assert_near(r.r, r_of(0, 25.1, 0), 1e-9);
}

static void delta_is_of_the_interval_and_in_the_final_of_all(void **state)
{
	struct qos_report r;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 100);
	assert_near(build(&rig, QOS_PERIODIC, true).delta_ms, 20, 1e-9);
	for (uint32_t i = 1; i <= 50; i++) {
		struct rtp p = voice(100 + i);

		p.ts = voice(100).ts + 240 * i;
		p.ns = voice(100).ns + (int64_t)(30 * MS * i);
		feed(&rig, p);
	}
	r = build(&rig, QOS_PERIODIC, true);
	assert_near(r.delta_ms, 30, 1e-9);
	assert_near(r.max_delta_ms, 30, 1e-9);
	assert_near(build(&rig, QOS_PERIODIC, true).delta_ms, 0, 0);
	/* (100 * 20 + 50 * 30) / 150 */
	assert_near(build(&rig, QOS_FINAL, true).delta_ms, 23.333333333, 1e-6);
}

static void one_packet_has_a_score_but_no_timing(void **state)
{
	struct qos_report r;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 0);
	r = build(&rig, QOS_FINAL, true);
	assert_int_equal(r.packets, 1);
	assert_near(r.delta_ms, 0, 0);
	assert_near(r.mean_jitter_ms, 0, 0);
	assert_true(isnan(r.min_delta_ms) && isnan(r.min_jitter_ms));
	assert_near(r.mos, 4.4094, 1e-4);
}

static void says_who_the_stream_is(void **state)
{
	static struct qos_call call = {.call_id = "a84b4c76e66710@pc33.atlanta.com"};
	const struct qos_origin origin = {
		.flow = {.family = 4,
			.sport = 4000,
			.dport = 5000,
			.src.b = {10, 0, 0, 1},
			.dst.b = {10, 0, 0, 2}},
		.ssrc = 0xdeadbeef,
		.vlan = 7,
		.tos = 0xb8,
		.has_mac = true,
		.src_mac = {1, 2, 3, 4, 5, 6},
		.dst_mac = {7, 8, 9, 10, 11, 12},
	};
	const struct pkt_media first = {.seq = 3, .payload_bytes = 160};
	struct qos_report r;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	qos_stream_init(&rig.hot, &rig.cold, &first, &origin, START_NS);
	qos_stream_update(&rig.env, &rig.hot, &rig.cold, &first, START_NS);
	rig.cold.ssrc_changes = 3;
	r = build(&rig, QOS_PERIODIC, true);
	assert_false(r.has_call);
	assert_string_equal(r.call_id, "");
	assert_string_equal(r.correlation_id, "rtp-0a000001-4000-0a000002-5000");
	rig.cold.call = &call;
	rig.cold.party = 1;
	r = build(&rig, QOS_FINAL, true);
	assert_true(r.has_call);
	assert_string_equal(r.call_id, call.call_id);
	assert_string_equal(r.correlation_id, call.call_id);
	assert_int_equal(r.party, 1);
	assert_int_equal(r.dir, 1);
	assert_int_equal(r.type, QOS_FINAL);
	assert_int_equal(r.end, QOS_END_BYE);
	assert_int_equal(r.report_ns, START_NS + 7);
	assert_int_equal(r.start_ns, START_NS);
	assert_int_equal(r.last_ns, START_NS);
	assert_memory_equal(&r.flow, &origin.flow, sizeof(r.flow));
	assert_int_equal(r.ssrc, 0xdeadbeef);
	assert_int_equal(r.vlan, 7);
	assert_int_equal(r.tos, 0xb8);
	assert_true(r.has_mac);
	assert_memory_equal(r.src_mac, origin.src_mac, 6);
	assert_memory_equal(r.dst_mac, origin.dst_mac, 6);
	assert_int_equal(r.ssrc_changes, 3);
	assert_string_equal(r.payload.name, "pcmu");
}

static void assert_correlation(struct pkt_flow flow, const char *want)
{
	struct pkt_flow back = flow;
	char id[QOS_CALL_ID_MAX];

	qos_correlation_id(&flow, id, sizeof(id));
	assert_string_equal(id, want);
	back.src = flow.dst;
	back.dst = flow.src;
	back.sport = flow.dport;
	back.dport = flow.sport;
	qos_correlation_id(&back, id, sizeof(id));
	assert_string_equal(id, want);
}

static void correlation_is_the_same_for_both_directions(void **state)
{
	(void)state;
	assert_correlation((struct pkt_flow){.family = 4,
				   .sport = 65535,
				   .dport = 1,
				   .src.b = {192, 0, 2, 200},
				   .dst.b = {192, 0, 2, 9}},
		"rtp-c0000209-1-c00002c8-65535");
	assert_correlation((struct pkt_flow){.family = 4,
				   .sport = 9000,
				   .dport = 4000,
				   .src.b = {127, 0, 0, 1},
				   .dst.b = {127, 0, 0, 1}},
		"rtp-7f000001-4000-7f000001-9000");
	/* 2001:db8::2 and 2001:db8::1 */
	assert_correlation((struct pkt_flow){.family = 6,
				   .sport = 10,
				   .dport = 20,
				   .src.b = {0x20, 1, 0xd, 0xb8, [15] = 2},
				   .dst.b = {0x20, 1, 0xd, 0xb8, [15] = 1}},
		"rtp-20010db8000000000000000000000001-20-20010db8000000000000000000000002-10");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scores_loss_by_g107),
		cmocka_unit_test(codecs_without_figures_get_no_score),
		cmocka_unit_test(an_interval_without_score_repeats_none),
		cmocka_unit_test(scores_each_codec_on_its_own_scale),
		cmocka_unit_test(scores_of_two_scales_are_not_averaged),
		cmocka_unit_test(worst_stream_of_a_call_is_that_of_the_least_r),
		cmocka_unit_test(intervals_sum_to_the_final),
		cmocka_unit_test(rtpagent_scores_when_asked),
		cmocka_unit_test(minimum_and_mean_are_over_intervals_by_packets_expected),
		cmocka_unit_test(a_loss_repaired_in_the_next_interval_is_not_negative),
		cmocka_unit_test(delta_is_of_the_interval_and_in_the_final_of_all),
		cmocka_unit_test(one_packet_has_a_score_but_no_timing),
		cmocka_unit_test(says_who_the_stream_is),
		cmocka_unit_test(correlation_is_the_same_for_both_directions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
