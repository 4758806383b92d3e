/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of announced media endpoints, its look-up and its memory: chains that are found without lock and changed under one mutex. Of
 * liburcu-cds the mutex needs nothing, and its order of all entries costs two lines of memory for what is not there,
 * one after the other and neither to be fetched before: here it is one, which the caller prefetches. */
#include <errno.h>
#include <stdlib.h>

#include "qos_chain.h"
#include "qos_media_table_pvt.h"
#include "qos_mem.h"

enum {
	CHAINS_PER_ENTRY = 4, /* so that most say at once that nothing was announced there */
	SPARE = 1024, /* entries beyond the bound: those taken out wait for a grace period */
};

/* Payload types that an entry of each pool has room for: an RTCP port has none, and few descriptions use
 * all that there may be. An entry is written to memory that was not touched for long, so small is quick. */
static const uint8_t pool_payloads[QOS_MEDIA_POOLS] = {0, 6, QOS_MEDIA_PAYLOADS_MAX};

static bool is_at(const struct qos_media *media, const struct qos_media_key *key)
{
	return media->at.port == key->port && media->at.family == key->family &&
	       media->at.tenant == key->tenant && pkt_addr_eq(&media->at.addr, &key->addr);
}

/* QSBR: a registered thread is in a read section until its next quiescent state. */
static struct qos_media *find_media(
	const struct qos_medias *medias, const struct qos_media_key *key)
{
	struct qos_media *media =
		atomic_load_explicit(qos_media_chain(medias, key), memory_order_acquire);

	while (media && !is_at(media, key))
		media = atomic_load_explicit(&media->next, memory_order_acquire);
	return media;
}

const struct qos_media *qos_media_find(struct qos_medias *medias, const struct qos_media_key *key)
{
	return find_media(medias, key);
}

void qos_media_prefetch(const struct qos_medias *medias, const struct qos_media_key *key)
{
	__builtin_prefetch((const void *)qos_media_chain(medias, key));
}

void qos_media_prefetch_first(const struct qos_medias *medias, const struct qos_media_key *key)
{
	const struct qos_media *first =
		atomic_load_explicit(qos_media_chain(medias, key), memory_order_acquire);

	/* From NULL it would be slow: the CPU looks in vain for its translation each time. */
	if (first)
		__builtin_prefetch(first);
}

static struct qos_media_key key_of_rtp(const struct sdp_media *sdp, uint32_t tenant)
{
	return (struct qos_media_key){sdp->addr, tenant, sdp->port, sdp->family};
}

static struct qos_media_key key_of_rtcp(const struct sdp_media *sdp, uint32_t tenant)
{
	return (struct qos_media_key){sdp->rtcp_addr, tenant, sdp->rtcp_port, sdp->rtcp_family};
}

void qos_media_prefetch_all(
	const struct qos_medias *medias, const struct sdp_session *session, uint32_t tenant)
{
	for (unsigned i = 0; i < session->media_count; i++) {
		struct qos_media_key rtp = key_of_rtp(&session->media[i], tenant);
		struct qos_media_key rtcp = key_of_rtcp(&session->media[i], tenant);

		__builtin_prefetch((const void *)qos_media_chain(medias, &rtp), 1);
		__builtin_prefetch((const void *)qos_media_chain(medias, &rtcp), 1);
	}
}

void qos_media_prefetch_all_first(
	const struct qos_medias *medias, const struct sdp_session *session, uint32_t tenant)
{
	for (unsigned i = 0; i < session->media_count; i++) {
		struct qos_media_key rtp = key_of_rtp(&session->media[i], tenant);
		struct qos_media_key rtcp = key_of_rtcp(&session->media[i], tenant);

		qos_media_prefetch_first(medias, &rtp);
		qos_media_prefetch_first(medias, &rtcp);
	}
}

bool qos_media_is_udptl(struct qos_medias *medias, const struct qos_media_key *key)
{
	const struct qos_media *media;

	if (!atomic_load_explicit(&medias->udptl_count, memory_order_relaxed))
		return false;
	media = qos_media_find(medias, key);
	return media && media->is_udptl;
}

static uint64_t chains_for(uint32_t max)
{
	return qos_chain_count((uint64_t)max * CHAINS_PER_ENTRY);
}

/* Entries on their way back come on top. */
static uint32_t pool_count_for(uint32_t max)
{
	return max + max / 8 + SPARE;
}

static size_t pool_size(unsigned i)
{
	return offsetof(struct qos_media, payloads) + pool_payloads[i] * sizeof(struct qos_payload);
}

uint64_t qos_medias_memory(uint32_t max)
{
	uint64_t sum = sizeof(struct qos_medias) + qos_chain_bytes(chains_for(max));

	for (unsigned i = 0; i < QOS_MEDIA_POOLS; i++)
		sum += (uint64_t)pool_count_for(max) * qos_pool_stride(pool_size(i));
	return sum;
}

static void fini_pools(struct qos_medias *medias)
{
	for (unsigned i = 0; i < QOS_MEDIA_POOLS; i++)
		if (medias->pools[i].block)
			qos_pool_fini(&medias->pools[i]);
}

static int init_pools(struct qos_medias *medias)
{
	int err = 0;

	for (unsigned i = 0; i < QOS_MEDIA_POOLS && !err; i++)
		err = qos_pool_init(&medias->pools[i], pool_size(i), pool_count_for(medias->max));
	if (err)
		fini_pools(medias);
	return err;
}

int qos_medias_create(
	const struct qos_options *options, const struct pkt_seed *seed, struct qos_medias **medias)
{
	uint32_t max = options->max_media;
	struct qos_medias *m;
	int err;

	if (max == 0 || max > UINT32_MAX / 2)
		return -EINVAL;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->seed = *seed;
	m->max = max;
	err = init_pools(m);
	if (err)
		goto free_medias;
	m->chain_mask = chains_for(max) - 1;
	m->chains = qos_mem_map(qos_chain_bytes(m->chain_mask + 1));
	if (!m->chains) {
		err = -ENOMEM;
		goto fini_pool;
	}
	pthread_mutex_init(&m->publishing, NULL);
	*medias = m;
	return 0;

fini_pool:
	fini_pools(m);
free_medias:
	free(m);
	return err;
}

void qos_medias_may_wait(struct qos_medias *medias)
{
	medias->may_wait = true;
}

void qos_medias_populate(struct qos_medias *medias)
{
	if (!medias->are_chains_ready)
		qos_mem_populate(
			(void *)medias->chains, 0, qos_chain_bytes(medias->chain_mask + 1));
	medias->are_chains_ready = true;
	for (unsigned i = 0; i < QOS_MEDIA_POOLS; i++)
		qos_pool_populate(&medias->pools[i]);
}

void qos_medias_watch(struct qos_medias *medias, qos_media_watch_fn fn, void *arg)
{
	medias->watch = fn;
	medias->watch_arg = arg;
}

void qos_medias_destroy(struct qos_medias *medias)
{
	struct qos_media *media, *next;

	if (!medias)
		return;
	for (uint64_t i = 0; i <= medias->chain_mask; i++)
		for (media = atomic_load(&medias->chains[i]); media; media = next) {
			next = atomic_load(&media->next);
			if (media->call->media)
				qos_call_put(media->call);
			media->call->media = NULL;
			qos_media_drop(media);
		}
	urcu_qsbr_barrier();
	pthread_mutex_destroy(&medias->publishing);
	qos_mem_unmap((void *)medias->chains, qos_chain_bytes(medias->chain_mask + 1));
	fini_pools(medias);
	free(medias);
}

bool qos_media_is_room(const struct qos_medias *medias)
{
	return atomic_load_explicit(&medias->count, memory_order_relaxed) < medias->max;
}

struct qos_media *qos_media_at(struct qos_medias *medias, const struct qos_media_key *key)
{
	return find_media(medias, key);
}

static struct qos_pool *pool_for(struct qos_medias *medias, unsigned payloads)
{
	unsigned i = 0;

	while (i + 1 < QOS_MEDIA_POOLS && pool_payloads[i] < payloads)
		i++;
	return &medias->pools[i];
}

static struct qos_media *take(struct qos_medias *medias, unsigned payloads, size_t clear)
{
	struct qos_pool *pool = pool_for(medias, payloads);
	struct qos_media *media = qos_pool_take_alone(pool, clear);

	/* What is held here under RCU is in the table, and only this mutex's holder takes it out. */
	if (!media && medias->may_wait) {
		urcu_qsbr_barrier();
		media = qos_pool_take_alone(pool, clear);
	}
	if (media)
		media->pool = pool;
	return media;
}

struct qos_media *qos_media_take(struct qos_medias *medias, unsigned payloads)
{
	/* Payloads are filled as they are counted. */
	return take(medias, payloads, offsetof(struct qos_media, payloads));
}

struct qos_media *qos_media_copy(struct qos_medias *medias, const struct qos_media *said)
{
	struct qos_media *media = take(medias, said->payload_count, 0);
	struct qos_pool *pool;

	if (!media)
		return NULL;
	pool = media->pool;
	memcpy(media, said,
		offsetof(struct qos_media, payloads) +
			said->payload_count * sizeof(said->payloads[0]));
	media->pool = pool;
	return media;
}

const struct pkt_seed *qos_medias_seed(const struct qos_medias *medias)
{
	return &medias->seed;
}

struct qos_formats_memo *qos_medias_memo(struct qos_medias *medias)
{
	return &medias->memo;
}

/* Its holder may wait for a grace period (qos_media_take), which who waits here must not hold up. */
void qos_medias_lock(struct qos_medias *medias)
{
	bool was_online = medias->may_wait && urcu_qsbr_read_ongoing();

	if (!was_online) {
		pthread_mutex_lock(&medias->publishing);
		return;
	}
	if (pthread_mutex_trylock(&medias->publishing) == 0)
		return;
	urcu_qsbr_thread_offline();
	pthread_mutex_lock(&medias->publishing);
	urcu_qsbr_thread_online();
}

void qos_medias_unlock(struct qos_medias *medias)
{
	pthread_mutex_unlock(&medias->publishing);
}

bool qos_medias_lock_with(struct qos_medias *medias, struct qos_call *call)
{
	if (medias->may_wait && !qos_call_hold(call))
		return false;
	qos_medias_lock(medias);
	return true;
}

void qos_medias_unlock_with(struct qos_medias *medias, struct qos_call *call)
{
	qos_medias_unlock(medias);
	if (medias->may_wait)
		qos_call_put(call);
}

bool qos_medias_are_apart(const struct qos_medias *medias)
{
	return atomic_load_explicit(&medias->apart_count, memory_order_relaxed) != 0;
}

/* False: nothing was announced there that stands apart from its media. */
static bool move_to_media(
	struct qos_medias *medias, struct qos_media_key key, struct pkt_addr *addr, uint16_t *port)
{
	const struct qos_media *media = qos_media_find(medias, &key);

	if (!media || !media->rtp.port)
		return false;
	*addr = media->rtp.addr;
	*port = media->rtp.port;
	return true;
}

struct pkt_flow qos_media_flow_of_rtcp(struct qos_medias *medias, const struct pkt_flow *flow)
{
	struct pkt_flow rtp = *flow;
	bool is_src = false, is_dst = false;

	if (qos_medias_are_apart(medias)) {
		is_src = move_to_media(medias, qos_media_key_of_src(flow), &rtp.src, &rtp.sport);
		is_dst = move_to_media(medias, qos_media_key_of_dst(flow), &rtp.dst, &rtp.dport);
	}
	if (!is_src && (flow->sport & 1) && (is_dst || (flow->dport & 1)))
		rtp.sport--;
	if (!is_dst && (flow->dport & 1) && (is_src || (flow->sport & 1)))
		rtp.dport--;
	return rtp;
}

const struct qos_payload *qos_media_payload(const struct qos_media *media, uint8_t pt)
{
	for (unsigned i = 0; i < media->payload_count; i++)
		if (media->payloads[i].pt == pt)
			return &media->payloads[i];
	return NULL;
}

uint32_t qos_medias_count(const struct qos_medias *medias)
{
	return atomic_load_explicit(&medias->count, memory_order_relaxed);
}
