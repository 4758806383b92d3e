/* SPDX-License-Identifier: BSD-3-Clause */
/* The RTP header: header, payload and padding add up to the packet, and a packet cut by the capture
 * after its header reads the same. First two octets: how much more was on the wire. */
#include <stdlib.h>
#include <string.h>

#include "rtp_hdr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_sizes(struct bytes packet, uint32_t wire, const struct rtp_hdr *hdr)
{
	uint32_t used = hdr->header_bytes + hdr->payload_bytes;

	check(hdr->header_bytes >= 12 + 4 * hdr->csrc_count + (hdr->has_extension ? 4 : 0));
	check(hdr->has_extension || hdr->header_bytes == 12 + 4 * hdr->csrc_count);
	check(used <= wire);
	if (hdr->has_padding && packet.n == wire)
		check(wire - used == packet.p[wire - 1] && wire > used);
	else
		check(wire == used);
	check(packet.p[0] >> 6 == 2);
	check((hdr->pt | hdr->marker << 7) == packet.p[1]);
	check(packet.p[1] < 192 || packet.p[1] > 223);
}

/* The capture keeps the header and nothing else. */
static void check_cut(struct bytes packet, uint32_t wire, const struct rtp_hdr *whole)
{
	size_t n = whole->header_bytes < packet.n ? whole->header_bytes : packet.n;
	uint8_t *copy = malloc(n);
	struct rtp_hdr hdr;

	check(copy != NULL);
	memcpy(copy, packet.p, n);
	check(rtp_hdr_parse(bytes_of(copy, n), wire, &hdr) == RTP_OK);
	free(copy);
	check(hdr.ssrc == whole->ssrc && hdr.seq == whole->seq && hdr.ts == whole->ts);
	check(hdr.header_bytes == whole->header_bytes);
	check(hdr.extension_profile == whole->extension_profile);
	check(hdr.payload_bytes >= whole->payload_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes packet;
	struct rtp_hdr hdr;
	uint32_t wire;

	if (size < 2)
		return 0;
	packet = bytes_of(data + 2, size - 2);
	wire = (uint32_t)packet.n + be16(data);
	if (rtp_hdr_parse(packet, wire, &hdr) == RTP_OK) {
		check_sizes(packet, wire, &hdr);
		check_cut(packet, wire, &hdr);
	}
	return 0;
}
