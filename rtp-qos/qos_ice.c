/* SPDX-License-Identifier: BSD-3-Clause */
/* Three kinds of names: a ufrag of a certain call, which says what its side announced; a ufrag alone, for as long as
 * its call's other side is not known; two ufrags that have met in one call. Short as they are, ufrags of calls
 * collide, pairs do not. */
#include "qos_ice.h"

#include "pkt_count.h"
#include "qos_media_pvt.h"
#include "qos_pool.h"

/* In the place of a family of addresses. */
enum name_kind {
	NAME_ALONE = 1,
	NAME_OF_CALL = 2,
	NAME_PAIR = 3,
};

/* 128 bits of a ufrag. */
struct name {
	uint64_t w[2];
};

static struct name name_of(const struct qos_medias *medias, struct bytes ufrag)
{
	const struct pkt_seed *seed = qos_medias_seed(medias);
	const struct pkt_seed other = {{seed->k[3], seed->k[2], seed->k[1], seed->k[0]}};

	return (struct name){{pkt_hash_bytes(ufrag, seed), pkt_hash_bytes(ufrag, &other)}};
}

static struct qos_media_key key_of(enum name_kind kind, struct name name, uint32_t tenant)
{
	struct qos_media_key key = {.tenant = tenant, .family = (uint8_t)kind};

	memcpy(key.addr.b, name.w, sizeof(name.w));
	return key;
}

/* The same forth and back. */
static struct name of_call(struct name name, const struct qos_call *call)
{
	return (struct name){{name.w[0] ^ call->hash, name.w[1]}};
}

static struct qos_media_key pair_key(struct name a, struct name b, uint32_t tenant)
{
	struct name sum = {{a.w[0] + b.w[0], a.w[1] + b.w[1]}};

	return key_of(NAME_PAIR, sum, tenant);
}

struct qos_media_key qos_ice_key(const struct qos_medias *medias, struct bytes ufrag,
	const struct qos_call *call, uint32_t tenant)
{
	return key_of(NAME_OF_CALL, of_call(name_of(medias, ufrag), call), tenant);
}

/* Of the other side's names for this section the newest. */
static unsigned find_partners(const struct qos_media *own, struct name *partners)
{
	unsigned n = 0;

	for (const struct qos_media *m = own->call->media; m && n < QOS_ICE_PARTNERS_MAX;
		m = m->call_next) {
		struct name name;

		if (m->at.family != NAME_OF_CALL || m->party == own->party ||
			m->section != own->section || m->at.tenant != own->at.tenant)
			continue;
		memcpy(name.w, m->at.addr.b, sizeof(name.w));
		partners[n++] = of_call(name, own->call);
	}
	return n;
}

/* Enters what was taken for call, in the stead of old. Without memory, or of a call that is dead: refused. */
static bool enter(struct qos_medias *medias, struct qos_call *call, struct qos_media *media,
	struct qos_media *old, struct qos_call_counters *counters)
{
	if (!media) {
		pkt_count(&counters->media_refused, 1);
		return false;
	}
	if (!qos_call_hold(call)) {
		qos_pool_put(media->pool, media);
		return false;
	}
	media->call = call;
	media->is_shared = old && (old->is_shared || qos_call_lasts(old->call));
	qos_media_put(medias, media, old, counters);
	return true;
}

/* A name says whose it is, and no more. */
static void put_name(struct qos_medias *medias, const struct qos_media_key *key,
	struct qos_call *call, struct qos_call_counters *counters)
{
	struct qos_media *old = qos_media_at(medias, key), *media = NULL;

	if (old && old->call == call)
		return;
	if (old || qos_media_is_room(medias))
		media = qos_media_take(medias, 0);
	if (media)
		media->at = *key;
	enter(medias, call, media, old, counters);
}

/* The two have met: neither does alone any more. */
static void remove_alone(struct qos_medias *medias, struct name name, const struct qos_media *own,
	struct qos_call_counters *counters)
{
	struct qos_media_key key = key_of(NAME_ALONE, name, own->at.tenant);
	struct qos_media *media = qos_media_at(medias, &key);

	if (media && media->call == own->call)
		qos_media_remove(medias, media, counters);
}

void qos_ice_meet(struct qos_medias *medias, const struct qos_media_key *key,
	struct qos_call_counters *counters)
{
	/* What is put may push others of the call out, this one as well. */
	const struct qos_media *there = qos_media_at(medias, key);
	struct name name, partners[QOS_ICE_PARTNERS_MAX];
	struct qos_media own;
	unsigned n;

	if (!there)
		return;
	memcpy(&own, there, offsetof(struct qos_media, payloads));
	memcpy(name.w, key->addr.b, sizeof(name.w));
	name = of_call(name, own.call);
	n = find_partners(&own, partners);
	if (!n) {
		struct qos_media_key alone = key_of(NAME_ALONE, name, key->tenant);

		put_name(medias, &alone, own.call, counters);
		return;
	}
	remove_alone(medias, name, &own, counters);
	for (unsigned i = 0; i < n; i++) {
		struct qos_media_key pair = pair_key(name, partners[i], key->tenant);

		remove_alone(medias, partners[i], &own, counters);
		put_name(medias, &pair, own.call, counters);
	}
}

/* Both sides of a check. */
struct sides {
	struct name receiver, sender;
};

static struct sides sides_of(const struct qos_medias *medias, const struct qos_ice_check *check)
{
	return (struct sides){name_of(medias, check->receiver), name_of(medias, check->sender)};
}

static struct qos_call *find_call(
	struct qos_medias *medias, const struct sides *sides, uint32_t tenant)
{
	const struct qos_media_key keys[] = {
		pair_key(sides->receiver, sides->sender, tenant),
		key_of(NAME_ALONE, sides->receiver, tenant),
		key_of(NAME_ALONE, sides->sender, tenant),
	};

	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct qos_media *media = qos_media_find(medias, &keys[i]);

		if (!media)
			continue;
		/* Whose it is of several that have this name alone, nobody knows. */
		if (!qos_call_lasts(media->call) || (i > 0 && media->is_shared))
			return NULL;
		return media->call;
	}
	return NULL;
}

/* What a side announced, else the other did: *party is the side's. */
static const struct qos_media *find_description(struct qos_medias *medias,
	const struct qos_call *call, struct name name, struct name other, uint32_t tenant,
	uint8_t *party)
{
	struct qos_media_key own = key_of(NAME_OF_CALL, of_call(name, call), tenant);
	struct qos_media_key far = key_of(NAME_OF_CALL, of_call(other, call), tenant);
	const struct qos_media *media = qos_media_at(medias, &own);

	if (media) {
		*party = media->party;
		return media;
	}
	media = qos_media_at(medias, &far);
	if (media)
		*party = media->party ^ 1;
	return media;
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

/* One end of a check, under the publishing mutex. */
struct end {
	struct qos_media_key at;
	struct name name, other;
};

static struct qos_media *make_learnt(struct qos_medias *medias, struct qos_call *call,
	const struct qos_ice_check *check, const struct end *end)
{
	uint8_t party;
	const struct qos_media *said =
		find_description(medias, call, end->name, end->other, end->at.tenant, &party);
	unsigned payloads = said && !check->is_rtcp ? said->payload_count : 0;
	struct qos_media *media = said ? qos_media_take(medias, payloads) : NULL;

	if (!media)
		return NULL;
	media->at = end->at;
	media->party = party;
	media->is_rtcp = check->is_rtcp;
	media->is_secure = said->is_secure;
	media->is_learnt = true;
	media->is_nominated = check->is_nominated;
	media->ptime_ms = said->ptime_ms;
	media->kind = said->kind;
	media->payload_count = payloads;
	memcpy(media->payloads, said->payloads, payloads * sizeof(said->payloads[0]));
	return media;
}

static void learn_end(struct qos_medias *medias, struct qos_call *call,
	const struct qos_ice_check *check, const struct end *end,
	struct qos_call_counters *counters)
{
	struct qos_media *old = qos_media_at(medias, &end->at), *media = NULL;

	if (is_known(medias, call, &end->at, check->is_nominated))
		return;
	if (old && old->call == call) {
		atomic_store_explicit(&old->is_nominated, true, memory_order_relaxed);
		return;
	}
	if (is_full(call)) {
		if (!check->is_nominated)
			return;
		make_room(medias, call, counters);
	}
	if (old || qos_media_is_room(medias))
		media = make_learnt(medias, call, check, end);
	if (enter(medias, call, media, old, counters))
		pkt_count(&counters->media_learnt, 1);
}

/* Nearly all checks say again what is known: they take no lock. */
static bool is_new(struct qos_medias *medias, const struct qos_call *call,
	const struct qos_ice_check *check, const struct end *ends, unsigned n)
{
	bool has_room = check->is_nominated || !is_full(call);

	for (unsigned i = 0; i < n && has_room; i++)
		if (!is_known(medias, call, &ends[i].at, check->is_nominated))
			return true;
	return false;
}

bool qos_ice_learn(struct qos_medias *medias, const struct qos_ice_check *check,
	struct qos_call_counters *counters)
{
	struct sides sides = sides_of(medias, check);
	uint32_t tenant = check->flow->tenant;
	struct qos_call *call = find_call(medias, &sides, tenant);
	struct end src = {qos_media_key_of_src(check->flow), sides.sender, sides.receiver};
	struct end dst = {qos_media_key_of_dst(check->flow), sides.receiver, sides.sender};
	struct end ends[2];
	unsigned n = 0;

	if (!call)
		return false;
	if (!check->has_relay || !check->is_relay_src)
		ends[n++] = src;
	if (!check->has_relay || check->is_relay_src)
		ends[n++] = dst;
	if (!is_new(medias, call, check, ends, n))
		return true;
	qos_medias_lock(medias);
	/* Again: what was found before may be gone. */
	for (unsigned i = 0; i < n; i++) {
		call = find_call(medias, &sides, tenant);
		if (call && !cds_lfht_is_node_deleted(&call->node))
			learn_end(medias, call, check, &ends[i], counters);
	}
	qos_medias_unlock(medias);
	return true;
}
