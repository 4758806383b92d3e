/* SPDX-License-Identifier: BSD-3-Clause */
/* Properties of the whole report under generated calls with loss in bursts, jitter, silence and drift: what the
 * mirror port adds, the order within a jitter buffer, where numbers begin and how often one reports must not
 * change what is said. */
#include <stdlib.h>

#include "qos_stream_case.h"

enum {
	SENT = 3000,
	CALLS = 40,
};

struct call {
	struct rtp packets[2 * SENT]; /* by arrival */
	unsigned count;
	uint64_t lost, runs; /* the truth */
};

static struct call call;

static int by_arrival(const void *a, const void *b)
{
	const struct rtp *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	return 0;
}

/* Gilbert's two states: into loss with p, out of it with q percent; up to jitter_ns late, in order unless
 * that is more than 20 ms. Neither the first nor the last packet is lost. */
static void make_call(uint64_t *seed, uint32_t p, uint32_t q, uint32_t jitter_ns)
{
	bool is_losing = false;
	int64_t silence = 0;

	call.count = 0;
	call.lost = call.runs = 0;
	for (uint32_t i = 0; i < SENT; i++) {
		struct rtp packet = voice(i);
		bool was_losing = is_losing;

		is_losing = i > 0 && i < SENT - 1 &&
			    (is_losing ? draw(seed, 100) >= q : draw(seed, 100) < p);
		if (i % 500 == 400)
			silence += (int64_t)S;
		packet.ts += (uint32_t)(silence / 125000);
		packet.ns += silence + (i ? draw(seed, jitter_ns) : 0);
		call.lost += is_losing;
		call.runs += is_losing && !was_losing;
		if (!is_losing)
			call.packets[call.count++] = packet;
	}
	qsort(call.packets, call.count, sizeof(call.packets[0]), by_arrival);
}

struct way {
	unsigned copies; /* of each packet, the later ones 100 us behind */
	unsigned every; /* packets between PERIODIC reports; 0 none */
	uint16_t seq;
	uint32_t ts;
};

static struct qos_report measure(struct way way)
{
	struct rig rig;
	int64_t look = (int64_t)S;

	rig_init(&rig);
	for (unsigned i = 0; i < call.count; i++) {
		struct rtp p = call.packets[i];

		for (; p.ns >= look; look += (int64_t)S)
			qos_stream_look(&rig.env, &rig.hot, &rig.cold);
		p.seq = (uint16_t)(p.seq + way.seq);
		p.ts += way.ts;
		for (unsigned k = 0; k <= way.copies; k++, p.ns += 100000)
			feed(&rig, p);
		if (way.every && i % way.every == way.every - 1)
			(void)report_of(&rig, QOS_PERIODIC);
	}
	return report_of(&rig, QOS_FINAL);
}

static void assert_same(const struct qos_report *a, const struct qos_report *b)
{
	assert_memory_equal(a, b, sizeof(*a));
}

static void loss_and_burst_ratio_are_the_truth(void **state)
{
	uint64_t seed = 99991;

	(void)state;
	for (unsigned n = 0; n < CALLS; n++) {
		double share, ratio;
		struct qos_report r;

		make_call(&seed, n % 5, 20 + 10 * (n % 8), 15000000);
		share = (double)call.lost / SENT;
		ratio = call.runs ? (double)call.lost / (double)call.runs * (1 - share) : 1;
		r = measure((struct way){0});
		assert_int_equal(r.lost, call.lost);
		assert_near(r.burst_ratio, fmax(1, ratio), 1e-9);
		assert_int_equal(r.discards[QOS_BUFFER_SMALL], 0);
	}
}

static void copies_of_the_mirror_change_nothing(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (unsigned n = 0; n < CALLS; n++) {
		struct qos_report once, twice;

		make_call(&seed, n % 4, 50, 1000000 + 2000000 * n);
		once = measure((struct way){0});
		twice = measure((struct way){.copies = 1 + n % 3});
		assert_int_equal(twice.duplicates, (1 + n % 3) * once.packets);
		/* The two counts that are about them. */
		twice.duplicates = once.duplicates;
		twice.sequence_errors = once.sequence_errors;
		assert_same(&twice, &once);
	}
}

static void offsets_change_nothing(void **state)
{
	static const uint32_t offsets[] = {1, 32768, 62537, 65535, 0x80000000, 0xfffffff0};
	uint64_t seed = 11;

	(void)state;
	for (unsigned n = 0; n < CALLS; n++) {
		struct qos_report plain, moved;

		make_call(&seed, n % 4, 50, 1000000 + 2000000 * n);
		plain = measure((struct way){0});
		for (size_t o = 0; o < COUNT(offsets); o++) {
			moved = measure(
				(struct way){.seq = (uint16_t)offsets[o], .ts = offsets[o] * 3});
			assert_same(&moved, &plain);
		}
	}
}

/* Reports in between: all but the scores of intervals. */
static void intervals_change_only_their_own_scores(void **state)
{
	uint64_t seed = 13;

	(void)state;
	for (unsigned n = 0; n < CALLS; n++) {
		struct qos_report whole, parts;

		make_call(&seed, n % 4, 50, 1000000 + 2000000 * n);
		whole = measure((struct way){0});
		parts = measure((struct way){.every = 20 + 37 * (n % 9)});
		parts.mos = whole.mos;
		parts.r = whole.r;
		parts.min_mos = whole.min_mos;
		parts.min_r = whole.min_r;
		parts.mean_mos = whole.mean_mos;
		parts.mean_r = whole.mean_r;
		parts.ie_eff = whole.ie_eff;
		parts.scored = whole.scored;
		assert_same(&parts, &whole);
	}
}

/* The same arrival times, some neighbours changed: 20 ms early and 20 ms late are within the 50 ms of the smallest
 * buffer, whichever of them begins a talkspurt. Loss, discards, bursts and all scores stay, with reports in between
 * as well. */
static void order_within_the_buffer_does_not_matter(void **state)
{
	uint64_t seed = 17;

	(void)state;
	for (unsigned n = 0; n < CALLS; n++) {
		struct way way = {.every = n % 2 ? 200 : 0};
		struct qos_report sorted, mixed;

		make_call(&seed, n % 4, 50, 1);
		sorted = measure(way);
		for (unsigned i = 1; i + 2 < call.count; i += 2 + draw(&seed, 2)) {
			struct rtp *p = &call.packets[i], first = p[0];

			/* A loss or a silence lies between some. */
			if (p[1].ns - p[0].ns > (int64_t)(20 * MS))
				continue;
			first.ns = p[1].ns;
			p[1].ns = p[0].ns;
			p[0] = p[1];
			p[1] = first;
		}
		mixed = measure(way);
		assert_true(mixed.reordered > call.count / 10);
		assert_int_equal(mixed.packets, sorted.packets);
		assert_int_equal(mixed.lost, sorted.lost);
		assert_int_equal(mixed.lost, call.lost);
		for (unsigned k = 0; k < QOS_BUFFERS; k++) {
			assert_int_equal(mixed.discards[k], 0);
			assert_near(mixed.buffer_mos[k], sorted.buffer_mos[k], 0);
		}
		assert_int_equal(mixed.bursts, sorted.bursts);
		assert_near(mixed.burst_ratio, sorted.burst_ratio, 0);
		if (way.every)
			continue;
		assert_near(mixed.mos, sorted.mos, 0);
		assert_near(mixed.min_mos, sorted.min_mos, 0);
		assert_near(mixed.mean_mos, sorted.mean_mos, 0);
	}
}

/* Without loss nothing of the order may show in any interval's score. */
static void reordering_leaves_no_mark_in_an_interval(void **state)
{
	uint64_t seed = 19;

	(void)state;
	for (unsigned every = 50; every < 60; every++) {
		struct qos_report r;

		make_call(&seed, 0, 50, 1);
		for (unsigned i = 1; i + 1 < 390; i += 2) {
			struct rtp first = call.packets[i];

			first.ns = call.packets[i + 1].ns;
			call.packets[i + 1].ns = call.packets[i].ns;
			call.packets[i] = call.packets[i + 1];
			call.packets[i + 1] = first;
		}
		r = measure((struct way){.every = every});
		assert_int_equal(r.lost, 0);
		assert_near(r.min_mos, 4.4094, 1e-4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loss_and_burst_ratio_are_the_truth),
		cmocka_unit_test(copies_of_the_mirror_change_nothing),
		cmocka_unit_test(offsets_change_nothing),
		cmocka_unit_test(intervals_change_only_their_own_scores),
		cmocka_unit_test(order_within_the_buffer_does_not_matter),
		cmocka_unit_test(reordering_leaves_no_mark_in_an_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
