/* SPDX-License-Identifier: BSD-3-Clause */
/* The state machine behind qos_call_on_sip and qos_calls_expire.
 * Owner: qos_call.c. Threads: the caller holds call->lock, or call is not in the table yet. */
#ifndef QOS_CALL_PVT_H
#define QOS_CALL_PVT_H

#include "qos_call.h"

/* Sets method, state, parties and tags of a call that is zero but for its start_ns from the first message of its
 * Call-ID. */
void qos_call_begin(struct qos_call *call, struct sip_msg *msg);

/* Moves the state; true when this message set end_ns. */
bool qos_call_apply(
	struct qos_call *call, struct sip_msg *msg, const struct pkt_seed *seed, uint64_t now_ns);

/* Whether msg begins another call with the Call-ID of this one, which is over. */
bool qos_call_is_another(const struct qos_call *call, struct sip_msg *msg, uint64_t now_ns);

/* The From tag of the first message, as qos_call.former of the next call with its Call-ID; 0: it has none. */
uint32_t qos_call_tag_hash(const struct qos_call *call, const struct pkt_seed *seed);

/* Whether msg belongs to the call whose Call-ID this one has now. */
bool qos_call_is_late(
	const struct qos_call *call, struct sip_msg *msg, const struct pkt_seed *seed);

/* The state in which a call that expires leaves. */
void qos_call_time_out(struct qos_call *call);

/* The state in which one leaves that the capture's end leaves open: 401 and 407 are final responses, if nothing follows
 * them (RFC 3261 section 22). */
void qos_call_conclude(struct qos_call *call);

/* Methods of a call made by INVITE, not of a transaction that stands alone. */
bool qos_call_is_call(enum sip_method method);

#endif
