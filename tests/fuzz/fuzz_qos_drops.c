/* SPDX-License-Identifier: BSD-3-Clause */
/* Gaps of a stream that the probe's own drops may explain, by what receivers and ports tell of them, at
 * once or late. What is lost and what the probe gave up are together just the numbers that did not
 * come; who tells of nothing changes nothing. As long as numbers only rise, a list of gaps says of
 * each whether it is lost, and so do counts and bursts.
 * First octet, 1: numbers may fall, times be wrong. A step is 4 octets: what (3 bits), how (5); and
 * three numbers. */
#include <stddef.h>
#include <string.h>

#include "fuzz_check.h"
#include "qos_mode.h"
#include "qos_stream.h"

enum {
	STEP_BYTES = 4,
	GAPS_MAX = 16384,
	GAP_MAX = 2805, /* below that of RFC 3550 A.1, which may be a restart */
	NUMBERS_MAX = 1 << 16,
	BEFORE = 100, /* a number before the first, at most */
};

#define FRAME_NS 20000000ull
#define START_NS 1700000000000000000ull

enum fate {
	YOUNG = 0, /* in doubt, as is */
	OLD, /* which ports were asked once after */
	LOST,
	GIVEN_UP,
};

struct gap {
	uint64_t at; /* numbers since the first, of its first */
	uint32_t n;
	enum fate fate;
};

struct stream {
	struct qos_stream_env env;
	struct qos_stream_hot hot;
	struct qos_stream_cold cold;
};

static struct {
	struct stream told, plain; /* of drops, of none */
	struct qos_drops drops;
	struct pkt_media m;
	uint64_t now_ns, fed;
	int64_t high; /* the highest number since the first */
	bool is_wild;
	/* Which numbers came, as long as that is known: neither stray nor restart yet. */
	uint8_t came[NUMBERS_MAX];
	uint64_t unique, low;
	bool is_counted;
} w;

/* What should be so. seen, noted, noted_packets: as the cold half has them. */
static struct model {
	uint64_t own, errors, missing;
	uint64_t seen, noted, noted_packets, ports;
	uint32_t readings;
	bool has_doubt;
	bool is_known; /* of each gap, whether it is lost */
	bool is_exact; /* counts */
	unsigned count, decided; /* gaps, and the first of them */
	struct gap gaps[GAPS_MAX];
} model;

static struct qos_drops drops_of(void *arg, const struct qos_stream_cold *cold)
{
	(void)arg;
	(void)cold;
	return w.drops;
}

static void payload_of(
	void *arg, const struct qos_stream_cold *cold, uint8_t pt, struct qos_payload *payload)
{
	(void)arg;
	(void)cold;
	qos_payload_init(payload, pt, BYTES_NONE, 0);
	payload->redundancy = pt == 8; /* as if each packet carried the one before once more */
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t told_since(uint64_t known)
{
	return w.drops.all > known ? w.drops.all - known : 0;
}

static void model_explain(uint64_t left, uint64_t missing)
{
	model.seen += least(missing, left);
	if (!model.noted_packets && model.seen < model.noted)
		model.seen = model.noted;
}

static void give_up(struct gap *gap)
{
	gap->fate = GIVEN_UP;
	model.own += gap->n;
	model.errors--;
}

/* The last ones first. */
static uint64_t model_give_up(uint64_t left)
{
	uint64_t sum = 0;

	for (unsigned i = model.count; i-- > model.decided && sum < left;) {
		if (model.gaps[i].fate > OLD)
			continue;
		sum += model.gaps[i].n;
		give_up(&model.gaps[i]);
	}
	return sum;
}

static void model_age(uint32_t readings)
{
	unsigned old = 0;

	for (unsigned i = model.decided; readings && i < model.count; i++) {
		struct gap *gap = &model.gaps[i];

		if (gap->fate > OLD)
			continue;
		gap->fate = readings > 1 || gap->fate == OLD ? LOST : OLD;
		old += gap->fate == OLD;
	}
	model.has_doubt = !readings || old;
	while (model.decided < model.count && model.gaps[model.decided].fate > OLD)
		model.decided++;
}

static void model_judge(void)
{
	uint64_t left = least(told_since(model.seen), w.drops.ports - model.ports);

	if (!model.has_doubt)
		return;
	if (left)
		model_explain(left, model_give_up(left));
	model_age(w.drops.readings - model.readings);
	model.ports = w.drops.ports;
	model.readings = w.drops.readings;
}

static void model_gap(uint32_t n)
{
	struct gap *gap = &model.gaps[model.count];
	uint64_t left;

	model_judge();
	left = told_since(model.seen);
	*gap = (struct gap){.at = (uint64_t)w.high + 1, .n = n};
	model.count++;
	model.errors++;
	model.missing += n;
	if (left) {
		model_explain(left, n);
		give_up(gap);
		return;
	}
	if (!model.has_doubt) {
		model.ports = w.drops.ports;
		model.readings = w.drops.readings;
	}
	model.has_doubt = true;
}

static void model_note(uint64_t packets)
{
	model_judge();
	if (packets == model.noted_packets)
		return;
	if (model.seen < model.noted)
		model.seen = model.noted;
	model.noted = w.drops.past;
	model.noted_packets = packets;
}

/* One that leaves the window undecided waits there only as long as no other one does. */
static void model_watch_window(const struct qos_stream_cold *cold)
{
	for (unsigned i = model.decided; i < model.count; i++)
		if (model.gaps[i].fate <= OLD && w.high - (int64_t)model.gaps[i].at >= QOS_HOLES)
			model.is_exact = model.is_known = false;
	if (model.is_exact || cold->has_doubt)
		return;
	model.decided = model.count;
	model.own = cold->own_drops;
	model.errors = cold->sequence_errors;
	model.seen = cold->drops_seen;
	model.has_doubt = false;
	model.is_exact = true;
}

/* Whatever the model knows: a gap is no error any more when it was given up, which some drop was told
 * for. */
static void check_errors(const struct qos_stream_cold *cold)
{
	uint64_t given_up = model.count - cold->sequence_errors;

	check(cold->sequence_errors <= model.count && given_up <= cold->own_drops);
	check(given_up <= w.drops.all);
	check((given_up > 0) == (cold->own_drops > 0));
	check((given_up == model.count) == (cold->own_drops == model.missing));
}

static uint64_t bad_of(unsigned buffer, struct qos_burst *bad)
{
	qos_stream_bad(&w.told.hot, &w.told.cold, buffer, 0, bad);
	return bad->bad;
}

static unsigned holes_of(unsigned __int128 holes)
{
	return (unsigned)(__builtin_popcountll((uint64_t)holes) +
			  __builtin_popcountll((uint64_t)(holes >> 64)));
}

static void check_window(const struct qos_stream_cold *c, uint64_t lost)
{
	uint32_t length = c->hole_ext - c->base_ext + 1 + holes_of(c->given_up);

	check(((c->holes | c->given_up) & 1) == 0 && (c->holes & c->given_up) == 0);
	check(holes_of(c->given_up) <= c->own_drops);
	check(length >= QOS_HOLES || c->holes >> length == 0);
	check(holes_of(c->holes) + (c->has_doubt ? c->doubt.held : 0) <= lost);
	check(c->has_doubt || (!c->doubt.held && !c->doubt.bits));
	check(c->doubt.old_gaps <= c->doubt.gaps && c->doubt.gaps <= c->sequence_errors);
}

static void check_all(void)
{
	const struct qos_stream_cold *c = &w.told.cold;
	uint64_t expected = qos_stream_expected(&w.told.hot, c);
	uint64_t packets = qos_stream_packets(&w.told.hot, c);

	check(packets <= expected);
	check(packets + c->duplicates + c->strays == w.fed);
	check_window(c, expected - packets);
	w.is_counted &= !c->strays && !c->restarts;
	if (w.is_counted) {
		check(packets == w.unique);
		check(expected + c->own_drops == (uint64_t)(w.high + BEFORE) - w.low + 1);
	}
	if (!w.drops.all)
		check(!c->own_drops);
	if (w.is_wild)
		return;
	model_watch_window(c);
	check_errors(c);
	if (!model.is_exact)
		return;
	check(c->own_drops == model.own && c->sequence_errors == model.errors);
}

/* The same of each gap, in their order. */
static void check_bursts(uint64_t lost)
{
	struct qos_burst want = {0}, got;
	uint64_t given_up = 0;

	for (unsigned i = 0; i < QOS_BUFFERS; i++)
		check(bad_of(i, &got) == lost);
	for (unsigned i = 0; i < model.count; i++) {
		const struct gap *gap = &model.gaps[i];

		if (gap->fate == GIVEN_UP)
			given_up += gap->n;
		else
			qos_burst_add(&want, gap->at - given_up, gap->n);
	}
	if (!model.is_known)
		return;
	check(model.missing - model.own == lost);
	check(got.runs == want.runs && got.bursts == want.bursts && got.last == want.last);
	check(got.burst_packets == want.burst_packets && got.burst_bad == want.burst_bad);
	check(got.first == want.first && got.open_bad == want.open_bad);
}

static void check_report(enum qos_report_type type)
{
	struct qos_options options = qos_buffer_usual;
	struct qos_report a, b;
	struct qos_burst bad;

	qos_report_build(&w.told.hot, &w.told.cold, type, QOS_END_NONE, w.now_ns, &options, &a);
	qos_report_build(&w.plain.hot, &w.plain.cold, type, QOS_END_NONE, w.now_ns, &options, &b);
	check(a.lost == a.expected - a.packets && a.scored <= a.expected);
	check(a.packets == b.packets || w.is_wild);
	if (!w.drops.all)
		check(!memcmp(&a, &b, sizeof(a)));
	for (unsigned i = 0; i < QOS_BUFFERS; i++)
		check(bad_of(i, &bad) <= a.expected && bad.runs <= bad.bad &&
			bad.last < a.expected + !bad.bad);
	if (!w.is_wild)
		check_bursts(a.lost);
}

static void count_number(void)
{
	uint64_t at = (uint64_t)(w.high + BEFORE);

	w.is_counted &= at < NUMBERS_MAX;
	if (!w.is_counted)
		return;
	w.unique += !w.came[at];
	w.came[at] = 1;
}

static void update(struct stream *s)
{
	if (!w.fed)
		qos_stream_init(
			&s->hot, &s->cold, &w.m, &(struct qos_origin){.flow.family = 4}, w.now_ns);
	qos_stream_update(&s->env, &s->hot, &s->cold, &w.m, w.now_ns);
}

static void feed(void)
{
	if (!w.fed)
		model.noted = w.drops.past;
	update(&w.told);
	update(&w.plain);
	w.fed++;
}

/* The number after so many that are missing, on time. */
static void next(uint32_t missing)
{
	if (missing && w.fed && !w.is_wild)
		model_gap(missing);
	w.high += w.fed ? missing + 1 : 0;
	w.m.seq = (uint16_t)(w.m.seq + missing + 1);
	w.m.rtp_ts += 160 * (missing + 1);
	w.now_ns += FRAME_NS * (missing + 1);
	count_number();
	feed();
}

/* One that is late by so many, or was seen; to be played at its time or too late. */
static void take_late(uint32_t behind, bool is_on_time)
{
	struct pkt_media m = w.m;
	int64_t high = w.high;
	uint64_t now_ns = w.now_ns;

	if (!w.fed)
		return;
	w.m.seq = (uint16_t)(m.seq - behind);
	w.m.rtp_ts -= 160 * behind;
	w.now_ns -= is_on_time ? FRAME_NS * behind : 0;
	w.high -= behind;
	count_number();
	if (w.high + BEFORE < (int64_t)w.low)
		w.low = (uint64_t)(w.high + BEFORE);
	feed();
	w.m = m;
	w.high = high;
	w.now_ns = now_ns;
}

/* What nobody has to make sense of. */
static void take_odd(uint8_t how, const uint8_t *p)
{
	if (how & 8)
		w.m.seq = (uint16_t)(w.m.seq + p[1] * 257U);
	if (how & 16)
		w.now_ns += p[2] * FRAME_NS / 8;
	w.is_counted &= !(how & 8);
	w.m.marker_pt = p[3] & 0x88;
	next(0);
}

static void look(void)
{
	uint64_t packets = qos_stream_packets(&w.told.hot, &w.told.cold);

	if (!w.fed)
		return;
	qos_stream_look(&w.told.env, &w.told.hot, &w.told.cold);
	qos_stream_look(&w.plain.env, &w.plain.hot, &w.plain.cold);
	model_note(packets);
}

/* The stream is looked at then, so that the model knows when. */
static void tell(uint8_t how, const uint8_t *p)
{
	uint64_t more = how & 16 ? p[2] : 0;

	w.drops.readings += p[1] & 3;
	w.drops.ports += more;
	w.drops.all += more + (how & 8 ? p[3] : 0);
	if (!w.is_wild || how & 4)
		look();
}

static void step(const uint8_t *p)
{
	uint8_t what = p[0] & 7, how = p[0];

	switch (what) {
	case 0:
	case 1:
		next(how & 8 ? p[1] * (GAP_MAX / 255) : p[1] & (how & 16 ? 127 : 15));
		for (unsigned i = p[2] & 31; i; i--)
			next(0);
		break;
	case 2:
	case 6:
		tell(how, p);
		break;
	case 3:
		w.drops.past = least(w.drops.all, how & 8 ? w.drops.all : w.drops.past + p[1]);
		break;
	case 4:
		look();
		break;
	case 5:
		if (w.fed)
			check_report(QOS_PERIODIC);
		break;
	default:
		if (w.is_wild && how & 32)
			take_odd(how, p);
		else if (w.is_wild)
			take_late(p[1] % BEFORE, how & 8);
		break;
	}
	if (w.fed)
		check_all();
}

static void begin_stream(struct stream *s, qos_drops_fn drops_fn)
{
	*s = (struct stream){.env = {.payload_fn = payload_of, .drops_fn = drops_fn}};
	qos_buffer_setup(&s->env.buffers, &qos_buffer_usual);
}

static void begin(bool is_wild)
{
	memset(&w, 0, sizeof(w));
	memset(&model, 0, offsetof(struct model, gaps));
	begin_stream(&w.told, drops_of);
	begin_stream(&w.plain, NULL);
	w.now_ns = START_NS;
	w.low = BEFORE;
	w.is_wild = is_wild;
	w.is_counted = model.is_exact = model.is_known = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size > STEP_BYTES * GAPS_MAX)
		return 0;
	begin(data[0] & 1);
	for (data++, size--; size >= STEP_BYTES; data += STEP_BYTES, size -= STEP_BYTES)
		step(data);
	if (w.fed)
		check_report(QOS_FINAL);
	return 0;
}
