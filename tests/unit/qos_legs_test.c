/* SPDX-License-Identifier: BSD-3-Clause */
/* Which calls are legs of one conversation, by the media that goes through them and by name. */
#include "qos_call_case.h"
#include "qos_legs.h"

#define MS (S / 1000)

enum {
	A = 1, /* caller, B2BUA and callee */
	SBC = 2,
	B = 3,
};

struct world {
	struct qos_calls *calls;
	struct qos_legs *legs;
};

static int begin(void **state)
{
	static struct world w;

	urcu_qsbr_register_thread();
	w.calls = create_calls(100, 0);
	w.legs = qos_legs_create(100, &seed);
	assert_non_null(w.legs);
	*state = &w;
	return 0;
}

static int finish(void **state)
{
	struct world *w = *state;

	qos_calls_destroy(w->calls);
	qos_legs_destroy(w->legs);
	urcu_qsbr_unregister_thread();
	return 0;
}

static struct qos_call *open_call(struct world *w, const char *call_id, uint64_t at_ns)
{
	const struct line line = {INVITE, "INVITE", NULL};
	char text[1024];
	struct sip_msg msg = parse(text, sizeof(text), call_id, alice, &line);
	struct qos_call *call;

	assert_int_equal(take_message(w->calls, 0, &msg, at_ns, &call), QOS_CALL_OPENED);
	return call;
}

static unsigned offer(struct world *w, struct qos_call *call, uint8_t src, uint8_t dst,
	uint32_t ssrc, uint16_t seq, uint64_t at_ns)
{
	const struct pkt_flow flow = {.family = 4,
		.src.b = {192, 0, 2, src},
		.dst.b = {192, 0, 2, dst},
		.sport = 4000,
		.dport = 5000};
	const struct qos_leg_media media = {&flow, ssrc, 160u * seq, seq, at_ns};

	return qos_legs_offer(w->legs, call, &media);
}

static void assert_leg_at(struct qos_call *call, uint64_t now_ns, const char *want)
{
	struct bytes id = qos_leg_id(call, now_ns);

	if (!bytes_eq(id, bytes_from_str(want)))
		fail_msg("%.*s is not %s", (int)id.n, id.n ? (const char *)id.p : "", want);
}

static void assert_leg(struct qos_call *call, const char *want)
{
	assert_leg_at(call, 100000 * S, want);
}

/* Whichever of the two is seen first, and whichever way its media goes. */
static void relayed_media_joins_calls(void **state)
{
	struct world *w = *state;

	for (unsigned i = 0; i < 4; i++) {
		uint64_t at_ns = (1 + i) * S;
		char ids[2][16];
		struct qos_call *in, *out;
		bool is_back = i & 1, is_out_first = i & 2;

		snprintf(ids[0], sizeof(ids[0]), "in%u", i);
		snprintf(ids[1], sizeof(ids[1]), "out%u", i);
		in = open_call(w, ids[0], at_ns);
		out = open_call(w, ids[1], at_ns + MS);
		for (unsigned turn = 0; turn < 2; turn++) {
			bool is_out = is_out_first != (turn == 1);
			uint64_t ns = at_ns + (is_out != is_back ? 20 * MS : 0);
			uint8_t src = is_back ? (is_out ? B : SBC) : (is_out ? SBC : A);
			uint8_t dst = is_back ? (is_out ? SBC : A) : (is_out ? B : SBC);

			assert_int_equal(
				offer(w, is_out ? out : in, src, dst, 100 + i, 7, ns), turn == 1);
		}
		assert_leg(in, ids[0]);
		assert_leg(out, ids[0]);
		/* Once more says nothing new. */
		assert_false(offer(w, in, A, SBC, 100 + i, 8, at_ns + 20 * MS));
	}
}

static void other_media_joins_none(void **state)
{
	static const struct {
		uint8_t src, dst;
		uint32_t ssrc;
		uint16_t seq;
		uint64_t after_ns;
	} rows[] = {
		{SBC, B, 8, 100, 20 * MS}, /* another SSRC */
		{A, SBC, 7, 100, 20 * MS}, /* beside it, as load generators do */
		{SBC, A, 7, 100, 20 * MS}, /* the way back */
		{SBC, B, 7, 100, 200 * MS}, /* too late */
		{SBC, B, 7, 100, 20 * S},
		{SBC, B, 7, 30000, 20 * MS}, /* another place in the sequence */
		{SBC, B, 7, 200, 20 * MS}, /* too early by 100 packets */
	};
	struct world *w = *state;
	struct qos_call *in = open_call(w, "in", 10 * S), *out = open_call(w, "out", 11 * S);

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_false(offer(w, in, A, SBC, 7, 100, (100 + 100 * i) * S));
		assert_false(offer(w, out, rows[i].src, rows[i].dst, rows[i].ssrc, rows[i].seq,
			(100 + 100 * i) * S + rows[i].after_ns));
		assert_leg(in, "");
		assert_leg(out, "");
	}
	/* 100 packets on after 2 s. */
	assert_false(offer(w, in, A, SBC, 7, 100, 5000 * S));
	assert_true(offer(w, out, SBC, B, 7, 200, 5002 * S));
}

/* In any order the call that began first gives its Call-ID, and it is held while others need it. */
static void legs_of_legs_have_one_id(void **state)
{
	static const uint8_t orders[][2] = {{0, 1}, {1, 0}, {1, 2}, {2, 1}, {0, 2}, {2, 0}};
	struct world *w = *state;

	for (unsigned n = 0; n < 6; n++) {
		/* A leg for each hop between 1, 2, 3 and 4. */
		struct qos_call *calls[3];
		uint64_t at_ns = (10 + n) * S;
		unsigned joined = 0, last = 3u - orders[n][0] - orders[n][1];
		char ids[3][16];

		for (unsigned i = 0; i < 3; i++) {
			snprintf(ids[i], sizeof(ids[i]), "leg%u-%u", i, n);
			calls[i] = open_call(w, ids[i], at_ns + i * MS);
		}
		for (unsigned i = 0; i < 3; i++) {
			unsigned k = i < 2 ? orders[n][i] : last;

			joined += offer(w, calls[k], (uint8_t)(1 + k), (uint8_t)(2 + k), 500 + n, 1,
				at_ns + k * 5 * MS);
		}
		assert_int_equal(joined, 2);
		for (unsigned i = 0; i < 3; i++)
			assert_leg(calls[i], ids[0]);
	}
}

/* What its calls leave behind are the ids; the calls' own memory is free. */
static void an_id_outlives_its_call(void **state)
{
	struct world *w = *state;
	struct qos_call *in = open_call(w, "first", 1 * S), *out = open_call(w, "second", 2 * S),
			*c;

	offer(w, in, A, SBC, 7, 1, 3 * S);
	assert_int_equal(offer(w, out, SBC, B, 7, 1, 3 * S), 1);
	assert_true(qos_call_hold(out));
	while ((c = qos_calls_expire(w->calls, 0, 3 * S, true)))
		qos_call_put(c);
	urcu_qsbr_barrier();
	assert_false(qos_call_hold(in));
	assert_leg(out, "first");
	qos_call_put(out);
	/* A stream that goes on has the id still. */
	c = open_call(w, "third", 4 * S);
	assert_int_equal(offer(w, c, SBC, B, 7, 2, 3 * S + 20 * MS), 1);
	assert_leg(c, "first");
}

/* Not before all workers know of it, and at the same packet time whatever the order. */
static void media_counts_two_seconds_on(void **state)
{
	struct world *w = *state;
	struct qos_call *in = open_call(w, "in", 1 * S), *out = open_call(w, "out", 2 * S);

	offer(w, out, SBC, B, 7, 1, 10 * S + 20 * MS);
	assert_int_equal(offer(w, in, A, SBC, 7, 1, 10 * S), 1);
	for (unsigned i = 0; i < 2; i++) {
		assert_leg_at(in, 12 * S + 19 * MS, "");
		assert_leg_at(out, 12 * S + 19 * MS, "");
	}
	assert_leg_at(in, 12 * S + 20 * MS, "in");
	assert_leg_at(out, 12 * S + 20 * MS, "in");
}

/* Whatever came of the same leg since. */
static void the_first_packet_that_fits_counts(void **state)
{
	struct world *w = *state;
	struct qos_call *in = open_call(w, "in", 1 * S), *out = open_call(w, "out", 2 * S);

	offer(w, in, A, SBC, 7, 1, 10 * S);
	offer(w, in, A, SBC, 7, 11, 10 * S + 200 * MS);
	assert_int_equal(offer(w, out, SBC, B, 7, 1, 10 * S + 20 * MS), 1);
	assert_leg_at(out, 12 * S + 19 * MS, "");
	assert_leg_at(out, 12 * S + 20 * MS, "in");
}

/* All play one recording through one B2BUA: none can be told from another. */
static void one_recording_joins_none(void **state)
{
	struct world *w = *state;
	unsigned joined = 0;
	struct qos_call *calls[6];

	for (unsigned i = 0; i < 6; i++) {
		char id[16];

		snprintf(id, sizeof(id), "call%u", i);
		calls[i] = open_call(w, id, (1 + i) * S);
	}
	/* Three come in before the first goes out. */
	for (unsigned i = 0; i < 3; i++)
		joined += offer(w, calls[i], (uint8_t)(10 + i), SBC, 7, 1, 10 * S + i * MS);
	for (unsigned i = 3; i < 6; i++)
		joined += offer(w, calls[i], SBC, (uint8_t)(20 + i), 7, 1, 10 * S + i * MS);
	assert_int_equal(joined, 0);
	for (unsigned i = 0; i < 6; i++)
		assert_leg(calls[i], "");
}

/* All legs say what the first one is named, or called. */
static void a_name_is_that_of_the_first(void **state)
{
	struct world *w = *state;
	struct qos_call *in = open_call(w, "in", 1 * S), *out = open_call(w, "out", 2 * S);
	char longest[2 * QOS_LEG_ID_MAX];

	qos_leg_name(out, BYTES_NONE);
	assert_leg(out, "");
	qos_leg_name(out, BYTES_LIT("x-cid"));
	qos_leg_name(out, BYTES_LIT("another"));
	assert_leg(out, "x-cid");
	offer(w, in, A, SBC, 7, 1, 3 * S);
	assert_int_equal(offer(w, out, SBC, B, 7, 1, 3 * S), 1);
	assert_leg(in, "in");
	assert_leg(out, "in");
	in = open_call(w, "in2", 1 * S);
	out = open_call(w, "out2", 2 * S);
	memset(longest, 'n', sizeof(longest));
	qos_leg_name(in, bytes_of(longest, sizeof(longest)));
	offer(w, in, A, SBC, 8, 1, 3 * S);
	assert_int_equal(offer(w, out, SBC, B, 8, 1, 3 * S), 1);
	assert_int_equal(qos_leg_id(in, 9 * S).n, QOS_LEG_ID_MAX);
	assert_true(bytes_eq(qos_leg_id(in, 9 * S), qos_leg_id(out, 9 * S)));
}

/* Calls each of which comes from one that began before it, the last first: whoever makes them does not make each look at
 * the last one walk past all of them. */
static void a_line_of_legs_has_an_end(void **state)
{
	enum {
		CALLS = 90,
		LOOKED_AT = 64, /* HEIGHT_MOST of qos_legs.c */
	};
	struct world *w = *state;
	struct qos_call *calls[CALLS], *late;
	char id[16];

	for (unsigned i = 0; i < CALLS; i++) {
		snprintf(id, sizeof(id), "call%u", i);
		calls[i] = open_call(w, id, (1 + i) * S);
	}
	for (unsigned i = CALLS - 1; i > 0; i--) {
		bool is_joined = i >= CALLS - LOOKED_AT;

		assert_int_equal(offer(w, calls[i - 1], A, SBC, i, 1, 100 * S), 0);
		assert_int_equal(offer(w, calls[i], SBC, B, i, 1, 100 * S + MS), is_joined);
		if (!is_joined)
			break;
	}
	snprintf(id, sizeof(id), "call%u", CALLS - 1 - LOOKED_AT);
	assert_leg(calls[CALLS - 1], id);
	assert_leg(calls[CALLS - 1 - LOOKED_AT], id);
	/* One that makes it no longer is one of them, wherever it comes from. */
	late = open_call(w, "late", 1000 * S);
	offer(w, calls[CALLS - 1], A, SBC, CALLS, 1, 100 * S);
	assert_int_equal(offer(w, late, SBC, B, CALLS, 1, 100 * S + MS), 1);
	assert_leg(late, id);
}

int main(void)
{
#define LEGS(name) cmocka_unit_test_setup_teardown(name, begin, finish)
	const struct CMUnitTest tests[] = {
		LEGS(relayed_media_joins_calls),
		LEGS(other_media_joins_none),
		LEGS(legs_of_legs_have_one_id),
		LEGS(an_id_outlives_its_call),
		LEGS(media_counts_two_seconds_on),
		LEGS(the_first_packet_that_fits_counts),
		LEGS(one_recording_joins_none),
		LEGS(a_name_is_that_of_the_first),
		LEGS(a_line_of_legs_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
