/* SPDX-License-Identifier: BSD-3-Clause */
/* Connectivity checks between the two sides of a call, and their answers: media is where they
 * were. */
#include "pkt_turn.h"
#include "probe_looks.h"
#include "probe_worker.h"
#include "qos_ice.h"
#include "stun_msg.h"

enum {
	COMPONENT_RTCP = 2,
	COMPONENT_FROM = 256, /* less the last octet of PRIORITY, RFC 8445 section 5.1.2.1 */
};

/* ChannelData looks the same both ways. A server that is not at its port has a lower one than its
 * clients, mostly. */
static bool is_relay_src(const struct pkt_view *view)
{
	const struct pkt_flow *flow = &view->flow;

	if (view->relay != PKT_RELAY_CHANNEL)
		return view->relay == PKT_RELAY_DATA;
	if (pkt_turn_is_port(flow->sport) != pkt_turn_is_port(flow->dport))
		return pkt_turn_is_port(flow->sport);
	return flow->sport < flow->dport;
}

static bool take_check(
	struct probe_worker *w, const struct pkt_view *view, const struct stun_msg *msg)
{
	struct qos_ice_check check = {
		.flow = &view->flow,
		.transaction = msg->transaction,
		.is_rtcp = COMPONENT_FROM - (msg->priority & 0xff) == COMPONENT_RTCP,
		.is_nominated = msg->has_nomination,
		.has_relay = view->relay != PKT_RELAY_NONE,
		.is_relay_src = is_relay_src(view),
	};

	return stun_msg_fragments(msg, &check.receiver, &check.sender) &&
	       qos_ice_learn(w->probe->medias, &w->ice_checks, &check, w->call_counters);
}

void probe_ice_take(struct probe_worker *w, const struct pkt_view *view)
{
	struct stun_msg msg;

	if (!probe_may_be_ice(view->payload, view->payload_wire, &msg) ||
		!stun_msg_is_sound(view->payload, &msg))
		return;
	if (msg.kind == STUN_REQUEST)
		pkt_count(&w->counters.ice_checks, take_check(w, view, &msg));
	else
		pkt_count(&w->counters.ice_answers,
			qos_ice_answer(w->probe->medias, &w->ice_checks, &view->flow,
				msg.transaction, w->call_counters));
}
