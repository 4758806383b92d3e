/* SPDX-License-Identifier: BSD-3-Clause */
/* Which worker a flow belongs to: a symmetric keyed hash of addresses and ports, the lowest bit of
 * both ports cleared, so that both directions and the RTCP twin of an RTP port meet on one worker.
 * Owner: value type. Threads: any. Software steering is the truth; RSS of a NIC only spreads load, well
 * where the same is computed here. */
#ifndef DP_STEER_H
#define DP_STEER_H

#include <stdint.h>

struct dp_steer {
	uint64_t seed;
	uint32_t workers;
	uint32_t reta_size; /* 0: the keyed hash */
	uint16_t toeplitz[2][256]; /* of the upper and lower octet */
};

void dp_steer_init(struct dp_steer *steer, uint64_t seed, uint32_t workers);
/* What: steers as a NIC with key 6d5a repeated and a redirection table of reta_size entries (not 0),
 * entry i for worker i % workers. The NIC leaves the ports' lowest bit: flows with one odd port may
 * differ. Not keyed, so who chooses addresses chooses the worker, as he chooses the NIC's queue. */
void dp_steer_init_rss(struct dp_steer *steer, uint32_t workers, uint32_t reta_size);

/* src, dst: 16 octets each, IPv4 in the first four and the rest zero. Returns 0 to workers - 1. */
uint32_t dp_steer_worker(const struct dp_steer *steer, const uint8_t *src, const uint8_t *dst,
	uint16_t sport, uint16_t dport);
/* The same of IPv4, addresses as they stand in the packet: where a frame was just read, sixteen octets of each would have
 * to be put together in memory, and waited for. */
uint32_t dp_steer_worker4(
	const struct dp_steer *steer, uint32_t src, uint32_t dst, uint16_t sport, uint16_t dport);

#endif
