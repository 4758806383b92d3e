/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads a session description line by line (RFC 8866 section 5). What stands before the first m=
 * is the session's and is inherited; what follows belongs to the m= line above it. */
#include "sdp_media.h"

#include "sdp_formats_pvt.h"
#include "sdp_memo.h"
#include "text_pvt.h"

enum {
	DIRECTION_BYTES = 8, /* of each name */
};

/* A c= line, or the address of an a=rtcp line. */
struct connection {
	bool is_set;
	uint8_t family; /* 0: a host name */
	uint8_t count; /* of addresses from addr on; 0 as 1 */
	struct pkt_addr addr;
};

struct reader {
	struct sdp_session *session;
	struct sdp_memo *memo; /* NULL: none */
	const uint8_t *end; /* of the description */
	struct bytes rest; /* of it, after the port of the first section */
	bool is_recalled; /* that */
	struct sdp_media *media; /* of the section; NULL before the first and in a skipped one */
	bool is_in_media; /* past the first m= line */
	struct connection session_connection;
	struct connection connection; /* of the section */
	struct connection rtcp_connection;
	enum sdp_direction direction; /* of the session */
	struct bytes session_ufrag;
	uint16_t rtcp_port; /* from a=rtcp, 0 without one */
	bool has_crypto; /* the section */
};

/* Of "/<number of ports>" or "/<number of addresses>", which mostly is not there. */
static uint8_t count_of(struct bytes number, unsigned max)
{
	uint64_t n;

	number = bytes_skip(number, 1);
	if (!text_take_number(&number, &n) || number.n || !n)
		return 1;
	return (uint8_t)(n < max ? n : max);
}

/* Behind a multicast address: "/<ttl>/<number>" in IPv4, "/<number>" in IPv6. */
static uint8_t count_addresses(const struct connection *connection, struct bytes slash)
{
	uint8_t first = connection->addr.b[0];

	if (connection->family == 6)
		return first == 0xff ? count_of(slash, SDP_ADDRESSES_MAX) : 1;
	if (connection->family != 4 || first >> 4 != 0xe)
		return 1;
	slash = bytes_skip(slash, 1);
	return count_of(bytes_skip(slash, bytes_find(slash, '/')), SDP_ADDRESSES_MAX);
}

/* RFC 8866 section 5.7. The family is that of the address, whatever the addrtype claims. The first line of a section
 * counts. */
static void parse_connection(struct bytes value, struct connection *connection)
{
	struct bytes nettype = text_take_word(&value);
	struct bytes address, slash;

	text_take_word(&value); /* addrtype */
	address = text_take_word(&value);
	slash = bytes_skip(address, bytes_find(address, '/'));
	address = bytes_head(address, address.n - slash.n);
	if (connection->is_set || !address.n || !bytes_eq_nocase(nettype, BYTES_LIT("IN")))
		return;
	connection->is_set = true;
	connection->family = text_address(address, &connection->addr);
	if (slash.n)
		connection->count = count_addresses(connection, slash);
}

static enum sdp_kind kind_of(struct bytes word)
{
	static const char *const names[] = {
		[SDP_AUDIO] = "audio",
		[SDP_VIDEO] = "video",
		[SDP_IMAGE] = "image",
		[SDP_TEXT] = "text",
		[SDP_APPLICATION] = "application",
	};

	for (unsigned i = 0; i < SDP_OTHER; i++)
		if (bytes_eq_nocase(word, bytes_from_str(names[i])))
			return (enum sdp_kind)i;
	return SDP_OTHER;
}

/* RFC 3551, RFC 3711, RFC 4585, RFC 5124 and their DTLS-SRTP forms, RFC 5764 section 8. */
static void parse_proto(struct bytes proto, struct sdp_media *media)
{
	struct bytes dtls = BYTES_LIT("UDP/TLS/");
	struct bytes rtp = BYTES_LIT("RTP/");

	media->is_udptl = bytes_eq_nocase(proto, BYTES_LIT("udptl"));
	if (bytes_eq_nocase(bytes_head(proto, dtls.n), dtls))
		proto = bytes_skip(proto, dtls.n);
	if (!bytes_eq_nocase(bytes_head(proto, rtp.n), rtp))
		return;
	proto = bytes_skip(proto, rtp.n);
	media->is_secure = bytes_eq_nocase(proto, BYTES_LIT("SAVP")) ||
			   bytes_eq_nocase(proto, BYTES_LIT("SAVPF"));
	media->is_rtp = media->is_secure || bytes_eq_nocase(proto, BYTES_LIT("AVP")) ||
			bytes_eq_nocase(proto, BYTES_LIT("AVPF"));
}

static void set_rtcp(const struct reader *r, struct sdp_media *media)
{
	if (media->port && r->rtcp_port)
		media->rtcp_port = r->rtcp_port;
	else if (media->port && !media->has_rtcp_mux)
		media->rtcp_port = (uint16_t)(media->port + 1); /* none beyond 65535 */
	else
		media->rtcp_port = media->port;
	media->rtcp_family = media->family;
	media->rtcp_addr = media->addr;
	if (r->rtcp_connection.is_set) {
		media->rtcp_family = r->rtcp_connection.family;
		media->rtcp_addr = r->rtcp_connection.addr;
	}
}

/* Settles what depends on more than one line of the section. */
static void end_section(struct reader *r)
{
	const struct connection *c = r->connection.is_set ? &r->connection : &r->session_connection;

	if (!r->media)
		return;
	r->media->has_address = c->family != 0;
	r->media->family = c->family;
	r->media->addr = c->addr;
	r->media->address_count = c->count ? c->count : 1;
	set_rtcp(r, r->media);
	if (!r->media->ice_ufrag.n)
		r->media->ice_ufrag = r->session_ufrag;
	r->media = NULL;
}

/* What follows the port. */
static void read_media(struct reader *r, struct bytes proto, struct bytes formats)
{
	memset(r->media, 0, offsetof(struct sdp_media, formats)); /* formats as they are counted */
	r->media->direction = r->direction;
	parse_proto(proto, r->media);
	if (r->media->is_rtp)
		sdp_formats_list(r->media, formats);
}

/* m=<media> <port>[/<number of ports>] <proto> <fmt> ..., RFC 8866 section 5.14. The attributes of
 * a line that is not taken are no one's. */
static void take_media(struct reader *r, struct bytes value)
{
	struct sdp_session *session = r->session;
	struct bytes kind = text_take_word(&value);
	struct bytes port = text_take_word(&value);
	struct bytes proto = text_take_word(&value);
	uint64_t number;

	end_section(r);
	r->is_in_media = true;
	r->connection = (struct connection){0};
	r->rtcp_connection = (struct connection){0};
	r->rtcp_port = 0;
	r->has_crypto = false;
	if (!text_take_number(&port, &number) || number > UINT16_MAX || !proto.n)
		return;
	if (port.n && port.p[0] != '/')
		return;
	if (session->media_count == SDP_MEDIA_MAX) {
		session->has_more_media = true;
		return;
	}
	r->media = &session->media[session->media_count++];
	r->rest = bytes_of(proto.p, (size_t)(r->end - proto.p));
	r->is_recalled = r->memo && session->media_count == 1 &&
			 sdp_memo_recall(r->memo, r->rest, r->direction, r->media);
	if (!r->is_recalled)
		read_media(r, proto, value);
	r->media->kind = kind_of(kind);
	r->media->port = (uint16_t)number;
	r->media->port_count = count_of(port, SDP_PORTS_MAX);
}

static void take_rtpmap(struct reader *r, struct bytes value)
{
	sdp_formats_rtpmap(r->media, value);
}

static void take_fmtp(struct reader *r, struct bytes value)
{
	sdp_formats_fmtp(r->media, value);
}

/* <port> [<nettype> <addrtype> <address>], RFC 3605 section 2.1 */
static void take_rtcp(struct reader *r, struct bytes value)
{
	struct bytes word = text_take_word(&value);
	uint64_t port;

	if (r->rtcp_port || !text_take_number(&word, &port) || word.n || port > UINT16_MAX)
		return;
	r->rtcp_port = (uint16_t)port;
	parse_connection(value, &r->rtcp_connection);
}

static void take_rtcp_mux(struct reader *r, struct bytes value)
{
	(void)value;
	r->media->has_rtcp_mux = true;
}

static void take_mid(struct reader *r, struct bytes value)
{
	if (!r->media->mid.n)
		r->media->mid = bytes_trim(value);
}

/* <foundation> <component> <transport> <priority> <address> <port> typ ..., RFC 8839 section 5.1 */
static void take_candidate(struct reader *r, struct bytes value)
{
	struct sdp_candidate *candidate = &r->media->candidates[r->media->candidate_count];
	struct bytes component, transport, address, port;
	uint64_t component_id, number;

	r->session->has_candidates = true;
	text_take_word(&value); /* foundation */
	component = text_take_word(&value);
	transport = text_take_word(&value);
	text_take_word(&value); /* priority */
	address = text_take_word(&value);
	port = text_take_word(&value);
	if (r->media->candidate_count == SDP_CANDIDATES_MAX ||
		!bytes_eq_nocase(transport, BYTES_LIT("UDP")) ||
		!text_take_number(&component, &component_id) || component.n || component_id < 1 ||
		component_id > 2 || !text_take_number(&port, &number) || port.n || number == 0 ||
		number > UINT16_MAX)
		return;
	*candidate = (struct sdp_candidate){
		.is_rtcp = component_id == 2,
		.port = (uint16_t)number,
	};
	candidate->family = text_address(address, &candidate->addr);
	r->media->candidate_count += candidate->family != 0;
}

/* Milliseconds, with a fraction in some senders: "22.5". */
static void take_ptime(struct reader *r, struct bytes value)
{
	struct bytes word = text_take_word(&value);
	uint64_t ms;

	if (!text_take_number(&word, &ms))
		return;
	if (word.n >= 2 && word.p[0] == '.' && word.p[1] >= '5' && word.p[1] <= '9')
		ms++;
	if (ms <= UINT16_MAX)
		r->media->ptime_ms = (uint16_t)ms;
}

/* RFC 8866 section 6.7: a section without a direction has the session's. */
static void take_direction(struct reader *r, struct bytes name)
{
	static const char names[][DIRECTION_BYTES + 1] = {
		[SDP_SENDRECV] = "sendrecv",
		[SDP_SENDONLY] = "sendonly",
		[SDP_RECVONLY] = "recvonly",
		[SDP_INACTIVE] = "inactive",
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!bytes_eq_nocase(name, bytes_of(names[i], DIRECTION_BYTES)))
			continue;
		if (r->media)
			r->media->direction = (enum sdp_direction)i;
		else if (!r->is_in_media)
			r->direction = (enum sdp_direction)i;
		return;
	}
}

/* group:BUNDLE <mid> <mid> ..., of the session */
static void take_group(struct reader *r, struct bytes value)
{
	struct bytes semantics = text_take_word(&value);

	if (!r->is_in_media && !r->session->bundle.n &&
		bytes_eq_nocase(semantics, BYTES_LIT("BUNDLE")))
		r->session->bundle = value;
}

/* <ufrag>, RFC 8839 section 5.4, of the session or of a section */
static void take_ufrag(struct reader *r, struct bytes value)
{
	struct bytes *ufrag = r->media ? &r->media->ice_ufrag : &r->session_ufrag;

	value = bytes_trim(value);
	if (ufrag->n || (r->is_in_media && !r->media) || value.n < SDP_UFRAG_MIN ||
		value.n > SDP_UFRAG_MAX || bytes_find(value, ':') < value.n)
		return;
	*ufrag = value;
}

/* Octets of the authentication tag: RFC 4568 section 6.2, RFC 6188, RFC 7714. 0: not known. */
static uint8_t tag_of(struct bytes suite)
{
	static const struct {
		const char *end;
		uint8_t octets;
	} tags[] = {{"HMAC_SHA1_80", 10}, {"HMAC_SHA1_32", 4}, {"_GCM", 16}};

	for (unsigned i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		struct bytes end = bytes_from_str(tags[i].end);

		if (suite.n >= end.n && bytes_eq_nocase(bytes_skip(suite, suite.n - end.n), end))
			return tags[i].octets;
	}
	return 0;
}

/* <tag> <crypto-suite> <key parameters> ..., RFC 4568 section 9.1. An offer may have several. */
static void take_crypto(struct reader *r, struct bytes value)
{
	uint8_t octets;

	text_take_word(&value);
	octets = tag_of(text_take_word(&value));
	if (!r->has_crypto)
		r->media->tag_bytes = octets;
	else if (r->media->tag_bytes != octets)
		r->media->tag_bytes = 0;
	r->has_crypto = true;
}

static void take_attribute(struct reader *r, struct bytes value)
{
#define ATTRIBUTE(name, take)                \
	{                                    \
		name, sizeof(name) - 1, take \
	}
	static const struct {
		const char *name;
		size_t length;
		void (*take)(struct reader *r, struct bytes value);
	} attributes[] = {
		ATTRIBUTE("rtpmap", take_rtpmap),
		ATTRIBUTE("fmtp", take_fmtp),
		ATTRIBUTE("ptime", take_ptime),
		ATTRIBUTE("rtcp", take_rtcp),
		ATTRIBUTE("rtcp-mux", take_rtcp_mux),
		ATTRIBUTE("candidate", take_candidate),
		ATTRIBUTE("mid", take_mid),
		ATTRIBUTE("crypto", take_crypto),
	};
#undef ATTRIBUTE
	size_t colon = bytes_find(value, ':');
	struct bytes name = bytes_trim(bytes_head(value, colon));

	value = bytes_skip(value, colon + 1);
	for (unsigned i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		if (name.n != attributes[i].length ||
			ascii_lower(name.p[0]) != (uint8_t)attributes[i].name[0] ||
			!bytes_eq_nocase(name, bytes_of(attributes[i].name, name.n)))
			continue;
		if (r->media)
			attributes[i].take(r, value);
		return;
	}
	if (bytes_eq_nocase(name, BYTES_LIT("group")))
		take_group(r, value);
	else if (bytes_eq_nocase(name, BYTES_LIT("ice-ufrag")))
		take_ufrag(r, value);
	else
		take_direction(r, name);
}

static void take_line(struct reader *r, uint8_t type, struct bytes value)
{
	switch (type) {
	case 'm':
		take_media(r, value);
		break;
	case 'a':
		take_attribute(r, value);
		break;
	case 'c':
		parse_connection(value, r->is_in_media ? &r->connection : &r->session_connection);
		break;
	case 'o':
		if (!r->is_in_media && !r->session->origin.p)
			r->session->origin = value;
		break;
	case 's':
		if (!r->is_in_media && !r->session->name.p)
			r->session->name = value;
		break;
	default:
		break;
	}
}

/* Not what names an address or the section: no two calls have that in common. */
static void remember(const struct reader *r)
{
	const struct sdp_session *session = r->session;

	if (r->media && session->media_count == 1 && !session->has_candidates &&
		!r->connection.is_set && !r->rtcp_connection.is_set && !r->rtcp_port &&
		!r->media->mid.n && !r->media->ice_ufrag.n)
		sdp_memo_keep(r->memo, r->rest, r->direction, r->media);
}

enum sdp_status sdp_media_parse(struct bytes text, struct sdp_session *session)
{
	return sdp_media_parse_by(NULL, text, session);
}

enum sdp_status sdp_media_parse_by(
	struct sdp_memo *memo, struct bytes text, struct sdp_session *session)
{
	struct reader r = {.session = session,
		.memo = memo,
		.end = text.p + text.n,
		.direction = SDP_SENDRECV};

	/* Media entries are cleared as they are used: the array is 27 KiB. */
	session->media_count = 0;
	session->has_more_media = false;
	session->has_candidates = false;
	session->origin = BYTES_NONE;
	session->name = BYTES_NONE;
	session->bundle = BYTES_NONE;
	if (!bytes_starts(text, BYTES_LIT("v=")))
		return SDP_NOT_SDP;
	while (text.n && !r.is_recalled) {
		size_t n = bytes_find_either(text, '\r', '\n');

		if (n >= 2 && text.p[1] == '=')
			take_line(&r, text.p[0], bytes_of(text.p + 2, n - 2));
		text = bytes_skip(text, n + 1);
		/* The second octet of a line's end would else be an empty line. */
		if (text.n && text.p[0] == '\n')
			text = bytes_skip(text, 1);
	}
	if (memo && !r.is_recalled)
		remember(&r);
	end_section(&r);
	return SDP_OK;
}

static bool is_bundled(const struct sdp_session *session, const struct sdp_media *media)
{
	struct bytes mids = session->bundle, mid;

	while (media->mid.n && (mid = text_take_word(&mids)).n)
		if (bytes_eq(mid, media->mid))
			return true;
	return false;
}

bool sdp_media_shares(
	const struct sdp_session *session, const struct sdp_media *a, const struct sdp_media *b)
{
	if (a->has_address && b->has_address && a->port && a->port == b->port &&
		a->family == b->family && pkt_addr_eq(&a->addr, &b->addr))
		return true;
	return is_bundled(session, a) && is_bundled(session, b);
}
