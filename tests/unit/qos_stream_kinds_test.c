/* SPDX-License-Identifier: BSD-3-Clause */
/* Timing of what is no voice or changes: events, comfort noise, video, other clocks, and what nobody announced. */
#include "qos_timing_case.h"

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
		/* What is a guess is not said. */
		assert_int_equal(r.events, types[i] == EVENT ? 2 : 0);
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
	/* The one that was known to be. */
	assert_int_equal(report_of(&rig, QOS_FINAL).events, 1);
}

/* The last packet of a digit overtaken by the first one of the next. */
static void a_late_packet_is_of_no_new_event(void **state)
{
	static const uint16_t order[] = {10, 11, 13, 12, 14, 15};
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_voice(&rig, 0, 9);
	for (uint32_t i = 0; i < COUNT(order); i++)
		feed(&rig, (struct rtp){.seq = order[i],
				   .ts = (order[i] < 13 ? 10 : 13) * 160,
				   .ns = (int64_t)((10 + i) * 20 * MS),
				   .pt = EVENT,
				   .bytes = 4});
	assert_int_equal(report_of(&rig, QOS_FINAL).reordered, 1);
	assert_int_equal(report_of(&rig, QOS_FINAL).events, 2);
}

static void comfort_noise_is_no_event(void **state)
{
	static const uint8_t types[] = {CN, EVENT, CN};
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < COUNT(types); i++) {
		feed_voice(&rig, 20 * i, 20 * i + 9);
		feed_event(&rig, 20 * i + 10, types[i]);
		feed_voice(&rig, 20 * i + 17, 20 * i + 19);
	}
	assert_int_equal(report_of(&rig, QOS_FINAL).events, 1);
}

static void assert_codecs(struct rig *rig, unsigned changes, const char *first, const char *last)
{
	struct qos_report r = report_of(rig, QOS_FINAL);

	assert_int_equal(r.codec_changes, changes);
	assert_string_equal(r.first_name, first);
	assert_string_equal(r.payload.name, last);
}

static void feed_codec(struct rig *rig, uint32_t from, uint8_t pt)
{
	for (uint32_t i = from; i < from + 10; i++) {
		struct rtp p = voice(i);

		p.pt = pt;
		feed(rig, p);
	}
}

/* Digits and silence, another number for the same codec, and what repeats it are none. */
static void another_codec_is_a_change(void **state)
{
	static const uint8_t none[] = {OPUS, EVENT, OPUS, CN, RED, OPUS};
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < COUNT(none); i++)
		feed_codec(&rig, 10 * i, none[i]);
	assert_codecs(&rig, 0, "", "opus");
	feed_codec(&rig, 100, G729);
	assert_codecs(&rig, 1, "opus", "g729");
	feed_codec(&rig, 110, EVENT);
	feed_codec(&rig, 120, G729);
	assert_codecs(&rig, 1, "opus", "g729");
	feed_codec(&rig, 130, PCMU);
	feed_codec(&rig, 140, OPUS);
	assert_codecs(&rig, 3, "opus", "opus");
}

static void codecs_that_nobody_named_differ_by_their_number(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_codec(&rig, 0, UNKNOWN);
	feed_codec(&rig, 10, UNKNOWN + 1);
	assert_codecs(&rig, 1, "", "");
	assert_int_equal(report_of(&rig, QOS_FINAL).first_pt, UNKNOWN);
	feed_codec(&rig, 20, PCMU);
	assert_codecs(&rig, 2, "", "pcmu");
}

/* By its description, which comes late. */
static void a_codec_that_becomes_known_is_no_change(void **state)
{
	struct qos_payload payload;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_codec(&rig, 0, UNKNOWN);
	qos_payload_init(&payload, UNKNOWN, bytes_from_str("amr-wb"), 16000);
	qos_stream_change_payload(&rig.env, &rig.hot, &rig.cold, &payload);
	assert_codecs(&rig, 0, "", "amr-wb");
	qos_payload_init(&payload, UNKNOWN, bytes_from_str("ilbc"), 8000);
	qos_stream_change_payload(&rig.env, &rig.hot, &rig.cold, &payload);
	assert_codecs(&rig, 1, "amr-wb", "ilbc");
}

static void what_repairs_media_is_no_codec(void **state)
{
	struct qos_payload repair;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	qos_payload_init(&repair, UNKNOWN, bytes_from_str("ulpfec"), 8000);
	feed_voice(&rig, 0, 9);
	qos_stream_change_payload(&rig.env, &rig.hot, &rig.cold, &repair);
	feed_voice(&rig, 10, 19);
	assert_codecs(&rig, 0, "", "pcmu");
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
	struct qos_report r;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < 10; i++) {
		struct rtp p = voice(i);

		p.pt = CN;
		feed(&rig, p);
	}
	assert_timing(&rig, (struct timing){0});
	r = report_of(&rig, QOS_FINAL);
	assert_int_equal(r.packets, 10);
	assert_int_equal(r.last_ns, START_NS + 180 * MS);
	/* Payload type 0 would be PCMU. */
	assert_int_equal(r.payload.pt, CN);
	assert_string_equal(r.payload.name, "cn");
	feed_voice(&rig, 10, 20);
	feed_event(&rig, 20, EVENT);
	assert_int_equal(report_of(&rig, QOS_FINAL).payload.pt, PCMU);
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

/* The length of frames is known of the new codec before silence comes, or a sequence that begins anew. */
static void silence_and_restarts_after_another_codec(void **state)
{
	struct qos_report r;
	struct rig rig;

	(void)state;
	for (unsigned is_restart = 0; is_restart < 2; is_restart++) {
		rig_init(&rig);
		feed_voice(&rig, 0, 49);
		for (uint32_t i = 50; i < 100; i++) {
			struct rtp p = voice(i);

			p.pt = G729;
			p.seq += is_restart && i >= 75 ? 1000 : 0;
			p.ts += !is_restart && i >= 75 ? 4000 : 0;
			p.ns += !is_restart && i >= 75 ? (int64_t)(500 * MS) : 0;
			feed(&rig, p);
		}
		r = report_of(&rig, QOS_FINAL);
		assert_near(r.max_delta_ms, 20, DIGIT);
		assert_int_equal(r.restarts, is_restart);
		assert_int_equal(r.lost, 0);
	}
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

/* A screen that is shared, one packet a frame: it is no silence that two frames are half a second apart. */
static void slow_video_has_its_deltas(void **state)
{
	struct qos_report r;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < 40; i++)
		feed(&rig, (struct rtp){.seq = (uint16_t)i,
				   .ts = 45000 * i,
				   .ns = (int64_t)i * 500 * MS,
				   .pt = H264,
				   .has_marker = true,
				   .bytes = 160});
	r = report_of(&rig, QOS_FINAL);
	assert_near(r.delta_ms, 500, DIGIT);
	assert_near(r.max_delta_ms, 500, DIGIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(video_that_nobody_announced_has_a_clock),
		cmocka_unit_test(events_are_no_samples),
		cmocka_unit_test(a_guessed_event_type_may_still_be_a_codec),
		cmocka_unit_test(voice_may_turn_out_to_be_events),
		cmocka_unit_test(a_late_packet_is_of_no_new_event),
		cmocka_unit_test(comfort_noise_is_no_event),
		cmocka_unit_test(another_codec_is_a_change),
		cmocka_unit_test(codecs_that_nobody_named_differ_by_their_number),
		cmocka_unit_test(a_codec_that_becomes_known_is_no_change),
		cmocka_unit_test(what_repairs_media_is_no_codec),
		cmocka_unit_test(comfort_noise_and_the_packet_after_it_are_no_samples),
		cmocka_unit_test(a_stream_of_noise_alone_has_no_timing),
		cmocka_unit_test(a_payload_type_with_another_clock_begins_anew),
		cmocka_unit_test(silence_and_restarts_after_another_codec),
		cmocka_unit_test(an_unknown_clock_gives_delta_but_no_jitter),
		cmocka_unit_test(jitter_of_video_is_that_of_frames),
		cmocka_unit_test(a_gap_in_video_is_a_loss),
		cmocka_unit_test(slow_video_has_its_deltas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
