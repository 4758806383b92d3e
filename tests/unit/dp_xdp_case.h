/* SPDX-License-Identifier: BSD-3-Clause */
/* The XDP program, run by the kernel on frames made here. Needs root, but no interface. */
#ifndef DP_XDP_CASE_H
#define DP_XDP_CASE_H

#include <linux/bpf.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "cls_payload.h"
#include "dp_xdp.h"
#include "dp_xdp_log.h"
#include "dp_xdp_object.h"
#include "dp_xdp_running.h"
#include "frame.h"

enum {
	TYPE_IP4 = 0x0800,
	TYPE_ARP = 0x0806,
	TYPE_VLAN = 0x8100,
	TYPE_IP6 = 0x86dd,
	TYPE_QINQ = 0x88a8,
	TCP = 6,
	UDP = 17,
	RTP_BYTES = 172,
	FRAME_MIN = 14, /* the kernel runs the program on no less */
};

struct world {
	struct bpf_object *object;
	int program;
	int sockets; /* the map of the driver */
	int socket;
	struct dp_xdp *xdp;
	struct dp_xdp_options options;
};

static inline int load(struct world *w)
{
	char path[DP_XDP_PATH_MAX];
	int err = dp_xdp_object_path(path, sizeof(path));

	if (err)
		return err;
	w->object = bpf_object__open_file(path, NULL);
	err = libbpf_get_error(w->object) ? -errno : bpf_object__load(w->object);
	if (err)
		return err;
	w->program = bpf_program__fd(bpf_object__next_program(w->object, NULL));
	w->sockets = dp_xdp_map_open(w->program, "xsks_map");
	return w->sockets < 0 ? w->sockets : 0;
}

static inline int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	uint32_t queue = 0;

	assert_non_null(w);
	assert_int_equal(load(w), 0);
	w->socket = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	assert_true(w->socket >= 0);
	assert_int_equal(bpf_map_update_elem(w->sockets, &queue, &w->socket, BPF_ANY), 0);
	*state = w;
	return 0;
}

static inline int teardown(void **state)
{
	struct world *w = *state;

	dp_xdp_close(w->xdp);
	bpf_object__close(w->object);
	close(w->sockets);
	close(w->socket);
	free(w);
	return 0;
}

static inline void configure(struct world *w, enum dp_xdp_mode mode)
{
	w->options.mode = mode;
	assert_int_equal(dp_xdp_open(w->program, &w->options, &w->xdp), 0);
}

/* The counters as the kernel has them: w->xdp may not be open yet. */
static inline void read_counts(struct world *w, uint64_t counts[DP_XDP_REASON_COUNT])
{
	int fd = dp_xdp_map_open(w->program, "heptap_counts");
	uint64_t values[1024];

	assert_true(fd >= 0 && libbpf_num_possible_cpus() <= 1024);
	for (uint32_t i = 0; i < DP_XDP_REASON_COUNT; i++) {
		assert_int_equal(bpf_map_lookup_elem(fd, &i, values), 0);
		counts[i] = 0;
		for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++)
			counts[i] += values[cpu];
	}
	close(fd);
}

static inline uint32_t action_of(struct world *w, const void *data, size_t n)
{
	LIBBPF_OPTS(
		bpf_test_run_opts, run, .data_in = data, .data_size_in = (uint32_t)n, .repeat = 1);

	assert_int_equal(bpf_prog_test_run_opts(w->program, &run), 0);
	return run.retval;
}

/* Runs the program on a frame: it must be counted once, and the action must be that of the reason. */
static inline enum dp_xdp_reason judge(struct world *w, const void *data, size_t n)
{
	uint64_t before[DP_XDP_REASON_COUNT], after[DP_XDP_REASON_COUNT];
	uint32_t rest = w->xdp && dp_xdp_drops_rest(w->xdp) ? XDP_DROP : XDP_PASS;
	unsigned reason = DP_XDP_REASON_COUNT, counted = 0;
	uint32_t action;

	read_counts(w, before);
	action = action_of(w, data, n);
	read_counts(w, after);
	for (unsigned i = 0; i < DP_XDP_REASON_COUNT; i++) {
		counted += (unsigned)(after[i] - before[i]);
		if (after[i] != before[i])
			reason = i;
	}
	assert_int_equal(counted, 1);
	assert_int_equal(action, reason < DP_XDP_other ? XDP_REDIRECT : rest);
	return (enum dp_xdp_reason)reason;
}

static inline void expect(struct world *w, const struct frame *f, enum dp_xdp_reason want)
{
	assert_string_equal(dp_xdp_reason_name(judge(w, f->b, f->n)), dp_xdp_reason_name(want));
}

static inline void put_ports(struct frame *f, unsigned sport, unsigned dport)
{
	put16(f, sport);
	put16(f, dport);
}

static inline void put_datagram(
	struct frame *f, unsigned sport, unsigned dport, const void *payload, size_t n)
{
	put_ports(f, sport, dport);
	put16(f, 8 + (unsigned)n);
	put16(f, 0);
	put(f, payload, n);
}

static inline struct frame udp4(unsigned sport, unsigned dport, const void *payload, size_t n)
{
	struct frame f = {.n = 0};

	put_ethernet(&f, TYPE_IP4);
	put_ip4(&f, UDP, 28 + (unsigned)n, 0, 0);
	put_datagram(&f, sport, dport, payload, n);
	return f;
}

static inline struct frame udp6(unsigned sport, unsigned dport, const void *payload, size_t n)
{
	struct frame f = {.n = 0};

	put_ethernet(&f, TYPE_IP6);
	put_ip6(&f, UDP, 8 + (unsigned)n);
	put_datagram(&f, sport, dport, payload, n);
	return f;
}

/* words: of the TCP header. */
static inline struct frame tcp4(unsigned sport, unsigned dport, unsigned words, const char *payload)
{
	struct frame f = {.n = 0};
	size_t n = strlen(payload);
	uint8_t header[60] = {[12] = (uint8_t)(words << 4), [13] = 0x18};

	header[0] = (uint8_t)(sport >> 8);
	header[1] = (uint8_t)sport;
	header[2] = (uint8_t)(dport >> 8);
	header[3] = (uint8_t)dport;
	put_ethernet(&f, TYPE_IP4);
	put_ip4(&f, TCP, 20 + words * 4 + (unsigned)n, 0, 0);
	put(&f, header, (size_t)words * 4);
	put(&f, payload, n);
	return f;
}

static const uint8_t rtp[RTP_BYTES] = {0x80, 0x08, 0x12, 0x34};
static const uint8_t rtcp[28] = {0x81, 0xc8, 0x00, 0x06};
static const uint8_t stun[20] = {0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42};
static const uint8_t dtls[13] = {22, 0xfe, 0xfd};
static const uint8_t channel[16] = {0x40, 0x01, 0, 12, 0x80};
static const char invite[] = "INVITE sip:bob@example.com SIP/2.0\r\n";

static inline struct frame ip6_fragment(unsigned offset_and_more)
{
	struct frame f = {.n = 0};

	put_ethernet(&f, TYPE_IP6);
	put_ip6(&f, 60, 8 + 8 + 8 + RTP_BYTES);
	put_extension(&f, 44, 0, 8);
	put(&f, (uint8_t[]){UDP, 0}, 2);
	put16(&f, offset_and_more);
	put_zeros(&f, 4);
	put_datagram(&f, 4000, 4002, rtp, RTP_BYTES);
	return f;
}

/* False: only root may, and the plan says that it is skipped. */
static inline bool can_load(void)
{
	struct world probe = {0};
	int err;

	dp_xdp_log_init();
	err = load(&probe);
	if (err == -EPERM) {
		puts("1..0 # SKIP the kernel lets only root (CAP_BPF) load an XDP program");
		return false;
	}
	if (!err)
		bpf_object__close(probe.object);
	return true;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
