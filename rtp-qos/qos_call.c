/* SPDX-License-Identifier: BSD-3-Clause */
/* The call table: a lock-free hash table that all workers read. How calls leave it is in qos_call_expire.c. */
#include "qos_call.h"

#include <assert.h>
#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>

#include "pkt_count.h"
#include "qos_call_pvt.h"
#include "qos_calls_pvt.h"
#include "qos_legs.h"
#include "qos_mem.h"

enum {
	MIN_BUCKETS = 64,
	HINTS_PER_BUCKET = 2,
	SPARE = 1024, /* entries beyond the bound: those taken out wait for a grace period */
};

struct call_key {
	uint64_t hash;
	struct bytes call_id;
};

static _Atomic uint32_t *hint_of(const struct qos_calls *calls, uint64_t hash)
{
	/* The hash table takes the low bits. */
	return &calls->hints[(hash >> 32) & calls->hint_mask];
}

/* Memory of a call, be it in the table or not; NULL without a hint. */
static struct qos_call *hinted_call(const struct qos_calls *calls, uint64_t hash)
{
	uint32_t n = atomic_load_explicit(hint_of(calls, hash), memory_order_relaxed);

	return n ? qos_pool_at(&calls->pool, n - 1) : NULL;
}

/* A Call-ID longer than is stored is told apart by the hash of the whole. */
static int match_call(struct cds_lfht_node *node, const void *arg)
{
	const struct qos_call *call = caa_container_of(node, struct qos_call, node);
	const struct call_key *key = arg;
	struct bytes stored = bytes_head(key->call_id, QOS_CALL_ID_MAX - 1);

	if (call->hash != key->hash)
		return false;
	/* Comes next, as good as sure. */
	__builtin_prefetch(&call->lock, 1);
	return memcmp(call->call_id, stored.p, stored.n) == 0 && call->call_id[stored.n] == '\0';
}

static struct call_key make_key(const struct qos_calls *calls, struct bytes call_id)
{
	return (struct call_key){pkt_hash_bytes(call_id, &calls->seed), call_id};
}

/* QSBR: a registered thread is in a read section until its next quiescent state. */
static struct qos_call *find_call(struct qos_calls *calls, const struct call_key *key)
{
	struct qos_call *hinted = hinted_call(calls, key->hash);
	struct cds_lfht_iter iter;
	struct cds_lfht_node *node;

	/* A call that is open now keeps its memory until this thread's next quiescent state. */
	if (hinted && atomic_load_explicit(&hinted->is_open, memory_order_acquire) &&
		match_call(&hinted->node, key))
		return hinted;
	cds_lfht_lookup(calls->table, key->hash, match_call, key, &iter);
	node = cds_lfht_iter_get_node(&iter);
	return node ? caa_container_of(node, struct qos_call, node) : NULL;
}

struct qos_call *qos_call_find(struct qos_calls *calls, struct bytes call_id)
{
	struct call_key key = make_key(calls, call_id);

	return call_id.n ? find_call(calls, &key) : NULL;
}

uint64_t qos_call_prefetch_hint(const struct qos_calls *calls, struct bytes call_id)
{
	uint64_t hash = make_key(calls, call_id).hash;

	__builtin_prefetch((const void *)hint_of(calls, hash));
	return hash;
}

void qos_call_prefetch(const struct qos_calls *calls, uint64_t hash)
{
	const struct qos_call *call = hinted_call(calls, hash);

	if (!call)
		return;
	__builtin_prefetch(&call->node, 1);
	__builtin_prefetch(&call->lock, 1);
	__builtin_prefetch(call->call_id);
	__builtin_prefetch(call->from_tag);
	__builtin_prefetch(&call->media, 1);
}

/* All at once: a table that grows while a flood comes in has long chains until it has caught up. */
static unsigned long buckets_for(uint32_t max)
{
	unsigned long buckets = MIN_BUCKETS;

	while (buckets < max)
		buckets *= 2;
	return buckets;
}

/* Those taken out wait for a grace period. */
static uint32_t pool_count_for(uint32_t max)
{
	return max + max / 8 + SPARE;
}

uint64_t qos_calls_memory(uint32_t max)
{
	return (uint64_t)pool_count_for(max) * qos_pool_stride(sizeof(struct qos_call)) +
	       buckets_for(max) *
		       (sizeof(struct cds_lfht_node) + HINTS_PER_BUCKET * sizeof(_Atomic uint32_t));
}

static void init_worker(struct call_worker *w)
{
	qos_call_queue_init(&w->queue);
	CDS_INIT_LIST_HEAD(&w->evicted);
}

int qos_calls_create(const struct qos_options *options, const struct pkt_seed *seed,
	unsigned workers, struct qos_calls **calls)
{
	struct qos_calls *c;
	size_t size = sizeof(*c) + workers * sizeof(c->workers[0]);
	uint32_t max = options->max_calls;
	int err;

	if (workers == 0 || workers > QOS_CALL_WORKERS_MAX || max == 0 || max > UINT32_MAX / 2)
		return -EINVAL;
	c = aligned_alloc(alignof(struct qos_calls), size);
	if (!c)
		return -ENOMEM;
	memset(c, 0, size);
	c->seed = *seed;
	c->max = max;
	c->worker_count = workers;
	qos_calls_set_limits(c, options);
	for (unsigned i = 0; i < workers; i++)
		init_worker(&c->workers[i]);

	err = qos_pool_init(&c->pool, sizeof(struct qos_call), pool_count_for(max));
	if (err)
		goto free_calls;
	c->hint_mask = buckets_for(max) * HINTS_PER_BUCKET - 1;
	c->hints = qos_mem_map((c->hint_mask + 1) * sizeof(*c->hints));
	if (!c->hints) {
		err = -ENOMEM;
		goto fini_pool;
	}
	c->table = cds_lfht_new_flavor(
		buckets_for(max), buckets_for(max), 0, 0, &urcu_qsbr_flavor, NULL);
	if (!c->table) {
		err = -ENOMEM;
		goto unmap_hints;
	}
	*calls = c;
	return 0;

unmap_hints:
	qos_mem_unmap((void *)c->hints, (c->hint_mask + 1) * sizeof(*c->hints));
fini_pool:
	qos_pool_fini(&c->pool);
free_calls:
	free(c);
	return err;
}

void qos_calls_may_wait(struct qos_calls *calls)
{
	calls->may_wait = true;
}

static void release_call(struct qos_call *call)
{
	pthread_mutex_destroy(&call->lock);
	qos_pool_put(call->pool, call);
}

static void release_call_rcu(struct rcu_head *head)
{
	release_call(caa_container_of(head, struct qos_call, rcu));
}

bool qos_call_hold(struct qos_call *call)
{
	uint32_t refs = atomic_load_explicit(&call->refs, memory_order_relaxed);

	do {
		if (refs == 0)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(
		&call->refs, &refs, refs + 1, memory_order_acquire, memory_order_relaxed));
	return true;
}

void qos_call_put(struct qos_call *call)
{
	if (atomic_fetch_sub_explicit(&call->refs, 1, memory_order_acq_rel) != 1)
		return;
	qos_leg_put(atomic_load_explicit(&call->leg, memory_order_acquire));
	urcu_qsbr_call_rcu(&call->rcu, release_call_rcu);
}

void qos_calls_destroy(struct qos_calls *calls)
{
	struct cds_lfht_iter iter;
	struct cds_lfht_node *node;

	if (!calls)
		return;
	cds_lfht_first(calls->table, &iter);
	for (; (node = cds_lfht_iter_get_node(&iter)); cds_lfht_next(calls->table, &iter)) {
		cds_lfht_del(calls->table, node);
		qos_call_put(caa_container_of(node, struct qos_call, node));
	}
	urcu_qsbr_barrier();
	cds_lfht_destroy(calls->table, NULL);
	qos_mem_unmap((void *)calls->hints, (calls->hint_mask + 1) * sizeof(*calls->hints));
	qos_pool_fini(&calls->pool);
	free(calls);
}

/* Room for one more call, counted already; NULL when full. Waits only where nothing read under RCU is
 * held: before the call is found or made. */
static struct qos_call *reserve_call(struct qos_calls *calls)
{
	const size_t clear = offsetof(struct qos_call, leg_name);
	struct qos_call *call = NULL;

	if (atomic_fetch_add_explicit(&calls->count, 1, memory_order_relaxed) < calls->max) {
		call = qos_pool_take(&calls->pool, clear);
		if (!call && calls->may_wait) {
			urcu_qsbr_barrier();
			call = qos_pool_take(&calls->pool, clear);
		}
	}
	if (!call)
		atomic_fetch_sub_explicit(&calls->count, 1, memory_order_relaxed);
	return call;
}

/* The call in the table after this: new, or that of another worker which was faster. NULL: full. */
static struct qos_call *open_call(struct qos_calls *calls, unsigned worker,
	const struct call_key *key, const struct sip_msg *msg, uint64_t now_ns, bool *is_new)
{
	struct qos_call *call = reserve_call(calls);
	struct cds_lfht_node *node;
	struct bytes stored = bytes_head(key->call_id, QOS_CALL_ID_MAX - 1);

	if (!call && qos_calls_evict(calls, &calls->workers[worker], now_ns))
		call = reserve_call(calls);
	if (!call)
		return NULL;
	pthread_mutex_init(&call->lock, NULL);
	call->hash = key->hash;
	call->start_ns = now_ns;
	call->pool = &calls->pool;
	call->home = worker;
	memcpy(call->call_id, stored.p, stored.n);
	atomic_init(&call->last_ns, now_ns);
	atomic_init(&call->refs, 1); /* the table's */
	atomic_init(&call->codec_pt, QOS_CALL_NO_CODEC);
	qos_call_begin(call, msg, now_ns);

	node = cds_lfht_add_unique(calls->table, key->hash, match_call, key, &call->node);
	*is_new = node == &call->node;
	if (!*is_new) {
		release_call(call);
		atomic_fetch_sub_explicit(&calls->count, 1, memory_order_relaxed);
		return caa_container_of(node, struct qos_call, node);
	}
	atomic_store_explicit(&call->is_open, true, memory_order_release);
	atomic_store_explicit(hint_of(calls, key->hash), qos_pool_number(&calls->pool, call) + 1,
		memory_order_relaxed);
	qos_call_queue_add(&calls->workers[worker].queue, call, now_ns + calls->least_ns);
	pkt_count(&calls->workers[worker].counters.calls_opened, 1);
	return call;
}

enum qos_call_change qos_call_on_sip(struct qos_calls *calls, unsigned worker,
	const struct sip_msg *msg, uint64_t now_ns, struct qos_call **call)
{
	struct call_key key = make_key(calls, msg->call_id);
	bool is_new = false, has_ended;
	struct qos_call *c;

	assert(worker < calls->worker_count);
	for (;;) {
		c = find_call(calls, &key);
		if (!c)
			c = open_call(calls, worker, &key, msg, now_ns, &is_new);
		*call = c;
		if (!c) {
			pkt_count(&calls->workers[worker].counters.calls_refused, 1);
			return QOS_CALL_REFUSED;
		}
		pthread_mutex_lock(&c->lock);
		if (!cds_lfht_is_node_deleted(&c->node))
			break;
		/* Its home worker took it out between look-up and lock: begin anew. */
		pthread_mutex_unlock(&c->lock);
	}
	has_ended = qos_call_apply(c, msg, now_ns);
	pthread_mutex_unlock(&c->lock);
	if (is_new)
		return QOS_CALL_OPENED;
	return has_ended ? QOS_CALL_ENDED : QOS_CALL_UPDATED;
}

uint32_t qos_calls_own(const struct qos_calls *calls, unsigned worker)
{
	return calls->workers[worker].queue.length + calls->workers[worker].evicted_count;
}

uint32_t qos_calls_count(const struct qos_calls *calls)
{
	uint32_t count = atomic_load_explicit(&calls->count, memory_order_relaxed);

	/* A worker that finds the table full counts itself for a moment. */
	return count < calls->max ? count : calls->max;
}

struct qos_call_counters *qos_calls_counters(struct qos_calls *calls, unsigned worker)
{
	return &calls->workers[worker].counters;
}

void qos_calls_each(
	struct qos_calls *calls, bool (*fn)(struct qos_call *call, void *arg), void *arg)
{
	struct cds_lfht_iter iter;
	struct cds_lfht_node *node;

	cds_lfht_first(calls->table, &iter);
	for (; (node = cds_lfht_iter_get_node(&iter)); cds_lfht_next(calls->table, &iter))
		if (!fn(caa_container_of(node, struct qos_call, node), arg))
			return;
}
