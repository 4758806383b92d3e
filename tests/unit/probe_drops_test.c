/* SPDX-License-Identifier: BSD-3-Clause */
/* When drops are past: once every receiver and then every worker has found nothing to do since they were known. */
#include "probe_rx.h"
#include "probe_worker.h"
#include "unit.h"

enum {
	RECEIVERS = 2,
	WORKERS = 2,
};

static struct probe probe;
static struct probe_rx receivers[RECEIVERS];
static struct probe_worker workers[WORKERS];

static void rest_receivers(void)
{
	for (unsigned i = 0; i < RECEIVERS; i++)
		probe_idle_count(&receivers[i].idle);
}

static void rest_workers(void)
{
	for (unsigned i = 0; i < WORKERS; i++)
		probe_idle_count(&workers[i].idle);
}

static int begin(void **state)
{
	(void)state;
	memset(&probe, 0, sizeof(probe));
	memset(receivers, 0, sizeof(receivers));
	memset(workers, 0, sizeof(workers));
	probe.rx = receivers;
	probe.rx_count = RECEIVERS;
	probe.workers = workers;
	probe.lcores.worker_count = WORKERS;
	for (unsigned i = 0; i < WORKERS; i++)
		workers[i].probe = &probe;
	/* Idle turns of before say nothing. */
	for (unsigned i = 0; i < 5; i++) {
		rest_receivers();
		rest_workers();
	}
	return 0;
}

static const struct qos_stream_cold stream;

static struct qos_drops drops(void)
{
	return probe_drops_of(&workers[0], &stream);
}

/* As a reading of ports has it. */
static void drop_at_ports(uint64_t n)
{
	atomic_fetch_add(&probe.drops.ports, n);
}

static void shed(unsigned receiver, uint64_t n)
{
	unsigned bucket = probe_shed_bucket(&stream.origin.flow, &probe.seed);

	pkt_count(&receivers[receiver].shed.bucket[bucket], n);
	pkt_count(&receivers[receiver].outcome[PROBE_media_shed], n);
}

static void follow(unsigned turns)
{
	while (turns--)
		probe_drops_follow(&probe);
}

static void drops_are_known_before_they_are_past(void **state)
{
	(void)state;
	drop_at_ports(5);
	shed(1, 3);
	follow(10);
	assert_int_equal(drops().all, 8);
	assert_int_equal(drops().ports, 5);
	assert_int_equal(drops().past, 0);
	assert_int_equal(drops().readings, 10);
}

/* A thread's first idle turn since may have looked at its queues before. */
static void all_receivers_must_have_looked_twice(void **state)
{
	(void)state;
	drop_at_ports(5);
	follow(1);
	rest_receivers();
	follow(1);
	probe_idle_count(&receivers[0].idle);
	rest_workers();
	rest_workers();
	follow(10);
	rest_workers();
	rest_workers();
	follow(10);
	assert_int_equal(drops().past, 0);
}

/* What was known before is past then. */
static void rest_in_turn(void)
{
	rest_receivers();
	rest_receivers();
	follow(1);
	rest_workers();
	rest_workers();
	follow(1);
}

/* And then the workers: what receivers took may wait in a ring. */
static void workers_must_have_looked_after_the_receivers(void **state)
{
	(void)state;
	drop_at_ports(5);
	shed(0, 2);
	follow(1);
	rest_receivers();
	rest_receivers();
	rest_workers();
	rest_workers();
	follow(10);
	assert_int_equal(drops().past, 0);
	rest_workers();
	follow(10);
	assert_int_equal(drops().past, 0);
	rest_workers();
	follow(1);
	assert_int_equal(drops().past, 7);
}

static void what_is_shed_while_ports_drop_nothing_is_past_too(void **state)
{
	(void)state;
	shed(1, 3);
	follow(1);
	rest_in_turn();
	assert_int_equal(drops().all, 3);
	assert_int_equal(drops().past, 3);
}

static void later_drops_are_past_later(void **state)
{
	(void)state;
	drop_at_ports(5);
	follow(1);
	drop_at_ports(4);
	shed(0, 2);
	for (unsigned i = 0; i < 2; i++) {
		rest_in_turn();
		assert_int_equal(drops().past, i ? 11 : 5);
		assert_int_equal(drops().all, 11);
		follow(1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(drops_are_known_before_they_are_past, begin),
		cmocka_unit_test_setup(all_receivers_must_have_looked_twice, begin),
		cmocka_unit_test_setup(workers_must_have_looked_after_the_receivers, begin),
		cmocka_unit_test_setup(what_is_shed_while_ports_drop_nothing_is_past_too, begin),
		cmocka_unit_test_setup(later_drops_are_past_later, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
