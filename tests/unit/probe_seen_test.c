/* SPDX-License-Identifier: BSD-3-Clause */
/* Flows of which a whole packet went over: once a second each, eight to a set. */
#include "probe_seen.h"
#include "unit.h"

#define SECOND ((uint64_t)1 << 30)
#define NOW    (1500000000 * SECOND)

/* Their low three bits, which choose what a ninth replaces, repeat. */
static const uint32_t eight[PROBE_SEEN_WAYS] = {
	0x10, 0x20, 0x31, 0x41, 0xdeadbee7, 0xffffffff, 0x80000000, 0x7};

static struct probe_seen_set sets[2];
static struct probe_seen seen = {.sets = sets, .mask = 1};

static int clear(void **state)
{
	(void)state;
	memset(sets, 0, sizeof(sets));
	return 0;
}

static bool note(uint32_t set, uint32_t sig, uint64_t time_ns)
{
	return probe_seen_note(&seen, (uint64_t)set << 32 | sig, time_ns);
}

/* Whether it is known, leaving the set as it was. */
static bool knows(uint32_t set, uint32_t sig, uint64_t time_ns)
{
	struct probe_seen_set before = sets[set];
	bool is_known = note(set, sig, time_ns);

	sets[set] = before;
	return is_known;
}

static unsigned count_known(uint64_t time_ns)
{
	unsigned n = 0;

	for (unsigned i = 0; i < PROBE_SEEN_WAYS; i++)
		n += knows(0, eight[i], time_ns);
	return n;
}

static void note_eight(uint64_t time_ns)
{
	for (unsigned i = 0; i < PROBE_SEEN_WAYS; i++)
		assert_false(note(0, eight[i], time_ns));
}

static void a_flow_is_new_once_a_second(void **state)
{
	(void)state;
	for (uint64_t t = NOW; t < NOW + 5 * SECOND; t += SECOND) {
		assert_false(note(0, 0x10, t));
		assert_true(note(0, 0x10, t));
		assert_true(note(0, 0x10, t + SECOND / 2));
		assert_true(note(0, 0x10, t + SECOND - 1));
	}
	assert_false(note(0, 0x10, NOW)); /* the clock was set back */
}

/* Time stepped back: a second comes once more. */
static void what_is_forgotten_is_new_in_the_same_second(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		assert_false(note(0, 0x10, NOW));
		assert_true(note(0, 0x10, NOW));
		probe_seen_forget(&seen);
	}
}

static void eight_flows_of_a_set_are_kept(void **state)
{
	(void)state;
	for (uint64_t t = NOW; t < NOW + 3 * SECOND; t += SECOND) {
		note_eight(t);
		assert_int_equal(count_known(t), PROBE_SEEN_WAYS);
	}
}

static void a_ninth_forgets_one_other_only(void **state)
{
	(void)state;
	for (uint32_t ninth = 0x1000; ninth < 0x1010; ninth++) {
		memset(sets, 0, sizeof(sets));
		note_eight(NOW);
		assert_false(note(0, ninth, NOW));
		assert_true(knows(0, ninth, NOW));
		assert_int_equal(count_known(NOW), PROBE_SEEN_WAYS - 1);
	}
}

static void flows_of_earlier_seconds_go_first(void **state)
{
	(void)state;
	note_eight(NOW);
	for (unsigned i = 2; i < PROBE_SEEN_WAYS; i++)
		assert_false(note(0, eight[i], NOW + SECOND));
	assert_false(note(0, 0x1000, NOW + SECOND));
	assert_false(note(0, 0x1001, NOW + SECOND));
	assert_true(knows(0, 0x1000, NOW + SECOND));
	assert_true(knows(0, 0x1001, NOW + SECOND));
	assert_int_equal(count_known(NOW + SECOND), PROBE_SEEN_WAYS - 2);
}

static void sets_do_not_disturb_each_other(void **state)
{
	(void)state;
	note_eight(NOW);
	for (uint32_t sig = 0x1000; sig < 0x1100; sig++)
		assert_false(note(1, sig, NOW));
	assert_int_equal(count_known(NOW), PROBE_SEEN_WAYS);
	assert_false(knows(1, eight[0], NOW));
}

static void sets_are_half_full_at_most_and_bounded(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct probe_seen_set), 64);
	assert_int_equal(probe_seen_sets(0), 1024);
	assert_int_equal(probe_seen_sets(4096), 1024);
	assert_int_equal(probe_seen_sets(4097), 2048);
	assert_int_equal(probe_seen_sets(1000000), 262144);
	assert_int_equal(probe_seen_sets(UINT32_MAX), 1 << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_flow_is_new_once_a_second, clear),
		cmocka_unit_test_setup(what_is_forgotten_is_new_in_the_same_second, clear),
		cmocka_unit_test_setup(eight_flows_of_a_set_are_kept, clear),
		cmocka_unit_test_setup(a_ninth_forgets_one_other_only, clear),
		cmocka_unit_test_setup(flows_of_earlier_seconds_go_first, clear),
		cmocka_unit_test_setup(sets_do_not_disturb_each_other, clear),
		cmocka_unit_test(sets_are_half_full_at_most_and_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
