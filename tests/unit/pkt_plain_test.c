/* SPDX-License-Identifier: BSD-3-Clause */
/* The short way to a descriptor: what it takes, that the long way says the same of it, and that it
 * leaves everything else alone. */
#include "frame.h"
#include "pkt_decode.h"
#include "pkt_plain.h"

enum {
	MEDIA_BYTES = 20,
	RTP_BYTES = 12 + MEDIA_BYTES,
	UDP_LENGTH = 8 + RTP_BYTES,
	TIME_NS = 123456789,
};

static const struct pkt_seed seed = {{0x1111, 0x2222, 0x3333, 0x4444}};

static void put_rtp(struct frame *f, uint8_t first, uint8_t second)
{
	put(f,
		(uint8_t[]){
			first, second, 0xfe, 0xdc, 0x89, 0xab, 0xcd, 0xef, 0xde, 0xad, 0xbe, 0xef},
		12);
	put_zeros(f, MEDIA_BYTES);
}

static void put_media(struct frame *f)
{
	put_udp(f, UDP_LENGTH);
	put_rtp(f, 0x80, 0x88);
}

static struct frame ip4_frame(void)
{
	struct frame f = {.n = 0};

	put_ethernet(&f, 0x0800);
	put_ip4(&f, 17, 20 + UDP_LENGTH, 0x4000, 0);
	put_media(&f);
	return f;
}

static struct frame ip4_vlan_frame(void)
{
	struct frame f = {.n = 0};

	put_ethernet(&f, 0x8100);
	put_vlan(&f, 100, 0x0800);
	put_ip4(&f, 17, 20 + UDP_LENGTH, 0, 0);
	put_media(&f);
	return f;
}

static struct frame ip6_frame(void)
{
	struct frame f = {.n = 0};

	put_ethernet(&f, 0x86dd);
	put_ip6(&f, 17, UDP_LENGTH);
	put_media(&f);
	return f;
}

static struct frame ip6_vlan_frame(void)
{
	struct frame f = {.n = 0};

	put_ethernet(&f, 0x8100);
	put_vlan(&f, 100, 0x86dd);
	put_ip6(&f, 17, UDP_LENGTH);
	put_media(&f);
	return f;
}

static struct frame (*const plain_frames[])(void) = {
	ip4_frame, ip4_vlan_frame, ip6_frame, ip6_vlan_frame};

enum {
	PLAIN_FRAMES = sizeof(plain_frames) / sizeof(*plain_frames)
};

/* On a copy behind which nothing can be read. */
static bool take(const struct frame *f, struct pkt_media *m, struct pkt_flow *flow)
{
	uint8_t *copy = guarded_copy(f->b, f->n);
	struct bytes in = bytes_of(copy, f->n);
	bool is_plain = pkt_plain_media(in, TIME_NS, &seed, m);

	if (is_plain)
		pkt_plain_flow(in, flow);
	guarded_free(copy, f->n);
	return is_plain;
}

static void expect_the_long_way_agrees(const struct frame *f)
{
	struct pkt_media_key key;
	struct pkt_view view;
	struct pkt_flow flow;
	struct pkt_media m;
	struct rtp_hdr hdr;

	assert_true(take(f, &m, &flow));
	assert_int_equal(decode(f, &view), PKT_OK);
	assert_int_equal(rtp_hdr_parse(view.payload, view.payload_wire, &hdr), RTP_OK);
	key = pkt_media_key(&view.flow, hdr.ssrc, &seed);
	assert_memory_equal(&m.key, &key, sizeof(key));
	assert_int_equal(m.rtp_ts, hdr.ts);
	assert_int_equal(m.seq, hdr.seq);
	assert_int_equal(m.payload_bytes, hdr.payload_bytes);
	assert_int_equal(m.marker_pt, hdr.marker << 7 | hdr.pt);
	assert_int_equal(m.time_ns, TIME_NS);
	assert_memory_equal(&flow, &view.flow, sizeof(flow));
}

static void expect_left_alone(const struct frame *f)
{
	struct pkt_flow flow;
	struct pkt_media m;

	assert_false(take(f, &m, &flow));
}

static void reads_the_header_as_rfc_3550_draws_it(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PLAIN_FRAMES; i++) {
		struct frame f = plain_frames[i]();
		struct pkt_flow flow;
		struct pkt_media m;

		assert_true(take(&f, &m, &flow));
		assert_int_equal(m.seq, 0xfedc);
		assert_int_equal(m.rtp_ts, 0x89abcdef);
		assert_int_equal(m.marker_pt, 0x88);
		assert_int_equal(m.payload_bytes, MEDIA_BYTES);
		assert_int_equal(flow.family, i < 2 ? 4 : 6);
		assert_int_equal(flow.proto, PKT_UDP);
		assert_int_equal(flow.sport, 5060);
		assert_int_equal(flow.dport, 16384);
	}
}

static void agrees_with_the_long_way(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PLAIN_FRAMES; i++) {
		struct frame f = plain_frames[i]();

		expect_the_long_way_agrees(&f);
		put_zeros(&f, 9); /* Ethernet padding and FCS */
		expect_the_long_way_agrees(&f);
	}
}

/* What follows the datagram in the IP packet is no payload. */
static void believes_a_shorter_udp_length(void **state)
{
	struct frame f = ip4_frame();
	struct pkt_flow flow;
	struct pkt_media m;

	(void)state;
	f.b[39] = UDP_LENGTH - 5;
	expect_the_long_way_agrees(&f);
	assert_true(take(&f, &m, &flow));
	assert_int_equal(m.payload_bytes, MEDIA_BYTES - 5);
	f.b[39] = 8 + 12;
	expect_the_long_way_agrees(&f);
	f.b[39] = 8 + 11;
	expect_left_alone(&f);
	f.b[39] = UDP_LENGTH + 1;
	expect_left_alone(&f);
}

static void leaves_every_truncation_alone(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PLAIN_FRAMES; i++) {
		struct frame f = plain_frames[i]();

		while (f.n--)
			expect_left_alone(&f);
	}
}

/* Every value of both first octets: version 2 without flags is taken, and no RTCP type. */
static void takes_only_plain_rtp_headers(void **state)
{
	struct frame f = ip4_frame();
	struct pkt_flow flow;
	struct pkt_media m;

	(void)state;
	for (unsigned first = 0; first < 256; first++) {
		f.b[42] = (uint8_t)first;
		assert_int_equal(take(&f, &m, &flow), first == 0x80);
	}
	f.b[42] = 0x80;
	for (unsigned second = 0; second < 256; second++) {
		f.b[43] = (uint8_t)second;
		assert_int_equal(take(&f, &m, &flow), second < 192 || second > 223);
		if (second < 192 || second > 223)
			expect_the_long_way_agrees(&f);
	}
}

static void leaves_ip_options_and_extensions_alone(void **state)
{
	struct frame f = {.n = 0};

	(void)state;
	put_ethernet(&f, 0x0800);
	put_ip4(&f, 17, 24 + UDP_LENGTH, 0, 1);
	put_media(&f);
	expect_left_alone(&f);

	f.n = 0;
	put_ethernet(&f, 0x86dd);
	put_ip6(&f, 60, 8 + UDP_LENGTH);
	put_extension(&f, 17, 0, 8);
	put_media(&f);
	expect_left_alone(&f);
}

static void leaves_fragments_alone(void **state)
{
	static const uint16_t fragments[] = {0x2000, 0x0001, 0x0100, 0x1000, 0x2001, 0x6000};
	struct frame f = ip4_frame();

	(void)state;
	for (unsigned i = 0; i < sizeof(fragments) / sizeof(*fragments); i++) {
		f.b[20] = (uint8_t)(fragments[i] >> 8);
		f.b[21] = (uint8_t)fragments[i];
		expect_left_alone(&f);
	}

	f.n = 0;
	put_ethernet(&f, 0x86dd);
	put_ip6(&f, 44, 8 + UDP_LENGTH);
	put(&f, "\x11\0\0\1\0\0\0\1", 8);
	put_media(&f);
	expect_left_alone(&f);
}

static void leaves_tcp_and_other_link_types_alone(void **state)
{
	struct frame f = ip4_frame();

	(void)state;
	f.b[23] = 6;
	expect_left_alone(&f);
	f = ip6_frame();
	f.b[20] = 6;
	expect_left_alone(&f);
	f = ip4_frame();
	f.b[12] = 0x88; /* PPPoE */
	f.b[13] = 0x64;
	expect_left_alone(&f);
	f = ip4_frame();
	f.b[14] = 0x65; /* version 6 in an IPv4 frame */
	expect_left_alone(&f);
	f = ip6_frame();
	f.b[14] = 0x45;
	expect_left_alone(&f);
}

static void leaves_a_second_tag_alone(void **state)
{
	static const uint16_t outer[] = {0x8100, 0x88a8, 0x9100};

	(void)state;
	for (unsigned i = 0; i < sizeof(outer) / sizeof(*outer); i++) {
		struct frame f = {.n = 0};

		put_ethernet(&f, outer[i]);
		put_vlan(&f, 200, 0x8100);
		put_vlan(&f, 100, 0x0800);
		put_ip4(&f, 17, 20 + UDP_LENGTH, 0, 0);
		put_media(&f);
		expect_left_alone(&f);
	}
}

/* Segmentation offload: the long way takes the frame's end for that of the packet. */
static void leaves_zero_ip_lengths_alone(void **state)
{
	struct frame f = ip4_frame();

	(void)state;
	f.b[16] = f.b[17] = 0;
	expect_left_alone(&f);
	f = ip6_frame();
	f.b[18] = f.b[19] = 0;
	expect_left_alone(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_header_as_rfc_3550_draws_it),
		cmocka_unit_test(agrees_with_the_long_way),
		cmocka_unit_test(believes_a_shorter_udp_length),
		cmocka_unit_test(leaves_every_truncation_alone),
		cmocka_unit_test(takes_only_plain_rtp_headers),
		cmocka_unit_test(leaves_ip_options_and_extensions_alone),
		cmocka_unit_test(leaves_fragments_alone),
		cmocka_unit_test(leaves_tcp_and_other_link_types_alone),
		cmocka_unit_test(leaves_a_second_tag_alone),
		cmocka_unit_test(leaves_zero_ip_lengths_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
