/* SPDX-License-Identifier: BSD-3-Clause */
/* The stream table at its bound, against a plain array, and the wheel that goes with it. */
#include "qos_stream_case.h"
#include "qos_table.h"

static const struct pkt_seed seed = {{0x1111, 0x2222, 0x3333, 0x4444}};

/* The table of a case, and its memory. */
static void *open_table(struct qos_table *t, uint32_t max)
{
	size_t size = (qos_table_memory(max) + 63) / 64 * 64;
	void *mem = aligned_alloc(64, size);

	assert_non_null(mem);
	memset(mem, 0, size);
	assert_int_equal(qos_table_init(t, max, &seed, mem), 0);
	t->env.payload_fn = payload_of;
	return mem;
}

static void close_table(struct qos_table *t, void *mem)
{
	qos_table_fini(t);
	free(mem);
}

static struct pkt_media media_of(uint32_t i)
{
	/* Alike, as ports and SSRCs are. */
	return (struct pkt_media){
		.key.w = {0x0a0000020a000001ull, (uint64_t)i << 32 | (10000 + 2 * i) << 16 | 5004},
		.seq = (uint16_t)i,
	};
}

static uint32_t open_stream(struct qos_table *t, uint32_t i, uint64_t now_ns)
{
	struct pkt_media m = media_of(i);
	struct qos_origin origin = {.flow.family = 4, .flow.sport = (uint16_t)i, .ssrc = i};

	return qos_table_open(t, &m, &origin, NULL, 0, now_ns);
}

static uint32_t find_stream(const struct qos_table *t, uint32_t i)
{
	struct pkt_media m = media_of(i);

	return qos_table_find(t, &m.key);
}

/* Every position in the wheel is that of its stream. */
static void assert_wheel(const struct qos_table *t)
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

static void assert_conserved(const struct qos_table *t)
{
	assert_int_equal(
		t->counters.streams_opened, t->counters.streams_closed + qos_table_count(t));
}

static bool is_used(const struct qos_table *t, uint32_t slot)
{
	return t->groups[slot / QOS_GROUP_SLOTS].used >> slot % QOS_GROUP_SLOTS & 1;
}

/* No key of a packet that is located here is that of the free slot. */
static void assert_free(const struct qos_table *t, uint32_t slot)
{
	assert_int_not_equal(
		qos_table_home(t, qos_table_hash(t, &t->hot[slot].key)), slot / QOS_GROUP_SLOTS);
}

/* Every slot in use is found, and a group counts those that are in later groups than their own. */
static void assert_reachable(const struct qos_table *t)
{
	uint32_t *spilt = calloc(t->group_count, sizeof(*spilt));
	uint32_t used = 0;

	assert_non_null(spilt);
	for (uint32_t slot = 0; slot < t->group_count * QOS_GROUP_SLOTS; slot++) {
		uint64_t hash = qos_table_hash(t, &t->hot[slot].key);
		uint32_t end = slot / QOS_GROUP_SLOTS;

		if (!is_used(t, slot)) {
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

static void fills_to_its_bound_and_refuses_the_rest(void **state)
{
	enum {
		MAX = 100000
	};
	uint32_t *streams = calloc(MAX, sizeof(*streams));
	struct qos_table t;
	void *mem = open_table(&t, MAX);

	(void)state;
	assert_non_null(streams);
	for (uint32_t i = 0; i < MAX; i++) {
		assert_int_equal(find_stream(&t, i), QOS_NONE);
		streams[i] = open_stream(&t, i, START_NS + i * MS);
		assert_true(streams[i] < MAX);
	}
	assert_int_equal(open_stream(&t, MAX, START_NS), QOS_NONE);
	assert_int_equal(open_stream(&t, MAX + 1, START_NS), QOS_NONE);
	assert_int_equal(t.counters.streams_refused, 2);
	assert_int_equal(t.counters.streams_opened, MAX);
	assert_int_equal(qos_table_count(&t), MAX);
	assert_wheel(&t);
	for (uint32_t i = 0; i < MAX; i++)
		assert_int_equal(find_stream(&t, i), streams[i]);
	for (uint32_t i = 0; i < MAX; i += 2)
		qos_table_close(&t, streams[i]);
	assert_wheel(&t);
	assert_conserved(&t);
	for (uint32_t i = 0; i < MAX; i++)
		assert_int_equal(find_stream(&t, i), i % 2 ? streams[i] : QOS_NONE);
	/* What was closed is free again, and no more than that. */
	for (uint32_t i = 0; i < MAX / 2; i++)
		assert_true(open_stream(&t, MAX + i, START_NS) < MAX);
	assert_int_equal(open_stream(&t, 3 * MAX, START_NS), QOS_NONE);
	assert_conserved(&t);
	free(streams);
	close_table(&t, mem);
}

static uint32_t groups_with(const struct qos_table *t, int streams)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->group_count; i++)
		n += __builtin_popcount(t->groups[i].used) == streams;
	return n;
}

static uint32_t groups_past(const struct qos_table *t)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->group_count; i++)
		n += t->groups[i].spilt > 0;
	return n;
}

/* Opens and closes at random; what the table holds of each key is in the model. Returns how many
 * groups were seen that had no room. */
static uint32_t churn(struct qos_table *t, uint32_t *model, uint32_t keys)
{
	uint64_t random = 7 + keys;
	uint32_t full = 0;

	for (unsigned n = 0; n < 60000; n++) {
		uint32_t i = draw(&random, keys);

		assert_int_equal(find_stream(t, i), model[i]);
		if (model[i] == QOS_NONE) {
			model[i] = open_stream(t, i, START_NS + 37 * MS * n);
		} else if (draw(&random, 3) == 0) {
			qos_table_close(t, model[i]);
			model[i] = QOS_NONE;
		}
		if (n % 1000)
			continue;
		assert_reachable(t);
		assert_wheel(t);
		full += groups_past(t);
	}
	return full;
}

/* At the bound of a table some groups overflow. */
static void agrees_with_a_model(void **state)
{
	static const uint32_t sizes[] = {1, 3, 4, 5, 8, 16, 64, 512, 2048};
	static uint32_t model[4096];

	(void)state;
	for (size_t s = 0; s < COUNT(sizes); s++) {
		uint32_t keys = 2 * sizes[s];
		struct qos_table t;
		void *mem = open_table(&t, sizes[s]);

		memset(model, 0xff, sizeof(model));
		assert_true(churn(&t, model, keys) > 0 || sizes[s] < 512);
		assert_conserved(&t);
		assert_true(t.counters.streams_refused > 0);
		for (uint32_t i = 0; i < keys; i++) {
			assert_int_equal(find_stream(&t, i), model[i]);
			if (model[i] != QOS_NONE)
				qos_table_close(&t, model[i]);
		}
		assert_int_equal(qos_table_count(&t), 0);
		assert_int_equal(groups_with(&t, 0), t.group_count);
		close_table(&t, mem);
	}
}

/* The first count numbers of streams that belong to a group. */
static void keys_of_group(const struct qos_table *t, uint32_t group, uint32_t *keys, uint32_t count)
{
	for (uint32_t i = 0, n = 0; n < count; i++) {
		struct pkt_media m = media_of(i);

		if (qos_table_home(t, qos_table_hash(t, &m.key)) == group)
			keys[n++] = i;
	}
}

/* All keys in one group, found by trying, since the hash is keyed: more than fit three groups. */
static void finds_what_spilt_until_it_closes(void **state)
{
	enum {
		MAX = 56,
		LAST = 8,
		KEYS = 3 * QOS_GROUP_SLOTS + 1
	};
	uint32_t keys[KEYS], streams[KEYS];
	struct qos_table t;
	void *mem = open_table(&t, MAX);

	(void)state;
	assert_int_equal(t.group_count, LAST + 1);
	/* The last group, so that they spill across the end. */
	keys_of_group(&t, LAST, keys, KEYS);
	for (uint32_t i = 0; i < KEYS; i++) {
		streams[i] = open_stream(&t, keys[i], START_NS);
		for (uint32_t k = 0; k <= i; k++)
			assert_int_equal(find_stream(&t, keys[k]), streams[k]);
	}
	assert_true(t.groups[LAST].spilt >= KEYS - QOS_GROUP_SLOTS);
	assert_true(t.groups[0].spilt >= KEYS - 2 * QOS_GROUP_SLOTS);
	assert_true(t.groups[1].spilt >= 1);
	assert_reachable(&t);
	for (uint32_t i = 0; i < KEYS; i++) {
		assert_int_equal(find_stream(&t, keys[i]), streams[i]);
		qos_table_close(&t, streams[i]);
		assert_int_equal(find_stream(&t, keys[i]), QOS_NONE);
		for (uint32_t k = i + 1; k < KEYS; k++)
			assert_int_equal(find_stream(&t, keys[k]), streams[k]);
		assert_reachable(&t);
	}
	close_table(&t, mem);
}

/* More than the count of a group holds, all spilt from one: the count stays where it is, and all are found. */
static void finds_more_than_a_group_can_count(void **state)
{
	enum {
		MAX = 400
	};
	static uint32_t keys[MAX], streams[MAX];
	struct qos_table t;
	void *mem = open_table(&t, MAX);

	(void)state;
	keys_of_group(&t, 0, keys, MAX);
	for (uint32_t i = 0; i < MAX; i++)
		streams[i] = open_stream(&t, keys[i], START_NS);
	assert_int_equal(t.groups[0].spilt, UINT8_MAX);
	for (uint32_t i = 0; i < MAX; i++) {
		assert_int_equal(find_stream(&t, keys[i]), streams[i]);
		qos_table_close(&t, streams[i]);
		assert_int_equal(find_stream(&t, keys[i]), QOS_NONE);
	}
	assert_int_equal(t.groups[0].spilt, UINT8_MAX);
	assert_int_equal(open_stream(&t, 1, START_NS) == QOS_NONE, false);
	assert_int_equal(find_stream(&t, 2), QOS_NONE);
	close_table(&t, mem);
}

/* Hashes that are the same have the same slot under every pilot: one stream a group. Who makes such, which
 * takes a known seed, has few of them and no long searches. */
static void keys_of_one_hash_are_few(void **state)
{
	static const struct {
		uint32_t max, places;
	} tables[] = {{100, 14}, {2000, 64}};
	struct qos_origin origin = {.flow.family = 4};

	(void)state;
	for (size_t n = 0; n < COUNT(tables); n++) {
		struct qos_table t;
		void *mem = open_table(&t, tables[n].max);
		/* A factor of the hash is 0. */
		struct pkt_media m = {.key.w = {seed.k[0], 0}};

		for (uint32_t i = 0; i < tables[n].places; i++, m.key.w[1]++)
			assert_int_not_equal(
				qos_table_open(&t, &m, &origin, NULL, 0, START_NS), QOS_NONE);
		assert_int_equal(qos_table_open(&t, &m, &origin, NULL, 0, START_NS), QOS_NONE);
		assert_int_equal(qos_table_find(&t, &m.key), QOS_NONE);
		assert_int_equal(t.counters.streams_refused, 1);
		assert_reachable(&t);
		/* Others are not in their way. */
		assert_int_not_equal(open_stream(&t, 1, START_NS), QOS_NONE);
		assert_int_not_equal(find_stream(&t, 1), QOS_NONE);
		close_table(&t, mem);
	}
}

/* What is located is what the search finds, but for what spilt. */
static void a_located_slot_is_that_of_the_search_or_not_of_the_key(void **state)
{
	enum {
		MAX = 300,
		TRIES = 50000
	};
	uint64_t random = 99, found = 0, missed = 0;
	struct qos_table t;
	void *mem = open_table(&t, MAX);

	(void)state;
	for (uint32_t i = 0; i < MAX; i++)
		open_stream(&t, i, START_NS);
	for (unsigned n = 0; n < TRIES; n++) {
		struct pkt_media m = media_of(draw(&random, 2 * MAX));
		uint32_t slot = qos_table_locate(&t, qos_table_hash(&t, &m.key));
		bool is_it = qos_table_is_of(&t, slot, &m.key);
		uint32_t want = qos_table_find_slot(&t, &m.key);

		assert_true(is_it ? slot == want : slot != want);
		found += is_it;
		missed += !is_it && want != QOS_NONE;
	}
	/* Only what spilt is left to the single search. */
	assert_true(found && missed * 20 < found);
	close_table(&t, mem);
}

/* What is located before groups are arranged anew, and streams close. */
static void a_slot_located_long_ago_is_the_stream_s_or_not_of_the_key(void **state)
{
	enum {
		MAX = 600,
		FIRST = MAX / 2
	};
	static uint32_t slot[FIRST];
	uint32_t moved = 0;
	struct qos_table t;
	void *mem = open_table(&t, MAX);

	(void)state;
	for (uint32_t i = 0; i < FIRST; i++)
		open_stream(&t, i, START_NS);
	for (uint32_t i = 0; i < FIRST; i++) {
		struct pkt_media m = media_of(i);

		slot[i] = qos_table_locate(&t, qos_table_hash(&t, &m.key));
	}
	for (uint32_t i = FIRST; i < MAX; i++)
		open_stream(&t, i, START_NS);
	for (uint32_t i = 0; i < FIRST; i += 3)
		qos_table_close(&t, find_stream(&t, i));
	for (uint32_t i = 0; i < FIRST; i++) {
		struct pkt_media m = media_of(i);
		uint32_t want = qos_table_find_slot(&t, &m.key);
		bool is_it = qos_table_is_of(&t, slot[i], &m.key);

		assert_int_equal(want == QOS_NONE, i % 3 == 0);
		assert_true(is_it ? slot[i] == want : slot[i] != want);
		moved += i % 3 && !is_it;
	}
	assert_true(moved > FIRST / 20);
	close_table(&t, mem);
}

/* A key whose hash is n, in group 0: the first factor is 1, the second product is below 2^64. */
static struct pkt_media_key key_of_hash(uint32_t n)
{
	uint32_t odd = (uint32_t)seed.k[2], inverse = odd;

	for (unsigned i = 0; i < 5; i++)
		inverse *= 2 - odd * inverse;
	return (struct pkt_media_key){
		{seed.k[0] ^ 1, seed.k[1] ^ seed.k[3] ^ (uint64_t)(n * inverse)}};
}

/* No pilot parts hashes of which one is 0 and one is 1, though they are not the same. */
static void a_search_in_vain_leaves_its_group_as_it_was(void **state)
{
	enum {
		KEYS = 9
	};
	struct pkt_media m[2] = {{.key = key_of_hash(0)}, {.key = key_of_hash(1)}};
	uint32_t keys[KEYS], streams[KEYS], slots[KEYS], first, second;
	struct qos_origin origin = {.flow.family = 4};
	struct qos_table t;
	void *mem = open_table(&t, 100);

	(void)state;
	assert_int_equal((uint32_t)qos_table_hash(&t, &m[1].key), 1);
	assert_int_equal(qos_table_home(&t, qos_table_hash(&t, &m[1].key)), 0);
	first = qos_table_open(&t, &m[0], &origin, NULL, 0, START_NS);
	keys_of_group(&t, 0, keys, KEYS);
	for (unsigned i = 0; i < KEYS; i++)
		streams[i] = open_stream(&t, keys[i], START_NS);
	for (unsigned i = 0; i < KEYS; i++)
		slots[i] = t.cold[streams[i]].slot;
	second = qos_table_open(&t, &m[1], &origin, NULL, 0, START_NS);
	assert_int_equal(t.cold[first].slot / QOS_GROUP_SLOTS, 0);
	assert_int_equal(t.cold[second].slot / QOS_GROUP_SLOTS, 1);
	assert_int_equal(t.groups[0].spilt, 1);
	for (unsigned i = 0; i < KEYS; i++) {
		assert_int_equal(t.cold[streams[i]].slot, slots[i]);
		assert_int_equal(find_stream(&t, keys[i]), streams[i]);
	}
	assert_reachable(&t);
	close_table(&t, mem);
}

/* The key that is all zero, and that of the free slots of its group: both may be on the wire. */
static void keys_of_free_slots_are_keys_like_others(void **state)
{
	struct qos_origin origin = {.flow.family = 4};
	struct pkt_media m[2] = {{.key = {{0}}}, {.key = {{0}}}};
	struct qos_table t;
	void *mem = open_table(&t, 100);

	(void)state;
	m[1].key = t.zero_home_free;
	for (unsigned i = 0; i < COUNT(m); i++) {
		const struct pkt_media_key *key = &m[i].key;
		uint32_t slot = qos_table_locate(&t, qos_table_hash(&t, key)), stream;

		assert_false(qos_table_is_of(&t, slot, key));
		assert_int_equal(qos_table_find(&t, key), QOS_NONE);
		stream = qos_table_open(&t, &m[i], &origin, NULL, 0, START_NS);
		slot = qos_table_locate(&t, qos_table_hash(&t, key));
		assert_true(qos_table_is_of(&t, slot, key));
		assert_int_equal(qos_table_find(&t, key), stream);
		qos_table_close(&t, stream);
		assert_false(qos_table_is_of(&t, slot, key));
		assert_int_equal(qos_table_find(&t, key), QOS_NONE);
	}
	close_table(&t, mem);
}

static void a_closed_stream_leaves_its_counts(void **state)
{
	static const uint16_t order[] = {5, 6, 9, 8, 8, 12};
	struct qos_table t;
	void *mem = open_table(&t, 4);
	uint32_t stream = open_stream(&t, 5, START_NS);

	(void)state;
	for (size_t i = 0; i < COUNT(order); i++) {
		struct pkt_media m = media_of(5);

		m.seq = order[i];
		m.rtp_ts = 160u * order[i];
		qos_table_update(&t, t.cold[stream].slot, &m, START_NS + 20 * MS * i);
	}
	assert_int_equal(t.counters.lost, 0);
	qos_table_close(&t, stream);
	assert_int_equal(t.counters.lost, 3);
	assert_int_equal(t.counters.duplicates, 1);
	assert_int_equal(t.counters.reordered, 1);
	assert_int_equal(t.counters.streams_closed, 1);
	close_table(&t, mem);
}

static void counts_ssrc_changes_on_the_same_addresses(void **state)
{
	const struct qos_origin origin = {.flow = {.family = 4, .sport = 4000, .dport = 5000}};
	struct pkt_media a = media_of(1), b = media_of(2), c = media_of(3);
	struct qos_table t;
	void *mem = open_table(&t, 4);
	uint32_t first = qos_table_open(&t, &a, &origin, NULL, 0, START_NS);
	uint32_t second = qos_table_open(&t, &b, &origin, NULL, 0, START_NS);

	(void)state;
	assert_int_equal(t.cold[first].ssrc_changes, 0);
	assert_int_equal(t.cold[second].ssrc_changes, 1);
	qos_table_close(&t, first);
	assert_int_equal(
		t.cold[qos_table_open(&t, &c, &origin, NULL, 0, START_NS)].ssrc_changes, 2);
	close_table(&t, mem);
}

static void holds_its_call_while_open(void **state)
{
	static struct qos_call call, dead;
	const struct qos_origin origin = {.flow.family = 4};
	struct pkt_media m = media_of(1);
	struct qos_table t;
	void *mem = open_table(&t, 4);
	uint32_t stream;

	(void)state;
	atomic_store(&call.refs, 1);
	stream = qos_table_open(&t, &m, &origin, &call, 1, START_NS);
	assert_int_equal(atomic_load(&call.refs), 2);
	assert_int_equal(atomic_load(&call.streams), 1);
	assert_int_equal(atomic_load(&call.streams_open), 1);
	assert_ptr_equal(t.cold[stream].call, &call);
	assert_int_equal(t.cold[stream].party, 1);
	qos_table_close(&t, stream);
	assert_int_equal(atomic_load(&call.refs), 1);
	assert_int_equal(atomic_load(&call.streams), 1);
	assert_int_equal(atomic_load(&call.streams_open), 0);
	/* A call on its way out is not held any more. */
	stream = qos_table_open(&t, &m, &origin, &dead, 1, START_NS);
	assert_null(t.cold[stream].call);
	close_table(&t, mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_to_its_bound_and_refuses_the_rest),
		cmocka_unit_test(agrees_with_a_model),
		cmocka_unit_test(finds_what_spilt_until_it_closes),
		cmocka_unit_test(finds_more_than_a_group_can_count),
		cmocka_unit_test(a_located_slot_is_that_of_the_search_or_not_of_the_key),
		cmocka_unit_test(a_slot_located_long_ago_is_the_stream_s_or_not_of_the_key),
		cmocka_unit_test(a_search_in_vain_leaves_its_group_as_it_was),
		cmocka_unit_test(keys_of_one_hash_are_few),
		cmocka_unit_test(keys_of_free_slots_are_keys_like_others),
		cmocka_unit_test(a_closed_stream_leaves_its_counts),
		cmocka_unit_test(counts_ssrc_changes_on_the_same_addresses),
		cmocka_unit_test(holds_its_call_while_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
