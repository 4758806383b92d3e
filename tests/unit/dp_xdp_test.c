/* SPDX-License-Identifier: BSD-3-Clause */
/* What the XDP program takes in each mode, and why. */
#include "dp_xdp_case.h"

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

/* In place of the EtherType stands a length; other LLC is for the host, as spanning tree. */
static void voice_takes_snap(void **state)
{
	static const struct {
		unsigned type;
		const char *llc;
		enum dp_xdp_reason want;
	} cases[] = {
		{72, "\xaa\xaa\x03\0\0\0\x08\0", DP_XDP_tunnel},
		{72, "\xaa\xaa\x03\0\0\x0c\x20\0", DP_XDP_not_ip},
		{72, "\x42\x42\x03\0\0\0\x08\0", DP_XDP_not_ip},
		{1501, "\xaa\xaa\x03\0\0\0\x08\0", DP_XDP_not_ip},
	};
	struct world *w = *state;
	struct frame f;

	configure(w, DP_XDP_VOICE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f.n = 0;
		put_ethernet(&f, cases[i].type);
		put(&f, cases[i].llc, 8);
		put_zeros(&f, 64);
		expect(w, &f, cases[i].want);
	}
	f.n = 0;
	put_ethernet(&f, 0x8100);
	put_vlan(&f, 5, 72);
	put(&f, cases[0].llc, 8);
	put_zeros(&f, 64);
	expect(w, &f, DP_XDP_tunnel);
	f.n = 18 + 7;
	expect(w, &f, DP_XDP_not_ip);
	/* Addresses that look like it, before more tags than are looked through. */
	f.n = 0;
	put_ethernet(&f, 0x8100);
	for (unsigned i = 0; i <= PKT_VLAN_MAX; i++)
		put_vlan(&f, 5, 0x8100);
	memcpy(f.b, cases[0].llc, 8);
	expect(w, &f, DP_XDP_malformed);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(takes_nothing_before_it_is_configured),
		CASE(mode_all_takes_everything),
		CASE(voice_takes_sip_on_any_port),
		CASE(voice_takes_media_on_any_port),
		CASE(voice_leaves_what_is_no_voice),
		CASE(voice_takes_snap),
		CASE(voice_takes_tunnels),
		CASE(looks_through_vlan_tags),
		CASE(looks_through_tags_before_ip6),
		CASE(looks_behind_ip4_options),
		CASE(looks_behind_ip6_extension_headers),
		CASE(takes_all_fragments),
		CASE(takes_no_frame_cut_in_its_headers),
	};

	return can_load() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
