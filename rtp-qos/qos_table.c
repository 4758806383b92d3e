/* SPDX-License-Identifier: BSD-3-Clause */
/* Signature buckets over two arrays. A bucket that is full spills into the next; a lookup goes on
 * past a full bucket, and removal pulls spilt entries back. */
#include "qos_table.h"

#include <errno.h>
#include <string.h>

#ifdef __AVX2__
#include <immintrin.h>
#endif

static uint32_t bucket_count(uint32_t max)
{
	uint32_t n = 1;

	while ((uint64_t)n * QOS_BUCKET_SLOTS < 2 * (uint64_t)max)
		n *= 2;
	return n;
}

size_t qos_table_memory(uint32_t max)
{
	return bucket_count(max) * sizeof(struct qos_bucket) +
	       max * (sizeof(struct qos_stream_hot) + sizeof(struct qos_stream_cold));
}

int qos_table_init(struct qos_table *t, uint32_t max, const struct pkt_seed *seed, void *mem)
{
	uint32_t buckets = bucket_count(max);

	*t = (struct qos_table){
		.buckets = mem,
		.bucket_mask = buckets - 1,
		.max = max,
		.free_head = QOS_NONE,
		.seed = *seed,
	};
	t->hot = (struct qos_stream_hot *)(t->buckets + buckets);
	t->cold = (struct qos_stream_cold *)(t->hot + max);
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

static uint32_t sig_of(uint64_t hash)
{
	uint32_t sig = (uint32_t)hash;

	return sig ? sig : 1;
}

static uint32_t home_of(const struct qos_table *t, uint64_t hash)
{
	return (uint32_t)(hash >> 32) & t->bucket_mask;
}

/* Bit i: slot i has this signature. */
static inline unsigned match_sig(const struct qos_bucket *b, uint32_t sig)
{
#ifdef __AVX2__
	__m256i have = _mm256_load_si256((const __m256i *)b->sig);
	__m256i want = _mm256_set1_epi32((int)sig);

	return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(have, want)));
#else
	unsigned mask = 0;

	for (unsigned i = 0; i < QOS_BUCKET_SLOTS; i++)
		mask |= (unsigned)(b->sig[i] == sig) << i;
	return mask;
#endif
}

static bool key_eq(const struct pkt_media_key *a, const struct pkt_media_key *b)
{
	return ((a->w[0] ^ b->w[0]) | (a->w[1] ^ b->w[1])) == 0;
}

static uint32_t find_hashed(
	const struct qos_table *t, const struct pkt_media_key *key, uint64_t hash)
{
	uint32_t sig = sig_of(hash);
	uint32_t i = home_of(t, hash);

	/* Bounded by the number of buckets: at most half of the slots are ever in use. */
	for (uint32_t n = 0; n <= t->bucket_mask; n++, i = (i + 1) & t->bucket_mask) {
		const struct qos_bucket *b = &t->buckets[i];

		for (unsigned m = match_sig(b, sig); m; m &= m - 1) {
			uint32_t stream = b->idx[__builtin_ctz(m)];

			if (key_eq(&t->hot[stream].key, key))
				return stream;
		}
		if (match_sig(b, 0))
			return QOS_NONE;
	}
	return QOS_NONE;
}

uint32_t qos_table_find(const struct qos_table *t, const struct pkt_media_key *key)
{
	return find_hashed(t, key, pkt_media_key_hash(key, &t->seed));
}

/* The hot lines are prefetched and then read, in loops so small that the misses of many packets overlap: a
 * prefetch alone is not enough, it may be dropped. */
void qos_table_find_burst(const struct qos_table *t, const struct pkt_media *m,
	const uint64_t *hash, unsigned n, uint32_t *stream)
{
	for (unsigned i = 0; i < n; i++) {
		const struct qos_bucket *b = &t->buckets[home_of(t, hash[i])];
		unsigned hits = match_sig(b, sig_of(hash[i]));

		stream[i] = hits ? b->idx[__builtin_ctz(hits)] : QOS_NONE;
		if (hits)
			__builtin_prefetch(&t->hot[stream[i]]);
	}
	for (unsigned i = 0; i < n; i++)
		if (stream[i] != QOS_NONE && !key_eq(&t->hot[stream[i]].key, &m[i].key))
			stream[i] = QOS_NONE;
}

static void insert(struct qos_table *t, uint64_t hash, uint32_t stream)
{
	uint32_t i = home_of(t, hash);
	unsigned free_slots;

	while (!(free_slots = match_sig(&t->buckets[i], 0)))
		i = (i + 1) & t->bucket_mask;
	t->buckets[i].sig[__builtin_ctz(free_slots)] = sig_of(hash);
	t->buckets[i].idx[__builtin_ctz(free_slots)] = stream;
}

static uint32_t hash_home(const struct qos_table *t, uint32_t stream)
{
	return home_of(t, pkt_media_key_hash(&t->hot[stream].key, &t->seed));
}

/* Bucket hole was full and has a free slot now: entries that spilt past it come back. */
static void pull_back(struct qos_table *t, uint32_t hole, unsigned slot)
{
	uint32_t i = hole;

	for (uint32_t n = 0; n < t->bucket_mask; n++) {
		struct qos_bucket *b;
		unsigned s = 0;

		i = (i + 1) & t->bucket_mask;
		b = &t->buckets[i];
		for (; s < QOS_BUCKET_SLOTS; s++) {
			uint32_t home;

			if (!b->sig[s])
				continue;
			home = hash_home(t, b->idx[s]);
			if (((i - home) & t->bucket_mask) >= ((i - hole) & t->bucket_mask))
				break;
		}
		if (s < QOS_BUCKET_SLOTS) {
			bool was_full = !match_sig(b, 0);

			t->buckets[hole].sig[slot] = b->sig[s];
			t->buckets[hole].idx[slot] = b->idx[s];
			b->sig[s] = 0;
			if (!was_full)
				return;
			hole = i;
			slot = s;
			continue;
		}
		if (match_sig(b, 0))
			return;
	}
}

static void forget(struct qos_table *t, uint32_t stream)
{
	uint64_t hash = pkt_media_key_hash(&t->hot[stream].key, &t->seed);
	uint32_t i = home_of(t, hash);

	for (;; i = (i + 1) & t->bucket_mask) {
		struct qos_bucket *b = &t->buckets[i];
		bool was_full = !match_sig(b, 0);

		for (unsigned m = match_sig(b, sig_of(hash)); m; m &= m - 1) {
			unsigned slot = (unsigned)__builtin_ctz(m);

			if (b->idx[slot] != stream)
				continue;
			b->sig[slot] = 0;
			if (was_full)
				pull_back(t, i, slot);
			return;
		}
	}
}

static uint32_t take_index(struct qos_table *t)
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
	uint32_t stream = take_index(t);
	struct qos_stream_cold *cold;

	if (stream == QOS_NONE) {
		qos_count(&t->counters.streams_refused, 1);
		return QOS_NONE;
	}
	cold = &t->cold[stream];
	qos_stream_init(&t->hot[stream], cold, first, origin, now_ns);
	if (t->env.drops_fn)
		cold->drops_seen = cold->drops_noted = t->env.drops_fn(t->env.payload_arg, cold);
	cold->phase = (uint8_t)qos_wheel_phase(now_ns);
	cold->wheel_pos = qos_wheel_add(&t->wheel, cold->phase, stream);
	cold->ssrc_changes = qos_flows_open(&t->flows, &origin->flow, &t->seed);
	if (call)
		qos_table_attach(t, stream, call, party);
	insert(t, pkt_media_key_hash(&first->key, &t->seed), stream);
	qos_count(&t->counters.streams_opened, 1);
	atomic_store_explicit(&t->open, qos_table_count(t) + 1, memory_order_relaxed);
	return stream;
}

void qos_table_close(struct qos_table *t, uint32_t stream)
{
	struct qos_stream_cold *cold = &t->cold[stream];
	uint32_t moved = qos_wheel_remove(&t->wheel, cold->phase, cold->wheel_pos);
	uint64_t lost = qos_stream_expected(&t->hot[stream], cold) -
			qos_stream_packets(&t->hot[stream], cold);

	if (moved != UINT32_MAX)
		t->cold[moved].wheel_pos = cold->wheel_pos;
	forget(t, stream);
	qos_flows_close(&t->flows, &cold->origin.flow, &t->seed);
	if (cold->call) {
		atomic_fetch_sub_explicit(&cold->call->streams_open, 1, memory_order_relaxed);
		qos_call_put(cold->call);
		cold->call = NULL;
	}
	qos_count(&t->counters.streams_closed, 1);
	qos_count(&t->counters.duplicates, cold->duplicates);
	qos_count(&t->counters.reordered, cold->reordered);
	qos_count(&t->counters.lost, lost);
	cold->is_open = false;
	cold->next_free = t->free_head;
	t->free_head = stream;
	atomic_store_explicit(&t->open, qos_table_count(t) - 1, memory_order_relaxed);
}

uint32_t qos_table_count(const struct qos_table *t)
{
	return atomic_load_explicit(&t->open, memory_order_relaxed);
}
