/* SPDX-License-Identifier: BSD-3-Clause */
/* Gaps of the probe's own making: no loss, counted apart, and only as many as it gave up. */
#include "qos_stream_case.h"

/* What the probe gave up so far, as the receiver counts it: ahead of what the stream sees. */
static uint64_t given_up;

static uint64_t count_drops(void *arg, const struct qos_stream_cold *cold)
{
	(void)arg;
	(void)cold;
	return given_up;
}

static void begin(struct rig *rig, uint64_t before)
{
	given_up = before;
	rig_init(rig);
	rig->env.drops_fn = count_drops;
	feed_voice(rig, 0, 9);
}

static void look(struct rig *rig)
{
	qos_stream_note_drops(&rig->env, &rig->hot, &rig->cold);
}

static void expect(struct rig *rig, uint64_t lost, uint64_t own_drops)
{
	struct qos_report r = report_of(rig, QOS_FINAL);

	assert_int_equal(r.lost, lost);
	assert_int_equal(r.own_drops, own_drops);
	assert_int_equal(r.expected, r.packets + r.lost);
}

static void a_gap_without_drops_is_loss(void **state)
{
	struct rig rig;

	(void)state;
	begin(&rig, 0);
	feed_voice(&rig, 12, 20);
	expect(&rig, 2, 0);
}

static void a_gap_of_own_making_is_no_loss(void **state)
{
	struct rig rig;

	(void)state;
	begin(&rig, 0);
	given_up = 2;
	feed_voice(&rig, 12, 20);
	expect(&rig, 0, 2);
}

/* Packet 12 is given up while 11 still waits in the queue. */
static void a_second_gap_given_up_before_the_first_was_seen_is_no_loss(void **state)
{
	struct rig rig;

	(void)state;
	begin(&rig, 0);
	given_up = 2;
	feed_voice(&rig, 11, 11);
	feed_voice(&rig, 13, 20);
	expect(&rig, 0, 2);
}

static void drops_explain_as_many_as_they_are(void **state)
{
	struct rig rig;

	(void)state;
	begin(&rig, 0);
	given_up = 2;
	feed_voice(&rig, 12, 20);
	feed_voice(&rig, 22, 30);
	expect(&rig, 1, 2);
}

static void old_drops_explain_nothing(void **state)
{
	struct rig rig;

	(void)state;
	begin(&rig, 0);
	given_up = 5;
	look(&rig);
	feed_voice(&rig, 10, 20);
	look(&rig);
	feed_voice(&rig, 22, 30);
	expect(&rig, 1, 0);
}

static void a_look_brings_no_drops_back(void **state)
{
	struct rig rig;

	(void)state;
	begin(&rig, 0);
	look(&rig);
	given_up = 3;
	feed_voice(&rig, 13, 20);
	look(&rig);
	feed_voice(&rig, 22, 30);
	expect(&rig, 1, 3);
}

/* While nothing of a stream comes its drops do not age, however many looks there are. */
static void drops_wait_for_the_end_of_the_gap(void **state)
{
	struct rig rig;

	(void)state;
	begin(&rig, 0);
	look(&rig);
	given_up = 490;
	for (unsigned i = 0; i < 10; i++)
		look(&rig);
	feed_voice(&rig, 500, 510);
	expect(&rig, 0, 490);
}

static void drops_before_the_stream_began_explain_nothing_after_a_look(void **state)
{
	struct rig rig;

	(void)state;
	begin(&rig, 1000);
	look(&rig);
	feed_voice(&rig, 11, 20);
	expect(&rig, 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_gap_without_drops_is_loss),
		cmocka_unit_test(a_gap_of_own_making_is_no_loss),
		cmocka_unit_test(a_second_gap_given_up_before_the_first_was_seen_is_no_loss),
		cmocka_unit_test(drops_explain_as_many_as_they_are),
		cmocka_unit_test(old_drops_explain_nothing),
		cmocka_unit_test(a_look_brings_no_drops_back),
		cmocka_unit_test(drops_wait_for_the_end_of_the_gap),
		cmocka_unit_test(drops_before_the_stream_began_explain_nothing_after_a_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
