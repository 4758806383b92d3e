/* SPDX-License-Identifier: BSD-3-Clause */
/* Control wakes ten times a second and does whatever is due. */
#include "probe_control.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <rte_launch.h>
#include <rte_lcore.h>
#include <urcu/urcu-qsbr.h>

#include "probe_log.h"
#include "probe_results.h"
#include "probe_text.h"
#include "probe_totals.h"
#include "probe_watch.h"
#include "probe_worker.h"

#define TURN_NS	       100000000L
#define OVERLOAD_TURNS 100
#define PROGRESS_BYTES ((uint64_t)64 << 20) /* smaller files are read before one could look */

/* What ends a run. SIGHUP, of a terminal that closes, does unless whoever started heptap had it
 * ignored. */
static void signals(sigset_t *set)
{
	struct sigaction hangup;

	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
		sigaddset(set, SIGHUP);
}

void probe_control_init(void)
{
	sigset_t set;

	signals(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	/* Beyond ulimit -f writing fails, and that is said. */
	signal(SIGXFSZ, SIG_IGN);
	/* They mean nothing here, and would end the run without a word, the port promiscuous. */
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
}

bool probe_control_is_asked_to_end(void)
{
	sigset_t set, pending;

	signals(&set);
	return sigpending(&pending) == 0 && sigandset(&set, &set, &pending) == 0 &&
	       !sigisemptyset(&set);
}

/* One turn's rest. Returns the signal that ended it, or 0. */
static int rest(void)
{
	struct timespec turn = {.tv_nsec = TURN_NS};
	sigset_t set;
	int sig;

	signals(&set);
	sig = sigtimedwait(&set, NULL, &turn);
	return sig > 0 ? sig : 0;
}

static void show_progress(const struct probe *probe)
{
	uint64_t done, total, frames;
	unsigned calls;

	dp_file_progress(probe->file, &done, &total);
	if (total < PROGRESS_BYTES)
		return;
	frames = probe_totals_frames(probe);
	calls = qos_calls_count(probe->calls);
	fprintf(stderr, "\r%3u%%  %llu frame%s, %u call%s\033[K", (unsigned)(100 * done / total),
		(unsigned long long)frames, probe_plural(frames), calls, probe_plural(calls));
	fflush(stderr);
}

static void clear_progress(const struct probe *probe)
{
	uint64_t done;
	uint64_t total;

	dp_file_progress(probe->file, &done, &total);
	if (total >= PROGRESS_BYTES)
		fputs("\r\033[K", stderr);
}

static void write_json(struct probe *probe)
{
	if (probe->results && probe->results->has_json)
		probe_lines_write(&probe->results->lines);
}

static void wait_for(struct probe *probe, const _Atomic unsigned *running)
{
	while (atomic_load_explicit(running, memory_order_acquire)) {
		write_json(probe);
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
}

/* rte_eal_mp_wait_lcore alone spins, on a CPU that the sender may need. */
static void wait_lcores(void)
{
	unsigned lcore;

	RTE_LCORE_FOREACH_WORKER (lcore)
		while (rte_eal_get_lcore_state(lcore) == RUNNING)
			nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	rte_eal_mp_wait_lcore();
}

/* Files are most often read within a turn: their end is looked for more often than signals are. */
static bool is_reading(struct probe *probe)
{
	for (unsigned i = 0; i < 50; i++) {
		if (!atomic_load_explicit(&probe->rx_running, memory_order_acquire))
			return false;
		write_json(probe);
		nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
	}
	return true;
}

static void run_offline(struct probe *probe)
{
	bool has_terminal = isatty(STDERR_FILENO) == 1;
	struct timespec none = {0};
	sigset_t set;

	signals(&set);
	while (is_reading(probe)) {
		if (has_terminal)
			show_progress(probe);
		if (sigtimedwait(&set, NULL, &none) > 0) {
			probe->is_interrupted = true;
			break;
		}
	}
	if (has_terminal)
		clear_progress(probe);
}

/* System clock, TSC and the clocks of NICs. */
static void anchor_clocks(struct probe *probe)
{
	dp_clock_anchor(&probe->clock);
	for (unsigned i = 0; i < probe->port_count; i++)
		dp_nic_time_anchor(dp_port_nic_time(probe->ports[i]), &probe->clock);
}

struct overload {
	uint64_t shed; /* as of the last line */
	uint64_t dropped;
	unsigned quiet_turns; /* since more were shed */
	bool is_known; /* the last line said that there is one */
};

/* At most one line in ten seconds, and one when it is over. */
static void watch_overload(struct probe *probe, struct overload *o, unsigned turn)
{
	uint64_t shed = probe_totals_outcome(probe, PROBE_media_shed) +
			probe_totals_outcome(probe, PROBE_signalling_shed);
	uint64_t dropped = probe_drops_follow(probe);
	bool is_more = shed != o->shed || dropped != o->dropped;

	if (is_more && (!o->is_known || turn % OVERLOAD_TURNS == 0)) {
		PROBE_LOG(WARNING,
			"overload: %llu packet%s shed before a worker and %llu dropped by ports "
			"since the last such line; more workers or queues would help\n",
			(unsigned long long)(shed - o->shed), probe_plural(shed - o->shed),
			(unsigned long long)(dropped - o->dropped));
		*o = (struct overload){.shed = shed, .dropped = dropped, .is_known = true};
	} else if (o->is_known && !is_more && ++o->quiet_turns == OVERLOAD_TURNS) {
		PROBE_LOG(INFO, "overload is over\n");
		o->is_known = false;
	}
}

static void populate(struct probe *probe)
{
	qos_calls_populate(probe->calls);
	qos_medias_populate(probe->medias);
}

static void run_live(struct probe *probe)
{
	struct overload overload = {0};
	struct probe_watch watch = {0};
	int sig = 0;

	populate(probe);
	for (unsigned turn = 0; !sig; turn++) {
		if (turn % 10 == 0) {
			anchor_clocks(probe);
			probe_watch(probe, &watch);
		}
		sig = rest();
		watch_overload(probe, &overload, turn);
		populate(probe);
		write_json(probe);
	}
	PROBE_LOG(INFO, "stopping on signal %d\n", sig);
}

void probe_control_run(struct probe *probe)
{
	/* Control reads no table until the end: online it would hold up every grace period. */
	urcu_qsbr_thread_offline();
	if (probe->is_offline)
		run_offline(probe);
	else
		run_live(probe);
	atomic_store(&probe->stop_rx, true);
	if (probe->file)
		dp_file_stop(probe->file);
	wait_for(probe, &probe->rx_running);
	if (probe->results)
		probe_lines_finish(&probe->results->lines);
	wait_for(probe, &probe->workers_running);
	if (probe->results)
		probe_lines_alone(&probe->results->lines);
	urcu_qsbr_thread_online();
	for (unsigned i = 0; i < probe->lcores.worker_count; i++) {
		struct qos_call *call;

		while ((call = qos_calls_expire(
				probe->calls, i, atomic_load(&probe->last_ns), true)))
			probe_signalling_end_call(probe, i, call, atomic_load(&probe->last_ns));
	}
	atomic_store(&probe->stop_sender, true);
	wait_lcores();
}
