/* SPDX-License-Identifier: BSD-3-Clause */
/* A message to its call, for tests that have no use for its hash.
 * Owner: the test. Threads: as qos_call_on_sip. */
#ifndef QOS_CALL_MESSAGE_H
#define QOS_CALL_MESSAGE_H

#include "qos_call.h"

static inline enum qos_call_change take_message(struct qos_calls *calls, unsigned worker,
	struct sip_msg *msg, uint64_t now_ns, struct qos_call **call)
{
	return qos_call_on_sip(
		calls, worker, msg, qos_call_hash(calls, msg->call_id), now_ns, call);
}

#endif
