/* SPDX-License-Identifier: BSD-3-Clause */
/* Frame decoding: a view lies inside its frame, and a frame cut short gives the same view with less
 * payload or none. First octet: link type; second: where to cut. */
#include <stdlib.h>
#include <string.h>

#include "pkt_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_view(enum pkt_link link, struct bytes frame, const struct pkt_view *view)
{
	static const uint8_t zeros[12];

	check(view->payload.n > 0 && view->payload.n <= view->payload_wire);
	check(view->payload.p > frame.p);
	check(view->payload.p + view->payload.n <= frame.p + frame.n);
	check(view->flow.proto == PKT_UDP || view->flow.proto == PKT_TCP ||
		view->flow.proto == PKT_SCTP);
	check(view->flow.family == 4 || view->flow.family == 6);
	if (view->flow.family == 4) {
		check(memcmp(view->flow.src.b + 4, zeros, 12) == 0);
		check(memcmp(view->flow.dst.b + 4, zeros, 12) == 0);
	}
	/* A tunnel may bring Ethernet over any link. */
	check(view->depth <= PKT_DEPTH_MAX);
	check(view->has_mac == (link == PKT_LINK_ETHERNET) || (view->has_mac && view->depth));
	check(view->vlan < 4096);
}

static void check_fragment(struct bytes frame, const struct pkt_view *view)
{
	check(view->payload.n <= view->payload_wire);
	check(view->payload.p > frame.p);
	check(view->payload.p + view->payload.n <= frame.p + frame.n);
	check(view->fragment.offset % 8 == 0);
	check(view->fragment.more || view->fragment.offset);
	check(view->flow.family == 4 || view->flow.family == 6);
	check(view->flow.sport == 0 && view->flow.dport == 0);
}

/* Cut within a tunnel a datagram shows no more that it is one. */
static bool is_same_layer(const struct pkt_view *whole, const struct pkt_view *view)
{
	return whole->flow.family && whole->depth == view->depth &&
	       (!view->depth || memcmp(&whole->flow, &view->flow, sizeof(view->flow)) == 0);
}

static void check_less(const struct pkt_view *whole, const struct pkt_view *view, ptrdiff_t moved)
{
	check(moved == 0);
	check(whole->payload.n >= view->payload.n);
	check(whole->payload_wire >= view->payload_wire);
	check(memcmp(&whole->flow, &view->flow, sizeof(view->flow)) == 0);
	check(whole->vlan == view->vlan && whole->tcp_seq == view->tcp_seq);
	check(whole->tenant == view->tenant);
}

static void check_cut(
	enum pkt_link link, struct bytes frame, size_t n, const struct pkt_view *whole)
{
	uint8_t *copy = malloc(n ? n : 1);
	struct pkt_view view;

	check(copy != NULL);
	memcpy(copy, frame.p, n);
	if (pkt_decode(link, bytes_of(copy, n), &view) == PKT_OK) {
		check_view(link, bytes_of(copy, n), &view);
		if (is_same_layer(whole, &view))
			check_less(whole, &view,
				(whole->payload.p - frame.p) - (view.payload.p - copy));
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum pkt_status status;
	struct pkt_view view;
	enum pkt_link link;
	struct bytes frame;
	size_t cut;

	if (size < 2)
		return 0;
	link = (enum pkt_link)(data[0] % (PKT_LINK_NULL + 1));
	frame = bytes_of(data + 2, size - 2);
	cut = frame.n * data[1] / 256;
	status = pkt_decode(link, frame, &view);
	check(status >= PKT_OK && status < PKT_STATUS_COUNT);
	if (status == PKT_OK)
		check_view(link, frame, &view);
	else if (status == PKT_ip_fragment)
		check_fragment(frame, &view);
	else
		check(!view.payload.p && view.payload.n == 0 && view.flow.family == 0);
	check_cut(link, frame, cut, &view);
	return 0;
}
