/* SPDX-License-Identifier: BSD-3-Clause */
/* User messages from SCTP packets (RFC 9260, RFC 4168): DATA chunks, several in a packet, and fragments of
 * messages over many, in any order and repeated. All that SCTP carries comes out; whether it is SIP is the
 * caller's to say.
 * Owner: the worker; memory is the caller's. Threads: one; counters may be read by others. */
#ifndef SIP_SCTP_H
#define SIP_SCTP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pkt_decode.h"
#include "pkt_hash.h"

enum {
	SIP_SCTP_PARTIALS = 16, /* messages whose fragments wait; the oldest makes room */
	SIP_SCTP_MESSAGE_MAX = 65535, /* octets */
	SIP_SCTP_SEEN = 1024, /* chunks remembered, to know those that are sent again */
};

struct sip_sctp_counters {
#define X(name, help) _Atomic uint64_t name;
#include "sip_sctp_counters.def"
#undef X
};

struct sip_sctp_partial;

struct sip_sctp {
	struct sip_sctp_partial *partials;
	uint8_t *whole; /* the message that was put together last */
	uint64_t *seen; /* hashes of flow and TSN */
	uint64_t turn; /* counts fragments, to know the oldest */
	struct pkt_seed seed;
	struct sip_sctp_counters counters;
};

/* A DATA chunk: section 3.3.1 of RFC 9260. */
struct sip_sctp_chunk {
	uint32_t tsn;
	uint16_t stream;
	uint16_t ssn;
	bool is_unordered, is_first, is_last; /* of the fragments of its message */
	struct bytes data;
	size_t wire; /* octets that data had before the capture cut it */
};

/* A user message: view has its addresses and as payload its octets, until this returns; of one whose first octets are all
 * that the capture left, those, and payload_wire is more. True: it was SIP, or what else is wanted. */
typedef bool (*sip_sctp_message_fn)(void *arg, const struct pkt_view *view, uint64_t now_ns);

enum sip_sctp_result {
	SIP_SCTP_OTHER = 0, /* no message that is wanted ended here, and no fragment was kept */
	SIP_SCTP_MESSAGE, /* fn said of one that it was */
	SIP_SCTP_PART, /* fragments were kept */
};

size_t sip_sctp_memory(void);

/* memory: sip_sctp_memory() octets, zero, aligned to 64; stays the caller's. */
void sip_sctp_init(struct sip_sctp *sctp, void *memory, const struct pkt_seed *seed);

/* What: takes the next DATA chunk off the front of the chunks of a packet, passing over others. missing: octets that the
 * capture cut off behind *chunks; the chunk there has what is left of it. False: there is none, or what follows is
 * malformed, and then *chunks is not empty. */
bool sip_sctp_next(struct bytes *chunks, size_t missing, struct sip_sctp_chunk *chunk);

/* What: takes a packet, whose payload are its chunks; calls fn for each message that is whole now. */
enum sip_sctp_result sip_sctp_take(struct sip_sctp *sctp, const struct pkt_view *view,
	uint64_t now_ns, sip_sctp_message_fn fn, void *arg);

#endif
