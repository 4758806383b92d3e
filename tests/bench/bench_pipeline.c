/* SPDX-License-Identifier: BSD-3-Clause */
/* The probe's own receivers and workers, fed from memory: on one core in the fused shape, over the
 * number of streams and on a trunk; then both shapes on several threads. */
#include "bench_pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"
#include "bench_announce.h"
#include "bench_trunk.h"
#include "probe_worker.h"

/* Much signalling, and what there is where calls last for two minutes and RTCP comes every five seconds. */
static const struct bench_mix mixed = {.sip = 20, .rtcp = 10, .noise = 20};
static const struct bench_mix usual = {.sip = 1, .rtcp = 4, .noise = 10};

enum {
	THREADS_PACKETS = 1000000,
	HEP_MESSAGES = 16384,
};

/* Every packet must have been counted in order in its stream: else something else was measured. */
static bool check_streams(const struct bench_pipeline *p)
{
	uint64_t updated = 0, expected = 0;

	for (unsigned w = 0; w < p->probe->lcores.worker_count; w++) {
		const struct qos_table *t = &p->probe->workers[w].table;

		for (uint32_t i = 0; i < t->high; i++) {
			updated += qos_stream_packets(qos_table_hot(t, i), &t->cold[i]);
			expected += qos_stream_expected(qos_table_hot(t, i), &t->cold[i]);
		}
	}
	if (updated == expected && updated == bench_pipeline_received(p))
		return true;
	fprintf(stderr, "%llu packets of %llu were counted\n", (unsigned long long)updated,
		(unsigned long long)expected);
	return false;
}

static void compare_floors(struct bench_pipeline *p, const char *name)
{
	const struct bench_row facts = {.shape = "fused", .workers = 1, .streams = p->streams};
	const struct bench_code subject = {name, bench_run_fused, p, p->packets};
	const struct bench_code floors[] = {
		{"bare rx and free", bench_run_free, p, p->packets},
		{"rx, parse", bench_run_parse, p, p->packets},
		{"rx, parse, one random line", bench_run_touch, p, p->packets},
	};

	bench_compare_row(&facts, &subject, floors, 3);
}

static bool measure_fused(struct bench_pipeline *p, uint32_t streams)
{
	bool is_good = bench_pipeline_init(p, true, 1, streams) &&
		       bench_floor_init(&p->floor, p->pool, streams, p->packets, BENCH_START_NS);

	if (is_good) {
		compare_floors(p, "fused, one core");
		is_good = check_streams(p);
	}
	bench_floor_fini(&p->floor);
	bench_pipeline_fini(p);
	return is_good;
}

static bool check_calls(const struct bench_pipeline *p)
{
	const struct qos_table *t = &p->probe->workers[0].table;
	uint32_t without = 0;

	for (uint32_t i = 0; i < t->high; i++)
		without += !t->cold[i].call;
	if (without)
		fprintf(stderr, "%u streams have no call\n", without);
	return !without && check_streams(p);
}

/* All streams are of calls, as voice is: the look at each once a second asks its call too. */
static bool measure_calls(struct bench_pipeline *p, uint32_t streams)
{
	struct bench_announce announce = {.streams = streams};
	bool is_good = bench_pipeline_init(p, true, 1, streams) &&
		       bench_floor_init(&p->floor, p->pool, streams, p->packets, BENCH_START_NS);

	if (is_good) {
		bench_run_signalling(p, bench_announce_next, &announce);
		bench_pipeline_attach(p);
		compare_floors(p, "fused, one core, in calls");
		is_good = check_calls(p);
	}
	bench_floor_fini(&p->floor);
	bench_pipeline_fini(p);
	return is_good;
}

/* Every message of the trunk must have been found and encoded, and every call and endpoint must have had room. */
static bool check_trunk(const struct bench_pipeline *p)
{
	const struct probe_worker *w = &p->probe->workers[0];
	uint64_t made = probe_read(&w->counters.hep_made);
	uint64_t refused = probe_read(&w->call_counters->calls_refused) +
			   probe_read(&w->call_counters->media_refused);

	if (probe_read(&w->outcome[PROBE_sip]) && probe_read(&w->outcome[PROBE_rtcp]) &&
		probe_read(&w->outcome[PROBE_unknown_udp]) && made == p->discarded && !refused)
		return check_streams(p);
	fprintf(stderr,
		"of %llu HEP messages %llu were taken, and %llu calls or endpoints refused\n",
		(unsigned long long)made, (unsigned long long)p->discarded,
		(unsigned long long)refused);
	return false;
}

/* Its dialogues are under way, of which as many end as begin. */
static bool begin_trunk(
	struct bench_pipeline *p, struct bench_feed *feed, const struct bench_mix *mix)
{
	p->discarded = 0;
	if (dp_mailbox_create(0, HEP_MESSAGES, -1, &p->probe->workers[0].mailbox) != 0 ||
		!bench_feed_make_trunk(feed, mix))
		return false;
	bench_run_signalling(p, bench_trunk_begin, feed->trunk);
	feed->is_trunk = false;
	return true;
}

static bool measure_trunk(
	struct bench_pipeline *p, const char *name, const struct bench_mix *mix, uint32_t streams)
{
	const struct bench_row facts = {.shape = "fused", .workers = 1, .streams = streams};
	bool is_good = bench_pipeline_init(p, true, 1, streams) &&
		       bench_floor_init(&p->floor, p->pool, streams, p->packets, BENCH_START_NS);
	const struct bench_code subject = {name, bench_run_trunk, p, p->packets};
	const struct bench_code floors[] = {
		{"media only", bench_run_fused, p, p->packets},
		{"bare rx and free, of the trunk", bench_run_free, p, p->packets},
	};

	is_good = is_good && bench_feed_make_trunk(&p->floor.feed, mix) &&
		  begin_trunk(p, &p->threads[0].feed, mix);
	if (is_good) {
		bench_compare_row(&facts, &subject, floors, 2);
		is_good = check_trunk(p);
	}
	bench_floor_fini(&p->floor);
	bench_pipeline_fini(p);
	return is_good;
}

/* With hugepages the start is a live one, which without ports has none. */
static bool has_receiver(const struct bench_pipeline *p)
{
	if (p->probe->lcores.rx_count)
		return true;
	fprintf(stderr, "no receiver: the pipeline shape is not measured with hugepages\n");
	return false;
}

/* Whole packets change cores then, and their buffers come back. */
static bool measure_trunk_pipeline(struct bench_pipeline *p, uint32_t streams)
{
	const struct bench_row facts = {.shape = "pipeline", .workers = 1, .streams = streams};
	bool is_good;
	const struct bench_code subject = {
		"mixed trunk, pipeline", bench_run_trunk_threads, p, THREADS_PACKETS};
	const struct bench_code floors[] = {{"media only", bench_run_threads, p, THREADS_PACKETS}};

	if (!has_receiver(p))
		return true;
	is_good = bench_pipeline_init(p, false, 1, streams);
	p->packets = THREADS_PACKETS;
	is_good = is_good && begin_trunk(p, &p->threads[1].feed, &mixed);
	if (is_good) {
		bench_compare_row(&facts, &subject, floors, 1);
		is_good = check_trunk(p);
	}
	bench_pipeline_fini(p);
	return is_good;
}

/* has_rss: nothing has to go to another worker, as where the NIC spreads as the probe does. */
static bool measure_threads(
	struct bench_pipeline *p, bool is_fused, bool has_rss, unsigned workers, uint32_t streams)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned threads = is_fused ? workers : workers + 1;
	struct bench_row facts = {
		.shape = is_fused ? "fused" : "pipeline", .workers = workers, .streams = streams};
	struct bench_code subject = {.run = bench_run_threads, .arg = p};
	char name[80];
	bool is_good;

	if (!is_fused && !has_receiver(p))
		return true;
	p->has_rss = has_rss;
	is_good = bench_pipeline_init(p, is_fused, workers, streams);
	if (is_good) {
		p->packets = THREADS_PACKETS;
		subject.packets = p->packets * (is_fused ? workers : 1);
		snprintf(name, sizeof(name), "%s, %u worker%s%s%s", facts.shape, workers,
			workers == 1 ? "" : "s", has_rss ? ", RSS" : "",
			(long)threads > cpus ? ", CPUs shared" : "");
		subject.name = name;
		bench_compare_row(&facts, &subject, NULL, 0);
		is_good = check_streams(p);
	}
	bench_pipeline_fini(p);
	p->has_rss = false;
	return is_good;
}

static bool measure_all_threads(struct bench_pipeline *p)
{
	static const uint32_t streams = 100000;
	unsigned most = bench_is_quick() ? 1 : BENCH_WORKERS_MAX;

	bench_print_core_to_core("before threads");
	for (unsigned workers = 1; workers <= most; workers++)
		if ((workers > 1 && !measure_threads(p, true, true, workers, streams)) ||
			!measure_threads(p, true, false, workers, streams) ||
			!measure_threads(p, false, false, workers, streams))
			return false;
	if (!measure_trunk_pipeline(p, streams))
		return false;
	bench_print_core_to_core("after threads");
	return true;
}

static bool measure_all(struct bench_pipeline *p)
{
	static const uint32_t sizes[] = {10000, 100000, 1000000, 1000, 4000000};
	/* Without the last two and most of the threads a run takes a few seconds. */
	unsigned count = bench_is_quick() ? 2 : sizeof(sizes) / sizeof(sizes[0]);

	for (unsigned i = 0; i < count; i++)
		if (!measure_fused(p, sizes[i]))
			return false;
	if (!measure_trunk(p, "mixed trunk, one core", &mixed, 100000) ||
		!bench_pipeline_forget_calls(p) ||
		!measure_trunk(p, "usual trunk, one core", &usual, 100000) ||
		!bench_pipeline_forget_calls(p) || !measure_calls(p, 100000) ||
		!bench_pipeline_forget_calls(p))
		return false;
	return measure_all_threads(p);
}

static const char *title(void)
{
	return bench_options_get()->has_hugepages
		       ? "heptap, receivers and workers fed from memory, packet buffers on hugepages"
		       : "heptap, receivers and workers fed from memory";
}

int main(int argc, char **argv)
{
	struct bench_pipeline *p = aligned_alloc(64, (sizeof(*p) + 63) / 64 * 64);
	struct probe *probe = aligned_alloc(64, sizeof(*probe));
	bool is_good;

	bench_options(argc, argv, "pipeline");
	if (!p || !probe || !bench_start(title())) {
		fprintf(stderr, "could not allocate memory\n");
		return 1;
	}
	memset(p, 0, sizeof(*p));
	memset(probe, 0, sizeof(*probe));
	p->probe = probe;
	if (!bench_pipeline_start(p))
		return 1;
	is_good = measure_all(p);
	dp_eal_stop();
	return is_good ? 0 : 1;
}
