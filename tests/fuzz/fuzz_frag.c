/* SPDX-License-Identifier: BSD-3-Clause */
/* Fragments: a datagram split at random, its pieces in random order, some twice and some over
 * others, comes out once and as it was, whatever else is in the table, and decodes as what was
 * split. Each step of two octets: which of the waiting pieces comes next, and how. The rest of the
 * input is fragments of any content. */
#include <sys/mman.h>

#include <stdlib.h>
#include <string.h>

#include "pkt_frag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	DATAGRAMS = 8, /* more than the noise has */
	UNITS = 16, /* of the datagram, at most */
	NOISE_BYTES = 6,
	UDP_BYTES = 8,
	PORT = 5060,
};

static void check(bool ok)
{
	if (!ok)
		abort();
}

static struct pkt_view fragment_of(
	struct bytes whole, uint32_t id, uint32_t offset, uint32_t end, bool more)
{
	return (struct pkt_view){
		.flow = {.family = whole.n & 1 ? 4 : 6,
			.proto = PKT_UDP,
			.src = {{192, 0, 2, 1}},
			.dst = {{192, 0, 2, 2}}},
		.payload = bytes_of(whole.p + offset, end - offset),
		.payload_wire = end - offset,
		.tos = 184,
		.ttl = 63,
		.vlan = whole.n & 2 ? 20 : 0,
		.has_mac = whole.n & 2 || whole.n & 4,
		.src_mac = {2, 0, 0, 0, 0, 1},
		.dst_mac = {2, 0, 0, 0, 0, 2},
		.fragment = {.id = id, .offset = (uint16_t)offset, .more = more},
	};
}

/* Behind the header that is made for it. */
static void check_frame(const struct pkt_view *view, struct bytes data)
{
	uint8_t frame[PKT_FRAG_HEADER_MAX + UNITS * 8];
	size_t n = pkt_frag_header(view, data.n, frame);
	struct pkt_view made;

	check(n <= PKT_FRAG_HEADER_MAX);
	memcpy(frame + n, data.p, data.n);
	if (data.n <= UDP_BYTES)
		return;
	check(pkt_decode(view->has_mac ? PKT_LINK_ETHERNET : PKT_LINK_RAW,
		      bytes_of(frame, n + data.n), &made) == PKT_OK);
	/* What a TURN channel carries (RFC 8656 section 12.4). */
	if (made.relay == PKT_RELAY_CHANNEL)
		return;
	check(made.flow.family == view->flow.family && made.flow.proto == PKT_UDP);
	check(pkt_addr_eq(&made.flow.src, &view->flow.src) &&
		pkt_addr_eq(&made.flow.dst, &view->flow.dst));
	check(made.flow.sport == PORT && made.payload_wire == data.n - UDP_BYTES);
	check(made.payload.n == made.payload_wire &&
		memcmp(made.payload.p, data.p + UDP_BYTES, made.payload.n) == 0);
	check(made.tos == view->tos && made.ttl == view->ttl && made.vlan == view->vlan);
	check(made.has_mac == view->has_mac);
	check(!made.has_mac ||
		(memcmp(made.src_mac, view->src_mac, sizeof(made.src_mac)) == 0 &&
			memcmp(made.dst_mac, view->dst_mac, sizeof(made.dst_mac)) == 0));
}

/* Units first to last of the datagram: whole units, or the end. */
static bool take(struct pkt_frags *frags, struct bytes whole, unsigned first, unsigned last)
{
	uint32_t end = last * 8 < whole.n ? last * 8 : (uint32_t)whole.n;
	struct pkt_view view = fragment_of(whole, 1, first * 8, end, end < whole.n);
	struct bytes data;

	if (!pkt_frag_take(frags, &view, 1000, &data))
		return false;
	check(data.n == whole.n && memcmp(data.p, whole.p, whole.n) == 0);
	check_frame(&view, data);
	return true;
}

/* A fragment of another datagram: as many units of zeros as the octets say, anywhere. */
static void take_noise(struct pkt_frags *frags, const uint8_t *p)
{
	static const uint8_t zeros[256];
	struct pkt_view view =
		fragment_of(bytes_of(zeros, sizeof(zeros)), 2 + p[0] % 2, 0, p[1], p[2] & 1);
	struct bytes data;

	view.payload_wire += p[2] >> 1 & 1;
	view.fragment.offset = (uint16_t)(be16(p + 3) & 0xfff8);
	view.flow.family = p[5] & 1 ? 6 : 4;
	if (pkt_frag_take(frags, &view, 1000, &data))
		check(data.n && data.n <= PKT_FRAG_DATA_MAX);
}

/* Each step sends units of the datagram, and a bit for each says that it was sent. */
static void run(struct pkt_frags *frags, struct bytes in)
{
	size_t length = 1 + in.p[0] % (UNITS * 8);
	unsigned units = (unsigned)(length + 7) / 8;
	uint32_t sent = 0;
	uint8_t datagram[UNITS * 8];
	struct bytes whole = bytes_of(datagram, length);

	in = bytes_skip(in, 1);
	if (in.n < length)
		return;
	memcpy(datagram, in.p, length);
	if (length >= UDP_BYTES)
		memcpy(datagram,
			(uint8_t[]){
				PORT >> 8, PORT & 255, PORT >> 8, PORT & 255, 0, (uint8_t)length},
			UDP_BYTES - 2);
	in = bytes_skip(in, length);
	while (in.n > NOISE_BYTES) {
		unsigned first = in.p[0] % units;
		unsigned last = first + 1 + (in.p[0] >> 4) % (units - first);
		uint32_t now = ((1u << (last - first)) - 1) << first;

		/* The table has room for this one and the noise: nothing is given up. */
		sent |= now;
		check(take(frags, whole, first, last) == (sent == (1u << units) - 1));
		if (sent == (1u << units) - 1)
			sent = 0;
		take_noise(frags, in.p);
		in = bytes_skip(in, NOISE_BYTES);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct pkt_seed seed = {.k = {1, 2, 3, 4}};
	struct pkt_frag_counters *c;
	struct pkt_frags frags;
	void *memory;

	if (size < 1)
		return 0;
	memory = mmap(NULL, pkt_frag_memory(DATAGRAMS), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(memory != MAP_FAILED);
	pkt_frag_init(&frags, memory, DATAGRAMS, &seed);
	run(&frags, bytes_of(data, size));
	c = &frags.counters;
	check(c->fragments_begun >= c->fragments_whole + c->fragments_refused);
	check(c->fragments_begun <=
		c->fragments_whole + c->fragments_refused + DATAGRAMS + c->fragments_evicted);
	munmap(memory, pkt_frag_memory(DATAGRAMS));
	return 0;
}
