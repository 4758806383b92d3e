/* SPDX-License-Identifier: BSD-3-Clause */
/* What tests of the stream table share: a table, streams of it by their number, and what must always hold.
 * Owner: the test. Threads: one. */
#ifndef QOS_TABLE_CASE_H
#define QOS_TABLE_CASE_H

#include "qos_stream_case.h"
#include "qos_table.h"

static const struct pkt_seed seed = {{0x1111, 0x2222, 0x3333, 0x4444}};

/* The table of a case, and its memory. */
static inline void *open_table(struct qos_table *t, uint32_t max)
{
	size_t size = (qos_table_memory(max) + 63) / 64 * 64;
	void *mem = aligned_alloc(64, size);

	assert_non_null(mem);
	memset(mem, 0, size);
	assert_int_equal(qos_table_init(t, max, &seed, mem), 0);
	t->env.payload_fn = payload_of;
	return mem;
}

static inline void close_table(struct qos_table *t, void *mem)
{
	qos_table_fini(t);
	free(mem);
}

static inline struct pkt_media media_of(uint32_t i)
{
	/* Alike, as ports and SSRCs are. */
	return (struct pkt_media){
		.key.w = {0x0a0000020a000001ull, (uint64_t)i << 32 | (10000 + 2 * i) << 16 | 5004},
		.seq = (uint16_t)i,
	};
}

static inline uint32_t open_stream(struct qos_table *t, uint32_t i, uint64_t now_ns)
{
	struct pkt_media m = media_of(i);
	struct qos_origin origin = {.flow.family = 4, .flow.sport = (uint16_t)i, .ssrc = i};

	return qos_table_open(t, &m, &origin, NULL, 0, now_ns);
}

static inline uint32_t find_stream(const struct qos_table *t, uint32_t i)
{
	struct pkt_media m = media_of(i);

	return qos_table_find(t, &m.key);
}

/* Every position in the wheel is that of its stream. */
static inline void assert_wheel(const struct qos_table *t)
{
	uint32_t total = 0;

	for (unsigned phase = 0; phase < QOS_WHEEL_SLOTS; phase++) {
		for (uint32_t i = 0; i < t->wheel.count[phase]; i++) {
			const struct qos_stream_cold *cold = &t->cold[t->wheel.slot[phase][i]];

			assert_true(cold->is_open);
			assert_int_equal(cold->phase, phase);
			assert_int_equal(cold->wheel_pos, i);
		}
		total += t->wheel.count[phase];
	}
	assert_int_equal(total, qos_table_count(t));
}

static inline void assert_conserved(const struct qos_table *t)
{
	assert_int_equal(
		t->counters.streams_opened, t->counters.streams_closed + qos_table_count(t));
}

/* No key of a packet that is located here is that of the free slot. */
static inline void assert_free(const struct qos_table *t, uint32_t slot)
{
	assert_int_not_equal(
		qos_table_home(t, qos_table_hash(t, &t->hot[slot].key)), slot / QOS_GROUP_SLOTS);
}

/* Every slot in use is found, and a group counts those that are in later groups than their own. */
static inline void assert_reachable(const struct qos_table *t)
{
	uint32_t *spilt = calloc(t->group_count, sizeof(*spilt));
	uint32_t used = 0;

	assert_non_null(spilt);
	for (uint32_t slot = 0; slot < t->group_count * QOS_GROUP_SLOTS; slot++) {
		uint64_t hash = qos_table_hash(t, &t->hot[slot].key);
		uint32_t end = slot / QOS_GROUP_SLOTS;

		if (!qos_table_is_used(t, slot)) {
			assert_free(t, slot);
			continue;
		}
		used++;
		assert_int_equal(qos_table_find_slot(t, &t->hot[slot].key), slot);
		assert_int_equal(t->cold[t->stream_of[slot]].slot, slot);
		for (uint32_t i = qos_table_home(t, hash); i != end; i = (i + 1) % t->group_count)
			spilt[i]++;
	}
	assert_int_equal(used, qos_table_count(t));
	for (uint32_t i = 0; i < t->group_count; i++)
		assert_int_equal(t->groups[i].spilt, spilt[i]);
	free(spilt);
}

#endif
