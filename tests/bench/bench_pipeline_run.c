/* SPDX-License-Identifier: BSD-3-Clause */
/* One run of the probe's parts: fused on one core, its floors there, and both shapes on several threads. */
#include <time.h>

#include <rte_launch.h>
#include <rte_mbuf.h>
#include <urcu/urcu-qsbr.h>

#include "bench.h"
#include "bench_pipeline.h"
#include "bench_trunk.h"
#include "dp_idle.h"
#include "probe_rx.h"
#include "probe_totals.h"
#include "probe_worker.h"

enum {
	RING_ROOM = 128,
	WAIT_NS = 10000000,
	WARM_UP_SHARE = 2,
};

static void discard(struct bench_pipeline *p, struct dp_mailbox *mailbox)
{
	struct dp_message *messages[BENCH_BURST];
	unsigned n;

	while (mailbox && (n = dp_mailbox_take(mailbox, messages, BENCH_BURST))) {
		dp_mailbox_free(mailbox, messages, n);
		p->discarded += n;
	}
}

/* What a fused worker does, without waiting in between; its HEP goes to a sender that discards. */
static uint64_t fused_loop(struct bench_pipeline *p, uint64_t packets)
{
	struct bench_thread *t = &p->threads[0];
	struct rte_mbuf *burst[DP_BURST];
	uint64_t ns = bench_cpu_ns();

	for (uint64_t done = 0; done < packets; done += DP_BURST) {
		probe_rx_burst(t->rx, burst, bench_feed_poll(&t->feed, burst));
		urcu_qsbr_quiescent_state();
		discard(p, t->worker->mailbox);
	}
	probe_rx_flush(t->rx);
	return bench_cpu_ns() - ns;
}

static uint64_t run_for(struct bench_pipeline *p, uint64_t packets)
{
	p->floor.packets = packets;
	return p->job ? p->job(&p->floor) : fused_loop(p, packets);
}

/* What ran before left its own lines in the caches. Nothing else runs on the core of a probe, so each is measured when
 * it has run for a while. */
static int on_lcore(void *arg)
{
	struct bench_pipeline *p = arg;

	urcu_qsbr_register_thread();
	run_for(p, p->packets / WARM_UP_SHARE);
	p->ns = run_for(p, p->packets);
	urcu_qsbr_unregister_thread();
	return 0;
}

/* Not rte_eal_wait_lcore alone: it spins, on a CPU that an lcore needs. Nor often: each look there costs the lcore
 * its translations (TLB). */
static void wait_lcore(unsigned lcore)
{
	while (rte_eal_get_lcore_state(lcore) == RUNNING)
		nanosleep(&(struct timespec){.tv_nsec = WAIT_NS}, NULL);
	rte_eal_wait_lcore(lcore);
}

static uint64_t run_alone(struct bench_pipeline *p, uint64_t (*job)(struct bench_floor *f))
{
	p->job = job;
	rte_eal_remote_launch(on_lcore, p, p->probe->lcores.worker[0]);
	wait_lcore(p->probe->lcores.worker[0]);
	return p->ns;
}

uint64_t bench_run_fused(void *arg)
{
	return run_alone(arg, NULL);
}

/* As the control thread does meanwhile. */
static void populate(struct bench_pipeline *p)
{
	qos_calls_populate(p->probe->calls);
	qos_medias_populate(p->probe->medias);
}

/* With one receiver. */
static struct bench_feed *feed_of(struct bench_pipeline *p)
{
	return &p->threads[p->thread_count - 1].feed;
}

struct signalling {
	struct bench_pipeline *p;
	unsigned (*next)(void *arg, uint8_t *frame);
	void *arg;
};

/* On the lcore. */
static int take_signalling(void *arg)
{
	const struct signalling *s = arg;
	struct bench_pipeline *p = s->p;
	struct bench_thread *t = &p->threads[0];
	struct rte_mbuf *m;

	urcu_qsbr_register_thread();
	while ((m = rte_pktmbuf_alloc(p->pool))) {
		unsigned bytes = s->next(s->arg, rte_pktmbuf_mtod(m, uint8_t *));

		bench_feed_note(feed_of(p), m, bytes);
		if (!bytes)
			break;
		probe_whole_add_packet(t->worker, m);
		discard(p, t->worker->mailbox);
		urcu_qsbr_quiescent_state();
	}
	rte_pktmbuf_free(m);
	probe_whole_flush(t->worker);
	discard(p, t->worker->mailbox);
	urcu_qsbr_unregister_thread();
	return 0;
}

void bench_run_signalling(
	struct bench_pipeline *p, unsigned (*next)(void *arg, uint8_t *frame), void *arg)
{
	struct signalling s = {p, next, arg};

	populate(p);
	rte_eal_remote_launch(take_signalling, &s, p->probe->lcores.worker[0]);
	wait_lcore(p->probe->lcores.worker[0]);
}

static uint64_t run_trunk(struct bench_pipeline *p, uint64_t (*run)(void *arg))
{
	uint64_t ns;

	populate(p);
	feed_of(p)->is_trunk = true;
	ns = run(p);
	feed_of(p)->is_trunk = false;
	return ns;
}

uint64_t bench_run_trunk(void *arg)
{
	return run_trunk(arg, bench_run_fused);
}

uint64_t bench_run_trunk_threads(void *arg)
{
	return run_trunk(arg, bench_run_threads);
}

uint64_t bench_run_free(void *arg)
{
	return run_alone(arg, bench_floor_free);
}

uint64_t bench_run_parse(void *arg)
{
	return run_alone(arg, bench_floor_parse);
}

uint64_t bench_run_touch(void *arg)
{
	return run_alone(arg, bench_floor_touch);
}

/* Nothing is shed, which begins at half full: a feed that is too fast waits. */
static bool has_room(const struct bench_thread *t)
{
	for (unsigned i = 0; i < t->p->probe->lcores.worker_count; i++) {
		const struct dp_ring *ring = t->rx->lanes[i].media;

		if (ring && dp_ring_room(ring) < dp_ring_size(ring) / 2 + RING_ROOM)
			return false;
	}
	return true;
}

static int thread_loop(void *arg)
{
	struct bench_thread *t = arg;
	struct rte_mbuf *burst[DP_BURST];
	struct dp_idle idle = {0};

	urcu_qsbr_register_thread();
	while (!atomic_load_explicit(&t->p->stop, memory_order_relaxed)) {
		unsigned n = t->worker ? probe_worker_take(t->worker) : 0;

		if (t->rx && t->left && has_room(t)) {
			n = bench_feed_poll(&t->feed, burst);
			probe_rx_burst(t->rx, burst, n);
			t->left -= DP_BURST;
		} else if (t->rx && !t->left) {
			probe_rx_flush(t->rx);
		}
		urcu_qsbr_quiescent_state();
		if (t->worker)
			discard(t->p, t->worker->mailbox);
		if (n) {
			idle.empty = 0;
			continue;
		}
		urcu_qsbr_thread_offline();
		dp_idle_wait(&idle, false);
		urcu_qsbr_thread_online();
	}
	urcu_qsbr_unregister_thread();
	return 0;
}

static unsigned lcore_of(const struct bench_pipeline *p, const struct bench_thread *t)
{
	const struct dp_lcores *lcores = &p->probe->lcores;

	return t->worker ? lcores->worker[t->worker->index] : lcores->rx[0];
}

/* Packets that ended in a counter. */
static uint64_t taken(const struct bench_pipeline *p)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < PROBE_OUTCOME_COUNT; i++)
		sum += probe_totals_outcome(p->probe, i);
	return sum;
}

/* Of several cores it is the time on the wall that counts. */
uint64_t bench_run_threads(void *arg)
{
	struct bench_pipeline *p = arg;
	uint64_t until = taken(p), ns = bench_wall_ns();

	atomic_store(&p->stop, false);
	for (unsigned i = 0; i < p->thread_count; i++) {
		p->threads[i].left = p->threads[i].rx ? p->packets : 0;
		until += p->threads[i].left;
		rte_eal_remote_launch(thread_loop, &p->threads[i], lcore_of(p, &p->threads[i]));
	}
	while (taken(p) < until)
		nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
	ns = bench_wall_ns() - ns;
	atomic_store(&p->stop, true);
	for (unsigned i = 0; i < p->thread_count; i++)
		wait_lcore(lcore_of(p, &p->threads[i]));
	return ns;
}
