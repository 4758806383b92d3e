/* SPDX-License-Identifier: BSD-3-Clause */
/* SIP dialogues a second on one core: decode, classify, parse, call, media endpoints, HEP to a
 * sender that discards, expiry and the freeing of what expired. All time that the process had a CPU
 * counts but that of making the frames: also that of liburcu's thread. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <rte_mbuf.h>
#include <urcu/urcu-qsbr.h>

#include "bench.h"
#include "bench_dialogue.h"
#include "cfg_load.h"
#include "dp_mailbox.h"
#include "dp_meta.h"
#include "pkt_decode.h"
#include "probe_rx.h"
#include "probe_worker.h"

#define START_NS ((uint64_t)1770000000 * 1000000000)

enum {
	CHUNK = 1024, /* dialogues whose frames are in memory at a time */
	DIALOGUES = 16 * CHUNK, /* of one measurement */
	MEMORY_MB = 128,
	PACKETS = 1023, /* buffers */
	PACKET_CACHE = 64,
	HEP_MESSAGES = 4096,
	/* A dialogue's time in the table: 3 seconds, then 32 of RFC 3261's Timer B, then until it is
	 * looked at. */
	CALL_SECONDS = 45,
	MEDIA_PER_SDP = 2, /* RTP and RTCP */
	MEDIA_PER_CALL = 2 * MEDIA_PER_SDP,
	RATE_FEW = 2000,
	RATE_MANY = 20000,
};

struct calls_bench {
	struct cfg_options options;
	struct probe *probe;
	struct bench_dialogues dialogues;
	struct rte_mempool *pool;
	uint8_t *mem;
	struct bench_frame *frames;
	unsigned frame_count;
	uint64_t sent, discarded, octets;
};

static uint64_t process_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void make_chunk(struct calls_bench *b)
{
	uint32_t at = 0;

	b->frame_count = 0;
	for (unsigned i = 0; i < CHUNK; i++) {
		struct bench_frame *f = b->frames + b->frame_count;
		unsigned n = bench_dialogues_step(&b->dialogues, b->mem, at, f);

		b->frame_count += n;
		at = f[n - 1].at + f[n - 1].bytes;
	}
}

/* The sender. */
static void discard(struct calls_bench *b, struct dp_mailbox *mailbox)
{
	struct dp_message *messages[BENCH_BURST];
	unsigned n;

	while ((n = dp_mailbox_take(mailbox, messages, BENCH_BURST))) {
		for (unsigned i = 0; i < n; i++)
			b->octets += messages[i]->size;
		dp_mailbox_free(mailbox, messages, n);
		b->discarded += n;
	}
}

/* As a receiver would: into a packet buffer, which waits for others of its kind. */
static void take_frame(struct calls_bench *b, const struct bench_frame *frame)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(b->pool);

	if (!m)
		return; /* check() misses it */
	memcpy(rte_pktmbuf_mtod(m, void *), b->mem + frame->at, frame->bytes);
	m->data_len = (uint16_t)frame->bytes;
	m->pkt_len = frame->bytes;
	*dp_meta(m) = (struct dp_meta){
		.time_ns = frame->time_ns,
		.wire_bytes = frame->bytes,
		.link = DP_LINK_ETHERNET,
	};
	probe_whole_add_packet(b->probe->workers, m);
}

static void take_chunk(struct calls_bench *b)
{
	struct probe_worker *w = b->probe->workers;

	for (unsigned i = 0; i < b->frame_count; i++) {
		take_frame(b, &b->frames[i]);
		if (i % BENCH_BURST == BENCH_BURST - 1) {
			discard(b, w->mailbox);
			urcu_qsbr_quiescent_state();
		}
	}
	probe_whole_flush(w);
	discard(b, w->mailbox);
	urcu_qsbr_quiescent_state();
	b->sent += b->frame_count;
}

static uint64_t run_calls(void *arg)
{
	struct calls_bench *b = arg;
	uint64_t begin = process_ns(), made = 0;

	for (unsigned i = 0; i < DIALOGUES / CHUNK; i++) {
		uint64_t ns = bench_cpu_ns();

		make_chunk(b);
		made += bench_cpu_ns() - ns;
		take_chunk(b);
	}
	urcu_qsbr_thread_offline();
	urcu_qsbr_barrier(); /* what expired is freed */
	urcu_qsbr_thread_online();
	return process_ns() - begin - made;
}

/* Decoded and copied: what no probe could leave out. */
static uint64_t run_copies(void *arg)
{
	static uint8_t copy[BENCH_DIALOGUE_FRAME_MAX];
	struct calls_bench *b = arg;
	uint64_t sum = 0, ns = bench_cpu_ns();

	for (unsigned run = 0; run < DIALOGUES / CHUNK; run++) {
		for (unsigned i = 0; i < b->frame_count; i++) {
			struct pkt_view view;

			pkt_decode(PKT_LINK_ETHERNET,
				bytes_of(b->mem + b->frames[i].at, b->frames[i].bytes), &view);
			memcpy(copy, view.payload.p, view.payload.n);
			sum += view.payload.n + copy[0];
			bench_use(sum);
		}
	}
	return bench_cpu_ns() - ns;
}

/* Until as many calls expire as begin. */
static void fill_table(struct calls_bench *b)
{
	uint64_t until = b->dialogues.rate * CALL_SECONDS;

	while (b->dialogues.next < until) {
		make_chunk(b);
		take_chunk(b);
	}
}

/* Else something else was measured. */
static bool check(const struct calls_bench *b)
{
	const struct probe_worker *w = b->probe->workers;
	const struct qos_call_counters *c = w->call_counters;
	uint64_t begun = b->dialogues.next;
	uint64_t answered = begun - b->dialogues.rate; /* a second later */

	if (probe_read(&w->outcome[PROBE_sip]) == b->sent && b->discarded == b->sent &&
		probe_read(&w->counters.hep_made) == b->sent &&
		probe_read(&c->calls_opened) == begun &&
		probe_read(&c->media_published) == (begun + answered) * MEDIA_PER_SDP &&
		probe_read(&c->calls_opened) - probe_read(&c->calls_closed) ==
			qos_calls_count(b->probe->calls))
		return true;
	fprintf(stderr,
		"of %llu messages of %llu dialogues %llu were sent, %llu calls opened, %llu refused\n",
		(unsigned long long)b->sent, (unsigned long long)begun,
		(unsigned long long)b->discarded, (unsigned long long)probe_read(&c->calls_opened),
		(unsigned long long)probe_read(&c->calls_refused));
	return false;
}

static int create_tables(struct calls_bench *b, uint64_t rate)
{
	struct probe *probe = b->probe;
	int rc;

	b->options.qos.max_calls = (uint32_t)(rate * CALL_SECONDS);
	b->options.qos.max_media = b->options.qos.max_calls * MEDIA_PER_CALL;
	b->sent = b->discarded = 0;
	memset(probe->workers, 0, sizeof(*probe->workers));
	rc = qos_calls_create(&b->options.qos, &probe->seed, 1, &probe->calls);
	if (!rc)
		rc = qos_medias_create(&b->options.qos, &probe->seed, &probe->medias);
	if (!rc)
		rc = probe_worker_init(probe->workers, probe, 0);
	if (!rc)
		rc = dp_mailbox_create(0, HEP_MESSAGES, -1, &probe->workers->mailbox);
	if (!rc && !bench_dialogues_init(&b->dialogues, rate, START_NS))
		rc = -EINVAL;
	return rc;
}

static void destroy_tables(struct calls_bench *b)
{
	probe_worker_fini(b->probe->workers);
	qos_medias_destroy(b->probe->medias);
	qos_calls_destroy(b->probe->calls);
}

static double cycles_of(uint64_t (*run)(void *arg), struct calls_bench *b)
{
	return (double)run(b) * bench_tsc_hz() / 1e9 /
	       ((double)DIALOGUES * BENCH_DIALOGUE_MESSAGES);
}

static void compare(struct calls_bench *b)
{
	double cycles[BENCH_REPEATS_MAX], floor_cycles[BENCH_REPEATS_MAX];
	unsigned repeats = bench_options_get()->repeats;
	char name[64];
	struct bench_row row = {
		.name = name,
		.shape = "fused",
		.workers = 1,
		.floor = "decode, one copy",
	};

	cycles_of(run_calls, b);
	for (unsigned i = 0; i < repeats; i++) {
		cycles[i] = cycles_of(run_calls, b);
		floor_cycles[i] = cycles_of(run_copies, b);
	}
	snprintf(name, sizeof(name), "SIP messages, %uk calls",
		qos_calls_count(b->probe->calls) / 1000);
	row.cycles = bench_median(cycles, repeats);
	row.floor_cycles = bench_median(floor_cycles, repeats);
	row.calls_per_second = bench_tsc_hz() / row.cycles / BENCH_DIALOGUE_MESSAGES;
	bench_row(&row);
	printf("  dialogues a second: %.0f, of %d messages\n", row.calls_per_second,
		BENCH_DIALOGUE_MESSAGES);
}

/* rate: dialogues that begin in a second of packet time, which makes how many are in the table. */
static bool measure(struct calls_bench *b, uint64_t rate)
{
	bool is_good;

	if (create_tables(b, rate)) {
		fprintf(stderr, "could not make the tables\n");
		return false;
	}
	fill_table(b);
	compare(b);
	is_good = check(b);
	destroy_tables(b);
	return is_good;
}

/* One CPU for this thread and all that it starts. */
static bool choose_cpu(struct dp_options *o)
{
	cpu_set_t own, one;

	if (sched_getaffinity(0, sizeof(own), &own))
		return false;
	for (uint16_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &own))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		o->rx.cpu[o->rx.count++] = cpu;
		return sched_setaffinity(0, sizeof(one), &one) == 0;
	}
	return false;
}

static int start(struct calls_bench *b)
{
	struct probe *probe = b->probe;
	int rc;

	cfg_defaults(&b->options);
	b->options.dp.telemetry = false;
	b->options.dp.share_cpus = true;
	b->options.dp.memory = (uint64_t)MEMORY_MB << 20;
	b->options.qos.max_streams = 1024;
	b->options.fragments = 16;
	b->options.tcp_flows = 16;
	if (!choose_cpu(&b->options.dp))
		return -EINVAL;
	rc = dp_eal_start(&b->options.dp, true, &probe->lcores);
	if (rc)
		return rc;
	b->pool = rte_pktmbuf_pool_create(
		"calls", PACKETS, PACKET_CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE, -1);
	if (!b->pool)
		return -ENOMEM;
	probe->options = &b->options;
	probe->seed = BENCH_SEED;
	urcu_qsbr_register_thread();
	return cls_db_create(&probe->cls);
}

int main(int argc, char **argv)
{
	static struct calls_bench bench;
	struct calls_bench *b = &bench;
	struct probe *probe = aligned_alloc(64, sizeof(*probe));
	bool is_good;

	bench_options(argc, argv, "calls");
	if (!probe || !bench_start("heptap, SIP dialogues on one core"))
		return 1;
	memset(probe, 0, sizeof(*probe));
	probe->workers = aligned_alloc(64, sizeof(*probe->workers));
	b->probe = probe;
	b->mem = malloc((size_t)CHUNK * BENCH_DIALOGUE_MESSAGES * BENCH_DIALOGUE_FRAME_MAX);
	b->frames = malloc((size_t)CHUNK * BENCH_DIALOGUE_MESSAGES * sizeof(*b->frames));
	if (!probe->workers || !b->mem || !b->frames || start(b)) {
		fprintf(stderr, "could not start the probe's parts\n");
		return 1;
	}
	is_good = measure(b, RATE_FEW) && (bench_is_quick() || measure(b, RATE_MANY));
	dp_eal_stop();
	return is_good ? 0 : 1;
}
