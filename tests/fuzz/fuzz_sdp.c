/* SPDX-License-Identifier: BSD-3-Clause */
/* Whatever the octets: every slice of a session description lies in the text, every count and port
 * keeps its promise, and the kind of line end means nothing. */
#include <stdlib.h>

#include "sdp_memo.h"

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct bytes slice, const uint8_t *data, size_t size)
{
	CHECK(slice.n == 0 ||
		(slice.p >= data && slice.n <= size && (size_t)(slice.p - data) <= size - slice.n));
	for (size_t i = 0; i < slice.n; i++)
		CHECK(slice.p[i] != '\r' && slice.p[i] != '\n');
}

static void check_formats(const struct sdp_media *m, const uint8_t *data, size_t size)
{
	bool is_seen[128] = {false};

	CHECK(m->format_count <= SDP_FORMATS_MAX);
	CHECK(m->is_rtp || m->format_count == 0);
	for (unsigned i = 0; i < m->format_count; i++) {
		const struct sdp_format *f = &m->formats[i];

		CHECK(f->pt <= 127 && !is_seen[f->pt]);
		is_seen[f->pt] = true;
		CHECK(f->channels >= 1);
		CHECK(f->name.n || f->clock == 0);
		check_inside(f->name, data, size);
		check_inside(f->fmtp, data, size);
	}
}

static void check_addresses(const struct sdp_media *m)
{
	static const struct pkt_addr zero;

	CHECK(m->has_address == (m->family != 0));
	CHECK(m->family == 0 || m->family == 4 || m->family == 6);
	CHECK(m->rtcp_family == 0 || m->rtcp_family == 4 || m->rtcp_family == 6);
	/* pkt_flow.h: what follows the four octets is zero, so that addresses compare whole */
	CHECK(m->family == 6 || memcmp(m->addr.b + 4, zero.b, 12) == 0);
	CHECK(m->rtcp_family == 6 || memcmp(m->rtcp_addr.b + 4, zero.b, 12) == 0);
}

static void check_candidates(const struct sdp_media *m)
{
	CHECK(m->candidate_count <= SDP_CANDIDATES_MAX);
	for (unsigned i = 0; i < m->candidate_count; i++) {
		CHECK(m->candidates[i].port);
		CHECK(m->candidates[i].family == 4 || m->candidates[i].family == 6);
	}
}

static void check_media(const struct sdp_media *m, const uint8_t *data, size_t size)
{
	CHECK((unsigned)m->kind <= SDP_OTHER && (unsigned)m->direction <= SDP_INACTIVE);
	CHECK(m->port_count >= 1 && m->port_count <= SDP_PORTS_MAX);
	CHECK(m->address_count >= 1 && m->address_count <= SDP_ADDRESSES_MAX);
	CHECK(m->address_count == 1 || (m->family == 4 && m->addr.b[0] >> 4 == 0xe) ||
		(m->family == 6 && m->addr.b[0] == 0xff));
	CHECK(!(m->is_rtp && m->is_udptl) && (m->is_rtp || !m->is_secure));
	CHECK(m->port || m->rtcp_port == 0);
	check_addresses(m);
	check_formats(m, data, size);
	check_candidates(m);
	check_inside(m->mid, data, size);
	check_inside(m->ice_ufrag, data, size);
	CHECK(!m->ice_ufrag.n ||
		(m->ice_ufrag.n >= SDP_UFRAG_MIN && m->ice_ufrag.n <= SDP_UFRAG_MAX));
}

static bool is_same_target(const struct sdp_media *a, const struct sdp_media *b)
{
	return a->port == b->port && a->port_count == b->port_count &&
	       a->address_count == b->address_count && a->family == b->family &&
	       pkt_addr_eq(&a->addr, &b->addr) && a->rtcp_port == b->rtcp_port &&
	       a->rtcp_family == b->rtcp_family && pkt_addr_eq(&a->rtcp_addr, &b->rtcp_addr);
}

static bool is_same_kind(const struct sdp_media *a, const struct sdp_media *b)
{
	return a->kind == b->kind && a->is_rtp == b->is_rtp && a->is_udptl == b->is_udptl &&
	       a->is_secure == b->is_secure && a->tag_bytes == b->tag_bytes &&
	       a->has_rtcp_mux == b->has_rtcp_mux && a->direction == b->direction &&
	       a->ptime_ms == b->ptime_ms;
}

static bool is_same_format(const struct sdp_format *a, const struct sdp_format *b)
{
	return a->pt == b->pt && a->clock == b->clock && a->channels == b->channels &&
	       bytes_eq(a->name, b->name) && bytes_eq(a->fmtp, b->fmtp);
}

static void check_same_media(const struct sdp_media *a, const struct sdp_media *b)
{
	CHECK(is_same_kind(a, b));
	CHECK(is_same_target(a, b));
	CHECK(a->format_count == b->format_count);
	CHECK(a->candidate_count == b->candidate_count);
	CHECK(memcmp(a->candidates, b->candidates, a->candidate_count * sizeof(a->candidates[0])) ==
		0);
	CHECK(bytes_eq(a->mid, b->mid));
	CHECK(bytes_eq(a->ice_ufrag, b->ice_ufrag));
	for (unsigned i = 0; i < a->format_count; i++)
		CHECK(is_same_format(&a->formats[i], &b->formats[i]));
}

/* Parses the text with every CR LF turned into one LF, which must read the same. */
static void check_line_ends(const struct sdp_session *session, const uint8_t *data, size_t size)
{
	static struct sdp_session other;
	uint8_t *copy = malloc(size);
	size_t n = 0;

	CHECK(copy);
	for (size_t i = 0; i < size; i++)
		if (data[i] != '\r' || i + 1 == size || data[i + 1] != '\n')
			copy[n++] = data[i];
	CHECK(sdp_media_parse(bytes_of(copy, n), &other) == SDP_OK);
	CHECK(session->media_count == other.media_count);
	CHECK(session->has_more_media == other.has_more_media);
	CHECK(bytes_eq(session->origin, other.origin));
	CHECK(bytes_eq(session->name, other.name));
	for (unsigned i = 0; i < other.media_count; i++)
		check_same_media(&session->media[i], &other.media[i]);
	free(copy);
}

/* Read with a memo, which learns from it, and then from what that knows: the same. */
static void check_memo(const struct sdp_session *session, const uint8_t *data, size_t size)
{
	static struct sdp_memo memo;
	static struct sdp_session other;

	memset(&memo, 0, sizeof(memo));
	for (unsigned i = 0; i < 2; i++) {
		CHECK(sdp_media_parse_by(&memo, bytes_of(data, size), &other) == SDP_OK);
		CHECK(session->media_count == other.media_count);
		CHECK(session->has_candidates == other.has_candidates);
		for (unsigned m = 0; m < other.media_count; m++) {
			check_same_media(&session->media[m], &other.media[m]);
			check_media(&other.media[m], data, size);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sdp_session session;
	enum sdp_status status = sdp_media_parse(bytes_of(data, size), &session);

	CHECK(status == (size >= 2 && memcmp(data, "v=", 2) == 0 ? SDP_OK : SDP_NOT_SDP));
	CHECK(session.media_count <= SDP_MEDIA_MAX);
	CHECK(!session.has_more_media || session.media_count == SDP_MEDIA_MAX);
	check_inside(session.origin, data, size);
	check_inside(session.name, data, size);
	check_inside(session.bundle, data, size);
	for (unsigned i = 0; i < session.media_count; i++)
		check_media(&session.media[i], data, size);
	if (status == SDP_OK) {
		check_line_ends(&session, data, size);
		check_memo(&session, data, size);
	}
	return 0;
}
