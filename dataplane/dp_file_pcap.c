/* SPDX-License-Identifier: BSD-3-Clause */
/* pcap's packet records, draft-ietf-opsawg-pcap, section 5. */
#include "dp_file_reader_pvt.h"

enum {
	/* What writers keep to; more is damage, and no way back into step is known. */
	CAPTURED_MAX = 262144,
};

static uint64_t time_of(const struct dp_file_interface *interface, uint32_t sec, uint32_t fraction)
{
	uint64_t ns = fraction * interface->multiply;

	return ns < DP_FILE_NS_PER_S ? sec * DP_FILE_NS_PER_S + ns : 0;
}

enum dp_file_status dp_file_pcap_next(struct dp_file_reader *r, struct dp_file_frame *frame)
{
	const struct dp_file_interface *interface = &r->interfaces[0];
	struct dp_file_input *in = &r->input;
	uint32_t captured, wire, kept;
	const uint8_t *p;

	if (r->skip && !dp_file_input_skip(in, &r->skip))
		return dp_file_cut(r, "a packet");
	p = dp_file_input_peek(in, r->record_header);
	if (!p)
		return dp_file_input_is_end(in) ? DP_FILE_END : dp_file_cut(r, "a packet's header");
	captured = dp_file_load32(r, p + 8);
	wire = dp_file_load32(r, p + 12);
	if (r->may_swap_lengths && captured > wire) {
		uint32_t swap = captured;

		captured = wire;
		wire = swap;
	}
	if (captured > CAPTURED_MAX)
		return dp_file_damaged(r, "a packet's length of %u octets is impossible", captured);
	kept = dp_file_min(captured, DP_FILE_FRAME_MAX);
	p = dp_file_input_peek(in, r->record_header + kept);
	if (!p)
		return dp_file_cut(r, "a packet");
	frame->time_ns = time_of(interface, dp_file_load32(r, p), dp_file_load32(r, p + 4));
	frame->data = p + r->record_header;
	frame->captured = dp_file_min(kept, interface->snaplen);
	frame->wire = wire > captured ? wire : captured;
	frame->link_type = interface->link_type;
	dp_file_input_take(in, r->record_header + kept);
	r->skip = captured - kept;
	return DP_FILE_FRAME;
}
