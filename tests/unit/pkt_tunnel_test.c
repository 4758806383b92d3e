/* SPDX-License-Identifier: BSD-3-Clause */
/* Encapsulations: whose network they name, what is not believed, and every place to cut them. That each
 * carries what it should is in tests/pcap/test_tunnels.py, with tshark as witness. */
#include "frame.h"
#include "pkt_tunnel.h"

static void put_inner_ip4(struct frame *f)
{
	put_ip4(f, 17, 36, 0, 0);
	put_udp(f, 16);
	put(f, text, 8);
}

static void put_inner_ethernet(struct frame *f)
{
	put_ethernet(f, 0x0800);
	put_inner_ip4(f);
}

/* Addresses other than those inside. */
static void put_outer(struct frame *f, unsigned proto)
{
	put_ethernet(f, 0x0800);
	put_ip4(f, proto, 0, 0, 0);
	f->b[f->n - 1] = 77;
}

static void put_outer_udp(struct frame *f, unsigned port, unsigned length)
{
	put_outer(f, 17);
	put16(f, 50000);
	put16(f, port);
	put16(f, 8 + length);
	put16(f, 0);
}

/* The frame carries the text between the addresses inside; cut anywhere it is nothing, or less text, and
 * nothing beyond it is read. */
static void expect_inside(const struct frame *f, uint32_t tenant, unsigned depth)
{
	struct pkt_view view;

	assert_int_equal(decode(f, &view), PKT_OK);
	expect_text(&view);
	assert_int_equal(view.flow.dst.b[3], 2);
	assert_int_equal(view.tenant, tenant);
	assert_int_equal(view.depth, depth);
	for (size_t n = 0; n < f->n; n++) {
		uint8_t *copy = guarded_copy(f->b, n);

		if (pkt_decode(PKT_LINK_ETHERNET, bytes_of(copy, n), &view) == PKT_OK &&
			view.depth == depth)
			assert_memory_equal(view.payload.p, text, view.payload.n);
		guarded_free(copy, n);
	}
}

static void names_the_network_of_vxlan(void **state)
{
	struct frame f = {.n = 0};

	(void)state;
	put_outer_udp(&f, 4789, 58);
	put(&f, "\x08\0\0\0\0\x10\x92\0", 8);
	put_inner_ethernet(&f);
	expect_inside(&f, 0x1092, 1);
}

static void names_the_network_of_nvgre_but_not_its_flow(void **state)
{
	struct frame f = {.n = 0};

	(void)state;
	put_outer(&f, 47);
	put(&f, "\x20\0\x65\x58\0\x15\xb3\x07", 8);
	put_inner_ethernet(&f);
	expect_inside(&f, 0x15b3, 2);
}

static void names_the_tunnel_of_gtp(void **state)
{
	struct frame f = {.n = 0};

	(void)state;
	put_outer_udp(&f, 2152, 60);
	/* Sequence number and two extension headers, of one word and of two. */
	put(&f, "\x36\xff\0\x34\xab\xcd\xef\x01\0\x01\0\x85", 12);
	put(&f, "\x01\0\0\xc0\x02\0\0\0\0\0\0\0", 12);
	put_inner_ip4(&f);
	expect_inside(&f, 0xabcdef01, 1);
}

static void names_the_last_label_that_is_none_of_the_reserved(void **state)
{
	struct frame f = {.n = 0};

	(void)state;
	put_ethernet(&f, 0x8847);
	put(&f, "\0\x3e\x80\x40\0\x3e\x90\x40\0\0\x01\x40",
		12); /* 1000, 1001, IPv4 explicit null */
	f.b[f.n - 2] = 0x01;
	put_inner_ip4(&f);
	expect_inside(&f, 1001, 1);
}

static void tells_pseudowires_with_control_word_from_those_without(void **state)
{
	struct frame f = {.n = 0};

	(void)state;
	put_ethernet(&f, 0x8847);
	put(&f, "\0\x3e\x91\x40\0\0\0\0", 8);
	put_inner_ethernet(&f);
	expect_inside(&f, 1001, 1);
	f.n = 0;
	put_ethernet(&f, 0x8847);
	put(&f, "\0\x3e\x91\x40", 4);
	put_inner_ethernet(&f); /* whose destination begins with 02 */
	expect_inside(&f, 1001, 1);
}

static void reads_l2tp_with_any_cookie(void **state)
{
	(void)state;
	for (unsigned cookie = 0; cookie <= 12; cookie += 4) {
		struct frame f = {.n = 0};

		put_outer(&f, 115);
		put(&f, "\x11\x22\x33\x44\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
			4 + cookie);
		put_inner_ethernet(&f);
		expect_inside(&f, 0x11223344, 1);
	}
}

static void mixes_the_networks_of_a_stack_in_their_order(void **state)
{
	struct pkt_view views[2];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct frame f = {.n = 0};

		put_ethernet(&f, 0x8847);
		put(&f, i ? "\0\x3e\x91\x40" : "\0\x3e\xa1\x40", 4);
		put_ethernet(&f, 0x8847);
		put(&f, i ? "\0\x3e\xa1\x40" : "\0\x3e\x91\x40", 4);
		put_inner_ip4(&f);
		assert_int_equal(decode(&f, &views[i]), PKT_OK);
	}
	assert_int_not_equal(views[0].tenant, views[1].tenant);
	assert_int_not_equal(views[0].tenant, 0);
}

/* Any port may carry media. */
static void leaves_media_on_the_ports_of_tunnels(void **state)
{
	static const unsigned ports[] = {
		1701, 2152, 4754, 4789, 5247, 6081, 6635, 7932, 8472, 37008};

	(void)state;
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		struct frame f = {.n = 0};
		struct pkt_view view;

		put_outer_udp(&f, ports[i], 12 + 160);
		put(&f, "\x80\x08\x12\x34\0\0\x01\x40\xde\xad\xbe\xef", 12);
		for (unsigned k = 0; k < 160; k++)
			put(&f, "\xd5", 1);
		assert_int_equal(decode(&f, &view), PKT_OK);
		assert_int_equal(view.payload_wire, 172);
		assert_int_equal(view.flow.dport, ports[i]);
		assert_int_equal(view.depth, 0);
	}
}

/* Behind a VLAN tag, too, and in what does not say that Ethernet follows. */
static void reads_snap_where_a_length_stands(void **state)
{
	static const char snap[] = "\xaa\xaa\x03\0\0\0";
	struct frame f = {.n = 0};

	(void)state;
	put_ethernet(&f, 8 + 36);
	put(&f, snap, 6);
	put16(&f, 0x0800);
	put_inner_ip4(&f);
	expect_inside(&f, 0, 1);

	f.n = 0;
	put_ethernet(&f, 0x8100);
	put_vlan(&f, 5, 8 + 36);
	put(&f, snap, 6);
	put16(&f, 0x0800);
	put_inner_ip4(&f);
	expect_inside(&f, 0, 1);

	f.n = 0;
	put_outer_udp(&f, 4789, 8 + 14 + 8 + 36);
	put(&f, "\x08\0\0\0\0\0\x2a\0", 8);
	put_ethernet(&f, 8 + 36);
	put(&f, snap, 6);
	put16(&f, 0x0800);
	put_inner_ip4(&f);
	expect_inside(&f, 42, 2);
}

/* Cooked captures say with 4 that LLC follows. */
static void reads_snap_of_a_cooked_capture(void **state)
{
	static const uint8_t sll[] = {
		0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 5, 0, 0, 0, 4, 0xaa, 0xaa, 0x03, 0, 0, 0, 0x08, 0};
	struct frame f = {.n = 0};
	struct pkt_view view;

	(void)state;
	put(&f, sll, sizeof(sll));
	put_inner_ip4(&f);
	assert_int_equal(decode_as(PKT_LINK_SLL, &f, &view), PKT_OK);
	expect_text(&view);
}

/* STP, Cisco's types, a bare LLC of IP; a length that is a type; and a SNAP header that was cut. */
static void leaves_other_llc_alone(void **state)
{
	static const struct {
		unsigned type, n;
		const char *header;
	} cases[] = {
		{44, 8, "\x42\x42\x03\0\0\0\x08\0"},
		{44, 8, "\xaa\xaa\x03\0\0\x0c\x20\0"},
		{44, 3, "\x06\x06\x03"},
		{1501, 8, "\xaa\xaa\x03\0\0\0\x08\0"},
		{0x0600, 8, "\xaa\xaa\x03\0\0\0\x08\0"},
	};
	struct frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f.n = 0;
		put_ethernet(&f, cases[i].type);
		put(&f, cases[i].header, cases[i].n);
		put_inner_ip4(&f);
		expect_status(&f, PKT_not_ip);
	}
	f.n = 0;
	put_ethernet(&f, 44);
	put(&f, cases[4].header, 7);
	expect_status(&f, PKT_not_ip);
}

/* In themselves without end. */
static void ends_a_stack_of_snap(void **state)
{
	struct frame f = {.n = 0};

	(void)state;
	put_ethernet(&f, 200);
	for (unsigned i = 0; i <= PKT_DEPTH_MAX; i++)
		put(&f, "\xaa\xaa\x03\0\0\0\0\x20", 8);
	expect_status(&f, PKT_tunnel_deep);
}

static void refuses_headers_that_are_none(void **state)
{
	static const struct {
		unsigned proto;
		uint8_t header[12];
		unsigned n;
	} cases[] = {
		{47, {0x40, 0, 0x08, 0}, 4}, /* GRE with routing */
		{47, {0, 2, 0x08, 0}, 4}, /* GRE version 2 */
		{47, {0x20, 0x81, 0x88, 0x0b, 0, 36, 0, 1, 0, 0, 0, 1},
			12}, /* PPTP acknowledgement */
		{47, {0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x20, 0, 0, 0}, 12}, /* ERSPAN version */
		{97, {0x20, 0}, 2}, /* EtherIP version */
		{115, {0, 0, 0, 0}, 4}, /* L2TP control */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct frame f = {.n = 0};

		put_outer(&f, cases[i].proto);
		put(&f, cases[i].header, cases[i].n);
		put_inner_ip4(&f);
		expect_status(&f, PKT_tunnel_bad_header);
	}
}

/* A stack without a bottom. */
static void ends_a_stack_of_labels(void **state)
{
	struct frame f = {.n = 0};

	(void)state;
	put_ethernet(&f, 0x8847);
	for (unsigned i = 0; i < 40; i++)
		put(&f, "\0\x3e\x80\x40", 4);
	put_inner_ip4(&f);
	expect_status(&f, PKT_tunnel_bad_header);
}

static void ends_a_stack_of_tunnels(void **state)
{
	struct frame f = {.n = 0};

	(void)state;
	put_ethernet(&f, 0x0800);
	for (unsigned i = 0; i < PKT_DEPTH_MAX; i++)
		put_ip4(&f, 4, 0, 0, 0);
	put_inner_ip4(&f);
	expect_inside(&f, 0, PKT_DEPTH_MAX);
	f.n = 0;
	put_ethernet(&f, 0x0800);
	for (unsigned i = 0; i <= PKT_DEPTH_MAX; i++)
		put_ip4(&f, 4, 0, 0, 0);
	put_inner_ip4(&f);
	expect_status(&f, PKT_tunnel_deep);
}

static void erspan_is_nothing_without_gre(void **state)
{
	struct frame f = {.n = 0};

	(void)state;
	put_ethernet(&f, 0x88be);
	put_inner_ethernet(&f);
	expect_status(&f, PKT_not_ip);
}

/* Session 682, hardware 0x2a, with a subheader or without; what is inside has a stamp of its own, which
 * would be that of the switch that saw the packet first. */
static void hands_on_the_time_stamp_of_erspan(void **state)
{
	(void)state;
	for (unsigned gra = 0; gra < 4; gra++) {
		struct frame f = {.n = 0};
		struct pkt_view view;
		uint8_t last = (uint8_t)(0xa8 | gra << 1 | (gra & 1));

		put_outer(&f, 47);
		put(&f, "\x10\0\x22\xeb\0\0\0\1\x2f\xff\xf2\xaa\xfe\xdc\xba\x98\xff\xff\x82", 19);
		put(&f, &last, 1);
		put_zeros(&f, gra & 1 ? 8 : 0);
		put_ethernet(&f, 0x0800);
		f.b[f.n - 1] = 0;
		put_ip4(&f, 4, 0, 0, 0); /* behind it the outer address is another */
		put_inner_ip4(&f);
		assert_int_equal(decode(&f, &view), PKT_OK);
		assert_int_equal(view.stamp.unit, PKT_STAMP_100US + gra);
		assert_int_equal(view.stamp.value, 0xfedcba98);
		assert_int_equal(view.stamp.clock, 682 << 6 | 0x2a);
		assert_memory_equal(view.stamp.source.b, ((uint8_t[16]){192, 0, 2, 1}), 16);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_the_network_of_vxlan),
		cmocka_unit_test(names_the_network_of_nvgre_but_not_its_flow),
		cmocka_unit_test(names_the_tunnel_of_gtp),
		cmocka_unit_test(names_the_last_label_that_is_none_of_the_reserved),
		cmocka_unit_test(tells_pseudowires_with_control_word_from_those_without),
		cmocka_unit_test(reads_l2tp_with_any_cookie),
		cmocka_unit_test(mixes_the_networks_of_a_stack_in_their_order),
		cmocka_unit_test(leaves_media_on_the_ports_of_tunnels),
		cmocka_unit_test(reads_snap_where_a_length_stands),
		cmocka_unit_test(reads_snap_of_a_cooked_capture),
		cmocka_unit_test(leaves_other_llc_alone),
		cmocka_unit_test(ends_a_stack_of_snap),
		cmocka_unit_test(refuses_headers_that_are_none),
		cmocka_unit_test(ends_a_stack_of_labels),
		cmocka_unit_test(ends_a_stack_of_tunnels),
		cmocka_unit_test(erspan_is_nothing_without_gre),
		cmocka_unit_test(hands_on_the_time_stamp_of_erspan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
