/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups of slots, each with its pilot. A group that has no room counts the streams that had to go past it, so that
 * a search knows where to end and nothing needs to move when a stream closes. */
#include "qos_table.h"

#include <errno.h>
#include <string.h>

enum {
	GROUP_LOAD = 8, /* streams of a group when the table is full; one in 300 has spilt then */
	/* For one stream; more only where somebody chose the hashes. */
	GROUPS_SEARCHED = 64,
	VAIN_MAX = 4, /* searches for a pilot without one */
	KEYS_TRIED = 64, /* one in two is good enough at least */
	SPILT_MAX = UINT8_MAX, /* stays there once it was reached: searches never end here again */
};

static uint32_t group_count(uint32_t max)
{
	return max / GROUP_LOAD + 2;
}

size_t qos_table_memory(uint32_t max)
{
	size_t groups = group_count(max);

	return groups * (QOS_GROUP_SLOTS * (sizeof(struct qos_stream_hot) + sizeof(uint32_t)) +
				sizeof(struct qos_group) + sizeof(uint16_t)) +
	       max * sizeof(struct qos_stream_cold);
}

static struct pkt_media_key free_key(const struct qos_table *t, uint32_t group)
{
	return group == t->zero_home ? t->zero_home_free : (struct pkt_media_key){{0}};
}

/* All slots are free. */
static void init_keys(struct qos_table *t)
{
	struct pkt_media_key key = {{0}};

	t->zero_home = qos_table_home(t, qos_table_hash(t, &key));
	for (unsigned n = 0; n < KEYS_TRIED; n++) {
		if (qos_table_home(t, qos_table_hash(t, &key)) != t->zero_home)
			break;
		key.w[0] += 0x9e3779b97f4a7c15;
		key.w[1] += 0xd6e8feb86659fd93;
	}
	t->zero_home_free = key;
	for (uint32_t i = 0; i < QOS_GROUP_SLOTS; i++)
		t->hot[t->zero_home * QOS_GROUP_SLOTS + i].key = key;
}

int qos_table_init(struct qos_table *t, uint32_t max, const struct pkt_seed *seed, void *mem)
{
	size_t groups = group_count(max);

	*t = (struct qos_table){
		.hot = mem,
		.group_count = (uint32_t)groups,
		.max = max,
		.free_head = QOS_NONE,
		.seed = *seed,
	};
	t->cold = (struct qos_stream_cold *)(t->hot + groups * QOS_GROUP_SLOTS);
	t->stream_of = (uint32_t *)(t->cold + max);
	t->groups = (struct qos_group *)(t->stream_of + groups * QOS_GROUP_SLOTS);
	t->pilots = (uint16_t *)(t->groups + groups);
	init_keys(t);
	qos_buffer_setup(&t->env.buffers, &qos_buffer_usual);
	if (qos_wheel_init(&t->wheel, max) != 0)
		return -ENOMEM;
	if (qos_flows_init(&t->flows, max) != 0) {
		qos_wheel_fini(&t->wheel);
		return -ENOMEM;
	}
	return 0;
}

void qos_table_fini(struct qos_table *t)
{
	qos_flows_fini(&t->flows);
	qos_wheel_fini(&t->wheel);
}

/* How many groups a stream may be in. */
static uint32_t groups_for_key(const struct qos_table *t)
{
	return t->group_count < GROUPS_SEARCHED ? t->group_count : GROUPS_SEARCHED;
}

static uint32_t next_group(const struct qos_table *t, uint32_t group)
{
	return group + 1 < t->group_count ? group + 1 : 0;
}

uint32_t qos_table_find_slot(const struct qos_table *t, const struct pkt_media_key *key)
{
	uint64_t hash = qos_table_hash(t, key);
	uint32_t group = qos_table_home(t, hash);

	for (uint32_t n = groups_for_key(t); n; n--, group = next_group(t, group)) {
		uint32_t slot = qos_table_slot_in(t, group, (uint32_t)hash);

		if (qos_table_is_of(t, slot, key) && qos_table_is_used(t, slot))
			return slot;
		if (!t->groups[group].spilt)
			break;
	}
	return QOS_NONE;
}

uint32_t qos_table_find(const struct qos_table *t, const struct pkt_media_key *key)
{
	uint32_t slot = qos_table_find_slot(t, key);

	return slot == QOS_NONE ? QOS_NONE : t->stream_of[slot];
}

static void use_slot(struct qos_table *t, uint32_t slot)
{
	t->groups[slot / QOS_GROUP_SLOTS].used |= (uint16_t)(1u << slot % QOS_GROUP_SLOTS);
}

static void clear_slot(struct qos_table *t, uint32_t slot)
{
	uint32_t group = slot / QOS_GROUP_SLOTS;

	t->groups[group].used &= (uint16_t) ~(1u << slot % QOS_GROUP_SLOTS);
	t->hot[slot].key = free_key(t, group);
}

/* The streams of a group, and room for the hash of one more. */
struct lifted {
	struct qos_stream_hot hot[QOS_GROUP_KEYS];
	uint32_t stream[QOS_GROUP_KEYS];
	uint32_t hash[QOS_GROUP_KEYS];
	unsigned count;
};

/* Takes them out of it. */
static void lift(struct qos_table *t, uint32_t group, struct lifted *lifted)
{
	lifted->count = 0;
	for (unsigned used = t->groups[group].used; used; used &= used - 1) {
		uint32_t slot = group * QOS_GROUP_SLOTS + (unsigned)__builtin_ctz(used);
		unsigned i = lifted->count++;

		lifted->hot[i] = t->hot[slot];
		lifted->stream[i] = t->stream_of[slot];
		lifted->hash[i] = (uint32_t)qos_table_hash(t, &t->hot[slot].key);
		clear_slot(t, slot);
	}
}

static void put_back(struct qos_table *t, uint32_t group, const struct lifted *lifted)
{
	for (unsigned i = 0; i < lifted->count; i++) {
		uint32_t slot = qos_table_slot_in(t, group, lifted->hash[i]);

		use_slot(t, slot);
		t->hot[slot] = lifted->hot[i];
		t->stream_of[slot] = lifted->stream[i];
		t->cold[lifted->stream[i]].slot = slot;
	}
}

/* Whether the group has room for one more: where its pilot puts it, or by another pilot, which may be looked for in vain
 * so often. */
static bool make_room(struct qos_table *t, uint32_t group, uint32_t hash, unsigned *vain)
{
	uint32_t slot = qos_table_slot_in(t, group, hash);
	struct lifted lifted;
	int32_t pilot;

	if (!qos_table_is_used(t, slot))
		return true;
	/* The same hash has the same slot under every pilot. */
	if (!*vain || __builtin_popcount(t->groups[group].used) >= QOS_GROUP_KEYS ||
		(uint32_t)qos_table_hash(t, &t->hot[slot].key) == hash)
		return false;
	lift(t, group, &lifted);
	lifted.hash[lifted.count] = hash;
	pilot = qos_pilot_find(lifted.hash, lifted.count + 1);
	if (pilot >= 0)
		t->pilots[group] = (uint16_t)pilot;
	else
		--*vain;
	put_back(t, group, &lifted);
	return pilot >= 0;
}

/* QOS_NONE: none of its groups has room, as may be when many hashes are nearly the same. */
static uint32_t take_slot(struct qos_table *t, uint64_t hash)
{
	uint32_t home = qos_table_home(t, hash), group = home, left = groups_for_key(t);
	unsigned vain = VAIN_MAX;
	uint32_t slot;

	while (!make_room(t, group, (uint32_t)hash, &vain)) {
		if (!--left)
			return QOS_NONE;
		group = next_group(t, group);
	}
	for (uint32_t i = home; i != group; i = next_group(t, i))
		if (t->groups[i].spilt < SPILT_MAX)
			t->groups[i].spilt++;
	slot = qos_table_slot_in(t, group, (uint32_t)hash);
	use_slot(t, slot);
	return slot;
}

static void free_slot(struct qos_table *t, uint32_t slot)
{
	uint64_t hash = qos_table_hash(t, &t->hot[slot].key);
	uint32_t end = slot / QOS_GROUP_SLOTS;

	for (uint32_t i = qos_table_home(t, hash); i != end; i = next_group(t, i))
		if (t->groups[i].spilt < SPILT_MAX)
			t->groups[i].spilt--;
	clear_slot(t, slot);
}

/* There is one. */
static uint32_t take_number(struct qos_table *t)
{
	uint32_t stream = t->free_head;

	if (stream == QOS_NONE)
		return t->high++;
	t->free_head = t->cold[stream].next_free;
	return stream;
}

void qos_table_attach(struct qos_table *t, uint32_t stream, struct qos_call *call, uint8_t party)
{
	struct qos_stream_cold *cold = &t->cold[stream];

	if (!qos_call_hold(call))
		return;
	cold->call = call;
	cold->party = party;
	cold->described = cold->described_seen =
		atomic_load_explicit(&call->described, memory_order_acquire);
	atomic_fetch_add_explicit(&call->streams, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&call->streams_open, 1, memory_order_relaxed);
}

uint32_t qos_table_open(struct qos_table *t, const struct pkt_media *first,
	const struct qos_origin *origin, struct qos_call *call, uint8_t party, uint64_t now_ns)
{
	uint32_t slot = QOS_NONE, stream;
	struct qos_stream_cold *cold;

	if (qos_table_count(t) < t->max)
		slot = take_slot(t, qos_table_hash(t, &first->key));
	if (slot == QOS_NONE) {
		pkt_count(&t->counters.streams_refused, 1);
		return QOS_NONE;
	}
	stream = take_number(t);
	cold = &t->cold[stream];
	qos_stream_init(&t->hot[slot], cold, first, origin, now_ns);
	cold->slot = slot;
	t->stream_of[slot] = stream;
	if (t->env.drops_fn)
		cold->drops_seen = cold->drops_noted =
			t->env.drops_fn(t->env.payload_arg, cold).past;
	cold->phase = (uint8_t)qos_wheel_phase(now_ns);
	cold->wheel_pos = qos_wheel_add(&t->wheel, cold->phase, stream);
	cold->ssrc_changes = qos_flows_open(&t->flows, &origin->flow, &t->seed);
	if (call)
		qos_table_attach(t, stream, call, party);
	pkt_count(&t->counters.streams_opened, 1);
	atomic_store_explicit(&t->open, qos_table_count(t) + 1, memory_order_relaxed);
	return stream;
}

void qos_table_close(struct qos_table *t, uint32_t stream)
{
	struct qos_stream_cold *cold = &t->cold[stream];
	uint32_t moved = qos_wheel_remove(&t->wheel, cold->phase, cold->wheel_pos);
	const struct qos_stream_hot *hot = &t->hot[cold->slot];
	uint64_t packets = qos_stream_packets(hot, cold);
	uint64_t lost = qos_stream_expected(hot, cold) - packets;

	if (moved != UINT32_MAX)
		t->cold[moved].wheel_pos = cold->wheel_pos;
	free_slot(t, cold->slot);
	qos_flows_close(&t->flows, &cold->origin.flow, &t->seed);
	if (cold->call) {
		/* Who finds none open and reports the call sees all that its streams wrote. */
		atomic_fetch_sub_explicit(&cold->call->streams_open, 1, memory_order_release);
		qos_call_put(cold->call);
		cold->call = NULL;
	}
	pkt_count(&t->counters.streams_closed, 1);
	pkt_count(&t->counters.duplicates, cold->duplicates);
	if (2 * (uint64_t)cold->duplicates > packets)
		pkt_count(&t->counters.duplicates_mirror, cold->duplicates);
	pkt_count(&t->counters.reordered, cold->reordered);
	pkt_count(&t->counters.swapped, cold->swapped);
	pkt_count(&t->counters.lost, lost);
	cold->is_open = false;
	cold->next_free = t->free_head;
	t->free_head = stream;
	atomic_store_explicit(&t->open, qos_table_count(t) - 1, memory_order_relaxed);
}

uint32_t qos_table_count(const struct qos_table *t)
{
	return atomic_load_explicit(&t->open, memory_order_relaxed);
}
