/* SPDX-License-Identifier: BSD-3-Clause */
/* SCTP: a user message in fragments comes out once and whole, whatever their order, whichever come twice,
 * and whatever is in other packets in between; any chunks at all stay within their packet. First octet:
 * how many fragments; then steps of two octets, which fragment, and how long a packet of the input's own
 * octets follows, of which the capture cut some or none. */
#include <sys/mman.h>

#include <stdlib.h>
#include <string.h>

#include "sip_sctp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	FRAGMENTS_MAX = 16,
	HEAD_BYTES = 16,
	TSN = UINT16_MAX,
};

struct run {
	struct sip_sctp sctp;
	unsigned fragments;
	unsigned whole; /* times the message came out */
};

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* Fragment i is of i + 1 octets of value i. */
static bool on_message(void *arg, const struct pkt_view *view, uint64_t now_ns)
{
	struct run *r = arg;
	size_t at = 0;

	(void)now_ns;
	check(view->payload.n > 0 && view->payload.n <= SIP_SCTP_MESSAGE_MAX);
	check(view->payload_wire >= view->payload.n && view->payload_wire <= SIP_SCTP_MESSAGE_MAX);
	if (view->flow.sport != 5060)
		return false;
	for (unsigned i = 0; i < r->fragments; i++)
		for (unsigned k = 0; k <= i; k++, at++)
			check(at < view->payload.n && view->payload.p[at] == i);
	check(at == view->payload.n);
	r->whole++;
	return true;
}

static void take(struct run *r, uint16_t port, struct bytes chunks, unsigned missing)
{
	struct pkt_view view = {
		.flow = {.family = 4, .proto = PKT_SCTP, .sport = port},
		.payload = chunks,
		.payload_wire = (uint32_t)chunks.n + missing,
	};

	if (chunks.n)
		sip_sctp_take(&r->sctp, &view, 1000, on_message, r);
}

static void take_fragment(struct run *r, unsigned i)
{
	uint8_t chunk[HEAD_BYTES + FRAGMENTS_MAX] = {0};
	uint32_t tsn = TSN + i, length = HEAD_BYTES + i + 1;

	chunk[1] = (uint8_t)((i == 0) << 1 | (i == r->fragments - 1));
	chunk[3] = (uint8_t)length;
	chunk[4] = (uint8_t)(tsn >> 24);
	chunk[5] = (uint8_t)(tsn >> 16);
	chunk[6] = (uint8_t)(tsn >> 8);
	chunk[7] = (uint8_t)tsn;
	memset(chunk + HEAD_BYTES, (int)i, i + 1);
	take(r, 5060, bytes_of(chunk, length), 0);
}

static void run(struct run *r, struct bytes in)
{
	bool is_noisy = false;
	uint32_t sent = 0;

	r->fragments = 1 + in.p[0] % FRAGMENTS_MAX;
	for (in = bytes_skip(in, 1); in.n >= 2;) {
		unsigned i = in.p[0] % r->fragments;
		struct bytes noise = bytes_head(bytes_skip(in, 2), in.p[1] % 64);

		take_fragment(r, i);
		sent |= 1u << i;
		/* Room enough for all that noise can begin before the message is given up. */
		if (in.p[1] & 0x80) {
			take(r, 5061, bytes_head(noise, 40), in.p[0] & 0x40 ? in.p[0] : 0);
			is_noisy = true;
		}
		in = bytes_skip(in, 2 + noise.n);
	}
	/* A chunk sent again is known until another one takes its place in the memory of them. */
	if (!r->sctp.counters.sctp_evicted)
		check(sent != (1u << r->fragments) - 1 ? !r->whole
			: is_noisy		       ? r->whole
						       : r->whole == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct pkt_seed seed = {.k = {1, 2, 3, 4}};
	struct run r = {.fragments = 0};
	void *memory;

	if (size < 1)
		return 0;
	memory = mmap(NULL, sip_sctp_memory(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		-1, 0);
	check(memory != MAP_FAILED);
	sip_sctp_init(&r.sctp, memory, &seed);
	run(&r, bytes_of(data, size));
	munmap(memory, sip_sctp_memory());
	return 0;
}
