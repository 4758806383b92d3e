/* SPDX-License-Identifier: BSD-3-Clause */
/* Ta and MOS-CQ: the E-model's tables of delay, and which source of a delay wins. */
#include <math.h>

#include "qos_delay.h"
#include "unit.h"

static void assert_near(double got, double want, double tolerance)
{
	if (!(fabs(got - want) <= tolerance))
		fail_msg("got %.8f, want %.8f", got, want);
}

/* G.711 of 20 ms without loss: the default connection of G.107. */
static struct qos_report plain_report(void)
{
	struct qos_report r = {
		.packets = 500,
		.expected = 500,
		.delta_ms = 20.001,
		.has_score = true,
		.scale = QOS_NB,
		.r = QOS_EMODEL_R_DEFAULT,
		.mos = 4.409406,
	};

	memcpy(r.payload.name, "pcmu", 5);
	return r;
}

static void describe(const struct qos_options *o, struct qos_report *r)
{
	struct qos_cq cq = {0};

	qos_delay_describe(o, &cq, r);
}

static const struct qos_options options = {.jitter_buffer_ms = 40};

/* The full default Id of G.107 by Ta, with R and MOS. */
static void scores_the_table_of_delays(void **state)
{
	static const struct {
		uint32_t ta;
		double id, r, mos;
	} rows[] = {
		{50, 1.599, 91.756, 4.3796},
		{100, 2.692, 90.664, 4.3549},
		{150, 3.816, 89.539, 4.3275},
		{200, 7.551, 85.805, 4.2232},
		{250, 14.178, 79.177, 3.9925},
		{300, 20.689, 72.666, 3.7194},
		{400, 31.108, 62.247, 3.2156},
		{500, 38.552, 54.803, 2.8280},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct qos_options o = {.delay_ms = rows[i].ta, .jitter_buffer_ms = 40};
		struct qos_report r = plain_report();

		describe(&o, &r);
		assert_int_equal(r.delay_source, QOS_DELAY_CONF);
		assert_near(r.ta_ms, rows[i].ta, 0);
		assert_near(r.id, rows[i].id, 0.001);
		assert_near(r.r_cq, rows[i].r, 0.001);
		assert_near(r.mos_cq, rows[i].mos, 0.0001);
		assert_near(r.mos, 4.409406, 0);
	}
}

/* The worked example: G.729A with VAD, 2 % of loss, Ta 150 ms: Ie,eff 19.0, R 70.5, MOS 3.62. */
static void adds_to_the_impairment_of_loss(void **state)
{
	struct qos_options o = {.delay_ms = 150};
	struct qos_report r = plain_report();

	(void)state;
	r.r = QOS_EMODEL_R_DEFAULT - qos_emodel_ie_eff(QOS_NB, 11, 19, 2, 1);
	describe(&o, &r);
	assert_near(r.r_cq, 70.5, 0.05);
	assert_near(r.mos_cq, 3.62, 0.005);
}

static void never_falls_below_zero(void **state)
{
	struct qos_options o = {.delay_ms = 5000};
	struct qos_report r = plain_report();

	(void)state;
	r.r = 3;
	describe(&o, &r);
	assert_near(r.r_cq, 0, 0);
	assert_near(r.mos_cq, 1, 0);
}

/* Half of 30 + 50 ms, buffer, packet. */
static void takes_the_round_trip_of_both_sides(void **state)
{
	struct qos_report r = plain_report();

	(void)state;
	r.has_rtt_a = r.has_rtt_b = true;
	r.rtt_a_ms = 30;
	r.rtt_b_ms = 50;
	describe(&options, &r);
	assert_int_equal(r.delay_source, QOS_DELAY_RTCP);
	assert_near(r.ta_ms, 40 + 40 + 20, 1e-9);
	memcpy(r.payload.name, "g729", 5);
	describe(&options, &r);
	assert_near(r.ta_ms, 40 + 40 + 20 + 5, 1e-9);
	r.has_xr = true;
	r.xr.jb_nominal_ms = 60;
	r.xr.round_trip_ms = 999;
	describe(&options, &r);
	assert_int_equal(r.delay_source, QOS_DELAY_RTCP);
	assert_near(r.ta_ms, 40 + 60 + 20 + 5, 1e-9);
}

/* Also where losses and pauses make the time between them another. */
static void a_packet_is_as_long_as_its_timestamps_say(void **state)
{
	struct qos_report r = plain_report();

	(void)state;
	r.has_rtt_a = r.has_rtt_b = true;
	r.rtt_a_ms = r.rtt_b_ms = 40;
	r.delta_ms = 91;
	r.packets = 173;
	r.frame_ms = NAN;
	describe(&options, &r);
	assert_near(r.ta_ms, 40 + 40 + 31.5, 1e-9);
	r.frame_ms = 40;
	describe(&options, &r);
	assert_near(r.ta_ms, 40 + 40 + 40, 1e-9);
}

/* One side alone is a part of the way, and no delay. */
static void one_side_is_not_enough(void **state)
{
	struct qos_options o = options;
	struct qos_report r = plain_report();

	(void)state;
	r.has_rtt_b = true;
	r.rtt_b_ms = 50;
	describe(&o, &r);
	assert_int_equal(r.delay_source, QOS_DELAY_NONE);
	assert_near(r.mos_cq, 0, 0);
	r.has_xr = true;
	r.xr.round_trip_ms = 80;
	describe(&o, &r);
	assert_int_equal(r.delay_source, QOS_DELAY_XR);
	assert_near(r.ta_ms, 40 + 40 + 20, 1e-9);
	r.xr.round_trip_ms = 65535;
	describe(&o, &r);
	assert_int_equal(r.delay_source, QOS_DELAY_NONE);
	o.delay_ms = 70;
	describe(&o, &r);
	assert_int_equal(r.delay_source, QOS_DELAY_CONF);
	assert_near(r.ta_ms, 70, 0);
}

/* 450 of 500 came: 22.22 ms between those that were received, 20 between those that were sent. */
static void packet_time_is_that_of_the_sender(void **state)
{
	struct qos_report r = plain_report();

	(void)state;
	r.has_rtt_a = r.has_rtt_b = true;
	r.packets = 450;
	r.delta_ms = 22.2222;
	describe(&options, &r);
	assert_near(r.ta_ms, 40 + 20, 1e-9);
	r.expected = r.packets = 0;
	describe(&options, &r);
	assert_near(r.ta_ms, 40, 1e-9);
}

/* Intervals of 100, 300 and no packets; then one on another scale. */
static void least_and_mean_are_of_the_intervals(void **state)
{
	struct qos_options o = {.delay_ms = 150};
	struct qos_report r = plain_report();
	struct qos_cq cq = {0};
	double good, bad;

	(void)state;
	r.scored = 100;
	qos_delay_describe(&o, &cq, &r);
	good = r.mos_cq;
	assert_near(r.mean_mos_cq, good, 1e-9);
	r.r = 70;
	r.scored = 300;
	qos_delay_describe(&o, &cq, &r);
	bad = r.mos_cq;
	assert_true(bad < good - 0.5);
	assert_near(r.min_mos_cq, bad, 1e-9);
	assert_near(r.mean_mos_cq, (good + 3 * bad) / 4, 1e-9);
	r.r = 30;
	r.scored = 0;
	qos_delay_describe(&o, &cq, &r);
	assert_near(r.min_mos_cq, bad, 1e-9);
	r.scale = QOS_WB;
	r.r = 110;
	r.scored = 10;
	qos_delay_describe(&o, &cq, &r);
	assert_near(r.min_mos_cq, r.mos_cq, 1e-9);
	assert_near(r.mean_mos_cq, r.mos_cq, 1e-9);
}

static void a_stream_without_score_has_a_delay_and_no_mos(void **state)
{
	struct qos_options o = {.delay_ms = 150};
	struct qos_report r = plain_report();

	(void)state;
	r.r = NAN;
	describe(&o, &r);
	assert_true(isnan(r.mos_cq) && isnan(r.r_cq));
	r = plain_report();
	r.has_score = false;
	describe(&o, &r);
	assert_near(r.ta_ms, 150, 0);
	assert_near(r.mos_cq, 0, 0);
	assert_string_equal(qos_delay_source_name(QOS_DELAY_NONE), "none");
	assert_string_equal(qos_delay_source_name(QOS_DELAY_CONF), "conf");
	assert_string_equal(qos_delay_source_name(QOS_DELAY_XR), "xr");
	assert_string_equal(qos_delay_source_name(QOS_DELAY_RTCP), "rtcp");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scores_the_table_of_delays),
		cmocka_unit_test(least_and_mean_are_of_the_intervals),
		cmocka_unit_test(adds_to_the_impairment_of_loss),
		cmocka_unit_test(never_falls_below_zero),
		cmocka_unit_test(takes_the_round_trip_of_both_sides),
		cmocka_unit_test(a_packet_is_as_long_as_its_timestamps_say),
		cmocka_unit_test(one_side_is_not_enough),
		cmocka_unit_test(packet_time_is_that_of_the_sender),
		cmocka_unit_test(a_stream_without_score_has_a_delay_and_no_mos),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
