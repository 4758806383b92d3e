/* SPDX-License-Identifier: BSD-3-Clause */
/* Skew that goes on, and the drift that is told from it. */
#include "qos_timing_case.h"

/* The sender's clock runs 100 ppm fast: 0.1 ms a second early. */
static void skew_follows_clock_drift(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i <= 50 * 60; i++) {
		struct rtp p = voice(i);

		p.ns -= (int64_t)i * 2000;
		feed(&rig, p);
	}
	assert_near(report_of(&rig, QOS_FINAL).skew_ms, 6, DIGIT);
	assert_near(report_of(&rig, QOS_FINAL).max_skew_ms, 6, DIGIT);
}

/* Media time stands still for 0.7 s every second, as where a sender starves: six times. A packet that is
 * late then changes the skew of no other. */
static void skew_goes_on_beyond_two_seconds(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < 350; i++) {
		struct rtp p = voice(i);

		p.ns += (int64_t)(i / 50 * 700 * MS);
		if (i != 340)
			feed(&rig, p);
	}
	assert_near(report_of(&rig, QOS_FINAL).skew_ms, -4200, DIGIT);
	assert_near(report_of(&rig, QOS_FINAL).max_skew_ms, -4200, DIGIT);
	feed(&rig, (struct rtp){.seq = 340,
			   .ts = 340 * 160,
			   .ns = (int64_t)(349 * 20 * MS + 4200 * MS + 5 * MS)});
	feed(&rig,
		(struct rtp){
			.seq = 350, .ts = 350 * 160, .ns = (int64_t)(350 * 20 * MS + 4200 * MS)});
	assert_near(report_of(&rig, QOS_FINAL).skew_ms, -4200, DIGIT);
	assert_near(report_of(&rig, QOS_FINAL).max_skew_ms, -4200 - 9 * 20 - 5, DIGIT);
}

/* A packet a second, each with the media time of a frame, as some send on hold. */
static void skew_takes_a_second_of_each_packet(void **state)
{
	struct rig rig;

	(void)state;
	for (int sign = -1; sign <= 1; sign += 2) {
		rig_init(&rig);
		for (uint32_t i = 0; i < 30; i++) {
			struct rtp p = voice(i);

			p.ns = i * (int64_t)S;
			p.ts = sign < 0 ? i * 160 : i * 15840;
			feed(&rig, p);
		}
		assert_near(report_of(&rig, QOS_FINAL).skew_ms, sign * 29 * 980, DIGIT);
		assert_near(report_of(&rig, QOS_FINAL).max_skew_ms, sign * 29 * 980, DIGIT);
	}
}

/* Early by 2.4 s in three steps, then by 90 ms more, then three times late by 950 ms. */
static void the_largest_skew_stays_so_when_it_falls(void **state)
{
	static const int32_t steps_ms[] = {0, 800, 800, 800, 90, -950, -950, -950};
	int64_t early_ms = 0;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < 50 * COUNT(steps_ms); i++) {
		struct rtp p = voice(i);

		early_ms += i % 50 ? 0 : steps_ms[i / 50];
		p.ts += 8 * (uint32_t)early_ms;
		feed(&rig, p);
	}
	assert_near(report_of(&rig, QOS_FINAL).skew_ms, 2490 - 3 * 950, DIGIT);
	assert_near(report_of(&rig, QOS_FINAL).max_skew_ms, 2490, DIGIT);
}

/* It stands still for 0.7 s in each 1.7: sixteen looks see more of it than 32 bits hold. */
static void drift_goes_on_beyond_two_seconds(void **state)
{
	struct qos_report r;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < 50 * 60; i++) {
		struct rtp p = voice(i);

		p.ns += (int64_t)(i / 50 * 700 * MS);
		feed(&rig, p);
		if (i % 50 == 49)
			qos_stream_look(&rig.env, &rig.hot, &rig.cold);
	}
	r = report_of(&rig, QOS_FINAL);
	assert_near(r.skew_ms, -59 * 700, DIGIT);
	assert_near(r.drift_ppm, -700e6 / 1700, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(skew_follows_clock_drift),
		cmocka_unit_test(skew_goes_on_beyond_two_seconds),
		cmocka_unit_test(skew_takes_a_second_of_each_packet),
		cmocka_unit_test(the_largest_skew_stays_so_when_it_falls),
		cmocka_unit_test(drift_goes_on_beyond_two_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
