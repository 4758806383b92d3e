/* SPDX-License-Identifier: BSD-3-Clause */
/* Clocks of switches: what is held up on the way is put back, what is no clock is not believed. A simulated
 * switch stamps a frame every 10 ms; the way takes 3 ms and is jammed by up to 10 ms more. */
#include "pkt_switch_time.h"
#include "unit.h"

#define MS     ((uint64_t)1000000)
#define SECOND (1000 * MS)
#define START  (1700000000 * SECOND)
#define EVERY  (10 * MS)

struct simulated {
	struct pkt_stamp stamp;
	unsigned used;
	int64_t ppm; /* it runs fast by */
	uint64_t epoch_ns; /* what it shows at START */
	uint64_t jam_ns;
	uint64_t now_ns; /* when the next frame comes by, truly */
	/* Of frames whose stamp was used: how much after that they are said to have come. */
	int64_t least_ns, most_ns, last_ns;
	int64_t step_ns; /* most from one to the next */
};

static struct pkt_switch_times times;
static uint32_t noise;

static int clear(void **state)
{
	(void)state;
	memset(&times, 0, sizeof(times));
	noise = 1;
	return 0;
}

static uint32_t random32(void)
{
	noise ^= noise << 13;
	noise ^= noise >> 17;
	noise ^= noise << 5;
	return noise;
}

static struct simulated make(unsigned unit)
{
	return (struct simulated){
		.stamp = {.source = {{192, 0, 2, 1}}, .clock = 42 << 6, .unit = (uint8_t)unit},
		.epoch_ns = 777777777777,
		.jam_ns = 10 * MS,
		.now_ns = START,
	};
}

static uint32_t value_at(const struct simulated *s)
{
	int64_t passed_ns = (int64_t)(s->now_ns - START);
	uint64_t ns = s->epoch_ns + (uint64_t)(passed_ns + passed_ns / 1000000 * s->ppm);

	if (s->stamp.unit == PKT_STAMP_1588)
		return (uint32_t)(ns % SECOND);
	return (uint32_t)(ns / (s->stamp.unit == PKT_STAMP_100US ? 100000 : 100));
}

static void note(struct simulated *s, int64_t late_ns)
{
	int64_t step_ns = late_ns > s->last_ns ? late_ns - s->last_ns : s->last_ns - late_ns;

	if (!s->used || late_ns < s->least_ns)
		s->least_ns = late_ns;
	if (!s->used || late_ns > s->most_ns)
		s->most_ns = late_ns;
	if (s->used && step_ns > s->step_ns)
		s->step_ns = step_ns;
	s->last_ns = late_ns;
	s->used++;
}

/* One frame. */
static void send_value(struct simulated *s, uint32_t value)
{
	uint64_t arrival_ns = s->now_ns + 3 * MS + (s->jam_ns ? random32() % s->jam_ns : 0);
	uint64_t used = times.counters.erspan_time_used;
	uint32_t behind_ns;

	s->stamp.value = value;
	behind_ns = pkt_switch_time_behind(&times, &s->stamp, arrival_ns);
	assert_true(behind_ns <= PKT_SWITCH_BEHIND_MAX_NS);
	if (times.counters.erspan_time_used > used)
		note(s, (int64_t)(arrival_ns - behind_ns - s->now_ns));
	else
		assert_int_equal(behind_ns, 0);
	s->now_ns += EVERY;
}

static void run(struct simulated *s, uint64_t ns)
{
	for (uint64_t end_ns = s->now_ns + ns; s->now_ns < end_ns;)
		send_value(s, value_at(s));
}

static void forget_figures(struct simulated *s)
{
	s->used = 0;
	s->step_ns = 0;
}

static void takes_the_jam_out_in_every_unit(void **state)
{
	static const int64_t tick_ns[] = {0, 100000, 100, 1};

	(void)state;
	for (unsigned unit = PKT_STAMP_100US; unit <= PKT_STAMP_1588; unit++) {
		struct simulated s = make(unit);

		/* 100 us and 100 ns wrap on the way; the second of IEEE 1588 does anyway. */
		if (unit != PKT_STAMP_1588)
			s.epoch_ns = ((uint64_t)tick_ns[unit] << 32) - 20 * SECOND;
		clear(NULL);
		run(&s, 60 * SECOND);
		assert_in_range(s.used, 5890, 5901);
		assert_int_equal(times.counters.erspan_time_refused, 0);
		assert_true(s.least_ns >= (int64_t)(3 * MS) - tick_ns[unit]);
		/* The best of the first second is within a few hundredths of the jam. */
		assert_true(s.most_ns - s.least_ns < 300000 + tick_ns[unit]);
		forget_figures(&s);
		run(&s, 60 * SECOND);
		assert_true(s.most_ns - s.least_ns < 20000 + tick_ns[unit]);
	}
}

static void waits_a_second_before_it_believes(void **state)
{
	struct simulated s = make(PKT_STAMP_100NS);

	(void)state;
	run(&s, 980 * MS);
	assert_int_equal(s.used, 0);
	assert_int_equal(times.counters.erspan_time_unproven, 98);
	run(&s, 50 * MS);
	assert_true(s.used);
}

static void follows_a_clock_that_drifts(void **state)
{
	static const int64_t ppms[] = {-100, 100};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct simulated s = make(PKT_STAMP_100NS);

		clear(NULL);
		s.ppm = ppms[i];
		run(&s, 600 * SECOND);
		assert_int_equal(times.counters.erspan_time_refused, 0);
		/* What drifts in two windows, and no step that is worth being called jitter. */
		assert_in_range(s.least_ns, MS, 13 * MS);
		assert_in_range(s.most_ns, MS, 13 * MS);
		assert_true(s.most_ns - s.least_ns < (int64_t)(3 * MS));
		assert_true(s.step_ns < 1000000);
	}
}

static void begins_again_after_a_step(void **state)
{
	struct simulated s = make(PKT_STAMP_100NS);

	(void)state;
	run(&s, 10 * SECOND);
	s.epoch_ns += 37 * SECOND; /* to TAI */
	forget_figures(&s);
	run(&s, 1900 * MS);
	assert_int_equal(s.used, 0);
	assert_int_equal(times.counters.erspan_time_refused, 1);
	run(&s, 10 * SECOND);
	assert_in_range(s.used, 980, 1000);
	assert_int_equal(times.counters.erspan_time_refused, 1);
	assert_true(s.most_ns - s.least_ns < 300000);
}

static void believes_it_no_more_after_long_silence(void **state)
{
	struct simulated s = make(PKT_STAMP_100US);

	(void)state;
	run(&s, 10 * SECOND);
	forget_figures(&s);
	s.now_ns += 59 * SECOND;
	run(&s, 100 * MS);
	assert_int_equal(s.used, 10);
	s.now_ns += 61 * SECOND;
	run(&s, 900 * MS);
	assert_int_equal(s.used, 10);
	run(&s, SECOND);
	assert_true(s.used > 90);
	assert_int_equal(times.counters.erspan_time_refused, 0);
}

static void keeps_clocks_apart(void **state)
{
	struct simulated s[4] = {make(PKT_STAMP_100NS), make(PKT_STAMP_100NS),
		make(PKT_STAMP_100NS), make(PKT_STAMP_100US)};

	(void)state;
	s[1].stamp.source.b[3] = 2;
	s[1].epoch_ns = 5 * SECOND;
	s[2].stamp.clock++;
	s[2].epoch_ns = 99 * SECOND;
	for (unsigned n = 0; n < 6000; n++)
		for (unsigned i = 0; i < 4; i++)
			send_value(&s[i], value_at(&s[i]));
	assert_int_equal(times.counters.erspan_time_refused, 0);
	for (unsigned i = 0; i < 4; i++) {
		assert_in_range(s[i].used, 5890, 5901);
		assert_true(s[i].most_ns - s[i].least_ns < 500000);
	}
}

static void believes_no_garbage(void **state)
{
	(void)state;
	for (unsigned unit = PKT_STAMP_100US; unit <= PKT_STAMP_1588; unit++) {
		struct simulated s = make(unit);

		clear(NULL);
		for (unsigned i = 0; i < 100000; i++)
			send_value(&s, random32() % (unit == PKT_STAMP_1588 ? SECOND : UINT32_MAX));
		assert_int_equal(s.used, 0);
		assert_true(times.counters.erspan_time_refused > 30000);
	}
}

static void believes_no_clock_that_stands(void **state)
{
	(void)state;
	for (unsigned unit = PKT_STAMP_100US; unit <= PKT_STAMP_1588; unit++) {
		struct simulated s = make(unit);

		clear(NULL);
		for (unsigned i = 0; i < 10000; i++)
			send_value(&s, 0);
		/* One a second always fits the second of IEEE 1588. */
		for (unsigned i = 0; i < 100; i++, s.now_ns += SECOND - EVERY)
			send_value(&s, 0);
		assert_int_equal(s.used, 0);
	}
}

/* Its unit is another than it says. */
static void believes_no_clock_of_another_rate(void **state)
{
	static const int64_t ppms[] = {-500000, -10000, 10000, 280000};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct simulated s = make(PKT_STAMP_100NS);

		clear(NULL);
		s.ppm = ppms[i];
		run(&s, 3600 * SECOND);
		/* One that runs fast makes every frame the fastest: that is the arrival. One that runs slow is
		 * found out after two windows of 8 s, a few times. */
		if (s.used)
			assert_true(s.least_ns >= -(int64_t)(175 * MS));
		if (ppms[i] < 0)
			assert_true(s.used < 96 * SECOND / EVERY);
	}
}

static void refuses_what_has_no_known_unit(void **state)
{
	struct simulated s = make(PKT_STAMP_OTHER);

	(void)state;
	run(&s, 10 * SECOND);
	s.stamp.unit = PKT_STAMP_1588;
	for (unsigned i = 0; i < 1000; i++)
		send_value(&s, (uint32_t)(SECOND + value_at(&s)));
	assert_int_equal(s.used, 0);
	assert_int_equal(times.counters.erspan_time_refused, 2000);
}

static void forgets_the_longest_silent_when_there_are_too_many(void **state)
{
	struct simulated s = make(PKT_STAMP_100NS), other = make(PKT_STAMP_100NS);

	(void)state;
	run(&s, 2 * SECOND);
	forget_figures(&s);
	other.now_ns = s.now_ns;
	for (unsigned i = 0; i < 100u * PKT_SWITCH_SETS * PKT_SWITCH_WAYS; i++) {
		other.stamp.source.b[0] = 10;
		other.stamp.source.b[2] = (uint8_t)(i >> 8);
		other.stamp.source.b[3] = (uint8_t)i;
		send_value(&other, value_at(&other));
		other.now_ns -= EVERY;
	}
	assert_true(times.counters.erspan_clocks_evicted > 10000);
	assert_int_equal(other.used, 0);
	run(&s, 900 * MS);
	assert_int_equal(s.used, 0);
	run(&s, 2 * SECOND);
	assert_true(s.used > 100);
}

static void stands_times_that_jump(void **state)
{
	struct simulated s = make(PKT_STAMP_100NS);

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		uint64_t arrival_ns = (uint64_t)random32() << (random32() & 31);

		s.stamp.value = random32();
		s.stamp.unit = (uint8_t)(1 + random32() % PKT_STAMP_OTHER);
		assert_true(pkt_switch_time_behind(&times, &s.stamp, arrival_ns) <=
			    PKT_SWITCH_BEHIND_MAX_NS);
	}
	assert_int_equal(times.counters.erspan_time_used + times.counters.erspan_time_unproven +
				 times.counters.erspan_time_refused,
		100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(takes_the_jam_out_in_every_unit, clear),
		cmocka_unit_test_setup(waits_a_second_before_it_believes, clear),
		cmocka_unit_test_setup(follows_a_clock_that_drifts, clear),
		cmocka_unit_test_setup(begins_again_after_a_step, clear),
		cmocka_unit_test_setup(believes_it_no_more_after_long_silence, clear),
		cmocka_unit_test_setup(keeps_clocks_apart, clear),
		cmocka_unit_test_setup(believes_no_garbage, clear),
		cmocka_unit_test_setup(believes_no_clock_that_stands, clear),
		cmocka_unit_test_setup(believes_no_clock_of_another_rate, clear),
		cmocka_unit_test_setup(refuses_what_has_no_known_unit, clear),
		cmocka_unit_test_setup(forgets_the_longest_silent_when_there_are_too_many, clear),
		cmocka_unit_test_setup(stands_times_that_jump, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
