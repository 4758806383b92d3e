/* SPDX-License-Identifier: BSD-3-Clause */
/* The XDP program, run by the kernel on frames made here: what it takes in each mode, and why. Needs
 * root, but no interface. */
#include <linux/bpf.h>
#include <sys/socket.h>

#include <dirent.h>
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

static int load(struct world *w)
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

static int setup(void **state)
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

static int teardown(void **state)
{
	struct world *w = *state;

	dp_xdp_close(w->xdp);
	bpf_object__close(w->object);
	close(w->sockets);
	close(w->socket);
	free(w);
	return 0;
}

static void configure(struct world *w, enum dp_xdp_mode mode)
{
	w->options.mode = mode;
	assert_int_equal(dp_xdp_open(w->program, &w->options, &w->xdp), 0);
}

/* The counters as the kernel has them: w->xdp may not be open yet. */
static void read_counts(struct world *w, uint64_t counts[DP_XDP_REASON_COUNT])
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

static uint32_t action_of(struct world *w, const void *data, size_t n)
{
	LIBBPF_OPTS(
		bpf_test_run_opts, run, .data_in = data, .data_size_in = (uint32_t)n, .repeat = 1);

	assert_int_equal(bpf_prog_test_run_opts(w->program, &run), 0);
	return run.retval;
}

/* Runs the program on a frame: it must be counted once, and the action must be that of the reason. */
static enum dp_xdp_reason judge(struct world *w, const void *data, size_t n)
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

static void expect(struct world *w, const struct frame *f, enum dp_xdp_reason want)
{
	assert_string_equal(dp_xdp_reason_name(judge(w, f->b, f->n)), dp_xdp_reason_name(want));
}

static void put_ports(struct frame *f, unsigned sport, unsigned dport)
{
	put16(f, sport);
	put16(f, dport);
}

static void put_datagram(
	struct frame *f, unsigned sport, unsigned dport, const void *payload, size_t n)
{
	put_ports(f, sport, dport);
	put16(f, 8 + (unsigned)n);
	put16(f, 0);
	put(f, payload, n);
}

static struct frame udp4(unsigned sport, unsigned dport, const void *payload, size_t n)
{
	struct frame f = {.n = 0};

	put_ethernet(&f, TYPE_IP4);
	put_ip4(&f, UDP, 28 + (unsigned)n, 0, 0);
	put_datagram(&f, sport, dport, payload, n);
	return f;
}

static struct frame udp6(unsigned sport, unsigned dport, const void *payload, size_t n)
{
	struct frame f = {.n = 0};

	put_ethernet(&f, TYPE_IP6);
	put_ip6(&f, UDP, 8 + (unsigned)n);
	put_datagram(&f, sport, dport, payload, n);
	return f;
}

/* words: of the TCP header. */
static struct frame tcp4(unsigned sport, unsigned dport, unsigned words, const char *payload)
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

static void takes_nothing_before_it_is_configured(void **state)
{
	struct world *w = *state;
	struct frame f = udp4(5060, 5060, invite, strlen(invite));

	expect(w, &f, DP_XDP_not_ready);
	f = udp4(4000, 4002, rtp, sizeof(rtp));
	expect(w, &f, DP_XDP_not_ready);
}

static void mode_all_takes_everything(void **state)
{
	struct world *w = *state;
	struct frame f = udp4(53, 1024, "query", 5), arp = {.n = 0};

	configure(w, DP_XDP_ALL);
	expect(w, &f, DP_XDP_everything);
	put_ethernet(&arp, TYPE_ARP);
	put_zeros(&arp, 46);
	expect(w, &arp, DP_XDP_everything);
	arp.n = FRAME_MIN;
	expect(w, &arp, DP_XDP_everything);
}

static void voice_takes_sip_on_any_port(void **state)
{
	static const char *const starts[] = {"INVITE sip:", "ACK sip:b@c", "BYE sip:b@c",
		"CANCEL sip:", "OPTIONS sip:", "REGISTER sip:", "PRACK sip:b", "SUBSCRIBE s",
		"NOTIFY sip:", "PUBLISH sip:", "INFO sip:b@c", "REFER sip:b",
		"MESSAGE sip:", "UPDATE sip:", "SIP/2.0 200 OK", "sip/2.0 200 OK", "invite sip:bob",
		"\r\nINVITE sip:", "\r\n\r\nINVITE sip:b"};
	static const char *const others[] = {"GET / HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n",
		"\r\n\r\n\r\n\r\n\r\n\r\n", "INVITE", "\nINVITE sip:bob", "xINVITE sip:bob"};
	struct world *w = *state;
	struct frame f;

	configure(w, DP_XDP_VOICE);
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
		char message[64];

		snprintf(message, sizeof(message), "%s SIP/2.0\r\n", starts[i]);
		f = udp4(40000, 50000, message, strlen(message));
		expect(w, &f, DP_XDP_sip);
		f = udp6(40000, 50000, message, strlen(message));
		expect(w, &f, DP_XDP_sip);
		for (unsigned words = 5; words <= 15; words += 5) {
			f = tcp4(40000, 50000, words, message);
			expect(w, &f, DP_XDP_sip);
		}
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		f = udp4(40000, 50000, others[i], strlen(others[i]));
		expect(w, &f, DP_XDP_other);
		f = tcp4(40000, 50000, 5, others[i]);
		expect(w, &f, DP_XDP_other);
	}
}

static void voice_takes_media_on_any_port(void **state)
{
	const struct {
		const uint8_t *payload;
		size_t n;
		enum dp_xdp_reason want;
	} cases[] = {
		{rtp, sizeof(rtp), DP_XDP_rtp},
		{rtp, 12, DP_XDP_rtp},
		{rtp, 11, DP_XDP_other},
		{(const uint8_t[12]){0xbf, 0xff}, 12, DP_XDP_rtp},
		{(const uint8_t[12]){0x7f, 0x08}, 12, DP_XDP_other}, /* version 1 */
		{(const uint8_t[12]){0xc0, 0x08}, 12, DP_XDP_other}, /* version 3 */
		{rtcp, sizeof(rtcp), DP_XDP_rtcp},
		{rtcp, 8, DP_XDP_rtcp},
		{rtcp, 3, DP_XDP_other},
		{(const uint8_t[12]){0x80, 0xbf}, 12, DP_XDP_rtp},
		{(const uint8_t[12]){0x80, 0xdf}, 12, DP_XDP_rtcp},
		{(const uint8_t[12]){0x80, 0xe0}, 12, DP_XDP_rtp},
		{stun, sizeof(stun), DP_XDP_stun},
		{(const uint8_t[20]){0x40, [4] = 0x21, 0x12, 0xa4, 0x42}, 20, DP_XDP_other},
		{dtls, sizeof(dtls), DP_XDP_dtls},
		{channel, sizeof(channel), DP_XDP_turn},
		{(const uint8_t[19]){0x4f, 0xff, 0, 12, 0x80}, 19, DP_XDP_turn}, /* padding */
		{(const uint8_t[20]){0x4f, 0xff, 0, 12, 0x80}, 20, DP_XDP_other},
		{(const uint8_t[15]){0x4f, 0xff, 0, 12, 0x80}, 15, DP_XDP_other},
		{(const uint8_t[16]){0x50, 0, 0, 12, 0x80}, 16, DP_XDP_other},
		{(const uint8_t[13]){22, 0x03, 0x03}, 13, DP_XDP_other}, /* TLS */
		{rtp, 0, DP_XDP_other},
	};
	struct world *w = *state;
	struct frame f;

	configure(w, DP_XDP_VOICE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		f = udp4(4000, 4002, cases[i].payload, cases[i].n);
		expect(w, &f, cases[i].want);
		f = udp6(4000, 4002, cases[i].payload, cases[i].n);
		expect(w, &f, cases[i].want);
	}
	/* Channels of RFC 5766 at the ports of TURN only. */
	for (unsigned i = 0; i < 6; i++) {
		static const unsigned ports[] = {3478, 5349, 3477};
		const uint8_t high[16] = {0x7f, 0xfe, 0, 12, 0x80};
		unsigned port = ports[i % 3];

		f = udp4(i < 3 ? port : 4000, i < 3 ? 4000 : port, high, sizeof(high));
		expect(w, &f, port == 3477 ? DP_XDP_other : DP_XDP_turn);
	}
	/* Padding of a short frame is no payload. */
	f = udp4(4000, 4002, "", 0);
	put(&f, rtp, 18);
	expect(w, &f, DP_XDP_other);
	/* Media over TCP cannot be told from anything else. */
	f = tcp4(4000, 4002, 5, "\x80\x08\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01");
	expect(w, &f, DP_XDP_other);
}

static void voice_leaves_what_is_no_voice(void **state)
{
	struct world *w = *state;
	struct frame f = {.n = 0};

	configure(w, DP_XDP_VOICE);
	put_ethernet(&f, TYPE_ARP);
	put_zeros(&f, 46);
	expect(w, &f, DP_XDP_not_ip);
	f = (struct frame){.n = 0};
	put_ethernet(&f, TYPE_IP4);
	put_ip4(&f, 1, 84, 0, 0); /* ICMP */
	put(&f, rtp, 64);
	expect(w, &f, DP_XDP_other);
	f = udp4(53, 1024, "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12);
	expect(w, &f, DP_XDP_other);
}

/* By EtherType, by IP protocol, by UDP port; and only where what is voice is looked for. */
static void voice_takes_tunnels(void **state)
{
	static const unsigned types[] = {0x8847, 0x8848, 0x8864, 0x8926, 0x893f};
	static const uint8_t protocols[] = {4, 41, 47, 97, 115, 137};
	static const unsigned ports[] = {
		1701, 2152, 4754, 4789, 5247, 6081, 6635, 7932, 8472, 37008};
	static const uint8_t zeros[64];
	struct world *w = *state;

	for (unsigned listed = 0; listed < 2; listed++) {
		enum dp_xdp_reason want = listed ? DP_XDP_other : DP_XDP_tunnel;

		dp_xdp_close(w->xdp);
		configure(w, listed ? DP_XDP_LISTED : DP_XDP_VOICE);
		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
			struct frame f = {.n = 0};

			put_ethernet(&f, types[i]);
			put_zeros(&f, 64);
			expect(w, &f, listed ? DP_XDP_not_ip : DP_XDP_tunnel);
		}
		for (size_t i = 0; i < sizeof(protocols); i++) {
			struct frame f = {.n = 0};

			put_ethernet(&f, TYPE_IP4);
			put_ip4(&f, protocols[i], 84, 0, 0);
			put_zeros(&f, 64);
			expect(w, &f, want);
		}
		for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
			struct frame f = udp4(50000, ports[i], zeros, sizeof(zeros));

			expect(w, &f, want);
			f = udp4(ports[i], 50000, zeros, sizeof(zeros));
			expect(w, &f, want);
		}
	}
}

static void looks_through_vlan_tags(void **state)
{
	struct world *w = *state;

	configure(w, DP_XDP_VOICE);
	for (unsigned tags = 1; tags <= 9; tags++)
		for (unsigned outer = 0; outer < 2; outer++) {
			struct frame f = {.n = 0};

			put_ethernet(&f, outer ? TYPE_QINQ : TYPE_VLAN);
			for (unsigned i = 1; i <= tags; i++)
				put_vlan(&f, i, i < tags ? TYPE_VLAN : TYPE_IP4);
			put_ip4(&f, UDP, 28 + RTP_BYTES, 0, 0);
			put_datagram(&f, 4000, 4002, rtp, RTP_BYTES);
			expect(w, &f, tags <= PKT_VLAN_MAX ? DP_XDP_rtp : DP_XDP_malformed);
		}
}

static void looks_through_tags_before_ip6(void **state)
{
	struct world *w = *state;
	struct frame f = {.n = 0};

	configure(w, DP_XDP_VOICE);
	put_ethernet(&f, TYPE_QINQ);
	put_vlan(&f, 100, TYPE_VLAN);
	put_vlan(&f, 42, TYPE_IP6);
	put_ip6(&f, 0, 8 + 8 + sizeof(rtcp));
	put_extension(&f, UDP, 0, 8);
	put_datagram(&f, 4001, 4003, rtcp, sizeof(rtcp));
	expect(w, &f, DP_XDP_rtcp);
	f.b[16 + 4 + 1] ^= 0x10; /* ETHERTYPE of the inner tag: unknown */
	expect(w, &f, DP_XDP_not_ip);
}

static void looks_behind_ip4_options(void **state)
{
	struct world *w = *state;

	configure(w, DP_XDP_VOICE);
	for (unsigned words = 0; words <= 10; words++) {
		struct frame f = {.n = 0};

		put_ethernet(&f, TYPE_IP4);
		put_ip4(&f, UDP, 28 + words * 4 + RTP_BYTES, 0, words);
		put_datagram(&f, 4000, 4002, rtp, RTP_BYTES);
		expect(w, &f, DP_XDP_rtp);
		f.b[FRAME_MIN] = 0x44; /* a header shorter than 20 octets (RFC 791) */
		expect(w, &f, DP_XDP_malformed);
		f.b[FRAME_MIN] = 0x65; /* not version 4 */
		expect(w, &f, DP_XDP_malformed);
	}
}

static void looks_behind_ip6_extension_headers(void **state)
{
	/* RFC 8200, RFC 4302, RFC 6275, RFC 7401, RFC 5533: header, value of its length, octets. */
	static const struct {
		unsigned type, length;
		size_t octets;
	} cases[] = {{0, 0, 8}, {43, 2, 24}, {60, 255, 2048}, {135, 1, 16}, {139, 4, 40},
		{140, 0, 8}, {51, 4, 24}, {51, 2, 16}, {44, 99, 8}};
	struct world *w = *state;
	struct frame f;

	configure(w, DP_XDP_VOICE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (cases[i].octets > 1024)
			continue;
		f = (struct frame){.n = 0};
		put_ethernet(&f, TYPE_IP6);
		put_ip6(&f, cases[i].type, (unsigned)cases[i].octets + 8 + RTP_BYTES);
		put_extension(&f, UDP, cases[i].length, cases[i].octets);
		put_datagram(&f, 4000, 4002, rtp, RTP_BYTES);
		expect(w, &f, DP_XDP_rtp);
	}
	for (unsigned n = 1; n <= 9; n++) {
		f = (struct frame){.n = 0};
		put_ethernet(&f, TYPE_IP6);
		put_ip6(&f, 0, n * 8 + 8 + RTP_BYTES);
		for (unsigned i = 1; i <= n; i++)
			put_extension(&f, i < n ? 60 : UDP, 0, 8);
		put_datagram(&f, 4000, 4002, rtp, RTP_BYTES);
		expect(w, &f, n <= PKT_IP6_EXTENSIONS_MAX ? DP_XDP_rtp : DP_XDP_malformed);
	}
}

static struct frame ip6_fragment(unsigned offset_and_more)
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

static void takes_all_fragments(void **state)
{
	static const unsigned fragments[] = {0x2000, 0x2001, 0x00b9, 0x1fff};
	struct world *w = *state;
	struct frame f;

	for (unsigned mode = DP_XDP_VOICE; mode <= DP_XDP_LISTED; mode++) {
		dp_xdp_close(w->xdp);
		configure(w, mode);
		for (size_t i = 0; i < sizeof(fragments) / sizeof(*fragments); i++) {
			f = (struct frame){.n = 0};
			put_ethernet(&f, TYPE_IP4);
			put_ip4(&f, UDP, 60, fragments[i], 0);
			put_zeros(&f, 40);
			expect(w, &f, DP_XDP_fragment);
		}
		f = (struct frame){.n = 0};
		put_ethernet(&f, TYPE_IP4);
		put_ip4(&f, UDP, 60, 0x4000, 0); /* DF alone is none */
		put_datagram(&f, 1, 2, "nothing of voice", 16);
		expect(w, &f, DP_XDP_other);
		f = ip6_fragment(0x0001);
		expect(w, &f, DP_XDP_fragment);
		f = ip6_fragment(0x0ff8);
		expect(w, &f, DP_XDP_fragment);
		f = ip6_fragment(0x0006); /* reserved bits only: an atomic fragment (RFC 6946) */
		expect(w, &f, mode == DP_XDP_VOICE ? DP_XDP_rtp : DP_XDP_other);
	}
}

/* A frame cut within its headers is malformed; behind them it is what can be seen. */
static void expect_truncations(struct world *w, const struct frame *f, size_t headers)
{
	for (size_t n = FRAME_MIN; n < f->n; n++) {
		enum dp_xdp_reason reason = judge(w, f->b, n);

		if (n < headers && reason != DP_XDP_malformed)
			fail_msg("%zu of %zu octets are \"%s\"", n, f->n,
				dp_xdp_reason_name(reason));
		if (n >= headers && n < headers + 4)
			assert_int_equal(reason, DP_XDP_other);
	}
}

static void takes_no_frame_cut_in_its_headers(void **state)
{
	struct world *w = *state;
	struct frame f = udp4(4000, 4002, rtp, RTP_BYTES);

	configure(w, DP_XDP_VOICE);
	expect_truncations(w, &f, 14 + 20 + 8);
	f = tcp4(4000, 4002, 10, invite);
	expect_truncations(w, &f, 14 + 20 + 40);
	f = (struct frame){.n = 0};
	put_ethernet(&f, TYPE_QINQ);
	put_vlan(&f, 1, TYPE_VLAN);
	put_vlan(&f, 2, TYPE_IP6);
	put_ip6(&f, 0, 16 + 24 + 8 + RTP_BYTES);
	put_extension(&f, 51, 1, 16);
	put_extension(&f, UDP, 4, 24);
	put_datagram(&f, 4000, 4002, rtp, RTP_BYTES);
	expect_truncations(w, &f, 14 + 8 + 40 + 16 + 24 + 8);
	f = udp4(4000, 4002, rtp, RTP_BYTES);
	f.b[14 + 20 + 5] = 7; /* UDP's length is at least 8 (RFC 768) */
	f.b[14 + 20 + 4] = 0;
	expect(w, &f, DP_XDP_malformed);
	f = tcp4(4000, 4002, 5, invite);
	f.b[14 + 20 + 12] = 0x40; /* TCP's header is at least 20 octets (RFC 9293) */
	expect(w, &f, DP_XDP_malformed);
}

static void set_ports(struct world *w, unsigned first, unsigned last, bool is_added)
{
	struct dp_port_ranges ports = {.count = 1};

	ports.range[0].first = (uint16_t)first;
	ports.range[0].last = (uint16_t)last;
	assert_int_equal(dp_xdp_set_ports(w->xdp, &ports, is_added), 0);
}

static void expect_port(struct world *w, unsigned port, enum dp_xdp_reason want)
{
	struct frame f = udp4(port, 9, "x", 1);

	expect(w, &f, want);
	f = udp6(9, port, "x", 1);
	expect(w, &f, want);
	f = tcp4(9, port, 5, "x");
	expect(w, &f, want);
	f = tcp4(port, 9, 5, "");
	expect(w, &f, want);
}

static void takes_configured_ports(void **state)
{
	struct world *w = *state;

	for (unsigned mode = DP_XDP_VOICE; mode <= DP_XDP_LISTED; mode++) {
		dp_xdp_close(w->xdp);
		w->options.ports = (struct dp_port_ranges){.count = 2,
			.range = {{.first = 5060, .last = 5061}, {.first = 127, .last = 320}}};
		configure(w, mode);
		expect_port(w, 5059, DP_XDP_other);
		expect_port(w, 5060, DP_XDP_port);
		expect_port(w, 5061, DP_XDP_port);
		expect_port(w, 5062, DP_XDP_other);
		for (unsigned port = 126; port <= 321; port += port == 130 ? 186 : 1)
			expect_port(
				w, port, port >= 127 && port <= 320 ? DP_XDP_port : DP_XDP_other);
		set_ports(w, 5060, 5060, false);
		set_ports(w, 65535, 65535, true);
		expect_port(w, 5060, DP_XDP_other);
		expect_port(w, 5061, DP_XDP_port);
		expect_port(w, 65535, DP_XDP_port);
		expect_port(w, 65534, DP_XDP_other);
		set_ports(w, 1, 65535, true);
		expect_port(w, 31, DP_XDP_port);
		expect_port(w, 40000, DP_XDP_port);
		set_ports(w, 1, 65535, false);
		expect_port(w, 5061, DP_XDP_other);
	}
}

static void set_network(struct world *w, unsigned family, const char *address, unsigned prefix,
	bool is_added, int want)
{
	struct dp_networks networks = {
		.count = 1, .network = {{.family = (uint8_t)family, .prefix = (uint8_t)prefix}}};

	memcpy(networks.network[0].address, address, family == 4 ? 4 : 16);
	assert_int_equal(dp_xdp_set_networks(w->xdp, &networks, is_added), want);
}

static void takes_configured_networks(void **state)
{
	static const char source[] = "\xc0\x00\x02\x00", destination[] = "\xc6\x33\x64\x02";
	static const char six[16] = {0x20, 0x01, 0x0d, (char)0xb8};
	static const char ten[] = "\x0a\x00\x00\x00";
	struct world *w = *state;
	struct frame four = udp4(1, 2, "x", 1), other = udp6(1, 2, "x", 1), icmp = {.n = 0};

	configure(w, DP_XDP_LISTED);
	expect(w, &four, DP_XDP_other);
	set_network(w, 4, ten, 8, true, 0);
	expect(w, &four, DP_XDP_other);
	set_network(w, 4, source, 24, true, 0);
	set_network(w, 4, source, 24, true, 0); /* twice is once */
	expect(w, &four, DP_XDP_network);
	expect(w, &other, DP_XDP_other);
	put_ethernet(&icmp, TYPE_IP4);
	put_ip4(&icmp, 1, 28, 0x2000, 0);
	put_zeros(&icmp, 8);
	expect(w, &icmp, DP_XDP_network); /* whatever it is */
	set_network(w, 4, source, 24, false, 0);
	expect(w, &four, DP_XDP_other);
	set_network(w, 4, source, 24, false, -ENOENT);
	set_network(w, 4, destination, 32, true, 0);
	expect(w, &four, DP_XDP_network);
	set_network(w, 6, six, 32, true, 0);
	expect(w, &other, DP_XDP_network);
	set_network(w, 6, six, 32, false, 0);
	expect(w, &other, DP_XDP_other);
}

/* The frames' addresses: 192.0.2.1 to 198.51.100.2, 2001:db8::1 to 2001:db8::2. */
static void listed_takes_learnt_media(void **state)
{
	static const uint8_t dst4[16] = {198, 51, 100, 2}, src4[16] = {192, 0, 2, 1};
	static const uint8_t dst6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 2};
	struct world *w = *state;
	struct frame four = udp4(4000, 4002, rtp, RTP_BYTES);
	struct frame six = udp6(4000, 4002, rtp, RTP_BYTES);
	struct frame tcp = tcp4(4000, 4002, 5, "x");

	configure(w, DP_XDP_LISTED);
	expect(w, &four, DP_XDP_other);
	assert_int_equal(dp_xdp_learn(w->xdp, 4, dst4, 4000), 0); /* not this port */
	expect(w, &four, DP_XDP_other);
	assert_int_equal(dp_xdp_learn(w->xdp, 4, dst4, 4002), 0);
	assert_int_equal(dp_xdp_learn(w->xdp, 4, dst4, 4002), 0);
	assert_int_equal(dp_xdp_learnt(w->xdp), 2);
	expect(w, &four, DP_XDP_learnt);
	expect(w, &six, DP_XDP_other);
	expect(w, &tcp, DP_XDP_other);
	assert_int_equal(dp_xdp_forget(w->xdp, 4, dst4, 4002), 0);
	assert_int_equal(dp_xdp_forget(w->xdp, 4, dst4, 4002), 0);
	assert_int_equal(dp_xdp_learnt(w->xdp), 1);
	expect(w, &four, DP_XDP_other);
	assert_int_equal(dp_xdp_learn(w->xdp, 4, src4, 4000), 0); /* the sender's side */
	expect(w, &four, DP_XDP_learnt);
	assert_int_equal(dp_xdp_learn(w->xdp, 6, dst6, 4002), 0);
	expect(w, &six, DP_XDP_learnt);
	assert_int_equal(dp_xdp_refused(w->xdp), 0);
}

static void listed_does_not_look_at_payloads(void **state)
{
	struct world *w = *state;
	struct frame f = udp4(40000, 50000, invite, strlen(invite));

	configure(w, DP_XDP_LISTED);
	expect(w, &f, DP_XDP_other);
	f = udp4(40000, 50000, rtcp, sizeof(rtcp));
	expect(w, &f, DP_XDP_other);
}

static void drops_the_rest_when_told(void **state)
{
	struct world *w = *state;
	struct frame f = udp4(1, 2, "x", 1), media = udp4(4000, 4002, rtp, RTP_BYTES);

	w->options.rest = DP_XDP_REST_DROP;
	configure(w, DP_XDP_VOICE);
	expect(w, &f, DP_XDP_other);
	assert_int_equal(action_of(w, f.b, f.n), XDP_DROP);
	assert_int_equal(action_of(w, media.b, media.n), XDP_REDIRECT);
}

static void counts_what_no_socket_reads(void **state)
{
	struct world *w = *state;
	struct frame f = udp4(4000, 4002, rtp, RTP_BYTES);
	uint32_t queue = 0;

	for (unsigned mode = DP_XDP_ALL; mode <= DP_XDP_VOICE; mode++) {
		dp_xdp_close(w->xdp);
		configure(w, mode);
		assert_int_equal(bpf_map_update_elem(w->sockets, &queue, &w->socket, BPF_ANY), 0);
		expect(w, &f, mode == DP_XDP_ALL ? DP_XDP_everything : DP_XDP_rtp);
		assert_int_equal(bpf_map_delete_elem(w->sockets, &queue), 0);
		expect(w, &f, DP_XDP_no_socket);
	}
}

static void adds_up_its_counters(void **state)
{
	struct world *w = *state;
	struct frame f = udp4(4000, 4002, rtp, RTP_BYTES);
	uint64_t counts[DP_XDP_REASON_COUNT], sum = 0;

	configure(w, DP_XDP_VOICE);
	for (unsigned i = 0; i < 1000; i++)
		action_of(w, f.b, f.n);
	assert_int_equal(dp_xdp_counts(w->xdp, counts), 0);
	assert_int_equal(counts[DP_XDP_rtp], 1000);
	for (unsigned i = 0; i < DP_XDP_REASON_COUNT; i++)
		sum += counts[i];
	assert_int_equal(sum, 1000);
}

static void knows_how_processes_began(void **state)
{
	char command[128], line[64] = "";
	FILE *ps;

	(void)state;
	snprintf(command, sizeof(command), "awk '{print $22}' /proc/%d/stat", (int)getpid());
	ps = popen(command, "r");
	assert_non_null(ps);
	assert_non_null(fgets(line, sizeof(line), ps));
	pclose(ps);
	assert_int_equal(dp_xdp_process_start((uint32_t)getpid()), strtoull(line, NULL, 10));
	assert_int_equal(dp_xdp_process_start(UINT32_MAX), 0);
}

struct comparison {
	struct world *world;
	struct cls_db *db;
	struct cls_scratch *scratch;
	unsigned frames, voice;
};

/* Whatever the probe would make SIP or media of must get past the program in mode voice. */
static void compare(struct comparison *c, const uint8_t *frame, size_t n)
{
	struct pkt_view view;
	enum cls_kind kind = CLS_UNKNOWN;
	enum dp_xdp_reason reason;

	if (n < FRAME_MIN || n > 1500)
		return;
	reason = judge(c->world, frame, n);
	c->frames++;
	if (pkt_decode(PKT_LINK_ETHERNET, bytes_of(frame, n), &view) == PKT_OK)
		kind = cls_payload(c->db, c->scratch, view.payload);
	if (view.flow.proto == PKT_TCP && kind != CLS_SIP)
		return;
	if (kind == CLS_UNKNOWN)
		return;
	c->voice++;
	if (reason >= DP_XDP_other)
		fail_msg("a frame of %zu octets is %s to the probe, but \"%s\" to the program", n,
			cls_kind_name(kind), dp_xdp_reason_name(reason));
}

/* Mutations of good frames: one octet at a time, all of the headers. */
static void compare_mutations(struct comparison *c, struct frame f)
{
	for (size_t i = FRAME_MIN - 2; i < 80 && i < f.n; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			f.b[i] ^= (uint8_t)(1U << bit);
			compare(c, f.b, f.n);
			f.b[i] ^= (uint8_t)(1U << bit);
		}
}

static void compare_corpus(struct comparison *c)
{
	static const char folder[] = SOURCE_ROOT "/tests/fuzz/corpus/pkt_decode";
	DIR *dir = opendir(folder);
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char path[512];
		uint8_t data[2048];
		FILE *file;
		size_t n;

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		file = entry->d_name[0] == '.' ? NULL : fopen(path, "rb");
		if (!file)
			continue;
		n = fread(data, 1, sizeof(data), file);
		fclose(file);
		/* Seeds begin with the link type and where to cut. */
		if (n > 2 && data[0] == PKT_LINK_ETHERNET)
			compare(c, data + 2, n - 2);
	}
	closedir(dir);
}

static void voice_takes_what_the_probe_would_work_on(void **state)
{
	struct comparison c = {.world = *state};

	configure(c.world, DP_XDP_VOICE);
	assert_int_equal(cls_db_create(&c.db), 0);
	assert_int_equal(cls_scratch_create(c.db, &c.scratch), 0);
	compare_corpus(&c);
	compare_mutations(&c, udp4(4000, 4002, rtp, 64));
	compare_mutations(&c, udp6(4001, 4003, rtcp, sizeof(rtcp)));
	compare_mutations(&c, udp4(4000, 4002, stun, sizeof(stun)));
	compare_mutations(&c, udp4(4000, 3478, channel, sizeof(channel)));
	compare_mutations(&c, ip6_fragment(0));
	assert_true(c.frames > 1000 && c.voice > 500);
	cls_scratch_destroy(c.scratch);
	cls_db_destroy(c.db);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(takes_nothing_before_it_is_configured),
		CASE(mode_all_takes_everything),
		CASE(voice_takes_sip_on_any_port),
		CASE(voice_takes_media_on_any_port),
		CASE(voice_leaves_what_is_no_voice),
		CASE(voice_takes_tunnels),
		CASE(looks_through_vlan_tags),
		CASE(looks_through_tags_before_ip6),
		CASE(looks_behind_ip4_options),
		CASE(looks_behind_ip6_extension_headers),
		CASE(takes_all_fragments),
		CASE(takes_no_frame_cut_in_its_headers),
		CASE(takes_configured_ports),
		CASE(takes_configured_networks),
		CASE(listed_takes_learnt_media),
		CASE(listed_does_not_look_at_payloads),
		CASE(drops_the_rest_when_told),
		CASE(counts_what_no_socket_reads),
		CASE(adds_up_its_counters),
		CASE(knows_how_processes_began),
		CASE(voice_takes_what_the_probe_would_work_on),
	};
	struct world probe = {0};
	int err;

	dp_xdp_log_init();
	err = load(&probe);
	if (err == -EPERM) {
		puts("1..0 # SKIP the kernel lets only root (CAP_BPF) load an XDP program");
		return 0;
	}
	if (!err)
		bpf_object__close(probe.object);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
