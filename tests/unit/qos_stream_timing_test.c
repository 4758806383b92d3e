/* SPDX-License-Identifier: BSD-3-Clause */
/* Delta, jitter (RFC 3550 A.8) and skew, against RFC 3550 done in double and against what tshark
 * 4.0.17 says of the same packets: 100 of them, G.711, 20 ms. */
#include "qos_timing_case.h"

static void perfect_packets_have_no_jitter(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 99);
	assert_timing(&rig, (struct timing){.delta = 20, .max_delta = 20});
}

/* The J series and the skew of the RFC, in double. */
static void agrees_with_the_rfc_in_double(void **state)
{
	static const struct {
		uint8_t pt;
		double hz;
	} rows[] = {{PCMU, 8000}, {AMR_WB, 16000}, {OPUS, 48000}, {H264, 90000}, {L16, 44100}};

	(void)state;
	for (size_t c = 0; c < COUNT(rows); c++) {
		double j = 0, j_sum = 0, j_max = 0, skew = 0, skew_max = 0, delta_max = 0, last = 0;
		uint32_t frame = (uint32_t)(rows[c].hz / 50), start = 0xffffff00 - 100 * frame;
		uint64_t seed = 88172645463325252ull + c;
		struct qos_report r;
		struct rig rig;

		rig_init(&rig);
		for (uint32_t i = 0; i < 500; i++) {
			double at = 20.0 * i + draw(&seed, 18000000) / 1e6;
			int64_t ns = llround(at * 1e6);

			feed(&rig, (struct rtp){.seq = (uint16_t)(65400 + i),
					   .ts = start + frame * i,
					   .ns = ns,
					   .pt = rows[c].pt,
					   .bytes = 160});
			if (i) {
				double d = at - last - frame * 1000 / rows[c].hz;

				j += (fabs(d) - j) / 16;
				j_sum += j;
				j_max = fmax(j_max, j);
				skew -= d;
				skew_max = fabs(skew) > fabs(skew_max) ? skew : skew_max;
				delta_max = fmax(delta_max, at - last);
			}
			last = at;
			assert_near(rig.hot.jitter_ns / 1e6, j, 0.001);
		}
		r = report_of(&rig, QOS_FINAL);
		assert_near(r.mean_jitter_ms, j_sum / 499, 0.001);
		assert_near(r.max_jitter_ms, j_max, 0.001);
		assert_near(r.skew_ms, skew, 0.001);
		assert_near(r.max_skew_ms, skew_max, 0.001);
		assert_near(r.max_delta_ms, delta_max, 0.001);
		assert_int_equal(r.lost, 0);
	}
}

static void loss_of_five_like_tshark(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	/* Three in a row make the 80 ms, and two singles. */
	for (uint32_t i = 0; i < 100; i++)
		if (i != 20 && i != 21 && i != 22 && i != 50 && i != 70)
			feed(&rig, voice(i));
	assert_timing(&rig, (struct timing){.delta = 21.064, .max_delta = 80});
	assert_int_equal(report_of(&rig, QOS_FINAL).lost, 5);
}

static void three_swaps_like_tshark(void **state)
{
	struct qos_report r;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < 100; i++) {
		uint32_t n = i == 10 || i == 20 || i == 30   ? i + 1
			     : i == 11 || i == 21 || i == 31 ? i - 1
							     : i;
		struct rtp p = voice(n);

		p.ns = voice(i).ns;
		feed(&rig, p);
	}
	r = report_of(&rig, QOS_FINAL);
	assert_int_equal(r.lost, 0);
	assert_int_equal(r.reordered, 3);
	assert_int_equal(r.sequence_errors, 6);
	assert_near(r.mean_jitter_ms, 2.407, DIGIT);
	assert_near(r.max_jitter_ms, 8.444, DIGIT);
	assert_near(r.delta_ms, 20, DIGIT);
	assert_near(r.skew_ms, 0, DIGIT);
}

/* tshark adds them to the packets: -5 lost. Here they only are duplicates. */
static void five_duplicates_change_nothing(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < 100; i++) {
		struct rtp p = voice(i);

		feed(&rig, p);
		p.ns += 100000;
		if (i % 20 == 10)
			feed(&rig, p);
	}
	assert_timing(&rig, (struct timing){.delta = 20, .max_delta = 20});
	assert_int_equal(report_of(&rig, QOS_FINAL).duplicates, 5);
	assert_int_equal(report_of(&rig, QOS_FINAL).lost, 0);
}

static void wraps_of_sequence_and_timestamp_like_tshark(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < 100; i++) {
		struct rtp p = voice(i);

		p.seq = (uint16_t)(p.seq + 65500);
		p.ts += 0xffffffff - 50 * 160;
		feed(&rig, p);
	}
	assert_timing(&rig, (struct timing){.delta = 20, .max_delta = 20});
	assert_int_equal(report_of(&rig, QOS_FINAL).lost, 0);
}

/* Silence of one second without a marker: the timestamp goes on as the wall does, the sequence does not. tshark
 * goes by markers alone and says 30.101 and 1020. */
static void silence_without_a_marker_is_no_delta(void **state)
{
	/* Also before two packets in a row told how long one is. */
	static const uint32_t begins[] = {1, 2, 50};

	(void)state;
	for (size_t k = 0; k < COUNT(begins); k++) {
		struct rig rig;

		rig_init(&rig);
		for (uint32_t i = 0; i < 100; i++) {
			struct rtp p = voice(i);

			p.ts += i < begins[k] ? 0 : 8000;
			p.ns += i < begins[k] ? 0 : (int64_t)S;
			feed(&rig, p);
		}
		assert_timing(&rig, (struct timing){.delta = 20, .max_delta = 20});
	}
}

/* 50 comes behind 51, and 52 is late itself: two frames and more after 50's, but not in media time. */
static void what_follows_a_late_packet_is_no_silence(void **state)
{
	struct qos_report r;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 49);
	feed_voice(&rig, 51, 51);
	feed(&rig,
		(struct rtp){.seq = 50, .ts = 50 * 160, .ns = (int64_t)(1025 * MS), .bytes = 160});
	feed(&rig,
		(struct rtp){.seq = 52, .ts = 52 * 160, .ns = (int64_t)(1075 * MS), .bytes = 160});
	feed_voice(&rig, 54, 99);
	/* 60 ms behind the talkspurt's first, for which a buffer of 50 ms is not deep enough. */
	feed(&rig, (struct rtp){
			   .seq = 100, .ts = 100 * 160, .ns = (int64_t)(2060 * MS), .bytes = 160});
	r = report_of(&rig, QOS_FINAL);
	assert_near(r.max_delta_ms, 80, DIGIT);
	assert_near(r.delta_ms, 2060.0 / 99, DIGIT);
	assert_int_equal(r.discards[QOS_BUFFER_SMALL], 1);
}

static void a_marker_takes_silence_out_of_delta(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < 100; i++) {
		struct rtp p = voice(i);

		p.ts += i < 50 ? 0 : 8000;
		p.ns += i < 50 ? 0 : (int64_t)S;
		p.has_marker = i == 0 || i == 50;
		feed(&rig, p);
	}
	assert_timing(&rig, (struct timing){.delta = 20, .max_delta = 20});
}

/* tshark: J of up to 3906 ms. The timestamp was set anew, nothing was late. */
static void a_timestamp_jump_is_no_jitter(void **state)
{
	static const uint32_t jumps[] = {500000, -500000u, 0x7fffff00, 0x80000000, 8161, -8000u};
	struct rig rig;

	(void)state;
	for (size_t j = 0; j < COUNT(jumps); j++) {
		rig_init(&rig);
		for (uint32_t i = 0; i < 100; i++) {
			struct rtp p = voice(i);

			p.ts += i < 50 ? 0 : jumps[j];
			feed(&rig, p);
		}
		if (j < 5) {
			assert_timing(&rig, (struct timing){.delta = 20, .max_delta = 20});
			assert_int_equal(rig.cold.ts_jumps, 1);
		} else {
			/* Exactly one second is not more than one second: 1000 / 16. */
			assert_near(report_of(&rig, QOS_FINAL).max_jitter_ms, 62.5, DIGIT);
			assert_near(report_of(&rig, QOS_FINAL).skew_ms, -1000, DIGIT);
			assert_int_equal(rig.cold.ts_jumps, 0);
		}
	}
}

/* For two seconds packets come whose timestamp does not move: no samples, and to be played as they come. And a
 * pause of 1.5 s in which media time stood still: more than a jump, no sample at all. */
static void a_timestamp_that_stands_still_says_nothing(void **state)
{
	struct qos_report r;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 99);
	for (uint32_t i = 100; i < 200; i++) {
		struct rtp p = voice(i);

		p.ts = voice(99).ts;
		feed(&rig, p);
	}
	r = report_of(&rig, QOS_FINAL);
	assert_near(r.max_jitter_ms, 0, 1e-6);
	assert_near(r.skew_ms, 0, 1e-6);
	assert_near(r.max_delta_ms, 20, 1e-6);
	assert_near(r.delta_ms, 20, 1e-6);
	assert_int_equal(r.ts_still, 100);
	assert_int_equal(r.discards[QOS_BUFFER_SMALL], 0);
	assert_int_equal(r.lost, 0);
	assert_near(r.mos, 4.4094, 1e-4);
	rig_init(&rig);
	feed_voice(&rig, 0, 99);
	for (uint32_t i = 100; i < 200; i++) {
		struct rtp p = voice(i);

		p.ns += (int64_t)(1500 * MS);
		feed(&rig, p);
	}
	r = report_of(&rig, QOS_FINAL);
	assert_near(r.max_jitter_ms, 0, 1e-6);
	assert_near(r.skew_ms, 0, 1e-6);
	assert_int_equal(r.discards[QOS_BUFFER_SMALL], 0);
	assert_int_equal(rig.cold.ts_jumps, 1);
}

/* The fast path passes over what is within 2 microseconds of an extreme, and over nothing else. */
static void extremes_are_exact_to_two_microseconds(void **state)
{
	static const uint32_t spreads_ns[] = {1, 3000, 100000, 5000000, 19000000};
	const double exact = 0.00205;

	(void)state;
	for (size_t n = 0; n < COUNT(spreads_ns); n++) {
		double min_delta = INFINITY, max_delta = 0, min_jitter = INFINITY, max_jitter = 0;
		double jitter = 0, last = 0;
		uint64_t seed = 7 + n;
		struct qos_report r;
		struct rig rig;

		rig_init(&rig);
		for (uint32_t i = 0; i < 20000; i++) {
			struct rtp p = voice(i);
			double delta;

			p.ns += draw(&seed, spreads_ns[n]);
			feed(&rig, p);
			delta = ((double)p.ns - last) / 1e6;
			last = (double)p.ns;
			if (!i)
				continue;
			jitter += (fabs(delta - 20) - jitter) / 16;
			min_delta = fmin(min_delta, delta);
			max_delta = fmax(max_delta, delta);
			min_jitter = fmin(min_jitter, jitter);
			max_jitter = fmax(max_jitter, jitter);
		}
		r = report_of(&rig, QOS_FINAL);
		assert_near(r.min_delta_ms, min_delta, exact);
		assert_near(r.max_delta_ms, max_delta, exact);
		assert_near(r.min_jitter_ms, min_jitter, exact);
		assert_near(r.max_jitter_ms, max_jitter, exact);
	}
}

/* Several packets of one timestamp, a moment or half its length apart, looked at every second: the first is
 * compared with the first, and no packet is late. */
static void packets_may_share_a_timestamp(void **state)
{
	static const struct {
		uint32_t packets; /* of a timestamp */
		int64_t gap_ns;
		double frame_ms;
	} rows[] = {{2, (int64_t)(10 * MS), 10}, {4, 100000, 5}, {8, (int64_t)(2 * MS), 2.5},
		{2, 0, 10}};

	(void)state;
	for (size_t n = 0; n < COUNT(rows); n++) {
		struct qos_report r;
		struct rig rig;

		rig_init(&rig);
		for (uint32_t i = 0; i < 1500 * rows[n].packets; i++) {
			struct rtp p = voice(i / rows[n].packets);

			p.seq = (uint16_t)i;
			p.ns += i % rows[n].packets * rows[n].gap_ns;
			feed(&rig, p);
			if (i % (50 * rows[n].packets) == 0)
				qos_stream_look(&rig.env, &rig.hot, &rig.cold);
		}
		r = report_of(&rig, QOS_FINAL);
		assert_near(r.max_jitter_ms, 0, 1e-6);
		assert_near(r.max_skew_ms, 0, 1e-6);
		assert_near(r.frame_ms, rows[n].frame_ms, 1e-9);
		assert_near(r.drift_ppm, 0, 1e-3);
		assert_int_equal(r.ts_still, 1500 * (rows[n].packets - 1));
		assert_int_equal(r.ts_jumps, 0);
		assert_int_equal(r.discards[QOS_BUFFER_SMALL], 0);
		assert_near(r.mos, 4.4094, 1e-4);
		/* The first packet's has none. */
		assert_int_equal(rig.cold.silent_deltas, 1);
	}
}

/* A sender that is on time all along, but whose timestamps stood still for a while. */
static void media_time_may_go_on_behind_a_still_one(void **state)
{
	static const uint32_t lengths[] = {5, 25, 45};

	(void)state;
	for (size_t n = 0; n < COUNT(lengths); n++) {
		struct qos_report r;
		struct rig rig;

		rig_init(&rig);
		for (uint32_t i = 0; i < 500; i++) {
			struct rtp p = voice(i);

			if (i > 100 && i < 100 + lengths[n])
				p.ts = voice(100).ts;
			feed(&rig, p);
		}
		r = report_of(&rig, QOS_FINAL);
		assert_near(r.max_jitter_ms, 0, 1e-6);
		assert_near(r.max_skew_ms, 0, 1e-6);
		assert_int_equal(r.discards[QOS_BUFFER_SMALL], 0);
	}
}

static void delta_saturates_at_4_2_seconds(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 9);
	feed(&rig, (struct rtp){.seq = 10, .pt = UNKNOWN, .ns = (int64_t)(180 * MS + 10 * S)});
	feed(&rig, (struct rtp){.seq = 11, .pt = UNKNOWN, .ns = (int64_t)(180 * MS + 20 * S)});
	/* (9 * 20 + 10000) / 10; the first after another type has no delta. */
	assert_timing(&rig, (struct timing){.delta = 1018, .max_delta = 4294.967});
}

/* A clock that is off by 500 ppm: J comes to 10 microseconds, and there in steps too small for extremes. */
static void mean_jitter_is_between_least_and_most(void **state)
{
	struct qos_report r;
	struct rig rig;

	(void)state;
	for (int64_t off_ns = -10000; off_ns <= 10000; off_ns += 2000) {
		rig_init(&rig);
		for (uint32_t i = 0; i < 3000; i++) {
			struct rtp p = voice(i);

			p.ns += i * off_ns;
			feed(&rig, p);
		}
		r = report_of(&rig, QOS_FINAL);
		assert_true(r.min_jitter_ms <= r.mean_jitter_ms);
		assert_true(r.mean_jitter_ms <= r.max_jitter_ms);
		assert_true(r.min_jitter_ms <= r.jitter_ms && r.jitter_ms <= r.max_jitter_ms);
		assert_near(r.max_jitter_ms, fabs((double)off_ns) / 1e6, 0.0001);
	}
}

/* 200 packets of 20 ms, then 100 of 60: the longest is no delay, and only the first two are taken
 * for silence, as by then two in a row have told. */
static void a_longer_packet_time_is_a_longer_delta(void **state)
{
	struct qos_report r;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 199);
	for (uint32_t i = 0; i < 100; i++) {
		struct rtp p = voice(200 + 3 * i);

		p.seq = (uint16_t)(200 + i);
		p.bytes = 480;
		feed(&rig, p);
	}
	r = report_of(&rig, QOS_FINAL);
	assert_near(r.min_delta_ms, 20, 0.001);
	assert_near(r.max_delta_ms, 60, 0.001);
	assert_near(r.max_jitter_ms, 0, 1e-9);
	assert_near(r.delta_ms, (200 * 20 + 97 * 60) / 297.0, 0.001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(perfect_packets_have_no_jitter),
		cmocka_unit_test(agrees_with_the_rfc_in_double),
		cmocka_unit_test(loss_of_five_like_tshark),
		cmocka_unit_test(three_swaps_like_tshark),
		cmocka_unit_test(five_duplicates_change_nothing),
		cmocka_unit_test(wraps_of_sequence_and_timestamp_like_tshark),
		cmocka_unit_test(silence_without_a_marker_is_no_delta),
		cmocka_unit_test(what_follows_a_late_packet_is_no_silence),
		cmocka_unit_test(a_longer_packet_time_is_a_longer_delta),
		cmocka_unit_test(a_marker_takes_silence_out_of_delta),
		cmocka_unit_test(a_timestamp_jump_is_no_jitter),
		cmocka_unit_test(a_timestamp_that_stands_still_says_nothing),
		cmocka_unit_test(extremes_are_exact_to_two_microseconds),
		cmocka_unit_test(packets_may_share_a_timestamp),
		cmocka_unit_test(media_time_may_go_on_behind_a_still_one),
		cmocka_unit_test(delta_saturates_at_4_2_seconds),
		cmocka_unit_test(mean_jitter_is_between_least_and_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
