/* SPDX-License-Identifier: BSD-3-Clause */
/* The short way to a descriptor: what it takes, the long way takes too and says the same of it. First
 * octet: where to cut the frame once more. */
#include <stdlib.h>
#include <string.h>

#include "pkt_decode.h"
#include "pkt_plain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_same(struct bytes frame, const struct pkt_media *m, uint64_t time_ns,
	const struct pkt_seed *seed)
{
	struct pkt_media_key key;
	struct pkt_view view;
	struct pkt_flow flow;
	struct rtp_hdr hdr;

	check(pkt_decode(PKT_LINK_ETHERNET, frame, &view) == PKT_OK);
	check(view.flow.proto == PKT_UDP);
	check(rtp_hdr_parse(view.payload, view.payload_wire, &hdr) == RTP_OK);
	key = pkt_media_key(&view.flow, hdr.ssrc, seed);
	check(memcmp(&m->key, &key, sizeof(key)) == 0);
	check(m->rtp_ts == hdr.ts && m->seq == hdr.seq);
	check(m->payload_bytes == hdr.payload_bytes);
	check(m->marker_pt == (unsigned)(hdr.marker << 7 | hdr.pt));
	check(m->time_ns == time_ns);
	pkt_plain_flow(frame, &flow);
	check(memcmp(&flow, &view.flow, sizeof(flow)) == 0);
	check(pkt_plain_vlan(frame) == view.vlan);
}

/* A copy of just that size, so that a sanitizer sees one octet read too far. */
static void check_frame(const uint8_t *p, size_t n)
{
	static const struct pkt_seed seed = {{1, 2, 3, 4}};
	const uint64_t time_ns = PKT_MEDIA_TIME_MAX;
	uint8_t *copy = malloc(n ? n : 1);
	struct pkt_media m;

	check(copy != NULL);
	if (n)
		memcpy(copy, p, n);
	if (pkt_plain_media(bytes_of(copy, n), time_ns, &seed, &m))
		check_same(bytes_of(copy, n), &m, time_ns, &seed);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	check_frame(data + 1, size - 1);
	check_frame(data + 1, (size - 1) * data[0] / 256);
	return 0;
}
