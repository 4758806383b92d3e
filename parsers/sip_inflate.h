/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages that permessage-deflate compressed (RFC 7692 section 7). A message may point into those before it
 * in its direction, so a direction needs a context of its own; the one not used for longest makes room.
 * Owner: the worker; memory is the caller's, and zlib gets no other. Threads: one. */
#ifndef SIP_INFLATE_H
#define SIP_INFLATE_H

#include "bytes.h"

enum {
	SIP_INFLATE_CONTEXTS = 64,
};

struct sip_inflate_context;

struct sip_inflate {
	struct sip_inflate_context *contexts;
	uint64_t turn; /* counts messages, to know the context not used for longest */
};

size_t sip_inflate_memory(void);

/* memory: sip_inflate_memory() octets, zero, aligned to 64; stays the caller's. */
void sip_inflate_init(struct sip_inflate *inflate, void *memory);

/* What: puts a message, of the direction that has this number (not 0), at out, which has room for *n octets;
 * *n is its length then. False: it is malformed, too long, or points to what was not seen. */
bool sip_inflate_message(
	struct sip_inflate *inflate, uint32_t number, struct bytes in, uint8_t *out, size_t *n);

/* What: of this direction something was not seen. */
void sip_inflate_forget(struct sip_inflate *inflate, uint32_t number);

#endif
