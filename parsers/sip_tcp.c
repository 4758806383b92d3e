/* SPDX-License-Identifier: BSD-3-Clause */
/* Directions in a hash table and in the order of their last segments; each with its window, from
 * which messages are taken. */
#include "pkt_count.h"
#include "sip_tcp_pvt.h"

enum {
	EARLY_COUNT = 64, /* bits of early_short */
	EARLY_BYTES = 1500,
	BEGINNING = 16, /* octets, as many as sip_frame_may_begin looks at */
};

/* A segment that came when nothing was known of its connection; proto 0: none. */
struct sip_tcp_early {
	alignas(64) struct pkt_view view;
	uint64_t time_ns;
	uint8_t data[EARLY_BYTES];
};

size_t sip_tcp_memory(uint32_t flows)
{
	return flows * sizeof(struct sip_tcp_flow) + EARLY_COUNT * sizeof(struct sip_tcp_early) +
	       sip_inflate_memory() + 2 * (size_t)SIP_TCP_MESSAGE_MAX +
	       pkt_hash_buckets(flows) * sizeof(uint32_t);
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
		.mask = pkt_hash_buckets(flows) - 1,
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
	uint32_t number = sip_tcp_number(tcp, flow);

	flow->older = tcp->newest;
	flow->newer = 0;
	*(flow->older ? &flow_at(tcp, flow->older)->newer : &tcp->oldest) = number;
	tcp->newest = number;
}

static void unlink_bucket(struct sip_tcp *tcp, const struct sip_tcp_flow *flow)
{
	uint32_t *link = bucket_of(tcp, &flow->view);
	uint32_t number = sip_tcp_number(tcp, flow);

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
	sip_inflate_forget(&tcp->inflate, sip_tcp_number(tcp, flow));
}

/* All that is known of the connection so far is forgotten. */
static void forget(struct sip_tcp *tcp, struct sip_tcp_flow *flow)
{
	tcp->waiting -= flow->window.waiting != 0;
	tcp_window_clear(&flow->window);
	count_losses(tcp, flow);
	sip_inflate_forget(&tcp->inflate, sip_tcp_number(tcp, flow));
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
	*bucket = sip_tcp_number(tcp, flow);
	link_newest(tcp, flow);
	pkt_count(&tcp->counters.tcp_flows_opened, 1);
	return flow;
}

static void take_due(struct sip_tcp_pass *p)
{
	struct tcp_window *w = &p->flow->window;
	unsigned i;

	for (i = tcp_window_due(w, 0); i < w->range_count; i = tcp_window_due(w, i + 1)) {
		const struct tcp_range *r = &w->ranges[i];
		uint64_t time_ns = r->is_after_hole ? r->since_ns : p->now_ns;
		size_t done = sip_tcp_take_messages(p, r->start, tcp_window_data(w, i), time_ns);

		tcp_window_finish(w, i, (uint32_t)done);
	}
	tcp_window_merge(w);
}

/* Nothing waits, and the segment follows what is done with: its messages need no window. Returns
 * the octets that are done with. */
static size_t take_directly(struct sip_tcp_pass *p, const struct pkt_view *view)
{
	size_t n;

	if (!tcp_window_follows(&p->flow->window, view->tcp_seq))
		return 0;
	n = sip_tcp_take_messages(p, view->tcp_seq, view->payload, p->now_ns);
	if (n)
		tcp_window_pass(&p->flow->window, view->tcp_seq, (uint32_t)n);
	return n;
}

/* A message begins at seq. */
static void begin(struct sip_tcp *tcp, struct sip_tcp_flow *flow, const struct pkt_view *view,
	enum sip_tcp_kind kind, uint32_t seq)
{
	flow->view = *view;
	flow->kind = kind;
	flow->unfinished_count = 0;
	tcp_window_begin(&flow->window, seq);
	if (kind == SIP_TCP_WS)
		pkt_count(&tcp->counters.websocket_opened, 1);
}

static void keep_early(struct sip_tcp *tcp, const struct pkt_view *view, uint64_t now_ns)
{
	unsigned at = tcp->early_next++ % EARLY_COUNT;
	struct sip_tcp_early *early = &tcp->early[at];
	bool is_short = view->payload.n < BEGINNING;

	tcp->early_short = (tcp->early_short & ~(UINT64_C(1) << at)) | (uint64_t)is_short << at;
	early->view = *view;
	early->view.payload = bytes_of(early->data, view->payload.n);
	early->time_ns = now_ns;
	if (view->payload.n <= EARLY_BYTES)
		memcpy(early->data, view->payload.p, view->payload.n);
	else
		early->view.flow.proto = 0;
}

static bool is_recent(uint64_t time_ns, uint64_t now_ns)
{
	return now_ns >= time_ns && now_ns - time_ns <= SIP_TCP_HOLE_NS;
}

/* A short one that ends where seq is. */
static const struct sip_tcp_early *early_before(
	const struct sip_tcp *tcp, const struct pkt_view *view, uint32_t seq, uint64_t now_ns)
{
	for (uint64_t left = tcp->early_short; left; left &= left - 1) {
		const struct sip_tcp_early *early = &tcp->early[__builtin_ctzll(left)];

		if (early->view.flow.proto == PKT_TCP &&
			early->view.tcp_seq + (uint32_t)early->view.payload.n == seq &&
			is_recent(early->time_ns, now_ns) && is_same(&early->view, view))
			return early;
	}
	return NULL;
}

/* Whether SIP begins in segments that are too short to tell, with this one at the end, and
 * where. */
static bool begins_early(
	const struct sip_tcp *tcp, const struct pkt_view *view, uint64_t now_ns, uint32_t *seq)
{
	const struct sip_tcp_early *early;
	uint8_t octets[BEGINNING];
	size_t n = view->payload.n < BEGINNING ? view->payload.n : BEGINNING;

	*seq = view->tcp_seq;
	memcpy(octets, view->payload.p, n);
	while ((early = early_before(tcp, view, *seq, now_ns)) && early->view.payload.n) {
		size_t more = early->view.payload.n;

		n = n + more < BEGINNING ? n : BEGINNING - more;
		memmove(octets + more, octets, n);
		memcpy(octets, early->data, more);
		n += more;
		*seq = early->view.tcp_seq;
		if (sip_frame_may_begin(bytes_of(octets, n)))
			return true;
	}
	return false;
}

/* Segments of a connection that came shortly before the one by which it was found. */
static void take_early(struct sip_tcp_pass *p)
{
	for (unsigned i = 0; i < EARLY_COUNT; i++) {
		struct sip_tcp_early *early = &p->tcp->early[i];

		if (early->view.flow.proto != PKT_TCP || !is_recent(early->time_ns, p->now_ns) ||
			!is_same(&early->view, &p->flow->view) ||
			tcp_window_is_far(&p->flow->window, early->view.tcp_seq))
			continue;
		tcp_window_put(
			&p->flow->window, early->view.tcp_seq, early->view.payload, p->now_ns);
		early->view.flow.proto = 0;
	}
}

static struct sip_tcp_flow *flow_of(struct sip_tcp *tcp, const struct pkt_view *view,
	enum sip_tcp_kind begins, uint64_t now_ns, bool *is_new)
{
	struct sip_tcp_flow *flow = find(tcp, view);

	*is_new = !flow || tcp_window_is_far(&flow->window, view->tcp_seq);
	if (*is_new) {
		enum sip_tcp_kind kind = sip_ws_begins(view->payload) ? SIP_TCP_WS : begins;
		uint32_t seq = view->tcp_seq;

		if (kind == SIP_TCP_NONE && begins_early(tcp, view, now_ns, &seq))
			kind = SIP_TCP_SIP;
		if (kind == SIP_TCP_NONE)
			return NULL;
		if (flow)
			forget(tcp, flow);
		else
			flow = open_flow(tcp, view);
		begin(tcp, flow, view, kind, seq);
	}
	unlink_age(tcp, flow);
	link_newest(tcp, flow);
	return flow;
}

/* Of a segment that the capture cut, and that follows what is done with, the last message comes out
 * as far as it goes: the rest of it will never be there. */
static size_t take_cut(struct sip_tcp_pass *p, const struct pkt_view *view, size_t done)
{
	struct bytes rest = bytes_skip(view->payload, done);
	uint32_t seq = view->tcp_seq + (uint32_t)done, wire = view->payload_wire - (uint32_t)done;

	if (!tcp_window_follows(&p->flow->window, seq) || !sip_tcp_give_cut(p, rest, wire))
		return done;
	tcp_window_pass(&p->flow->window, seq, wire);
	return view->payload.n;
}

static bool take_segment(struct sip_tcp_pass *p, const struct pkt_view *view)
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
static void settle(struct sip_tcp_pass *p, bool had_waiting)
{
	count_losses(p->tcp, p->flow);
	if (p->flow->window.waiting)
		take_due(p);
	count_losses(p->tcp, p->flow);
	p->tcp->waiting += (p->flow->window.waiting != 0) - had_waiting;
}

enum sip_tcp_result sip_tcp_take(struct sip_tcp *tcp, const struct pkt_view *view,
	enum sip_tcp_kind begins, uint64_t now_ns, sip_tcp_message_fn fn, void *arg)
{
	struct sip_tcp_pass p = {.tcp = tcp, .now_ns = now_ns, .fn = fn, .arg = arg};
	bool is_found, is_new, had_waiting;

	p.flow = flow_of(tcp, view, begins, now_ns, &is_found);
	if (!p.flow) {
		keep_early(tcp, view, now_ns);
		return SIP_TCP_OTHER;
	}
	tcp->kind = p.flow->kind;
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
		struct sip_tcp_pass p = {
			.tcp = tcp, .flow = &tcp->flows[i], .now_ns = now_ns, .fn = fn, .arg = arg};

		if (!p.flow->window.waiting)
			continue;
		if (drain)
			tcp_window_give_up(&p.flow->window, UINT64_MAX, 0);
		else
			tcp_window_give_up(&p.flow->window, now_ns, SIP_TCP_HOLE_NS);
		tcp->kind = p.flow->kind;
		settle(&p, true);
	}
}
