/* SPDX-License-Identifier: BSD-3-Clause */
/* What a description announces: its endpoints and what payload types mean there. Proxies repeat the same one
 * on every hop, so an endpoint that says nothing new stays. */
#include "pkt_count.h"
#include "qos_media_pvt.h"
#include "qos_mode.h"
#include "qos_pool.h"

/* One publication: what every endpoint of a description has in common. */
struct publication {
	struct qos_medias *medias;
	struct qos_call *call;
	unsigned party;
	const struct sdp_session *session;
	uint32_t tenant;
	struct qos_call_counters *counters;
};

/* The payload kind of a name that is not in the table is that of its m= line. */
static enum qos_kind kind_of(enum sdp_kind kind)
{
	switch (kind) {
	case SDP_VIDEO:
		return QOS_VIDEO;
	case SDP_TEXT:
		return QOS_TEXT;
	default:
		return QOS_AUDIO;
	}
}

/* Of an endpoint's section first, then of those that have the same transport or, of a name, the same name. */
struct formats {
	unsigned count;
	bool is_many; /* transports */
	uint16_t ptime_ms;
	struct {
		const struct sdp_format *format;
		const struct sdp_media *sdp;
	} format[QOS_MEDIA_PAYLOADS_MAX];
};

static void add_formats(struct formats *formats, const struct sdp_media *sdp)
{
	for (unsigned i = 0; i < sdp->format_count && formats->count < QOS_MEDIA_PAYLOADS_MAX;
		i++, formats->count++) {
		formats->format[formats->count].format = &sdp->formats[i];
		formats->format[formats->count].sdp = sdp;
	}
}

static void collect_formats(
	const struct publication *pub, const struct sdp_media *sdp, struct formats *formats)
{
	const struct sdp_session *session = pub->session;

	add_formats(formats, sdp);
	for (unsigned i = 0; i < session->media_count; i++)
		if (&session->media[i] != sdp && sdp_media_shares(session, sdp, &session->media[i]))
			add_formats(formats, &session->media[i]);
}

static bool has_name(const struct sdp_media *m, struct bytes ufrag)
{
	return m->port && m->is_rtp && bytes_eq(m->ice_ufrag, ufrag);
}

/* Of one payload type in two sections. */
static bool means_same(const struct sdp_media *a, const struct sdp_format *f,
	const struct sdp_media *b, const struct sdp_format *g)
{
	return a->kind == b->kind && a->is_secure == b->is_secure && a->tag_bytes == b->tag_bytes &&
	       f->clock == g->clock && f->channels == g->channels &&
	       bytes_eq_nocase(f->name, g->name) && bytes_eq(f->fmtp, g->fmtp);
}

/* What sections with one name say of each payload type. */
struct meanings {
	const struct sdp_format *format[128]; /* the first that has it */
	const struct sdp_media *sdp[128];
	bool is_ambiguous[128];
};

/* Which section an endpoint is of nobody knows where they share the name and no transport. */
static void add_meanings(struct meanings *meanings, const struct sdp_media *sdp)
{
	for (unsigned i = 0; i < sdp->format_count; i++) {
		const struct sdp_format *f = &sdp->formats[i];
		uint8_t pt = f->pt & 0x7f;

		if (!meanings->format[pt]) {
			meanings->format[pt] = f;
			meanings->sdp[pt] = sdp;
		} else if (meanings->sdp[pt] != sdp &&
			   !means_same(meanings->sdp[pt], meanings->format[pt], sdp, f)) {
			meanings->is_ambiguous[pt] = true;
		}
	}
}

/* Those that mean the same whichever section it is: the others would be a guess. */
static void collect_meant(
	const struct publication *pub, const struct sdp_media *sdp, struct formats *formats)
{
	const struct sdp_media *end = pub->session->media + pub->session->media_count;
	struct meanings meanings = {.format = {NULL}};

	for (const struct sdp_media *m = sdp; m < end; m++)
		if (has_name(m, sdp->ice_ufrag))
			add_meanings(&meanings, m);
	for (const struct sdp_media *m = sdp; m < end; m++) {
		if (!has_name(m, sdp->ice_ufrag))
			continue;
		if (m->ptime_ms != formats->ptime_ms)
			formats->ptime_ms = 0;
		for (unsigned i = 0; i < m->format_count && formats->count < QOS_MEDIA_PAYLOADS_MAX;
			i++) {
			uint8_t pt = m->formats[i].pt & 0x7f;

			if (meanings.format[pt] != &m->formats[i] || meanings.is_ambiguous[pt])
				continue;
			formats->format[formats->count].format = &m->formats[i];
			formats->format[formats->count++].sdp = m;
		}
	}
}

static void collect_of_name(
	const struct publication *pub, const struct sdp_media *sdp, struct formats *formats)
{
	const struct sdp_media *end = pub->session->media + pub->session->media_count;

	for (const struct sdp_media *m = sdp + 1; m < end && !formats->is_many; m++)
		formats->is_many =
			has_name(m, sdp->ice_ufrag) && !sdp_media_shares(pub->session, sdp, m);
	if (formats->is_many)
		collect_meant(pub, sdp, formats);
	else
		collect_formats(pub, sdp, formats);
}

/* What red carries is what is heard. */
static void unpack_redundancy(
	struct qos_media *media, struct qos_payload *red, const struct sdp_format *format)
{
	uint8_t pt = red->pt, primary, blocks;

	if (!qos_mode_redundancy(format->fmtp, &primary, &blocks))
		return;
	for (unsigned i = 0; i < media->payload_count; i++) {
		if (media->payloads[i].pt != primary || media->payloads[i].pt == pt)
			continue;
		*red = media->payloads[i];
		red->pt = pt;
		red->redundancy = blocks;
		return;
	}
}

/* sdp: of the transport, which says whether and how it is SRTP. */
static void fill_payloads(
	struct qos_media *media, const struct formats *formats, const struct sdp_media *sdp)
{
	for (unsigned i = 0; i < formats->count; i++) {
		const struct sdp_format *format = formats->format[i].format;
		const struct sdp_media *own = formats->format[i].sdp;
		const struct sdp_media *transport = formats->is_many ? own : sdp;
		struct qos_payload *payload = &media->payloads[media->payload_count++];

		qos_payload_init(payload, format->pt, format->name, format->clock);
		if (!payload->codec && !qos_codec_find(format->name, 0))
			payload->kind = kind_of(own->kind);
		payload->is_secure = transport->is_secure;
		payload->tag_bytes = transport->is_secure ? transport->tag_bytes : 0;
		qos_mode_from_fmtp(payload, format->fmtp, format->channels);
	}
	for (unsigned i = 0; i < formats->count; i++)
		if (strcmp(media->payloads[i].name, "red") == 0)
			unpack_redundancy(media, &media->payloads[i], formats->format[i].format);
}

static bool says_same(const struct qos_media *a, const struct qos_media *b)
{
	if (a->call != b->call || a->party != b->party || a->is_rtcp != b->is_rtcp ||
		a->is_udptl != b->is_udptl || a->is_secure != b->is_secure ||
		a->is_learnt != b->is_learnt || a->section != b->section ||
		a->rtp.port != b->rtp.port || !pkt_addr_eq(&a->rtp.addr, &b->rtp.addr) ||
		a->ptime_ms != b->ptime_ms || a->kind != b->kind ||
		a->payload_count != b->payload_count)
		return false;
	for (unsigned i = 0; i < a->payload_count; i++) {
		const struct qos_payload *p = &a->payloads[i], *q = &b->payloads[i];

		if (p->pt != q->pt || p->clock != q->clock || p->kind != q->kind ||
			p->codec != q->codec || p->widest != q->widest || p->is_cbr != q->is_cbr ||
			p->is_octet_aligned != q->is_octet_aligned ||
			p->has_modes != q->has_modes || p->is_superwide != q->is_superwide ||
			p->is_header_only != q->is_header_only || p->is_secure != q->is_secure ||
			p->tag_bytes != q->tag_bytes || p->redundancy != q->redundancy ||
			strcmp(p->name, q->name) != 0)
			return false;
	}
	return true;
}

static struct qos_media_key key_of_section(const struct sdp_media *sdp, uint32_t tenant)
{
	return (struct qos_media_key){sdp->addr, tenant, sdp->port, sdp->family};
}

/* 0.0.0.0 and :: put a call on hold (RFC 3264 section 8.4) and are no endpoint. */
static bool is_endpoint(const struct qos_media_key *key)
{
	static const struct pkt_addr unspecified;

	return key->port && (key->family == 4 || key->family == 6) &&
	       !pkt_addr_eq(&key->addr, &unspecified);
}

/* The port after another's media may be media itself; a guess gives way to an announcement. Nor does hold, which names
 * no media, make RTCP forget where its was. */
static bool must_stay(const struct publication *pub, const struct sdp_media *sdp,
	const struct qos_media *old, bool is_rtcp)
{
	struct qos_media_key rtp = key_of_section(sdp, pub->tenant);

	if (!is_rtcp)
		return false;
	if (old->is_rtcp)
		return old->rtp.port && old->call == pub->call && !is_endpoint(&rtp);
	return qos_call_lasts(old->call);
}

/* The one candidate for media with the address of one for RTCP; port 0: there is none, or several. */
static struct qos_media_key find_candidate(
	const struct sdp_media *sdp, const struct qos_media_key *rtcp)
{
	struct qos_media_key rtp = {.port = 0};

	for (unsigned i = 0; i < sdp->candidate_count; i++) {
		const struct sdp_candidate *c = &sdp->candidates[i];

		if (c->is_rtcp || c->family != rtcp->family || !pkt_addr_eq(&c->addr, &rtcp->addr))
			continue;
		if (rtp.port && rtp.port != c->port)
			return (struct qos_media_key){.port = 0};
		rtp = (struct qos_media_key){c->addr, rtcp->tenant, c->port, c->family};
	}
	return rtp;
}

/* A candidate's media is another candidate, and on hold there is none. */
static void place_rtcp(struct qos_media *media, const struct sdp_media *sdp)
{
	struct qos_media_key rtp = key_of_section(sdp, media->at.tenant);
	bool is_of_section =
		sdp->rtcp_port == media->at.port && pkt_addr_eq(&sdp->rtcp_addr, &media->at.addr);

	if (!is_of_section)
		rtp = find_candidate(sdp, &media->at);
	else if (!sdp->has_address)
		return;
	if (qos_media_is_beside(&rtp, &media->at) || !is_endpoint(&rtp) ||
		rtp.family != media->at.family)
		return;
	media->rtp = rtp;
}

static struct qos_media *make_media(const struct publication *pub, const struct sdp_media *sdp,
	const struct qos_media_key *key, bool is_rtcp)
{
	struct formats formats = {.ptime_ms = sdp->ptime_ms};
	struct qos_media *media;

	if (qos_media_is_name(key))
		collect_of_name(pub, sdp, &formats);
	else if (!is_rtcp)
		collect_formats(pub, sdp, &formats);
	media = qos_media_take(pub->medias, formats.count);
	if (!media)
		return NULL;
	media->call = pub->call;
	media->at = *key;
	media->party = (uint8_t)pub->party;
	media->is_rtcp = is_rtcp;
	media->is_udptl = sdp->is_udptl;
	media->is_secure = sdp->is_secure;
	media->ptime_ms = formats.ptime_ms;
	media->kind = sdp->kind;
	media->section = formats.is_many ? QOS_SECTION_MANY : (uint8_t)(sdp - pub->session->media);
	if (is_rtcp)
		place_rtcp(media, sdp);
	fill_payloads(media, &formats, sdp);
	return media;
}

static bool is_shared(const struct publication *pub, const struct qos_media *old)
{
	return old->is_shared || (old->call != pub->call && qos_call_lasts(old->call));
}

static void put_endpoint(const struct publication *pub, const struct sdp_media *sdp,
	const struct qos_media_key *key, bool is_rtcp)
{
	struct qos_media *old = qos_media_at(pub->medias, key);
	struct qos_media *media = NULL;

	if (old && must_stay(pub, sdp, old, is_rtcp))
		return;
	if (old || qos_media_is_room(pub->medias))
		media = make_media(pub, sdp, key, is_rtcp);
	if (!media) {
		pkt_count(&pub->counters->media_refused, 1);
		return;
	}
	if ((old && says_same(old, media)) || !qos_call_hold(pub->call)) {
		qos_pool_put(media->pool, media);
		return;
	}
	media->is_shared = old && is_shared(pub, old);
	qos_media_put(pub->medias, media, old, pub->counters);
}

static bool is_at(const struct sdp_media *sdp, const struct qos_media_key *key)
{
	return sdp->has_address && sdp->port == key->port && sdp->family == key->family &&
	       pkt_addr_eq(&sdp->addr, &key->addr);
}

static bool is_media_port(const struct sdp_session *session, const struct qos_media_key *key)
{
	for (unsigned i = 0; i < session->media_count; i++)
		if (is_at(&session->media[i], key))
			return true;
	return false;
}

static void publish_candidates(const struct publication *pub, const struct sdp_media *sdp)
{
	for (unsigned i = 0; i < sdp->candidate_count; i++) {
		const struct sdp_candidate *c = &sdp->candidates[i];
		struct qos_media_key key = {c->addr, pub->tenant, c->port, c->family};

		if (is_endpoint(&key) && !(c->is_rtcp && is_media_port(pub->session, &key)))
			put_endpoint(pub, sdp, &key, c->is_rtcp);
	}
}

/* By its ufrag, once for all sections that have it. */
static void publish_name(const struct publication *pub, const struct sdp_media *sdp)
{
	struct qos_media_key key = qos_ice_key(pub->medias, sdp->ice_ufrag, pub->call, pub->tenant);

	for (const struct sdp_media *m = pub->session->media; m != sdp; m++)
		if (has_name(m, sdp->ice_ufrag))
			return;
	put_endpoint(pub, sdp, &key, false);
	qos_ice_meet(pub->medias, &key, pub->counters);
}

/* The first of sections with one address speaks for all. */
static bool is_spoken_for(
	const struct publication *pub, const struct sdp_media *sdp, const struct qos_media_key *key)
{
	for (const struct sdp_media *m = pub->session->media; m != sdp; m++)
		if (m->is_rtp && sdp->is_rtp && is_at(m, key))
			return true;
	return false;
}

static void publish_media(const struct publication *pub, const struct sdp_media *sdp)
{
	struct qos_media_key rtp = key_of_section(sdp, pub->tenant);
	struct qos_media_key rtcp = {sdp->rtcp_addr, pub->tenant, sdp->rtcp_port, sdp->rtcp_family};

	if (sdp->port == 0 || (!sdp->is_rtp && !sdp->is_udptl))
		return;
	if (sdp->has_address && is_endpoint(&rtp) && !is_spoken_for(pub, sdp, &rtp))
		put_endpoint(pub, sdp, &rtp, false);
	if (sdp->is_rtp)
		publish_candidates(pub, sdp);
	/* With rtcp-mux it is the media port itself (RFC 5761 section 5.1.1). */
	if (sdp->is_rtp && is_endpoint(&rtcp) && !is_media_port(pub->session, &rtcp))
		put_endpoint(pub, sdp, &rtcp, true);
	if (sdp->is_rtp && sdp->ice_ufrag.n)
		publish_name(pub, sdp);
}

void qos_media_publish(struct qos_medias *medias, struct qos_call *call, unsigned party,
	const struct sdp_session *session, uint32_t tenant, struct qos_call_counters *counters)
{
	struct publication pub = {medias, call, party, session, tenant, counters};

	qos_medias_lock(medias);
	/* Who takes a call out withdraws its media after that: either that is still to come, or
	 * nothing may be added any more. */
	if (!cds_lfht_is_node_deleted(&call->node))
		for (unsigned i = 0; i < session->media_count; i++)
			publish_media(&pub, &session->media[i]);
	qos_medias_unlock(medias);
}
