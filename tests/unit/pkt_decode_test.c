/* SPDX-License-Identifier: BSD-3-Clause */
/* Frame decoding: every link type, tags, IPv4, UDP and TCP, and each reason for refusal. Extension
 * headers are in pkt_decode_ip6_test.c. */
#include "frame.h"
#include "pkt_decode.h"

static struct frame udp4_frame(void)
{
	struct frame f = {.n = 0};

	put_ethernet(&f, 0x0800);
	put_ip4(&f, 17, 36, 0x4000, 0);
	put_udp(&f, 16);
	put(&f, text, 8);
	return f;
}

static void reads_udp_over_ipv4(void **state)
{
	struct frame f = udp4_frame();
	struct pkt_view view;

	(void)state;
	assert_int_equal(decode(&f, &view), PKT_OK);
	expect_text(&view);
	assert_int_equal(view.flow.family, 4);
	assert_int_equal(view.flow.proto, PKT_UDP);
	assert_int_equal(view.flow.sport, 5060);
	assert_int_equal(view.flow.dport, 16384);
	assert_memory_equal(view.flow.src.b, ((uint8_t[16]){192, 0, 2, 1}), 16);
	assert_memory_equal(view.flow.dst.b, ((uint8_t[16]){198, 51, 100, 2}), 16);
	assert_int_equal(view.tos, 0xb8);
	assert_int_equal(view.ttl, 63);
	assert_int_equal(view.vlan, 0);
	assert_true(view.has_mac);
	assert_memory_equal(view.src_mac, src_mac, 6);
	assert_memory_equal(view.dst_mac, dst_mac, 6);
}

static void reads_tcp_over_ipv6(void **state)
{
	struct frame f = {.n = 0};
	struct pkt_view view;

	(void)state;
	put_ethernet(&f, 0x86dd);
	put_ip6(&f, 6, 32 + 8);
	put_tcp(&f, 8);
	put(&f, text, 8);
	assert_int_equal(decode(&f, &view), PKT_OK);
	expect_text(&view);
	assert_int_equal(view.flow.family, 6);
	assert_int_equal(view.flow.proto, PKT_TCP);
	assert_int_equal(view.flow.sport, 5060);
	assert_int_equal(view.flow.dport, 16384);
	assert_memory_equal(view.flow.src.b, ((uint8_t[16]){0x20, 0x01, 0x0d, 0xb8, [15] = 1}), 16);
	assert_memory_equal(view.flow.dst.b, ((uint8_t[16]){0x20, 0x01, 0x0d, 0xb8, [15] = 2}), 16);
	assert_int_equal(view.tos, 0xb8);
	assert_int_equal(view.ttl, 64);
	assert_int_equal(view.tcp_seq, 0x01020304);
	assert_int_equal(view.tcp_flags, 0x18);
}

static void reads_past_ipv4_options(void **state)
{
	struct frame f = {.n = 0};
	struct pkt_view view;

	(void)state;
	put_ethernet(&f, 0x0800);
	put_ip4(&f, 17, 76, 0, 10);
	put_udp(&f, 16);
	put(&f, text, 8);
	assert_int_equal(decode(&f, &view), PKT_OK);
	expect_text(&view);
}

/* Ethernet pads payloads below 46 octets, and some cards hand over the FCS too. */
static void never_takes_ethernet_padding_for_payload(void **state)
{
	struct frame f = udp4_frame();
	struct pkt_view view;

	(void)state;
	put_zeros(&f, 22);
	assert_int_equal(decode(&f, &view), PKT_OK);
	expect_text(&view);

	f.n = 0;
	put_ethernet(&f, 0x0800);
	put_ip4(&f, 6, 40, 0, 0);
	put_tcp(&f, 5);
	put_zeros(&f, 6);
	expect_status(&f, PKT_l4_empty);
}

static void prefers_a_shorter_udp_length_to_the_ip_length(void **state)
{
	struct frame f = {.n = 0};
	struct pkt_view view;

	(void)state;
	put_ethernet(&f, 0x0800);
	put_ip4(&f, 17, 40, 0, 0);
	put_udp(&f, 16);
	put(&f, "payload!more", 12);
	assert_int_equal(decode(&f, &view), PKT_OK);
	expect_text(&view);
}

static void takes_a_zero_ip_length_as_the_end_of_the_frame(void **state)
{
	struct frame f = {.n = 0};
	struct pkt_view view;

	(void)state;
	put_ethernet(&f, 0x0800);
	put_ip4(&f, 6, 0, 0, 0);
	put_tcp(&f, 5);
	put(&f, text, 8);
	assert_int_equal(decode(&f, &view), PKT_OK);
	expect_text(&view);

	f.n = 0;
	put_ethernet(&f, 0x86dd);
	put_ip6(&f, 6, 0);
	put_tcp(&f, 5);
	put(&f, text, 8);
	assert_int_equal(decode(&f, &view), PKT_OK);
	expect_text(&view);
}

static void returns_what_the_capture_left_of_a_payload(void **state)
{
	struct frame f = udp4_frame();
	struct pkt_view view;

	(void)state;
	f.n -= 5;
	assert_int_equal(decode(&f, &view), PKT_OK);
	assert_int_equal(view.payload.n, 3);
	assert_int_equal(view.payload_wire, 8);
	f.n -= 3;
	expect_status(&f, PKT_payload_cut);
	f.n -= 1;
	expect_status(&f, PKT_l4_short);
}

static void reports_the_outermost_vlan_that_has_an_id(void **state)
{
	static const unsigned types[] = {0x8100, 0x88a8, 0x9100};
	struct pkt_view view;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct frame f = {.n = 0};

		put_ethernet(&f, types[i]);
		put_vlan(&f, 0, types[(i + 1) % 3]);
		put_vlan(&f, 0x123, 0x8100);
		put_vlan(&f, 0x456, 0x0800);
		put_ip4(&f, 17, 36, 0, 0);
		put_udp(&f, 16);
		put(&f, text, 8);
		assert_int_equal(decode(&f, &view), PKT_OK);
		expect_text(&view);
		assert_int_equal(view.vlan, 0x123);
	}
}

static void looks_through_eight_tags_and_no_more(void **state)
{
	struct pkt_view view;

	(void)state;
	for (unsigned tags = 1; tags <= PKT_VLAN_MAX + 1; tags++) {
		struct frame f = {.n = 0};

		put_ethernet(&f, 0x8100);
		for (unsigned i = 1; i <= tags; i++)
			put_vlan(&f, i, i == tags ? 0x86dd : 0x8100);
		put_ip6(&f, 17, 16);
		put_udp(&f, 16);
		put(&f, text, 8);
		if (tags > PKT_VLAN_MAX) {
			expect_status(&f, PKT_link_vlan_deep);
			continue;
		}
		assert_int_equal(decode(&f, &view), PKT_OK);
		expect_text(&view);
		assert_int_equal(view.vlan, 1);
	}
}

static void reads_linux_cooked_frames(void **state)
{
	/* To us, Ethernet, address of 6 octets, padded to 8. */
	static const uint8_t sll[] = {0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 5, 0, 0};
	/* After the protocol: reserved, interface 3, Ethernet, to us, address of 6 octets. */
	static const uint8_t sll2[] = {0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 0, 0, 0, 0, 5, 0, 0};
	struct frame f = {.n = 0};
	struct pkt_view view;

	(void)state;
	put(&f, sll, sizeof(sll));
	put16(&f, 0x8100);
	put_vlan(&f, 77, 0x0800);
	put_ip4(&f, 17, 36, 0, 0);
	put_udp(&f, 16);
	put(&f, text, 8);
	assert_int_equal(decode_as(PKT_LINK_SLL, &f, &view), PKT_OK);
	expect_text(&view);
	assert_int_equal(view.vlan, 77);
	assert_false(view.has_mac);
	f.n = 15;
	assert_int_equal(decode_as(PKT_LINK_SLL, &f, &view), PKT_link_short);

	f.n = 0;
	put16(&f, 0x86dd);
	put(&f, sll2, sizeof(sll2));
	put_ip6(&f, 17, 16);
	put_udp(&f, 16);
	put(&f, text, 8);
	assert_int_equal(decode_as(PKT_LINK_SLL2, &f, &view), PKT_OK);
	expect_text(&view);
	assert_false(view.has_mac);
	f.n = 19;
	assert_int_equal(decode_as(PKT_LINK_SLL2, &f, &view), PKT_link_short);
}

static void reads_raw_ip_frames(void **state)
{
	struct frame f = {.n = 0};
	struct pkt_view view;

	(void)state;
	assert_int_equal(decode_as(PKT_LINK_RAW, &f, &view), PKT_ip_short);
	put_ip4(&f, 17, 36, 0, 0);
	put_udp(&f, 16);
	put(&f, text, 8);
	assert_int_equal(decode_as(PKT_LINK_RAW, &f, &view), PKT_OK);
	expect_text(&view);
	assert_false(view.has_mac);

	f.n = 0;
	put_ip6(&f, 17, 16);
	put_udp(&f, 16);
	put(&f, text, 8);
	assert_int_equal(decode_as(PKT_LINK_RAW, &f, &view), PKT_OK);
	expect_text(&view);
	f.b[0] = 0x50;
	assert_int_equal(decode_as(PKT_LINK_RAW, &f, &view), PKT_not_ip);
}

static void reads_loopback_frames_in_both_byte_orders(void **state)
{
	static const uint8_t families[] = {2, 10, 24, 28, 30};
	struct pkt_view view;

	(void)state;
	for (unsigned i = 0; i < 2 * sizeof(families); i++) {
		uint8_t family = families[i / 2];
		struct frame f = {.n = 0};

		put(&f, i % 2 ? (uint8_t[]){0, 0, 0, family} : (uint8_t[]){family, 0, 0, 0}, 4);
		if (family == 2)
			put_ip4(&f, 17, 36, 0, 0);
		else
			put_ip6(&f, 17, 16);
		put_udp(&f, 16);
		put(&f, text, 8);
		assert_int_equal(decode_as(PKT_LINK_NULL, &f, &view), PKT_OK);
		expect_text(&view);
		assert_int_equal(view.flow.family, family == 2 ? 4 : 6);
		f.b[0] = 7; /* no family we know, in either order */
		assert_int_equal(decode_as(PKT_LINK_NULL, &f, &view), PKT_not_ip);
		f.n = 3;
		assert_int_equal(decode_as(PKT_LINK_NULL, &f, &view), PKT_link_short);
	}
}

static void leaves_fragments_to_reassembly(void **state)
{
	/* First, middle and last fragment: more-fragments bit, offset in units of 8. */
	static const unsigned fields[] = {0x2000, 0x2010, 0x0010};
	struct pkt_view view;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct frame f = {.n = 0};

		put_ethernet(&f, 0x0800);
		put_ip4(&f, 17, 28, fields[i], 0);
		f.b[18] = 0xab;
		f.b[19] = 0xcd;
		put(&f, text, 8);
		put_zeros(&f, 18); /* Ethernet padding */
		assert_int_equal(decode(&f, &view), PKT_ip_fragment);
		expect_text(&view);
		assert_int_equal(view.fragment.id, 0xabcd);
		assert_int_equal(view.fragment.offset, i ? 128 : 0);
		assert_int_equal(view.fragment.more, i < 2);
		assert_int_equal(view.flow.proto, 17);
		assert_int_equal(view.flow.sport, 0);
		assert_int_equal(view.flow.dst.b[3], 2);
	}
}

static void names_every_truncation(void **state)
{
	struct frame whole = udp4_frame();

	(void)state;
	for (size_t n = 0; n <= whole.n; n++) {
		uint8_t *copy = guarded_copy(whole.b, n);
		enum pkt_status want = PKT_OK;
		struct pkt_view view;

		if (n < 14)
			want = PKT_link_short;
		else if (n < 14 + 20)
			want = PKT_ip_short;
		else if (n < 34 + 8)
			want = PKT_l4_short;
		else if (n == 42)
			want = PKT_payload_cut;
		assert_int_equal(pkt_decode(PKT_LINK_ETHERNET, bytes_of(copy, n), &view), want);
		assert_int_equal(view.payload.n, want == PKT_OK ? n - 42 : 0);
		guarded_free(copy, n);
	}
}

static void names_what_is_not_ip_over_ethernet(void **state)
{
	struct frame f = {.n = 0};

	(void)state;
	put_ethernet(&f, 0x0806); /* ARP */
	put_zeros(&f, 46);
	expect_status(&f, PKT_not_ip);
	f.n = 0;
	put_ethernet(&f, 0x8100);
	put_vlan(&f, 5, 0x88cc); /* LLDP */
	put_zeros(&f, 46);
	expect_status(&f, PKT_not_ip);
}

static void rejects_bad_ip_headers(void **state)
{
	struct frame f = udp4_frame();

	(void)state;
	f.b[14] = 0x65; /* version 6 under the IPv4 type */
	expect_status(&f, PKT_ip_bad_header);
	f.b[14] = 0x44; /* 16 octets of header */
	expect_status(&f, PKT_ip_bad_header);
	f.b[14] = 0x4f; /* 60 octets of header in a packet of 36 */
	expect_status(&f, PKT_ip_bad_header);
	f = udp4_frame();
	f.b[17] = 19; /* total length below the header */
	expect_status(&f, PKT_ip_bad_header);
	f.b[17] = 200; /* long enough, but the options were not captured */
	f.b[14] = 0x4f;
	expect_status(&f, PKT_ip_short);

	f.n = 0;
	put_ethernet(&f, 0x86dd);
	put_ip6(&f, 17, 16);
	put_udp(&f, 16);
	put(&f, text, 8);
	f.b[14] = 0x40;
	expect_status(&f, PKT_ip_bad_header);
}

/* RFC 9260 section 3.1: ports, verification tag, checksum; then the chunks. */
static void reads_sctp(void **state)
{
	static const uint8_t header[12] = {0x13, 0xc4, 0x13, 0xc5, 1, 2, 3, 4};
	struct frame f = {.n = 0};
	struct pkt_view view;

	(void)state;
	put_ethernet(&f, 0x0800);
	put_ip4(&f, 132, 20 + 12 + 8, 0, 0);
	put(&f, header, sizeof(header));
	put(&f, text, 8);
	assert_int_equal(decode(&f, &view), PKT_OK);
	expect_text(&view);
	assert_int_equal(view.flow.proto, PKT_SCTP);
	assert_int_equal(view.flow.sport, 5060);
	assert_int_equal(view.flow.dport, 5061);
	f.b[17] = 20 + 12;
	expect_status(&f, PKT_l4_empty);
	f.b[17] = 20 + 11;
	expect_status(&f, PKT_l4_short);
}

static void names_other_protocols(void **state)
{
	static const unsigned protos[] = {1, 2, 50, 59};

	(void)state;
	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++) {
		struct frame f = {.n = 0};

		put_ethernet(&f, 0x0800);
		put_ip4(&f, protos[i], 36, 0, 0);
		put_zeros(&f, 16);
		expect_status(&f, PKT_ip_other_protocol);
		f.n = 0;
		put_ethernet(&f, 0x86dd);
		put_ip6(&f, protos[i], 16);
		put_zeros(&f, 16);
		expect_status(&f, PKT_ip_other_protocol);
	}
}

static void rejects_bad_udp_lengths(void **state)
{
	struct frame f = udp4_frame();

	(void)state;
	f.b[39] = 17; /* one more than IP has */
	expect_status(&f, PKT_udp_bad_length);
	f.b[39] = 7;
	expect_status(&f, PKT_udp_bad_length);
	f.b[39] = 0; /* as in a jumbogram, RFC 2675 section 4 */
	expect_status(&f, PKT_udp_bad_length);
	f.b[39] = 8;
	expect_status(&f, PKT_l4_empty);
	f = udp4_frame();
	f.b[17] = 27; /* IP ends within the UDP header */
	expect_status(&f, PKT_l4_short);
}

static void rejects_bad_tcp_headers(void **state)
{
	struct frame f = {.n = 0};

	(void)state;
	put_ethernet(&f, 0x0800);
	put_ip4(&f, 6, 48, 0, 0);
	put_tcp(&f, 5);
	put(&f, text, 8);
	f.b[46] = 0x40; /* 4 words */
	expect_status(&f, PKT_tcp_bad_header);
	f.b[46] = 0x80; /* 8 words, IP has 7 */
	expect_status(&f, PKT_tcp_bad_header);
	f.b[46] = 0x70;
	expect_status(&f, PKT_l4_empty);
	f.n -= 1; /* within the options */
	expect_status(&f, PKT_l4_short);
	f.b[17] = 39; /* IP ends within the TCP header */
	expect_status(&f, PKT_l4_short);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_udp_over_ipv4),
		cmocka_unit_test(reads_tcp_over_ipv6),
		cmocka_unit_test(reads_past_ipv4_options),
		cmocka_unit_test(never_takes_ethernet_padding_for_payload),
		cmocka_unit_test(prefers_a_shorter_udp_length_to_the_ip_length),
		cmocka_unit_test(takes_a_zero_ip_length_as_the_end_of_the_frame),
		cmocka_unit_test(returns_what_the_capture_left_of_a_payload),
		cmocka_unit_test(reports_the_outermost_vlan_that_has_an_id),
		cmocka_unit_test(looks_through_eight_tags_and_no_more),
		cmocka_unit_test(reads_linux_cooked_frames),
		cmocka_unit_test(reads_raw_ip_frames),
		cmocka_unit_test(reads_loopback_frames_in_both_byte_orders),
		cmocka_unit_test(leaves_fragments_to_reassembly),
		cmocka_unit_test(names_what_is_not_ip_over_ethernet),
		cmocka_unit_test(rejects_bad_ip_headers),
		cmocka_unit_test(reads_sctp),
		cmocka_unit_test(names_other_protocols),
		cmocka_unit_test(rejects_bad_udp_lengths),
		cmocka_unit_test(rejects_bad_tcp_headers),
		cmocka_unit_test(names_every_truncation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
