/* SPDX-License-Identifier: BSD-3-Clause */
/* Jitter buffers of 50 ms, 200 ms and up to 500 ms: which packets each throws away, counted by hand, and
 * against a second implementation that looks at every packet. */
#include "qos_stream_case.h"

struct discards {
	uint64_t small, large, adaptive;
};

static void assert_discards(struct rig *rig, struct discards want)
{
	struct qos_report r = report_of(rig, QOS_FINAL);

	assert_int_equal(r.discards[QOS_BUFFER_SMALL], want.small);
	assert_int_equal(r.discards[QOS_BUFFER_LARGE], want.large);
	assert_int_equal(r.discards[QOS_BUFFER_ADAPTIVE], want.adaptive);
}

static void feed_late(struct rig *rig, uint32_t from, uint32_t to, int64_t late_ns)
{
	for (uint32_t i = from; i <= to; i++) {
		struct rtp p = voice(i);

		p.ns += late_ns;
		feed(rig, p);
	}
}

/* A sender that sends two packets every 40 ms: J is 20 ms and nobody hears it. */
static void packets_in_pairs_are_not_thrown_away(void **state)
{
	struct qos_report r;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < 1000; i++)
		feed_late(&rig, i, i, i % 2 ? 0 : (int64_t)(20 * MS));
	assert_discards(&rig, (struct discards){0});
	r = report_of(&rig, QOS_FINAL);
	assert_near(r.jitter_ms, 20, 0.01);
	assert_near(r.mos, 4.4094, 1e-4);
}

/* The depth itself is still in time. */
static void depth_is_the_limit(void **state)
{
	static const struct {
		int64_t late_ns;
		struct discards want;
	} rows[] = {
		{50 * MS, {0, 0, 0}},
		{50 * MS + 1, {1, 0, 1}},
		{200 * MS, {1, 0, 1}},
		{200 * MS + 1, {1, 1, 1}},
		{600 * MS, {1, 1, 1}},
		{-(int64_t)(50 * MS), {0, 0, 0}},
		/* Too early: the fixed one is full, the other makes room. */
		{-(int64_t)(50 * MS) - 1, {1, 0, 0}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rig rig;

		rig_init(&rig);
		/* As far apart as frames may be, so that no packet waits for another. */
		for (uint32_t k = 0; k < 3; k++) {
			struct rtp p = {.seq = (uint16_t)k, .ts = 1600 * k, .bytes = 160};

			p.ns = (int64_t)(200 * MS * k) + (k == 2 ? rows[i].late_ns : 0);
			feed(&rig, p);
		}
		assert_discards(&rig, rows[i].want);
	}
}

/* 60, 70, 80 ms late in turn, and what is queued behind it 20 ms less: the adaptive buffer learns three times, and
 * forgets after five to ten seconds. The small one misses two packets of each 80 ms. */
static void the_adaptive_buffer_grows_and_shrinks(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 99);
	for (uint32_t i = 0; i < 9; i++) {
		feed_late(&rig, 100 + 20 * i, 100 + 20 * i, (int64_t)((60 + 10 * (i % 3)) * MS));
		feed_voice(&rig, 101 + 20 * i, 119 + 20 * i);
	}
	assert_discards(&rig, (struct discards){12, 0, 3});
	/* 4 s on it still holds 80 ms. */
	feed_voice(&rig, 280, 480);
	feed_late(&rig, 481, 481, (int64_t)(80 * MS));
	assert_discards(&rig, (struct discards){13, 0, 3});
	/* After 20 s it does not. */
	feed_voice(&rig, 482, 1500);
	feed_late(&rig, 1501, 1501, (int64_t)(80 * MS));
	assert_discards(&rig, (struct discards){15, 0, 4});
}

/* The way became 80 ms longer: what a small buffer has nothing of for 200 ms, it follows. */
static void a_longer_way_is_followed(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 99);
	feed_late(&rig, 100, 999, (int64_t)(80 * MS));
	/* Packets 100 to 109; the eleventh is 200 ms behind the first. */
	assert_discards(&rig, (struct discards){10, 0, 1});
}

/* A talkspurt sets the clock anew: what was late before it is in time after it. */
static void talkspurts_are_anchors(void **state)
{
	struct rig rig;

	(void)state;
	for (unsigned has_marker = 0; has_marker < 2; has_marker++) {
		rig_init(&rig);
		feed_voice(&rig, 0, 99);
		for (uint32_t i = 100; i < 200; i++) {
			struct rtp p = voice(i);

			p.ts += 8000;
			p.ns += (int64_t)(S + 80 * MS);
			p.has_marker = has_marker && i == 100;
			feed(&rig, p);
		}
		assert_discards(&rig, (struct discards){0});
	}
}

/* On every packet a marker says nothing. */
static void a_marker_without_silence_is_no_anchor(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < 200; i++) {
		struct rtp p = voice(i);

		p.has_marker = true;
		p.ns += i % 20 == 15 ? (int64_t)(60 * MS) : 0;
		feed(&rig, p);
	}
	assert_discards(&rig, (struct discards){10, 0, 1});
}

/* Discarded is lost for the receiver: bursts, BurstR and MOS of each buffer. */
static void discards_are_losses(void **state)
{
	struct qos_report r;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	/* 1000 packets; 103 is lost, 100 and 101 come 305 and 285 ms late, in the same millisecond. */
	feed_voice(&rig, 0, 99);
	feed_voice(&rig, 102, 102);
	feed_voice(&rig, 104, 115);
	feed_late(&rig, 100, 100, (int64_t)(305 * MS));
	feed_late(&rig, 101, 101, (int64_t)(285 * MS));
	feed_voice(&rig, 116, 999);
	r = report_of(&rig, QOS_FINAL);
	assert_int_equal(r.lost, 1);
	assert_discards(&rig, (struct discards){2, 2, 1});
	/* Adaptive: 100 and 103 bad, one burst of 4; the others 100, 101, 103: runs of 2 and 1. */
	assert_int_equal(r.bursts, 1);
	assert_near(r.burst_ms, 80, 1e-9);
	assert_near(r.burst_density, 0.5, 1e-9);
	/* 0.2 % in single packets; 0.3 % in runs of 1.5. */
	assert_near(r.buffer_mos[QOS_BUFFER_ADAPTIVE],
		qos_emodel_mos(QOS_NB, 93.20620772 - 95 * 0.2 / (0.2 + 25.1)), 1e-6);
	assert_near(r.buffer_mos[QOS_BUFFER_SMALL],
		qos_emodel_mos(QOS_NB, 93.20620772 - 95 * 0.3 / (0.3 / (1.5 * 0.997) + 25.1)),
		1e-6);
	assert_near(r.buffer_mos[QOS_BUFFER_LARGE], r.buffer_mos[QOS_BUFFER_SMALL], 0);
	assert_near(r.mos, r.buffer_mos[QOS_BUFFER_ADAPTIVE], 1e-9);
}

/* 100 ppm for an hour are 360 ms: with the drift known no packet is late, unlike without a look. */
static void drift_is_followed(void **state)
{
	(void)state;
	for (unsigned looks = 0; looks < 2; looks++) {
		uint64_t seed = 4711;
		struct rig rig;

		rig_init(&rig);
		for (uint32_t i = 0; i < 180000; i++) {
			struct rtp p = voice(i);

			p.ns += (int64_t)i * 2000 + draw(&seed, 200000);
			feed(&rig, p);
			if (looks && i % 50 == 49)
				qos_stream_look(&rig.env, &rig.hot, &rig.cold);
		}
		assert_near(report_of(&rig, QOS_FINAL).skew_ms, -360, 0.5);
		if (looks)
			assert_discards(&rig, (struct discards){0});
		else
			assert_true(report_of(&rig, QOS_FINAL).discards[QOS_BUFFER_SMALL] > 0);
	}
}

/* And for twelve hours: 32 bits of nanoseconds hold a half of the skew. */
static void drift_is_followed_for_hours(void **state)
{
	(void)state;
	for (int ppm = -100; ppm <= 100; ppm += 200) {
		uint64_t seed = 4711;
		struct qos_report r;
		struct rig rig;

		rig_init(&rig);
		for (uint32_t i = 0; i < 12 * 180000; i++) {
			struct rtp p = voice(i);

			p.ns += (int64_t)i * 20 * ppm + draw(&seed, 200000);
			feed(&rig, p);
			if (i % 50 == 49)
				qos_stream_look(&rig.env, &rig.hot, &rig.cold);
		}
		r = report_of(&rig, QOS_FINAL);
		assert_near(r.skew_ms, -ppm * 43.2, 0.5);
		assert_near(r.max_skew_ms, -ppm * 43.2, 0.5);
		assert_near(r.drift_ppm, -ppm, 0.1);
		assert_discards(&rig, (struct discards){0});
	}
}

/* The fixed buffers of every packet, without a window: what the fast path leaves out must not matter. */
static void the_window_hides_nothing(void **state)
{
	(void)state;
	for (uint64_t s = 1; s <= 100; s++) {
		uint64_t seed = s * 0x9e3779b97f4a7c15ull, late[2] = {0};
		static const int64_t depth[2] = {50 * MS, 200 * MS};
		int64_t anchor[2] = {0}, since[2] = {0}, last = -1;
		bool was_late[2] = {false};
		uint32_t spread = 1 + draw(&seed, 120000000);
		struct rig rig;

		rig_init(&rig);
		for (uint32_t i = 0; i < 2000; i++) {
			struct rtp p = voice(i);
			int64_t transit = i ? (int64_t)draw(&seed, spread) : 0;

			/* Arrivals in order: nothing overtakes. */
			p.ns = p.ns + transit > last ? p.ns + transit : last;
			transit = p.ns - voice(i).ns;
			last = p.ns;
			feed(&rig, p);
			for (unsigned k = 0; k < 2; k++) {
				bool is_late = llabs(transit - anchor[k]) > depth[k];

				if (is_late && !was_late[k])
					since[k] = p.ns;
				if (is_late && p.ns - since[k] >= (int64_t)(200 * MS)) {
					anchor[k] = transit;
					is_late = false;
				}
				late[k] += is_late;
				was_late[k] = is_late;
			}
		}
		assert_int_equal(rig.cold.buffers[QOS_BUFFER_SMALL].discards, late[0]);
		assert_int_equal(rig.cold.buffers[QOS_BUFFER_LARGE].discards, late[1]);
		assert_true(rig.cold.buffers[QOS_BUFFER_ADAPTIVE].discards <= late[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_in_pairs_are_not_thrown_away),
		cmocka_unit_test(depth_is_the_limit),
		cmocka_unit_test(the_adaptive_buffer_grows_and_shrinks),
		cmocka_unit_test(a_longer_way_is_followed),
		cmocka_unit_test(talkspurts_are_anchors),
		cmocka_unit_test(a_marker_without_silence_is_no_anchor),
		cmocka_unit_test(discards_are_losses),
		cmocka_unit_test(drift_is_followed),
		cmocka_unit_test(drift_is_followed_for_hours),
		cmocka_unit_test(the_window_hides_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
