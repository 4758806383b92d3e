/* SPDX-License-Identifier: BSD-3-Clause */
/* How many packets each kind of evidence wants, what breaks the row, and that every packet offered
 * is accounted for. */
#include "qos_probation.h"
#include "qos_stream_case.h"

enum {
	NEED = 25, /* packets when only they speak for the flow */
};

static const struct pkt_seed seed = {{11, 22, 33, 44}};

struct probation {
	struct qos_probation p;
	struct qos_counters counters;
	uint64_t offered;
	uint64_t confirmed; /* packets of confirmed candidates */
	uint16_t first_seq; /* of the last one of these */
	uint64_t repeated; /* of it, too */
};

static int setup(void **state)
{
	struct probation *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	assert_int_equal(qos_probation_init(&t->p, 64, NEED, &seed, &t->counters), 0);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct probation *t = *state;

	qos_probation_fini(&t->p);
	free(t);
	return 0;
}

static struct qos_origin origin_of(uint32_t flow)
{
	return (struct qos_origin){
		.flow = {.family = 4,
			.sport = (uint16_t)(10000 + 2 * flow),
			.dport = 5004,
			.src.b = {10, 0, 0, 1},
			.dst.b = {10, 0, 0, 2}},
		.ssrc = flow,
	};
}

/* Every packet offered is pending, given up, or was confirmed. */
static void assert_conserved(struct probation *t)
{
	uint64_t open = 0;

	for (uint32_t i = 0; i < (t->p.set_mask + 1) * QOS_CANDIDATE_WAYS; i++) {
		open += t->p.candidates[i].last_ns != 0;
		assert_true(t->p.candidates[i].kept <= QOS_CANDIDATE_PACKETS);
	}
	assert_int_equal(t->offered, t->p.pending + t->p.unconfirmed + t->confirmed);
	assert_int_equal(t->counters.candidates_opened,
		open + t->counters.candidates_confirmed + t->counters.candidates_dropped);
}

/* Offers packet p of a flow; how many packets were confirmed with it, 0 when none. */
static uint32_t offer(struct probation *t, uint32_t flow, struct rtp p, bool is_announced)
{
	struct qos_origin origin = origin_of(flow);
	struct pkt_media m = {
		.key = pkt_media_key(&origin.flow, flow, &seed),
		.rtp_ts = p.ts,
		.seq = p.seq,
		.payload_bytes = p.bytes,
		.marker_pt = (uint8_t)(p.has_marker << 7 | p.pt),
	};
	struct qos_candidate *c;
	uint32_t kept;

	t->offered++;
	if (qos_probation_offer(&t->p, &m, &origin, is_announced, START_NS + (uint64_t)p.ns, &c) !=
		QOS_CONFIRMED) {
		assert_conserved(t);
		return 0;
	}
	kept = c->kept;
	assert_int_equal(c->pending, kept + c->repeated);
	assert_int_equal(c->packets[kept - 1].seq, p.seq);
	assert_int_equal(c->arrivals[kept - 1], START_NS + (uint64_t)p.ns);
	assert_int_equal(c->origin.ssrc, flow);
	t->confirmed += c->pending;
	t->first_seq = c->packets[0].seq;
	t->repeated = c->repeated;
	qos_probation_release(&t->p, c);
	assert_conserved(t);
	return kept;
}

/* The packet of a perfect stream at which it is believed, 0 if none of the first 100 is. */
static uint32_t believed_at(struct probation *t, uint32_t flow, uint8_t pt, bool has_marker,
	double hz, bool is_announced)
{
	for (uint32_t i = 0; i < 100; i++) {
		struct rtp p = voice(i);
		uint32_t kept;

		p.seq = (uint16_t)(p.seq + 65530);
		p.pt = pt;
		p.has_marker = has_marker && i == 0;
		p.ts = (uint32_t)(int64_t)(0xffffff00 + hz / 50 * i);
		kept = offer(t, flow, p, is_announced);
		if (kept) {
			assert_int_equal(kept, i + 1);
			return i + 1;
		}
	}
	return 0;
}

static void wants_as_many_packets_as_the_evidence_is_weak(void **state)
{
	struct probation *t = *state;
	struct pkt_flow back = origin_of(2).flow;

	assert_int_equal(believed_at(t, 1, PCMU, false, 8000, true), 2);
	/* STUN, DTLS or RTCP the other way. */
	back.src = origin_of(2).flow.dst;
	back.dst = origin_of(2).flow.src;
	back.sport = origin_of(2).flow.dport;
	back.dport = origin_of(2).flow.sport;
	qos_probation_hint(&t->p, &back, START_NS);
	assert_true(qos_probation_is_hinted(&t->p, &back, START_NS + 29 * S));
	assert_false(qos_probation_is_hinted(&t->p, &back, START_NS + 30 * S));
	assert_int_equal(believed_at(t, 2, 111, false, 48000, false), 4);
	assert_int_equal(believed_at(t, 3, PCMU, true, 8000, false), 12);
	assert_int_equal(believed_at(t, 4, PCMU, false, 8000, false), NEED);
	assert_int_equal(believed_at(t, 5, 111, true, 48000, false), NEED);
	assert_int_equal(believed_at(t, 6, 111, false, 90000, false), NEED);
	assert_int_equal(t->counters.candidates_confirmed, 6);
}

static void never_believes_an_implausible_clock(void **state)
{
	static const double hz[] = {0, 1, 5000, 130000, 1e6, -8000};
	struct probation *t = *state;

	for (uint32_t i = 0; i < COUNT(hz); i++) {
		assert_int_equal(believed_at(t, i, PCMU, true, hz[i], false), 0);
		assert_int_equal(believed_at(t, 10 + i, 111, false, hz[i], false), 0);
	}
	assert_int_equal(t->counters.candidates_confirmed, 0);
	/* No time at all went by. */
	for (uint32_t i = 0; i < 60; i++) {
		struct rtp p = voice(i);

		p.ns = 0;
		assert_int_equal(offer(t, 30, p, false), 0);
	}
}

static void a_jump_begins_anew(void **state)
{
	struct probation *t = *state;

	for (uint32_t i = 0; i < 24; i++)
		assert_int_equal(offer(t, 1, voice(i), false), 0);
	/* Five on is not four on. */
	assert_int_equal(offer(t, 1, voice(28), false), 0);
	assert_int_equal(t->p.unconfirmed, 24);
	assert_int_equal(t->p.pending, 1);
	for (uint32_t i = 29; i < 28 + NEED - 1; i++)
		assert_int_equal(offer(t, 1, voice(i), false), 0);
	assert_int_equal(offer(t, 1, voice(28 + NEED - 1), false), NEED);
	/* Announced, a gap is loss up to MAX_MISORDER. */
	assert_int_equal(offer(t, 2, voice(0), true), 0);
	assert_int_equal(offer(t, 2, voice(100), true), 2);
	assert_int_equal(offer(t, 3, voice(0), true), 0);
	assert_int_equal(offer(t, 3, voice(101), true), 0);
	assert_int_equal(offer(t, 3, voice(102), true), 2);
}

static void a_small_gap_is_loss(void **state)
{
	struct probation *t = *state;

	for (uint32_t i = 0; i < NEED - 1; i++)
		assert_int_equal(offer(t, 1, voice(4 * i), false), 0);
	assert_int_equal(offer(t, 1, voice(4 * (NEED - 1)), false), NEED);
}

static void late_packets_are_kept_and_repeated_ones_known(void **state)
{
	struct probation *t = *state;

	assert_int_equal(offer(t, 1, voice(5), true), 0);
	assert_int_equal(offer(t, 1, voice(5), true), 0);
	assert_int_equal(offer(t, 1, voice(4), true), 0);
	assert_int_equal(offer(t, 1, voice(5), true), 0);
	assert_int_equal(offer(t, 1, voice(6), true), 3);
	assert_int_equal(t->repeated, 2);
	/* One number over and over, or two in turns, never gets anywhere. */
	for (uint32_t i = 0; i < 200; i++) {
		struct rtp p = voice(i);

		p.seq = 7;
		assert_int_equal(offer(t, 2, p, false), 0);
		p.seq = (uint16_t)(7 + i % 2);
		assert_int_equal(offer(t, 3, p, false), 0);
	}
	assert_int_equal(t->p.pending, 2 * 200);
}

/* A mirror shows every packet so many times, at once or after the next two: the stream begins with the first one, and
 * all copies are known. */
static void repeated_packets_take_no_room_of_the_first(void **state)
{
	struct probation *t = *state;

	for (uint32_t times = 2; times <= 5; times++)
		for (uint32_t after = 0; after <= 2; after++) {
			uint32_t flow = 10 * times + after, kept = 0, copies = 0, i;

			for (i = 0; i < NEED + after && !kept; i++) {
				kept = offer(t, flow, voice(i), false);
				for (uint32_t k = 1; k < times && i >= after && !kept;
					k++, copies++)
					assert_int_equal(
						offer(t, flow, voice(i - after), false), 0);
			}
			assert_int_equal(i, NEED);
			assert_int_equal(kept, NEED);
			assert_int_equal(t->repeated, copies);
			assert_int_equal(t->first_seq, voice(0).seq);
		}
}

static void silence_begins_anew(void **state)
{
	struct probation *t = *state;
	struct rtp p = voice(1);

	assert_int_equal(offer(t, 1, voice(0), true), 0);
	p.ns = (int64_t)(5 * S);
	assert_int_equal(offer(t, 1, p, true), 2);
	assert_int_equal(offer(t, 2, voice(0), true), 0);
	p.ns = (int64_t)(5 * S) + 1;
	assert_int_equal(offer(t, 2, p, true), 0);
	assert_int_equal(t->p.unconfirmed, 1);
}

static void a_packet_without_origin_needs_a_candidate(void **state)
{
	struct probation *t = *state;
	struct qos_origin origin = origin_of(1);
	struct pkt_media m = {.key = pkt_media_key(&origin.flow, 1, &seed)};
	struct qos_candidate *c;

	assert_null(qos_probation_origin(&t->p, &m.key));
	assert_int_equal(qos_probation_offer(&t->p, &m, NULL, true, START_NS, &c), QOS_UNKNOWN);
	assert_int_equal(t->p.pending, 0);
	assert_int_equal(qos_probation_offer(&t->p, &m, &origin, true, START_NS, &c), QOS_PENDING);
	assert_int_equal(qos_probation_origin(&t->p, &m.key)->ssrc, 1);
	m.seq = 1;
	assert_int_equal(qos_probation_offer(&t->p, &m, NULL, true, START_NS, &c), QOS_CONFIRMED);
	assert_int_equal(c->kept, 2);
	qos_probation_release(&t->p, c);
	assert_null(qos_probation_origin(&t->p, &m.key));
}

static void a_full_set_gives_up_the_one_silent_longest(void **state)
{
	struct probation small = {0};

	(void)state;
	assert_int_equal(qos_probation_init(&small.p, 8, NEED, &seed, &small.counters), 0);
	for (uint32_t flow = 0; flow < 8; flow++)
		assert_int_equal(offer(&small, flow, voice(flow), false), 0);
	/* Flow 0 speaks again, so that 1 is the oldest. */
	assert_int_equal(offer(&small, 0, voice(8), false), 0);
	assert_int_equal(offer(&small, 8, voice(9), false), 0);
	assert_int_equal(small.counters.candidates_opened, 9);
	assert_int_equal(small.counters.candidates_dropped, 1);
	for (uint32_t flow = 0; flow <= 8; flow++) {
		struct qos_origin origin = origin_of(flow);
		struct pkt_media_key key = pkt_media_key(&origin.flow, flow, &seed);

		assert_int_equal(qos_probation_origin(&small.p, &key) != NULL, flow != 1);
	}
	qos_probation_fini(&small.p);
}

static void expiry_visits_all_in_sixteen_calls(void **state)
{
	struct probation *t = *state;

	for (uint32_t flow = 0; flow < 20; flow++)
		offer(t, flow, voice(0), false);
	for (unsigned i = 0; i < 16; i++)
		qos_probation_expire(&t->p, START_NS + 5 * S, false);
	assert_int_equal(t->p.pending, 20);
	for (unsigned i = 0; i < 16; i++)
		qos_probation_expire(&t->p, START_NS + 5 * S + 1, false);
	assert_int_equal(t->p.pending, 0);
	assert_int_equal(t->p.unconfirmed, 20);
	assert_conserved(t);
	offer(t, 1, voice(0), false);
	qos_probation_expire(&t->p, START_NS, true);
	assert_int_equal(t->p.unconfirmed, 21);
	assert_conserved(t);
}

static void conserves_every_packet_under_random_ones(void **state)
{
	struct probation *t = *state;
	uint64_t random = 4711;
	int64_t ns = 0;

	for (unsigned n = 0; n < 100000; n++) {
		uint32_t flow = draw(&random, 150);
		struct pkt_flow flow_of = origin_of(flow).flow;
		struct rtp p = voice(draw(&random, 20) ? n / 8 : draw(&random, 65536));

		ns += draw(&random, 3000000);
		p.ns = ns;
		p.has_marker = draw(&random, 50) == 0;
		offer(t, flow, p, flow % 10 == 0);
		if (flow % 10 == 1)
			qos_probation_hint(&t->p, &flow_of, START_NS + (uint64_t)ns);
		if (draw(&random, 100) == 0)
			qos_probation_expire(&t->p, START_NS + (uint64_t)ns, false);
	}
	assert_true(t->counters.candidates_confirmed > 100);
	assert_true(t->counters.candidates_dropped > 100);
	qos_probation_expire(&t->p, 0, true);
	assert_int_equal(t->p.pending, 0);
	assert_conserved(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		CASE(wants_as_many_packets_as_the_evidence_is_weak),
		CASE(never_believes_an_implausible_clock),
		CASE(a_jump_begins_anew),
		CASE(a_small_gap_is_loss),
		CASE(late_packets_are_kept_and_repeated_ones_known),
		CASE(repeated_packets_take_no_room_of_the_first),
		CASE(silence_begins_anew),
		CASE(a_packet_without_origin_needs_a_candidate),
		CASE(a_full_set_gives_up_the_one_silent_longest),
		CASE(expiry_visits_all_in_sixteen_calls),
		CASE(conserves_every_packet_under_random_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
