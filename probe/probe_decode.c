/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe_decode.h"

#include <assert.h>

#include "probe_rx.h"

/* dataplane knows no parsers, so that both have the list of link layers. */
static_assert(
	(int)DP_LINK_ETHERNET == (int)PKT_LINK_ETHERNET && (int)DP_LINK_SLL == (int)PKT_LINK_SLL &&
		(int)DP_LINK_SLL2 == (int)PKT_LINK_SLL2 && (int)DP_LINK_RAW == (int)PKT_LINK_RAW &&
		(int)DP_LINK_NULL == (int)PKT_LINK_NULL,
	"dp_meta.link is an enum pkt_link too");

/* From when it arrived to when a switch saw it. */
static void set_switch_time(
	struct probe_rx *rx, struct dp_meta *meta, const struct pkt_stamp *stamp)
{
	uint64_t arrival_ns = dp_meta_arrival(meta);
	uint32_t behind_ns = pkt_switch_time_behind(&rx->switch_times, stamp, arrival_ns);

	meta->behind_ns = behind_ns < arrival_ns ? behind_ns : 0;
	meta->time_ns = arrival_ns - meta->behind_ns;
}

static enum pkt_status decode(struct probe_rx *rx, struct rte_mbuf *m, struct pkt_view *view)
{
	enum pkt_status status = probe_decode(m, view);

	if (status != PKT_OK && status != PKT_ip_fragment)
		return status;
	view->flow.tenant = probe_tenant(rx->probe, dp_meta(m), view);
	if (unlikely(view->stamp.unit) && rx->probe->options->erspan_time == CFG_ERSPAN_TIME_SWITCH)
		set_switch_time(rx, dp_meta(m), &view->stamp);
	return status;
}

/* What fragments make whole may be a fragment again, in a tunnel. */
enum pkt_status probe_decode_whole(struct probe_rx *rx, struct rte_mbuf **m, struct pkt_view *view)
{
	enum pkt_status status = decode(rx, *m, view);

	for (unsigned i = 0; status == PKT_ip_fragment && i < PKT_DEPTH_MAX; i++) {
		struct rte_mbuf *whole = probe_fragments_take(rx, *m, view);

		if (!whole)
			break;
		rte_pktmbuf_free(*m);
		*m = whole;
		status = decode(rx, whole, view);
	}
	return status;
}
