/* SPDX-License-Identifier: BSD-3-Clause */
/* The E-model against figures worked out from G.107 by a full implementation of it; the tables are
 * given to four digits, so half of the last one is the tolerance. */
#include <math.h>

#include "qos_emodel.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void assert_near(double got, double want, double tolerance)
{
	if (!(fabs(got - want) <= tolerance))
		fail_msg("got %.8f, want %.8f", got, want);
}

static void default_connection_has_r_93_2_and_mos_4_41(void **state)
{
	(void)state;
	assert_near(qos_emodel_r(0, 0), 93.20620772, 1e-9);
	assert_near(qos_emodel_mos(qos_emodel_r(0, 0)), 4.409406, 5e-7);
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
		assert_near(qos_emodel_mos(rows[i].r), rows[i].mos, 5.1e-5);
	assert_near(qos_emodel_mos(NAN), 1, 0);
}

static void mos_never_falls_as_r_rises(void **state)
{
	double last = 1;

	(void)state;
	for (int i = -1000; i <= 11000; i++) {
		double mos = qos_emodel_mos(i / 100.0);

		assert_true(mos >= last && mos <= 4.5);
		last = mos;
	}
	assert_near(last, 4.5, 0);
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
	return qos_emodel_mos(
		93.2 - qos_emodel_ie_eff(codecs[codec].ie, codecs[codec].bpl, ppl, burst_r));
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

/* A lecture's example: 2 percent, 150 ms. Its Id of 3.816 contains the default one of 0.149, which
 * is in the default R already. */
static void worked_example_with_delay(void **state)
{
	double g729 = qos_emodel_ie_eff(11, 19, 2, 1), g711 = qos_emodel_ie_eff(0, 25.1, 2, 1);
	double id = 3.816 - .149;

	(void)state;
	assert_near(g729, 19.0, .05);
	assert_near(qos_emodel_r(g729, id), 70.5, .05);
	assert_near(qos_emodel_mos(qos_emodel_r(g729, id)), 3.62, .005);
	assert_near(g711, 7.0, .05);
	assert_near(qos_emodel_r(g711, id), 82.5, .05);
	assert_near(qos_emodel_mos(qos_emodel_r(g711, id)), 4.12, .005);
	assert_near(qos_emodel_ie_eff(0, 4.3, 2, 1), 30.2, .05);
	assert_near(qos_emodel_ie_eff(0, 4.3, 2, 2), 35.8, .05);
	assert_near(qos_emodel_ie_eff(0, 25.1, 2, 2), 7.3, .05);
}

static void senseless_input_is_clamped(void **state)
{
	(void)state;
	assert_near(qos_emodel_ie_eff(5, 0, 0, 1), 5, 0);
	assert_near(qos_emodel_ie_eff(5, 10, -3, 1), 5, 0);
	assert_near(qos_emodel_ie_eff(5, 10, NAN, 1), 5, 0);
	assert_near(qos_emodel_ie_eff(0, 4.3, 200, 1), qos_emodel_ie_eff(0, 4.3, 100, 1), 0);
	assert_near(qos_emodel_ie_eff(0, 4.3, 2, .1), qos_emodel_ie_eff(0, 4.3, 2, 1), 0);
	assert_near(qos_emodel_ie_eff(0, 4.3, 2, NAN), qos_emodel_ie_eff(0, 4.3, 2, 1), 0);
	assert_near(qos_emodel_r(95, 50), 0, 0);
	assert_near(qos_emodel_r(-50, 0), 100, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_connection_has_r_93_2_and_mos_4_41),
		cmocka_unit_test(maps_r_to_mos),
		cmocka_unit_test(mos_never_falls_as_r_rises),
		cmocka_unit_test(loss_lowers_mos_as_tabulated),
		cmocka_unit_test(worked_example_with_delay),
		cmocka_unit_test(senseless_input_is_clamped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
