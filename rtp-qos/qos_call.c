/* SPDX-License-Identifier: BSD-3-Clause */
/* The call table: chains that all workers read without lock. liburcu-cds would need none to change
 * them either, but keeps all entries in one order: what is not there, as the call of each first
 * INVITE, costs it two lines of memory, one after the other and neither to be fetched before. Here
 * it is one that was prefetched. How calls leave the table is in qos_call_expire.c. */
#include "qos_call.h"

#include <assert.h>
#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>

#include "pkt_count.h"
#include "qos_call_pvt.h"
#include "qos_calls_pvt.h"
#include "qos_chain.h"
#include "qos_legs.h"
#include "qos_mem.h"

enum {
	CHAINS_PER_CALL = 2,
	SPARE = 1024, /* entries beyond the bound: those taken out wait for a grace period */
};

struct call_key {
	uint64_t hash;
	struct bytes call_id;
};

static struct qos_call *_Atomic *chain_of(const struct qos_calls *calls, uint64_t hash)
{
	return &calls->chains[hash & calls->chain_mask];
}

static pthread_spinlock_t *lock_of(struct qos_calls *calls, uint64_t hash)
{
	return &calls->chain_locks[hash % QOS_CALL_CHAIN_LOCKS].lock;
}

/* A Call-ID longer than is stored is told apart by the hash of the whole. */
static bool is_call_of(const struct qos_call *call, const struct call_key *key)
{
	struct bytes stored = bytes_head(key->call_id, QOS_CALL_ID_MAX - 1);

	if (call->hash != key->hash)
		return false;
	/* Comes next, as good as sure. */
	__builtin_prefetch(&call->state, 1);
	return memcmp(call->call_id, stored.p, stored.n) == 0 && call->call_id[stored.n] == '\0';
}

static struct call_key make_key(const struct qos_calls *calls, struct bytes call_id)
{
	return (struct call_key){pkt_hash_bytes(call_id, &calls->seed), call_id};
}

/* QSBR: a registered thread is in a read section until its next quiescent state. */
static struct qos_call *find_call(const struct qos_calls *calls, const struct call_key *key)
{
	struct qos_call *call =
		atomic_load_explicit(chain_of(calls, key->hash), memory_order_acquire);

	while (call && !is_call_of(call, key))
		call = atomic_load_explicit(&call->next, memory_order_acquire);
	return call;
}

/* The one that is in the table after this: call, or that of another worker which was faster. */
static struct qos_call *link_call(
	struct qos_calls *calls, const struct call_key *key, struct qos_call *call)
{
	struct qos_call *_Atomic *chain = chain_of(calls, key->hash);
	struct qos_call *known;

	pthread_spin_lock(lock_of(calls, key->hash));
	known = find_call(calls, key);
	if (!known) {
		atomic_init(&call->next, atomic_load_explicit(chain, memory_order_relaxed));
		atomic_store_explicit(chain, call, memory_order_release);
	}
	pthread_spin_unlock(lock_of(calls, key->hash));
	return known ? known : call;
}

/* Who reads it just now goes on from it all the same: its memory stays for a grace period. */
void qos_calls_unlink(struct qos_calls *calls, const struct qos_call *call)
{
	struct qos_call *_Atomic *link = chain_of(calls, call->hash);
	struct qos_call *c;

	pthread_spin_lock(lock_of(calls, call->hash));
	while ((c = atomic_load_explicit(link, memory_order_relaxed)) != call)
		link = &c->next;
	atomic_store_explicit(link, atomic_load_explicit(&call->next, memory_order_relaxed),
		memory_order_release);
	pthread_spin_unlock(lock_of(calls, call->hash));
}

struct qos_call *qos_call_find(struct qos_calls *calls, struct bytes call_id)
{
	struct call_key key = make_key(calls, call_id);

	return call_id.n ? find_call(calls, &key) : NULL;
}

uint64_t qos_call_hash(const struct qos_calls *calls, struct bytes call_id)
{
	return make_key(calls, call_id).hash;
}

void qos_call_prefetch_chain(const struct qos_calls *calls, uint64_t hash)
{
	__builtin_prefetch((const void *)chain_of(calls, hash));
}

/* The newest of the chain it mostly is. */
void qos_call_prefetch(const struct qos_calls *calls, uint64_t hash, bool with_media)
{
	const struct qos_call *call =
		atomic_load_explicit(chain_of(calls, hash), memory_order_acquire);

	if (!call)
		return;
	__builtin_prefetch(call, 1);
	__builtin_prefetch(&call->state, 1);
	__builtin_prefetch(call->call_id);
	if (!with_media)
		return;
	__builtin_prefetch(call->from_tag);
	__builtin_prefetch(&call->media, 1);
	__builtin_prefetch(&call->talk, 1);
	__builtin_prefetch(&call->talk + 1, 1); /* it has two lines */
}

void qos_calls_prefetch_first(const struct qos_calls *calls, uint64_t hash)
{
	const struct qos_call *first =
		atomic_load_explicit(chain_of(calls, hash), memory_order_acquire);

	if (first)
		__builtin_prefetch(first, 1);
}

static uint64_t chains_for(uint32_t max)
{
	return qos_chain_count((uint64_t)max * CHAINS_PER_CALL);
}

/* Those taken out wait for a grace period. */
static uint32_t pool_count_for(uint32_t max)
{
	return max + max / 8 + SPARE;
}

uint64_t qos_calls_memory(uint32_t max)
{
	return (uint64_t)pool_count_for(max) * qos_pool_stride(sizeof(struct qos_call)) +
	       qos_chain_bytes(chains_for(max));
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
	c->chain_mask = chains_for(max) - 1;
	c->chains = qos_mem_map(qos_chain_bytes(c->chain_mask + 1));
	if (!c->chains) {
		err = -ENOMEM;
		goto fini_pool;
	}
	for (unsigned i = 0; i < QOS_CALL_CHAIN_LOCKS; i++)
		pthread_spin_init(&c->chain_locks[i].lock, PTHREAD_PROCESS_PRIVATE);
	*calls = c;
	return 0;

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

void qos_calls_populate(struct qos_calls *calls)
{
	if (!calls->are_chains_ready)
		qos_mem_populate((void *)calls->chains, 0, qos_chain_bytes(calls->chain_mask + 1));
	calls->are_chains_ready = true;
	qos_pool_populate(&calls->pool);
}

static void release_call(struct qos_call *call)
{
	pthread_spin_destroy(&call->lock);
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
	struct qos_call *call, *next;

	if (!calls)
		return;
	for (uint64_t i = 0; i <= calls->chain_mask; i++)
		for (call = atomic_load(&calls->chains[i]); call; call = next) {
			next = atomic_load(&call->next);
			qos_call_put(call);
		}
	urcu_qsbr_barrier();
	for (unsigned i = 0; i < QOS_CALL_CHAIN_LOCKS; i++)
		pthread_spin_destroy(&calls->chain_locks[i].lock);
	qos_mem_unmap((void *)calls->chains, qos_chain_bytes(calls->chain_mask + 1));
	qos_pool_fini(&calls->pool);
	free(calls);
}

/* Room for one more call, counted already; NULL when full. Waits only where nothing read under RCU
 * is held: before the call is found or made. */
static struct qos_call *reserve_call(struct qos_calls *calls)
{
	const size_t clear = offsetof(struct qos_call, from_tag);
	struct qos_call *call = NULL;

	/* To count and take it back costs more than this. */
	if (atomic_load_explicit(&calls->count, memory_order_relaxed) >= calls->max)
		return NULL;
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
	const struct call_key *key, struct sip_msg *msg, uint64_t now_ns, bool *is_new)
{
	struct qos_call *call = reserve_call(calls), *known;
	struct bytes stored = bytes_head(key->call_id, QOS_CALL_ID_MAX - 1);

	if (!call && qos_calls_evict(calls, &calls->workers[worker], now_ns))
		call = reserve_call(calls);
	if (!call)
		return NULL;
	pthread_spin_init(&call->lock, PTHREAD_PROCESS_PRIVATE);
	call->hash = key->hash;
	call->start_ns = now_ns;
	call->pool = &calls->pool;
	call->home = worker;
	memcpy(call->call_id, stored.p, stored.n);
	call->call_id[stored.n] = '\0';
	atomic_init(&call->last_ns, now_ns);
	atomic_init(&call->refs, 1); /* the table's */
	atomic_init(&call->is_open, true);
	qos_call_begin(call, msg);

	known = link_call(calls, key, call);
	*is_new = known == call;
	if (!*is_new) {
		release_call(call);
		atomic_fetch_sub_explicit(&calls->count, 1, memory_order_relaxed);
		return known;
	}
	qos_call_queue_add(&calls->workers[worker].queue, call, now_ns + calls->least_ns);
	pkt_count(&calls->workers[worker].counters.calls_opened, 1);
	return call;
}

enum qos_call_change qos_call_on_sip(struct qos_calls *calls, unsigned worker, struct sip_msg *msg,
	uint64_t hash, uint64_t now_ns, struct qos_call **call)
{
	struct call_key key = {hash, msg->call_id};
	bool is_new = false, is_late, has_ended;
	uint32_t former = 0;
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
		pthread_spin_lock(&c->lock);
		if (qos_call_is_open(c) && qos_call_is_another(c, msg, now_ns)) {
			former = qos_call_tag_hash(c, &calls->seed);
			qos_calls_take_out(calls, c);
		}
		if (qos_call_is_open(c))
			break;
		/* Just now, or by its home worker between look-up and lock: begin anew. */
		pthread_spin_unlock(&c->lock);
	}
	if (former)
		c->former = former;
	is_late = qos_call_is_late(c, msg, &calls->seed);
	has_ended = !is_late && qos_call_apply(c, msg, &calls->seed, now_ns);
	pthread_spin_unlock(&c->lock);
	if (is_late) {
		*call = NULL;
		pkt_count(&calls->workers[worker].counters.messages_late, 1);
		return QOS_CALL_FORMER;
	}
	if (is_new)
		return QOS_CALL_OPENED;
	return has_ended ? QOS_CALL_ENDED : QOS_CALL_UPDATED;
}

/* Whose codec the call has comes before this, or is this. Of one that comes in meanwhile the SSRC is read with the
 * time of the one before it, at worst, which is no earlier. */
static bool is_codec_of_first(const struct qos_call *call, uint64_t rank, uint32_t ssrc)
{
	uint64_t known = atomic_load_explicit(&call->codec_rank, memory_order_acquire);

	if (!known || known != rank)
		return known && known < rank;
	return atomic_load_explicit(&call->codec_ssrc, memory_order_relaxed) <= ssrc;
}

void qos_call_note_codec(struct qos_call *call, unsigned party, uint64_t first_ns, uint32_t ssrc,
	const char name[QOS_CODEC_NAME_MAX])
{
	uint64_t rank = (first_ns ? first_ns : 1) << 1 | party;

	/* Every report asks, and nearly all of them for nothing. */
	if (is_codec_of_first(call, rank, ssrc))
		return;
	pthread_spin_lock(&call->lock);
	if (!is_codec_of_first(call, rank, ssrc)) {
		atomic_store_explicit(&call->codec_ssrc, ssrc, memory_order_relaxed);
		atomic_store_explicit(&call->codec_rank, rank, memory_order_release);
		memcpy(call->codec, name, sizeof(call->codec));
	}
	pthread_spin_unlock(&call->lock);
}

const char *qos_call_codec(const struct qos_call *call)
{
	return atomic_load_explicit(&call->codec_rank, memory_order_relaxed) ? call->codec : "";
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
	struct qos_call *call;

	for (uint64_t i = 0; i <= calls->chain_mask; i++) {
		call = atomic_load_explicit(&calls->chains[i], memory_order_acquire);
		for (; call; call = atomic_load_explicit(&call->next, memory_order_acquire))
			if (!fn(call, arg))
				return;
	}
}
