/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a check comes from its receiver knows as a candidate (RFC 8445 section 7.3.1.3), so it is learnt at once, and a
 * mirror of one direction has its streams by that. Where it goes to anybody may write: that counts, like the
 * nomination, when the success response comes from there (section 7.2.5). */
#include "pkt_count.h"
#include "qos_ice_pvt.h"

/* One end of a check, under the publishing mutex. */
struct end {
	struct qos_media_key at;
	struct qos_ice_name name, other;
	bool is_nominated;
};

/* What a side announced, else the other did. */
struct description {
	const struct qos_media *said; /* NULL: neither */
	uint8_t party; /* the side's */
	uint8_t section; /* where its own name is that of several, the other's tells */
};

static struct description find_description(
	struct qos_medias *medias, const struct qos_call *call, const struct end *end)
{
	struct qos_media_key own_key = qos_ice_key_of(end->name, call, end->at.tenant);
	struct qos_media_key far_key = qos_ice_key_of(end->other, call, end->at.tenant);
	const struct qos_media *own = qos_media_at(medias, &own_key);
	const struct qos_media *far = qos_media_at(medias, &far_key);
	struct description d = {.said = own ? own : far};

	if (!d.said)
		return d;
	d.party = own ? own->party : far->party ^ 1;
	d.section = d.said->section;
	if (d.section == QOS_SECTION_MANY && far)
		d.section = far->section;
	return d;
}

/* Nothing is learnt there: it is this call's, another's that announced it, or known to be several calls'. */
static bool is_known(struct qos_medias *medias, const struct qos_call *call,
	const struct qos_media_key *at, bool is_nominated)
{
	const struct qos_media *media = qos_media_find(medias, at);

	if (!media)
		return false;
	/* A check that nobody answers may name any address: what another call announced stays that call's. */
	if (media->call != call)
		return qos_call_lasts(media->call) && (!media->is_learnt || media->is_shared);
	return !media->is_learnt || !is_nominated ||
	       atomic_load_explicit(&media->is_nominated, memory_order_relaxed);
}

static bool is_full(const struct qos_call *call)
{
	return atomic_load_explicit(&call->learnt_count, memory_order_relaxed) >=
	       QOS_ICE_LEARNT_MAX;
}

/* The oldest that was not nominated; if all were, the oldest. */
static void make_room(
	struct qos_medias *medias, struct qos_call *call, struct qos_call_counters *counters)
{
	struct qos_media *oldest = NULL;

	for (struct qos_media *m = call->media; m; m = m->call_next) {
		if (!m->is_learnt)
			continue;
		if (!oldest || oldest->is_nominated || !m->is_nominated)
			oldest = m;
	}
	if (oldest)
		qos_media_remove(medias, oldest, counters);
}

static struct qos_media *make_learnt(
	struct qos_medias *medias, struct qos_call *call, const struct end *end, bool is_rtcp)
{
	struct description d = find_description(medias, call, end);
	unsigned payloads = d.said && !is_rtcp ? d.said->payload_count : 0;
	struct qos_media *media = d.said ? qos_media_take(medias, payloads) : NULL;

	if (!media)
		return NULL;
	media->at = end->at;
	media->party = d.party;
	media->section = d.section;
	media->is_rtcp = is_rtcp;
	media->is_secure = d.said->is_secure;
	media->is_learnt = true;
	media->is_nominated = end->is_nominated;
	media->name = end->name.w[0];
	media->ptime_ms = d.said->ptime_ms;
	media->kind = d.said->kind;
	media->payload_count = payloads;
	memcpy(media->payloads, d.said->payloads, payloads * sizeof(d.said->payloads[0]));
	if (is_rtcp)
		media->rtp = qos_ice_find_rtp(call, media);
	return media;
}

static void learn_end(struct qos_medias *medias, struct qos_call *call, const struct end *end,
	bool is_rtcp, struct qos_call_counters *counters)
{
	struct qos_media *old = qos_media_at(medias, &end->at), *media = NULL;

	if (is_known(medias, call, &end->at, end->is_nominated))
		return;
	if (old && old->call == call) {
		atomic_store_explicit(&old->is_nominated, true, memory_order_relaxed);
		qos_ice_follow_rtp(medias, call, counters);
		return;
	}
	if (is_full(call)) {
		if (!end->is_nominated)
			return;
		make_room(medias, call, counters);
	}
	if (old || qos_media_is_room(medias))
		media = make_learnt(medias, call, end, is_rtcp);
	if (!qos_ice_enter(medias, call, media, old, counters))
		return;
	pkt_count(&counters->media_learnt, 1);
	if (!is_rtcp)
		qos_ice_follow_rtp(medias, call, counters);
}

/* Nearly all checks say again what is known: they take no lock. */
static bool is_new(
	struct qos_medias *medias, const struct qos_call *call, const struct end *ends, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if ((ends[i].is_nominated || !is_full(call)) &&
			!is_known(medias, call, &ends[i].at, ends[i].is_nominated))
			return true;
	return false;
}

static void learn_ends(struct qos_medias *medias, const struct qos_ice_sides *sides,
	const struct end *ends, unsigned n, bool is_rtcp, struct qos_call_counters *counters)
{
	qos_medias_lock(medias);
	/* Again: what was found before may be gone. */
	for (unsigned i = 0; i < n; i++) {
		struct qos_call *call = qos_ice_find_call(medias, sides, ends[i].at.tenant);

		if (call && qos_call_is_open(call))
			learn_end(medias, call, &ends[i], is_rtcp, counters);
	}
	qos_medias_unlock(medias);
}

/* So many of both ends as are learnt now, and at a relay the client's only. */
static unsigned ends_of(const struct pkt_flow *flow, const struct qos_ice_open *said,
	bool is_answered, struct end *ends)
{
	bool is_nominated = is_answered && said->is_nominated;
	bool has_src = !said->has_relay || !said->is_relay_src;
	/* A server relays only to who asked for it: that is an answer. */
	bool has_dst = said->has_relay ? said->is_relay_src : is_answered;
	unsigned n = 0;

	if (has_src)
		ends[n++] = (struct end){
			qos_media_key_of_src(flow), said->sender, said->receiver, is_nominated};
	if (has_dst)
		ends[n++] = (struct end){
			qos_media_key_of_dst(flow), said->receiver, said->sender, is_nominated};
	return n;
}

/* True: it is a call's. */
static bool learn(struct qos_medias *medias, const struct pkt_flow *flow,
	const struct qos_ice_open *said, bool is_answered, struct qos_call_counters *counters)
{
	struct qos_ice_sides sides = {said->receiver, said->sender};
	struct qos_call *call = qos_ice_find_call(medias, &sides, flow->tenant);
	struct end ends[2];
	unsigned n = ends_of(flow, said, is_answered, ends);

	if (!call)
		return false;
	if (is_new(medias, call, ends, n))
		learn_ends(medias, &sides, ends, n, said->is_rtcp, counters);
	return true;
}

static uint64_t tag_of(
	const struct qos_medias *medias, const struct pkt_flow *flow, struct bytes transaction)
{
	const struct pkt_seed *seed = qos_medias_seed(medias);
	uint64_t h = pkt_hash_flow6(flow, flow->tenant, seed->k[0], seed->k[1]);

	return pkt_hash_mix(h, pkt_hash_bytes(transaction, seed)) | 1;
}

/* NULL: it is not there. */
static struct qos_ice_open *find_open(struct qos_ice_checks *checks, uint64_t tag)
{
	struct qos_ice_open *set = checks->open[tag / 2 % QOS_ICE_OPEN_SETS];

	for (unsigned i = 0; i < QOS_ICE_OPEN_WAYS; i++)
		if (set[i].tag == tag)
			return &set[i];
	return NULL;
}

/* Again, or in a free place, else in that of one of its set, each in turn. */
static void note_open(struct qos_ice_checks *checks, const struct qos_ice_open *said,
	struct qos_call_counters *counters)
{
	unsigned set = said->tag / 2 % QOS_ICE_OPEN_SETS;
	struct qos_ice_open *open = find_open(checks, said->tag);

	for (unsigned i = 0; !open && i < QOS_ICE_OPEN_WAYS; i++)
		if (!checks->open[set][i].tag)
			open = &checks->open[set][i];
	if (!open) {
		open = &checks->open[set][checks->next[set]++ % QOS_ICE_OPEN_WAYS];
		pkt_count(&counters->ice_forgotten, 1);
	}
	*open = *said;
}

bool qos_ice_learn(struct qos_medias *medias, struct qos_ice_checks *checks,
	const struct qos_ice_check *check, struct qos_call_counters *counters)
{
	struct qos_ice_open said = {
		.receiver = qos_ice_name_of(medias, check->receiver),
		.sender = qos_ice_name_of(medias, check->sender),
		.is_rtcp = check->is_rtcp,
		.is_nominated = check->is_nominated,
		.has_relay = check->has_relay,
		.is_relay_src = check->is_relay_src,
	};

	if (!learn(medias, check->flow, &said, false, counters))
		return false;
	said.tag = tag_of(medias, check->flow, check->transaction);
	note_open(checks, &said, counters);
	return true;
}

bool qos_ice_answer(struct qos_medias *medias, struct qos_ice_checks *checks,
	const struct pkt_flow *flow, struct bytes transaction, struct qos_call_counters *counters)
{
	struct pkt_flow back = pkt_flow_turned(flow);
	struct qos_ice_open *open, said;

	open = find_open(checks, tag_of(medias, &back, transaction));
	if (!open)
		return false;
	said = *open;
	open->tag = 0;
	return learn(medias, &back, &said, true, counters);
}
