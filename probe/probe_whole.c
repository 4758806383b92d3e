/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of a packet by its protocol, and the stages of those that wait for each other. */
#include "probe_whole.h"

#include "dp_mbuf.h"
#include "hep_packet.h"
#include "probe_decode.h"
#include "probe_rtcp.h"
#include "probe_worker.h"

enum {
	UNTOLD_BYTES = 20, /* the longest of what cls_payload asks for */
	TURNS_MAX = 64, /* bursts: 2,048 packets, while more come than can be taken */
	WAIT_NS = 10000000,
};

static bool is_fax(const struct probe_worker *w, const struct pkt_flow *flow)
{
	struct qos_media_key key = qos_media_key_of_dst(flow);

	return qos_media_is_udptl(w->probe->medias, &key);
}

/* Neither SIP nor STUN is told by less, nor RTP. */
static bool is_untold(const struct pkt_view *view)
{
	return view->payload.n < UNTOLD_BYTES && view->payload.n < view->payload_wire;
}

/* No RTP. */
static void classify(struct probe_worker *w, struct probe_whole *p)
{
	p->is_classified = true;
	p->kind = cls_payload(w->probe->cls, w->scratch, p->view.payload);
}

static void read_message(struct probe_worker *w, struct probe_whole *p)
{
	if (p->kind == CLS_SIP || p->kind == CLS_RTCP)
		p->copy_hash = probe_worker_copy_hash(w, &p->view);
	if (p->kind == CLS_SIP)
		probe_sip_read(w, &p->view, &p->sip);
}

static enum probe_outcome take_other(
	struct probe_worker *w, const struct pkt_view *view, uint64_t now_ns)
{
	if (hep_packet_begins(view->payload))
		return probe_signalling_hep(w, view, now_ns);
	if (is_fax(w, &view->flow))
		return PROBE_t38;
	if (is_untold(view))
		return PROBE_unknown_cut;
	return w->probe->options->also ? probe_also_udp(w, view, now_ns) : PROBE_unknown_udp;
}

static enum probe_outcome take_classified(struct probe_worker *w, struct probe_whole *p)
{
	switch (p->kind) {
	case CLS_SIP:
		return probe_sip_take(w, &p->view, &p->sip, p->copy_hash, p->time_ns);
	case CLS_RTCP:
		return probe_rtcp_take(w, &p->view, &p->rtcp, p->copy_hash, p->time_ns);
	case CLS_STUN:
		qos_probation_hint(&w->probation, &p->view.flow, p->time_ns);
		probe_ice_take(w, &p->view);
		return PROBE_stun;
	case CLS_DTLS:
		qos_probation_hint(&w->probation, &p->view.flow, p->time_ns);
		return PROBE_dtls;
	default:
		return take_other(w, &p->view, p->time_ns);
	}
}

static void take_rtp(struct probe_worker *w, const struct pkt_view *view, const struct rtp_hdr *hdr,
	uint64_t now_ns)
{
	struct pkt_media m = pkt_media_of(&view->flow, hdr, &w->probe->seed);
	struct qos_origin origin = {
		.flow = view->flow,
		.ssrc = hdr->ssrc,
		.vlan = view->vlan,
		.tos = view->tos,
		.ttl = view->ttl,
		.has_mac = view->has_mac,
		.head = probe_whole_head(view, hdr),
	};

	memcpy(origin.src_mac, view->src_mac, sizeof(origin.src_mac));
	memcpy(origin.dst_mac, view->dst_mac, sizeof(origin.dst_mac));
	w->origin = &origin;
	probe_media_packet(w, &m, &origin, now_ns);
	w->origin = NULL;
}

static void take(struct probe_worker *w, struct probe_whole *p)
{
	const struct pkt_view *view = &p->view;
	enum probe_outcome outcome;
	struct rtp_hdr hdr;

	if (p->is_classified) {
		outcome = take_classified(w, p);
	} else if (view->flow.proto == PKT_TCP) {
		outcome = probe_signalling_tcp(w, view, p->time_ns);
	} else if (view->flow.proto == PKT_SCTP) {
		outcome = probe_signalling_sctp(w, view, p->time_ns);
	} else if (probe_also_dns(w, view, p->time_ns, &outcome)) {
		; /* one in four has the version of RTP in its id */
	} else if (rtp_hdr_parse(view->payload, view->payload_wire, &hdr) == RTP_OK) {
		take_rtp(w, view, &hdr, p->time_ns);
		return; /* counts its outcome itself: it may come later */
	} else {
		struct sdp_session session;

		classify(w, p);
		read_message(w, p);
		if (p->kind == CLS_SIP)
			probe_sip_describe(w, &p->sip, &session);
		outcome = take_classified(w, p);
	}
	pkt_count(&w->outcome[outcome], 1);
}

static void begin(const struct probe_worker *w, struct probe_whole *p, struct rte_mbuf *m)
{
	const struct dp_meta *meta = dp_meta(m);

	p->packet = m;
	p->time_ns = meta->time_ns;
	p->arrival_ns = dp_meta_arrival(meta);
	p->added_ns = w->now_ns;
	p->is_classified = false;
	p->kind = CLS_UNKNOWN;
	p->rtcp.count = 0;
}

bool probe_whole_decode(const struct probe_worker *w, struct rte_mbuf *m, struct pkt_view *view)
{
	if (probe_decode(m, view) != PKT_OK)
		return false;
	view->flow.tenant = probe_tenant(w->probe, dp_meta(m), view);
	return true;
}

void probe_whole_take(struct probe_worker *w, struct rte_mbuf *m)
{
	enum probe_outcome outcome;
	struct probe_whole p;

	begin(w, &p, m);
	if (!probe_whole_decode(w, m, &p.view))
		return;
	if (probe_also_dns(w, &p.view, p.time_ns, &outcome)) {
		pkt_count(&w->outcome[outcome], 1);
		return;
	}
	/* What waits may tell what it is. */
	if (w->wholes.count && !probe_media_is_known(w, &p.view))
		probe_whole_flush(w);
	take(w, &p);
}

bool probe_whole_is_full(const struct probe_worker *w)
{
	return w->wholes.count == PROBE_WHOLES_MAX;
}

/* Where the next one goes. */
static struct probe_whole *next(struct probe_worker *w)
{
	if (probe_whole_is_full(w))
		probe_whole_flush(w);
	return &w->wholes.list[w->wholes.count];
}

void probe_whole_add(struct probe_worker *w, struct rte_mbuf *m, const struct pkt_view *view)
{
	struct probe_whole *p = next(w);

	begin(w, p, m);
	p->view = *view;
	w->wholes.count++;
}

void probe_whole_add_packet(struct probe_worker *w, struct rte_mbuf *m)
{
	struct probe_whole *p = next(w);

	begin(w, p, m);
	if (probe_whole_decode(w, m, &p->view))
		w->wholes.count++;
	else
		rte_pktmbuf_free(m);
}

/* What cannot be told from RTP or DNS by looking at it is told when its turn has come. */
static void look(struct probe_worker *w, struct probe_whole *p)
{
	const struct pkt_flow *flow = &p->view.flow;
	struct rtp_hdr hdr;

	if (flow->proto == PKT_UDP && !probe_also_may_be_dns(w, &p->view) &&
		rtp_hdr_parse(p->view.payload, p->view.payload_wire, &hdr) != RTP_OK)
		classify(w, p);
}

/* In their order. */
struct group {
	struct probe_whole *list[PROBE_WHOLES_MAX];
	unsigned n;
};

/* One group goes through after the other: their code together is more than a cache holds. What may have signalling
 * comes first, over whatever transport, as one call may have several; RTCP comes last, after what makes it believed. */
struct groups {
	struct group signalling, other, rtcp;
	struct group sip; /* of signalling what is known for it already */
};

static bool may_be_signalling(const struct probe_worker *w, const struct probe_whole *p)
{
	return p->kind == CLS_SIP || !p->is_classified ||
	       (w->probe->options->reads_hep && hep_packet_begins(p->view.payload));
}

static void add_to(struct group *group, struct probe_whole *p)
{
	group->list[group->n++] = p;
}

static void group_by_kind(struct probe_worker *w, struct groups *g)
{
	g->signalling.n = g->other.n = g->rtcp.n = g->sip.n = 0;
	for (unsigned i = 0; i < w->wholes.count; i++) {
		struct probe_whole *p = &w->wholes.list[i];

		if (p->kind == CLS_SIP)
			add_to(&g->sip, p);
		if (may_be_signalling(w, p))
			add_to(&g->signalling, p);
		else
			add_to(p->kind == CLS_RTCP ? &g->rtcp : &g->other, p);
	}
}

static void read_rtcp(struct probe_worker *w, const struct group *rtcp)
{
	for (unsigned i = 0; i < rtcp->n; i++) {
		read_message(w, rtcp->list[i]);
		probe_rtcp_fetch_heads(w, &rtcp->list[i]->view, &rtcp->list[i]->rtcp);
		pkt_copies_prefetch(&w->copies, rtcp->list[i]->copy_hash);
	}
}

static void read_sip(struct probe_worker *w, const struct group *sip)
{
	for (unsigned i = 0; i < sip->n; i++)
		read_message(w, sip->list[i]);
	for (unsigned i = 0; i < sip->n; i++) {
		probe_sip_fetch_chain(w, &sip->list[i]->sip);
		pkt_copies_prefetch(&w->copies, sip->list[i]->copy_hash);
	}
}

static void fetch_rest_rtcp(struct probe_worker *w, const struct group *rtcp)
{
	for (unsigned i = 0; i < rtcp->n; i++)
		probe_rtcp_fetch_rest(w, &rtcp->list[i]->view, &rtcp->list[i]->rtcp);
}

static void describe_sip(struct probe_worker *w, const struct group *sip)
{
	unsigned sessions = 0;

	for (unsigned i = 0; i < sip->n; i++)
		if (probe_sip_describe(w, &sip->list[i]->sip, &w->wholes.sessions[sessions]))
			sessions++;
	for (unsigned i = 0; i < sip->n; i++) {
		probe_sip_fetch_call(w, &sip->list[i]->sip);
		probe_sip_fetch_media(w, &sip->list[i]->view, &sip->list[i]->sip);
	}
	for (unsigned i = 0; i < sip->n; i++)
		probe_sip_fetch_endpoints(w, &sip->list[i]->view, &sip->list[i]->sip);
}

/* Fetching is in loops of its own: where the CPU has no translation of a page (TLB), a prefetch holds up all that comes
 * after it but other prefetches. What one kind needs comes while the other is read. */
static void prepare(struct probe_worker *w, const struct groups *g)
{
	read_rtcp(w, &g->rtcp);
	read_sip(w, &g->sip);
	fetch_rest_rtcp(w, &g->rtcp);
	describe_sip(w, &g->sip);
}

/* Where media that overtook it set packet time, back or by a leap, it does not set it again. */
static void advance(struct probe_worker *w, const struct probe_whole *p)
{
	uint64_t step = w->now_ns - p->added_ns + PROBE_TIME_BACK_NS;

	if (step <= 2 * PROBE_TIME_BACK_NS)
		probe_worker_advance(w, p->arrival_ns);
}

static void take_group(struct probe_worker *w, const struct group *group)
{
	for (unsigned i = 0; i < group->n; i++) {
		advance(w, group->list[i]);
		take(w, group->list[i]);
	}
}

void probe_whole_flush(struct probe_worker *w)
{
	struct probe_wholes *wholes = &w->wholes;
	struct rte_mbuf *packets[PROBE_WHOLES_MAX];
	struct groups groups;

	for (unsigned i = 0; i < wholes->count; i++) {
		packets[i] = wholes->list[i].packet;
		look(w, &wholes->list[i]);
	}
	group_by_kind(w, &groups);
	prepare(w, &groups);
	take_group(w, &groups.signalling);
	take_group(w, &groups.other);
	take_group(w, &groups.rtcp);
	dp_mbuf_free_burst(packets, wholes->count);
	wholes->count = 0;
	wholes->turns = 0;
}

bool probe_whole_is_overdue(const struct probe_worker *w, uint64_t now_ns)
{
	return w->wholes.count && now_ns > w->wholes.list[0].arrival_ns + WAIT_NS;
}

bool probe_whole_turn(struct probe_worker *w)
{
	return w->wholes.count && ++w->wholes.turns >= TURNS_MAX;
}
