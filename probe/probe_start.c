/* SPDX-License-Identifier: BSD-3-Clause */
/* Start order, one function a step, and the end in reverse. */
#include "probe_start.h"

#include <sys/random.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_common.h>
#include <rte_launch.h>
#include <urcu/urcu-qsbr.h>

#include "dp_filter.h"
#include "dp_log.h"
#include "dp_mode.h"
#include "dp_telemetry.h"
#include "probe_bound.h"
#include "probe_command.h"
#include "probe_control.h"
#include "probe_log.h"
#include "probe_results.h"
#include "probe_rx.h"
#include "probe_sender.h"
#include "probe_telemetry.h"
#include "probe_worker.h"
#include "probe_xdp.h"
#include "qos_mem.h"

#define SHORT_BYTES ((uint64_t)1 << 30)

/* Live time starts this far behind now, for packets stamped a little in the past. */
#define LIVE_BASE_NS ((uint64_t)3600 * 1000000000)

static uint64_t wall_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static int fail(const char *what, int rc)
{
	fprintf(stderr, "heptap: could not %s: %s\n", what, strerror(-rc));
	return rc;
}

static void say(const char *text)
{
	fprintf(stderr, "heptap: %s\n", text);
}

static int start_file(struct probe *p)
{
	const struct dp_file_caller caller = {probe_control_is_asked_to_end, say};
	const char *filter = p->options->dp.filter;
	char error[512];
	int rc = dp_file_open(
		p->run->files, p->run->file_count, &caller, &p->file, error, sizeof(error));

	if (!rc && filter[0])
		rc = dp_filter_create(filter, &p->file_filter, error, sizeof(error));
	if (rc) {
		say(error);
		return rc;
	}
	if (p->results)
		p->results->is_prompt = dp_file_has_pipe(p->file);
	/* The rest goes its way, so that tables and JSON say that there was nothing. */
	p->is_interrupted = dp_file_is_stopped(p->file);
	atomic_store(&p->stop_rx, p->is_interrupted);
	return 0;
}

static int start_sources(struct probe *p)
{
	const struct dp_options *o = &p->options->dp;

	if (p->is_offline)
		return start_file(p);
	for (unsigned i = 0; i < o->port_count; i++) {
		int rc = dp_port_start(&o->ports[i], i, o->mbufs,
			probe_bound_ring_mbufs(o, &o->ports[i]), &p->ports[i]);

		if (rc)
			return rc; /* dataplane has said why */
		p->port_count++;
	}
	return 0;
}

/* A capture that is read within a second or so. */
static bool is_short(const struct probe *p)
{
	uint64_t read, total = 0;

	if (p->is_offline)
		dp_file_progress(p->file, &read, &total);
	return total && total < SHORT_BYTES;
}

/* A live probe may be there before the network is, as at boot; a file's HEP has only now. Before
 * the ports, which would lose frames while it waits for name servers. */
static int start_sender(struct probe *p)
{
	const struct hep_options *o = &p->options->hep;
	int rc = o->collector_count ? hep_sender_create(o, &p->sender) : 0;

	if (rc)
		return fail("open a socket for HEP", rc);
	for (unsigned i = 0; i < o->collector_count; i++) {
		const char *reason = hep_sender_no_way(p->sender, i);

		if (reason && p->is_offline) {
			fprintf(stderr, "heptap: could not open a socket for HEP: %s\n", reason);
			return -EHOSTUNREACH;
		}
		if (reason)
			PROBE_LOG(WARNING, "no way to collector \"%s\" yet: %s\n",
				o->collectors[i].address, reason);
	}
	return 0;
}

static int start_tables(struct probe *p)
{
	int rc;

	if (is_short(p))
		qos_mem_use_small_pages();

	/* RCU's helper threads are made here, before any thread is pinned elsewhere. */
	urcu_qsbr_register_thread();
	urcu_qsbr_get_default_call_rcu_data();
	rc = cls_db_create(&p->cls);
	if (rc)
		return fail("compile the classification patterns", rc);
	rc = qos_calls_create(&p->options->qos, &p->seed, p->lcores.worker_count, &p->calls);
	if (rc)
		return fail("make the call table", rc);
	rc = qos_medias_create(&p->options->qos, &p->seed, &p->medias);
	if (rc)
		return fail("make the media endpoint table", rc);
	p->sources = calloc(1, sizeof(*p->sources));
	if (!p->sources)
		return fail("make the table of media sources", -ENOMEM);
	p->sources->seed = p->seed;
	if (p->options->has_legs) {
		p->legs = qos_legs_create(p->options->qos.max_calls, &p->seed);
		if (!p->legs)
			return fail("make the table of legs", -ENOMEM);
	}
	if (p->is_offline) {
		qos_calls_may_wait(p->calls);
		qos_medias_may_wait(p->medias);
	}
	return 0;
}

/* Files have one receiver. Queues go round those of the port's mode; a port's queues to different
 * ones. */
static int spread_queues(struct probe *p)
{
	unsigned next_rx = 0;
	unsigned next_fused = 0;

	if (p->file)
		dp_file_wake(p->file, &p->rx[0].wake);
	for (unsigned i = 0; i < p->port_count; i++)
		for (unsigned q = 0; q < dp_port_queues(p->ports[i]); q++) {
			bool is_fused =
				dp_port_mode(&p->options->dp, &p->options->dp.ports[i]) == DP_FUSED;
			unsigned count = is_fused ? p->lcores.worker_count : p->lcores.rx_count;
			unsigned *next = is_fused ? &next_fused : &next_rx;
			unsigned r = (is_fused ? p->lcores.rx_count : 0) +
				     (count ? (*next)++ % count : 0);
			int rc = dp_rx_add_queue(&p->rx[r].rx, p->ports[i], (uint16_t)q);

			dp_port_wake(p->ports[i], (uint16_t)q, &p->rx[r].wake);
			if (rc)
				return fail("spread the queues over the receiving threads", rc);
		}
	return 0;
}

/* Receivers: the rx threads first, then those of the workers, from worker 0 on. */
static int start_receivers(struct probe *p)
{
	for (unsigned i = 0; i < p->rx_count; i++) {
		bool is_fused = i >= p->lcores.rx_count;
		int rc = probe_rx_init(
			&p->rx[i], p, i, is_fused ? &p->workers[i - p->lcores.rx_count] : NULL);

		if (rc)
			return fail("make a receiver's rings", rc);
	}
	return 0;
}

/* Fused workers steer as the NIC does, where that is known: hardly a packet changes workers
 * then. */
static void choose_steering(struct probe *p)
{
	const struct dp_port *port = p->port_count ? p->ports[0] : NULL;
	unsigned workers = p->lcores.worker_count;

	dp_steer_init(&p->steer, p->seed.k[0], workers);
	if (!port || p->lcores.rx_count || workers < 2 || dp_port_queues(port) != workers)
		return;
	if (dp_port_rss_reta(port))
		dp_steer_init_rss(&p->steer, workers, dp_port_rss_reta(port));
}

static int start_threads_state(struct probe *p)
{
	int rc;

	choose_steering(p);
	p->rx_count = probe_bound_receivers(p->options, p->is_offline);
	p->rx = aligned_alloc(64, p->rx_count * sizeof(*p->rx));
	p->workers = aligned_alloc(64, p->lcores.worker_count * sizeof(*p->workers));
	if (!p->rx || !p->workers)
		return fail("allocate the threads' state", -ENOMEM);
	memset(p->rx, 0, p->rx_count * sizeof(*p->rx));
	memset(p->workers, 0, p->lcores.worker_count * sizeof(*p->workers));
	rc = start_receivers(p);
	for (unsigned i = 0; i < p->lcores.worker_count && !rc; i++) {
		rc = probe_worker_init(&p->workers[i], p, i);
		if (rc)
			fail("make a worker's tables", rc);
	}
	return rc ? rc : spread_queues(p);
}

/* Files get a fixed key: the same capture, the same reports, even where a full table has to give
 * something up. */
static int choose_seed(struct probe *p)
{
	static const struct pkt_seed fixed = {
		{0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89}};

	if (p->is_offline)
		p->seed = fixed;
	else if (getrandom(&p->seed, sizeof(p->seed), 0) != sizeof(p->seed))
		return fail("read random numbers", -EIO);
	return 0;
}

/* And the clock, which needs it. */
static int start_eal(struct probe *p)
{
	int rc = dp_eal_start(&p->options->dp, p->is_offline, &p->lcores);

	if (rc)
		return rc; /* dataplane has said why */
	p->has_eal = true;
	probe_log_init(p->options->log_level); /* once more: EAL has set levels of its own */
	dp_clock_init(&p->clock);
	p->start_ns = wall_ns();
	if (!p->is_offline)
		atomic_store(&p->time_base_ns, p->start_ns - LIVE_BASE_NS);
	return 0;
}

static int start_telemetry(struct probe *p)
{
	int rc = p->options->dp.telemetry ? probe_telemetry_start() : 0;

	return rc ? fail("register the telemetry commands", rc) : 0;
}

static int start_xdp(struct probe *p)
{
	int rc = probe_xdp_start(p);

	return rc ? fail("set up the XDP programs", rc) : 0;
}

/* 0 or negative errno of the step that failed, which has said why. */
static int start(struct probe *p)
{
	static int (*const steps[])(struct probe * p) = {
		choose_seed,
		start_eal,
		start_sender,
		start_sources,
		start_tables,
		start_threads_state,
		start_telemetry,
		start_xdp,
	};

	for (unsigned i = 0; i < RTE_DIM(steps); i++) {
		int rc = steps[i](p);

		if (rc)
			return rc;
	}
	probe_commands_begin(p);
	return 0;
}

/* With what DPDK says of it, where that is of use. */
int probe_start(struct probe *p)
{
	int rc = dp_log_begin(stderr, p->options->log_level == CFG_LOG_DEBUG);

	if (rc)
		return fail("open the log", rc);
	rc = start(p);
	dp_log_end(rc != 0);
	return rc;
}

void probe_launch(struct probe *p)
{
	atomic_store(&p->rx_running, p->rx_count);
	atomic_store(&p->workers_running, p->lcores.worker_count);
	if (p->sender)
		rte_eal_remote_launch(probe_sender_main, p, p->lcores.sender);
	for (unsigned i = 0; i < p->lcores.worker_count; i++)
		rte_eal_remote_launch(probe_worker_main, &p->workers[i], p->lcores.worker[i]);
	for (unsigned i = 0; i < p->lcores.rx_count; i++)
		rte_eal_remote_launch(probe_rx_main, &p->rx[i], p->lcores.rx[i]);
}

/* Going through all buckets takes longer than reading a small file, and the process ends anyway;
 * only a leak checker wants it. */
static bool is_worth_destroying(const struct probe *p)
{
#if defined(__SANITIZE_ADDRESS__) || !defined(PROBE_HAS_JEMALLOC)
	(void)p;
	return true;
#else
	return !p->is_offline;
#endif
}

void probe_stop(struct probe *p)
{
	probe_commands_end();
	if (p->has_eal && !p->is_offline)
		dp_telemetry_end();
	for (unsigned i = 0; p->workers && i < p->lcores.worker_count; i++)
		probe_worker_fini(&p->workers[i]);
	for (unsigned i = 0; p->rx && i < p->rx_count; i++) {
		dp_wake_fini(&p->rx[i].wake);
		probe_rx_fini(&p->rx[i]);
	}
	free(p->workers);
	free(p->rx);
	if (p->medias && is_worth_destroying(p))
		qos_medias_destroy(p->medias);
	if (p->calls && is_worth_destroying(p))
		qos_calls_destroy(p->calls);
	if (is_worth_destroying(p))
		qos_legs_destroy(p->legs);
	free(p->sources);
	if (p->cls)
		cls_db_destroy(p->cls);
	if (p->sender)
		hep_sender_destroy(p->sender);
	dp_file_close(p->file);
	dp_filter_destroy(p->file_filter);
	for (unsigned i = 0; i < p->port_count; i++)
		dp_port_stop(p->ports[i]);
	if (p->has_eal)
		dp_eal_stop();
}
