/* SPDX-License-Identifier: BSD-3-Clause */
/* Gaps in the time of a file that two workers read: the second one is on a thread of its own. */
#include <pthread.h>

#include "dp_idle.h"
#include "probe_overload_case.h"

enum {
	OTHER = 1, /* that on the other thread */
};

static pthread_t thread;
static atomic_bool is_over;

/* As probe_worker_main does. */
static void *take(void *arg)
{
	struct probe_worker *w = &rig.worker[OTHER];
	struct dp_idle idle = {0};

	urcu_qsbr_register_thread();
	while (!atomic_load(&is_over)) {
		unsigned n = probe_worker_take(w);

		atomic_store_explicit(&w->done, probe_read(&w->done) + n, memory_order_release);
		urcu_qsbr_quiescent_state();
		probe_query_answer(w);
		dp_idle_wait(&idle, n > 0);
	}
	urcu_qsbr_unregister_thread();
	return arg;
}

static uint64_t given(void)
{
	return rig.rx[0].lanes[OTHER].sent;
}

/* A frame of that time follows. */
static void follow(uint64_t now_ns)
{
	uint64_t before_ns = rig.rx[0].last_ns;

	rig.rx[0].last_ns = now_ns;
	probe_rx_follow_time(&rig.rx[0], now_ns, before_ns);
}

static void open_other_stream(void)
{
	struct stream s = {.seq = 0};
	struct pkt_media first = {.seq = 1, .marker_pt = 8};
	struct qos_origin origin = {.ssrc = 1};
	struct pkt_view view;

	make_rtp(&s.frame, 0);
	assert_int_equal(decode(&s.frame, &view), PKT_OK);
	origin.flow = view.flow;
	first.key = pkt_media_key(&view.flow, origin.ssrc, &rig.probe.seed);
	assert_int_not_equal(
		qos_table_open(&rig.worker[OTHER].table, &first, &origin, NULL, 0, START_NS),
		QOS_NONE);
}

/* Each of which would have to be waited for. */
static void a_gap_gives_workers_nothing_for_each_of_its_seconds(void **state)
{
	(void)state;
	follow(START_NS);
	open_other_stream();
	follow(START_NS + 25 * SECOND_NS);
	assert_true(given() <= 2);
	assert_int_equal(qos_table_count(&rig.worker[OTHER].table), 1);
	for (unsigned i = 0; i < WORKERS_MAX; i++) {
		assert_int_equal(rig.worker[i].now_ns, START_NS + 25 * SECOND_NS);
		assert_true(rig.worker[i].next_tick_ns > START_NS + 25 * SECOND_NS);
	}
}

static void streams_of_all_workers_end_in_a_gap(void **state)
{
	uint64_t timeout_ns = rig.options.qos.stream_timeout_ns;

	(void)state;
	follow(START_NS);
	open_other_stream();
	follow(START_NS + timeout_ns - SECOND_NS);
	assert_int_equal(qos_table_count(&rig.worker[OTHER].table), 1);
	follow(START_NS + 2 * timeout_ns);
	assert_int_equal(qos_table_count(&rig.worker[OTHER].table), 0);
	assert_true(given() <= 3);
}

static void a_gap_of_years_is_not_gone_through(void **state)
{
	(void)state;
	follow(START_NS);
	open_other_stream();
	follow(START_NS + 300000000 * SECOND_NS);
	assert_int_equal(qos_table_count(&rig.worker[OTHER].table), 0);
	assert_int_equal(rig.worker[OTHER].now_ns, START_NS + 300000000 * SECOND_NS);
}

static void a_step_back_reaches_all_workers(void **state)
{
	(void)state;
	follow(START_NS);
	open_other_stream();
	follow(START_NS - 7200 * SECOND_NS);
	for (unsigned i = 0; i < WORKERS_MAX; i++)
		assert_int_equal(rig.worker[i].now_ns, START_NS - 7200 * SECOND_NS);
	assert_int_equal(rig.rx[0].shared_ns, START_NS - 7200 * SECOND_NS);
}

/* Another thread changes the streams that an answer would be read from. */
static void a_held_worker_answers_no_question(void **state)
{
	struct probe_worker *w = &rig.worker[0];

	(void)state;
	probe_query_hold(w);
	atomic_store(&w->query.state, PROBE_QUERY_ASKED);
	probe_query_answer(w);
	assert_int_equal(atomic_load(&w->query.state), PROBE_QUERY_ASKED);
	probe_query_let_go(w);
	probe_query_answer(w);
	assert_int_equal(atomic_load(&w->query.state), PROBE_QUERY_ANSWERED);
}

/* Once it was, they answer again. */
static void workers_are_let_go_after_a_gap(void **state)
{
	(void)state;
	follow(START_NS);
	follow(START_NS + 25 * SECOND_NS);
	follow(START_NS - 7200 * SECOND_NS);
	assert_int_equal(probe_query_ask(&rig.worker[OTHER], PROBE_QUERY_NEWEST, 1), 0);
}

static int open_workers(void **state)
{
	struct probe *p = &rig.probe;

	(void)state;
	memset(rig.rx, 0, sizeof(rig.rx));
	memset(rig.worker, 0, sizeof(rig.worker));
	p->is_offline = true;
	p->lcores.worker_count = WORKERS_MAX;
	p->rx_count = 1;
	p->rx = rig.rx;
	p->workers = rig.worker;
	dp_steer_init(&p->steer, p->seed.k[0], WORKERS_MAX);
	assert_int_equal(probe_rx_init(&rig.rx[0], p, 0, &rig.worker[0]), 0);
	for (unsigned i = 0; i < WORKERS_MAX; i++)
		assert_int_equal(probe_worker_init(&rig.worker[i], p, i), 0);
	atomic_store(&is_over, false);
	return pthread_create(&thread, NULL, take, NULL);
}

static int close_workers(void **state)
{
	(void)state;
	atomic_store(&is_over, true);
	/* Grace periods do not wait for who waits. */
	urcu_qsbr_thread_offline();
	pthread_join(thread, NULL);
	urcu_qsbr_thread_online();
	for (unsigned i = 0; i < WORKERS_MAX; i++)
		probe_worker_fini(&rig.worker[i]);
	probe_rx_fini(&rig.rx[0]);
	return 0;
}

#define GAP_TEST(name) cmocka_unit_test_setup_teardown(name, open_workers, close_workers)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GAP_TEST(a_gap_gives_workers_nothing_for_each_of_its_seconds),
		GAP_TEST(streams_of_all_workers_end_in_a_gap),
		GAP_TEST(a_gap_of_years_is_not_gone_through),
		GAP_TEST(a_step_back_reaches_all_workers),
		GAP_TEST(a_held_worker_answers_no_question),
		GAP_TEST(workers_are_let_go_after_a_gap),
	};

	return cmocka_run_group_tests(tests, start_probe, stop_probe);
}
