/* SPDX-License-Identifier: BSD-3-Clause */
/* What a look once a second finds: drift, delay variation, frames, a wrong clock. */
#include "qos_stream_case.h"

/* Packets of ticks each, every_ns apart with up to noise_ns more; a look a second. */
static void feed_looked_at(struct rig *rig, uint8_t pt, uint32_t count, uint32_t ticks,
	int64_t every_ns, uint32_t noise_ns)
{
	int64_t look = (int64_t)S;
	uint64_t seed = 1234567;

	for (uint32_t i = 0; i < count; i++) {
		int64_t ns = every_ns * i + (noise_ns ? draw(&seed, noise_ns) : 0);

		for (; ns >= look; look += (int64_t)S)
			qos_stream_look(&rig->env, &rig->hot, &rig->cold);
		feed(rig, (struct rtp){.seq = (uint16_t)i,
				  .ts = ticks * i,
				  .ns = ns,
				  .pt = pt,
				  .bytes = 160});
	}
}

/* Five minutes at 20 ms with 1 ms of noise. */
static void finds_drift(void **state)
{
	static const int ppm[] = {0, 20, -35, 100, -250};

	(void)state;
	for (size_t i = 0; i < COUNT(ppm); i++) {
		struct qos_report r;
		struct rig rig;

		rig_init(&rig);
		/* A fast sender's 20 ms are shorter. */
		feed_looked_at(&rig, PCMU, 15000, 160, (int64_t)(20 * MS) - 20 * ppm[i], MS);
		r = report_of(&rig, QOS_FINAL);
		assert_near(r.drift_ppm, ppm[i], 5);
	}
}

static void says_nothing_of_drift_too_early(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_looked_at(&rig, PCMU, 500, 160, (int64_t)(20 * MS), 10 * MS);
	assert_true(isnan(report_of(&rig, QOS_FINAL).drift_ppm));
}

/* Two lines of the same slope with a jump between. */
static void a_jump_is_no_drift(void **state)
{
	struct qos_drift drift = {0};

	(void)state;
	for (unsigned t = 0; t < 100; t++)
		qos_drift_add(&drift, t, 50000.0 * t);
	qos_drift_break(&drift);
	for (unsigned t = 100; t < 200; t++)
		qos_drift_add(&drift, t, 50000.0 * t - 7e8);
	assert_near(qos_drift_ppm(&drift), 50, 1e-6);
}

/* Uniform between 0 and 10 ms: quantiles are 5, 9.5 and 9.9 ms above the least of 16, which is up to 2 ms
 * above 0; borders of buckets are at most the square root of two further. */
static void delay_variation_is_within_a_bucket(void **state)
{
	struct qos_report r;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_looked_at(&rig, PCMU, 60000, 160, (int64_t)(20 * MS), 10 * MS);
	r = report_of(&rig, QOS_FINAL);
	assert_true(r.pdv_p50_ms >= 3 && r.pdv_p50_ms <= 5.5 * M_SQRT2);
	assert_true(r.pdv_p95_ms >= 7.5 && r.pdv_p95_ms <= 10 * M_SQRT2);
	assert_true(r.pdv_p99_ms >= r.pdv_p95_ms && r.pdv_p99_ms <= 10 * M_SQRT2);
}

static void quantiles_wait_for_samples(void **state)
{
	struct qos_look_sample sample[20] = {[10] = {.transit_ns = 6400000}};
	struct qos_pdv pdv = {0};

	(void)state;
	assert_true(isnan(qos_pdv_quantile(&pdv, 0.5, 2)));
	/* 19 of 0 and one of 6.4 ms: 100 us times the root of two to the twelfth. */
	qos_pdv_add(&pdv, sample, 20);
	assert_near(qos_pdv_quantile(&pdv, 0.5, 2), 100000, 0);
	assert_near(qos_pdv_quantile(&pdv, 0.95, 20), 100000, 0);
	assert_near(qos_pdv_quantile(&pdv, 0.99, 20), 6400000, 1e-3);
	assert_true(isnan(qos_pdv_quantile(&pdv, 0.99, 100)));
}

static void finds_the_length_of_frames(void **state)
{
	static const uint32_t ms[] = {10, 20, 30, 40, 60, 120};

	(void)state;
	for (size_t i = 0; i < COUNT(ms); i++) {
		struct rig rig;

		rig_init(&rig);
		feed_looked_at(&rig, PCMU, 100, 8 * ms[i], (int64_t)(ms[i] * MS), 3 * MS);
		assert_near(report_of(&rig, QOS_FINAL).frame_ms, ms[i], 1e-9);
	}
}

/* Every second look follows a packet that came 25 places late: half of the media time for all of
 * the numbers. */
static void a_late_packet_before_a_look_is_no_length_of_frames(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t second = 0; second < 12; second++) {
		uint32_t late = 50 * second + (second % 2 ? 24 : 49);
		struct rtp p = voice(late);

		for (uint32_t i = 50 * second; i < 50 * second + 50; i++)
			if (i != late)
				feed(&rig, voice(i));
		p.ns = voice(50 * second + 49).ns + (int64_t)MS;
		feed(&rig, p);
		qos_stream_look(&rig.env, &rig.hot, &rig.cold);
		assert_int_equal(rig.cold.frame_ticks, 160);
	}
}

/* Nothing but pairs that changed places: no two packets in a row tell. Looks behind a late one, an
 * early one, a late one. */
static void finds_the_length_of_frames_in_disorder(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < 150; i++) {
		struct rtp p = voice(i ^ 1);

		p.ns = voice(i).ns;
		feed(&rig, p);
		if (i == 49 || i == 100 || i == 149)
			qos_stream_look(&rig.env, &rig.hot, &rig.cold);
	}
	assert_near(report_of(&rig, QOS_FINAL).frame_ms, 20, 1e-9);
}

/* From the third packet on, whatever is lost between. */
static void finds_the_length_of_frames_between_losses(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < 20; i += i % 5 + 2) {
		feed(&rig, voice(i));
		assert_int_equal(rig.cold.frame_ticks, i > 2 ? 160 : 0);
	}
}

/* A sender that begins anew 12 ms early: 48 packets of 20 ms take 948, which comes out even. */
static void what_comes_out_even_once_is_no_length_of_frames(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < 160; i++) {
		struct rtp p = voice(i);

		p.ts -= i < 80 ? 0 : 96;
		p.ns -= i < 80 ? 0 : (int64_t)(12 * MS);
		feed(&rig, p);
		if (i % 48 == 47) {
			qos_stream_look(&rig.env, &rig.hot, &rig.cold);
			assert_int_equal(rig.cold.frame_ticks, 160);
		}
	}
}

/* 20 ms become 40 and 10, with and without looks. */
static void follows_frames_that_change(void **state)
{
	(void)state;
	for (unsigned looks = 0; looks < 2; looks++) {
		uint32_t ts = 0;
		struct rig rig;

		rig_init(&rig);
		for (uint32_t i = 0; i < 600; i++) {
			uint32_t ms = i < 200 ? 20 : i < 400 ? 40 : 10;

			if (i % 100 == 99 && looks)
				qos_stream_look(&rig.env, &rig.hot, &rig.cold);
			feed(&rig, (struct rtp){.seq = (uint16_t)i,
					   .ts = ts,
					   .ns = (int64_t)ts * 125000,
					   .bytes = (uint16_t)(8 * ms)});
			if (i == 399)
				assert_near(report_of(&rig, QOS_FINAL).frame_ms, 40, 1e-9);
			ts += 8 * ms;
		}
		if (looks)
			assert_near(report_of(&rig, QOS_FINAL).frame_ms, 10, 1e-9);
	}
}

/* Speech of 20 ms and 32 octets, then a descriptor of 7 octets every 160 ms: AMR. */
static void silence_descriptors_are_no_frames(void **state)
{
	struct qos_report r;
	uint32_t ts = 0;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < 300; i++) {
		bool is_silent = i % 100 >= 50;

		feed(&rig, (struct rtp){.seq = (uint16_t)i,
				   .ts = ts,
				   .ns = (int64_t)ts * 62500,
				   .pt = AMR_WB,
				   .bytes = is_silent ? 7 : 32});
		ts += is_silent ? 2560 : 320;
		if (i % 8 == 0)
			qos_stream_look(&rig.env, &rig.hot, &rig.cold);
	}
	r = report_of(&rig, QOS_FINAL);
	assert_near(r.frame_ms, 20, 1e-9);
	assert_near(r.max_delta_ms, 20, 1e-6);
	assert_near(r.delta_ms, 20, 1e-6);
	assert_near(r.max_jitter_ms, 0, 1e-6);
	assert_int_equal(r.discards[QOS_BUFFER_SMALL], 0);
	assert_near(r.mos, 4.3371, 1e-4);
}

/* The first of them is as near to speech as speech (TS 26.093 SID_FIRST), and jitter of more than
 * ever before takes every packet of silence to where frames are learnt. */
static void the_first_descriptor_is_no_frame(void **state)
{
	uint32_t ts = 0;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (uint32_t i = 0; i < 60; i++) {
		bool is_silent = i >= 50;

		feed(&rig, (struct rtp){.seq = (uint16_t)i,
				   .ts = ts,
				   .ns = (int64_t)ts * 62500 + (int64_t)(i % 2 * i * MS / 10),
				   .pt = AMR_WB,
				   .bytes = is_silent ? 7 : 32});
		ts += is_silent ? 2560 : 320;
		assert_true(i < 3 || rig.cold.frame_ticks == 320);
	}
}

/* The size of packets tells the mode, from one look to the next; silence descriptors tell nothing. */
static void follows_the_mode(void **state)
{
	static const struct {
		uint16_t bytes;
		const char *mode;
		double ie;
		enum qos_basis basis;
	} rows[] = {{33, "12.65", 13, QOS_BASIS_G113}, {61, "23.85", 8, QOS_BASIS_G113},
		{7, "23.85", 8, QOS_BASIS_G113}, {18, "6.6", 41, QOS_BASIS_ASSUMED}};
	uint32_t i = 0;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	assert_near(report_of(&rig, QOS_PERIODIC).ie, 0, 0);
	for (size_t n = 0; n < COUNT(rows); n++) {
		struct qos_report r;

		for (uint32_t end = i + 200; i < end; i++) {
			feed(&rig, (struct rtp){.seq = (uint16_t)i,
					   .ts = 320 * i,
					   .ns = (int64_t)(20 * MS) * i,
					   .pt = AMR_WB,
					   .bytes = rows[n].bytes});
			if (i % 50 == 49)
				qos_stream_look(&rig.env, &rig.hot, &rig.cold);
		}
		r = report_of(&rig, QOS_PERIODIC);
		assert_string_equal(r.payload.codec->mode, rows[n].mode);
		assert_int_equal(r.payload.codec->basis, rows[n].basis);
		assert_near(r.ie, rows[n].ie, 0);
		assert_near(r.ie_eff, rows[n].ie, 1e-9);
	}
}

/* What the packets of a stream begin with, and how often somebody asked. */
struct heads {
	uint8_t toc;
	unsigned asked;
	bool is_away; /* only descriptors are at hand */
};

static struct qos_head head_fn(void *arg, const struct pkt_media *m)
{
	struct heads *heads = arg;

	heads->asked++;
	return qos_head_of(bytes_of(&heads->toc, heads->is_away ? 0 : 1), m->marker_pt & 0x7f);
}

/* Opus at 40 kbit/s from packet *i on, each with 100 octets, a look a second. */
static void feed_opus(struct rig *rig, uint32_t *i, uint32_t count)
{
	for (uint32_t end = *i + count; *i < end; ++*i) {
		feed(rig, (struct rtp){.seq = (uint16_t)*i,
				  .ts = 960 * *i,
				  .ns = (int64_t)(20 * MS) * *i,
				  .pt = OPUS,
				  .bytes = 100});
		if (*i % 50 == 49) {
			qos_stream_want_head(
				&rig->env, &rig->hot, &rig->cold, START_NS + 20 * MS * *i);
			qos_stream_look(&rig->env, &rig->hot, &rig->cold);
		}
	}
}

/* Some ten seconds apart, of one packet each; another band shows in the second of them. */
static void asks_a_packet_for_its_band(void **state)
{
	enum {
		LONG = 2 * 430
	}; /* packets, in which somebody asks twice at least */
	struct heads heads = {.toc = 9 << 3};
	struct qos_report r;
	struct rig rig;
	uint32_t i = 0;

	(void)state;
	rig_init(&rig);
	rig.env.head_fn = head_fn;
	rig.env.payload_arg = &heads;
	feed_opus(&rig, &i, LONG + 50);
	assert_in_range(heads.asked, 2, 3);
	r = report_of(&rig, QOS_PERIODIC);
	assert_int_equal(r.scale, QOS_WB);
	assert_string_equal(r.payload.codec->mode, "wb-13");
	assert_int_equal(r.basis, QOS_BASIS_ASSUMED);
	/* Between, packets are not for the cold half: the next one is in order and only that. */
	feed_opus(&rig, &i, 150 - i % 50);
	assert_int_equal(rig.cold.head_after_ns && rig.hot.clock & QOS_HOT_LOOK, false);

	heads = (struct heads){.toc = 31 << 3};
	feed_opus(&rig, &i, LONG);
	r = report_of(&rig, QOS_PERIODIC);
	assert_int_equal(r.scale, QOS_FB);
	assert_string_equal(r.payload.codec->mode, "swb-40");
	assert_int_equal(r.basis, QOS_BASIS_LIT);
	assert_near(r.ie, 10.7, 0);

	heads = (struct heads){.toc = 0, .is_away = true};
	feed_opus(&rig, &i, LONG);
	assert_in_range(heads.asked, 2, 3);
	assert_int_equal(report_of(&rig, QOS_PERIODIC).scale, QOS_FB);
}

/* SDP says one clock and the timestamps another; a type nobody explained. After a few seconds they are right,
 * and what the wrong clock made of the beginning is gone. */
static void finds_the_clock(void **state)
{
	static const struct {
		uint8_t pt;
		uint32_t hz;
	} rows[] = {{PCMU, 16000}, {OPUS, 8000}, {AMR_WB, 8000}, {UNKNOWN, 8000}, {UNKNOWN, 44100},
		{UNKNOWN, 48000}, {UNKNOWN, 90000}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct qos_report r;
		struct rig rig;

		rig_init(&rig);
		feed_looked_at(&rig, rows[i].pt, 1500, rows[i].hz / 50, (int64_t)(20 * MS), MS);
		r = report_of(&rig, QOS_FINAL);
		assert_int_equal(r.clock_hz, rows[i].hz);
		assert_near(r.frame_ms, 20, 1e-9);
		assert_true(r.max_jitter_ms < 1);
		assert_true(fabs(r.max_skew_ms) < 1);
		assert_int_equal(r.discards[QOS_BUFFER_SMALL], 0);
		assert_int_equal(r.lost, 0);
	}
}

static void believes_a_clock_that_is_right(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	feed_looked_at(&rig, PCMU, 1500, 160, (int64_t)(20 * MS), 15 * MS);
	assert_int_equal(report_of(&rig, QOS_FINAL).clock_hz, 0);
	/* No clock there is: 10 kHz. */
	rig_init(&rig);
	feed_looked_at(&rig, UNKNOWN, 1500, 200, (int64_t)(20 * MS), MS);
	assert_int_equal(report_of(&rig, QOS_FINAL).clock_hz, 0);
}

/* The packet before a pause of 30 ms comes 1 ms behind the one after it: the pause is not the length of a frame, though it
 * is there from both to the next. */
static void a_late_packet_at_a_pause_does_not_confirm_it(void **state)
{
	(void)state;
	for (uint32_t pause = 2; pause < 8; pause++) {
		struct rig rig;

		rig_init(&rig);
		for (uint32_t i = 0; i < 18; i++) {
			uint32_t n = i == pause - 1 ? pause : i == pause ? pause - 1 : i;
			uint32_t ts = 160 * n + (n >= pause ? 240 : 0);

			feed(&rig, (struct rtp){.seq = (uint16_t)n,
					   .ts = ts,
					   .ns = (int64_t)(ts / 8) * MS +
						 (n == pause - 1 ? 51 * (int64_t)MS : 0),
					   .pt = PCMU,
					   .bytes = 160});
		}
		assert_int_equal(rig.cold.frame_ticks, 160);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_drift),
		cmocka_unit_test(says_nothing_of_drift_too_early),
		cmocka_unit_test(a_jump_is_no_drift),
		cmocka_unit_test(delay_variation_is_within_a_bucket),
		cmocka_unit_test(quantiles_wait_for_samples),
		cmocka_unit_test(finds_the_length_of_frames),
		cmocka_unit_test(a_late_packet_before_a_look_is_no_length_of_frames),
		cmocka_unit_test(finds_the_length_of_frames_in_disorder),
		cmocka_unit_test(finds_the_length_of_frames_between_losses),
		cmocka_unit_test(what_comes_out_even_once_is_no_length_of_frames),
		cmocka_unit_test(follows_frames_that_change),
		cmocka_unit_test(silence_descriptors_are_no_frames),
		cmocka_unit_test(the_first_descriptor_is_no_frame),
		cmocka_unit_test(follows_the_mode),
		cmocka_unit_test(asks_a_packet_for_its_band),
		cmocka_unit_test(finds_the_clock),
		cmocka_unit_test(believes_a_clock_that_is_right),
		cmocka_unit_test(a_late_packet_at_a_pause_does_not_confirm_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
