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

/* The entry is in its home bucket, or every bucket on the way is full. */
static void assert_reachable(const struct qos_table *t)
{
	for (uint32_t i = 0; i <= t->bucket_mask; i++) {
		for (unsigned s = 0; s < QOS_BUCKET_SLOTS; s++) {
			uint32_t stream = t->buckets[i].idx[s];

			if (t->buckets[i].sig[s])
				assert_int_equal(qos_table_find(t, &t->hot[stream].key), stream);
		}
	}
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

/* How many slots of a bucket are taken. */
static unsigned taken(const struct qos_bucket *b)
{
	unsigned n = 0;

	for (unsigned s = 0; s < QOS_BUCKET_SLOTS; s++)
		n += b->sig[s] != 0;
	return n;
}

static uint32_t buckets_with(const struct qos_table *t, unsigned slots_taken)
{
	uint32_t n = 0;

	for (uint32_t b = 0; b <= t->bucket_mask; b++)
		n += taken(&t->buckets[b]) == slots_taken;
	return n;
}

/* Opens and closes at random; what the table holds of each key is in the model. Returns how many
 * full buckets were seen. */
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
		full += buckets_with(t, QOS_BUCKET_SLOTS);
	}
	return full;
}

/* At the bound of small tables buckets overflow often: sixteen slots for eight streams, and so on. */
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
		assert_true(churn(&t, model, keys) > 0 || sizes[s] < 64);
		assert_conserved(&t);
		assert_true(t.counters.streams_refused > 0);
		for (uint32_t i = 0; i < keys; i++) {
			assert_int_equal(find_stream(&t, i), model[i]);
			if (model[i] != QOS_NONE)
				qos_table_close(&t, model[i]);
		}
		assert_int_equal(qos_table_count(&t), 0);
		assert_int_equal(buckets_with(&t, 0), t.bucket_mask + 1);
		close_table(&t, mem);
	}
}

/* All keys in one bucket: found by trying, since the hash is keyed. */
static void pulls_spilt_entries_back(void **state)
{
	enum {
		MAX = 32,
		KEYS = 24
	};
	uint32_t keys[KEYS], streams[KEYS], n = 0;
	struct qos_table t;
	void *mem = open_table(&t, MAX);

	(void)state;
	assert_int_equal(t.bucket_mask, 7);
	for (uint32_t i = 0; n < KEYS; i++) {
		struct pkt_media m = media_of(i);

		/* The last bucket, so that they spill across the end. */
		if ((pkt_media_key_hash(&m.key, &seed) >> 32 & 7) == 7)
			keys[n++] = i;
	}
	for (uint32_t i = 0; i < KEYS; i++)
		streams[i] = open_stream(&t, keys[i], START_NS);
	for (uint32_t i = 0; i < KEYS; i++) {
		unsigned home = 0;

		assert_int_equal(find_stream(&t, keys[i]), streams[i]);
		qos_table_close(&t, streams[i]);
		assert_int_equal(find_stream(&t, keys[i]), QOS_NONE);
		for (uint32_t k = i + 1; k < KEYS; k++)
			assert_int_equal(find_stream(&t, keys[k]), streams[k]);
		for (unsigned s = 0; s < QOS_BUCKET_SLOTS; s++)
			home += t.buckets[7].sig[s] != 0;
		assert_int_equal(
			home, KEYS - 1 - i < QOS_BUCKET_SLOTS ? KEYS - 1 - i : QOS_BUCKET_SLOTS);
	}
	close_table(&t, mem);
}

static void a_burst_finds_what_single_searches_find(void **state)
{
	enum {
		MAX = 300
	};
	uint64_t random = 99, found = 0, spilt = 0;
	struct qos_table t;
	void *mem = open_table(&t, MAX);

	(void)state;
	for (uint32_t i = 0; i < MAX; i++)
		open_stream(&t, i, START_NS);
	for (unsigned n = 0; n < 2000; n++) {
		struct pkt_media m[QOS_BURST];
		uint64_t hash[QOS_BURST];
		uint32_t got[QOS_BURST];
		unsigned count = draw(&random, QOS_BURST + 1);

		for (unsigned i = 0; i < count; i++)
			m[i] = media_of(draw(&random, 2 * MAX));
		/* The same stream several times in one burst. */
		if (count > 2)
			m[count - 1] = m[0];
		for (unsigned i = 0; i < count; i++)
			hash[i] = qos_table_hash(&t, &m[i].key);
		qos_table_find_burst(&t, m, hash, count, got);
		for (unsigned i = 0; i < count; i++) {
			uint32_t want = qos_table_find(&t, &m[i].key);

			assert_true(got[i] == want || got[i] == QOS_NONE);
			found += got[i] != QOS_NONE;
			spilt += got[i] != want;
		}
	}
	/* Only what spilt is left to the single search. */
	assert_true(found && spilt * 10 < found);
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
		qos_table_update(&t, stream, &m, START_NS + 20 * MS * i);
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
		cmocka_unit_test(pulls_spilt_entries_back),
		cmocka_unit_test(a_burst_finds_what_single_searches_find),
		cmocka_unit_test(a_closed_stream_leaves_its_counts),
		cmocka_unit_test(counts_ssrc_changes_on_the_same_addresses),
		cmocka_unit_test(holds_its_call_while_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
