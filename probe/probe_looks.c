/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe_looks.h"

#include "hep_packet.h"
#include "sig_diameter.h"
#include "sig_kind.h"
#include "sip_sctp.h"
#include "sip_ws.h"

enum {
	LEADING_MAX = 128, /* CR and LF looked through before a SIP start line */
	METHOD_MIN = 3,
	METHOD_MAX = 32,
};

/* "SIP/", or a token, blanks, and what begins a Request-URI, perhaps after CR LF. */
static bool begins_like_sip(struct bytes b)
{
	size_t n = 0;

	for (unsigned i = 0; i < LEADING_MAX && b.n && (b.p[0] == '\r' || b.p[0] == '\n'); i++)
		b = bytes_skip(b, 1);
	if (bytes_eq_nocase(bytes_head(b, 4), BYTES_LIT("SIP/")))
		return true;
	while (n < b.n && n < METHOD_MAX && b.p[n] > ' ' && b.p[n] < 0x7f)
		n++;
	if (n < METHOD_MIN || n == b.n || b.p[n] != ' ')
		return false;
	while (n < b.n && b.p[n] == ' ')
		n++;
	return n < b.n &&
	       (b.p[n] == '<' || (ascii_lower(b.p[n]) >= 'a' && ascii_lower(b.p[n]) <= 'z'));
}

bool probe_looks_like_rtcp(struct bytes b)
{
	return b.n >= 8 && (b.p[0] & 0xc0) == 0x80 && b.p[1] >= 192 && b.p[1] <= 223;
}

bool probe_looks_like_signalling(const struct pkt_view *view, bool reads_hep, uint32_t also)
{
	struct bytes b = view->payload;

	if (reads_hep && hep_packet_begins(b))
		return true;
	if (view->flow.proto == PKT_UDP && b.n && (b.p[0] & 0xc0) == 0x80)
		return probe_looks_like_rtcp(b);
	if (view->flow.proto == PKT_TCP && (also & SIG_OVER_TCP) &&
		sig_is_any_port(also & SIG_OVER_TCP, view->flow.sport, view->flow.dport))
		return true;
	return begins_like_sip(b) || (view->flow.proto == PKT_TCP && sip_ws_begins(b));
}

bool probe_may_be_ice(struct bytes payload, uint32_t wire, struct stun_msg *msg)
{
	if (!stun_may_be(payload) || stun_msg_parse(payload, wire, msg) != STUN_OK ||
		msg->method != STUN_BINDING)
		return false;
	return msg->kind == STUN_REQUEST ? msg->username.n != 0
					 : msg->kind == STUN_SUCCESS && msg->mapped.family;
}

bool probe_carries_signalling(const struct pkt_view *view, uint32_t also)
{
	struct bytes chunks = view->payload;
	size_t missing = view->payload_wire - view->payload.n;
	struct sip_sctp_chunk chunk;

	while (sip_sctp_next(&chunks, missing, &chunk))
		if (begins_like_sip(chunk.data) ||
			(sig_has(also, SIG_DIAMETER) && sig_diameter_begins(chunk.data)))
			return true;
	return false;
}
