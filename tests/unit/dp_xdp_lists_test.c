/* SPDX-License-Identifier: BSD-3-Clause */
/* What the XDP program takes by its lists, learnt media, and the counters of all. */
#include "dp_xdp_case.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(takes_configured_ports),
		CASE(takes_configured_networks),
		CASE(listed_takes_learnt_media),
		CASE(listed_does_not_look_at_payloads),
		CASE(drops_the_rest_when_told),
		CASE(counts_what_no_socket_reads),
		CASE(adds_up_its_counters),
		CASE(knows_how_processes_began),
	};

	return can_load() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
