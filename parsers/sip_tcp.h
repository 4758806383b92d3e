/* SPDX-License-Identifier: BSD-3-Clause */
/* SIP messages from TCP segments (RFC 3261 section 18.3, RFC 9293), also over WebSocket (RFC 7118),
 * and those of other signalling (sig_frame.h): segments in any order, repeated, overlapping, with
 * messages in parts and several in one. Only directions of connections are followed in which a
 * segment began like some, or a few short ones together, in mid-stream too. A message comes out as
 * soon as it and what is before it are there; segments that overtook the first one of a connection
 * are remembered for a while. Behind a hole that nothing fills, the next message is looked for.
 * Owner: the worker; memory is the caller's. Threads: one; counters may be read by others. */
#ifndef SIP_TCP_H
#define SIP_TCP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pkt_decode.h"
#include "pkt_hash.h"
#include "sig_kind.h"
#include "sip_inflate.h"
#include "tcp_window.h"

enum {
	SIP_TCP_MESSAGE_MAX = TCP_WINDOW_BYTES, /* octets; longer ones are not put together */
};

#define SIP_TCP_HOLE_NS ((uint64_t)1000000000) /* what fills a hole comes by then */

struct sip_tcp_counters {
#define X(name, help) _Atomic uint64_t name;
#include "sip_tcp_counters.def"
#undef X
};

/* What finds the messages of a direction, from its beginning on. */
enum sip_tcp_kind {
	SIP_TCP_NONE = 0,
	SIP_TCP_SIP,
	SIP_TCP_WS, /* SIP over WebSocket */
	SIP_TCP_ALSO, /* and enum sig_kind: what capture.also names */
	SIP_TCP_KINDS = SIP_TCP_ALSO + SIG_NONE,
};

static inline bool sip_tcp_is_also(enum sip_tcp_kind kind)
{
	return kind >= SIP_TCP_ALSO;
}

struct sip_tcp_flow;
struct sip_tcp_early;

struct sip_tcp {
	struct sip_tcp_flow *flows;
	struct sip_tcp_early *early; /* the last segments of no connection with SIP */
	uint32_t early_next; /* place of the next one */
	uint64_t early_short; /* bit by place: too short to tell what it begins */
	uint32_t *buckets; /* chains of flows by number + 1 */
	uint32_t mask; /* of buckets */
	uint32_t used; /* flows that were ever used */
	uint32_t count; /* of flows */
	uint32_t oldest, newest; /* by their last segment, number + 1 */
	uint32_t waiting; /* flows with octets that wait */
	/* Of the direction that this is about: a segment's, or a message's. */
	enum sip_tcp_kind kind;
	uint8_t *unmasked, *inflated; /* the last message over WebSocket */
	struct sip_inflate inflate;
	struct pkt_seed seed;
	struct sip_tcp_counters counters;
};

enum sip_tcp_result {
	SIP_TCP_OTHER = 0, /* of no connection that is followed */
	SIP_TCP_MESSAGE, /* completed one or more messages */
	SIP_TCP_PART, /* a part of one, or a keep-alive */
	SIP_TCP_REPEATED, /* nothing of it is new */
};

/* A message: view has its addresses and as payload all its octets, until this returns. */
typedef void (*sip_tcp_message_fn)(void *arg, const struct pkt_view *view, uint64_t now_ns);

/* Octets of memory for so many directions at a time, each with a window; pages are touched as data
 * waits. */
size_t sip_tcp_memory(uint32_t flows);

/* memory: sip_tcp_memory(flows) octets, zero, aligned to 64; stays the caller's. */
void sip_tcp_init(struct sip_tcp *tcp, void *memory, uint32_t flows, const struct pkt_seed *seed);

/* What: takes a segment, with payload; begins: what it begins like, for which a direction is
 * opened, as it is where SIP over WebSocket begins. Calls fn for each message that is whole now. */
enum sip_tcp_result sip_tcp_take(struct sip_tcp *tcp, const struct pkt_view *view,
	enum sip_tcp_kind begins, uint64_t now_ns, sip_tcp_message_fn fn, void *arg);

/* What: gives up holes older than SIP_TCP_HOLE_NS, all of them with drain, and calls fn for each
 * message found behind them. */
void sip_tcp_tick(
	struct sip_tcp *tcp, uint64_t now_ns, bool drain, sip_tcp_message_fn fn, void *arg);

#endif
