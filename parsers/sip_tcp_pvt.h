/* SPDX-License-Identifier: BSD-3-Clause */
/* What the two halves of sip_tcp share: sip_tcp.c has the connections and their segments,
 * sip_tcp_messages.c what is in them. */
#ifndef SIP_TCP_PVT_H
#define SIP_TCP_PVT_H

#include <stdalign.h>

#include "sip_frame.h"
#include "sip_tcp.h"
#include "sip_ws.h"

/* A message that does not end yet, so that it is not looked through again with every segment. */
struct sip_tcp_unfinished {
	uint32_t seq; /* where it begins */
	uint32_t need; /* octets without which it does not end */
	struct sip_frame frame;
	struct sip_ws_message ws;
};

struct sip_tcp_flow {
	alignas(64) struct pkt_view view; /* addresses */
	uint32_t next; /* in its bucket, number + 1 */
	uint32_t older, newer; /* number + 1 */
	enum sip_tcp_kind kind;
	unsigned unfinished_count;
	struct sip_tcp_unfinished unfinished[TCP_WINDOW_RANGES];
	struct tcp_window window;
};

/* One segment on its way through, or a tick. */
struct sip_tcp_pass {
	struct sip_tcp *tcp;
	struct sip_tcp_flow *flow;
	uint64_t now_ns;
	sip_tcp_message_fn fn;
	void *arg;
	unsigned messages;
};

static inline uint32_t sip_tcp_number(const struct sip_tcp *tcp, const struct sip_tcp_flow *flow)
{
	return (uint32_t)(flow - tcp->flows) + 1;
}

/* Octets at the front of data, from seq on, that are done with: messages, and what is none of any. */
size_t sip_tcp_take_messages(
	struct sip_tcp_pass *p, uint32_t seq, struct bytes data, uint64_t time_ns);

/* Gives a message of which the capture cut the end off, as far as it goes; wire: octets from its front on that
 * there were. False: none begins in rest. */
bool sip_tcp_give_cut(struct sip_tcp_pass *p, struct bytes rest, size_t wire);

#endif
