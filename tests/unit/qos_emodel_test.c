/* SPDX-License-Identifier: BSD-3-Clause */
/* The E-model against figures worked out from the Recommendations by other implementations of them; the
 * tables are given to three or four digits, so half of the last one is the tolerance. */
#include <math.h>

#include "qos_emodel.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void assert_near(double got, double want, double tolerance)
{
	if (!(fabs(got - want) <= tolerance))
		fail_msg("got %.8f, want %.8f", got, want);
}

static double nb_r(double ie_eff, double ta_ms)
{
	return qos_emodel_r(QOS_NB, ie_eff, qos_emodel_id(QOS_NB, ta_ms));
}

static void default_connection_has_r_93_2_and_mos_4_41(void **state)
{
	(void)state;
	assert_near(nb_r(0, 0), 93.20620772, 5e-9);
	assert_near(nb_r(0, 0), QOS_EMODEL_R_DEFAULT, 5e-9);
	assert_near(qos_emodel_r_best(QOS_NB), 93.20620772, 5e-9);
	assert_near(qos_emodel_mos(QOS_NB, nb_r(0, 0)), 4.409406, 5e-7);
}

/* G.107 Annex B; the lower end is 1 where the cubic dips. */
static void maps_r_to_mos(void **state)
{
	static const struct {
		double r, mos;
	} rows[] = {
		{10, 1.0350},
		{20, 1.2520},
		{30, 1.6090},
		{40, 2.0640},
		{50, 2.5750},
		{60, 3.1000},
		{70, 3.5970},
		{80, 4.0240},
		{90, 4.3390},
		{92.2, 4.3891},
		{93.2, 4.4093},
		{95, 4.4414},
		/* Ends and beyond. */
		{-5, 1},
		{0, 1},
		{1, 1},
		{3.2, 1},
		{6.5, 1},
		{100, 4.5},
		{120, 4.5},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_near(qos_emodel_mos(QOS_NB, rows[i].r), rows[i].mos, 5.1e-5);
	assert_near(qos_emodel_mos(QOS_NB, NAN), 1, 0);
}

static void mos_never_falls_as_r_rises(void **state)
{
	(void)state;
	for (enum qos_scale scale = 0; scale < QOS_SCALES; scale++) {
		double last = 1;

		for (int i = -1000; i <= 16000; i++) {
			double mos = qos_emodel_mos(scale, i / 100.0);

			assert_true(mos >= last && mos <= 4.5);
			last = mos;
		}
		assert_near(last, 4.5, 0);
	}
}

/* Columns: loss of 0.5, 1, 2, 3, 5, 10 and 20 percent. */
static const double losses[] = {.5, 1, 2, 3, 5, 10, 20};

static const struct {
	const char *name;
	double ie, bpl;
	double random[7];
	double bursty[7]; /* burst ratio 2, three digits */
} codecs[] = {
	{"G.711", 0, 4.3, {4.1425, 3.8337, 3.2560, 2.7940, 2.1693, 1.4808, 1.1236},
		{4.124, 3.753, 2.962, 2.267, 1.358, 1, 1}},
	{"G.711 with PLC", 0, 25.1, {4.3705, 4.3281, 4.2348, 4.1341, 3.9228, 3.4109, 2.6313},
		{4.370, 4.326, 4.227, 4.114, 3.864, 3.184, 2.019}},
	{"G.729A with VAD", 11, 19, {4.0257, 3.9462, 3.7873, 3.6318, 3.3396, 2.7453, 2.0213},
		{4.025, 3.942, 3.770, 3.593, 3.237, 2.429, 1.390}},
	{"G.723.1", 15, 16.1, {3.8555, 3.7575, 3.5669, 3.3862, 3.0607, 2.4468, 1.7762},
		{3.854, 3.751, 3.542, 3.333, 2.928, 2.078, 1.168}},
	{"GSM EFR", 5, 10, {4.1630, 4.0247, 3.7433, 3.4743, 3.0063, 2.2234, 1.5363},
		{4.160, 4.010, 3.682, 3.341, 2.691, 1.536, 1}},
};

/* The vectors were made with R of 93.2, not of 93.20620772. */
static double mos_of(size_t codec, double ppl, double burst_r)
{
	return qos_emodel_mos(QOS_NB, 93.2 - qos_emodel_ie_eff(QOS_NB, codecs[codec].ie,
						     codecs[codec].bpl, ppl, burst_r));
}

static void loss_lowers_mos_as_tabulated(void **state)
{
	(void)state;
	for (size_t c = 0; c < COUNT(codecs); c++) {
		for (size_t i = 0; i < COUNT(losses); i++) {
			assert_near(mos_of(c, losses[i], 1), codecs[c].random[i], 5.1e-5);
			assert_near(mos_of(c, losses[i], 2), codecs[c].bursty[i], 5.1e-4);
		}
	}
	assert_near(mos_of(2, 0, 1), 4.1044, 5.1e-5);
	assert_near(mos_of(3, 0, 1), 3.9542, 5.1e-5);
	assert_near(mos_of(4, 0, 1), 4.2924, 5.1e-5);
}

/* The same in more digits, by another implementation, R of 93.206 and all. */
static void loss_and_delay_have_the_figures_of_another_implementation(void **state)
{
	static const struct {
		double ie, bpl, ppl, burst_r, ta, ie_eff, id, r, mos;
	} rows[] = {
		{0, 25.1, 0, 1, 0, 0, 0.149046, 93.206208, 4.409406},
		{0, 25.1, 0, 1, 100, 0, 2.691524, 90.663730, 4.354920},
		{0, 25.1, 0, 1, 150, 0, 3.816122, 89.539132, 4.327546},
		{0, 25.1, 0, 1, 250, 0, 14.178153, 79.177101, 3.992519},
		{0, 25.1, 1, 1, 0, 3.639847, 0.149046, 89.566361, 4.328232},
		{0, 25.1, 5, 1, 0, 15.780731, 0.149046, 77.425477, 3.923091},
		{11, 19, 2, 1, 0, 19, 0.149046, 74.206208, 3.787558},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		double ie_eff = qos_emodel_ie_eff(
			QOS_NB, rows[i].ie, rows[i].bpl, rows[i].ppl, rows[i].burst_r);

		assert_near(ie_eff, rows[i].ie_eff, 1e-6);
		assert_near(qos_emodel_id(QOS_NB, rows[i].ta), rows[i].id, 2e-6);
		assert_near(nb_r(ie_eff, rows[i].ta), rows[i].r, 2e-6);
		assert_near(qos_emodel_mos(QOS_NB, nb_r(ie_eff, rows[i].ta)), rows[i].mos, 1e-6);
	}
	assert_near(qos_emodel_ie_eff(QOS_NB, 0, 25.1, 5, 2), 17.210145, 1e-6);
}

/* Full default Id of G.107 with what it makes of R, and its part for delay alone (Idd), which is all
 * that the two other scales have, stretched. */
static void delay_impairs_as_tabulated(void **state)
{
	static const struct {
		double ta, idd, id, r, mos;
	} rows[] = {
		{0, 0, .149, 93.206, 4.4094},
		{50, 0, 1.599, 91.756, 4.3796},
		{100, 0, 2.692, 90.664, 4.3549},
		{150, .164, 3.816, 89.539, 4.3275},
		{200, 3.044, 7.551, 85.805, 4.2232},
		{250, 8.917, 14.178, 79.177, 3.9925},
		{300, 14.761, 20.689, 72.666, 3.7194},
		{400, 24.070, 31.108, 62.247, 3.2156},
		{500, 30.636, 38.552, 54.803, 2.8280},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		double r = nb_r(0, rows[i].ta);

		assert_near(qos_emodel_id(QOS_NB, rows[i].ta), rows[i].id, 5.1e-4);
		assert_near(r, rows[i].r, 5.1e-4);
		assert_near(qos_emodel_mos(QOS_NB, r), rows[i].mos, 5.1e-5);
		assert_near(qos_emodel_id(QOS_WB, rows[i].ta), 1.29 * rows[i].idd, 7e-4);
		assert_near(qos_emodel_id(QOS_FB, rows[i].ta), 1.48 * rows[i].idd, 8e-4);
	}
	/* X of equation 7-28 is 1 at 200 ms. */
	assert_near(qos_emodel_id(QOS_WB, 200), 3.927294, 1e-6);
	assert_near(qos_emodel_id(QOS_WB, 150), .210955, 1e-6);
	assert_near(qos_emodel_id(QOS_FB, 200), 1.48 * 3.044414, 2e-6);
}

/* G.107.1 with Ie of G.113 Table IV.1 and IV.3, G.107.2 with Ie of Appendix V, no loss. */
static void wideband_and_fullband_have_their_own_mos(void **state)
{
	static const struct {
		enum qos_scale scale;
		double ie, r, mos;
	} rows[] = {
		{QOS_WB, 0, 129, 4.5},
		{QOS_WB, 1, 128, 4.4940},
		{QOS_WB, 8, 121, 4.4206},
		{QOS_WB, 13, 116, 4.3371},
		{QOS_WB, 26, 103, 4.0181},
		{QOS_WB, 41, 88, 3.5123},
		{QOS_FB, 0, 148, 4.5},
		{QOS_FB, 7.2, 140.8, 4.4436},
		{QOS_FB, 10.2, 137.8, 4.4075},
		{QOS_FB, 22.7, 125.3, 4.1873},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		double r = qos_emodel_r(rows[i].scale, rows[i].ie, 0);

		assert_near(r, rows[i].r, 1e-9);
		assert_near(qos_emodel_mos(rows[i].scale, r), rows[i].mos, 5.1e-5);
	}
	assert_near(qos_emodel_mos(QOS_WB, 116), 4.337096, 1e-6);
	/* Rx of 50 and 90 are rows of Table B.1. */
	assert_near(qos_emodel_mos(QOS_WB, 64.5), 2.575, 1e-6);
	assert_near(qos_emodel_mos(QOS_WB, 116.1), 4.339, 1e-6);
	assert_near(qos_emodel_mos(QOS_FB, 74), 2.575, 1e-6);
	/* G.711 through the bridges of G.113: 35.8 and 54.8 more. */
	assert_near(qos_emodel_r(QOS_WB, 35.8, 0), 93.2, 1e-9);
	assert_near(qos_emodel_mos(QOS_WB, 93.2), 3.70, .005);
	assert_near(qos_emodel_r(QOS_FB, 54.8, 0), 93.2, 1e-9);
	assert_near(qos_emodel_mos(QOS_FB, 93.2), 3.25, .005);
	assert_near(qos_emodel_r_best(QOS_WB), 129, 0);
	assert_near(qos_emodel_r_best(QOS_FB), 148, 0);
}

/* rtpengine's figures of its fullband model: Ie 10.2, Bpl 4.3. */
static void fullband_loss_is_that_of_g_107_2(void **state)
{
	static const double ppl[] = {0, 1, 2, 5}, mos[] = {4.41, 3.93, 3.45, 2.52};

	(void)state;
	for (size_t i = 0; i < COUNT(ppl); i++)
		assert_near(qos_emodel_mos(QOS_FB,
				    qos_emodel_r(QOS_FB,
					    qos_emodel_ie_eff(QOS_FB, 10.2, 4.3, ppl[i], 1), 0)),
			mos[i], .0051);
	/* Half of the way to the limit where loss is Bpl: (95 + 13) / 2 and (132 + 10.2) / 2. */
	assert_near(qos_emodel_ie_eff(QOS_WB, 13, 4.3, 4.3, 1), 54, 1e-9);
	assert_near(qos_emodel_ie_eff(QOS_FB, 10.2, 9.6, 9.6, 1), 71.1, 1e-9);
}

static void burst_ratio_counts_in_narrowband_only(void **state)
{
	(void)state;
	assert_true(
		qos_emodel_ie_eff(QOS_NB, 0, 4.3, 2, 2) > qos_emodel_ie_eff(QOS_NB, 0, 4.3, 2, 1));
	assert_near(qos_emodel_ie_eff(QOS_WB, 13, 4.3, 2, 3),
		qos_emodel_ie_eff(QOS_WB, 13, 4.3, 2, 1), 0);
	assert_near(qos_emodel_ie_eff(QOS_FB, 13, 4.3, 2, 3),
		qos_emodel_ie_eff(QOS_FB, 13, 4.3, 2, 1), 0);
}

static double score(enum qos_scale scale, double ie, double ppl, double burst_r, double ta)
{
	return qos_emodel_mos(
		scale, qos_emodel_r(scale, qos_emodel_ie_eff(scale, ie, 10, ppl, burst_r),
			       qos_emodel_id(scale, ta)));
}

/* In each of the three, with the two others held; from the first value to the last it does fall. */
static void mos_never_rises_with_loss_bursts_or_delay(void **state)
{
	static const double ppls[] = {0, .5, 3, 20}, bursts[] = {1, 1.7, 4}, tas[] = {0, 120, 400};

	(void)state;
	for (enum qos_scale scale = 0; scale < QOS_SCALES; scale++) {
		for (size_t b = 0; b < COUNT(bursts); b++) {
			for (size_t t = 0; t < COUNT(tas); t++)
				for (int i = 1; i <= 2000; i++)
					assert_true(
						score(scale, 5, i / 20., bursts[b], tas[t]) <=
						score(scale, 5, (i - 1) / 20., bursts[b], tas[t]));
			for (size_t p = 0; p < COUNT(ppls); p++)
				for (int i = 1; i <= 4000; i++)
					assert_true(
						score(scale, 5, ppls[p], bursts[b], i / 4.) <=
						score(scale, 5, ppls[p], bursts[b], (i - 1) / 4.) +
							1e-12);
		}
		for (size_t p = 0; p < COUNT(ppls); p++)
			for (int i = 1; i <= 100; i++)
				assert_true(score(scale, 5, ppls[p], 1 + i / 10., 0) <=
					    score(scale, 5, ppls[p], 1 + (i - 1) / 10., 0));
		assert_true(score(scale, 5, 5, 1, 0) < score(scale, 5, 1, 1, 0) - .2);
		assert_true(score(scale, 5, 0, 1, 400) < score(scale, 5, 0, 1, 0) - .2);
	}
	assert_true(score(QOS_NB, 5, 3, 2, 0) < score(QOS_NB, 5, 3, 1, 0) - .05);
}

/* G.107 Table B.1, whole percent. */
static void opinions_are_those_of_table_b_1(void **state)
{
	static const double rows[][3] = {
		{90, 97, 0}, {80, 89, 1}, {70, 73, 6}, {60, 50, 17}, {50, 27, 38}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_near(qos_emodel_gob(rows[i][0]), rows[i][1], .5);
		assert_near(qos_emodel_pow(rows[i][0]), rows[i][2], .5);
	}
}

static void scales_have_names(void **state)
{
	(void)state;
	assert_string_equal(qos_scale_name(QOS_NB), "NB");
	assert_string_equal(qos_scale_name(QOS_WB), "WB");
	assert_string_equal(qos_scale_name(QOS_FB), "FB");
}

/* A lecture's example: 2 percent, 150 ms. */
static void worked_example_with_delay(void **state)
{
	double g729 = qos_emodel_ie_eff(QOS_NB, 11, 19, 2, 1);
	double g711 = qos_emodel_ie_eff(QOS_NB, 0, 25.1, 2, 1);

	(void)state;
	assert_near(qos_emodel_id(QOS_NB, 150), 3.8, .05);
	assert_near(g729, 19.0, .05);
	assert_near(nb_r(g729, 150), 70.5, .05);
	assert_near(qos_emodel_mos(QOS_NB, nb_r(g729, 150)), 3.62, .005);
	assert_near(g711, 7.0, .05);
	assert_near(nb_r(g711, 150), 82.5, .05);
	assert_near(qos_emodel_mos(QOS_NB, nb_r(g711, 150)), 4.12, .005);
	assert_near(qos_emodel_ie_eff(QOS_NB, 0, 4.3, 2, 1), 30.2, .05);
	assert_near(qos_emodel_ie_eff(QOS_NB, 0, 4.3, 2, 2), 35.8, .05);
	assert_near(qos_emodel_ie_eff(QOS_NB, 0, 25.1, 2, 2), 7.3, .05);
}

static void senseless_input_is_clamped(void **state)
{
	(void)state;
	assert_near(qos_emodel_ie_eff(QOS_NB, 5, 0, 0, 1), 5, 0);
	assert_near(qos_emodel_ie_eff(QOS_NB, 5, 10, -3, 1), 5, 0);
	assert_near(qos_emodel_ie_eff(QOS_NB, 5, 10, NAN, 1), 5, 0);
	assert_near(qos_emodel_ie_eff(QOS_NB, 0, 4.3, 200, 1),
		qos_emodel_ie_eff(QOS_NB, 0, 4.3, 100, 1), 0);
	assert_near(qos_emodel_ie_eff(QOS_NB, 0, 4.3, 2, .1),
		qos_emodel_ie_eff(QOS_NB, 0, 4.3, 2, 1), 0);
	assert_near(qos_emodel_ie_eff(QOS_NB, 0, 4.3, 2, NAN),
		qos_emodel_ie_eff(QOS_NB, 0, 4.3, 2, 1), 0);
	assert_near(qos_emodel_r(QOS_NB, 95, 50), 0, 0);
	assert_near(qos_emodel_r(QOS_NB, -50, 0), 100, 0);
	assert_near(qos_emodel_r(QOS_WB, -50, 0), 129, 0);
	assert_near(qos_emodel_r(QOS_FB, -50, 0), 148, 0);
	assert_near(qos_emodel_id(QOS_NB, -5), qos_emodel_id(QOS_NB, 0), 0);
	assert_near(qos_emodel_id(QOS_NB, NAN), qos_emodel_id(QOS_NB, 0), 0);
	assert_near(qos_emodel_id(QOS_WB, NAN), 0, 0);
	assert_true(isfinite(qos_emodel_id(QOS_NB, INFINITY)));
	assert_true(isfinite(qos_emodel_id(QOS_FB, INFINITY)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_connection_has_r_93_2_and_mos_4_41),
		cmocka_unit_test(maps_r_to_mos),
		cmocka_unit_test(mos_never_falls_as_r_rises),
		cmocka_unit_test(loss_lowers_mos_as_tabulated),
		cmocka_unit_test(loss_and_delay_have_the_figures_of_another_implementation),
		cmocka_unit_test(delay_impairs_as_tabulated),
		cmocka_unit_test(wideband_and_fullband_have_their_own_mos),
		cmocka_unit_test(fullband_loss_is_that_of_g_107_2),
		cmocka_unit_test(burst_ratio_counts_in_narrowband_only),
		cmocka_unit_test(mos_never_rises_with_loss_bursts_or_delay),
		cmocka_unit_test(opinions_are_those_of_table_b_1),
		cmocka_unit_test(scales_have_names),
		cmocka_unit_test(worked_example_with_delay),
		cmocka_unit_test(senseless_input_is_clamped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
