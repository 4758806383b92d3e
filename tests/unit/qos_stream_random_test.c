/* SPDX-License-Identifier: BSD-3-Clause */
/* Properties of a stream under random packets with fixed seeds: what must always hold, agreement
 * with a plain set of numbers, and that no figure depends on where the numbers begin. */
#include "qos_stream_case.h"

static unsigned holes_of(unsigned __int128 holes)
{
	return (unsigned)(__builtin_popcountll((uint64_t)holes) +
			  __builtin_popcountll((uint64_t)(holes >> 64)));
}

static uint64_t given_up;

static struct qos_drops count_drops(void *arg, const struct qos_stream_cold *cold)
{
	(void)arg;
	(void)cold;
	return (struct qos_drops){.all = given_up, .past = given_up};
}

/* Ports tell of it when they are asked. */
static uint64_t told;
static uint32_t readings;

static struct qos_drops ask_ports(void *arg, const struct qos_stream_cold *cold)
{
	(void)arg;
	(void)cold;
	return (struct qos_drops){.all = told, .past = told, .ports = told, .readings = readings};
}

/* Every other stream has drops, half of these learn of them late. */
static qos_drops_fn begin_drops(uint64_t s)
{
	given_up = told = 0;
	readings = 0;
	if (s % 2 == 0)
		return NULL;
	return s % 4 == 1 ? count_drops : ask_ports;
}

static void drop(uint64_t *seed, uint32_t one_in, uint32_t most)
{
	given_up += draw(seed, one_in) == 0 ? draw(seed, most) : 0;
	if (draw(seed, 8))
		return;
	told = given_up;
	readings++;
}

static void assert_invariants(const struct rig *rig, uint64_t fed)
{
	const struct qos_stream_cold *c = &rig->cold;
	uint64_t expected = qos_stream_expected(&rig->hot, c);
	uint64_t packets = qos_stream_packets(&rig->hot, c);
	uint32_t length = c->hole_ext - c->base_ext + 1 + holes_of(c->given_up);

	assert_true(packets <= expected);
	assert_true(packets + c->duplicates + c->strays == fed);
	assert_true(holes_of(c->holes) <= expected - packets);
	assert_true(holes_of(c->given_up) <= c->own_drops);
	assert_true(((c->holes | c->given_up) & 1) == 0 && (c->holes & c->given_up) == 0);
	assert_true(length >= QOS_HOLES || c->holes >> length == 0);
	assert_true(holes_of(c->holes) + c->doubt.held <= expected - packets);
	assert_true(c->has_doubt || (!c->doubt.held && !c->doubt.bits));
	assert_true(c->jitter_skipped <= packets);
	assert_true(c->silent_deltas <= packets);
	assert_true(rig->hot.jitter_ns < rig->cold.jitter.most + (1 << QOS_RANGE_SHIFT));
	assert_true(rig->cold.jitter.most <= QOS_TS_JUMP_NS);
}

static struct rtp random_packet(uint64_t *seed, struct rtp last)
{
	static const uint8_t types[] = {PCMU, PCMU, PCMU, PCMU, OPUS, EVENT, CN, UNKNOWN};
	struct rtp p = {
		.seq = (uint16_t)(last.seq + 1),
		.ts = last.ts + 160,
		.ns = last.ns + draw(seed, 40000000),
		.pt = types[draw(seed, COUNT(types))],
		.has_marker = draw(seed, 10) == 0,
		.bytes = (uint16_t)draw(seed, 65536),
	};

	switch (draw(seed, 12)) {
	case 0:
		p.seq = (uint16_t)draw(seed, 65536);
		break;
	case 1:
		p.seq = (uint16_t)(last.seq - draw(seed, 110));
		break;
	case 2:
		p.seq = (uint16_t)(last.seq + draw(seed, 3100));
		break;
	case 3:
		p.ts = draw(seed, UINT32_MAX);
		break;
	case 4:
		p.ns -= draw(seed, 2000000000);
		break;
	default:
		break;
	}
	return p;
}

static void invariants_hold_under_random_packets(void **state)
{
	(void)state;
	for (uint64_t s = 1; s <= 200; s++) {
		uint64_t seed = s * 0x9e3779b97f4a7c15ull;
		struct rtp p = {.seq = (uint16_t)draw(&seed, 65536)};
		struct rig rig;

		rig_init(&rig);
		rig.env.drops_fn = begin_drops(s);
		for (uint64_t n = 1; n <= 2000; n++) {
			drop(&seed, 50, 20);
			feed(&rig, p);
			assert_invariants(&rig, n);
			p = random_packet(&seed, p);
		}
	}
}

struct arrival {
	uint32_t at;
	uint32_t number;
};

static int by_time(const void *a, const void *b)
{
	const struct arrival *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

enum {
	ARRIVALS_MAX = 6000,
	NUMBERS_MAX = 1 << 20,
};

/* Sent in order with gaps below QOS_MAX_DROPOUT, some twice, each up to 99 numbers late. */
static unsigned random_arrivals(uint64_t *seed, struct arrival *arrivals)
{
	uint32_t number = 1000;
	uint32_t lateness = 1 + draw(seed, 100);
	unsigned n = 0;

	while (n + 2 < ARRIVALS_MAX) {
		uint32_t kind = draw(seed, 100);

		number += kind == 0 ? 1 + draw(seed, 2800) : 1 + (kind < 5 ? draw(seed, 5) : 0);
		arrivals[n++] = (struct arrival){number + draw(seed, lateness), number};
		if (kind >= 95)
			arrivals[n++] = (struct arrival){number + draw(seed, lateness), number};
	}
	qsort(arrivals, n, sizeof(arrivals[0]), by_time);
	return n;
}

static void agrees_with_a_set_of_numbers(void **state)
{
	static struct arrival arrivals[ARRIVALS_MAX];
	static uint8_t is_seen[NUMBERS_MAX];

	(void)state;
	for (uint64_t s = 1; s <= 100; s++) {
		uint64_t seed = s * 0xd1342543de82ef95ull, unique = 0, late = 0;
		unsigned n = random_arrivals(&seed, arrivals);
		uint32_t low = UINT32_MAX, high = 0, offset = draw(&seed, 65536);
		struct qos_report r;
		struct rig rig;

		memset(is_seen, 0, sizeof(is_seen));
		rig_init(&rig);
		rig.env.drops_fn = begin_drops(s);
		for (unsigned i = 0; i < n; i++) {
			uint32_t number = arrivals[i].number;

			assert_true(number < NUMBERS_MAX);
			drop(&seed, 40, 30);
			feed(&rig, voice(number + offset));
			late += !is_seen[number] && number < high;
			unique += !is_seen[number];
			is_seen[number] = 1;
			low = number < low ? number : low;
			high = number > high ? number : high;
		}
		r = report_of(&rig, QOS_FINAL);
		assert_int_equal(r.packets, unique);
		assert_int_equal(r.duplicates, n - unique);
		assert_int_equal(r.lost + r.own_drops, high - low + 1 - unique);
		assert_true((r.own_drops > 0) == (s % 2));
		assert_int_equal(r.reordered, late);
		assert_int_equal(r.restarts, 0);
		assert_int_equal(rig.cold.strays, 0);
	}
}

static void offsets_change_nothing(void **state)
{
	static const struct {
		uint16_t seq;
		uint32_t ts;
	} offsets[] = {
		{0, 0}, {1, 1}, {32768, 0x80000000}, {65535, 0xffffffff}, {12345, 987654321}};

	(void)state;
	for (uint64_t s = 1; s <= 50; s++) {
		struct qos_report first;

		for (size_t o = 0; o < COUNT(offsets); o++) {
			uint64_t seed = s * 0x9e3779b97f4a7c15ull;
			struct rtp p = {0};
			struct qos_report r;
			struct rig rig;

			rig_init(&rig);
			for (unsigned n = 0; n < 1000; n++) {
				struct rtp moved = p;

				moved.seq = (uint16_t)(moved.seq + offsets[o].seq);
				moved.ts += offsets[o].ts;
				feed(&rig, moved);
				p = random_packet(&seed, p);
			}
			r = report_of(&rig, QOS_FINAL);
			if (o == 0)
				first = r;
			assert_memory_equal(&r, &first, sizeof(r));
		}
	}
}

/* Splitting into intervals must not change what all of it comes to. */
static void reports_in_between_change_nothing(void **state)
{
	(void)state;
	for (uint64_t s = 1; s <= 50; s++) {
		struct rig whole, parts;
		struct qos_report a, b;
		uint64_t seed = s * 0x9e3779b97f4a7c15ull;
		struct rtp p = {0};

		rig_init(&whole);
		rig_init(&parts);
		for (unsigned n = 0; n < 1000; n++) {
			feed(&whole, p);
			feed(&parts, p);
			p = random_packet(&seed, p);
			if (n % 37 == s % 37)
				(void)report_of(&parts, QOS_PERIODIC);
		}
		a = report_of(&whole, QOS_FINAL);
		b = report_of(&parts, QOS_FINAL);
		/* Scores are per interval. */
		a.has_score = b.has_score = false;
		a.scale = b.scale = QOS_NB;
		a.mos = a.min_mos = a.mean_mos = a.r = a.min_r = a.mean_r = 0;
		b.mos = b.min_mos = b.mean_mos = b.r = b.min_r = b.mean_r = 0;
		a.ie = a.bpl = a.ie_eff = b.ie = b.bpl = b.ie_eff = 0;
		a.basis = b.basis = QOS_BASIS_NONE;
		memset(a.buffer_mos, 0, sizeof(a.buffer_mos));
		memset(b.buffer_mos, 0, sizeof(b.buffer_mos));
		a.scored = b.scored = 0;
		assert_memory_equal(&a, &b, sizeof(a));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(invariants_hold_under_random_packets),
		cmocka_unit_test(agrees_with_a_set_of_numbers),
		cmocka_unit_test(offsets_change_nothing),
		cmocka_unit_test(reports_in_between_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
