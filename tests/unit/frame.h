/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames under construction, each put_ function appending one header as the standards draw it, and
 * what decoding them must give. Includes unit.h, so it is the last include of a test. */
#ifndef FRAME_H
#define FRAME_H

#include "pkt_decode.h"
#include "unit.h"

struct frame {
	uint8_t b[2048];
	size_t n;
};

static inline void put(struct frame *f, const void *p, size_t n)
{
	assert_true(f->n + n <= sizeof(f->b));
	if (n)
		memcpy(f->b + f->n, p, n);
	f->n += n;
}

static inline void put16(struct frame *f, unsigned v)
{
	put(f, (uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2);
}

static inline void put_zeros(struct frame *f, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put(f, "", 1);
}

static const uint8_t dst_mac[6] = {0x02, 0x00, 0x00, 0x00, 0x00, 0x0d};
static const uint8_t src_mac[6] = {0x02, 0x00, 0x00, 0x00, 0x00, 0x05};

static inline void put_ethernet(struct frame *f, unsigned type)
{
	put(f, dst_mac, 6);
	put(f, src_mac, 6);
	put16(f, type);
}

/* 192.0.2.1 to 198.51.100.2, TOS 0xb8 (EF), TTL 63, with words of no-operation options. */
static inline void put_ip4(
	struct frame *f, unsigned proto, unsigned total, unsigned fragment, unsigned words)
{
	uint8_t header[20] = {(uint8_t)(0x45 + words), 0xb8, (uint8_t)(total >> 8), (uint8_t)total,
		0, 0, (uint8_t)(fragment >> 8), (uint8_t)fragment, 63, (uint8_t)proto, 0, 0, 192, 0,
		2, 1, 198, 51, 100, 2};

	put(f, header, sizeof(header));
	for (unsigned i = 0; i < words; i++)
		put(f, "\1\1\1\1", 4);
}

/* 2001:db8::1 to 2001:db8::2, traffic class 0xb8, flow label 0x12345, hop limit 64. */
static inline void put_ip6(struct frame *f, unsigned next, unsigned length)
{
	uint8_t header[40] = {0x6b, 0x81, 0x23, 0x45, (uint8_t)(length >> 8), (uint8_t)length,
		(uint8_t)next, 64, 0x20, 0x01, 0x0d, 0xb8, [23] = 1, [24] = 0x20, 0x01, 0x0d,
		0xb8, [39] = 2};

	put(f, header, sizeof(header));
}

static inline void put_udp(struct frame *f, unsigned length)
{
	put16(f, 5060);
	put16(f, 16384);
	put16(f, length);
	put16(f, 0);
}

/* Sequence number 0x01020304, PSH and ACK; words counts the 20 octets and the options. */
static inline void put_tcp(struct frame *f, unsigned words)
{
	uint8_t header[20] = {
		0x13, 0xc4, 0x40, 0x00, 1, 2, 3, 4, 0, 0, 0, 0, (uint8_t)(words << 4), 0x18};

	put(f, header, sizeof(header));
	if (words > 5)
		put_zeros(f, ((size_t)words - 5) * 4);
}

static inline void put_vlan(struct frame *f, unsigned id, unsigned type)
{
	put16(f, 0xa000 | id); /* priority 5 */
	put16(f, type);
}

/* Appends an extension header of so many octets; length is the value of its length field. */
static inline void put_extension(struct frame *f, unsigned next, unsigned length, size_t octets)
{
	put(f, (uint8_t[]){(uint8_t)next, (uint8_t)length}, 2);
	put_zeros(f, octets - 2);
}

static const char text[] = "payload!"; /* 8 octets without the 0 */

static inline enum pkt_status decode_as(
	enum pkt_link link, const struct frame *f, struct pkt_view *view)
{
	return pkt_decode(link, bytes_of(f->b, f->n), view);
}

static inline enum pkt_status decode(const struct frame *f, struct pkt_view *view)
{
	return decode_as(PKT_LINK_ETHERNET, f, view);
}

static inline void expect_text(const struct pkt_view *view)
{
	assert_int_equal(view->payload_wire, 8);
	assert_int_equal(view->payload.n, 8);
	assert_memory_equal(view->payload.p, text, 8);
}

static inline void expect_status(const struct frame *f, enum pkt_status want)
{
	static const struct pkt_view nothing;
	uint8_t *copy = guarded_copy(f->b, f->n);
	struct pkt_view view;

	memset(&view, 0xaa, sizeof(view));
	assert_int_equal(pkt_decode(PKT_LINK_ETHERNET, bytes_of(copy, f->n), &view), want);
	guarded_free(copy, f->n);
	assert_null(view.payload.p);
	assert_int_equal(view.payload.n, 0);
	assert_memory_equal(&view.flow, &nothing.flow, sizeof(view.flow));
	assert_false(view.has_mac);
	assert_int_equal(view.vlan, 0);
}

#endif
