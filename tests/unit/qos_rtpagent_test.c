/* SPDX-License-Identifier: BSD-3-Clause */
/* RTPAgent's score, against reports of it that were published: a slide with three decimals and a sample
 * of 2015 with six. */
#include <math.h>

#include "qos_rtpagent.h"
#include "unit.h"

static void assert_near(double got, double want, double tolerance)
{
	if (!(fabs(got - want) <= tolerance))
		fail_msg("got %.8f, want %.8f", got, want);
}

static void agrees_with_published_reports(void **state)
{
	static const struct {
		double delta, jitter, r, mos, r_tolerance, mos_tolerance;
	} rows[] = {
		{19.980, .023, 92.449, 4.394, 5.1e-4, 5.1e-4},
		{19.980, .126, 92.4442, 4.3942, 5.1e-5, 1e-4}, /* MEAN_RFACTOR */
		/* MIN_: MAX_DELTA, and the jitter that this packet alone makes */
		{35.547, (35.547 - 20) / 16, 92.013, 4.385, 5.1e-4, 5.1e-4},
		{19.971924, .162653, 92.44256925, 4.39414701, 1e-8, 5e-9},
		/* Jitter was printed with three decimals. */
		{140.515137, .157, 89.429284, 4.324768, 3e-5, 1e-5},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double r = qos_rtpagent_r(rows[i].delta, rows[i].jitter, 0);

		assert_near(r, rows[i].r, rows[i].r_tolerance);
		assert_near(qos_rtpagent_mos(r), rows[i].mos, rows[i].mos_tolerance);
	}
	/* A sample's 80.2 is 4.032. */
	assert_near(qos_rtpagent_mos(80.2), 4.032, 5.1e-4);
}

/* 93.2 - sum / 40 below 160, 93.2 - (sum - 120) / 10 from there on, less 2.5 a percent. */
static void falls_with_delta_jitter_and_loss(void **state)
{
	(void)state;
	assert_near(qos_rtpagent_r(130, 9.999, 0), 89.20005, 1e-9);
	assert_near(qos_rtpagent_r(130, 10, 0), 89.2, 1e-9);
	assert_near(qos_rtpagent_r(130, 30, 0), 85.2, 1e-9);
	assert_near(qos_rtpagent_r(20, 0, 4), 82.45, 1e-9);
	assert_near(qos_rtpagent_r(130, 30, 10), 60.2, 1e-9);
}

/* The same loss-free G.722 is worse at 60 ms a packet than at 20 ms, whatever its delay. */
static void takes_packet_time_for_delay(void **state)
{
	(void)state;
	assert_near(qos_rtpagent_r(20, 0, 0) - qos_rtpagent_r(60, 0, 0), 1, 1e-9);
}

static void stays_within_its_scale(void **state)
{
	(void)state;
	assert_near(qos_rtpagent_r(20, 0, 100), 0, 0);
	assert_near(qos_rtpagent_r(1e9, 0, 0), 0, 0);
	assert_near(qos_rtpagent_r(-1000, 0, 0), 93.2, 0);
	assert_near(qos_rtpagent_r(NAN, 0, 0), 0, 0);
	assert_near(qos_rtpagent_mos(qos_rtpagent_r(20, 0, 100)), 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_published_reports),
		cmocka_unit_test(falls_with_delta_jitter_and_loss),
		cmocka_unit_test(takes_packet_time_for_delay),
		cmocka_unit_test(stays_within_its_scale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
