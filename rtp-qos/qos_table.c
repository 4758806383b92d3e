/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups of slots that are searched one after the other. A full group counts the streams that had to go past it,
 * so that a search knows where to end and nothing needs to move when a stream closes. */
#include "qos_table.h"

#include <errno.h>
#include <string.h>

enum {
	GROUP_LOAD = 9, /* streams of a group when the table is full; 4 % of groups are full then */
	GROUPS_ROUND = 4, /* what follows them is aligned */
};

static_assert(GROUPS_ROUND * sizeof(struct qos_group) % 64 == 0, "hot lines are cache lines");

static uint32_t group_count(uint32_t max)
{
	uint32_t n = max / GROUP_LOAD + 1;

	return (n + GROUPS_ROUND - 1) / GROUPS_ROUND * GROUPS_ROUND;
}

size_t qos_table_memory(uint32_t max)
{
	size_t groups = group_count(max);

	return groups * (sizeof(struct qos_group) +
				QOS_GROUP_SLOTS *
					(sizeof(struct qos_stream_hot) + sizeof(uint32_t))) +
	       max * sizeof(struct qos_stream_cold);
}

int qos_table_init(struct qos_table *t, uint32_t max, const struct pkt_seed *seed, void *mem)
{
	size_t groups = group_count(max);

	*t = (struct qos_table){
		.groups = mem,
		.group_count = (uint32_t)groups,
		.max = max,
		.free_head = QOS_NONE,
		.seed = *seed,
	};
	t->hot = (struct qos_stream_hot *)(t->groups + groups);
	t->cold = (struct qos_stream_cold *)(t->hot + groups * QOS_GROUP_SLOTS);
	t->stream_of = (uint32_t *)(t->cold + max);
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

static uint32_t next_group(const struct qos_table *t, uint32_t group)
{
	return group + 1 < t->group_count ? group + 1 : 0;
}

uint32_t qos_table_find_slot(const struct qos_table *t, const struct pkt_media_key *key)
{
	uint64_t hash = pkt_media_key_hash(key, &t->seed);
	uint32_t i = qos_table_home(t, hash);

	for (uint32_t n = 0; n < t->group_count; n++, i = next_group(t, i)) {
		const struct qos_group *g = &t->groups[i];

		for (unsigned m = qos_group_match(g, qos_group_sig(hash)); m; m &= m - 1) {
			uint32_t slot = i * QOS_GROUP_SLOTS + (unsigned)__builtin_ctz(m);

			if (qos_table_is_of(t, slot, key))
				return slot;
		}
		if (!g->spilt)
			break;
	}
	return QOS_NONE;
}

uint32_t qos_table_find(const struct qos_table *t, const struct pkt_media_key *key)
{
	uint32_t slot = qos_table_find_slot(t, key);

	return slot == QOS_NONE ? QOS_NONE : t->stream_of[slot];
}

/* There is one: more slots than streams. */
static uint32_t take_slot(struct qos_table *t, uint64_t hash)
{
	uint32_t i = qos_table_home(t, hash);
	unsigned room, slot;

	while (!(room = qos_group_match(&t->groups[i], 0))) {
		if (t->groups[i].spilt < QOS_GROUP_SPILT_MAX)
			t->groups[i].spilt++;
		i = next_group(t, i);
	}
	slot = (unsigned)__builtin_ctz(room);
	t->groups[i].sig[slot] = qos_group_sig(hash);
	return i * QOS_GROUP_SLOTS + slot;
}

static void free_slot(struct qos_table *t, uint32_t slot)
{
	uint64_t hash = pkt_media_key_hash(&t->hot[slot].key, &t->seed);
	uint32_t end = slot / QOS_GROUP_SLOTS;

	for (uint32_t i = qos_table_home(t, hash); i != end; i = next_group(t, i))
		if (t->groups[i].spilt < QOS_GROUP_SPILT_MAX)
			t->groups[i].spilt--;
	t->groups[end].sig[slot % QOS_GROUP_SLOTS] = 0;
}

static uint32_t take_number(struct qos_table *t)
{
	uint32_t stream = t->free_head;

	if (stream != QOS_NONE)
		t->free_head = t->cold[stream].next_free;
	else if (t->high < t->max)
		stream = t->high++;
	return stream;
}

void qos_table_attach(struct qos_table *t, uint32_t stream, struct qos_call *call, uint8_t party)
{
	struct qos_stream_cold *cold = &t->cold[stream];

	if (!qos_call_hold(call))
		return;
	cold->call = call;
	cold->party = party;
	atomic_fetch_add_explicit(&call->streams, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&call->streams_open, 1, memory_order_relaxed);
}

uint32_t qos_table_open(struct qos_table *t, const struct pkt_media *first,
	const struct qos_origin *origin, struct qos_call *call, uint8_t party, uint64_t now_ns)
{
	uint32_t stream = take_number(t);
	struct qos_stream_cold *cold;
	uint32_t slot;

	if (stream == QOS_NONE) {
		pkt_count(&t->counters.streams_refused, 1);
		return QOS_NONE;
	}
	cold = &t->cold[stream];
	slot = take_slot(t, pkt_media_key_hash(&first->key, &t->seed));
	qos_stream_init(&t->hot[slot], cold, first, origin, now_ns);
	cold->slot = slot;
	t->stream_of[slot] = stream;
	if (t->env.drops_fn)
		cold->drops_seen = cold->drops_noted = t->env.drops_fn(t->env.payload_arg, cold);
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
		atomic_fetch_sub_explicit(&cold->call->streams_open, 1, memory_order_relaxed);
		qos_call_put(cold->call);
		cold->call = NULL;
	}
	pkt_count(&t->counters.streams_closed, 1);
	pkt_count(&t->counters.duplicates, cold->duplicates);
	if (2 * cold->duplicates > packets)
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
