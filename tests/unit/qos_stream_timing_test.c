/* SPDX-License-Identifier: BSD-3-Clause */
/* Delta, jitter (RFC 3550 A.8) and skew, against RFC 3550 done in double and against what tshark
 * 4.0.17 says of the same packets: 100 of them, G.711, 20 ms. */
#include "qos_stream_case.h"

/* Half of the last digit of tshark's figures. */
#define DIGIT 0.0005

struct timing {
	double delta, max_delta, jitter, mean_jitter, max_jitter, skew, max_skew;
};

static void assert_timing(struct rig *rig, struct timing want)
{
	struct qos_report r = report_of(rig, QOS_FINAL);

	assert_near(r.delta_ms, want.delta, DIGIT);
	assert_near(r.max_delta_ms, want.max_delta, DIGIT);
	assert_near(r.jitter_ms, want.jitter, DIGIT);
	assert_near(r.mean_jitter_ms, want.mean_jitter, DIGIT);
	assert_near(r.max_jitter_ms, want.max_jitter, DIGIT);
	assert_near(r.skew_ms, want.skew, DIGIT);
	assert_near(r.max_skew_ms, want.max_skew, DIGIT);
}

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
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < 100; i++) {
		struct rtp p = voice(i);

		p.ts += i < 50 ? 0 : 8000;
		p.ns += i < 50 ? 0 : (int64_t)S;
		feed(&rig, p);
	}
	assert_timing(&rig, (struct timing){.delta = 20, .max_delta = 20});
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

/* An event of 7 packets amid voice; RFC 4733 section 2.5.1: one timestamp for all of them. */
static void feed_event(struct rig *rig, uint32_t from, uint8_t pt)
{
	for (uint32_t i = from; i < from + 7; i++) {
		struct rtp p = voice(i);

		p.ts = voice(from).ts;
		p.ns += 3000000;
		p.pt = pt;
		p.bytes = 4;
		p.has_marker = i == from;
		feed(rig, p);
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

/* Nobody said that it is video: four packets of a frame, 30 frames a second. */
static void video_that_nobody_announced_has_a_clock(void **state)
{
	struct qos_report r;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < 4 * 900; i++) {
		feed(&rig, (struct rtp){.seq = (uint16_t)i,
				   .ts = 3000 * (i / 4),
				   .ns = (int64_t)S * (i / 4) / 30 + i % 4 * (int64_t)MS,
				   .pt = UNKNOWN,
				   .bytes = 1200});
		if (i % 120 == 119)
			qos_stream_look(&rig.env, &rig.hot, &rig.cold);
	}
	r = report_of(&rig, QOS_FINAL);
	assert_int_equal(r.clock_hz, 90000);
	assert_true(r.max_jitter_ms < 0.001);
	assert_int_equal(r.discards[QOS_BUFFER_SMALL], 0);
	assert_int_equal(r.ts_jumps, 0);
}

static void events_are_no_samples(void **state)
{
	static const uint8_t types[] = {EVENT, UNKNOWN};
	struct rig rig;

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct qos_report r;

		rig_init(&rig);
		feed_voice(&rig, 0, 49);
		feed_event(&rig, 50, types[i]);
		feed_voice(&rig, 57, 79);
		feed_event(&rig, 80, types[i]);
		feed_voice(&rig, 87, 99);
		assert_timing(&rig, (struct timing){.delta = 20, .max_delta = 20});
		r = report_of(&rig, QOS_FINAL);
		assert_int_equal(r.packets, 100);
		assert_int_equal(r.lost, 0);
		assert_int_equal(r.bytes, 86 * 160 + 14 * 4);
		assert_int_equal(r.payload.pt, PCMU);
	}
}

static void a_guessed_event_type_may_still_be_a_codec(void **state)
{
	struct qos_report r;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 9);
	feed_event(&rig, 10, UNKNOWN);
	for (uint32_t i = 17; i < 30; i++) {
		struct rtp p = voice(i);

		p.pt = UNKNOWN;
		feed(&rig, p);
	}
	r = report_of(&rig, QOS_FINAL);
	assert_int_equal(r.payload.pt, UNKNOWN);
	assert_int_equal(r.payload.clock, 0);
}

static void voice_may_turn_out_to_be_events(void **state)
{
	struct qos_payload event;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_event(&rig, 0, UNKNOWN);
	assert_int_equal(rig.hot.pt, UNKNOWN);
	qos_payload_init(&event, UNKNOWN, bytes_from_str("telephone-event"), 8000);
	qos_stream_set_payload(&rig.env, &rig.hot, &rig.cold, &event);
	feed_event(&rig, 7, UNKNOWN);
	feed_voice(&rig, 14, 20);
	feed_event(&rig, 21, UNKNOWN);
	assert_near(report_of(&rig, QOS_FINAL).max_jitter_ms, 0, 0);
	assert_int_equal(report_of(&rig, QOS_FINAL).payload.pt, PCMU);
	assert_int_equal(report_of(&rig, QOS_FINAL).packets, 28);
}

static void comfort_noise_and_the_packet_after_it_are_no_samples(void **state)
{
	/* 19 is what came before RFC 3551. */
	static const uint8_t types[] = {CN, 19};
	struct rig rig;

	(void)state;
	for (size_t t = 0; t < COUNT(types); t++) {
		rig_init(&rig);
		feed_voice(&rig, 0, 49);
		for (uint32_t i = 50; i < 100; i++) {
			struct rtp p = voice(i);

			/* 50 is the noise, after it a second of nothing. */
			p.ts += i == 50 ? 0 : 8000;
			p.ns += i == 50 ? 5000000 : (int64_t)S;
			p.pt = i == 50 ? types[t] : PCMU;
			feed(&rig, p);
		}
		assert_timing(&rig, (struct timing){.delta = 20, .max_delta = 20});
		assert_int_equal(qos_stream_last_ns(&rig.hot, &rig.cold), START_NS + 1980 * MS + S);
	}
}

static void a_stream_of_noise_alone_has_no_timing(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < 10; i++) {
		struct rtp p = voice(i);

		p.pt = CN;
		feed(&rig, p);
	}
	assert_timing(&rig, (struct timing){0});
	assert_int_equal(report_of(&rig, QOS_FINAL).packets, 10);
	assert_int_equal(report_of(&rig, QOS_FINAL).last_ns, START_NS + 180 * MS);
}

/* RFC 7160 section 3: another clock, other timestamps. */
static void a_payload_type_with_another_clock_begins_anew(void **state)
{
	struct qos_report r;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 49);
	for (uint32_t i = 50; i < 100; i++)
		feed(&rig, (struct rtp){.seq = (uint16_t)i,
				   .ts = 960 * i + 77,
				   .ns = voice(i).ns,
				   .pt = OPUS});
	assert_timing(&rig, (struct timing){.delta = 20, .max_delta = 20});
	r = report_of(&rig, QOS_FINAL);
	assert_string_equal(r.payload.name, "opus");
	assert_int_equal(r.payload.clock, 48000);
	feed_voice(&rig, 100, 149);
	assert_timing(&rig, (struct timing){.delta = 20, .max_delta = 20});
	assert_int_equal(rig.cold.jitter_skipped, 3);
}

static void an_unknown_clock_gives_delta_but_no_jitter(void **state)
{
	struct qos_payload payload;
	struct rig rig;
	uint32_t i = 0;

	(void)state;
	rig_init(&rig);
	/* 30 ms after every second packet, 10 after the others. */
	for (; i < 50; i++)
		feed(&rig, (struct rtp){.seq = (uint16_t)i,
				   .ts = 320 * i,
				   .ns = (int64_t)((20 * i + i % 2 * 10) * MS),
				   .pt = UNKNOWN});
	assert_timing(&rig, (struct timing){.delta = 990.0 / 49, .max_delta = 30});
	qos_payload_init(&payload, UNKNOWN, bytes_from_str("amr-wb"), 16000);
	qos_stream_set_payload(&rig.env, &rig.hot, &rig.cold, &payload);
	for (; i < 53; i++)
		feed(&rig, (struct rtp){.seq = (uint16_t)i,
				   .ts = 320 * i,
				   .ns = (int64_t)((20 * i + i % 2 * 10) * MS),
				   .pt = UNKNOWN});
	/* Two samples of 10 ms: 10/16 and 10/16 * 15/16 + 10/16. */
	assert_near(report_of(&rig, QOS_FINAL).jitter_ms, 1.2109, DIGIT);
	assert_near(report_of(&rig, QOS_FINAL).mean_jitter_ms, (0.625 + 1.2109) / 2, DIGIT);
	assert_near(report_of(&rig, QOS_FINAL).max_skew_ms, -10, DIGIT);
	assert_int_equal(report_of(&rig, QOS_FINAL).payload.clock, 16000);
}

static void time_that_steps_back_is_never_a_negative_delta(void **state)
{
	static const int64_t at_ms[] = {0, 20, 40, 35, 80, 100};
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < COUNT(at_ms); i++) {
		struct rtp p = voice(i);

		p.ns = at_ms[i] * (int64_t)MS;
		feed(&rig, p);
	}
	/* D is 0, 0, -20, 20, 0: J is 1.25, 2.421875, 2.2705078. */
	assert_timing(&rig, (struct timing){.delta = 20,
				    .max_delta = 40,
				    .jitter = 2.2705,
				    .mean_jitter = (1.25 + 2.421875 + 2.2705078) / 5,
				    .max_jitter = 2.4219,
				    .max_skew = 20});
}

/* With the times of a switch, and what brings the mirror here swaps packets: D is that of the switch's order. */
static void a_swap_that_times_undo_is_no_jitter(void **state)
{
	struct rig ordered, swapped;

	(void)state;
	rig_init(&ordered);
	rig_init(&swapped);
	for (uint32_t i = 0; i < 400; i++) {
		/* 0, 2, 1, 3, then 4, 7, 5, 6. */
		static const uint32_t orders[2][4] = {{0, 2, 1, 3}, {0, 3, 1, 2}};
		uint32_t number = i / 4 * 4 + orders[i / 4 % 2][i % 4];

		feed(&ordered, voice(i));
		feed(&swapped, voice(number));
	}
	assert_timing(&ordered, (struct timing){.delta = 20, .max_delta = 20});
	/* Order and the longest delta are those of arrival: that has the gap that the swap made. */
	assert_timing(&swapped, (struct timing){.delta = 20, .max_delta = 60});
	assert_int_equal(report_of(&swapped, QOS_FINAL).reordered, 150);
	assert_int_equal(report_of(&swapped, QOS_FINAL).lost, 0);
	assert_int_equal(swapped.cold.swapped, 150);
	for (unsigned i = 0; i < QOS_BUFFERS; i++)
		assert_int_equal(swapped.cold.buffers[i].discards, 0);
}

/* Each a little early or late at the switch, too: the skew of the next packet is its own. */
static void a_swapped_packet_leaves_no_skew(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < 400; i++) {
		uint32_t number = i ^ (i / 2 % 2 && i > 1);
		struct rtp p = voice(number);

		p.ns += number % 4 == 2 ? (int64_t)(4 * MS) : 0;
		feed(&rig, p);
	}
	assert_near(report_of(&rig, QOS_FINAL).max_skew_ms, -4, 0.01);
	assert_true(fabs(report_of(&rig, QOS_FINAL).skew_ms) <= 4.01);
	assert_true(report_of(&rig, QOS_FINAL).max_jitter_ms < 4);
}

/* A capture whose clock was set back by an hour, or merged in the wrong order. */
static void time_that_was_set_back_begins_anew(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < 100; i++) {
		struct rtp p = voice(i);

		p.ns -= i < 50 ? 0 : (int64_t)(3600 * S);
		feed(&rig, p);
		if (i == 70)
			assert_near(report_of(&rig, QOS_PERIODIC).delta_ms, 20, DIGIT);
	}
	assert_near(report_of(&rig, QOS_PERIODIC).delta_ms, 20, DIGIT);
	assert_timing(&rig, (struct timing){.delta = 20, .max_delta = 20});
	assert_int_equal(rig.cold.ts_jumps, 1);
}

static void senseless_times_are_survived(void **state)
{
	static const uint64_t times[] = {
		0, UINT64_MAX, 1, (uint64_t)1 << 63, 0, INT64_MAX, UINT64_MAX, 0};
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < COUNT(times); i++) {
		struct rtp p = voice(i);

		p.ts = i % 2 ? 0x7fffffff : 0;
		p.ns = (int64_t)(times[i] - START_NS);
		feed(&rig, p);
	}
	assert_true(isfinite(report_of(&rig, QOS_FINAL).delta_ms));
	assert_true(report_of(&rig, QOS_FINAL).delta_ms >= 0);
	assert_int_equal(report_of(&rig, QOS_FINAL).packets, 8);
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

/* 30 frames a second of five packets 0.5 ms apart, the last with a marker; some frames late, one packet of one
 * late. Jitter is that of the first packets, done in double. */
static void jitter_of_video_is_that_of_frames(void **state)
{
	double j = 0, j_max = 0, j_sum = 0, skew = 0, late = 0;
	struct qos_report r;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t f = 0; f < 300; f++) {
		double now = f % 7 == 3 ? 4 : 0;

		for (uint32_t k = 0; k < 5; k++) {
			uint32_t i = 5 * f + k;

			if (f == 100 && k < 2)
				i = 5 * f + 1 - k;
			feed(&rig, (struct rtp){.seq = (uint16_t)i,
					   .ts = 3000 * f,
					   .ns = (int64_t)f * 100000000 / 3 +
						 (int64_t)((now + 0.5 * k) * (double)MS),
					   .pt = H264,
					   .has_marker = k == 4,
					   .bytes = 160});
		}
		if (f) {
			j += (fabs(now - late) - j) / 16;
			j_max = fmax(j_max, j);
			j_sum += j;
		}
		late = now;
		skew = -now;
	}
	r = report_of(&rig, QOS_FINAL);
	assert_near(r.jitter_ms, j, DIGIT);
	assert_near(r.max_jitter_ms, j_max, DIGIT);
	assert_near(r.mean_jitter_ms, j_sum / 299, DIGIT);
	assert_near(r.skew_ms, skew, DIGIT);
	assert_near(r.max_skew_ms, -4, DIGIT);
	assert_near(r.max_delta_ms, 31.333 + 4, DIGIT);
	assert_near(r.frames_per_s, 30, 0.01);
	assert_int_equal(r.lost, 0);
	assert_int_equal(r.reordered, 1);
	assert_false(r.has_score);
}

/* A hundred packets of video lost in an instant are lost: their frames are not one packet long. */
static void a_gap_in_video_is_a_loss(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < 2000; i++) {
		/* Thumbnails of one packet, then frames of a hundred. */
		uint32_t frame = i < 100 ? i : 100 + (i - 100) / 100;

		if (i < 1000 || i >= 1150)
			feed(&rig, (struct rtp){.seq = (uint16_t)i,
					   .ts = 3000 * frame,
					   .ns = (int64_t)frame * 100000000 / 3 + i % 100 * 10000,
					   .pt = H264,
					   .bytes = 160});
	}
	assert_int_equal(report_of(&rig, QOS_FINAL).lost, 150);
	assert_int_equal(report_of(&rig, QOS_FINAL).restarts, 0);
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
		cmocka_unit_test(a_marker_takes_silence_out_of_delta),
		cmocka_unit_test(a_timestamp_jump_is_no_jitter),
		cmocka_unit_test(a_timestamp_that_stands_still_says_nothing),
		cmocka_unit_test(extremes_are_exact_to_two_microseconds),
		cmocka_unit_test(packets_may_share_a_timestamp),
		cmocka_unit_test(media_time_may_go_on_behind_a_still_one),
		cmocka_unit_test(video_that_nobody_announced_has_a_clock),
		cmocka_unit_test(events_are_no_samples),
		cmocka_unit_test(a_guessed_event_type_may_still_be_a_codec),
		cmocka_unit_test(voice_may_turn_out_to_be_events),
		cmocka_unit_test(comfort_noise_and_the_packet_after_it_are_no_samples),
		cmocka_unit_test(a_stream_of_noise_alone_has_no_timing),
		cmocka_unit_test(a_payload_type_with_another_clock_begins_anew),
		cmocka_unit_test(an_unknown_clock_gives_delta_but_no_jitter),
		cmocka_unit_test(time_that_steps_back_is_never_a_negative_delta),
		cmocka_unit_test(a_swap_that_times_undo_is_no_jitter),
		cmocka_unit_test(a_swapped_packet_leaves_no_skew),
		cmocka_unit_test(time_that_was_set_back_begins_anew),
		cmocka_unit_test(senseless_times_are_survived),
		cmocka_unit_test(delta_saturates_at_4_2_seconds),
		cmocka_unit_test(skew_follows_clock_drift),
		cmocka_unit_test(jitter_of_video_is_that_of_frames),
		cmocka_unit_test(a_gap_in_video_is_a_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
