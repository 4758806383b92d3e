/* SPDX-License-Identifier: BSD-3-Clause */
/* Sends encoded HEP3 messages to every collector, over UDP in batches (sendmmsg), each collector at
 * its own pace.
 * Owner: the sender thread owns the sockets. A message belongs to the caller and is not needed
 * after hep_sender_send returns. Threads: one; counters may be read by others with relaxed
 * loads. */
#ifndef HEP_SENDER_H
#define HEP_SENDER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "hep_options.h"

enum {
	HEP_SEND_BURST = 64,
};

/* One set per collector. For each, offered = the sum of the others. */
struct hep_sender_counters {
#define X(name, help) _Atomic uint64_t name;
#include "hep_sender_counters.def"
#undef X
	/* ICMP answers "port unreachable" to earlier messages, which were sent all the same: nobody
	 * listens there. No part of the sum. */
	_Atomic uint64_t unreachable;
};

struct hep_sender;

/* What: opens a socket to each collector. One whose address is not known yet is looked for in a
 * thread of its own, which this waits for a second at most. 0 or negative errno: a socket could not
 * be made. That a name is not resolved, or that there is no route, is no failure: what is sent
 * until then counts as send_failed. */
int hep_sender_create(const struct hep_options *options, struct hep_sender **sender);
void hep_sender_destroy(struct hep_sender *sender);

/* What: sends n messages (at most HEP_SEND_BURST) to every collector. Blocks as long as a
 * collector's rate asks, and never on a full socket for longer than 100 ms per burst: what could
 * not be sent by then is counted as send_would_block. An ICMP error of an earlier datagram
 * (ECONNREFUSED) costs a retry, not a message. When this host has another address a socket is
 * connected anew, once a second at most, and a collector's name is followed to another address.
 * stop: once it is true there is no pacing and no waiting; NULL: never. */
void hep_sender_send(struct hep_sender *sender, const struct bytes *messages, unsigned n,
	const atomic_bool *stop);

unsigned hep_sender_collectors(const struct hep_sender *sender);
/* Why nothing could be sent to collector i when the sender was created; NULL: it could. */
const char *hep_sender_no_way(const struct hep_sender *sender, unsigned i);
/* What: true when the name of collector i has another address than the last time, of which seen
 * keeps the number, 0 at first; text is that address. Never of a literal. Any thread. */
bool hep_sender_has_moved(
	const struct hep_sender *sender, unsigned i, unsigned *seen, char *text, size_t size);
const struct hep_sender_counters *hep_sender_counters(const struct hep_sender *sender, unsigned i);

#endif
