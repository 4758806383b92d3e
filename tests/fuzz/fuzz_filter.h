/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes become a libpcap expression (pcap-filter(7)): each says what stands next, and none any more
 * ends it.
 * Owner: none. Threads: one; no state. */
#ifndef FUZZ_FILTER_H
#define FUZZ_FILTER_H

#include <stdio.h>

#include "bytes.h"

enum {
	FILTER_TEXT_MAX = 4096,
	FILTER_DEPTH_MAX = 4,
	FILTER_PARTS_MAX = 7, /* of ten and more DPDK may verify for minutes */
};

struct filter_text {
	struct bytes in;
	char *out;
	size_t n;
	unsigned parts;
};

static inline unsigned filter_next(struct filter_text *t)
{
	unsigned v = t->in.n ? t->in.p[0] : 0;

	t->in = bytes_skip(t->in, 1);
	return v;
}

static inline void filter_put(struct filter_text *t, const char *text)
{
	t->n += (size_t)snprintf(t->out + t->n, FILTER_TEXT_MAX - t->n, "%s", text);
	if (t->n >= FILTER_TEXT_MAX)
		t->n = FILTER_TEXT_MAX - 1;
}

static inline void filter_put_of(struct filter_text *t, const char *const *words, unsigned count)
{
	filter_put(t, words[filter_next(t) % count]);
}

#define FILTER_PUT_OF(t, words) filter_put_of(t, words, sizeof(words) / sizeof((words)[0]))

static inline void filter_number(struct filter_text *t)
{
	static const char *const numbers[] = {"0", "1", "2", "4", "8", "0x0f", "20", "127", "128",
		"0x80", "0xc0", "0xff", "256", "0x1fff", "0x8000", "0xffff", "0x10000",
		"0x7fffffff", "0x80000000", "0xffffff80", "0xffffffff"};
	char text[16];

	if (filter_next(t) & 1) {
		FILTER_PUT_OF(t, numbers);
		return;
	}
	snprintf(text, sizeof(text), "%u", filter_next(t));
	filter_put(t, text);
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as FILTER_DEPTH_MAX */
static inline void filter_value(struct filter_text *t, unsigned depth)
{
	static const char *const protocols[] = {"ether", "ip", "ip6", "udp", "tcp", "icmp", "arp"};
	static const char *const operators[] = {
		" + ", " - ", " * ", " / ", " % ", " & ", " | ", " ^ ", " << ", " >> "};
	static const char *const sizes[] = {"]", ":1]", ":2]", ":4]"};
	unsigned what = t->in.n && depth < FILTER_DEPTH_MAX ? filter_next(t) % 8 : 0;

	switch (what) {
	case 0:
	case 1:
		filter_number(t);
		break;
	case 2:
		filter_put(t, "len");
		break;
	case 3:
	case 4:
	case 5:
		FILTER_PUT_OF(t, protocols);
		filter_put(t, "[");
		filter_value(t, depth + (what == 5 ? 1 : FILTER_DEPTH_MAX));
		FILTER_PUT_OF(t, sizes);
		break;
	default:
		filter_put(t, "(");
		filter_value(t, depth + 1);
		FILTER_PUT_OF(t, operators);
		filter_value(t, depth + 1);
		filter_put(t, ")");
		break;
	}
}

static inline void filter_primitive(struct filter_text *t)
{
	static const char *const words[] = {"udp", "tcp", "icmp", "arp", "ip", "ip6", "sctp",
		"vlan", "vlan 20", "mpls", "mpls 7", "pppoes", "udp port 5060", "tcp dst port 5060",
		"port 5060", "portrange 5060-5061", "src portrange 1000-40000", "host 192.0.2.1",
		"src host 192.0.2.2", "net 192.0.2.0/24", "dst net 192.0.0.0/16",
		"host 2001:db8::1", "src net 2001:db8::/32", "ether host 2:0:0:0:0:1",
		"ether src 2:0:0:0:0:2", "ether broadcast", "ether multicast", "ip multicast",
		"greater 64", "less 60", "ip proto 17", "ip6 proto 17", "ip6 protochain 17",
		"ip protochain 17", "ether proto 0x800", "geneve", "llc",
		"tcp[tcpflags] & tcp-syn != 0", "icmp[icmptype] = icmp-echo"};
	static const char *const relations[] = {" = ", " != ", " > ", " < ", " >= ", " <= "};

	if (++t->parts > FILTER_PARTS_MAX)
		t->in = BYTES_NONE;
	if (!t->in.n || filter_next(t) & 1) {
		FILTER_PUT_OF(t, words);
		return;
	}
	filter_value(t, 0);
	FILTER_PUT_OF(t, relations);
	filter_value(t, 0);
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as FILTER_DEPTH_MAX */
static inline void filter_expression(struct filter_text *t, unsigned depth)
{
	unsigned what = t->in.n && depth < FILTER_DEPTH_MAX ? filter_next(t) % 6 : 5;

	if (what > 2) {
		filter_primitive(t);
		return;
	}
	filter_put(t, what == 2 ? "not (" : "(");
	filter_expression(t, depth + 1);
	if (what < 2) {
		filter_put(t, what ? ") and (" : ") or (");
		filter_expression(t, depth + 1);
	}
	filter_put(t, ")");
}

static inline void filter_write(char text[FILTER_TEXT_MAX], struct bytes how)
{
	struct filter_text t = {how, text, 0, 0};

	text[0] = 0;
	filter_expression(&t, 0);
}

#endif
