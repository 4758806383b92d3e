/* SPDX-License-Identifier: BSD-3-Clause */
/* Whatever the octets: the payload lies in them, addresses are of one family, and a chunk of another vendor behind
 * the message's own changes nothing. */
#include <stdlib.h>

#include "hep_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* A copy with one chunk more. */
static void check_longer(const uint8_t *data, size_t total, const struct hep_packet *packet)
{
	static const uint8_t more[] = {0xff, 0xff, 0, 15, 0, 8, 'x', 'x'};
	size_t n = total + sizeof(more);
	uint8_t *copy = malloc(n);
	struct hep_packet again;

	check(copy != NULL);
	memcpy(copy, data, total);
	memcpy(copy + total, more, sizeof(more));
	copy[4] = (uint8_t)(n >> 8);
	copy[5] = (uint8_t)n;
	check(hep_packet_parse(bytes_of(copy, n), &again));
	check(again.type == packet->type && again.agent_id == packet->agent_id);
	check(pkt_flow_eq(&again.flow, &packet->flow) && bytes_eq(again.payload, packet->payload));
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	struct hep_packet packet;

	check(copy != NULL);
	memcpy(copy, data, size);
	if (hep_packet_parse(bytes_of(copy, size), &packet)) {
		struct bytes p = packet.payload;

		check(packet.flow.family == 4 || packet.flow.family == 6);
		check(!p.n || (p.p > copy && p.n < size && (size_t)(p.p - copy) <= size - p.n));
		if (be16(copy + 4) <= UINT16_MAX - 8)
			check_longer(copy, be16(copy + 4), &packet);
	}
	free(copy);
	return 0;
}
