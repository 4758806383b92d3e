/* SPDX-License-Identifier: BSD-3-Clause */
/* One STUN message (RFC 8489 sections 5 and 14), with what ICE (RFC 8445 section 7.1) and TURN (RFC 8656
 * section 18) say in it.
 * Owner: slices into the datagram. Threads: any; no state, no allocation. */
#ifndef STUN_MSG_H
#define STUN_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "pkt_flow.h"

enum {
	STUN_HEADER_BYTES = 20,
	STUN_TRANSACTION_BYTES = 12,
	STUN_COOKIE = 0x2112a442,
};

enum stun_class {
	STUN_REQUEST = 0,
	STUN_INDICATION,
	STUN_SUCCESS,
	STUN_ERROR,
};

enum stun_method {
	STUN_BINDING = 1,
	STUN_SEND = 6, /* TURN: from the client */
	STUN_DATA = 7, /* TURN: to the client */
};

/* Of an address that is not there, or not whole, family is 0. */
struct stun_address {
	uint8_t family; /* 4 or 6 */
	uint16_t port;
	struct pkt_addr addr;
};

struct stun_msg {
	enum stun_class kind;
	uint16_t method; /* enum stun_method, or another */
	bool is_cut; /* attributes that were not captured are not known */
	bool has_priority;
	bool has_nomination; /* USE-CANDIDATE */
	bool is_controlling;
	bool is_controlled;
	bool has_fingerprint;
	uint32_t priority;
	uint32_t fingerprint;
	size_t fingerprint_at; /* octets before the attribute */
	struct bytes transaction; /* its ID, the last octets of the header */
	struct bytes username; /* empty without */
	struct bytes data; /* as far as captured, empty without */
	uint32_t data_wire; /* its length in the message */
	struct stun_address mapped; /* XOR-MAPPED-ADDRESS */
	struct stun_address peer; /* XOR-PEER-ADDRESS */
};

enum stun_status {
	STUN_OK = 0,
	STUN_SHORT = -1, /* no header was captured */
	STUN_NOT_STUN = -2, /* first two bits, magic cookie */
	STUN_LENGTH = -3, /* is not the datagram's, or no multiple of four */
	STUN_ATTRIBUTE = -4, /* runs beyond the message */
};

/* What: reads a message that fills a datagram of wire octets. Of attributes that come several times the first
 * counts; behind MESSAGE-INTEGRITY none but FINGERPRINT. */
enum stun_status stun_msg_parse(struct bytes payload, uint32_t wire, struct stun_msg *msg);

/* What: a quick look by which nearly everything else is told from a message. */
static inline bool stun_may_be(struct bytes payload)
{
	return payload.n >= STUN_HEADER_BYTES && payload.p[0] < 0x40 &&
	       be32(payload.p + 4) == STUN_COOKIE;
}

/* What: false where the message's FINGERPRINT (RFC 8489 section 14.7) is not that of its octets. */
bool stun_msg_is_sound(struct bytes payload, const struct stun_msg *msg);

/* What: the two fragments of an ICE check's USERNAME, that of the agent it is sent to first. False: it has none. */
bool stun_msg_fragments(const struct stun_msg *msg, struct bytes *receiver, struct bytes *sender);

#endif
