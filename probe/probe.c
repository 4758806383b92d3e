/* SPDX-License-Identifier: BSD-3-Clause */
/* A run from beginning to end, and what is said of it. */
#include "probe.h"

#include <sys/stat.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_lcore.h>

#include "dp_node.h"
#include "probe_bound.h"
#include "probe_control.h"
#include "probe_counters.h"
#include "probe_log.h"
#include "probe_results.h"
#include "probe_start.h"
#include "probe_text.h"
#include "probe_totals.h"

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

/* rc: of probe_results_destroy, or 0 when the reason is not known. Returns the exit code. */
static int unwritable(const char *path, int rc)
{
	const char *reason = rc == -ETIMEDOUT ? "nobody reads it" : rc ? strerror(-rc) : "";
	const char *colon = rc ? ": " : "";

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
	int rc;

	if (!path)
		return false;
	rc = strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, &file) : stat(path, &file);
	return !rc && file.st_dev == other->st_dev && file.st_ino == other->st_ino;
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

/* For tables and JSON, where they are wanted. 0, or negative errno after it said why. */
static int make_results(struct probe *p)
{
	const struct cfg_options *o = p->options;
	const struct probe_run *run = p->run;
	int rc = 0;

	if (run->has_table || run->json)
		rc = probe_results_create(run->json, run->has_table, o->result_rows,
			o->hep.final_type, p->is_offline, &p->results);
	if (rc && run->json)
		fprintf(stderr, "heptap: could not open \"%s\": %s\n", run->json, strerror(-rc));
	else if (rc)
		fprintf(stderr, "heptap: could not make room for the tables: %s\n", strerror(-rc));
	return rc;
}

/* NULL after it said why. */
static struct probe *make_probe(struct cfg_options *options, const struct probe_run *run)
{
	struct probe *p = aligned_alloc(64, sizeof(*p));

	if (!p) {
		fputs("heptap: out of memory\n", stderr);
		return NULL;
	}
	memset(p, 0, sizeof(*p));
	p->options = options;
	p->run = run;
	p->is_offline = run->file_count > 0;
	if (!options->dp.memory)
		options->dp.memory = probe_bound_packets(options, p->is_offline);
	if (make_results(p) == 0)
		return p;
	free(p);
	return NULL;
}

/* From start to stop. Returns the exit code. */
static int run_probe(struct probe *p)
{
	int code = 1;

	if (probe_start(p) == 0) {
		if (!p->is_offline)
			announce(p);
		probe_launch(p);
		probe_control_run(p);
		code = conclude(p);
		if (!p->is_offline)
			log_totals(p);
	}
	probe_stop(p);
	return code;
}

int probe_main(struct cfg_options *options, const struct probe_run *run)
{
	struct probe *p;
	int code, rc;

	if (json_is_input(run)) {
		fprintf(stderr, "heptap: \"%s\" cannot be read and written at once\n", run->json);
		return 1;
	}
	p = make_probe(options, run);
	if (!p)
		return 1;
	probe_control_init();
	code = run_probe(p);
	rc = p->results ? probe_results_destroy(p->results) : 0;
	if (rc)
		code = unwritable(run->json, rc);
	free(p);
	return code;
}
