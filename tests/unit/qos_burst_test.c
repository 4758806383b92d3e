/* SPDX-License-Identifier: BSD-3-Clause */
/* Bursts and gaps with Gmin 16: patterns of loss in 1,000 packets of 20 ms with their clusters counted by
 * hand, straight into the state and as packets of a stream; RFC 3611 A.2's own counters beside them. */
#include "qos_burst.h"
#include "qos_stream_case.h"

enum {
	PACKETS = 1000,
	LOST_MAX = 16,
};

struct pattern {
	unsigned count; /* of lost */
	uint32_t lost[LOST_MAX];
	unsigned bursts;
	double burst_density, burst_ms, gap_density, gap_ms, ratio;
};

static const struct pattern patterns[] = {
	/* Two bursts (100-104 and 500-506), 12 packets, 8 lost; runs of 5, 1, 1, 1, 1: 9 / 5 * 0.991. */
	{9, {100, 101, 102, 103, 104, 300, 500, 503, 506}, 2, 8 / 12., 120, 1 / 988., 988 * 20 / 3.,
		1.7838},
	/* 15 good ones between do not end a burst, */
	{2, {100, 116}, 1, 2 / 17., 340, 0, 983 * 20 / 2., 1},
	/* 16 do. */
	{2, {100, 117}, 0, 0, 0, 2 / 1000., 20000, 1},
	{10, {100, 101, 102, 103, 104, 105, 106, 107, 108, 109}, 1, 1, 200, 0, 990 * 20 / 2., 9.9},
	{10, {100, 102, 104, 106, 108, 110, 112, 114, 116, 118}, 1, 10 / 19., 380, 0, 981 * 20 / 2.,
		1},
	/* RFC 3611 A.2 takes the first for a burst of 20 ms. */
	{4, {100, 200, 300, 400}, 0, 0, 0, 4 / 1000., 20000, 1},
	{0, {0}, 0, 0, 0, 0, 20000, 1},
	{1, {500}, 0, 0, 0, 1 / 1000., 20000, 1},
};

static bool is_lost(const struct pattern *p, uint32_t i)
{
	for (unsigned k = 0; k < p->count; k++)
		if (p->lost[k] == i)
			return true;
	return false;
}

static void counts_clusters(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(patterns); i++) {
		const struct pattern *p = &patterns[i];
		struct qos_burst_figures f;
		struct qos_burst b = {0};

		for (unsigned k = 0; k < p->count; k++)
			qos_burst_add(&b, p->lost[k], 1);
		qos_burst_measure(&b, PACKETS, &f);
		assert_int_equal(f.bursts, p->bursts);
		assert_near(f.burst_density, p->burst_density, 1e-9);
		assert_near(f.burst_packets * 20, p->burst_ms, 1e-9);
		assert_near(f.gap_density, p->gap_density, 1e-9);
		assert_near(f.gap_packets * 20, p->gap_ms, 1e-9);
		assert_near(qos_burst_ratio(b.bad, b.runs, PACKETS), p->ratio, 1e-9);
	}
}

static struct qos_report stream_of(const struct pattern *p, unsigned every)
{
	struct rig rig;

	rig_init(&rig);
	for (uint32_t i = 0; i < PACKETS; i++) {
		if (!is_lost(p, i))
			feed(&rig, voice(65000 + i));
		if (every && i % every == 0)
			(void)report_of(&rig, QOS_PERIODIC);
	}
	return report_of(&rig, QOS_FINAL);
}

static void streams_have_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(patterns); i++) {
		const struct pattern *p = &patterns[i];

		for (unsigned every = 0; every < 60; every += 7) {
			struct qos_report r = stream_of(p, every);

			assert_int_equal(r.lost, p->count);
			assert_int_equal(r.bursts, p->bursts);
			assert_near(r.burst_density, p->burst_density, 1e-9);
			assert_near(r.burst_ms, p->burst_ms, 1e-9);
			assert_near(r.gap_density, p->gap_density, 1e-9);
			assert_near(r.gap_ms, p->gap_ms, 1e-9);
			assert_near(r.burst_ratio, p->ratio, 1e-9);
		}
	}
}

/* RFC 3611 A.2, as it stands there; its densities are exact where it has seen a packet behind each loss. */
static void densities_are_those_of_rfc_3611(void **state)
{
	const struct pattern *p = &patterns[0];
	double c11 = 0, c13 = 0, c14 = 0, c22 = 0, c23 = 0, c33 = 0, p32, p23;
	struct qos_report r = stream_of(p, 0);
	unsigned good = 0, lost = 0;

	(void)state;
	for (uint32_t i = 0; i < PACKETS; i++) {
		if (!is_lost(p, i)) {
			good++;
			continue;
		}
		if (good >= QOS_GMIN) {
			if (lost == 1)
				c14++;
			else
				c13++;
			lost = 1;
			c11 += good;
		} else {
			lost++;
			if (good == 0) {
				c33++;
			} else {
				c23++;
				c22 += good - 1;
			}
		}
		good = 0;
	}
	assert_near(c11, 494, 0);
	assert_near(c13, 2, 0);
	assert_near(c14, 1, 0);
	assert_near(c22, 2, 0);
	assert_near(c23, 2, 0);
	assert_near(c33, 4, 0);
	p32 = c23 / (c13 + c23 + c33);
	p23 = c22 + c23 < 1 ? 1 : 1 - c22 / (c22 + c23);
	assert_near(256 * p23 / (p23 + p32), 170.7, 0.05);
	assert_near(r.burst_density, p23 / (p23 + p32), 1e-9);
}

static void a_burst_may_begin_and_end_the_stream(void **state)
{
	struct qos_burst_figures f;
	struct qos_burst b = {0};

	(void)state;
	qos_burst_add(&b, 0, 5);
	qos_burst_measure(&b, 100, &f);
	assert_near(f.gap_packets, 95, 0);
	qos_burst_add(&b, 90, 10);
	qos_burst_measure(&b, 100, &f);
	assert_int_equal(f.bursts, 2);
	assert_near(f.gap_packets, 85, 0);
	assert_near(f.burst_packets, 7.5, 0);
}

/* More are missing at once than wait for late packets. */
static void a_long_run_is_one(void **state)
{
	struct qos_report r;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 99);
	feed_voice(&rig, 1100, 1999);
	r = report_of(&rig, QOS_FINAL);
	assert_int_equal(r.bursts, 1);
	assert_near(r.burst_ms, 20000, 1e-9);
	assert_near(r.burst_density, 1, 0);
	/* 1000 * (1 - 0.5) */
	assert_near(r.burst_ratio, 500, 1e-9);
}

/* Each packet has the one before in it once more (RFC 2198): of a run of lost ones the last is heard, so a single
 * one costs nothing. The counts of the network's loss stay. */
static void redundancy_repairs_the_last_of_a_run(void **state)
{
	static const uint8_t pts[] = {OPUS, RED};
	struct qos_report r[2];

	(void)state;
	for (size_t n = 0; n < COUNT(pts); n++) {
		struct rig rig;

		rig_init(&rig);
		for (uint32_t i = 0; i < 1000; i++) {
			struct rtp p = voice(i);

			p.pt = pts[n];
			p.ts *= 6;
			/* 20 alone, and two runs of three. */
			if (i % 50 != 25 && i / 3 != 100 && i / 3 != 200)
				feed(&rig, p);
		}
		r[n] = report_of(&rig, QOS_FINAL);
		assert_int_equal(r[n].lost, 26);
	}
	assert_true(r[1].mos > r[0].mos);
	assert_int_equal(r[0].bursts, 2);
	assert_int_equal(r[1].bursts, 2);
	assert_near(r[0].burst_ms, 60, 1e-9);
	assert_near(r[1].burst_ms, 40, 1e-9);
	/* Four of 1000 are not heard. */
	assert_near(r[1].gap_density, 0, 1e-9);
	assert_near(r[1].r, qos_emodel_r(QOS_FB, qos_emodel_ie_eff(QOS_FB, 16.8, 10.4, 0.4, 1), 0),
		1e-9);
}

/* Packets of 60 ms: what comes with the next is 60 ms late, too late for a buffer of 50. */
static void redundancy_that_comes_too_late_repairs_nothing(void **state)
{
	struct qos_report r;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < 1000; i++) {
		struct rtp p = voice(3 * i);

		p.seq = (uint16_t)i;
		p.pt = RED;
		p.ts *= 6;
		if (i % 50 != 25)
			feed(&rig, p);
	}
	r = report_of(&rig, QOS_FINAL);
	assert_near(r.frame_ms, 60, 1e-9);
	assert_int_equal(r.lost, 20);
	assert_near(r.buffer_mos[QOS_BUFFER_LARGE],
		qos_emodel_mos(QOS_FB, qos_emodel_r(QOS_FB, 16.8, 0)), 1e-9);
	assert_near(r.buffer_mos[QOS_BUFFER_SMALL],
		qos_emodel_mos(QOS_FB,
			qos_emodel_r(QOS_FB, qos_emodel_ie_eff(QOS_FB, 16.8, 10.4, 2, 1), 0)),
		1e-9);
}

/* What comes late enough to be lost for a score, but in the window, leaves no trace of a burst. */
static void late_packets_repair_bursts(void **state)
{
	struct qos_report r;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 99);
	feed_voice(&rig, 102, 102);
	for (uint32_t i = 100; i < 102; i++) {
		struct rtp p = voice(i);

		p.ns = voice(102).ns + (int64_t)MS;
		feed(&rig, p);
	}
	feed_voice(&rig, 103, 999);
	r = report_of(&rig, QOS_FINAL);
	assert_int_equal(r.lost, 0);
	assert_int_equal(r.reordered, 2);
	assert_int_equal(r.bursts, 0);
	assert_near(r.burst_ratio, 1, 0);
	assert_near(r.mos, 4.4094, 1e-4);
}

/* Equation 7-29 with the ratio measured: runs of two at 1 %, and beyond what it is valid for. */
static void the_ratio_goes_into_the_score(void **state)
{
	double share = 10 / 1000., loss = 100 * share, ratio = 2 * (1 - share), ie_eff;
	struct qos_report r;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < PACKETS; i++)
		if (i % 200 != 50 && i % 200 != 51)
			feed(&rig, voice(i));
	r = report_of(&rig, QOS_FINAL);
	ie_eff = 95 * loss / (loss / ratio + 25.1);
	assert_near(r.r, 93.20620772 - ie_eff, 1e-6);
	assert_near(r.burst_ratio, ratio, 1e-9);
	rig_init(&rig);
	for (uint32_t i = 0; i < PACKETS; i++)
		if (i < 200 || i >= 250)
			feed(&rig, voice(i));
	r = report_of(&rig, QOS_FINAL);
	assert_near(r.burst_ratio, 50 * 0.95, 1e-9);
	assert_near(r.r, 93.20620772 - 95 * 5 / (5 / 2. + 25.1), 1e-6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_clusters),
		cmocka_unit_test(streams_have_the_same),
		cmocka_unit_test(densities_are_those_of_rfc_3611),
		cmocka_unit_test(a_burst_may_begin_and_end_the_stream),
		cmocka_unit_test(a_long_run_is_one),
		cmocka_unit_test(redundancy_repairs_the_last_of_a_run),
		cmocka_unit_test(redundancy_that_comes_too_late_repairs_nothing),
		cmocka_unit_test(late_packets_repair_bursts),
		cmocka_unit_test(the_ratio_goes_into_the_score),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
