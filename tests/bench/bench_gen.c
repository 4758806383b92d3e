/* SPDX-License-Identifier: BSD-3-Clause */
/* Offers RTP to an interface at a steady rate, made in the kernel (bench_gen.bpf.c), where a sender of
 * packets through sockets would be the slowest part. Prints what it offered as one JSON object: what
 * the other end has not seen was lost between. */
#include "bench_gen.h"

#include <net/if.h>
#include <sys/time.h>

#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define SECOND_NS 1000000000ULL

enum {
	BATCH = 64, /* frames between two looks of the kernel at its other work */
	STREAM_PPS = 50, /* 20 ms */
	STREAMS_FLAT_OUT = 30000,
	STREAMS_MAX = 4 << 20,
};

struct options {
	const char *interface;
	const char *object;
	uint64_t pps; /* 0: as many as it can */
	uint64_t streams;
	long seconds;
	uint64_t sip_permille;
	uint64_t noise_permille;
	uint64_t round;
};

struct generator {
	struct bpf_object *object;
	int program;
	int state;
	uint8_t frame[GEN_FRAME];
};

static volatile sig_atomic_t is_stopped;

static void on_signal(int signal)
{
	(void)signal;
	is_stopped = 1;
}

static void usage(void)
{
	fprintf(stderr,
		"usage: bench_gen [--pps N] [--streams N] [--seconds S] [--sip PERMILLE]\n"
		"                 [--noise PERMILLE] [--round N] [--object FILE] INTERFACE\n"
		"  --pps N      packets a second; 0, the default: as many as it can\n"
		"  --streams N  default: --pps / 50, so that each sends every 20 ms\n"
		"  --seconds S  default: 10; 0: until a signal\n"
		"  --round N    each stream's packets begin with its Nth, to go on from another run\n");
	exit(2);
}

static uint64_t number(const char *text, uint64_t max)
{
	char *end;
	uint64_t v;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (end == text || *end || errno || v > max) {
		fprintf(stderr, "bench_gen: \"%s\" must be between 0 and %llu\n", text,
			(unsigned long long)max);
		exit(2);
	}
	return v;
}

static void read_options(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{"pps", required_argument, NULL, 'p'},
		{"streams", required_argument, NULL, 's'},
		{"seconds", required_argument, NULL, 't'},
		{"sip", required_argument, NULL, 'i'},
		{"noise", required_argument, NULL, 'n'},
		{"round", required_argument, NULL, 'r'},
		{"object", required_argument, NULL, 'o'},
		{0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'p')
			o->pps = number(optarg, 100000000);
		else if (c == 's')
			o->streams = number(optarg, STREAMS_MAX);
		else if (c == 't')
			o->seconds = (long)number(optarg, 86400);
		else if (c == 'i')
			o->sip_permille = number(optarg, 500);
		else if (c == 'n')
			o->noise_permille = number(optarg, 500);
		else if (c == 'r')
			o->round = number(optarg, UINT32_MAX);
		else if (c == 'o')
			o->object = optarg;
		else
			usage();
	}
	if (optind != argc - 1)
		usage();
	o->interface = argv[optind];
	if (!o->streams)
		o->streams = !o->pps		   ? STREAMS_FLAT_OUT
			     : o->pps < STREAM_PPS ? 1
						   : o->pps / STREAM_PPS;
}

/* What stays the same in all frames; the program writes the rest. */
static void make_frame(uint8_t *frame)
{
	static const uint8_t head[] = {2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0x08, 0, 0x45, 0xb8,
		(20 + 8 + GEN_PAYLOAD) >> 8, (20 + 8 + GEN_PAYLOAD) & 255, 0, 0, 0, 0, 63, 17};
	enum {
		UDP_LENGTH_AT = 14 + 20 + 4,
		RTP_PAYLOAD_AT = 14 + 20 + 8 + 12,
	};

	memset(frame, 0, GEN_FRAME);
	memcpy(frame, head, sizeof(head));
	frame[UDP_LENGTH_AT + 1] = 8 + GEN_PAYLOAD;
	memset(frame + RTP_PAYLOAD_AT, 0xd5, GEN_FRAME - RTP_PAYLOAD_AT);
}

/* RFC 3261 section 11: each a transaction of its own. Blanks behind the end belong to nothing. */
static void make_sip(struct gen_order *order)
{
	static const char text[] = "OPTIONS sip:b@b.example SIP/2.0\r\n"
				   "Via:SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK########\r\n"
				   "f:<sip:a@c>;tag=1\r\nt:<sip:b@b>\r\ni:########\r\n"
				   "CSeq:1 OPTIONS\r\nl:0\r\n\r\n";
	const char *at = text;

	_Static_assert(sizeof(text) <= GEN_PAYLOAD, "the SIP message must fit a frame");
	memset(order->sip, ' ', sizeof(order->sip));
	memcpy(order->sip, text, sizeof(text) - 1);
	for (unsigned n = 0; n < GEN_SIP_NUMBERS; n++, at += 8) {
		at = strstr(at, "########");
		order->sip_number_at[n] = (uint32_t)(at - text);
	}
}

static const char *default_object(char *path)
{
	char program[PATH_MAX] = "";

	if (readlink("/proc/self/exe", program, sizeof(program) - 1) <= 0)
		return NULL;
	if (snprintf(path, PATH_MAX, "%s/bench_gen.bpf.o", dirname(program)) >= PATH_MAX)
		return NULL;
	return path;
}

static bool load(struct generator *g, const char *path)
{
	struct bpf_program *program;
	int rc;

	g->object = path ? bpf_object__open_file(path, NULL) : NULL;
	if (!g->object) {
		fprintf(stderr, "could not open \"%s\": %s\n", path, strerror(errno));
		return false;
	}
	rc = bpf_object__load(g->object);
	if (rc) {
		fprintf(stderr, "could not load \"%s\" into the kernel: %s\n", path, strerror(-rc));
		return false;
	}
	program = bpf_object__find_program_by_name(g->object, "generate");
	g->program = program ? bpf_program__fd(program) : -1;
	g->state = bpf_object__find_map_fd_by_name(g->object, "gen_state");
	return g->program >= 0 && g->state >= 0;
}

static bool give_order(const struct generator *g, const struct options *o)
{
	struct gen_order order = {
		.packets_max = o->pps && o->seconds ? o->pps * (uint64_t)o->seconds : UINT64_MAX,
		.gap_q8 = o->pps ? (SECOND_NS << 8) / o->pps : 0,
		.ifindex = if_nametoindex(o->interface),
		.streams = (uint32_t)o->streams,
		.sip_permille = (uint32_t)o->sip_permille,
		.noise_permille = (uint32_t)o->noise_permille,
	};
	struct gen_state state = {.round = (uint32_t)o->round};
	uint32_t zero = 0;
	int map = bpf_object__find_map_fd_by_name(g->object, "gen_order");

	if (!order.ifindex) {
		fprintf(stderr, "could not find interface \"%s\"\n", o->interface);
		return false;
	}
	make_sip(&order);
	return bpf_map_update_elem(map, &zero, &order, BPF_ANY) == 0 &&
	       bpf_map_update_elem(g->state, &zero, &state, BPF_ANY) == 0;
}

/* Each call has the kernel wait for all of its CPUs once, so there is one for all packets: the program
 * keeps the pace, and the timer's signal ends it. */
static int run_until_signal(struct generator *g)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = g->frame, .data_size_in = sizeof(g->frame),
		.repeat = INT_MAX, .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BATCH);
	int rc = 0;

	while (!rc && !is_stopped)
		rc = bpf_prog_test_run_opts(g->program, &run);
	return rc == -EINTR || is_stopped ? 0 : rc;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SECOND_NS + (uint64_t)ts.tv_nsec;
}

static int offer(struct generator *g, const struct options *o, double *seconds)
{
	struct itimerval end = {.it_value = {.tv_sec = o->seconds}};
	uint64_t start = now_ns();
	int rc;

	setitimer(ITIMER_REAL, &end, NULL);
	rc = run_until_signal(g);
	*seconds = (double)(now_ns() - start) / 1e9;
	return rc;
}

int main(int argc, char **argv)
{
	struct options o = {.seconds = 10};
	struct generator g = {0};
	struct gen_state state = {0};
	uint32_t zero = 0;
	char path[PATH_MAX];
	double seconds = 0;
	int rc;

	read_options(argc, argv, &o);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGALRM, on_signal);
	make_frame(g.frame);
	if (!load(&g, o.object ? o.object : default_object(path)) || !give_order(&g, &o))
		return 1;
	rc = offer(&g, &o, &seconds);
	if (rc) {
		fprintf(stderr, "could not send frames out of \"%s\": %s\n", o.interface,
			strerror(-rc));
		return 1;
	}
	bpf_map_lookup_elem(g.state, &zero, &state);
	printf("{\"offered\": %llu, \"rtp\": %llu, \"sip\": %llu, \"noise\": %llu, "
	       "\"streams\": %u, \"next_round\": %u, \"seconds\": %.3f, \"mpps\": %.3f}\n",
		state.rtp + state.sip + state.noise, state.rtp, state.sip, state.noise,
		(unsigned)o.streams, (unsigned)state.round + 1, seconds,
		(double)(state.rtp + state.sip + state.noise) / seconds / 1e6);
	bpf_object__close(g.object);
	return 0;
}
