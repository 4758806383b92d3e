/* SPDX-License-Identifier: BSD-3-Clause */
/* Directions in a hash table and in the order of their last segments; each with its window, from which
 * messages are taken. */
#include "sip_tcp.h"

#include <stdalign.h>

#include "pkt_count.h"
#include "sip_frame.h"
#include "sip_ws.h"

enum {
	EARLY_COUNT = 64,
	EARLY_BYTES = 1500,
};

/* A message that does not end yet, so that it is not looked through again with every segment. */
struct unfinished {
	uint32_t seq; /* where it begins */
	uint32_t need; /* octets without which it does not end */
	struct sip_frame frame;
	struct sip_ws_message ws;
};

struct sip_tcp_flow {
	alignas(64) struct pkt_view view; /* addresses */
	uint32_t next; /* in its bucket, number + 1 */
	uint32_t older, newer; /* number + 1 */
	bool is_ws; /* SIP over WebSocket */
	unsigned unfinished_count;
	struct unfinished unfinished[TCP_WINDOW_RANGES];
	struct tcp_window window;
};

/* A segment that came when nothing was known of its connection; proto 0: none. */
struct sip_tcp_early {
	alignas(64) struct pkt_view view;
	uint64_t time_ns;
	uint8_t data[EARLY_BYTES];
};

/* One segment on its way through, or a tick. */
struct pass {
	struct sip_tcp *tcp;
	struct sip_tcp_flow *flow;
	uint64_t now_ns;
	sip_tcp_message_fn fn;
	void *arg;
	unsigned messages;
};

static uint32_t buckets_of(uint32_t flows)
{
	uint32_t n = 16;

	while (n < flows)
		n *= 2;
	return n;
}

size_t sip_tcp_memory(uint32_t flows)
{
	return flows * sizeof(struct sip_tcp_flow) + EARLY_COUNT * sizeof(struct sip_tcp_early) +
	       sip_inflate_memory() + 2 * (size_t)SIP_TCP_MESSAGE_MAX +
	       buckets_of(flows) * sizeof(uint32_t);
}

void sip_tcp_init(struct sip_tcp *tcp, void *memory, uint32_t flows, const struct pkt_seed *seed)
{
	struct sip_tcp_early *early =
		(struct sip_tcp_early *)((struct sip_tcp_flow *)memory + flows);
	uint8_t *inflate = (uint8_t *)(early + EARLY_COUNT);
	uint8_t *unmasked = inflate + sip_inflate_memory();

	*tcp = (struct sip_tcp){
		.flows = memory,
		.early = early,
		.unmasked = unmasked,
		.inflated = unmasked + SIP_TCP_MESSAGE_MAX,
		.buckets = (uint32_t *)(unmasked + 2 * (size_t)SIP_TCP_MESSAGE_MAX),
		.mask = buckets_of(flows) - 1,
		.count = flows,
		.seed = *seed,
	};
	sip_inflate_init(&tcp->inflate, inflate);
}

static uint32_t *bucket_of(struct sip_tcp *tcp, const struct pkt_view *view)
{
	return &tcp->buckets[pkt_hash_flow6(
				     &view->flow, view->tenant, tcp->seed.k[0], tcp->seed.k[1]) &
			     tcp->mask];
}

/* number is not 0. */
static struct sip_tcp_flow *flow_at(const struct sip_tcp *tcp, uint32_t number)
{
	return &tcp->flows[number - 1];
}

static uint32_t number_of(const struct sip_tcp *tcp, const struct sip_tcp_flow *flow)
{
	return (uint32_t)(flow - tcp->flows) + 1;
}

static bool is_same(const struct pkt_view *a, const struct pkt_view *b)
{
	return a->tenant == b->tenant && pkt_flow_eq(&a->flow, &b->flow);
}

static struct sip_tcp_flow *find(struct sip_tcp *tcp, const struct pkt_view *view)
{
	for (uint32_t n = *bucket_of(tcp, view); n; n = flow_at(tcp, n)->next)
		if (is_same(&flow_at(tcp, n)->view, view))
			return flow_at(tcp, n);
	return NULL;
}

static void unlink_age(struct sip_tcp *tcp, const struct sip_tcp_flow *flow)
{
	*(flow->older ? &flow_at(tcp, flow->older)->newer : &tcp->oldest) = flow->newer;
	*(flow->newer ? &flow_at(tcp, flow->newer)->older : &tcp->newest) = flow->older;
}

static void link_newest(struct sip_tcp *tcp, struct sip_tcp_flow *flow)
{
	uint32_t number = number_of(tcp, flow);

	flow->older = tcp->newest;
	flow->newer = 0;
	*(flow->older ? &flow_at(tcp, flow->older)->newer : &tcp->oldest) = number;
	tcp->newest = number;
}

static void unlink_bucket(struct sip_tcp *tcp, const struct sip_tcp_flow *flow)
{
	uint32_t *link = bucket_of(tcp, &flow->view);
	uint32_t number = number_of(tcp, flow);

	while (*link != number)
		link = &flow_at(tcp, *link)->next;
	*link = flow->next;
}

/* Takes notice of what the window lost. */
static void count_losses(struct sip_tcp *tcp, struct sip_tcp_flow *flow)
{
	if (!flow->window.gaps && !flow->window.dropped)
		return;
	pkt_count(&tcp->counters.tcp_gaps, flow->window.gaps);
	pkt_count(&tcp->counters.tcp_skipped_bytes, flow->window.dropped);
	flow->window.gaps = flow->window.dropped = 0;
	sip_inflate_forget(&tcp->inflate, number_of(tcp, flow));
}

/* All that is known of the connection so far is forgotten. */
static void forget(struct sip_tcp *tcp, struct sip_tcp_flow *flow)
{
	tcp->waiting -= flow->window.waiting != 0;
	tcp_window_clear(&flow->window);
	count_losses(tcp, flow);
	sip_inflate_forget(&tcp->inflate, number_of(tcp, flow));
}

static struct sip_tcp_flow *open_flow(struct sip_tcp *tcp, const struct pkt_view *view)
{
	uint32_t *bucket = bucket_of(tcp, view);
	struct sip_tcp_flow *flow;

	if (tcp->used < tcp->count) {
		flow = &tcp->flows[tcp->used++];
	} else {
		flow = flow_at(tcp, tcp->oldest);
		forget(tcp, flow);
		unlink_age(tcp, flow);
		unlink_bucket(tcp, flow);
		pkt_count(&tcp->counters.tcp_flows_evicted, 1);
	}
	flow->view = *view;
	flow->next = *bucket;
	*bucket = number_of(tcp, flow);
	link_newest(tcp, flow);
	pkt_count(&tcp->counters.tcp_flows_opened, 1);
	return flow;
}

static void give(struct pass *p, struct bytes message, size_t wire, uint64_t time_ns)
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
static void give_ws(
	struct pass *p, struct bytes in, const struct sip_ws_message *message, uint64_t time_ns)
{
	struct sip_tcp *tcp = p->tcp;
	struct bytes payload = {tcp->unmasked, sip_ws_payload(in, tcp->unmasked)};
	size_t n = SIP_TCP_MESSAGE_MAX;

	if (message->is_compressed) {
		if (!sip_inflate_message(
			    &tcp->inflate, number_of(tcp, p->flow), payload, tcp->inflated, &n)) {
			pkt_count(&tcp->counters.websocket_unreadable, 1);
			return;
		}
		payload = bytes_of(tcp->inflated, n);
	}
	if (!is_keep_alive(payload))
		give(p, payload, payload.n, time_ns);
}

/* Gives what is whole at the front of in, and says how many octets that is or what is missing. */
static enum sip_frame_kind take_sip(
	struct pass *p, struct bytes in, uint64_t time_ns, struct unfinished *u)
{
	struct sip_frame *frame = &u->frame;
	enum sip_frame_kind kind = sip_frame_next(in, frame);

	if (kind == SIP_FRAME_WHOLE && frame->n <= SIP_TCP_MESSAGE_MAX)
		give(p, bytes_of(in.p + frame->skip, frame->n), frame->n, time_ns);
	return kind;
}

static enum sip_frame_kind take_ws(
	struct pass *p, struct bytes in, uint64_t time_ns, struct unfinished *u)
{
	struct sip_ws_message *message = &u->ws;
	enum sip_frame_kind kind = sip_ws_next(in, message);

	u->frame = (struct sip_frame){.n = message->n};
	if (kind == SIP_FRAME_WHOLE && message->payload_n && message->n <= SIP_TCP_MESSAGE_MAX)
		give_ws(p, bytes_head(in, message->n), message, time_ns);
	return kind;
}

/* Something is no message. */
static size_t skip(struct pass *p, struct bytes in)
{
	size_t n = p->flow->is_ws ? sip_ws_find(in) : sip_frame_find(in);

	pkt_count(&p->tcp->counters.tcp_skipped_bytes, n);
	sip_inflate_forget(&p->tcp->inflate, number_of(p->tcp, p->flow));
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
static struct unfinished take_unfinished(struct sip_tcp_flow *flow, uint32_t seq)
{
	for (unsigned i = 0; i < flow->unfinished_count; i++) {
		struct unfinished u = flow->unfinished[i];

		if (u.seq != seq)
			continue;
		drop_unfinished(flow, i);
		return u;
	}
	return (struct unfinished){.seq = seq};
}

/* There may be one in every range, and those of ranges that were dropped. */
static void keep_unfinished(struct sip_tcp_flow *flow, const struct unfinished *u)
{
	if (flow->unfinished_count == TCP_WINDOW_RANGES)
		drop_unfinished(flow, 0);
	flow->unfinished[flow->unfinished_count++] = *u;
}

/* Octets at the front of data, from seq on, that are done with: messages, and what is none of any. */
static size_t take_messages(struct pass *p, uint32_t seq, struct bytes data, uint64_t time_ns)
{
	struct unfinished u = take_unfinished(p->flow, seq);
	size_t done = 0;

	while (done < data.n) {
		struct bytes rest = bytes_skip(data, done);
		enum sip_frame_kind kind = SIP_FRAME_MORE;

		if (rest.n >= u.need)
			kind = p->flow->is_ws ? take_ws(p, rest, time_ns, &u)
					      : take_sip(p, rest, time_ns, &u);
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
		u = (struct unfinished){0};
	}
	return done;
}

static void take_due(struct pass *p)
{
	struct tcp_window *w = &p->flow->window;
	unsigned i;

	for (i = tcp_window_due(w, 0); i < w->range_count; i = tcp_window_due(w, i + 1)) {
		const struct tcp_range *r = &w->ranges[i];
		uint64_t time_ns = r->is_after_hole ? r->since_ns : p->now_ns;
		size_t done = take_messages(p, r->start, tcp_window_data(w, i), time_ns);

		tcp_window_finish(w, i, (uint32_t)done);
	}
	tcp_window_merge(w);
}

/* Nothing waits, and the segment follows what is done with: its messages need no window. Returns the
 * octets that are done with. */
static size_t take_directly(struct pass *p, const struct pkt_view *view)
{
	size_t n;

	if (!tcp_window_follows(&p->flow->window, view->tcp_seq))
		return 0;
	n = take_messages(p, view->tcp_seq, view->payload, p->now_ns);
	if (n)
		tcp_window_pass(&p->flow->window, view->tcp_seq, (uint32_t)n);
	return n;
}

/* A message begins where this segment does. */
static void begin(
	struct sip_tcp *tcp, struct sip_tcp_flow *flow, const struct pkt_view *view, bool is_ws)
{
	flow->view = *view;
	flow->is_ws = is_ws;
	flow->unfinished_count = 0;
	tcp_window_begin(&flow->window, view->tcp_seq);
	if (is_ws)
		pkt_count(&tcp->counters.websocket_opened, 1);
}

static void keep_early(struct sip_tcp *tcp, const struct pkt_view *view, uint64_t now_ns)
{
	struct sip_tcp_early *early = &tcp->early[tcp->early_next++ % EARLY_COUNT];

	early->view = *view;
	early->view.payload = bytes_of(early->data, view->payload.n);
	early->time_ns = now_ns;
	if (view->payload.n <= EARLY_BYTES)
		memcpy(early->data, view->payload.p, view->payload.n);
	else
		early->view.flow.proto = 0;
}

/* Segments of a connection that came shortly before the one by which it was found. */
static void take_early(struct pass *p)
{
	for (unsigned i = 0; i < EARLY_COUNT; i++) {
		struct sip_tcp_early *early = &p->tcp->early[i];

		if (early->view.flow.proto != PKT_TCP || p->now_ns < early->time_ns ||
			p->now_ns - early->time_ns > SIP_TCP_HOLE_NS ||
			!is_same(&early->view, &p->flow->view) ||
			tcp_window_is_far(&p->flow->window, early->view.tcp_seq))
			continue;
		tcp_window_put(
			&p->flow->window, early->view.tcp_seq, early->view.payload, p->now_ns);
		early->view.flow.proto = 0;
	}
}

static struct sip_tcp_flow *flow_of(
	struct sip_tcp *tcp, const struct pkt_view *view, bool begins_sip, bool *is_new)
{
	struct sip_tcp_flow *flow = find(tcp, view);

	*is_new = !flow || tcp_window_is_far(&flow->window, view->tcp_seq);
	if (*is_new) {
		bool is_ws = sip_ws_begins(view->payload);

		if (!begins_sip && !is_ws)
			return NULL;
		if (flow)
			forget(tcp, flow);
		else
			flow = open_flow(tcp, view);
		begin(tcp, flow, view, is_ws);
	}
	unlink_age(tcp, flow);
	link_newest(tcp, flow);
	return flow;
}

/* A message of which the capture cut the end off, as far as it goes. */
static bool give_cut(struct pass *p, struct bytes rest, size_t wire)
{
	struct sip_ws_message message = {0};
	struct sip_frame frame = {0};

	if (!p->flow->is_ws) {
		if (sip_frame_next(rest, &frame) != SIP_FRAME_MORE || frame.skip == rest.n)
			return false;
		give(p, rest, wire, p->now_ns);
		return true;
	}
	if (sip_ws_next(rest, &message) != SIP_FRAME_MORE || !message.payload_n ||
		message.is_compressed)
		return false;
	give(p, bytes_of(p->tcp->unmasked, sip_ws_payload(rest, p->tcp->unmasked)),
		message.payload_n, p->now_ns);
	return true;
}

/* Of a segment that the capture cut, and that follows what is done with, the last message comes out as far
 * as it goes: the rest of it will never be there. */
static size_t take_cut(struct pass *p, const struct pkt_view *view, size_t done)
{
	struct bytes rest = bytes_skip(view->payload, done);
	uint32_t seq = view->tcp_seq + (uint32_t)done, wire = view->payload_wire - (uint32_t)done;

	if (!tcp_window_follows(&p->flow->window, seq) || !give_cut(p, rest, wire))
		return done;
	tcp_window_pass(&p->flow->window, seq, wire);
	return view->payload.n;
}

static bool take_segment(struct pass *p, const struct pkt_view *view)
{
	size_t done = take_directly(p, view);
	bool is_new = done != 0;

	if (view->payload.n < view->payload_wire)
		done = take_cut(p, view, done);
	if (done < view->payload.n)
		is_new |= tcp_window_put(&p->flow->window, view->tcp_seq + (uint32_t)done,
			bytes_skip(view->payload, done), p->now_ns);
	return is_new;
}

/* had_waiting: of the flow, before this segment or tick. */
static void settle(struct pass *p, bool had_waiting)
{
	count_losses(p->tcp, p->flow);
	if (p->flow->window.waiting)
		take_due(p);
	count_losses(p->tcp, p->flow);
	p->tcp->waiting += (p->flow->window.waiting != 0) - had_waiting;
}

enum sip_tcp_result sip_tcp_take(struct sip_tcp *tcp, const struct pkt_view *view, bool begins_sip,
	uint64_t now_ns, sip_tcp_message_fn fn, void *arg)
{
	struct pass p = {.tcp = tcp, .now_ns = now_ns, .fn = fn, .arg = arg};
	bool is_found, is_new, had_waiting;

	p.flow = flow_of(tcp, view, begins_sip, &is_found);
	if (!p.flow) {
		keep_early(tcp, view, now_ns);
		return SIP_TCP_OTHER;
	}
	had_waiting = p.flow->window.waiting;
	is_new = take_segment(&p, view);
	if (is_found)
		take_early(&p);
	settle(&p, had_waiting);
	if (p.messages)
		return SIP_TCP_MESSAGE;
	return is_new ? SIP_TCP_PART : SIP_TCP_REPEATED;
}

void sip_tcp_tick(
	struct sip_tcp *tcp, uint64_t now_ns, bool drain, sip_tcp_message_fn fn, void *arg)
{
	if (!tcp->waiting)
		return;
	for (uint32_t i = 0; i < tcp->used; i++) {
		struct pass p = {
			.tcp = tcp, .flow = &tcp->flows[i], .now_ns = now_ns, .fn = fn, .arg = arg};

		if (!p.flow->window.waiting)
			continue;
		if (drain)
			tcp_window_give_up(&p.flow->window, UINT64_MAX, 0);
		else
			tcp_window_give_up(&p.flow->window, now_ns, SIP_TCP_HOLE_NS);
		settle(&p, true);
	}
}
