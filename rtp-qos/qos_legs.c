/* SPDX-License-Identifier: BSD-3-Clause */
/* Legs joined are a tree, whose root is the one that began first, whatever the order in which it was found
 * out. A leg holds the one above it; calls may end meanwhile, and their memory is free then. */
#include "qos_legs.h"

#include <stdlib.h>

#include "qos_pool.h"

enum {
	WAYS = 8,
	ENTRIES = 8192, /* streams that another may turn out to be relayed from */
	SPARE = 1024, /* legs on their way back */
	HEIGHT_MOST = 64, /* of the tree: so many steps a look at the root takes */
};

#define WINDOW_NS ((int64_t)10000000000) /* between the packets compared */
/* What a relay takes, and by how much two ports may be apart. */
#define RELAY_NS ((int64_t)100000000)
#define EARLY_NS ((int64_t)20000000)
/* From packet to packet, whatever the codec. */
#define FRAME_LEAST_NS	 ((int64_t)2500000)
#define FRAME_MOST_NS	 ((int64_t)120000000)
#define FRAME_TICKS_MOST ((int64_t)48 * 120)
#define SETTLED_NS	 ((uint64_t)2000000000)

struct qos_leg {
	_Atomic uint32_t refs; /* its call, entries, legs below */
	struct qos_legs *legs;
	struct rcu_head rcu;
	struct qos_leg *_Atomic above; /* held; once set it stays */
	uint64_t joined_ns; /* when above was set, packet time */
	_Atomic uint64_t below_ns; /* when the first leg below was joined; 0: none was */
	uint64_t start_ns; /* of its call, as are the texts */
	uint32_t height; /* of the tree below, under the mutex; not less when legs have gone */
	uint32_t name_bytes;
	char call_id[QOS_CALL_ID_MAX];
	char name[QOS_LEG_ID_MAX];
};

struct entry {
	uint64_t ns;
	struct qos_leg *leg; /* held; NULL: free */
	struct pkt_addr src, dst;
	uint32_t ssrc;
	uint32_t rtp_ts;
	uint16_t seq;
	uint8_t family;
};

struct set {
	struct entry entries[WAYS];
	/* When an entry gave way to another of this SSRC: what fits then is not all that would. */
	uint64_t crowd_ns;
	uint32_t crowd_ssrc;
};

struct qos_legs {
	pthread_mutex_t lock; /* guards the sets, and who is whose leg */
	struct pkt_seed seed;
	struct qos_pool pool;
	struct set sets[ENTRIES / WAYS];
};

static uint32_t leg_count(uint32_t max_calls)
{
	return max_calls + max_calls / 8 + ENTRIES + SPARE;
}

uint64_t qos_legs_memory(uint32_t max_calls)
{
	return sizeof(struct qos_legs) +
	       (uint64_t)leg_count(max_calls) * qos_pool_stride(sizeof(struct qos_leg));
}

struct qos_legs *qos_legs_create(uint32_t max_calls, const struct pkt_seed *seed)
{
	struct qos_legs *legs = calloc(1, sizeof(*legs));

	if (!legs)
		return NULL;
	if (qos_pool_init(&legs->pool, sizeof(struct qos_leg), leg_count(max_calls))) {
		free(legs);
		return NULL;
	}
	pthread_mutex_init(&legs->lock, NULL);
	legs->seed = *seed;
	return legs;
}

void qos_legs_destroy(struct qos_legs *legs)
{
	if (!legs)
		return;
	for (unsigned i = 0; i < ENTRIES; i++)
		qos_leg_put(legs->sets[i / WAYS].entries[i % WAYS].leg);
	urcu_qsbr_barrier();
	pthread_mutex_destroy(&legs->lock);
	qos_pool_fini(&legs->pool);
	free(legs);
}

static void release_leg_rcu(struct rcu_head *head)
{
	struct qos_leg *leg = caa_container_of(head, struct qos_leg, rcu);

	qos_pool_put(&leg->legs->pool, leg);
}

/* The last one also puts the leg above. */
void qos_leg_put(struct qos_leg *leg)
{
	while (leg && atomic_fetch_sub_explicit(&leg->refs, 1, memory_order_acq_rel) == 1) {
		struct qos_leg *above = atomic_load_explicit(&leg->above, memory_order_acquire);

		urcu_qsbr_call_rcu(&leg->rcu, release_leg_rcu);
		leg = above;
	}
}

/* Of one that is held already. */
static struct qos_leg *hold(struct qos_leg *leg)
{
	atomic_fetch_add_explicit(&leg->refs, 1, memory_order_relaxed);
	return leg;
}

/* The call's own, made when it is needed first; NULL when there is no room. */
static struct qos_leg *leg_of(struct qos_legs *legs, struct qos_call *call)
{
	const size_t clear = offsetof(struct qos_leg, call_id);
	struct qos_leg *leg = atomic_load_explicit(&call->leg, memory_order_relaxed);
	struct bytes name = qos_leg_named(call);

	if (leg)
		return leg;
	leg = qos_pool_take(&legs->pool, clear);
	if (!leg)
		return NULL;
	atomic_init(&leg->refs, 1);
	leg->legs = legs;
	leg->start_ns = call->start_ns;
	leg->name_bytes = (uint32_t)name.n;
	memcpy(leg->name, name.p, name.n);
	memcpy(leg->call_id, call->call_id, sizeof(leg->call_id));
	atomic_store_explicit(&call->leg, leg, memory_order_release);
	return leg;
}

/* The mutex is held. */
static struct qos_leg *root_of(struct qos_leg *leg)
{
	struct qos_leg *above;

	while ((above = atomic_load_explicit(&leg->above, memory_order_acquire)))
		leg = above;
	return leg;
}

static bool began_first(const struct qos_leg *a, const struct qos_leg *b)
{
	if (a->start_ns != b->start_ns)
		return a->start_ns < b->start_ns;
	return strcmp(a->call_id, b->call_id) < 0;
}

/* The mutex is held, and so are both legs. */
static unsigned join(struct qos_leg *a, struct qos_leg *b, uint64_t now_ns)
{
	struct qos_leg *first = root_of(a), *second = root_of(b);
	uint64_t below_ns;

	if (first == second)
		return 0;
	if (began_first(second, first)) {
		struct qos_leg *other = first;

		first = second;
		second = other;
	}
	if (second->height == HEIGHT_MOST)
		return 0;
	if (first->height <= second->height)
		first->height = second->height + 1;
	below_ns = atomic_load_explicit(&first->below_ns, memory_order_relaxed);
	if (!below_ns || now_ns < below_ns)
		atomic_store_explicit(&first->below_ns, now_ns, memory_order_release);
	second->joined_ns = now_ns;
	atomic_store_explicit(&second->above, hold(first), memory_order_release);
	return 1;
}

/* Timestamps go where numbers go, by what a frame may have. */
static bool are_ticks_of(int64_t packets, int32_t ticks)
{
	int64_t most = (packets < 0 ? -packets : packets) * FRAME_TICKS_MOST;

	if (!packets || !ticks)
		return !packets && !ticks;
	return (packets < 0) == (ticks < 0) && ticks <= most && ticks >= -most;
}

/* Whether down may be up relayed: by so many packets later, so much time. */
static bool is_relayed(const struct entry *up, const struct entry *down)
{
	int64_t ns = (int64_t)(down->ns - up->ns);
	int64_t packets = (int16_t)(uint16_t)(down->seq - up->seq);
	int64_t least = packets * (packets < 0 ? FRAME_MOST_NS : FRAME_LEAST_NS);
	int64_t most = packets * (packets < 0 ? FRAME_LEAST_NS : FRAME_MOST_NS);

	return pkt_addr_eq(&up->dst, &down->src) && !pkt_addr_eq(&up->src, &down->dst) &&
	       are_ticks_of(packets, (int32_t)(down->rtp_ts - up->rtp_ts)) && ns <= WINDOW_NS &&
	       ns >= -WINDOW_NS && ns >= least - EARLY_NS && ns <= most + RELAY_NS;
}

/* The one leg of a set that own's stream comes from (is_up), or goes on to, by its first packet that says so; NULL when
 * there is none, or several: who plays one recording in all calls is not told apart by it. */
static const struct entry *find_other(const struct set *set, const struct entry *own, bool is_up)
{
	const struct entry *found = NULL;

	if (set->crowd_ssrc == own->ssrc && set->crowd_ns + (uint64_t)WINDOW_NS > own->ns)
		return NULL;
	for (unsigned i = 0; i < WAYS; i++) {
		const struct entry *e = &set->entries[i];

		if (!e->leg || e->leg == own->leg || e->ssrc != own->ssrc ||
			e->family != own->family ||
			!(is_up ? is_relayed(e, own) : is_relayed(own, e)))
			continue;
		if (found && found->leg != e->leg)
			return NULL;
		if (!found || e->ns < found->ns)
			found = e;
	}
	return found;
}

static unsigned join_with(const struct entry *own, const struct entry *other)
{
	return other ? join(own->leg, other->leg, own->ns > other->ns ? own->ns : other->ns) : 0;
}

static void remember(struct set *set, const struct entry *own)
{
	struct entry *place = set->entries;

	for (unsigned i = 1; i < WAYS && place->leg; i++)
		if (!set->entries[i].leg || set->entries[i].ns < place->ns)
			place = &set->entries[i];
	if (place->leg && place->ssrc == own->ssrc && place->ns + (uint64_t)WINDOW_NS > own->ns) {
		set->crowd_ssrc = own->ssrc;
		set->crowd_ns = own->ns;
	}
	qos_leg_put(place->leg);
	*place = *own;
	hold(own->leg);
}

unsigned qos_legs_offer(
	struct qos_legs *legs, struct qos_call *call, const struct qos_leg_media *media)
{
	struct entry own = {
		.ns = media->ns,
		.ssrc = media->ssrc,
		.rtp_ts = media->rtp_ts,
		.seq = media->seq,
		.family = media->flow->family,
		.src = media->flow->src,
		.dst = media->flow->dst,
	};
	uint64_t hash = pkt_hash_mix(own.ssrc ^ legs->seed.k[0], legs->seed.k[1]);
	struct set *set = &legs->sets[hash % (ENTRIES / WAYS)];
	unsigned joined = 0;

	pthread_mutex_lock(&legs->lock);
	own.leg = leg_of(legs, call);
	if (own.leg) {
		joined = join_with(&own, find_other(set, &own, true)) +
			 join_with(&own, find_other(set, &own, false));
		remember(set, &own);
	}
	pthread_mutex_unlock(&legs->lock);
	return joined;
}

void qos_leg_name(struct qos_call *call, struct bytes id)
{
	id = bytes_head(id, sizeof(call->leg_name));
	if (!id.n)
		return;
	pthread_spin_lock(&call->lock);
	if (!atomic_load_explicit(&call->leg_name_bytes, memory_order_relaxed)) {
		memcpy(call->leg_name, id.p, id.n);
		atomic_store_explicit(&call->leg_name_bytes, (uint32_t)id.n, memory_order_release);
	}
	pthread_spin_unlock(&call->lock);
}

struct bytes qos_leg_named(struct qos_call *call)
{
	return bytes_of(
		call->leg_name, atomic_load_explicit(&call->leg_name_bytes, memory_order_acquire));
}

static bool is_settled(uint64_t joined_ns, uint64_t now_ns)
{
	return joined_ns && joined_ns + SETTLED_NS <= now_ns;
}

struct bytes qos_leg_id(struct qos_call *call, uint64_t now_ns)
{
	struct qos_leg *own = atomic_load_explicit(&call->leg, memory_order_acquire);
	struct qos_leg *root = own, *above;

	while (root && (above = atomic_load_explicit(&root->above, memory_order_acquire)) &&
		is_settled(root->joined_ns, now_ns))
		root = above;
	if (!root || (root == own &&
			     !is_settled(atomic_load_explicit(&own->below_ns, memory_order_acquire),
				     now_ns)))
		return qos_leg_named(call);
	if (root->name_bytes)
		return bytes_of(root->name, root->name_bytes);
	return bytes_from_str(root->call_id);
}
