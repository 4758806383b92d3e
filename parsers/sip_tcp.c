/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known of a direction are ranges of sequence numbers, in order and apart: of octets that are done
 * with, and of octets that wait in the window. Of octets that come twice the first stay. */
#include "sip_tcp.h"

#include <stdalign.h>

#include "sip_frame.h"

enum {
	RANGES_MAX = 16,
	EARLY_COUNT = 64,
	EARLY_BYTES = 1500,
	FAR = 1 << 20, /* octets: sequence numbers so far off are another connection's */
};

struct range {
	uint32_t start, end; /* sequence numbers */
	bool is_done;
	bool is_after_hole; /* waits, and what is before it was given up */
	uint64_t since_ns; /* waits */
};

struct sip_tcp_flow {
	alignas(64) struct pkt_view view; /* addresses */
	uint32_t next; /* in its bucket, number + 1 */
	uint32_t older, newer; /* number + 1 */
	uint32_t base; /* sequence number of the window's first octet */
	unsigned range_count;
	unsigned waiting; /* ranges that wait */
	struct range ranges[RANGES_MAX];
	uint8_t window[SIP_TCP_WINDOW];
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

static void count(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
		memory_order_relaxed);
}

/* Sequence numbers wrap (RFC 9293 section 3.4). */
static bool is_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static uint32_t min_seq(uint32_t a, uint32_t b)
{
	return is_before(a, b) ? a : b;
}

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
	       buckets_of(flows) * sizeof(uint32_t);
}

void sip_tcp_init(struct sip_tcp *tcp, void *memory, uint32_t flows, const struct pkt_seed *seed)
{
	struct sip_tcp_early *early =
		(struct sip_tcp_early *)((struct sip_tcp_flow *)memory + flows);

	*tcp = (struct sip_tcp){
		.flows = memory,
		.early = early,
		.buckets = (uint32_t *)(early + EARLY_COUNT),
		.mask = buckets_of(flows) - 1,
		.count = flows,
		.seed = *seed,
	};
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
	return a->flow.sport == b->flow.sport && a->flow.dport == b->flow.dport &&
	       a->flow.family == b->flow.family && a->tenant == b->tenant &&
	       pkt_addr_eq(&a->flow.src, &b->flow.src) && pkt_addr_eq(&a->flow.dst, &b->flow.dst);
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

/* All that is known of the connection so far is forgotten. */
static void forget(struct sip_tcp *tcp, struct sip_tcp_flow *flow)
{
	for (unsigned i = 0; i < flow->range_count; i++)
		if (!flow->ranges[i].is_done)
			count(&tcp->counters.tcp_skipped_bytes,
				flow->ranges[i].end - flow->ranges[i].start);
	tcp->waiting -= flow->waiting != 0;
	flow->range_count = flow->waiting = 0;
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
		count(&tcp->counters.tcp_flows_evicted, 1);
	}
	flow->view = *view;
	flow->range_count = flow->waiting = 0;
	flow->next = *bucket;
	*bucket = number_of(tcp, flow);
	link_newest(tcp, flow);
	count(&tcp->counters.tcp_flows_opened, 1);
	return flow;
}

static void set_waiting(struct pass *p, unsigned waiting)
{
	p->tcp->waiting += (waiting != 0) - (p->flow->waiting != 0);
	p->flow->waiting = waiting;
}

static void remove_range(struct pass *p, unsigned i)
{
	struct sip_tcp_flow *flow = p->flow;

	if (!flow->ranges[i].is_done)
		set_waiting(p, flow->waiting - 1);
	flow->range_count--;
	memmove(&flow->ranges[i], &flow->ranges[i + 1],
		(flow->range_count - i) * sizeof(flow->ranges[0]));
}

/* Range i is done with, whatever was in it. */
static void drop_range(struct pass *p, unsigned i)
{
	struct range *r = &p->flow->ranges[i];

	if (r->is_done)
		return;
	count(&p->tcp->counters.tcp_skipped_bytes, r->end - r->start);
	r->is_done = true;
	set_waiting(p, p->flow->waiting - 1);
}

/* Neighbours of a kind that touch become one. */
static void merge(struct pass *p)
{
	struct sip_tcp_flow *flow = p->flow;

	for (unsigned i = 0; i + 1 < flow->range_count;) {
		struct range *a = &flow->ranges[i], *b = a + 1;

		if (a->end != b->start || a->is_done != b->is_done) {
			i++;
			continue;
		}
		a->end = b->end;
		remove_range(p, i + 1);
		/* Sequence numbers compare within half their circle only. */
		if (a->is_done && a->end - a->start > 2 * FAR)
			a->start = a->end - 2 * FAR;
	}
}

/* The two first ranges become one that is done with, and so does the hole between them. */
static void close_first_hole(struct pass *p)
{
	count(&p->tcp->counters.tcp_gaps, 1);
	drop_range(p, 0);
	drop_range(p, 1);
	p->flow->ranges[0].end = p->flow->ranges[1].end;
	remove_range(p, 1);
}

static const struct range *range_with(const struct sip_tcp_flow *flow, uint32_t seq)
{
	for (unsigned i = 0; i < flow->range_count; i++)
		if (!is_before(seq, flow->ranges[i].start) && is_before(seq, flow->ranges[i].end))
			return &flow->ranges[i];
	return NULL;
}

static void insert_range(struct pass *p, const struct range *r)
{
	struct sip_tcp_flow *flow = p->flow;
	unsigned i = 0;

	if (flow->range_count == RANGES_MAX)
		close_first_hole(p);
	if (range_with(flow, r->start)) /* it was in that hole */
		return;
	while (i < flow->range_count && !is_before(r->start, flow->ranges[i].start))
		i++;
	memmove(&flow->ranges[i + 1], &flow->ranges[i],
		(flow->range_count - i) * sizeof(flow->ranges[0]));
	flow->ranges[i] = *r;
	flow->range_count++;
	if (!r->is_done)
		set_waiting(p, flow->waiting + 1);
}

/* What waits, from its first octet to behind its last one; of nothing: start to end. */
static void extent(const struct sip_tcp_flow *flow, uint32_t *start, uint32_t *end)
{
	for (unsigned i = 0; i < flow->range_count; i++) {
		const struct range *r = &flow->ranges[i];

		if (r->is_done)
			continue;
		*start = min_seq(*start, r->start);
		if (is_before(*end, r->end))
			*end = r->end;
	}
}

static unsigned first_waiting(const struct sip_tcp_flow *flow)
{
	unsigned i = 0;

	while (flow->ranges[i].is_done)
		i++;
	return i;
}

/* Makes the window hold start to end beside what waits; the first that waits goes until it does. */
static void make_room(struct pass *p, uint32_t start, uint32_t end)
{
	struct sip_tcp_flow *flow = p->flow;
	uint32_t old_start = start, old_end = end, first, last;

	if (!flow->waiting) {
		flow->base = start;
		return;
	}
	for (;;) {
		first = start;
		last = end;
		extent(flow, &first, &last);
		if (last - first <= SIP_TCP_WINDOW || !flow->waiting)
			break;
		count(&p->tcp->counters.tcp_gaps, 1);
		drop_range(p, first_waiting(flow));
	}
	if (!flow->waiting) {
		flow->base = start;
		return;
	}
	if (!is_before(first, flow->base) && last - flow->base <= SIP_TCP_WINDOW)
		return;
	old_start = flow->ranges[first_waiting(flow)].start;
	old_end = old_start;
	extent(flow, &old_start, &old_end);
	memmove(flow->window + (old_start - first), flow->window + (old_start - flow->base),
		old_end - old_start);
	flow->base = first;
}

static void put(struct pass *p, uint32_t start, struct bytes data)
{
	uint32_t end = start + (uint32_t)data.n;

	make_room(p, start, end);
	memcpy(p->flow->window + (start - p->flow->base), data.p, data.n);
	insert_range(p, &(struct range){.start = start, .end = end, .since_ns = p->now_ns});
	merge(p);
}

static uint32_t next_start(const struct sip_tcp_flow *flow, uint32_t seq, uint32_t end)
{
	for (unsigned i = 0; i < flow->range_count; i++)
		if (is_before(seq, flow->ranges[i].start))
			return min_seq(flow->ranges[i].start, end);
	return end;
}

/* Puts what is new of a segment; false: nothing is. */
static bool put_new(struct pass *p, uint32_t seq, struct bytes data)
{
	uint32_t end = seq + (uint32_t)data.n, at = seq;
	bool is_new = false;

	while (is_before(at, end)) {
		const struct range *known = range_with(p->flow, at);
		uint32_t stop;

		if (known) {
			at = min_seq(known->end, end);
			continue;
		}
		stop = next_start(p->flow, at, end);
		put(p, at, bytes_of(data.p + (at - seq), stop - at));
		is_new = true;
		at = stop;
	}
	return is_new;
}

static void give(struct pass *p, struct bytes message, uint32_t wire, uint64_t time_ns)
{
	struct pkt_view view = p->flow->view;

	view.payload = message;
	view.payload_wire = wire;
	p->fn(p->arg, &view, time_ns);
	p->messages++;
}

/* Octets at the front of data that are done with: messages, and what is none of any. */
static size_t take_messages(struct pass *p, struct bytes data, uint64_t time_ns)
{
	size_t done = 0;

	while (done < data.n) {
		struct bytes rest = bytes_skip(data, done);
		struct sip_frame frame;
		enum sip_frame_kind kind = sip_frame_next(rest, &frame);
		size_t skipped;

		if (kind == SIP_FRAME_WHOLE && frame.n <= SIP_TCP_WINDOW) {
			give(p, bytes_of(rest.p + frame.skip, frame.n), (uint32_t)frame.n, time_ns);
			done += frame.skip + frame.n;
			continue;
		}
		if (kind == SIP_FRAME_MORE && frame.n <= SIP_TCP_WINDOW &&
			rest.n - frame.skip < SIP_TCP_WINDOW)
			return done + frame.skip;
		skipped = sip_frame_find(rest);
		count(&p->tcp->counters.tcp_skipped_bytes, skipped);
		done += skipped;
	}
	return done;
}

/* The first n octets of range i, which waits, are done with. */
static void finish_front(struct pass *p, unsigned i, uint32_t n)
{
	struct range *r = &p->flow->ranges[i];
	struct range rest = *r;

	if (!n)
		return;
	rest.start += n;
	rest.is_after_hole = false;
	r->end = rest.start;
	r->is_done = true;
	set_waiting(p, p->flow->waiting - 1);
	if (rest.start != rest.end)
		insert_range(p, &rest);
}

/* A message begins at its front, or what is before it will not come. */
static bool is_due(const struct sip_tcp_flow *flow, unsigned i)
{
	const struct range *r = &flow->ranges[i];

	return !r->is_done && (r->is_after_hole || (i && r[-1].is_done && r[-1].end == r->start));
}

static void take_due(struct pass *p)
{
	struct sip_tcp_flow *flow = p->flow;

	for (unsigned i = 0; i < flow->range_count; i++) {
		const struct range *r = &flow->ranges[i];
		struct bytes data;

		if (!is_due(flow, i))
			continue;
		data = bytes_of(flow->window + (r->start - flow->base), r->end - r->start);
		finish_front(p, i,
			(uint32_t)take_messages(
				p, data, r->is_after_hole ? r->since_ns : p->now_ns));
	}
	merge(p);
}

/* Nothing waits, and the segment follows what is done with: its messages need no window. Returns the
 * octets that are done with. */
static size_t take_directly(struct pass *p, const struct pkt_view *view)
{
	struct sip_tcp_flow *flow = p->flow;
	uint32_t seq = view->tcp_seq;
	struct range r = {.start = seq, .end = seq, .is_done = true};

	if (flow->waiting || flow->ranges[flow->range_count - 1].end != seq)
		return 0;
	r.end += (uint32_t)take_messages(p, view->payload, p->now_ns);
	if (r.end == seq)
		return 0;
	insert_range(p, &r);
	merge(p);
	return r.end - seq;
}

/* Another connection between the same ports. */
static bool is_far(const struct sip_tcp_flow *flow, uint32_t seq)
{
	int32_t distance = (int32_t)(seq - flow->ranges[flow->range_count - 1].end);

	return distance > FAR || distance < -FAR;
}

/* A message begins where this segment does: an empty range that is done with stands there. */
static void begin(struct sip_tcp_flow *flow, const struct pkt_view *view)
{
	flow->view = *view;
	flow->ranges[0] =
		(struct range){.start = view->tcp_seq, .end = view->tcp_seq, .is_done = true};
	flow->range_count = 1;
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
			is_far(p->flow, early->view.tcp_seq))
			continue;
		put_new(p, early->view.tcp_seq, early->view.payload);
		early->view.flow.proto = 0;
	}
}

static struct sip_tcp_flow *flow_of(
	struct sip_tcp *tcp, const struct pkt_view *view, bool begins_sip, bool *is_new)
{
	struct sip_tcp_flow *flow = find(tcp, view);

	*is_new = !flow || is_far(flow, view->tcp_seq);
	if (*is_new) {
		if (!begins_sip)
			return NULL;
		if (flow)
			forget(tcp, flow);
		else
			flow = open_flow(tcp, view);
		begin(flow, view);
	}
	unlink_age(tcp, flow);
	link_newest(tcp, flow);
	return flow;
}

/* Of a segment that the capture cut, and that follows what is done with, the last message comes out as far
 * as it goes: the rest of it will never be there. */
static size_t take_cut(struct pass *p, const struct pkt_view *view, size_t done)
{
	struct bytes rest = bytes_skip(view->payload, done);
	uint32_t seq = view->tcp_seq + (uint32_t)done, wire = view->payload_wire - (uint32_t)done;
	struct sip_frame frame;

	if (p->flow->waiting || p->flow->ranges[p->flow->range_count - 1].end != seq ||
		sip_frame_next(rest, &frame) != SIP_FRAME_MORE || frame.skip == rest.n)
		return done;
	give(p, rest, wire, p->now_ns);
	insert_range(p, &(struct range){.start = seq, .end = seq + wire, .is_done = true});
	merge(p);
	return view->payload.n;
}

static bool take_segment(struct pass *p, const struct pkt_view *view)
{
	size_t done = take_directly(p, view);
	bool is_new = done != 0;

	if (view->payload.n < view->payload_wire)
		done = take_cut(p, view, done);
	if (done < view->payload.n)
		is_new |=
			put_new(p, view->tcp_seq + (uint32_t)done, bytes_skip(view->payload, done));
	return is_new;
}

enum sip_tcp_result sip_tcp_take(struct sip_tcp *tcp, const struct pkt_view *view, bool begins_sip,
	uint64_t now_ns, sip_tcp_message_fn fn, void *arg)
{
	struct pass p = {.tcp = tcp, .now_ns = now_ns, .fn = fn, .arg = arg};
	bool is_found, is_new;

	p.flow = flow_of(tcp, view, begins_sip, &is_found);
	if (!p.flow) {
		keep_early(tcp, view, now_ns);
		return SIP_TCP_OTHER;
	}
	is_new = take_segment(&p, view);
	if (is_found)
		take_early(&p);
	if (p.flow->waiting)
		take_due(&p);
	if (p.messages)
		return SIP_TCP_MESSAGE;
	return is_new ? SIP_TCP_PART : SIP_TCP_REPEATED;
}

/* Ranges behind a hole that is too old are looked into from the next start line on. */
static void give_up_holes(struct pass *p, bool drain)
{
	for (unsigned i = 0; i < p->flow->range_count; i++) {
		struct range *r = &p->flow->ranges[i];

		if (r->is_done || is_due(p->flow, i))
			continue;
		if (!drain &&
			(p->now_ns < r->since_ns || p->now_ns - r->since_ns < SIP_TCP_HOLE_NS))
			continue;
		r->is_after_hole = true;
		count(&p->tcp->counters.tcp_gaps, 1);
	}
	take_due(p);
}

void sip_tcp_tick(
	struct sip_tcp *tcp, uint64_t now_ns, bool drain, sip_tcp_message_fn fn, void *arg)
{
	if (!tcp->waiting)
		return;
	for (uint32_t i = 0; i < tcp->used; i++) {
		struct pass p = {
			.tcp = tcp, .flow = &tcp->flows[i], .now_ns = now_ns, .fn = fn, .arg = arg};

		if (p.flow->waiting)
			give_up_holes(&p, drain);
	}
}
