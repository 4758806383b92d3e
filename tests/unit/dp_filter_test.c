/* SPDX-License-Identifier: BSD-3-Clause */
/* Filters choose what libpcap's own interpreter chooses: every expression on every frame, cut anywhere. */
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>

#include <rte_mbuf.h>

#include "dp_filter.h"
#include "dp_meta.h"
#include "dp_rx.h"
#include "dp_unit.h"
#include "unit.h"

enum {
	FRAME_MAX = 128,
};

static const char *const expressions[] = {"udp", "tcp", "icmp", "arp", "ip", "ip6", "vlan",
	"vlan 20 and udp", "mpls", "pppoes and udp", "udp port 5060", "tcp port 5060", "port 5060",
	"portrange 5060-5061", "src port 5060 and dst portrange 1000-40000", "host 192.0.2.1",
	"src host 192.0.2.1", "net 192.0.2.0/24", "not net 192.0.0.0/16", "host 2001:db8::1",
	"src net 2001:db8::/32 and not udp", "ether host 2:0:0:0:0:1", "ether[0] & 1 != 0",
	"ether broadcast", "ether multicast", "ip multicast", "greater 64", "less 60",
	"len > 50 and len < 90", "ip[8] > 60", "ip[8] & 0x40 != 0", "ip[8] & 0x80 != 0",
	"ip[8] & 1 = 0", "ip[6:2] & 0x1fff = 0", "ip[6:2] & 0x4000 != 0", "ip[1] >> 2 = 46",
	"ip[1] & 0xfc = 0xb8", "ip[2:2] - 28 > 10", "ip[2:2] * 2 < 100", "ip[2:2] / 4 = 12",
	"ip[12:4] = 0xc0000201", "ip[12:4] ^ ip[16:4] = 3", "ip[12:4] % 7 = 3", "ip[9] | 1 = 17",
	"udp[8] = 0x80", "udp[8] & 0xc0 = 0x80", "udp[8] & 0x40 != 0", "udp[8:2] = 0x8000",
	"udp[9] & 0x7f = 0", "udp[9] & 0x7f < 96", "udp[8:4] = 0x494e5649",
	"udp[4:2] > 20 and (udp[8] = 0x49 or udp[8] = 0x53)", "tcp[13] & 2 != 0",
	"tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", "tcp[12] >> 4 = 5", "ip6[6] = 17",
	"ip[12:4] >> ip[8] = 0", "ip[12:4] << (ip[8] - 40) = 0", "ip6 protochain 17",
	"ip[ip[2:2] - 86:4] = 0", "udp[0xffffff80] = 0", "ether[0x80000000] = 0",
	/* Of these DPDK 22.11's machine code jumps amid instructions. */
	"not ((not udp[8] & 0xc0 = 0x80 and (vlan 502 or host 10.179.113.76)) or tcp port 2103)",
	"(not (udp and port 44382) and udp[8] & 0xc0 = 0x80) or port 21402",
	"not ip[8] > 181 or (tcp port 60979 or ((vlan 2846 or net 10.142.0.0/16) or net 10.65.0.0/16))",

	"ip6[40:2] = 5060", "udp[ip[8]] = 0", "tcp[(tcp[12] & 0xf0) >> 2] = 0x49",
	"((tcp[12] & 0xf0) >> 2) + 20 < ip[2:2]",
	"udp and (port 5060 or udp[8] & 0xc0 = 0x80) and not host 192.0.2.9"};

struct frame {
	uint8_t b[FRAME_MAX];
	size_t n;
};

static void put(struct frame *f, const char *octets, size_t n)
{
	memcpy(f->b + f->n, octets, n);
	f->n += n;
}

#define PUT(f, s) put(f, s, sizeof(s) - 1)

/* number: bits say VLAN, IPv6 or IPv4, options, TCP or UDP, a fragment, RTP or SIP. */
static void make(struct frame *f, unsigned number)
{
	bool is_tcp = number & 8;

	f->n = 0;
	PUT(f, "\2\0\0\0\0\1\2\0\0\0\0\2");
	if (number & 1)
		PUT(f, "\x81\0\0\x14");
	if (number & 2) {
		PUT(f, "\x86\xdd\x6b\x80\0\0\0\x20");
		put(f, is_tcp ? "\6\x40" : "\x11\x40", 2);
		PUT(f, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2");
	} else {
		PUT(f, "\x08\0");
		put(f, number & 4 ? "\x46\xb8\0\x48\0\7" : "\x45\xb8\0\x44\0\7", 6);
		put(f, number & 16 ? "\x20\7" : "\x40\0", 2);
		put(f, is_tcp ? "\x40\6\0\0" : "\x3f\x11\0\0", 4);
		PUT(f, "\xc0\0\2\1\xc0\0\2\2");
		if (number & 4)
			PUT(f, "\1\1\1\1");
	}
	PUT(f, "\x13\xc4\x13\xc5");
	if (is_tcp)
		PUT(f, "\0\0\0\1\0\0\0\1\x50\2\1\0\0\0\0\0");
	else
		PUT(f, "\0\x20\0\0");
	if (number & 32)
		PUT(f, "INVITE sip:a SIP/2.0");
	else
		PUT(f, "\x80\0\0\1\0\0\0\xa0\0\0\0\x99"
		       "IJKLMNOP");
}

static bool dataplane_chooses(
	const struct dp_filter *filter, struct rte_mempool *pool, const struct frame *f, size_t n)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	bool chosen;

	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, (uint16_t)n), f->b, n);
	dp_meta(m)->link = DP_LINK_ETHERNET;
	chosen = dp_filter_burst(filter, &m, 1);
	rte_pktmbuf_free(m);
	return chosen;
}

static void compare(const char *expression, struct rte_mempool *pool, unsigned *chosen)
{
	pcap_t *pcap = pcap_open_dead(DLT_EN10MB, 65535);
	struct bpf_program code;
	struct dp_filter *filter;
	char error[256];

	assert_int_equal(pcap_compile(pcap, &code, expression, 1, PCAP_NETMASK_UNKNOWN), 0);
	assert_int_equal(dp_filter_create(expression, &filter, error, sizeof(error)), 0);
	for (unsigned number = 0; number < 64; number++) {
		struct frame f;

		make(&f, number);
		for (size_t n = 14; n <= f.n; n++) {
			bool want = bpf_filter(code.bf_insns, f.b, (u_int)n, (u_int)n);

			*chosen += want;
			if (dataplane_chooses(filter, pool, &f, n) != want)
				fail_msg("\"%s\" on frame %u cut to %zu: %d", expression, number, n,
					!want);
		}
	}
	dp_filter_destroy(filter);
	pcap_freecode(&code);
	pcap_close(pcap);
}

static void chooses_as_libpcap_does(void **state)
{
	struct rte_mempool *pool = rte_pktmbuf_pool_create("filter", 64, 0, 0, 2048, SOCKET_ID_ANY);
	unsigned chosen = 0;

	(void)state;
	assert_non_null(pool);
	for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++)
		compare(expressions[i], pool, &chosen);
	assert_true(chosen > 10000);
	rte_mempool_free(pool);
}

static void most_are_native(void **state)
{
	static const char *const usual[] = {"udp port 5060",
		"host 192.0.2.1 and tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420",
		"host 192.0.2.1 and udp port 5060", "vlan and udp portrange 10000-20000"};
	struct dp_filter *filter;
	char error[256];

	(void)state;
	for (unsigned i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		assert_int_equal(dp_filter_create(usual[i], &filter, error, sizeof(error)), 0);
#ifdef RTE_ARCH_X86_64
		assert_true(dp_filter_is_native(filter));
#endif
		dp_filter_destroy(filter);
	}
}

/* The verifier's time doubles with each. */
static void many_nets_with_ports_are_ready_at_once(void **state)
{
	struct rte_mempool *pool = rte_pktmbuf_pool_create("nets", 64, 0, 0, 2048, SOCKET_ID_ANY);
	char expression[4096];
	unsigned chosen = 0;
	int n = 0;

	(void)state;
	for (unsigned i = 0; i < 40; i++)
		n += snprintf(expression + n, sizeof(expression) - (size_t)n,
			"%s(net %u.0.2.0/24 and port %u)", i ? " or " : "", 192 - i, 5060 + i);
	compare(expression, pool, &chosen);
	assert_true(chosen > 100);
	rte_mempool_free(pool);
}

static void keeps_the_order_of_a_burst(void **state)
{
	struct rte_mempool *pool = rte_pktmbuf_pool_create("burst", 64, 0, 0, 2048, SOCKET_ID_ANY);
	struct rte_mbuf *in[DP_BURST], *burst[DP_BURST];
	struct dp_filter *filter;
	char error[256];
	unsigned udp = 0;

	(void)state;
	assert_int_equal(dp_filter_create("udp", &filter, error, sizeof(error)), 0);
	for (unsigned i = 0; i < DP_BURST; i++) {
		struct frame f;

		make(&f, i % 3 ? 8 : 0); /* two of three are TCP */
		in[i] = burst[i] = rte_pktmbuf_alloc(pool);
		memcpy(rte_pktmbuf_append(in[i], (uint16_t)f.n), f.b, f.n);
		dp_meta(in[i])->link = DP_LINK_ETHERNET;
	}
	assert_int_equal(dp_filter_burst(filter, burst, DP_BURST), (DP_BURST + 2) / 3);
	for (unsigned i = 0; i < DP_BURST; i += 3)
		assert_ptr_equal(burst[udp++], in[i]);
	for (unsigned i = 0; i < DP_BURST; i++)
		if (i % 3)
			assert_ptr_equal(burst[udp++], in[i]);
	rte_pktmbuf_free_bulk(burst, DP_BURST);
	dp_filter_destroy(filter);
	rte_mempool_free(pool);
}

static void says_what_is_wrong(void **state)
{
	struct dp_filter *filter = (void *)1;
	char error[256] = "";

	(void)state;
	assert_int_equal(dp_filter_check("udp prot", error, sizeof(error)), -EINVAL);
	assert_non_null(strstr(error, "syntax error"));
	assert_int_equal(dp_filter_create("port 99999", &filter, error, sizeof(error)), -EINVAL);
	assert_null(filter);
	assert_int_equal(dp_filter_check("inbound", error, sizeof(error)), -EINVAL);
	assert_string_equal(error, "asks for what no frame says");
	assert_int_equal(
		dp_filter_create("geneve or geneve", &filter, error, sizeof(error)), -EINVAL);
	assert_null(filter);
	assert_int_equal(dp_filter_check("udp", error, sizeof(error)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chooses_as_libpcap_does),
		cmocka_unit_test(most_are_native),
		cmocka_unit_test(many_nets_with_ports_are_ready_at_once),
		cmocka_unit_test(keeps_the_order_of_a_burst),
		cmocka_unit_test(says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, start_eal, stop_eal);
}
