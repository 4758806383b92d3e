/* SPDX-License-Identifier: BSD-3-Clause */
/* Where streams stand in the table: what spills, what is located, and keys that somebody chose. */
#include "qos_table_case.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_spilt_until_it_closes),
		cmocka_unit_test(finds_more_than_a_group_can_count),
		cmocka_unit_test(keys_of_one_hash_are_few),
		cmocka_unit_test(a_located_slot_is_that_of_the_search_or_not_of_the_key),
		cmocka_unit_test(a_slot_located_long_ago_is_the_stream_s_or_not_of_the_key),
		cmocka_unit_test(a_search_in_vain_leaves_its_group_as_it_was),
		cmocka_unit_test(keys_of_free_slots_are_keys_like_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
