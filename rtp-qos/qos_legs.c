/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls joined are a tree, whose root is the one that began first, whatever the order in which it was found
 * out; a call holds the one above it. */
#include "qos_legs.h"

#include <stdlib.h>

enum {
	WAYS = 8,
};

#define WINDOW_NS ((int64_t)10000000000) /* between the packets compared */
/* What a relay takes, and by how much two ports may be apart. */
#define RELAY_NS ((int64_t)500000000)
#define EARLY_NS ((int64_t)50000000)
/* From packet to packet, whatever the codec. */
#define FRAME_LEAST_NS ((int64_t)2500000)
#define FRAME_MOST_NS  ((int64_t)120000000)

struct qos_legs *qos_legs_create(const struct pkt_seed *seed)
{
	struct qos_legs *legs = calloc(1, sizeof(*legs));

	if (!legs)
		return NULL;
	pthread_mutex_init(&legs->lock, NULL);
	legs->seed = *seed;
	return legs;
}

void qos_legs_destroy(struct qos_legs *legs)
{
	if (!legs)
		return;
	pthread_mutex_destroy(&legs->lock);
	free(legs);
}

/* A call that has no leg above it may get one, once; so a walk needs no lock. */
static struct qos_call *root_of(struct qos_call *call)
{
	struct qos_call *above;

	while ((above = atomic_load_explicit(&call->leg_above, memory_order_acquire)))
		call = above;
	return call;
}

static bool began_first(const struct qos_call *a, const struct qos_call *b)
{
	if (a->start_ns != b->start_ns)
		return a->start_ns < b->start_ns;
	return strcmp(a->call_id, b->call_id) < 0;
}

/* The mutex and both calls are held, and with them their roots. */
static bool join(struct qos_call *a, struct qos_call *b)
{
	struct qos_call *first = root_of(a), *second = root_of(b);

	if (first == second)
		return false;
	if (began_first(second, first)) {
		struct qos_call *other = first;

		first = second;
		second = other;
	}
	if (!qos_call_hold(first))
		return false;
	atomic_store_explicit(&first->has_legs, true, memory_order_release);
	atomic_store_explicit(&second->leg_above, first, memory_order_release);
	return true;
}

/* Whether down may be up relayed: by so many packets later, so much time. */
static bool is_relayed(const struct qos_leg_entry *up, const struct qos_leg_entry *down)
{
	int64_t ns = (int64_t)(down->ns - up->ns);
	int64_t packets = (int16_t)(uint16_t)(down->seq - up->seq);
	int64_t least = packets * (packets < 0 ? FRAME_MOST_NS : FRAME_LEAST_NS);
	int64_t most = packets * (packets < 0 ? FRAME_LEAST_NS : FRAME_MOST_NS);

	return pkt_addr_eq(&up->dst, &down->src) && !pkt_addr_eq(&up->src, &down->dst) &&
	       ns <= WINDOW_NS && ns >= -WINDOW_NS && ns >= least - EARLY_NS &&
	       ns <= most + RELAY_NS;
}

static bool are_legs(const struct qos_leg_entry *a, const struct qos_leg_entry *b)
{
	return a->ns && a->ssrc == b->ssrc && a->family == b->family &&
	       strcmp(a->call_id, b->call_id) != 0 && (is_relayed(a, b) || is_relayed(b, a));
}

static bool join_with(struct qos_calls *calls, struct qos_call *call, const char *call_id)
{
	struct qos_call *other = qos_call_find(calls, bytes_from_str(call_id));
	bool is_new;

	if (!other || !qos_call_hold(other))
		return false;
	is_new = join(call, other);
	qos_call_put(other);
	return is_new;
}

bool qos_legs_offer(struct qos_legs *legs, struct qos_calls *calls, struct qos_call *call,
	const struct qos_leg_media *media)
{
	struct qos_leg_entry own = {
		.ns = media->ns,
		.ssrc = media->ssrc,
		.seq = media->seq,
		.family = media->flow->family,
		.src = media->flow->src,
		.dst = media->flow->dst,
	};
	struct qos_leg_entry *set =
		&legs->entries[pkt_hash_mix(own.ssrc ^ legs->seed.k[0], legs->seed.k[1]) %
			       QOS_LEGS / WAYS * WAYS];
	struct qos_leg_entry *oldest = set;
	bool is_new = false;

	memcpy(own.call_id, call->call_id, sizeof(own.call_id));
	pthread_mutex_lock(&legs->lock);
	for (unsigned i = 0; i < WAYS; i++) {
		if (are_legs(&set[i], &own))
			is_new |= join_with(calls, call, set[i].call_id);
		if (set[i].ns < oldest->ns)
			oldest = &set[i];
	}
	*oldest = own;
	pthread_mutex_unlock(&legs->lock);
	return is_new;
}

void qos_leg_name(struct qos_call *call, struct bytes id)
{
	id = bytes_head(id, sizeof(call->leg_name));
	if (!id.n)
		return;
	pthread_mutex_lock(&call->lock);
	if (!atomic_load_explicit(&call->leg_name_bytes, memory_order_relaxed)) {
		memcpy(call->leg_name, id.p, id.n);
		atomic_store_explicit(&call->leg_name_bytes, (uint32_t)id.n, memory_order_release);
	}
	pthread_mutex_unlock(&call->lock);
}

struct bytes qos_leg_named(struct qos_call *call)
{
	return bytes_of(
		call->leg_name, atomic_load_explicit(&call->leg_name_bytes, memory_order_acquire));
}

struct bytes qos_leg_id(struct qos_call *call)
{
	struct qos_call *root = root_of(call);
	struct bytes id = qos_leg_named(call);

	if (!id.n)
		id = qos_leg_named(root);
	if (!id.n && atomic_load_explicit(&root->has_legs, memory_order_acquire))
		id = bytes_from_str(root->call_id);
	return id;
}
