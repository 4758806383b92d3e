/* SPDX-License-Identifier: BSD-3-Clause */
/* A packet that another agent captured, in HEP3 (revision 37 of its specification): a SIP proxy that hands on what it
 * read from TLS, say.
 * Owner: slices into the message. Threads: any; no state, no allocation. */
#ifndef HEP_PACKET_H
#define HEP_PACKET_H

#include "bytes.h"
#include "pkt_flow.h"

struct hep_packet {
	uint8_t type; /* protocol type: 1 is SIP */
	uint16_t vlan;
	uint32_t agent_id;
	struct pkt_flow flow; /* of the packet; proto as its IP header had it */
	struct bytes payload; /* empty when there is none, or compressed */
};

/* Whether octets begin like one. */
static inline bool hep_packet_begins(struct bytes in)
{
	return bytes_starts(in, BYTES_LIT("HEP3"));
}

/* What: reads a message. Chunks of other vendors, and those not named here, are passed over; of a repeated one
 * the last counts. False: a length does not fit, or there are no addresses of one family. */
bool hep_packet_parse(struct bytes in, struct hep_packet *packet);

#endif
