/* SPDX-License-Identifier: BSD-3-Clause */
/* Which shape ports and files take, and the threads that makes. */
#include "dp_mode.h"
#include "unit.h"

static struct dp_options options_of(unsigned rx, unsigned workers)
{
	return (struct dp_options){.rx = {.count = rx}, .workers = {.count = workers}};
}

static void add_port(struct dp_options *o, enum dp_mode mode, unsigned queues)
{
	o->ports[o->port_count++] = (struct dp_port_options){.mode = mode, .queues = queues};
}

static void auto_is_fused_where_every_worker_gets_a_queue(void **state)
{
	(void)state;
	for (unsigned workers = 0; workers <= 4; workers++) {
		for (unsigned queues = 1; queues <= 4; queues++) {
			struct dp_options o = options_of(0, workers);

			add_port(&o, DP_MODE_AUTO, queues);
			assert_int_equal(dp_port_mode(&o, &o.ports[0]),
				queues >= workers ? DP_FUSED : DP_PIPELINE);
		}
	}
}

static void auto_is_pipeline_where_rx_has_cpus(void **state)
{
	struct dp_options o = options_of(1, 2);

	(void)state;
	add_port(&o, DP_MODE_AUTO, 8);
	assert_int_equal(dp_port_mode(&o, &o.ports[0]), DP_PIPELINE);
}

static void a_mode_that_is_named_is_taken(void **state)
{
	struct dp_options o = options_of(2, 4);

	(void)state;
	add_port(&o, DP_FUSED, 1);
	assert_int_equal(dp_port_mode(&o, &o.ports[0]), DP_FUSED);
	o = options_of(0, 1);
	add_port(&o, DP_PIPELINE, 4);
	assert_int_equal(dp_port_mode(&o, &o.ports[0]), DP_PIPELINE);
}

static void files_are_fused_unless_told_otherwise(void **state)
{
	struct dp_options o = options_of(2, 4);

	(void)state;
	assert_int_equal(dp_file_mode(&o), DP_FUSED);
	o.file_mode = DP_FUSED;
	assert_int_equal(dp_file_mode(&o), DP_FUSED);
	o.file_mode = DP_PIPELINE;
	assert_int_equal(dp_file_mode(&o), DP_PIPELINE);
}

static void an_empty_list_is_one_thread(void **state)
{
	struct dp_options o = options_of(0, 0);

	(void)state;
	add_port(&o, DP_PIPELINE, 1);
	add_port(&o, DP_FUSED, 1);
	assert_int_equal(dp_worker_threads(&o), 1);
	assert_int_equal(dp_rx_threads(&o, false), 1);
	assert_int_equal(dp_fused_workers(&o, false), 1);
}

static void counts_threads_of_ports(void **state)
{
	struct dp_options o = options_of(3, 5);

	(void)state;
	add_port(&o, DP_FUSED, 5);
	assert_int_equal(dp_worker_threads(&o), 5);
	assert_int_equal(dp_rx_threads(&o, false), 0);
	assert_int_equal(dp_fused_workers(&o, false), 5);
	add_port(&o, DP_MODE_AUTO, 5);
	assert_int_equal(dp_rx_threads(&o, false), 3);
	assert_int_equal(dp_fused_workers(&o, false), 5);
	o.ports[0].mode = DP_PIPELINE;
	assert_int_equal(dp_rx_threads(&o, false), 3);
	assert_int_equal(dp_fused_workers(&o, false), 0);
}

/* A file is read by one thread, whatever the lists and the ports of the configuration say. */
static void counts_threads_of_files(void **state)
{
	struct dp_options o = options_of(3, 5);

	(void)state;
	add_port(&o, DP_PIPELINE, 1);
	assert_int_equal(dp_worker_threads(&o), 5);
	assert_int_equal(dp_rx_threads(&o, true), 0);
	assert_int_equal(dp_fused_workers(&o, true), 1);
	o.ports[0].mode = DP_FUSED;
	o.file_mode = DP_PIPELINE;
	assert_int_equal(dp_rx_threads(&o, true), 1);
	assert_int_equal(dp_fused_workers(&o, true), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(auto_is_fused_where_every_worker_gets_a_queue),
		cmocka_unit_test(auto_is_pipeline_where_rx_has_cpus),
		cmocka_unit_test(a_mode_that_is_named_is_taken),
		cmocka_unit_test(files_are_fused_unless_told_otherwise),
		cmocka_unit_test(an_empty_list_is_one_thread),
		cmocka_unit_test(counts_threads_of_ports),
		cmocka_unit_test(counts_threads_of_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
