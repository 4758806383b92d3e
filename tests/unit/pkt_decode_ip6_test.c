/* SPDX-License-Identifier: BSD-3-Clause */
/* Frame decoding, IPv6: what may stand between the fixed header and UDP or TCP, and where a chain of
 * headers may be cut. */
#include "frame.h"
#include "pkt_decode.h"

static void reads_past_ipv6_extensions(void **state)
{
	struct frame f = {.n = 0};
	struct pkt_view view;

	(void)state;
	put_ethernet(&f, 0x86dd);
	put_ip6(&f, 0, 8 + 16 + 24 + 24 + 8 + 8 + 16);
	put_extension(&f, 43, 0, 8); /* hop-by-hop */
	put_extension(&f, 60, 1, 16); /* routing */
	put_extension(&f, 51, 2, 24); /* destination options */
	put_extension(&f, 44, 4, 24); /* AH, 4 + 2 words of 4 octets */
	put_extension(&f, 135, 0, 8); /* atomic fragment */
	put_extension(&f, 17, 0, 8); /* mobility */
	put_udp(&f, 16);
	put(&f, text, 8);
	assert_int_equal(decode(&f, &view), PKT_OK);
	expect_text(&view);
	assert_int_equal(view.flow.proto, PKT_UDP);
}

static void reads_past_eight_extensions_and_no_more(void **state)
{
	struct pkt_view view;

	(void)state;
	for (unsigned count = 1; count <= PKT_IP6_EXTENSIONS_MAX + 1; count++) {
		struct frame f = {.n = 0};

		put_ethernet(&f, 0x86dd);
		put_ip6(&f, 60, count * 8 + 16);
		for (unsigned i = 1; i <= count; i++)
			put_extension(&f, i == count ? 17 : 60, 0, 8);
		put_udp(&f, 16);
		put(&f, text, 8);
		if (count > PKT_IP6_EXTENSIONS_MAX) {
			expect_status(&f, PKT_ip6_bad_extension);
			continue;
		}
		assert_int_equal(decode(&f, &view), PKT_OK);
		expect_text(&view);
	}
}

static void rejects_extensions_beyond_the_packet(void **state)
{
	struct frame f = {.n = 0};

	(void)state;
	put_ethernet(&f, 0x86dd);
	put_ip6(&f, 60, 7);
	put_extension(&f, 17, 0, 7);
	expect_status(&f, PKT_ip6_bad_extension);

	f.n = 0;
	put_ethernet(&f, 0x86dd);
	put_ip6(&f, 60, 24);
	put_extension(&f, 17, 3, 24); /* says 32 octets */
	expect_status(&f, PKT_ip6_bad_extension);

	f.n = 0;
	put_ethernet(&f, 0x86dd);
	put_ip6(&f, 60, 48);
	put_extension(&f, 17, 3, 24); /* 32 octets of which 24 were captured */
	expect_status(&f, PKT_ip_short);
}

static void leaves_fragments_to_reassembly(void **state)
{
	/* First, middle and last fragment: offset in units of 8, more-fragments bit. */
	static const uint8_t fields[][2] = {{0x00, 0x01}, {0x00, 0x81}, {0x00, 0x80}};
	struct pkt_view view;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct frame f = {.n = 0};

		put_ethernet(&f, 0x86dd);
		put_ip6(&f, 44, 24);
		put(&f, (uint8_t[]){17, 0, fields[i][0], fields[i][1], 0, 0, 0, 1}, 8);
		put_udp(&f, 16);
		put(&f, text, 8);
		assert_int_equal(decode(&f, &view), PKT_ip_fragment);
		assert_int_equal(view.payload.n, 16);
		assert_int_equal(view.payload_wire, 16);
		assert_int_equal(view.fragment.id, 1);
		assert_int_equal(view.fragment.offset, i ? 128 : 0);
		assert_int_equal(view.fragment.more, i < 2);
		assert_int_equal(view.flow.proto, 17);
		assert_int_equal(view.flow.sport, 0);
		assert_int_equal(view.flow.dst.b[15], 2);
	}
}

static void names_every_truncation(void **state)
{
	struct frame whole = {.n = 0};

	(void)state;
	put_ethernet(&whole, 0x8100);
	put_vlan(&whole, 9, 0x86dd);
	put_ip6(&whole, 60, 32);
	put_extension(&whole, 17, 1, 16);
	put_udp(&whole, 16);
	put(&whole, text, 8);
	for (size_t n = 0; n <= whole.n; n++) {
		uint8_t *copy = guarded_copy(whole.b, n);
		enum pkt_status want = PKT_OK;
		struct pkt_view view;

		if (n < 14 + 4)
			want = PKT_link_short;
		else if (n < 18 + 40 + 16)
			want = PKT_ip_short;
		else if (n < 74 + 8)
			want = PKT_l4_short;
		else if (n == 82)
			want = PKT_payload_cut;
		assert_int_equal(pkt_decode(PKT_LINK_ETHERNET, bytes_of(copy, n), &view), want);
		assert_int_equal(view.payload.n, want == PKT_OK ? n - 82 : 0);
		guarded_free(copy, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_past_ipv6_extensions),
		cmocka_unit_test(reads_past_eight_extensions_and_no_more),
		cmocka_unit_test(rejects_extensions_beyond_the_packet),
		cmocka_unit_test(leaves_fragments_to_reassembly),
		cmocka_unit_test(names_every_truncation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
