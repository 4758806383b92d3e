/* SPDX-License-Identifier: BSD-3-Clause */
/* Start order, one function a step, and the end in reverse. */
#include "probe.h"

#include <sys/random.h>
#include <sys/stat.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_launch.h>
#include <rte_lcore.h>
#include <urcu/urcu-qsbr.h>

#include "dp_filter.h"
#include "dp_log.h"
#include "dp_mode.h"
#include "dp_node.h"
#include "probe_bound.h"
#include "probe_command.h"
#include "probe_control.h"
#include "probe_log.h"
#include "probe_results.h"
#include "probe_rx.h"
#include "probe_sender.h"
#include "probe_telemetry.h"
#include "probe_text.h"
#include "probe_totals.h"
#include "probe_worker.h"
#include "probe_xdp.h"
#include "qos_mem.h"

#define SHORT_BYTES ((uint64_t)1 << 30)

/* Live time starts this far behind now, for packets stamped a little in the past. */
#define LIVE_BASE_NS ((uint64_t)3600 * 1000000000)

int probe_socket(unsigned lcore)
{
	return dp_eal_has_hugepages() ? (int)rte_lcore_to_socket_id(lcore) : -1;
}

const char *probe_shape(const struct probe *probe)
{
	if (!probe->lcores.rx_count)
		return "fused";
	return probe->rx_count > probe->lcores.rx_count ? "fused and pipeline" : "pipeline";
}

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

static int start_file(struct probe *p)
{
	const char *filter = p->options->dp.filter;
	char error[512];
	int rc = dp_file_open(p->run->files, p->run->file_count, probe_control_is_asked_to_end,
		&p->file, error, sizeof(error));

	if (!rc && filter[0])
		rc = dp_filter_create(filter, &p->file_filter, error, sizeof(error));
	if (rc) {
		fprintf(stderr, "heptap: %s\n", error);
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

/* A live probe may be there before the network is, as at boot; a file's HEP has only now. */
static int start_sender(struct probe *p)
{
	const struct hep_options *o = &p->options->hep;
	int rc = hep_sender_create(o, &p->sender);

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
	p->legs =
		p->options->has_legs ? qos_legs_create(p->options->qos.max_calls, &p->seed) : NULL;
	if (p->options->has_legs && !p->legs)
		return fail("make the table of legs", -ENOMEM);
	p->sources->seed = p->seed;
	if (p->is_offline) {
		qos_calls_may_wait(p->calls);
		qos_medias_may_wait(p->medias);
	}
	return 0;
}

/* Files have one receiver. Queues go round those of the port's mode; a port's queues to different ones. */
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

static int start_threads_state(struct probe *p)
{
	int rc;

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

static void launch(struct probe *p)
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

static void announce(const struct probe *p)
{
	PROBE_LOG(INFO,
		"%s: %u rx, %u worker%s, %u port%s; at most %" PRIu64
		" MiB of packet memory%s and %" PRIu64 " MiB of tables\n",
		probe_shape(p), p->lcores.rx_count, p->lcores.worker_count,
		probe_plural(p->lcores.worker_count), p->port_count, probe_plural(p->port_count),
		p->options->dp.memory >> 20, dp_eal_has_hugepages() ? " on hugepages" : "",
		probe_bound_tables(p->options, p->is_offline) >> 20);
	probe_bound_log(p->options, p->is_offline);
	dp_node_log();
}

/* Fused workers steer as the NIC does, where that is known: hardly a packet changes workers then. */
static void choose_steering(struct probe *p)
{
	const struct dp_port *port = p->port_count ? p->ports[0] : NULL;
	unsigned workers = p->lcores.worker_count;

	if (!port || p->lcores.rx_count || workers < 2 || dp_port_queues(port) != workers)
		return;
	if (dp_port_rss_reta(port))
		dp_steer_init_rss(&p->steer, workers, dp_port_rss_reta(port));
}

static int start(struct probe *p)
{
	int rc;

	/* Files get a fixed key: the same capture, the same reports, even where a full table has to give
	 * something up. */
	if (p->is_offline)
		p->seed = (struct pkt_seed){{0x243f6a8885a308d3, 0x13198a2e03707344,
			0xa4093822299f31d0, 0x082efa98ec4e6c89}};
	else if (getrandom(&p->seed, sizeof(p->seed), 0) != sizeof(p->seed))
		return fail("read random numbers", -EIO);
	rc = dp_eal_start(&p->options->dp, p->is_offline, &p->lcores);
	if (rc)
		return rc;
	p->has_eal = true;
	probe_log_init(p->options->log_level); /* once more: EAL has set levels of its own */
	dp_clock_init(&p->clock);
	p->start_ns = wall_ns();
	if (!p->is_offline)
		atomic_store(&p->time_base_ns, p->start_ns - LIVE_BASE_NS);
	dp_steer_init(&p->steer, p->seed.k[0], p->lcores.worker_count);
	/* Before the ports, which would lose frames while it waits for name servers. */
	rc = p->options->hep.collector_count ? start_sender(p) : 0;
	if (!rc)
		rc = start_sources(p);
	choose_steering(p);
	if (!rc)
		rc = start_tables(p);
	if (!rc)
		rc = start_threads_state(p);
	if (!rc && p->options->dp.telemetry) {
		rc = probe_telemetry_start();
		if (rc)
			fail("register the telemetry commands", rc);
	}
	if (!rc) {
		rc = probe_xdp_start(p);
		if (rc)
			fail("set up the XDP programs", rc);
	}
	if (!rc)
		probe_commands_begin(p);
	return rc;
}

/* With what DPDK says of it, where that is of use. */
static int start_said(struct probe *p)
{
	int rc = dp_log_begin(stderr, p->options->log_level == CFG_LOG_DEBUG);

	if (rc)
		return fail("open the log", rc);
	rc = start(p);
	dp_log_end(rc != 0);
	return rc;
}

/* Going through all buckets takes longer than reading a small file, and the process ends anyway; only
 * a leak checker wants it. */
static bool is_worth_destroying(const struct probe *p)
{
#if defined(__SANITIZE_ADDRESS__) || !defined(PROBE_HAS_JEMALLOC)
	(void)p;
	return true;
#else
	return !p->is_offline;
#endif
}

static void stop(struct probe *p)
{
	probe_commands_end();
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
	if (p->file)
		dp_file_close(p->file);
	dp_filter_destroy(p->file_filter);
	for (unsigned i = 0; i < p->port_count; i++)
		dp_port_stop(p->ports[i]);
	if (p->has_eal)
		dp_eal_stop();
}

/* rc: of probe_results_destroy, or 0 when the reason is not known. Returns the exit code. */
static int unwritable(const char *path, int rc)
{
	const char *reason = rc == -ETIMEDOUT ? "nobody reads it" : strerror(-rc);
	const char *colon = rc ? ": " : "";

	reason = rc ? reason : "";
	if (strcmp(path, "-") == 0)
		fprintf(stderr, "heptap: could not write standard output%s%s\n", colon, reason);
	else
		fprintf(stderr, "heptap: could not write \"%s\"%s%s\n", path, colon, reason);
	return 1;
}

static void warn(void *arg, const char *warning)
{
	fprintf(arg, "heptap: warning: %s\n", warning);
}

/* Tables, JSON, and what is wrong with a file. Returns the exit code. */
static int conclude(struct probe *p)
{
	const char *damage = p->file ? dp_file_damage(p->file) : NULL;

	if (p->results) {
		probe_results_sort(p->results);
		if (p->results->has_json)
			probe_results_json(p->results, p);
		if (p->run->has_table)
			probe_table_print(p->results, p, stdout);
	}
	if (p->file)
		dp_file_warn(p->file, warn, stderr);
	if (damage)
		fprintf(stderr, "heptap: %s\n", damage);
	if (p->is_interrupted)
		fputs("heptap: interrupted: only what was read so far is reported\n", stderr);
	if (p->run->has_table && (fflush(stdout) != 0 || ferror(stdout)))
		return unwritable("-", 0);
	if (damage)
		return 3;
	return p->is_interrupted ? 1 : 0;
}

static void log_totals(const struct probe *p)
{
	uint64_t lost =
		p->results && p->results->has_json ? probe_lines_lost(&p->results->lines) : 0;
	uint64_t frames = probe_totals_frames(p);
	struct probe_hep_totals hep;

	probe_totals_hep(p, &hep);
	PROBE_LOG(INFO, "%llu frame%s, %llu SIP, %llu RTP, %llu RTCP; HEP %llu made, %llu sent\n",
		(unsigned long long)frames, probe_plural(frames),
		(unsigned long long)probe_totals_sip(p),
		(unsigned long long)probe_totals_outcome(p, PROBE_rtp),
		(unsigned long long)probe_totals_outcome(p, PROBE_rtcp),
		(unsigned long long)hep.made, (unsigned long long)hep.sent);
	if (lost)
		PROBE_LOG(WARNING, "JSON lines that found no room and were lost: %llu\n",
			(unsigned long long)lost);
}

static bool is_file(const char *path, const struct stat *other)
{
	struct stat file;

	return path && !stat(path, &file) && file.st_dev == other->st_dev &&
	       file.st_ino == other->st_ino;
}

/* To open it for writing would empty it. */
static bool json_is_input(const struct probe_run *run)
{
	struct stat json;

	if (!run->json || stat(run->json, &json) || !S_ISREG(json.st_mode))
		return false;
	for (unsigned i = 0; i < run->file_count; i++)
		if (is_file(run->files[i], &json))
			return true;
	return is_file(run->config, &json);
}

int probe_main(struct cfg_options *options, const struct probe_run *run)
{
	struct probe *p = aligned_alloc(64, sizeof(*p));
	int code = 1;
	int rc = 0;

	if (!p)
		return 1;
	memset(p, 0, sizeof(*p));
	p->options = options;
	p->run = run;
	p->is_offline = run->file_count > 0;
	if (!options->dp.memory)
		options->dp.memory = probe_bound_packets(options, p->is_offline);
	if (json_is_input(run)) {
		fprintf(stderr, "heptap: \"%s\" cannot be read and written at once\n", run->json);
		free(p);
		return 1;
	}
	if (run->has_table || run->json)
		rc = probe_results_create(run->json, run->has_table, options->result_rows,
			options->hep.final_type, p->is_offline, &p->results);
	if (rc) {
		fprintf(stderr, "heptap: could not open \"%s\": %s\n",
			run->json ? run->json : "results", strerror(-rc));
		free(p);
		return 1;
	}
	probe_control_init();
	if (start_said(p) == 0) {
		if (!p->is_offline)
			announce(p);
		launch(p);
		probe_control_run(p);
		code = conclude(p);
		if (!p->is_offline)
			log_totals(p);
	}
	stop(p);
	rc = p->results ? probe_results_destroy(p->results) : 0;
	if (rc)
		code = unwritable(run->json, rc);
	free(p);
	return code;
}
