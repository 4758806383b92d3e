/* SPDX-License-Identifier: BSD-3-Clause */
/* Candidates and hints, both in sets of eight. */
#include "qos_probation.h"

#include <errno.h>

#include "qos_mem.h"

/* One part of this many is looked through at each tick. */
#define SWEEP_PARTS 16

/* A gap this small between consecutive packets is loss, not another protocol: narrow where only the
 * numbers speak for the flow, RFC 3550's MAX_MISORDER where something else does too. */
#define MAX_STEP       4
#define MAX_STEP_KNOWN QOS_MAX_MISORDER

/* RTP clocks run between 8 and 96 kHz; text (RFC 4103) at 1 kHz is always announced. */
#define CLOCK_MIN_HZ 6000.0
#define CLOCK_MAX_HZ 120000.0

/* How long STUN, DTLS or RTCP speaks for a flow. */
#define HINT_NS ((uint64_t)30000000000)

static size_t sets(const struct qos_probation *p)
{
	return (size_t)p->set_mask + 1;
}

static size_t entries(const struct qos_probation *p)
{
	return sets(p) * QOS_CANDIDATE_WAYS;
}

int qos_probation_init(struct qos_probation *p, uint32_t max, uint32_t need,
	const struct pkt_seed *seed, struct qos_counters *counters)
{
	uint32_t count = 1;

	while ((uint64_t)count * QOS_CANDIDATE_WAYS < max)
		count *= 2;
	*p = (struct qos_probation){
		.set_mask = count - 1,
		.need = need,
		.seed = *seed,
		.counters = counters,
	};
	p->candidates = qos_mem_map(entries(p) * sizeof(*p->candidates));
	p->used = qos_mem_map(sets(p));
	p->hints = qos_mem_map(sets(p) * sizeof(*p->hints));
	if (!p->candidates || !p->used || !p->hints) {
		qos_probation_fini(p);
		return -ENOMEM;
	}
	return 0;
}

void qos_probation_fini(struct qos_probation *p)
{
	qos_mem_unmap(p->candidates, entries(p) * sizeof(*p->candidates));
	qos_mem_unmap(p->used, sets(p));
	qos_mem_unmap(p->hints, sets(p) * sizeof(*p->hints));
	p->candidates = NULL;
	p->used = NULL;
	p->hints = NULL;
}

static uint64_t end_hash(const struct qos_probation *p, const struct pkt_addr *addr, uint16_t port)
{
	uint64_t h = pkt_hash_mix(
		pkt_hash_word(addr->b) ^ p->seed.k[2], pkt_hash_word(addr->b + 8) ^ p->seed.k[3]);

	return pkt_hash_mix(h, port ^ p->seed.k[0]);
}

/* The same for both directions. */
static uint64_t hint_hash(const struct qos_probation *p, const struct pkt_flow *flow)
{
	uint64_t ends = end_hash(p, &flow->src, flow->sport) + end_hash(p, &flow->dst, flow->dport);

	return pkt_hash_mix(ends, flow->tenant ^ p->seed.k[1]) | 1;
}

static struct qos_hints *hint_set(const struct qos_probation *p, uint64_t hash)
{
	return &p->hints[(hash >> 32) & p->set_mask];
}

void qos_probation_hint_prefetch(const struct qos_probation *p, const struct pkt_flow *flow)
{
	const struct qos_hints *set = hint_set(p, hint_hash(p, flow));

	__builtin_prefetch(&set->flow);
	__builtin_prefetch(&set->last_ns);
}

struct qos_hint qos_probation_hint_of(const struct qos_probation *p, const struct pkt_flow *flow)
{
	uint64_t hash = hint_hash(p, flow);
	struct qos_hints *set = hint_set(p, hash);
	unsigned ways = 1u << QOS_CANDIDATE_WAYS;

	/* Without a branch, for it may be anywhere. */
	for (unsigned i = 0; i < QOS_CANDIDATE_WAYS; i++)
		ways |= (unsigned)(set->flow[i] == hash) << i;
	return (struct qos_hint){set, hash, (unsigned)__builtin_ctz(ways)};
}

/* In place of what was given longest ago. */
static void give_new(struct qos_hints *set, uint64_t flow, uint64_t now_ns)
{
	unsigned oldest = 0;

	for (unsigned i = 1; i < QOS_CANDIDATE_WAYS; i++)
		if (set->last_ns[i] < set->last_ns[oldest])
			oldest = i;
	set->flow[oldest] = flow;
	set->last_ns[oldest] = now_ns;
}

void qos_hint_give(const struct qos_hint *hint, uint64_t now_ns)
{
	if (hint->way < QOS_CANDIDATE_WAYS)
		hint->set->last_ns[hint->way] = now_ns;
	else
		give_new(hint->set, hint->flow, now_ns);
}

bool qos_hint_is_given(const struct qos_hint *hint, uint64_t now_ns)
{
	return hint->way < QOS_CANDIDATE_WAYS && now_ns < hint->set->last_ns[hint->way] + HINT_NS;
}

void qos_probation_hint(struct qos_probation *p, const struct pkt_flow *flow, uint64_t now_ns)
{
	struct qos_hint hint = qos_probation_hint_of(p, flow);

	qos_hint_give(&hint, now_ns);
}

bool qos_probation_is_hinted(
	const struct qos_probation *p, const struct pkt_flow *flow, uint64_t now_ns)
{
	struct qos_hint hint = qos_probation_hint_of(p, flow);

	return qos_hint_is_given(&hint, now_ns);
}

static void pend(struct qos_probation *p, int64_t n)
{
	pkt_count(&p->pending, (uint64_t)n);
}

/* The packets so far belong to no stream. */
static void give_up_packets(struct qos_probation *p, struct qos_candidate *c)
{
	pkt_count(&p->unconfirmed, c->pending);
	pend(p, -(int64_t)c->pending);
	c->pending = 0;
	c->count = 0;
	c->kept = 0;
	c->repeated = 0;
	c->has_marker = false;
}

static void set_used(struct qos_probation *p, const struct qos_candidate *c, bool is_used)
{
	size_t i = (size_t)(c - p->candidates);
	uint8_t bit = (uint8_t)(1 << i % QOS_CANDIDATE_WAYS),
		*set = &p->used[i / QOS_CANDIDATE_WAYS];

	*set = is_used ? *set | bit : *set & (uint8_t)~bit;
}

static void free_candidate(struct qos_probation *p, struct qos_candidate *c)
{
	c->last_ns = 0;
	set_used(p, c, false);
}

static void give_up(struct qos_probation *p, struct qos_candidate *c)
{
	give_up_packets(p, c);
	free_candidate(p, c);
	pkt_count(&p->counters->candidates_dropped, 1);
}

void qos_probation_release(struct qos_probation *p, struct qos_candidate *c)
{
	pend(p, -(int64_t)c->pending);
	c->pending = 0;
	free_candidate(p, c);
	pkt_count(&p->counters->candidates_confirmed, 1);
}

static struct qos_candidate *set_of(const struct qos_probation *p, const struct pkt_media_key *key)
{
	uint64_t hash = pkt_media_key_hash(key, &p->seed);

	return &p->candidates[((hash >> 32) & p->set_mask) * QOS_CANDIDATE_WAYS];
}

static struct qos_candidate *find(const struct qos_probation *p, const struct pkt_media_key *key)
{
	struct qos_candidate *set = set_of(p, key);

	for (unsigned i = 0; i < QOS_CANDIDATE_WAYS; i++)
		if (set[i].last_ns && pkt_media_key_eq(&set[i].key, key))
			return &set[i];
	return NULL;
}

const struct qos_origin *qos_probation_origin(
	const struct qos_probation *p, const struct pkt_media_key *key)
{
	const struct qos_candidate *c = find(p, key);

	return c ? &c->origin : NULL;
}

static struct qos_candidate *make(struct qos_probation *p, const struct pkt_media_key *key,
	const struct qos_origin *origin, uint64_t now_ns)
{
	struct qos_candidate *set = set_of(p, key);
	struct qos_candidate *c = &set[0];

	for (unsigned i = 1; i < QOS_CANDIDATE_WAYS; i++)
		if (set[i].last_ns < c->last_ns)
			c = &set[i];
	if (c->last_ns)
		give_up(p, c);
	c->key = *key;
	c->origin = *origin;
	c->last_ns = now_ns ? now_ns : 1;
	set_used(p, c, true);
	c->count = 0;
	c->kept = 0;
	c->repeated = 0;
	c->pending = 0;
	c->has_marker = false;
	pkt_count(&p->counters->candidates_opened, 1);
	return c;
}

void qos_probation_remember(struct qos_probation *p, const struct pkt_media_key *key,
	const struct qos_origin *origin, uint64_t now_ns)
{
	if (!find(p, key))
		make(p, key, origin, now_ns);
}

/* Does the RTP timestamp run at a rate that a clock may have? */
static bool is_clock_plausible(const struct qos_candidate *c)
{
	const struct pkt_media *first = &c->packets[0];
	const struct pkt_media *last = &c->packets[c->kept - 1];
	double ticks = (double)(int32_t)(last->rtp_ts - first->rtp_ts);
	double seconds = (double)(int64_t)(c->arrivals[c->kept - 1] - c->arrivals[0]) / 1e9;

	return seconds > 0 && ticks >= CLOCK_MIN_HZ * seconds && ticks <= CLOCK_MAX_HZ * seconds;
}

static bool is_enough(const struct qos_probation *p, const struct qos_candidate *c,
	bool is_announced, uint64_t now_ns)
{
	uint8_t pt = c->packets[0].marker_pt & 0x7f;

	if (is_announced)
		return c->count >= QOS_NEED_ANNOUNCED;
	if (c->count >= QOS_NEED_HINTED && qos_probation_is_hinted(p, &c->origin.flow, now_ns))
		return true;
	if (c->count >= QOS_NEED_TALKSPURT && c->has_marker && qos_codec_static(pt))
		return is_clock_plausible(c);
	return c->count >= p->need && is_clock_plausible(c);
}

/* Room for one more: the oldest packet is given up, the rest moves on. */
static void drop_first(struct qos_probation *p, struct qos_candidate *c)
{
	memmove(c->packets, c->packets + 1, (c->kept - 1) * sizeof(c->packets[0]));
	memmove(c->arrivals, c->arrivals + 1, (c->kept - 1) * sizeof(c->arrivals[0]));
	c->kept--;
	c->pending--;
	pend(p, -1);
	pkt_count(&p->unconfirmed, 1);
}

static bool is_kept(const struct qos_candidate *c, uint16_t seq)
{
	for (uint32_t i = 0; i < c->kept; i++)
		if (c->packets[i].seq == seq)
			return true;
	return false;
}

static void count_next(struct qos_candidate *c, uint16_t seq)
{
	c->count++;
	c->max_seq = seq;
}

enum qos_verdict qos_probation_offer(struct qos_probation *p, const struct pkt_media *m,
	const struct qos_origin *origin, bool is_announced, uint64_t now_ns,
	struct qos_candidate **confirmed)
{
	struct qos_candidate *c = find(p, &m->key);

	if (!c && !origin)
		return QOS_UNKNOWN;
	/* Begins anew, as if the sweep had come by already. */
	if (c && now_ns > c->last_ns + QOS_CANDIDATE_NS) {
		if (!origin)
			origin = &c->origin;
		give_up(p, c);
		c = NULL;
	}
	if (!c)
		c = make(p, &m->key, origin, now_ns);
	if (c->kept) {
		bool is_known = is_announced || qos_probation_is_hinted(p, &c->origin.flow, now_ns);
		uint16_t max_step = is_known ? MAX_STEP_KNOWN : MAX_STEP;
		uint16_t step = (uint16_t)(m->seq - c->max_seq);

		if (step > max_step && step < 65536 - max_step)
			give_up_packets(p, c);
		else if (step && step <= max_step)
			count_next(c, m->seq);
	}
	c->last_ns = now_ns > c->last_ns ? now_ns : c->last_ns;
	c->pending++;
	pend(p, 1);
	if (is_kept(c, m->seq)) {
		c->repeated++;
		return QOS_PENDING;
	}
	if (c->kept == QOS_CANDIDATE_PACKETS)
		drop_first(p, c);
	if (!c->count)
		count_next(c, m->seq);
	c->has_marker |= m->marker_pt >> 7;
	c->packets[c->kept] = *m;
	c->arrivals[c->kept] = now_ns;
	c->kept++;
	if (!is_enough(p, c, is_announced, now_ns))
		return QOS_PENDING;
	*confirmed = c;
	return QOS_CONFIRMED;
}

static void expire_set(struct qos_probation *p, uint32_t set, uint64_t now_ns, bool drain)
{
	struct qos_candidate *c = &p->candidates[(size_t)set * QOS_CANDIDATE_WAYS];

	for (unsigned i = 0; i < QOS_CANDIDATE_WAYS; i++)
		if (c[i].last_ns && (drain || now_ns > c[i].last_ns + QOS_CANDIDATE_NS))
			give_up(p, &c[i]);
}

void qos_probation_expire(struct qos_probation *p, uint64_t now_ns, bool drain)
{
	uint32_t sets = p->set_mask + 1;
	uint32_t part = drain ? sets : (sets + SWEEP_PARTS - 1) / SWEEP_PARTS;

	for (uint32_t n = 0; n < part; n++) {
		if (p->used[p->sweep])
			expire_set(p, p->sweep, now_ns, drain);
		p->sweep = (p->sweep + 1) & p->set_mask;
	}
}
