/* SPDX-License-Identifier: BSD-3-Clause */
/* Streams of calls that may be relayed ones of others: which calls are legs of one conversation, and
 * what these say of it. A list of what was offered last and a number for each conversation say the
 * same: who is joined, and with its call gone, too, the id of the first one. Nothing is said before
 * two seconds are over, and an id only ever gives way to one that began earlier.
 * A step is 8 octets: what (2 bits), call (6); addresses of source and destination (4 bits each);
 * SSRC (2 bits), whether named (1), start of the call (4); sequence; timestamp, or what it should be;
 * time (3 octets): ms back and forth 2, the time of asking 1. */
#include <stdio.h>
#include <string.h>

#include <urcu/urcu-qsbr.h>

#include "fuzz_check.h"
#include "qos_legs.h"

enum {
	STEP_BYTES = 8,
	CALLS = 16, /* at a time */
	LEGS_MAX = 512, /* of an input */
	WAYS = 8, /* as qos_legs.c has them, and so on */
	SETS = 1024,
	HEIGHT_MOST = 64,
	SSRCS = 4,
	GONE_MOST = 512, /* legs whose memory may be on its way back */
	INPUTS_MOST = 100000, /* of one table: so many days may be counted */
};

#define MS_NS	   ((int64_t)1000000)
#define SECOND_NS  (1000 * MS_NS)
#define WINDOW_NS  (10 * SECOND_NS)
#define SETTLED_NS ((uint64_t)(2 * SECOND_NS))
/* Longer than all steps of an input. */
#define DAY_NS ((uint64_t)(86400 * SECOND_NS))

struct leg {
	uint64_t start_ns;
	unsigned conversation;
	char id[16], name[16];
};

struct offer {
	uint64_t ns;
	struct pkt_addr src, dst;
	uint32_t ssrc, rtp_ts;
	uint16_t seq;
	unsigned leg;
};

struct conversation {
	unsigned first; /* leg */
	unsigned height;
	uint64_t from_ns, to_ns; /* first and last time that some of it were joined; 0: none were */
};

static struct {
	struct qos_legs *legs;
	struct qos_call calls[CALLS];
	unsigned leg_of[CALLS]; /* LEGS_MAX: none yet */
	uint32_t ssrcs[SSRCS]; /* whose streams share a set */
	uint64_t base_ns, now_ns; /* of an input */
	unsigned gone, number, inputs;
} w;

static struct {
	struct leg legs[LEGS_MAX];
	struct conversation conversations[LEGS_MAX];
	unsigned leg_count;
	struct offer offers[WAYS]; /* the latest */
	unsigned offer_count;
	uint32_t crowd_ssrc; /* of which some were forgotten */
	uint64_t crowd_ns;
} model;

static const struct pkt_seed seed = {{1, 2, 3, 4}};

/* Of as few calls as there may be: when legs leak, the table has soon no room. */
static void create(void)
{
	unsigned n = 0;

	w.legs = qos_legs_create(CALLS, &seed);
	check(w.legs != NULL);
	for (uint32_t ssrc = 1; n < SSRCS; ssrc++)
		if (pkt_hash_mix(ssrc ^ seed.k[0], seed.k[1]) % SETS == 7)
			w.ssrcs[n++] = ssrc;
	for (unsigned i = 0; i < CALLS; i++)
		pthread_spin_init(&w.calls[i].lock, PTHREAD_PROCESS_PRIVATE);
	w.base_ns = DAY_NS;
}

static void begin_call(unsigned i, const uint8_t *p)
{
	struct qos_call *call = &w.calls[i];

	snprintf(call->call_id, sizeof(call->call_id), "%u", w.number++ % 1000);
	call->start_ns = w.base_ns + (p[2] >> 4) * (uint64_t)SECOND_NS;
	atomic_store(&call->leg, NULL);
	atomic_store(&call->leg_name_bytes, 0);
	w.leg_of[i] = LEGS_MAX;
}

static void end_call(unsigned i)
{
	struct qos_leg *leg = atomic_load(&w.calls[i].leg);

	w.gone += leg != NULL;
	qos_leg_put(leg);
}

/* As a call's is made when its first stream is offered. */
static unsigned leg_of(unsigned i)
{
	struct qos_call *call = &w.calls[i];
	struct bytes name = qos_leg_named(call);
	unsigned n = w.leg_of[i];
	struct leg *leg;

	if (n < LEGS_MAX)
		return n;
	w.leg_of[i] = n = model.leg_count++;
	leg = &model.legs[n];
	*leg = (struct leg){.start_ns = call->start_ns, .conversation = n};
	memcpy(leg->id, call->call_id, sizeof(leg->id));
	memcpy(leg->name, name.p, name.n);
	leg->name[name.n] = 0;
	model.conversations[n] = (struct conversation){.first = n};
	return n;
}

static bool began_first(unsigned a, unsigned b)
{
	const struct leg *x = &model.legs[a], *y = &model.legs[b];

	return x->start_ns < y->start_ns ||
	       (x->start_ns == y->start_ns && strcmp(x->id, y->id) < 0);
}

static unsigned join(unsigned a, unsigned b, uint64_t ns)
{
	unsigned to = model.legs[a].conversation, from = model.legs[b].conversation, other = to;
	struct conversation *first, *second;

	if (to == from)
		return 0;
	if (began_first(model.conversations[from].first, model.conversations[to].first)) {
		to = from;
		from = other;
	}
	first = &model.conversations[to];
	second = &model.conversations[from];
	if (second->height == HEIGHT_MOST)
		return 0;
	if (first->height <= second->height)
		first->height = second->height + 1;
	if (second->from_ns && (!first->from_ns || second->from_ns < first->from_ns))
		first->from_ns = second->from_ns;
	if (!first->from_ns || ns < first->from_ns)
		first->from_ns = ns;
	first->to_ns = ns > first->to_ns ? ns : first->to_ns;
	first->to_ns = second->to_ns > first->to_ns ? second->to_ns : first->to_ns;
	for (unsigned i = 0; i < model.leg_count; i++)
		if (model.legs[i].conversation == from)
			model.legs[i].conversation = to;
	return 1;
}

static bool is_within(int64_t x, int64_t a, int64_t b)
{
	return x >= a && x <= b;
}

/* Sent on from where it was received, not back; frames of 2.5 to 120 ms with RTP clocks up to
 * 48 kHz, 20 ms early to 100 ms late. */
static bool is_relayed(const struct offer *up, const struct offer *down)
{
	int16_t packets = (int16_t)(uint16_t)(down->seq - up->seq);
	int32_t ticks = (int32_t)(down->rtp_ts - up->rtp_ts);
	int64_t ns = (int64_t)(down->ns - up->ns);
	int64_t few = packets * (5 * MS_NS / 2), many = packets * (120 * MS_NS);
	int64_t most = packets * (int64_t)5760;

	if (!pkt_addr_eq(&up->dst, &down->src) || pkt_addr_eq(&up->src, &down->dst))
		return false;
	if (packets == 0)
		few = many = 0;
	if (packets < 0)
		return is_within(ticks, most, -1) && is_within(ns, -WINDOW_NS, WINDOW_NS) &&
		       is_within(ns, many - 20 * MS_NS, few + 100 * MS_NS);
	return is_within(ticks, packets > 0, most) && is_within(ns, -WINDOW_NS, WINDOW_NS) &&
	       is_within(ns, few - 20 * MS_NS, many + 100 * MS_NS);
}

/* NULL: none, or several. */
static const struct offer *find_other(const struct offer *own, bool is_up)
{
	const struct offer *found = NULL;

	if (model.crowd_ssrc == own->ssrc && own->ns < model.crowd_ns + (uint64_t)WINDOW_NS)
		return NULL;
	for (unsigned i = 0; i < model.offer_count; i++) {
		const struct offer *o = &model.offers[i];

		if (o->leg == own->leg || o->ssrc != own->ssrc ||
			!(is_up ? is_relayed(o, own) : is_relayed(own, o)))
			continue;
		if (found && found->leg != o->leg)
			return NULL;
		if (!found || o->ns < found->ns)
			found = o;
	}
	return found;
}

static unsigned join_with(const struct offer *own, const struct offer *other)
{
	if (!other)
		return 0;
	return join(own->leg, other->leg, own->ns > other->ns ? own->ns : other->ns);
}

/* No two have the same time, so one is the oldest. */
static void remember(const struct offer *own)
{
	struct offer *place = model.offers;

	if (model.offer_count < WAYS) {
		model.offers[model.offer_count++] = *own;
		return;
	}
	for (unsigned i = 1; i < WAYS; i++)
		if (model.offers[i].ns < place->ns)
			place = &model.offers[i];
	if (place->ssrc == own->ssrc && own->ns < place->ns + (uint64_t)WINDOW_NS) {
		model.crowd_ssrc = own->ssrc;
		model.crowd_ns = own->ns;
	}
	*place = *own;
}

static void take_stream(unsigned i, const uint8_t *p)
{
	struct offer own = {
		.ns = w.now_ns + w.number++,
		.src.b = {192, 0, 2, p[1] >> 4},
		.dst.b = {192, 0, 2, p[1] & 15},
		.ssrc = w.ssrcs[p[2] & 3],
		.seq = (uint16_t)((int8_t)p[3] * (p[4] & 1 ? 100 : 1)),
		.rtp_ts = 160,
	};
	struct pkt_flow flow = {.family = 4, .src = own.src, .dst = own.dst};
	struct qos_leg_media media;
	unsigned joined;

	own.rtp_ts *= p[4] & 2 ? p[4] : own.seq;
	own.leg = leg_of(i);
	media = (struct qos_leg_media){&flow, own.ssrc, own.rtp_ts, own.seq, own.ns};
	joined = join_with(&own, find_other(&own, true));
	joined += join_with(&own, find_other(&own, false));
	remember(&own);
	check(qos_legs_offer(w.legs, &w.calls[i], &media) == joined);
}

/* The first name stays. */
static void name_call(unsigned i, const uint8_t *p)
{
	struct bytes had = qos_leg_named(&w.calls[i]);
	char name[16];

	if (w.leg_of[i] < LEGS_MAX)
		return;
	snprintf(name, sizeof(name), "name%u", w.number++);
	qos_leg_name(&w.calls[i], p[2] & 4 ? bytes_from_str(name) : BYTES_NONE);
	if (!had.n)
		had = p[2] & 4 ? bytes_from_str(name) : BYTES_NONE;
	check(bytes_eq(qos_leg_named(&w.calls[i]), had));
}

static struct bytes id_of_leg(unsigned leg)
{
	const struct leg *l = &model.legs[leg];

	return bytes_from_str(l->name[0] ? l->name : l->id);
}

/* LEGS_MAX: it is none's of the conversation. */
static unsigned find_leg(struct bytes id, unsigned conversation)
{
	for (unsigned i = 0; i < model.leg_count; i++)
		if (model.legs[i].conversation == conversation && bytes_eq(id, id_of_leg(i)))
			return i;
	return LEGS_MAX;
}

/* Who is asked later says the same, or one that began before. */
static void check_order(unsigned i, uint64_t early_ns, uint64_t late_ns)
{
	struct bytes early = qos_leg_id(&w.calls[i], early_ns);
	struct bytes late = qos_leg_id(&w.calls[i], late_ns);
	unsigned a, b, conversation;

	if (w.leg_of[i] == LEGS_MAX || bytes_eq(early, late))
		return;
	conversation = model.legs[w.leg_of[i]].conversation;
	a = find_leg(early, conversation);
	b = find_leg(late, conversation);
	check(b < LEGS_MAX && (a == LEGS_MAX ? !early.n : began_first(b, a)));
}

static void check_call(unsigned i, uint64_t ask_ns)
{
	struct bytes id = qos_leg_id(&w.calls[i], ask_ns), named = qos_leg_named(&w.calls[i]);
	struct bytes later = qos_leg_id(&w.calls[i], UINT64_MAX);
	unsigned leg = w.leg_of[i];
	const struct conversation *c;

	if (leg == LEGS_MAX) {
		check(bytes_eq(id, named) && bytes_eq(later, named));
		return;
	}
	c = &model.conversations[model.legs[leg].conversation];
	if (!c->from_ns) {
		check(bytes_eq(id, named) && bytes_eq(later, named));
		return;
	}
	check(bytes_eq(later, id_of_leg(c->first)));
	if (ask_ns < c->from_ns + SETTLED_NS)
		check(bytes_eq(id, named));
	else if (ask_ns >= c->to_ns + SETTLED_NS)
		check(bytes_eq(id, later));
	else
		check(bytes_eq(id, named) || find_leg(id, model.legs[leg].conversation) < LEGS_MAX);
}

static void check_all(const uint8_t *p)
{
	uint64_t late_ns = w.now_ns + p[7] * 64 * (uint64_t)MS_NS;

	for (unsigned i = 0; i < CALLS; i++) {
		check_call(i, w.now_ns);
		check_call(i, late_ns);
		check_order(i, w.now_ns, late_ns);
	}
}

static void step(const uint8_t *p)
{
	unsigned i = p[0] >> 2 & (CALLS - 1);

	w.now_ns += (uint64_t)((int16_t)be16(p + 5) * (MS_NS / 2));
	switch (p[0] & 3) {
	case 0:
		name_call(i, p);
		break;
	case 1:
		if (!(p[0] & 0x80))
			break;
		end_call(i);
		begin_call(i, p);
		break;
	default:
		take_stream(i, p);
		break;
	}
	check_all(p);
	urcu_qsbr_quiescent_state();
}

/* What was offered before is too old for this input, and gives way before what it offers. */
static void begin(void)
{
	if (!w.legs)
		urcu_qsbr_register_thread();
	if (w.inputs++ % INPUTS_MOST == 0) {
		qos_legs_destroy(w.legs);
		create();
	}
	w.base_ns += DAY_NS;
	w.now_ns = w.base_ns + DAY_NS / 2;
	w.number = 0;
	model.leg_count = model.offer_count = 0;
	model.crowd_ssrc = 0;
	model.crowd_ns = 0;
	for (unsigned i = 0; i < CALLS; i++)
		begin_call(i, (const uint8_t[STEP_BYTES]){0, 0, (uint8_t)(i << 4)});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	begin();
	for (unsigned n = 0; size >= STEP_BYTES && n < LEGS_MAX - CALLS; n++) {
		step(data);
		data += STEP_BYTES;
		size -= STEP_BYTES;
	}
	for (unsigned i = 0; i < CALLS; i++)
		end_call(i);
	urcu_qsbr_quiescent_state();
	if (w.gone > GONE_MOST) {
		urcu_qsbr_barrier();
		w.gone = 0;
	}
	return 0;
}
