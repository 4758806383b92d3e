/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages from the octets of a direction, by what its kind says of their boundaries. */
#include "pkt_count.h"
#include "sig_frame.h"
#include "sip_tcp_pvt.h"

static void give(struct sip_tcp_pass *p, struct bytes message, size_t wire, uint64_t time_ns)
{
	struct pkt_view view = p->flow->view;

	view.payload = message;
	view.payload_wire = (uint32_t)wire;
	p->fn(p->arg, &view, time_ns);
	p->messages++;
}

static bool is_keep_alive(struct bytes payload)
{
	return !bytes_trim(payload).n;
}

/* in: the frames of a message. */
static void give_ws(struct sip_tcp_pass *p, struct bytes in, const struct sip_ws_message *message,
	uint64_t time_ns)
{
	struct sip_tcp *tcp = p->tcp;
	struct bytes payload = {tcp->unmasked, sip_ws_payload(in, tcp->unmasked)};
	size_t n = SIP_TCP_MESSAGE_MAX;

	if (message->is_compressed) {
		if (!sip_inflate_message(&tcp->inflate, sip_tcp_number(tcp, p->flow), payload,
			    tcp->inflated, &n)) {
			pkt_count(&tcp->counters.websocket_unreadable, 1);
			return;
		}
		payload = bytes_of(tcp->inflated, n);
	}
	if (!is_keep_alive(payload))
		give(p, payload, payload.n, time_ns);
}

static enum sip_frame_kind take_ws(
	struct sip_tcp_pass *p, struct bytes in, uint64_t time_ns, struct sip_tcp_unfinished *u)
{
	struct sip_ws_message *message = &u->ws;
	enum sip_frame_kind kind = sip_ws_next(in, message);

	u->frame = (struct sip_frame){.n = message->n};
	if (kind == SIP_FRAME_WHOLE && message->payload_n && message->n <= SIP_TCP_MESSAGE_MAX)
		give_ws(p, bytes_head(in, message->n), message, time_ns);
	return kind;
}

/* Where a message of a kind ends, and where the next one is behind what is none. */
static const struct {
	enum sip_frame_kind (*next)(struct bytes in, struct sip_frame *frame);
	size_t (*find)(struct bytes in);
} framings[SIP_TCP_KINDS] = {
	[SIP_TCP_SIP] = {sip_frame_next, sip_frame_find},
	[SIP_TCP_WS] = {NULL, sip_ws_find}, /* take_ws */
	[SIP_TCP_ALSO + SIG_DIAMETER] = {sig_frame_diameter, sig_frame_find_diameter},
	[SIP_TCP_ALSO + SIG_SYSLOG] = {sig_frame_syslog, sig_frame_find_syslog},
	[SIP_TCP_ALSO + SIG_MEGACO] = {sig_frame_megaco, sig_frame_find_megaco},
};

/* Gives what is whole at the front of in, and says how many octets that is or what is missing. */
static enum sip_frame_kind take_frame(
	struct sip_tcp_pass *p, struct bytes in, uint64_t time_ns, struct sip_tcp_unfinished *u)
{
	struct sip_frame *frame = &u->frame;
	enum sip_frame_kind kind;

	if (p->flow->kind == SIP_TCP_WS)
		return take_ws(p, in, time_ns, u);
	kind = framings[p->flow->kind].next(in, frame);
	if (kind == SIP_FRAME_WHOLE && frame->n <= SIP_TCP_MESSAGE_MAX)
		give(p, bytes_of(in.p + frame->skip, frame->n), frame->n, time_ns);
	return kind;
}

/* Something is no message. */
static size_t skip(struct sip_tcp_pass *p, struct bytes in)
{
	size_t n = framings[p->flow->kind].find(in);

	pkt_count(&p->tcp->counters.tcp_skipped_bytes, n);
	sip_inflate_forget(&p->tcp->inflate, sip_tcp_number(p->tcp, p->flow));
	return n;
}

/* The rest stays in order, the oldest first. */
static void drop_unfinished(struct sip_tcp_flow *flow, unsigned i)
{
	flow->unfinished_count--;
	memmove(&flow->unfinished[i], &flow->unfinished[i + 1],
		(flow->unfinished_count - i) * sizeof(flow->unfinished[0]));
}

/* Takes what is known of the message that begins at seq; of most nothing is. */
static struct sip_tcp_unfinished take_unfinished(struct sip_tcp_flow *flow, uint32_t seq)
{
	for (unsigned i = 0; i < flow->unfinished_count; i++) {
		struct sip_tcp_unfinished u = flow->unfinished[i];

		if (u.seq != seq)
			continue;
		drop_unfinished(flow, i);
		return u;
	}
	return (struct sip_tcp_unfinished){.seq = seq};
}

/* There may be one in every range, and those of ranges that were dropped. */
static void keep_unfinished(struct sip_tcp_flow *flow, const struct sip_tcp_unfinished *u)
{
	if (flow->unfinished_count == TCP_WINDOW_RANGES)
		drop_unfinished(flow, 0);
	flow->unfinished[flow->unfinished_count++] = *u;
}

size_t sip_tcp_take_messages(
	struct sip_tcp_pass *p, uint32_t seq, struct bytes data, uint64_t time_ns)
{
	struct sip_tcp_unfinished u = take_unfinished(p->flow, seq);
	size_t done = 0;

	while (done < data.n) {
		struct bytes rest = bytes_skip(data, done);
		enum sip_frame_kind kind = SIP_FRAME_MORE;

		if (rest.n >= u.need)
			kind = take_frame(p, rest, time_ns, &u);
		if (kind == SIP_FRAME_MORE && u.frame.n <= SIP_TCP_MESSAGE_MAX &&
			rest.n - u.frame.skip < SIP_TCP_MESSAGE_MAX) {
			done += u.frame.skip;
			u.frame.skip = 0;
			u.seq = seq + (uint32_t)done;
			u.need = (uint32_t)u.frame.n;
			if (done < data.n)
				keep_unfinished(p->flow, &u);
			return done;
		}
		if (kind == SIP_FRAME_WHOLE && u.frame.n <= SIP_TCP_MESSAGE_MAX)
			done += u.frame.skip + u.frame.n;
		else
			done += skip(p, rest);
		u = (struct sip_tcp_unfinished){0};
	}
	return done;
}

bool sip_tcp_give_cut(struct sip_tcp_pass *p, struct bytes rest, size_t wire)
{
	struct sip_ws_message message = {0};
	struct sip_frame frame = {0};

	if (p->flow->kind == SIP_TCP_SIP) {
		if (sip_frame_next(rest, &frame) != SIP_FRAME_MORE || frame.skip == rest.n)
			return false;
		give(p, rest, wire, p->now_ns);
		return true;
	}
	if (p->flow->kind != SIP_TCP_WS || sip_ws_next(rest, &message) != SIP_FRAME_MORE ||
		!message.payload_n || message.is_compressed)
		return false;
	give(p, bytes_of(p->tcp->unmasked, sip_ws_payload(rest, p->tcp->unmasked)),
		message.payload_n, p->now_ns);
	return true;
}
