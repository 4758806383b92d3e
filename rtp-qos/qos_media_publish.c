/* SPDX-License-Identifier: BSD-3-Clause */
/* What a description announces: its endpoints. Proxies repeat the same one
 * on every hop, so an endpoint that says nothing new stays. */
#include "pkt_count.h"
#include "qos_formats_memo.h"
#include "qos_media_formats.h"
#include "qos_media_pvt.h"

/* One publication: what every endpoint of a description has in common. */
struct publication {
	struct qos_medias *medias;
	struct qos_call *call;
	unsigned party;
	const struct sdp_session *session;
	uint32_t tenant;
	struct qos_call_counters *counters;
};

static bool says_same(const struct qos_media *a, const struct qos_media *b)
{
	if (a->call != b->call || a->party != b->party || a->is_rtcp != b->is_rtcp ||
		a->is_udptl != b->is_udptl || a->is_secure != b->is_secure ||
		a->is_learnt != b->is_learnt || a->section != b->section ||
		a->rtp.port != b->rtp.port || !pkt_addr_eq(&a->rtp.addr, &b->rtp.addr) ||
		a->ptime_ms != b->ptime_ms || a->kind != b->kind ||
		a->payload_count != b->payload_count)
		return false;
	for (unsigned i = 0; i < a->payload_count; i++)
		if (!qos_payload_says_same(&a->payloads[i], &b->payloads[i]))
			return false;
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

static void read_formats(const struct publication *pub, const struct sdp_media *sdp, bool is_name,
	struct qos_media *media)
{
	struct qos_media_formats formats;

	qos_media_formats_init(&formats, sdp);
	if (is_name)
		qos_media_formats_of_name(&formats, pub->session, sdp);
	else
		qos_media_formats_of(&formats, pub->session, sdp);
	media->ptime_ms = formats.ptime_ms;
	if (formats.is_many)
		media->section = QOS_SECTION_MANY;
	qos_media_formats_fill(&formats, sdp, media);
}

/* media: what it is to say, but is_shared; of no pool yet. */
static void describe(const struct publication *pub, const struct sdp_media *sdp,
	const struct qos_media_key *key, bool is_rtcp, struct qos_media *media)
{
	bool is_name = qos_media_is_name(key), is_known = sdp->text.n && !is_name;
	struct qos_formats_memo *memo = qos_medias_memo(pub->medias);

	memset(media, 0, offsetof(struct qos_media, payloads)); /* those as they are counted */
	media->call = pub->call;
	media->at = *key;
	media->party = (uint8_t)pub->party;
	media->is_rtcp = is_rtcp;
	media->is_udptl = sdp->is_udptl;
	media->is_secure = sdp->is_secure;
	media->ptime_ms = sdp->ptime_ms;
	media->kind = sdp->kind;
	media->section = (uint8_t)(sdp - pub->session->media);
	if (is_rtcp)
		place_rtcp(media, sdp);
	if (is_rtcp || (is_known && qos_formats_recall(memo, sdp, media)))
		return;
	read_formats(pub, sdp, is_name, media);
	if (is_known)
		qos_formats_keep(memo, sdp, media);
}

static bool is_shared(const struct publication *pub, const struct qos_media *old)
{
	return old->is_shared || (old->call != pub->call && qos_call_lasts(old->call));
}

/* RTCP's has streams of nobody. */
static bool is_of_both(const struct qos_media *a, const struct qos_media *b)
{
	return a->call == b->call && a->party != b->party && !a->is_rtcp && !b->is_rtcp;
}

static void put_endpoint(const struct publication *pub, const struct sdp_media *sdp,
	const struct qos_media_key *key, bool is_rtcp)
{
	struct qos_media *old = qos_media_at(pub->medias, key);
	struct qos_media said, *media = NULL;

	if (old && must_stay(pub, sdp, old, is_rtcp))
		return;
	if (old || qos_media_is_room(pub->medias)) {
		describe(pub, sdp, key, is_rtcp, &said);
		if (old && says_same(old, &said))
			return;
		if (old && is_of_both(&said, old))
			qos_call_media_mix(pub->call);
		said.is_shared = old && is_shared(pub, old);
		media = qos_media_copy(pub->medias, &said);
	}
	if (media)
		qos_media_put(pub->medias, media, old, pub->counters);
	else
		pkt_count(&pub->counters->media_refused, 1);
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
		if (qos_media_has_name(m, sdp->ice_ufrag))
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

/* False: there is none with that first octet. */
static bool next_address(struct qos_media_key *key)
{
	for (unsigned i = key->family == 6 ? sizeof(key->addr.b) : 4; --i > 0;)
		if (++key->addr.b[i])
			return true;
	return false;
}

/* False: there is none. */
static bool next_pair(const struct sdp_media *sdp, struct qos_media_key *rtp)
{
	if (sdp->address_count > 1 && !next_address(rtp))
		return false;
	if (sdp->port_count <= 1)
		return true;
	if (rtp->port >= UINT16_MAX - 2)
		return false;
	rtp->port = (uint16_t)(rtp->port + 2);
	return true;
}

/* c=IN IP4 233.252.0.1/127/2: addresses one above the other (RFC 8866 section 5.7); m=audio 10000/2: pairs of ports
 * one after the other; both: each pair has its own address (section 5.14). */
static unsigned count_pairs(const struct sdp_media *sdp)
{
	unsigned addresses = sdp->address_count, ports = sdp->port_count;

	if (addresses <= 1 || ports <= 1)
		return addresses > ports ? addresses : ports;
	return addresses < ports ? addresses : ports;
}

/* Each with its RTCP. */
static void publish_more_pairs(const struct publication *pub, const struct sdp_media *sdp)
{
	struct qos_media_key rtp = key_of_section(sdp, pub->tenant), rtcp;

	for (unsigned i = 1; i < count_pairs(sdp) && next_pair(sdp, &rtp); i++) {
		rtcp = rtp;
		rtcp.port++;
		if (!is_media_port(pub->session, &rtp))
			put_endpoint(pub, sdp, &rtp, false);
		if (!sdp->has_rtcp_mux && is_endpoint(&rtcp) && !is_media_port(pub->session, &rtcp))
			put_endpoint(pub, sdp, &rtcp, true);
	}
}

static void publish_media(const struct publication *pub, const struct sdp_media *sdp)
{
	struct qos_media_key rtp = key_of_section(sdp, pub->tenant);
	struct qos_media_key rtcp = {sdp->rtcp_addr, pub->tenant, sdp->rtcp_port, sdp->rtcp_family};

	if (sdp->port == 0 || (!sdp->is_rtp && !sdp->is_udptl))
		return;
	if (sdp->has_address && is_endpoint(&rtp) && !is_spoken_for(pub, sdp, &rtp))
		put_endpoint(pub, sdp, &rtp, false);
	if (sdp->is_rtp && sdp->has_address && is_endpoint(&rtp))
		publish_more_pairs(pub, sdp);
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

	if (!qos_medias_lock_with(medias, call))
		return;
	/* Who takes a call out withdraws its media after that: either that is still to come, or
	 * nothing may be added any more. */
	if (qos_call_is_open(call))
		for (unsigned i = 0; i < session->media_count; i++)
			publish_media(&pub, &session->media[i]);
	qos_medias_unlock_with(medias, call);
}
