/* SPDX-License-Identifier: BSD-3-Clause */
/* A connectivity check between the two sides of a call: media is where it was. */
#include "pkt_turn.h"
#include "probe_looks.h"
#include "probe_worker.h"
#include "qos_ice.h"
#include "stun_msg.h"

enum {
	COMPONENT_RTCP = 2,
	COMPONENT_FROM =
		256, /* the last octet of PRIORITY lacks so much (RFC 8445 section 5.1.2.1) */
};

/* ChannelData looks the same both ways. A server that is not at its port has a lower one than its clients, mostly. */
static bool is_relay_src(const struct pkt_view *view)
{
	const struct pkt_flow *flow = &view->flow;

	if (view->relay != PKT_RELAY_CHANNEL)
		return view->relay == PKT_RELAY_DATA;
	if (pkt_turn_is_port(flow->sport) != pkt_turn_is_port(flow->dport))
		return pkt_turn_is_port(flow->sport);
	return flow->sport < flow->dport;
}

void probe_ice_take(struct probe_worker *w, const struct pkt_view *view)
{
	struct qos_ice_check check = {
		.flow = &view->flow,
		.has_relay = view->relay != PKT_RELAY_NONE,
	};
	struct stun_msg msg;

	if (!probe_is_ice_check(view->payload, view->payload_wire, &msg) ||
		!stun_msg_fragments(&msg, &check.receiver, &check.sender) ||
		!stun_msg_is_sound(view->payload, &msg))
		return;
	check.is_relay_src = is_relay_src(view);
	check.is_nominated = msg.has_nomination;
	check.is_rtcp = COMPONENT_FROM - (msg.priority & 0xff) == COMPONENT_RTCP;
	if (qos_ice_learn(w->probe->medias, &check, w->call_counters))
		pkt_count(&w->counters.ice_checks, 1);
}
