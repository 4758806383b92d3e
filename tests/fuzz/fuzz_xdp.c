/* SPDX-License-Identifier: BSD-3-Clause */
/* The XDP program and the probe's own parsers on the same frame: what the probe takes for voice the
 * program lets it have. It counts each frame once, and looks at no octet behind it. First octet:
 * mode, and what is listed. */
#include "cls_payload.h"
#include "fuzz_check.h"
#include "pkt_decode.h"
#include "rtp_hdr.h"
#include "xdp_user.h"

enum {
	ALIGN = 2, /* of the Ethernet header in the kernel (NET_IP_ALIGN): what follows lies on four octets then */
	LISTED_PORT = 5060,
};

static struct {
	struct dp_xdp_config config;
	uint64_t counts[DP_XDP_REASON_COUNT];
	uint64_t ports[DP_XDP_PORT_WORDS];
	uint8_t net4, net6; /* the first octet of listed addresses */
	struct dp_xdp_media learnt;
	uint32_t found;
} maps;

static void *look_up_address(const uint8_t *addr, uint8_t first)
{
	return addr[0] == first ? &maps.found : NULL;
}

static void *bpf_map_lookup_elem(const void *map, const void *key)
{
	uint32_t at;

	if (map == (const void *)&heptap_net4)
		return look_up_address(((const struct dp_xdp_net4 *)key)->addr, maps.net4);
	if (map == (const void *)&heptap_net6)
		return look_up_address(((const struct dp_xdp_net6 *)key)->addr, maps.net6);
	if (map == (const void *)&heptap_media)
		return memcmp(key, &maps.learnt, sizeof(maps.learnt)) ? NULL : &maps.found;
	memcpy(&at, key, sizeof(at));
	if (map == (const void *)&heptap_config)
		return &maps.config;
	if (map == (const void *)&heptap_ports)
		return at < DP_XDP_PORT_WORDS ? &maps.ports[at] : NULL;
	check(map == (const void *)&heptap_counts && at < DP_XDP_REASON_COUNT);
	return &maps.counts[at];
}

static long bpf_redirect_map(const void *map, uint64_t key, uint64_t flags)
{
	check(map == (const void *)&xsks_map && key == 0);
	(void)flags;
	return XDP_REDIRECT;
}

/* A copy of just that size, so that a sanitizer sees one octet read too far. */
static enum dp_xdp_reason reason_of(struct bytes frame)
{
	uint8_t *copy = malloc(ALIGN + frame.n);
	struct xdp_user_md ctx = {.data = (uintptr_t)copy + ALIGN};
	unsigned reason = DP_XDP_REASON_COUNT, counted = 0;
	int action;

	check(copy != NULL);
	memcpy(copy + ALIGN, frame.p, frame.n);
	ctx.data_end = ctx.data + frame.n;
	memset(maps.counts, 0, sizeof(maps.counts));
	action = heptap_xdp(&ctx);
	free(copy);
	for (unsigned i = 0; i < DP_XDP_REASON_COUNT; i++) {
		counted += (unsigned)maps.counts[i];
		reason = maps.counts[i] ? i : reason;
	}
	check(counted == 1);
	check((action == XDP_REDIRECT) == (reason < DP_XDP_other));
	return reason;
}

static bool is_of_media(const struct pkt_view *view)
{
	static const struct pkt_flow none;
	struct dp_xdp_media src = {.port = view->flow.sport, .family = view->flow.family};
	struct dp_xdp_media dst = {.port = view->flow.dport, .family = view->flow.family};

	memcpy(src.addr, view->flow.src.b, sizeof(none.src.b));
	memcpy(dst.addr, view->flow.dst.b, sizeof(none.dst.b));
	return !memcmp(&src, &maps.learnt, sizeof(src)) || !memcmp(&dst, &maps.learnt, sizeof(dst));
}

/* Begins as the methods do that the program knows, or a response, and is as long as it asks for. */
static bool is_plain_sip(const struct pkt_view *view)
{
	struct bytes head = bytes_head(view->payload, 4);

	return view->payload.n >= 12 &&
	       (bytes_eq(head, BYTES_LIT("INVI")) || bytes_eq(head, BYTES_LIT("SIP/")) ||
		       bytes_eq(head, BYTES_LIT("BYE ")) || bytes_eq(head, BYTES_LIT("UPDA")));
}

/* What is looked for in mode voice, of UDP or TCP. */
static bool is_voice(const struct pkt_view *view)
{
	static struct cls_scratch *scratch;
	static struct cls_db *db;
	enum cls_kind kind;
	struct rtp_hdr hdr;

	if (!db)
		check(cls_db_create(&db) == 0 && cls_scratch_create(db, &scratch) == 0);
	kind = cls_payload(db, scratch, view->payload);
	if (kind == CLS_SIP && is_plain_sip(view))
		return true;
	if (view->flow.proto != PKT_UDP)
		return false;
	if (rtp_hdr_parse(view->payload, view->payload_wire, &hdr) == RTP_OK)
		return true;
	return kind == CLS_RTCP || kind == CLS_STUN || kind == CLS_DTLS;
}

static bool is_cut(const struct pkt_view *view)
{
	return view->payload.n < view->payload_wire;
}

static bool is_wanted(enum pkt_status status, const struct pkt_view *view)
{
	bool is_voice_mode = maps.config.filter == DP_XDP_FILTER_VOICE;

	if (status != PKT_OK && status != PKT_ip_fragment)
		return false;
	/* What a tunnel carries the program does not see. The kernel's frames are whole, so it may
	 * ask for octets that the probe does not need. */
	if (view->depth)
		return is_voice_mode && (view->relay != PKT_RELAY_CHANNEL || !is_cut(view));
	if (status == PKT_ip_fragment)
		return true;
	if (view->flow.family == 4
			? maps.config.networks4 && (view->flow.src.b[0] == maps.net4 ||
							   view->flow.dst.b[0] == maps.net4)
			: maps.config.networks6 && (view->flow.src.b[0] == maps.net6 ||
							   view->flow.dst.b[0] == maps.net6))
		return true;
	if (view->flow.proto == PKT_SCTP)
		return false;
	if (view->flow.sport == LISTED_PORT || view->flow.dport == LISTED_PORT)
		return true;
	if (is_voice_mode)
		return !is_cut(view) && is_voice(view);
	return view->flow.proto == PKT_UDP && is_of_media(view);
}

static void configure(uint8_t how)
{
	maps.config = (struct dp_xdp_config){
		.filter = how & 1 ? DP_XDP_FILTER_LISTED : DP_XDP_FILTER_VOICE,
		.rest = how & 2 ? XDP_DROP : XDP_PASS,
		.networks4 = how >> 2 & 1,
		.networks6 = how >> 3 & 1,
	};
	maps.net4 = 10;
	maps.net6 = 0xfd;
	maps.ports[LISTED_PORT / 64] = 1ull << LISTED_PORT % 64;
	maps.learnt = (struct dp_xdp_media){{192, 0, 2, 1}, 4000, 4, 0};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum dp_xdp_reason reason;
	enum pkt_status status;
	struct pkt_view view;
	struct bytes frame;

	if (size < 1 || size > 4096)
		return 0;
	configure(data[0]);
	frame = bytes_of(data + 1, size - 1);
	reason = reason_of(frame);
	status = pkt_decode(PKT_LINK_ETHERNET, frame, &view);
	if (is_wanted(status, &view))
		check(reason < DP_XDP_other);
	if (reason == DP_XDP_malformed)
		check(status != PKT_OK || view.depth);
	return 0;
}
