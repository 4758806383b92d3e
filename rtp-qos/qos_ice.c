/* SPDX-License-Identifier: BSD-3-Clause */
/* Three kinds of names: a ufrag of a certain call, which says what its side announced; a ufrag alone, for as long as
 * its call's other side is not known; two ufrags that have met in one call. Short as they are, ufrags of calls
 * collide, pairs do not. */
#include "pkt_count.h"
#include "qos_ice_pvt.h"

/* In the place of a family of addresses. */
enum name_kind {
	NAME_ALONE = 1,
	NAME_OF_CALL = 2,
	NAME_PAIR = 3,
};

struct qos_ice_name qos_ice_name_of(const struct qos_medias *medias, struct bytes ufrag)
{
	const struct pkt_seed *seed = qos_medias_seed(medias);
	const struct pkt_seed other = {{seed->k[3], seed->k[2], seed->k[1], seed->k[0]}};

	return (struct qos_ice_name){{pkt_hash_bytes(ufrag, seed), pkt_hash_bytes(ufrag, &other)}};
}

static struct qos_media_key key_of(enum name_kind kind, struct qos_ice_name name, uint32_t tenant)
{
	struct qos_media_key key = {.tenant = tenant, .family = (uint8_t)kind};

	memcpy(key.addr.b, name.w, sizeof(name.w));
	return key;
}

/* The same forth and back. */
static struct qos_ice_name of_call(struct qos_ice_name name, const struct qos_call *call)
{
	return (struct qos_ice_name){{name.w[0] ^ call->hash, name.w[1]}};
}

static struct qos_media_key pair_key(struct qos_ice_name a, struct qos_ice_name b, uint32_t tenant)
{
	struct qos_ice_name sum = {{a.w[0] + b.w[0], a.w[1] + b.w[1]}};

	return key_of(NAME_PAIR, sum, tenant);
}

struct qos_media_key qos_ice_key_of(
	struct qos_ice_name name, const struct qos_call *call, uint32_t tenant)
{
	return key_of(NAME_OF_CALL, of_call(name, call), tenant);
}

struct qos_media_key qos_ice_key(const struct qos_medias *medias, struct bytes ufrag,
	const struct qos_call *call, uint32_t tenant)
{
	return qos_ice_key_of(qos_ice_name_of(medias, ufrag), call, tenant);
}

static bool is_one_section(const struct qos_media *a, const struct qos_media *b)
{
	return a->section == b->section || a->section == QOS_SECTION_MANY ||
	       b->section == QOS_SECTION_MANY;
}

/* Of the other side's names for this section the newest. */
static unsigned find_partners(const struct qos_media *own, struct qos_ice_name *partners)
{
	unsigned n = 0;

	for (const struct qos_media *m = own->call->media; m && n < QOS_ICE_PARTNERS_MAX;
		m = m->call_next) {
		struct qos_ice_name name;

		if (m->at.family != NAME_OF_CALL || m->party == own->party ||
			!is_one_section(m, own) || m->at.tenant != own->at.tenant)
			continue;
		memcpy(name.w, m->at.addr.b, sizeof(name.w));
		partners[n++] = of_call(name, own->call);
	}
	return n;
}

bool qos_ice_enter(struct qos_medias *medias, struct qos_call *call, struct qos_media *media,
	struct qos_media *old, struct qos_call_counters *counters)
{
	if (!media) {
		pkt_count(&counters->media_refused, 1);
		return false;
	}
	media->call = call;
	media->is_shared =
		old && (old->is_shared || (old->call != call && qos_call_lasts(old->call)));
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
	qos_ice_enter(medias, call, media, old, counters);
}

/* The two have met: neither does alone any more. */
static void remove_alone(struct qos_medias *medias, struct qos_ice_name name,
	const struct qos_media *own, struct qos_call_counters *counters)
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
	struct qos_ice_name name, partners[QOS_ICE_PARTNERS_MAX];
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

struct qos_call *qos_ice_find_call(
	struct qos_medias *medias, const struct qos_ice_sides *sides, uint32_t tenant)
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
